/* SPDX-License-Identifier: Apache-2.0 */

/* What the owner's ledger tells of bytes comes from TCP_INFO: payload of TCP,
 * so TLS with its handshake is in it, and what was sent twice counts twice.
 * Addresses are looked up elsewhere; those packets are not in it.
 *
 * Source: Linux, include/uapi/linux/tcp.h; RFC 4898 for the names. The kernel
 * counts the end of the peer's stream as one byte that came. */
#include "sockets.h"

#include <linux/tcp.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PROTOCOL_TCP 6

/* States of TCP in which the peer's end has come (RFC 9293, with Linux's
 * numbers). */
#define STATE_TIME_WAIT 6
#define STATE_CLOSE_WAIT 8
#define STATE_LAST_ACK 9
#define STATE_CLOSING 11

void sockets_init(struct sockets *s)
{
    memset(s, 0, sizeof(*s));
    for (size_t i = 0; i < SOCKETS_MAX; i++)
        s->open[i].fd = -1;
}

void sockets_begin(struct sockets *s)
{
    s->up = 0;
    s->down = 0;
    s->n_opened = 0;
}

static bool has_peer_ended(const struct tcp_info *info)
{
    return info->tcpi_bytes_received > 0 &&
           (info->tcpi_state == STATE_TIME_WAIT ||
            info->tcpi_state == STATE_CLOSE_WAIT ||
            info->tcpi_state == STATE_LAST_ACK ||
            info->tcpi_state == STATE_CLOSING);
}

/* is_last: what waits to be sent will be, though nobody can count it then. */
static void count(struct sockets *s, struct one_socket *one, bool is_last)
{
    struct tcp_info info = {.tcpi_state = 0};
    socklen_t len = sizeof(info);
    uint64_t up;
    uint64_t down;

    if (getsockopt(one->fd, PROTOCOL_TCP, TCP_INFO, &info, &len) != 0 ||
        len < offsetof(struct tcp_info, tcpi_bytes_retrans))
        return;
    up = info.tcpi_bytes_sent + (is_last ? info.tcpi_notsent_bytes : 0);
    down = info.tcpi_bytes_received - has_peer_ended(&info);
    s->up += up - one->up;
    s->down += down - one->down;
    one->up = up;
    one->down = down;
}

void sockets_count(struct sockets *s)
{
    for (size_t i = 0; i < SOCKETS_MAX; i++)
        if (s->open[i].fd >= 0)
            count(s, &s->open[i], false);
}

static struct one_socket *find(struct sockets *s, int fd)
{
    for (size_t i = 0; i < SOCKETS_MAX; i++)
        if (s->open[i].fd == fd)
            return &s->open[i];
    return NULL;
}

char *sockets_certificate(struct sockets *s, int fd)
{
    struct one_socket *one = fd >= 0 ? find(s, fd) : NULL;

    return one != NULL ? one->certificate : NULL;
}

/* One that could not be counted is not opened. */
curl_socket_t sockets_open(void *data, curlsocktype purpose,
                           struct curl_sockaddr *address)
{
    struct sockets *s = data;
    struct one_socket *one = find(s, -1);

    (void)purpose; /* there is only one */
    if (one == NULL)
        return CURL_SOCKET_BAD;
    *one = (struct one_socket){
        .fd = socket(address->family, address->socktype, address->protocol)};
    s->n_opened += one->fd >= 0;
    return one->fd >= 0 ? one->fd : CURL_SOCKET_BAD;
}

int sockets_close(void *data, curl_socket_t fd)
{
    struct sockets *s = data;
    struct one_socket *one = find(s, fd);

    if (one != NULL) {
        count(s, one, true);
        one->fd = -1;
    }
    return close(fd);
}
