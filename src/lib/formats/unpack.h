/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/budget.h"
#include "base/buf.h"
#include "base/crew.h"
#include "formats/embedded.h"
#include "formats/type.h"

/* Containers, pulled member by member:
 *
 *   ov_unpacker_open(&job, &u)
 *   while (ov_unpacker_next(u, &member) == OV_OK && !member.is_end)
 *       ov_unpacker_read(u, &buf)      (or not: then it is skipped)
 *   ov_unpacker_free(u)
 *
 * The unpacker spends OV_COST_OBJECTS per member and OV_COST_BYTES per byte
 * unpacked; it never writes a file. A damaged container gives what could be
 * read first, then OV_MALFORMED or OV_TRUNCATED: those who scan go on with what
 * they have and say so. */

struct ov_member {
    bool is_end;          /* no more members; the rest is not set */
    struct ov_span name;  /* as stored, not trusted; may be empty. Valid until
                             the next call */
    uint64_t packed_size; /* 0 if unknown */
    uint64_t real_size;   /* as declared; OV_SIZE_UNKNOWN */
    bool is_encrypted;
    bool has_checksum;
    uint32_t checksum; /* CRC-32 as stored */
    uint64_t position; /* among members, from 1 */
    enum ov_type type; /* if the container tells (a PDF's stream is), else
                          OV_TYPE_DATA: identify the bytes */
};

#define OV_SIZE_UNKNOWN UINT64_MAX

struct ov_unpack_job {
    enum ov_type type;
    struct ov_span bytes;
    struct ov_budget *budget;
    const struct ov_span *passwords; /* to try on encrypted members */
    size_t n_passwords;
    const struct ov_embedded_list *embedded; /* if it is known already */
    uint64_t max_partitions; /* of a disk image; 0: all that are read */
    bool has_no_programs;    /* embedded ones are left out */
    struct ov_crew *crew;    /* may help; NULL: nobody */
};

/* Whether a job's passwords are of use for containers of this type. */
bool ov_unpack_has_passwords(enum ov_type type);

struct ov_unpacker;

/* OV_UNSUPPORTED if the type has no unpacker; OV_MALFORMED and others if not
 * even a first member could be found. Borrows job's pointers. Returns owned. */
OV_MUST_USE enum ov_status ov_unpacker_open(const struct ov_unpack_job *job,
                                            struct ov_unpacker **ret);
void ov_unpacker_free(struct ov_unpacker *u);
OV_DEFINE_AUTO(unpacker)

/* How many members the container says it has, and how many bytes all of them;
 * false for types that do not say it, or cannot skip a member without
 * unpacking it. */
OV_MUST_USE bool ov_unpacker_totals(const struct ov_unpacker *u,
                                    uint64_t *ret_members, uint64_t *ret_bytes);

/* The next member, or is_end. After a status other than OV_OK there are no
 * more. OV_ENCRYPTED is not one of them: is_encrypted says it, and reading
 * fails. */
OV_MUST_USE enum ov_status ov_unpacker_next(struct ov_unpacker *u,
                                            struct ov_member *ret);

/* The current member without a copy: true if it lies in the container's bytes
 * as it is, whole, and is not longer than max nor than the budget allows; *ret
 * is valid as long as they are. If false it can still be read. */
OV_MUST_USE bool ov_unpacker_borrow(struct ov_unpacker *u, uint64_t max,
                                    struct ov_span *ret);

/* The current member's bytes, appended to into (whose max is the largest
 * member one wants). On OV_LIMIT_SIZE, OV_TRUNCATED or OV_MALFORMED into holds
 * what came before; the next member can still be asked for. */
OV_MUST_USE enum ov_status ov_unpacker_read(struct ov_unpacker *u,
                                            struct ov_buf *into);
