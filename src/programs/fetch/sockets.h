/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

/* The sockets of libcurl's connections, and what went over them as the kernel
 * counts it. */

#define SOCKETS_MAX 16
#define SOCKETS_DIGEST_SIZE 65

struct sockets {
    struct one_socket {
        int fd; /* -1: free */
        uint64_t up;
        uint64_t down;
        char certificate[SOCKETS_DIGEST_SIZE];
    } open[SOCKETS_MAX];

    /* since sockets_begin */
    uint64_t up;
    uint64_t down;
    uint32_t n_opened;
};

void sockets_init(struct sockets *s);

/* Counts begin anew. */
void sockets_begin(struct sockets *s);

/* Adds what went over those that are open. */
void sockets_count(struct sockets *s);

/* The certificate that was shown on it, kept as long as it is open: "" at
 * first. NULL: it is not one of these. */
char *sockets_certificate(struct sockets *s, int fd);

/* libcurl's callbacks; data is the struct sockets. */
curl_socket_t sockets_open(void *data, curlsocktype purpose,
                           struct curl_sockaddr *address);
int sockets_close(void *data, curl_socket_t fd);
