/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/notify.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/fd.h"

/* The interfaces are described in sd_notify(3), sd_watchdog_enabled(3) and
 * sd_listen_fds(3): a datagram to $NOTIFY_SOCKET, a number of microseconds in
 * $WATCHDOG_USEC, a number of sockets in $LISTEN_FDS, the latter two for the
 * process that $WATCHDOG_PID and $LISTEN_PID name. */

#define MAX_SOCKETS 64

void ov_notify(const char *text)
{
    const char *path = getenv("NOTIFY_SOCKET");
    size_t len = path != NULL ? strlen(path) : 0;
    struct sockaddr_un a = {.sun_family = AF_UNIX};

    if (len < 2 || len >= sizeof(a.sun_path) ||
        (path[0] != '/' && path[0] != '@'))
        return;
    OV_AUTO_FD fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    memcpy(a.sun_path, path, len);
    if (path[0] == '@')
        a.sun_path[0] = '\0';
    /* Whoever does not listen is not told. */
    (void)!sendto(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT,
                  (const struct sockaddr *)(const void *)&a,
                  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
}

static bool get_number(const char *name, uint64_t *ret)
{
    const char *text = getenv(name);

    return text != NULL && ov_parse_uint(ov_span_str(text), INT64_MAX, ret);
}

uint64_t ov_notify_watchdog_ms(void)
{
    uint64_t microseconds;
    uint64_t pid;

    if (!get_number("WATCHDOG_USEC", &microseconds))
        return 0;
    if (get_number("WATCHDOG_PID", &pid) && pid != (uint64_t)getpid())
        return 0;
    return microseconds / 1000;
}

unsigned ov_notify_sockets(void)
{
    uint64_t pid;
    uint64_t n;

    if (!get_number("LISTEN_PID", &pid) || pid != (uint64_t)getpid() ||
        !get_number("LISTEN_FDS", &n) || n > MAX_SOCKETS)
        return 0;
    for (int i = 0; i < (int)n; i++)
        if (fcntl(OV_NOTIFY_FIRST_SOCKET + i, F_SETFD, FD_CLOEXEC) != 0 ||
            fcntl(OV_NOTIFY_FIRST_SOCKET + i, F_SETFL, O_NONBLOCK) != 0)
            return (unsigned)i;
    return (unsigned)n;
}
