/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <openssl/types.h>

#include "sys/loop.h"

/* One client: TLS on its side, plain words on the daemon's. */

struct tls_link;

/* Names of certificates (their subject's common name), as an authority of
 * ours has signed them. */
#define TLS_MAX_ADMINS 64

struct tls_admins {
    const char *names[TLS_MAX_ADMINS];
    size_t n;
};

struct tls_door {
    struct ov_loop *loop;
    SSL_CTX *context;
    const char *daemon;       /* path of its socket */
    const char *admin_socket; /* for admins; NULL: there are none */
    const struct tls_admins *admins;
    /* Only admins are let in, and the daemon's first line is the name of whose
     * words come behind it. */
    bool tells_names;
    struct tls_link *links;
    unsigned n_links;
    /* A client has gone. */
    void (*has_room)(struct tls_door *door);
};

/* Serves a client; takes fd, which does not block. */
void tls_link_start(struct tls_door *door, int fd);
void tls_links_end(struct tls_door *door);
