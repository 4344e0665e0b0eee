/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "crypto/digest.h"
#include "reputation/receipt.h"
#include "store_driver.h"

/* What a region remembers of submissions: who may send how much, what was
 * taken, the receipts in their order. Every row carries the region, and a store
 * that was opened for one region reads and writes no other's. All or nothing:
 * what returns OV_OK is durable.
 *
 * Statuses of every call: OV_PEER_GONE, OV_IO, OV_NO_MEMORY, OV_MISMATCH
 * (others were faster too often): nothing has changed. Words in diag. */

struct control_store;

/* where: "postgres://...", else a file for SQLite. Makes what is missing.
 * Returns owned. */
OV_MUST_USE enum ov_status control_store_open(const char *where,
                                              const char *region,
                                              struct control_store **ret,
                                              struct ov_diag *diag);
void control_store_free(struct control_store *s);

static inline void control_store_cleanup(struct control_store **s)
{
    control_store_free(*s);
}

#define AUTO_CONTROL_STORE                                                     \
    __attribute__((cleanup(control_store_cleanup))) struct control_store *

#define CONTROL_NAME_HEX (2 * OV_ENVELOPE_NAME + 1)
#define CONTROL_DIGEST_HEX 65
#define CONTROL_TENANT_MAX 64

/* ---- who may send how much ---- */

struct control_tenant {
    char name[CONTROL_TENANT_MAX]; /* "public": who says no token */
    uint64_t max_count;            /* a day */
    uint64_t max_bytes;
};

/* A name: letters, digits, '.', '_', '-', shorter than CONTROL_TENANT_MAX. */
bool control_tenant_name_is_valid(struct ov_span name);

#define CONTROL_PUBLIC "public"

/* Makes a tenant or changes it. token: its SHA-256 is kept, and an older one of
 * the tenant's is worth nothing any more. NULL: the token stays (OV_NOT_FOUND:
 * there is no such tenant), but for "public", which has none. OV_DENIED:
 * another tenant has this token. */
OV_MUST_USE enum ov_status control_tenant_put(struct control_store *s,
                                              const struct control_tenant *t,
                                              const char *token,
                                              struct ov_diag *diag);
/* OV_NOT_FOUND: nobody of that name. What a tenant has sent stays. */
OV_MUST_USE enum ov_status control_tenant_remove(struct control_store *s,
                                                 const char *name,
                                                 struct ov_diag *diag);

struct control_tenant_use {
    struct control_tenant tenant;
    uint64_t count; /* of one day */
    uint64_t bytes;
};

/* Calls each for every tenant, by name; name: only that one, or NULL. day:
 * since 1970. */
OV_MUST_USE enum ov_status control_tenant_each(
    struct control_store *s, const char *name, uint64_t day,
    void (*each)(void *data, const struct control_tenant_use *use), void *data,
    struct ov_diag *diag);
/* OV_NOT_FOUND: nobody has this token. */
OV_MUST_USE enum ov_status control_tenant_get(struct control_store *s,
                                              struct ov_span token,
                                              struct control_tenant *ret,
                                              struct ov_diag *diag);

/* ---- submissions ---- */

struct control_submission {
    uint8_t name[OV_ENVELOPE_NAME];
    uint8_t envelope[32]; /* SHA-256 of it */
    uint8_t blob[32];     /* the name of what is stored */
    uint8_t blob_key[32]; /* which opens it; gone with a deletion */
    uint64_t size;
    enum ov_envelope_purpose purpose;
    uint64_t taken; /* seconds since 1970 */
    uint64_t keep_until;
    bool is_deleted;
    bool is_analysed;
};

/* Signs what becomes the next receipt: index and the rest are set. */
struct control_signer {
    struct ov_vkey key;
    const uint8_t *seed;
};

enum control_outcome {
    CONTROL_TAKEN,
    CONTROL_KNOWN,     /* the same bytes under the same name: its receipt */
    CONTROL_DELETED,   /* the same, and deleted since: that receipt */
    CONTROL_CONFLICT,  /* the name, or the bytes, are another submission's */
    CONTROL_TOO_MANY,  /* the tenant's quota of the day is used up */
    CONTROL_NOT_THERE, /* nothing of that name */
};

struct control_taking {
    const struct control_submission *submission;
    const struct control_tenant *tenant;
    const struct control_signer *signer;
};

/* What taking it would come to now; CONTROL_TAKEN: it would be taken. Changes
 * nothing. Its blob need not be known yet. */
OV_MUST_USE enum ov_status
control_submission_ask(struct control_store *s, const struct control_taking *t,
                       struct ov_buf *note, enum control_outcome *ret,
                       struct ov_diag *diag);

/* Takes a submission: quota, row, receipt in one transaction. note: the signed
 * receipt (also for CONTROL_KNOWN and CONTROL_DELETED). */
OV_MUST_USE enum ov_status
control_submission_take(struct control_store *s, const struct control_taking *t,
                        struct ov_buf *note, enum control_outcome *ret,
                        struct ov_diag *diag);

struct control_deletion {
    uint8_t name[OV_ENVELOPE_NAME];
    uint64_t now;
    const struct control_signer *signer;
};

/* Forgets the key of a sample's bytes and makes a deletion receipt; again: the
 * same receipt. ret_blob: the name of what is worthless from now on. */
OV_MUST_USE enum ov_status
control_submission_delete(struct control_store *s,
                          const struct control_deletion *d, struct ov_buf *note,
                          uint8_t ret_blob[static 32],
                          enum control_outcome *ret, struct ov_diag *diag);

/* One by its name: OV_NOT_FOUND. Receipts are appended to notes if that is not
 * NULL. */
OV_MUST_USE enum ov_status control_submission_get(
    struct control_store *s, const uint8_t name[static OV_ENVELOPE_NAME],
    struct control_submission *ret, struct ov_buf *notes, struct ov_diag *diag);

/* The first that was not analysed, or (before != 0) whose time to be kept ends
 * by then. OV_NOT_FOUND: none. */
OV_MUST_USE enum ov_status
control_submission_next(struct control_store *s, uint64_t before,
                        struct control_submission *ret, struct ov_diag *diag);

/* Whether the bytes of that name belong to a submission that is kept. */
OV_MUST_USE enum ov_status control_blob_is_kept(struct control_store *s,
                                                const uint8_t blob[static 32],
                                                bool *ret,
                                                struct ov_diag *diag);

struct control_counts {
    uint64_t n_kept;
    uint64_t kept_bytes;
    uint64_t n_deleted;
    uint64_t n_to_analyse;
    uint64_t n_tenants;
    uint64_t n_receipts;
};

OV_MUST_USE enum ov_status control_count(struct control_store *s,
                                         struct control_counts *ret,
                                         struct ov_diag *diag);

/* ---- the submissions log ---- */

/* Calls leaf for receipts [from, from + n), in order, with their leaf hashes;
 * fewer at the end. */
OV_MUST_USE enum ov_status
control_log_leaves(struct control_store *s, uint64_t from, uint64_t n,
                   void (*leaf)(void *data, const uint8_t hash[static 32]),
                   void *data, struct ov_diag *diag);
OV_MUST_USE enum ov_status
control_log_size(struct control_store *s, uint64_t *ret, struct ov_diag *diag);
