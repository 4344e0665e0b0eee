/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

/* What an updating client remembers: small named files, and the releases it has
 * installed. After a crash of the program or the machine at any moment each
 * file is the old or the new one, whole, and the current release is the old or
 * the new one, whole.
 *
 *   FOLDER/lock               held while somebody writes
 *   FOLDER/trust/NAME         ov_state_put("trust/NAME")
 *   FOLDER/evidence/NAME      the same
 *   FOLDER/reputation/NAME    the same
 *   FOLDER/NAME               the same
 *   FOLDER/releases/SEQ/NAME  one folder a release, never changed
 *   FOLDER/current            a symbolic link to one of them */

struct ov_state;

enum ov_state_flag {
    OV_STATE_WRITE = 1, /* make the folder, take the lock */
};

/* OV_NOT_FOUND: there is no such folder (and no OV_STATE_WRITE). OV_DENIED:
 * another process writes, or the folder is not ours, or others may write to it.
 * Returns owned. */
OV_MUST_USE enum ov_status ov_state_open(const char *folder, unsigned flags,
                                         struct ov_state **ret,
                                         struct ov_diag *diag);
void ov_state_close(struct ov_state *s);

static inline void ov_state_free(struct ov_state *s)
{
    ov_state_close(s);
}
OV_DEFINE_AUTO(state)

/* ---- small files ---- */

/* Names are of letters, digits, '.', '_', '-' and '%', not beginning with a
 * dot, with "trust/", "evidence/" or "reputation/" before them or nothing;
 * others are OV_USAGE everywhere. */

/* Appends the file. OV_NOT_FOUND, OV_LIMIT_SIZE (of the buffer), OV_IO. */
OV_MUST_USE enum ov_status ov_state_get(const struct ov_state *s,
                                        const char *name, struct ov_buf *into);

/* Replaces the file, durably: also what was put before it. A file
 * "reputation/DIGEST" is durable only with the next one that is none. OV_IO. */
OV_MUST_USE enum ov_status ov_state_put(struct ov_state *s, const char *name,
                                        struct ov_span bytes);

/* What is not there is gone already. */
OV_MUST_USE enum ov_status ov_state_remove(struct ov_state *s,
                                           const char *name);

/* ---- releases ---- */

#define OV_STATE_KEEP 3

/* Empties the place where the next release is put together. */
OV_MUST_USE enum ov_status ov_state_stage(struct ov_state *s);

/* Puts the first len bytes of a descriptor there. */
OV_MUST_USE enum ov_status ov_state_stage_file(struct ov_state *s,
                                               const char *name, int from,
                                               uint64_t len);

/* Puts a file of the current release there, without copying it. OV_NOT_FOUND.
 */
OV_MUST_USE enum ov_status ov_state_stage_reuse(struct ov_state *s,
                                                const char *name);

/* Makes what was staged a release of that number, without making it current.
 * One that was there before under this number is replaced. */
OV_MUST_USE enum ov_status ov_state_keep(struct ov_state *s, uint64_t seq);

/* Makes a kept release current, and forgets all but it and the last
 * OV_STATE_KEEP - 1 others. OV_NOT_FOUND. */
OV_MUST_USE enum ov_status ov_state_switch(struct ov_state *s, uint64_t seq);

/* Removes a release that is not current. */
OV_MUST_USE enum ov_status ov_state_drop(struct ov_state *s, uint64_t seq);

/* OV_NOT_FOUND: nothing is installed. */
OV_MUST_USE enum ov_status ov_state_current(const struct ov_state *s,
                                            uint64_t *ret_seq);

/* The kept releases, falling: at most max of them. */
OV_MUST_USE enum ov_status ov_state_list(const struct ov_state *s,
                                         uint64_t *ret_seqs, size_t max,
                                         size_t *ret_n);

/* In place of a release's number: what is staged. */
#define OV_STATE_STAGED UINT64_MAX

/* In place of a release's number: the small files. */
#define OV_STATE_SMALL (UINT64_MAX - 1)

/* Opens a file of a release to read. OV_NOT_FOUND, OV_IO. */
OV_MUST_USE enum ov_status ov_state_open_file(const struct ov_state *s,
                                              uint64_t seq, const char *name,
                                              int *ret_fd, uint64_t *ret_len);
