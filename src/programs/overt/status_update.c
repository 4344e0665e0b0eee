/* SPDX-License-Identifier: Apache-2.0 */
#include "status_update.h"

#include <time.h>

#include "base/text.h"
#include "command.h"
#include "host/state_place.h"
#include "sys/trust_client.h"
#include "trust/entry.h"
#include "trust/update.h"

/* The judge reads the state and tells it as lines "name value"; they are
 * printed as they are, for people in a column, for machines as members of an
 * object. */

#define MAX_REPORT ((size_t)1 << 20)

static bool gather(void *data, struct ov_span text)
{
    struct ov_buf *report = data;

    ov_put_span(report, text);
    return ov_buf_status(report) == OV_OK;
}

static enum ov_status ask(struct ov_state *state, struct ov_buf *report,
                          struct ov_diag *diag)
{
    const struct ov_trust_job job = {
        .task = OV_TRUST_REPORT,
        .state = state,
        .channel = "",
        .now = (uint64_t)time(NULL),
        .write = gather,
        .data = report,
    };
    struct ov_trust_result result;

    return ov_trust_run(&job, &result, diag);
}

/* What the last overt update wrote, with "last-" before each name. */
static void put_last_run(const struct ov_state *state, struct ov_buf *report)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(16384);
    struct ov_span rest;

    if (ov_state_get(state, "last-run", &text) != OV_OK)
        return;
    rest = ov_buf_span(&text);
    while (rest.len > 0) {
        struct ov_span line;

        (void)ov_span_cut(&rest, '\n', &line);
        ov_put_str(report, "last-");
        ov_put_span(report, line);
        ov_put_u8(report, '\n');
    }
}

static bool is_number(struct ov_span value)
{
    uint64_t n;

    return ov_parse_uint(value, UINT64_C(1) << 53, &n) &&
           (value.len == 1 || value.ptr[0] != '0');
}

/* Seconds since 1970 as a date, and how long ago that is. */
static void print_time(struct out *o, uint64_t seconds)
{
    time_t then = (time_t)seconds;
    uint64_t now = (uint64_t)time(NULL);
    uint64_t hours = (now > seconds ? now - seconds : seconds - now) / 3600;
    const char *when = now > seconds ? " ago" : "";
    const char *before = now > seconds ? "" : "in ";
    char words[32];
    struct tm tm;

    if (gmtime_r(&then, &tm) == NULL ||
        strftime(words, sizeof(words), "%Y-%m-%d %H:%M:%S UTC", &tm) == 0) {
        out_format(o, "%llu", (unsigned long long)seconds);
        return;
    }
    out_format(o, "%s", words);
    if (hours >= 48)
        out_format(o, ", %s%llu days%s", before, (unsigned long long)hours / 24,
                   when);
    else if (hours >= 2)
        out_format(o, ", %s%llu hours%s", before, (unsigned long long)hours,
                   when);
}

/* What the word means, and what to do. */
static void print_result(struct out *o, struct ov_span word)
{
    out_escaped(o, word);
    for (unsigned i = 0; i < OV_N_REFUSALS; i++) {
        const struct ov_refusal_text *t = ov_refusal_text(i);

        if (ov_span_equal(word, ov_span_str(t->word)))
            out_format(o, ": %s%s%s", t->sentence,
                       t->remedy[0] != '\0' ? " " : "", t->remedy);
    }
}

static void print_value(struct out *o, struct ov_span name,
                        struct ov_span value)
{
    uint64_t seconds;

    if ((ov_span_equal(name, OV_SPAN_LIT("last-time")) &&
         ov_parse_uint(value, UINT64_C(1) << 40, &seconds)) ||
        ov_time_parse(value, &seconds))
        print_time(o, seconds);
    else if (ov_span_equal(name, OV_SPAN_LIT("last-result")))
        print_result(o, value);
    else
        out_escaped(o, value);
}

static void print_line(struct out *o, bool is_json, struct ov_span name,
                       struct ov_span value)
{
    if (!is_json) {
        out_format(o, "  ");
        out_escaped(o, name);
        for (size_t i = name.len; i < 12; i++)
            out_format(o, " ");
        out_format(o, " ");
        print_value(o, name, value);
        out_format(o, "\n");
        return;
    }
    out_format(o, ",");
    out_json(o, name);
    out_format(o, ":");
    if (is_number(value))
        out_escaped(o, value);
    else
        out_json(o, value);
}

static bool print_report(struct out *o, bool is_json, struct ov_span text)
{
    bool is_stale = false;

    while (text.len > 0) {
        struct ov_span value;
        struct ov_span name;

        (void)ov_span_cut(&text, '\n', &value);
        (void)ov_span_cut(&value, ' ', &name);
        is_stale |= ov_span_equal(name, OV_SPAN_LIT("stale-since"));
        print_line(o, is_json, name, value);
    }
    return is_stale;
}

int status_update_print(struct out *o, bool is_json)
{
    OV_AUTO_DONE(buf) report = ov_buf_with_max(MAX_REPORT);
    OV_AUTO(state) state = NULL;
    struct ov_diag diag = {0};
    enum ov_status status = state_place_open(&state, &diag);
    bool is_stale;

    if (status == OV_OK) {
        status = ask(state, &report, &diag);
        put_last_run(state, &report);
    } else if (status == OV_NOT_FOUND) {
        status = OV_OK; /* nothing was ever installed */
    }
    if (is_json)
        out_format(o, ",\"update\":{\"readable\":%s",
                   status == OV_OK ? "true" : "false");
    else
        out_format(o, "update   %s\n",
                   report.len > 0 ? "" : "nothing was installed yet");
    is_stale = print_report(o, is_json, ov_buf_span(&report));
    if (is_json)
        out_format(o, "}");
    else if (is_stale)
        out_format(o,
                   "The newest word of the publisher or the witnesses is too "
                   "old: updates may be held\nback. The rules stay in use; "
                   "run overt update, from other mirrors as well.\n");
    if (status != OV_OK) {
        out_error("status: %s", diag.text);
        return EXIT_ERROR;
    }
    return is_stale ? EXIT_INCONCLUSIVE : EXIT_CLEAN;
}
