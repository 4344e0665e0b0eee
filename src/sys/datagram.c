/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/datagram.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "sys/fd.h"

#define MAX_HOST 64

static bool fill(const char *path, struct sockaddr_un *ret)
{
    size_t len = strlen(path);

    *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (len >= sizeof(ret->sun_path))
        return false;
    memcpy(ret->sun_path, path, len);
    return true;
}

enum ov_status ov_datagram_to_path(const char *path, int *ret_fd)
{
    struct sockaddr_un address;
    int fd;

    if (!fill(path, &address))
        return OV_USAGE;
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return OV_IO;
    *ret_fd = fd;
    return OV_OK;
}

static enum ov_status connect_to(const struct addrinfo *to, int *ret_fd)
{
    OV_AUTO_FD fd =
        socket(to->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0 || connect(fd, to->ai_addr, to->ai_addrlen) != 0)
        return OV_IO;
    *ret_fd = ov_fd_steal(&fd);
    return OV_OK;
}

enum ov_status ov_datagram_to_address(const char *address, int *ret_fd)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                             .ai_socktype = SOCK_DGRAM};
    const char *colon = strrchr(address, ':');
    bool has_brackets = address[0] == '[';
    struct addrinfo *found = NULL;
    char host[MAX_HOST];
    enum ov_status status;
    size_t len;

    if (colon == NULL)
        return OV_USAGE;
    len = (size_t)(colon - address);
    if (len >= sizeof(host) || (has_brackets && len < 2))
        return OV_USAGE;
    len -= has_brackets ? 2 : 0;
    memcpy(host, address + has_brackets, len);
    host[len] = '\0';
    if (getaddrinfo(host, colon + 1, &hints, &found) != 0)
        return OV_USAGE;
    status = connect_to(found, ret_fd);
    freeaddrinfo(found);
    return status;
}

enum ov_status ov_datagram_send(int fd, const char *path, struct ov_span bytes)
{
    struct sockaddr_un address;
    ssize_t sent;

    if (path != NULL && !fill(path, &address))
        return OV_USAGE;
    do {
        if (path != NULL)
            sent = sendto(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL,
                          (const struct sockaddr *)&address, sizeof(address));
        else
            sent = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
        /* A remote port that was closed is told at the next message. */
    } while (sent < 0 && errno == EINTR);
    if (sent < 0 && path == NULL && errno == ECONNREFUSED)
        sent = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
    return sent >= 0 ? OV_OK : OV_IO;
}
