/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "commands.h"
#include "request_desk.h"
#include "request_review.h"
#include "trust/request_report.h"

/* overt-publish request report, history: the table of a half-year as it is
 * published, and what others have published of others. The table is of the log
 * as it is now, so that anybody can make it again (overt-monitor report); who
 * signs it as the second makes it again, too. */

static bool need(struct instance *in, enum option o, const char *words)
{
    return option_get(&in->args, o) != NULL || tell_error("say %s", words);
}

/* The table of the log's first size entries. */
static bool make_table(struct instance *in, const char *period, uint64_t size,
                       struct ov_buf *csv)
{
    struct ov_request_ledger *l;
    struct ov_request_report report;
    struct ov_people people;
    struct history h;
    enum ov_status status;

    if (!people_read(in, &people) || !history_read(in, &h))
        return false;
    if (size > h.n)
        return tell_error("the log has %llu entries only",
                          (unsigned long long)h.n);
    status = ov_request_ledger_new(&people, &l);
    if (status != OV_OK)
        return tell_error("out of memory");
    for (uint64_t i = 0; status == OV_OK && i < size; i++)
        status = ov_request_ledger_add(l, i, h.entries[i]);
    if (status == OV_OK)
        status = ov_request_report_make(in->arena, l, ov_span_str(period), size,
                                        &report);
    if (status == OV_OK) {
        ov_put_request_csv(csv, &report.table);
        status = ov_buf_status(csv);
    }
    for (size_t i = 0;
         status == OV_OK && i < l->n_problems && i < OV_REQUEST_MAX_PROBLEMS;
         i++)
        tell("entry %llu is not counted, or is told as a problem: %s",
             (unsigned long long)l->problems[i].index, l->problems[i].what);
    ov_request_ledger_free(l);
    return status == OV_OK ||
           tell_error("%s: %s", period, ov_status_name(status));
}

bool cmd_request_report(struct instance *in)
{
    OV_AUTO_DONE(buf) csv = ov_buf_with_max(OV_REQUEST_MAX_CSV);
    OV_AUTO_DONE(buf) b = ov_buf_with_max(OV_ENTRY_MAX);
    const char *period = option_get(&in->args, OPT_period);
    struct history h;
    const char *blob;
    uint64_t from;
    uint64_t to;

    if (!need(in, OPT_as, "--as LEGAL: a key of that group") ||
        !need(in, OPT_period, "--period 2026H2"))
        return false;
    if (!ov_period_parse(ov_span_str(period), &from, &to))
        return tell_error("--period %s: a half-year, as 2026H2", period);
    if (!history_read(in, &h) || !make_table(in, period, h.n, &csv) ||
        !blob_put(in, ov_buf_span(&csv), &blob))
        return false;
    tell("%.*s", (int)csv.len, (const char *)csv.ptr);
    ov_put_entry_head(&b, in->name, OV_ENTRY_REQUEST_REPORT);
    ov_put_entry_line(&b, "period", "%s", period);
    ov_put_entry_line(&b, "size", "%llu", (unsigned long long)h.n);
    ov_put_entry_line(&b, "table", "%s", blob);
    request_put_end(in, &b);
    return staged_new(
        in, text(in, "request-report-%s-%llu", period, (unsigned long long)h.n),
        &b, option_get(&in->args, OPT_as));
}

bool request_report_review(struct instance *in, const struct ov_entry *e)
{
    OV_AUTO_DONE(buf) csv = ov_buf_with_max(OV_REQUEST_MAX_CSV);
    uint8_t said[32];
    uint8_t found[32];
    struct ov_span period;
    uint64_t size;

    if (!ov_entry_value(e, "period", 0, &period) ||
        !ov_entry_number(e, "size", &size) ||
        !ov_entry_digest(e, "table", said, NULL) ||
        !make_table(in, text_of(in, period), size, &csv) ||
        !digest_of(ov_buf_span(&csv), found))
        return false;
    tell("%.*s", (int)csv.len, (const char *)csv.ptr);
    return memcmp(said, found, sizeof(said)) == 0 ||
           tell_error("this is another table than the one that was signed: do "
                      "not sign");
}

bool cmd_request_history(struct instance *in)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(OV_ENTRY_MAX);
    uint8_t digest[32];

    if (!need(in, OPT_as, "--as LEGAL: a key of that group") ||
        !need(in, OPT_of, "--of: whose requests these were") ||
        !need(in, OPT_source, "--source: where it can be read") ||
        !need(in, OPT_period, "--period, as they name it") ||
        !need(in, OPT_requests, "--requests: how many"))
        return false;
    ov_put_entry_head(&b, in->name, OV_ENTRY_REQUEST_HISTORY);
    request_put_option(in, &b, "of", OPT_of);
    request_put_option(in, &b, "source", OPT_source);
    request_put_option(in, &b, "period", OPT_period);
    request_put_option(in, &b, "country", OPT_country);
    request_put_option(in, &b, "kind", OPT_kind);
    request_put_option(in, &b, "requests", OPT_requests);
    request_put_option(in, &b, "rejected", OPT_rejected);
    request_put_option(in, &b, "why", OPT_why);
    request_put_end(in, &b);
    if (!digest_of(ov_buf_span(&b), digest))
        return false;
    return staged_new(in, text(in, "request-history-%.16s", hex_of(in, digest)),
                      &b, option_get(&in->args, OPT_as));
}
