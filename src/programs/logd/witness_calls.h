/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <curl/curl.h>

#include "log/add_checkpoint.h"
#include "log/policy.h"

/* Asking witnesses for cosignatures, all at once, over HTTP
 * (c2sp.org/tlog-witness, "add-checkpoint"). */

#define WITNESS_MAX 64

enum witness_conflict {
    WITNESS_FINE,
    WITNESS_AHEAD,  /* it has cosigned a larger tree than ours */
    WITNESS_REFUSES /* it holds that our tree is not the one it knows */
};

struct witness_call {
    struct ov_vkey key;
    char url[512]; /* of add-checkpoint */
    CURL *easy;
    struct ov_buf request;
    struct ov_buf response;
    bool is_busy;
    uint64_t known;     /* the size that it cosigned last, as it says */
    uint64_t asked;     /* the size that is on its way */
    unsigned attempts;  /* of this round */
    struct ov_buf line; /* its cosignature */
    uint64_t line_size; /* of which tree */
    enum witness_conflict conflict;
};

struct witness_calls {
    CURLM *multi;
    struct curl_slist *headers;
    struct witness_call w[WITNESS_MAX];
    size_t n;
    unsigned timeout_ms; /* of one answer */
};

/* What is to be cosigned. */
struct witness_round {
    struct ov_span checkpoint; /* note with the log's own signature */
    uint64_t size;
    struct ov_merkle_source source; /* for proofs */
};

OV_MUST_USE enum ov_status witness_calls_open(struct witness_calls *c);
void witness_calls_close(struct witness_calls *c);

/* url: the submission prefix. OV_LIMIT_COUNT, OV_USAGE. */
OV_MUST_USE enum ov_status witness_calls_add(struct witness_calls *c,
                                             const struct ov_vkey *key,
                                             struct ov_span url);

/* Asks every witness that is not busy with an earlier round. */
void witness_calls_begin(struct witness_calls *c,
                         const struct witness_round *round);

/* Takes in what has come; true if there is a new cosignature of this round.
 * Asks again where a witness named another size. */
bool witness_calls_advance(struct witness_calls *c,
                           const struct witness_round *round);

/* Forgets all cosignatures. */
void witness_calls_forget(struct witness_calls *c);

/* Whether answers of this round are still to come. */
bool witness_calls_pending(const struct witness_calls *c, uint64_t size);

/* Appends the cosignatures of a tree of that size. */
void witness_calls_put(const struct witness_calls *c, uint64_t size,
                       struct ov_buf *note);
