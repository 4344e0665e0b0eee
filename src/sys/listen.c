/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/fd.h"

/* A UNIX socket of ours that was left behind refuses connections, and is taken
 * away; one that answers belongs to a daemon that is there. Its mode is set
 * before it listens: until then nobody gets in. */

#define BACKLOG 4096 /* or what the kernel allows */
#define FLAGS (SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC)

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* "ADDRESS:PORT" */
static bool read_address(const char *text, union address *ret, socklen_t *len)
{
    const char *colon = strrchr(text, ':');
    char host[INET6_ADDRSTRLEN];
    bool is_v6 = text[0] == '[';
    size_t host_len;
    uint64_t port;

    if (colon == NULL ||
        !ov_parse_uint(ov_span_str(colon + 1), UINT16_MAX, &port) ||
        (is_v6 && (colon - text < 2 || colon[-1] != ']')))
        return false;
    host_len = (size_t)(colon - text) - (is_v6 ? 2 : 0);
    if (host_len >= sizeof(host))
        return false;
    memcpy(host, text + (is_v6 ? 1 : 0), host_len);
    host[host_len] = '\0';
    memset(ret, 0, sizeof(*ret));
    if (is_v6) {
        ret->v6.sin6_family = AF_INET6;
        ret->v6.sin6_port = htons((uint16_t)port);
        *len = sizeof(ret->v6);
        return inet_pton(AF_INET6, host, &ret->v6.sin6_addr) == 1;
    }
    ret->v4.sin_family = AF_INET;
    ret->v4.sin_port = htons((uint16_t)port);
    *len = sizeof(ret->v4);
    return inet_pton(AF_INET, host, &ret->v4.sin_addr) == 1;
}

enum ov_status ov_listen_tcp(const char *text, int *ret_fd, unsigned *ret_port,
                             struct ov_diag *diag)
{
    union address a;
    socklen_t len;
    int yes = 1;

    if (!read_address(text, &a, &len))
        return ov_diag_set(diag, OV_USAGE, 0,
                           "not ADDRESS:PORT with a numeric address: %s", text);
    OV_AUTO_FD fd = socket(a.any.sa_family, FLAGS, 0);
    if (fd < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) != 0 ||
        bind(fd, &a.any, len) != 0 || listen(fd, BACKLOG) != 0 ||
        getsockname(fd, &a.any, &len) != 0)
        return ov_diag_set(diag, OV_IO, 0, "cannot listen on %s: %s", text,
                           strerror(errno));
    *ret_port =
        ntohs(a.any.sa_family == AF_INET6 ? a.v6.sin6_port : a.v4.sin_port);
    *ret_fd = ov_fd_steal(&fd);
    return OV_OK;
}

bool ov_listen_is_public(const char *text)
{
    union address a;
    socklen_t len;

    if (!read_address(text, &a, &len))
        return true;
    if (a.any.sa_family == AF_INET)
        return ntohl(a.v4.sin_addr.s_addr) >> 24 != 127;
    return !IN6_IS_ADDR_LOOPBACK(&a.v6.sin6_addr);
}

static enum ov_status fail(struct ov_diag *diag, const char *where)
{
    return ov_diag_set(diag, errno == EACCES ? OV_DENIED : OV_IO, 0,
                       "%s: cannot listen: %s", where, strerror(errno));
}

static bool is_left_behind(const struct sockaddr_un *a)
{
    OV_AUTO_FD fd = socket(AF_UNIX, FLAGS, 0);
    struct stat st;

    if (fd < 0 || lstat(a->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
        return false;
    return connect(fd, (const struct sockaddr *)(const void *)a, sizeof(*a)) !=
               0 &&
           errno == ECONNREFUSED;
}

static bool bind_local(int fd, const struct sockaddr_un *a)
{
    const struct sockaddr *address = (const struct sockaddr *)(const void *)a;

    if (bind(fd, address, sizeof(*a)) == 0)
        return true;
    if (errno != EADDRINUSE || !is_left_behind(a)) {
        errno = EADDRINUSE;
        return false;
    }
    return unlink(a->sun_path) == 0 && bind(fd, address, sizeof(*a)) == 0;
}

static enum ov_status give_to_group(const char *path, const char *group,
                                    struct ov_diag *diag)
{
    const struct group *g = getgrnam(group);

    if (g == NULL)
        return ov_diag_set(diag, OV_NOT_FOUND, 0, "there is no group %s",
                           group);
    return lchown(path, (uid_t)-1, g->gr_gid) == 0 ? OV_OK : fail(diag, path);
}

enum ov_status ov_listen_local(const char *path, unsigned mode,
                               const char *group, int *ret_fd,
                               struct ov_diag *diag)
{
    OV_AUTO_FD fd = socket(AF_UNIX, FLAGS, 0);
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    mode_t before;
    bool is_bound;

    if (len >= sizeof(a.sun_path))
        return ov_diag_set(diag, OV_USAGE, 0, "%s: too long for a socket",
                           path);
    memcpy(a.sun_path, path, len);
    before = umask(0177);
    is_bound = fd >= 0 && bind_local(fd, &a);
    (void)umask(before);
    if (!is_bound)
        return fail(diag, path);
    if (group != NULL)
        OV_TRY(give_to_group(path, group, diag));
    if (chmod(path, mode) != 0 || listen(fd, BACKLOG) != 0)
        return fail(diag, path);
    *ret_fd = ov_fd_steal(&fd);
    return OV_OK;
}
