/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "crypto/digest.h"
#include "fuzz.h"
#include "json/json.h"
#include "trust/request_report.h"

/* A log of any entries, with "%" between them. In a text "@" stands for the
 * digest of the entry before, so that events can follow each other; nobody
 * signs. What comes out adds up, and its JSON is JSON. */

#define MAX_ENTRIES 64
#define MAX_TEXT 4096

static void put_note(struct ov_buf *note, struct ov_span text,
                     const uint8_t last[static 32])
{
    struct ov_span part;
    bool is_more = true;

    while (is_more) {
        is_more = ov_span_cut(&text, '@', &part);
        ov_put_span(note, part);
        if (is_more)
            ov_put_entry_digest(note, last);
    }
    ov_put_str(note, "\n\xe2\x80\x94 x AAAAAAAA\n");
}

static void add_up(const struct ov_request_row *r)
{
    FUZZ_CHECK(r->counts[OV_COUNT_REQUESTS] ==
               r->counts[OV_COUNT_PENDING] + r->counts[OV_COUNT_PROCESSED] +
                   r->counts[OV_COUNT_REJECTED] +
                   r->counts[OV_COUNT_WITHDRAWN]);
}

static void check_table(const struct ov_request_table *t)
{
    uint64_t n = 0;

    for (size_t i = 0; i < t->n_rows; i++) {
        add_up(&t->rows[i]);
        FUZZ_CHECK(t->rows[i].counts[OV_COUNT_REQUESTS] > 0);
        n += t->rows[i].counts[OV_COUNT_REQUESTS];
    }
    add_up(&t->totals[t->n_totals - 1]);
    FUZZ_CHECK(t->totals[t->n_totals - 1].counts[OV_COUNT_REQUESTS] == n);
}

static void check(struct ov_request_ledger *l, uint64_t size)
{
    const struct ov_request_log log = {OV_SPAN_LIT("a.example/log"), size, {0}};
    OV_AUTO(arena) a = ov_arena_new((size_t)256 << 20);
    OV_AUTO_DONE(buf) out = ov_buf_with_max((size_t)8 << 20);
    struct ov_request_report r;
    const struct ov_json *json;

    FUZZ_CHECK(ov_request_report_make(a, l, OV_SPAN_LIT("2026H2"), size, &r) ==
               OV_OK);
    check_table(&r.table);
    FUZZ_CHECK(r.n_empty + r.n_told + r.n_unopened <= l->n_commitments);
    FUZZ_CHECK(ov_put_request_json(&out, l, &r, &log) == OV_OK);
    FUZZ_CHECK(ov_json_parse(a, ov_buf_span(&out), (size_t)8 << 20, &json) ==
               OV_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ov_span rest = ov_span_of(data, len);
    OV_AUTO(request_ledger) l = NULL;
    uint8_t last[OV_DIGEST_MAX] = {0};
    uint64_t n = 0;

    FUZZ_CHECK(ov_request_ledger_new(NULL, &l) == OV_OK);
    while (rest.len > 0 && n < MAX_ENTRIES) {
        OV_AUTO_DONE(buf) note = ov_buf_with_max(OV_ENTRY_MAX);
        struct ov_span text;

        (void)ov_span_cut(&rest, '%', &text);
        put_note(&note, ov_span_clip(text, 0, MAX_TEXT), last);
        if (ov_buf_status(&note) != OV_OK)
            return 0;
        FUZZ_CHECK(ov_digest(OV_SHA256, ov_buf_span(&note), last) == OV_OK);
        FUZZ_CHECK(ov_request_ledger_add(l, n++, ov_buf_span(&note)) == OV_OK);
    }
    check(l, n);
    return 0;
}
