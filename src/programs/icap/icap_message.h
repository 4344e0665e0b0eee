/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

/* ICAP's messages (RFC 3507) as bytes: requests are read, without any input or
 * output of its own. Everything here is hostile. */

#define ICAP_MAX_HEAD ((size_t)32 << 10)  /* of ICAP's own header */
#define ICAP_MAX_HTTP ((size_t)128 << 10) /* of the HTTP headers inside */

enum icap_method {
    ICAP_OPTIONS,
    ICAP_REQMOD,
    ICAP_RESPMOD,
    ICAP_OTHER
};

/* A request up to its body; spans are borrowed from what was read. */
struct icap_head {
    enum icap_method method;
    struct ov_span service; /* "avscan" of icap://host/avscan?x */
    bool allows_204;        /* also outside of a preview (section 4.6) */
    bool has_preview;
    uint64_t preview;     /* bytes at most, section 4.5 */
    bool closes;          /* the connection ends with the answer */
    uint64_t request_len; /* of the HTTP request's header; 0: none */
    uint64_t response_len;
    bool has_body;
};

/* Length of the header at the start of s with its empty line; 0: there is more
 * to come. */
size_t icap_head_len(struct ov_span s);

/* A whole header. OV_MALFORMED; OV_UNSUPPORTED: not ICAP/1.x;
 * OV_LIMIT_SIZE: the headers inside are longer than ICAP_MAX_HTTP. */
OV_MUST_USE enum ov_status icap_read_head(struct ov_span text,
                                          struct icap_head *ret);

/* The value of a field in a header, ICAP's or HTTP's, without blanks around;
 * false if there is none. */
bool icap_field(struct ov_span head, const char *name, struct ov_span *ret);

/* ---- bodies in chunks (section 4.4; RFC 9112 section 7.1) ---- */

enum icap_chunk_state {
    ICAP_CHUNK_SIZE, /* the line with a size */
    ICAP_CHUNK_DATA, /* bytes, `left` of them */
    ICAP_CHUNK_DATA_END,
    ICAP_CHUNK_TRAILER, /* lines until an empty one */
    ICAP_CHUNK_END,
};

struct icap_chunks {
    enum icap_chunk_state state;
    uint64_t left;
    bool is_last; /* the body is whole: no preview of a longer one ("ieof") */
    uint32_t n_line; /* bytes of the line so far */
    uint8_t line[64];
    uint32_t n_trailer;
};

/* Takes bytes off the front of *in. A piece of the body is in *ret, empty if
 * none came; call again until *in is empty or the state ICAP_CHUNK_END.
 * OV_MALFORMED. */
OV_MUST_USE enum ov_status icap_chunks_take(struct icap_chunks *c,
                                            struct ov_span *in,
                                            struct ov_span *ret);
