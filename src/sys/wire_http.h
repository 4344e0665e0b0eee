/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "sys/ipc.h"

/* What the daemon and overt-http say to each other; see wire.h. */

/* http-start, with the socket that it listens on. */
struct ov_wire_http_settings {
    uint64_t max_body;        /* bytes of one body; above it: 413 */
    uint64_t max_memory;      /* of the bodies of all */
    uint32_t max_connections; /* 1 to OV_HTTP_CONNECTIONS_MAX */
    uint32_t idle_ms;         /* how long a client may be silent; not 0 */
};

#define OV_HTTP_CONNECTIONS_MAX 4096u

void ov_wire_put_http_settings(struct ov_buf *b,
                               const struct ov_wire_http_settings *s);
OV_MUST_USE enum ov_status
ov_wire_read_http_settings(struct ov_span body,
                           struct ov_wire_http_settings *ret);

/* http-open: what is asked on the descriptor, a stream. For a scan a byte with
 * the file's descriptor is in it already, and the answer is one of JSON. */
enum ov_http_peer {
    OV_HTTP_SCAN,
    OV_HTTP_SCAN_ALL, /* every rule, not only the first that holds */
    OV_HTTP_CONTROL
};

struct ov_wire_http_open {
    uint32_t peer; /* enum ov_http_peer, unchecked */
};

void ov_wire_put_http_open(struct ov_buf *b, const struct ov_wire_http_open *o);
OV_MUST_USE enum ov_status
ov_wire_read_http_open(struct ov_span body, struct ov_wire_http_open *ret);
