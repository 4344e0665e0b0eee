/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/text.h"
#include "crypto/digest.h"
#include "test.h"
#include "trust/request_report.h"

/* A log of entries about requests, made line by line. Nothing in it is signed
 * by anybody: a signature line is there, since a note has one. */

struct request_log {
    struct ov_request_ledger *ledger;
    uint64_t size;
    uint8_t last[32]; /* digest of the entry that was added last */
};

static inline void request_log_begin(struct request_log *log)
{
    *log = (struct request_log){0};
    assert_int_equal(ov_request_ledger_new(NULL, &log->ledger), OV_OK);
}

static inline void put_request_note(struct ov_buf *b, const char *type,
                                    const char *lines)
{
    ov_put_format(b, "a.example/%s/v1\n%sauthor legal-1\n", type, lines);
    ov_put_str(b, "time 2026-09-03T14:00:00Z\n\n\xe2\x80\x94 x AAAAAAAA\n");
}

/* Adds an entry of these lines (all but author and time). */
static inline void request_log_add(struct request_log *log, const char *type,
                                   const char *lines)
{
    OV_AUTO_DONE(buf) note = ov_buf_with_max(OV_ENTRY_MAX);

    put_request_note(&note, type, lines);
    assert_int_equal(ov_digest(OV_SHA256, ov_buf_span(&note), log->last),
                     OV_OK);
    assert_int_equal(
        ov_request_ledger_add(log->ledger, log->size++, ov_buf_span(&note)),
        OV_OK);
}

/* The line "prev sha256:..." of a digest, in text. */
static inline void put_prev(struct ov_buf *text,
                            const uint8_t digest[static 32])
{
    ov_put_str(text, "prev ");
    ov_put_entry_digest(text, digest);
    ov_put_u8(text, '\n');
}
