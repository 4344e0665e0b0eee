/* SPDX-License-Identifier: Apache-2.0 */
#include <time.h>

#include "base/text.h"
#include "command.h"
#include "engine_index.h"
#include "host/output.h"
#include "host/state_place.h"
#include "own_files.h"
#include "trust/update.h"
#include "update_set.h"

/* overt verify: whether what is installed is what was made public.
 * overt why: where a rule comes from. The judge looks and tells; here is only
 * printing. */

struct asked {
    struct update_set set;
    struct out *out;
    bool is_json;
    bool is_first;       /* line */
    const char *closing; /* for people, if all is well; may be NULL */
    struct ov_buf line;
    struct ov_trust_result result;
    struct own_files own; /* --self */
    uint64_t entry;       /* of the newest programs */
};

static void print_line(struct asked *a, struct ov_span line)
{
    if (a->is_json) {
        out_format(a->out, a->is_first ? "" : ",");
        out_json(a->out, line);
    } else {
        out_escaped(a->out, line);
        out_format(a->out, "\n");
    }
    a->is_first = false;
}

/* A line of the manifest: what is on this machine is looked at here. */
static void check_own(struct asked *a, struct ov_span line)
{
    OV_AUTO_DONE(buf) told = ov_buf_with_max(1 << 16);

    own_files_check(&a->own, line, &told);
    if (told.len > 0)
        print_line(a, ov_buf_span(&told));
}

/* "ok programs VERSION: entry N of the log, ..." */
static void take_entry(struct asked *a, struct ov_span line)
{
    struct ov_span word = OV_SPAN_LIT(": entry ");
    size_t at = ov_span_find(line, word, 0);
    struct ov_span rest;
    struct ov_span number;

    if (at == SIZE_MAX)
        return;
    rest = ov_span_clip(line, at + word.len, line.len);
    (void)ov_span_cut(&rest, ' ', &number);
    (void)ov_parse_uint(number, INT64_MAX, &a->entry);
}

static void take_line(struct asked *a, struct ov_span line)
{
    if (a->set.is_self && ov_span_starts(line, OV_SPAN_LIT("ok programs ")))
        take_entry(a, line);
    if (a->set.is_self && !ov_span_starts(line, OV_SPAN_LIT("ok ")))
        check_own(a, line);
    else
        print_line(a, line);
}

/* Pieces of text end anywhere; lines are printed whole. */
static bool on_text(void *data, struct ov_span text)
{
    struct asked *a = data;

    while (text.len > 0) {
        struct ov_span line;
        bool is_whole = ov_span_cut(&text, '\n', &line);

        ov_put_span(&a->line, line);
        if (is_whole) {
            take_line(a, ov_buf_span(&a->line));
            ov_buf_clear(&a->line);
        }
    }
    return ov_buf_status(&a->line) == OV_OK;
}

static bool open_mirrors(const struct asked *a, enum ov_trust_task task,
                         struct update_sources *ret)
{
    if (task == OV_TRUST_VERIFY ||
        ((task == OV_TRUST_WHY || task == OV_TRUST_DEEP) &&
         a->set.n_places == 0))
        return true;
    return update_set_sources(
        &a->set, task == OV_TRUST_WHY ? "overt why" : "overt verify", "verify",
        ret);
}

static int ask_from(struct asked *a, struct ov_mirrors *mirrors,
                    enum ov_trust_task task, const char *name)
{
    OV_AUTO(state) state = NULL;
    struct ov_diag diag = {0};
    struct ov_trust_job job = {
        .task = task,
        .mirrors = mirrors,
        .channel = a->set.channel,
        .argument = name,
        .now = (uint64_t)time(NULL),
        .spawn_flags = a->set.spawn_flags,
        .write = on_text,
        .data = a,
    };
    enum ov_status status = state_place_open(&state, &diag);

    if (status != OV_OK && status != OV_NOT_FOUND) {
        out_error("state: %s", diag.text);
        return EXIT_ERROR;
    }
    job.state = state;
    a->line = ov_buf_with_max((size_t)1 << 20);
    status = ov_trust_run(&job, &a->result, &diag);
    ov_buf_done(&a->line);
    if (status != OV_OK)
        out_error("%s", diag.text);
    return status == OV_OK ? update_exit_code(&a->result) : EXIT_ERROR;
}

static int ask(struct asked *a, enum ov_trust_task task, const char *name)
{
    struct update_sources sources = {NULL, NULL};
    int code = EXIT_ERROR;

    if (open_mirrors(a, task, &sources))
        code = ask_from(a, sources.mirrors, task, name);
    update_sources_done(&sources);
    return code;
}

static int finish(struct asked *a, int code)
{
    if (a->is_json) {
        out_format(a->out, "],");
        update_print_refusal_json(a->out, &a->result);
        out_format(a->out, "}\n");
    } else if (a->result.updated.refusal != OV_REFUSED_NOT) {
        update_print_refusal(a->out, &a->result);
    } else if (a->closing != NULL) {
        out_format(a->out, "%s\n", a->closing);
    }
    return out_flush(a->out) ? code : EXIT_ERROR;
}

static int verify_self(struct asked *a)
{
    OV_AUTO_DONE(buf) line = ov_buf_with_max(256);
    int code;

    if (own_files_open(&a->own) != OV_OK) {
        own_files_done(&a->own);
        out_error("verify --self: this program is not installed: it runs from "
                  "a build folder");
        return EXIT_ERROR;
    }
    code = ask(a, OV_TRUST_CODE, NULL);
    if (a->result.updated.refusal == OV_REFUSED_NOT && code == EXIT_CLEAN) {
        ov_put_format(&line, "%s files: %u as released, %u not, %u absent",
                      a->own.n_other > 0 || a->own.n_same == 0 ? "BAD" : "ok",
                      a->own.n_same, a->own.n_other, a->own.n_absent);
        print_line(a, ov_buf_span(&line));
        if (a->own.n_other > 0 || a->own.n_same == 0) {
            a->result.updated.refusal = OV_REFUSED_CODE;
            code = EXIT_DETECTED;
        } else {
            engine_index_keep(a->entry);
        }
    }
    own_files_done(&a->own);
    return code;
}

int cmd_verify(int argc, char **argv)
{
    struct asked a = {.out = out_standard(), .is_first = true};
    bool is_help = false;

    if (!update_set_parse(&verify_options, &a.set, &argc, argv, &is_help))
        return EXIT_ERROR;
    if (is_help)
        return EXIT_CLEAN;
    if (!update_set_operands(&verify_options, argc, argv, 0))
        return EXIT_ERROR;
    a.is_json = a.set.is_json;
    if (a.is_json)
        out_format(a.out, "{\"lines\":[");
    if (a.set.is_self)
        return finish(&a, verify_self(&a));
    a.closing = a.set.is_deep
                    ? "What is installed is what was made public, rule by rule."
                    : "What is installed is what was made public; --deep looks "
                      "at the entry of each\nrule as well.";
    return finish(
        &a, ask(&a, a.set.is_deep ? OV_TRUST_DEEP : OV_TRUST_VERIFY, NULL));
}

int cmd_why(int argc, char **argv)
{
    struct asked a = {.out = out_standard(), .is_first = true};
    bool is_help = false;

    if (!update_set_parse(&why_options, &a.set, &argc, argv, &is_help))
        return EXIT_ERROR;
    if (is_help)
        return EXIT_CLEAN;
    if (!update_set_operands(&why_options, argc, argv, 1))
        return EXIT_ERROR;
    return finish(&a, ask(&a, OV_TRUST_WHY, argv[1]));
}
