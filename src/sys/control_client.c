/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/control_client.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "sys/fd.h"

#define PATIENCE_SECONDS 5
#define MAX_ANSWER ((size_t)4 << 20)

static enum ov_status connect_to(const char *path, int *ret_fd,
                                 struct ov_diag *diag)
{
    const struct timeval patience = {.tv_sec = PATIENCE_SECONDS};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    OV_AUTO_FD fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (len >= sizeof(address.sun_path))
        return ov_diag_set(diag, OV_USAGE, 0, "%s: too long for a socket",
                           path);
    memcpy(address.sun_path, path, len);
    if (fd < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) !=
            0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) !=
            0)
        return ov_diag_set(diag, OV_IO, 0, "cannot make a socket");
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0) {
        *ret_fd = ov_fd_steal(&fd);
        return OV_OK;
    }
    if (errno == EACCES || errno == EPERM)
        return ov_diag_set(diag, OV_DENIED, 0,
                           "%s: not for this user; be root, or see "
                           "control-group in overt.conf(5)",
                           path);
    return ov_diag_set(diag, OV_NOT_FOUND, 0, "%s: overtd does not run here",
                       path);
}

static enum ov_status talk(int fd, struct ov_buf *request,
                           struct ov_buf *answer)
{
    OV_TRY(ov_buf_status(request));
    if (send(fd, request->ptr, request->len, MSG_NOSIGNAL) !=
        (ssize_t)request->len)
        return OV_IO;
    for (;;) {
        uint8_t bytes[4096];
        ssize_t n = recv(fd, bytes, sizeof(bytes), 0);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return OV_IO;
        if (n == 0)
            return ov_buf_status(answer);
        ov_put_span(answer, ov_span_of(bytes, (size_t)n));
        if (answer->status != OV_OK)
            return answer->status;
    }
}

enum ov_status ov_control_ask(const char *socket, const char *method,
                              const char *page, struct ov_buf *into,
                              struct ov_diag *diag)
{
    static const char good[] = "HTTP/1.0 200 ";
    OV_AUTO_DONE(buf) request = ov_buf_with_max(1024);
    OV_AUTO_DONE(buf) answer = ov_buf_with_max(MAX_ANSWER);
    OV_AUTO_FD fd = -1;
    const uint8_t *end;

    OV_TRY(connect_to(socket, &fd, diag));
    ov_put_format(&request, "%s %s HTTP/1.0\r\n\r\n", method, page);
    if (talk(fd, &request, &answer) != OV_OK)
        return ov_diag_set(diag, OV_IO, 0, "%s: no answer", socket);
    end = answer.len > 0 ? memmem(answer.ptr, answer.len, "\r\n\r\n", 4) : NULL;
    if (end == NULL || answer.len < sizeof(good) ||
        memcmp(answer.ptr, good, sizeof(good) - 1) != 0)
        return ov_diag_set(diag, OV_MALFORMED, 0, "%s: not what was asked for",
                           socket);
    end += 4;
    ov_put_span(into, ov_span_of(end, answer.len - (size_t)(end - answer.ptr)));
    return ov_buf_status(into);
}
