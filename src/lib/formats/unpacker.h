/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "formats/unpack.h"

/* What an unpacker of one kind of container must bring; unpack.c has the table
 * of them. It counts members and spends OV_COST_OBJECTS; the unpacker spends
 * the bytes it produces (formats/codec.h does). */
struct ov_unpack_ops {
    /* Borrows job's pointers for the state's life. *ret_state is owned by the
     * caller. */
    enum ov_status (*open)(const struct ov_unpack_job *job, void **ret_state);
    /* Fills ret, which comes zeroed but for real_size, type and position. */
    enum ov_status (*next)(void *state, struct ov_member *ret);
    /* The member that next gave last, at most once. */
    enum ov_status (*read)(void *state, struct ov_buf *into);
    /* Whether the member that next gave last lies in job's bytes as it is:
     * then *ret is it and read is not called. It spends nothing. NULL: never.
     */
    bool (*lend)(void *state, struct ov_span *ret);
    /* See ov_unpacker_totals; NULL: not told. */
    bool (*totals)(const void *state, uint64_t *ret_members,
                   uint64_t *ret_bytes);
    /* NULL is never given. */
    void (*free)(void *state);
};

extern const struct ov_unpack_ops ov_unpack_zip;
extern const struct ov_unpack_ops ov_unpack_archive;
extern const struct ov_unpack_ops ov_unpack_partitions;
extern const struct ov_unpack_ops ov_unpack_encoded;
extern const struct ov_unpack_ops ov_unpack_mail;
extern const struct ov_unpack_ops ov_unpack_mspack;
extern const struct ov_unpack_ops ov_unpack_ole2;
extern const struct ov_unpack_ops ov_unpack_pdf;
extern const struct ov_unpack_ops ov_unpack_page;
extern const struct ov_unpack_ops ov_unpack_parts;
extern const struct ov_unpack_ops ov_unpack_rtf;
extern const struct ov_unpack_ops ov_unpack_sis;
extern const struct ov_unpack_ops ov_unpack_stream;
extern const struct ov_unpack_ops ov_unpack_xar;
