/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "crypto/digest.h"
#include "reputation/reputation.h"

/* The journal of verdicts: everything that was ever said of a file, in order,
 * by whom, when and why. It only grows, and is the truth: whatever else a cloud
 * has can be made of it. Format: docs/protocol-reputation.md, "Journal". */

/* A batch is one act: many verdicts by one source at one time. */
#define JOURNAL_BATCH_MAX 65536
#define JOURNAL_RECORD 36
#define JOURNAL_TEXT_MAX 1000
#define JOURNAL_START 16 /* where the first batch is */
#define JOURNAL_WITHDRAWN 0xffU

struct journal_verdict {
    uint8_t hash[32];
    uint8_t reputation; /* enum ov_reputation, or JOURNAL_WITHDRAWN */
    uint32_t family;
};

struct journal_batch {
    uint64_t time;
    struct ov_span source; /* who says it */
    struct ov_span why;
    size_t n;
    struct ov_span records; /* journal_at */
};

struct verdict_journal;

/* Opens DIR/journal, and makes it if is_writer. What a crash has left behind
 * the last whole batch is not there, and is cut off by a writer. OV_NOT_FOUND
 * for a reader without a journal, OV_MALFORMED if the head is not one,
 * OV_BAD_DIGEST for damage before the end, OV_IO. Returns owned. */
OV_MUST_USE enum ov_status journal_open(const char *path, bool is_writer,
                                        struct verdict_journal **ret,
                                        struct ov_diag *diag);
void journal_close(struct verdict_journal *j);

/* Behind the last whole batch. */
uint64_t journal_end(const struct verdict_journal *j);

/* Appends a batch of 1 to JOURNAL_BATCH_MAX verdicts. It is on disk once
 * journal_sync has returned OV_OK. */
OV_MUST_USE enum ov_status journal_add(struct verdict_journal *j, uint64_t time,
                                       struct ov_span source,
                                       struct ov_span why,
                                       const struct journal_verdict *verdicts,
                                       size_t n);
OV_MUST_USE enum ov_status journal_sync(struct verdict_journal *j);

/* The batch at *at, which then is that of the next; borrowed until the next
 * call. OV_NOT_FOUND at the end; OV_BAD_DIGEST, OV_MALFORMED for damage. Read
 * from the first batch on, each is compared with its digest in the chain; from
 * elsewhere, behind the first one read. */
OV_MUST_USE enum ov_status journal_read(struct verdict_journal *j, uint64_t *at,
                                        struct journal_batch *ret);
/* The nth verdict, n < b->n. */
void journal_at(const struct journal_batch *b, size_t n,
                struct journal_verdict *ret);
