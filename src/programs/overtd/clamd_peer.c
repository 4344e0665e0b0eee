/* SPDX-License-Identifier: Apache-2.0 */
#include "clamd_peer.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/alloc.h"

/* A network gives one customer 2^64 addresses of IPv6, so those are one peer
 * that have the same upper half. A list is enough: there are no more peers than
 * connections, and few that are not of the same mail server. */

enum key_kind {
    KEY_USER = 1,
    KEY_IPV4,
    KEY_IPV6,
    KEY_OTHER,
};

void clamd_peer_key(int fd, bool is_local, uid_t uid,
                    uint8_t ret[static CLAMD_PEER_KEY])
{
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } a = {.any = {.sa_family = AF_UNSPEC}};

    socklen_t len = sizeof(a);

    memset(ret, 0, CLAMD_PEER_KEY);
    if (is_local) {
        ret[0] = KEY_USER;
        memcpy(ret + 4, &uid, sizeof(uid));
    } else if (getpeername(fd, &a.any, &len) != 0) {
        ret[0] = KEY_OTHER;
    } else if (a.any.sa_family == AF_INET6 &&
               IN6_IS_ADDR_V4MAPPED(&a.six.sin6_addr)) {
        ret[0] = KEY_IPV4;
        memcpy(ret + 4, a.six.sin6_addr.s6_addr + 12, 4);
    } else if (a.any.sa_family == AF_INET6) {
        ret[0] = KEY_IPV6;
        memcpy(ret + 4, &a.six.sin6_addr, 8);
    } else if (a.any.sa_family == AF_INET) {
        ret[0] = KEY_IPV4;
        memcpy(ret + 4, &a.four.sin_addr, sizeof(a.four.sin_addr));
    } else {
        ret[0] = KEY_OTHER;
    }
}

struct clamd_peer *clamd_peer_take(struct clamd_peer **list,
                                   const uint8_t key[static CLAMD_PEER_KEY])
{
    struct clamd_peer *p = *list;

    while (p != NULL && memcmp(p->key, key, CLAMD_PEER_KEY) != 0)
        p = p->next;
    if (p == NULL) {
        p = ov_alloc(sizeof(*p));
        if (p == NULL)
            return NULL;
        memcpy(p->key, key, CLAMD_PEER_KEY);
        p->desk.source = DESK_CLAMD;
        p->next = *list;
        *list = p;
    }
    p->n_sessions++;
    return p;
}

void clamd_peer_give(struct clamd_peer **list, struct clamd_peer *peer)
{
    struct clamd_peer **at = list;

    if (--peer->n_sessions > 0)
        return;
    while (*at != peer)
        at = &(*at)->next;
    *at = peer->next;
    ov_free(peer);
}
