/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

/* The parent's side of overt-fetch: addresses in, memory files out. Whatever is
 * sent is put down in a book before, and how it went after. */

/* One request. All borrowed. */
struct ov_fetch_request {
    const char *purpose; /* a word of host/outbound.def */
    const char *url;     /* http(s)://HOST[:PORT]/PATH, no user in it */
    uint64_t max_len;    /* of the answer */
    /* GET: not all of the file, but so many bytes of it. */
    uint64_t range_at;
    uint64_t range_len; /* 0: all */
    /* POST: what is sent. */
    bool is_post;
    struct ov_span body;
    const char *consent; /* what the owner agreed to, by its id; NULL */
};

/* What it came to. */
struct ov_fetch_sent {
    enum ov_status status;
    uint32_t code; /* of HTTP; 0: none came */
    uint64_t len;  /* of the answer */
    /* Bytes of all connections it used, as the kernel counts them: TLS and
     * repeats included. */
    bool is_counted; /* false: the helper died and nobody knows */
    uint64_t up;
    uint64_t down;
    uint32_t n_connections;     /* opened for it */
    struct ov_span address;     /* "192.0.2.1:443"; may be empty */
    struct ov_span certificate; /* SHA-256 in hexadecimal digits; of TLS */
    struct ov_span words;       /* what went wrong, unescaped */
};

/* Who keeps the book. begin: is about to be sent; sync: what has begun is on
 * disk. If either is not OV_OK nothing is sent. *ret_id names it in end, which
 * is called once for each. closed: bytes that went after the last end, when
 * connections were closed. */
struct ov_fetch_book {
    enum ov_status (*begin)(void *data, const struct ov_fetch_request *r,
                            uint64_t *ret_id, struct ov_diag *diag);
    enum ov_status (*sync)(void *data, struct ov_diag *diag);
    enum ov_status (*end)(void *data, uint64_t id,
                          const struct ov_fetch_sent *sent,
                          struct ov_diag *diag);
    void (*closed)(void *data, uint64_t last_id,
                   const struct ov_fetch_sent *sent);
    void *data;
};

struct ov_fetch;

/* Starts nothing yet. spawn_flags: OV_SPAWN_BEST_EFFORT. book: copied; NULL
 * only where there is no owner's machine to account to. Returns owned; NULL if
 * memory is out. */
struct ov_fetch *ov_fetch_new(unsigned spawn_flags,
                              const struct ov_fetch_book *book) OV_ALLOC;
void ov_fetch_free(struct ov_fetch *f);
OV_DEFINE_AUTO(fetch)

/* Starts the helper now, if it does not run: for a parent that afterwards gives
 * up what a helper needs. */
OV_MUST_USE enum ov_status ov_fetch_start(struct ov_fetch *f,
                                          struct ov_diag *diag);

/* Says that this one is about to be run, behind those that were said before:
 * then all of them are put down with one sync, when the first is run. What is
 * run out of this order, or not at all, has been put down as not sent. At most
 * OV_FETCH_EXPECTED; what is more, or no plain GET, is put down by itself. */
#define OV_FETCH_EXPECTED 32
void ov_fetch_expect(struct ov_fetch *f, const struct ov_fetch_request *r);

/* Runs a request. On OV_OK *ret_fd is a sealed memory file of *ret_len bytes,
 * owned. OV_NOT_FOUND: the server has no such file. OV_LIMIT_SIZE: more bytes
 * than max_len. OV_TIMED_OUT: too slow. OV_IO, OV_PEER_GONE and others: it did
 * not come; words in diag, escaped. *ret_code is HTTP's, 0 if none came.
 * Whatever happened, the next call may do better: a helper that died is started
 * anew. */
OV_MUST_USE enum ov_status
ov_fetch_run(struct ov_fetch *f, const struct ov_fetch_request *r, int *ret_fd,
             uint64_t *ret_len, uint32_t *ret_code, struct ov_diag *diag);
