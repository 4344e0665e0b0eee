/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/clamd_client.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "sys/channel.h"
#include "sys/fd.h"

int ov_clamd_connect(const char *path, unsigned blocking_seconds)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval patience = {.tv_sec = (time_t)blocking_seconds};
    int type = SOCK_STREAM | SOCK_CLOEXEC;
    OV_AUTO_FD fd = -1;

    if (strlen(path) >= sizeof(address.sun_path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path));
    fd = socket(AF_UNIX, blocking_seconds > 0 ? type : type | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (blocking_seconds > 0 && (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO,
                                            &patience, sizeof(patience)) != 0 ||
                                 setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO,
                                            &patience, sizeof(patience)) != 0))
        return -1;
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        return -1;
    return ov_fd_steal(&fd);
}

static enum ov_status send_text(int socket, struct ov_span text, int fd)
{
    OV_AUTO_DONE(buf) message = ov_buf_with_max(64);

    ov_put_span(&message, text);
    return ov_channel_send(socket, &message, fd);
}

enum ov_status ov_clamd_send_file(int socket, int fd)
{
    /* The descriptor comes with a byte of its own, behind the command. */
    OV_TRY(send_text(socket, OV_SPAN_LIT("zFILDES\0"), -1));
    return send_text(socket, OV_SPAN_LIT("\0"), fd);
}

enum ov_status ov_clamd_send_version(int socket)
{
    return send_text(socket, OV_SPAN_LIT("zVERSION\0"), -1);
}

enum ov_status ov_clamd_read_reply(struct ov_span line,
                                   struct ov_clamd_reply *ret)
{
    const struct ov_span found = OV_SPAN_LIT(" FOUND");
    const struct ov_span error = OV_SPAN_LIT(" ERROR");
    size_t colon = ov_span_find(line, OV_SPAN_LIT(": "), 0);
    struct ov_span words =
        colon == SIZE_MAX ? line : ov_span_clip(line, colon + 2, line.len);

    if (ov_span_ends(words, found))
        *ret = (struct ov_clamd_reply){
            OV_CLAMD_FOUND, ov_span_clip(words, 0, words.len - found.len)};
    else if (ov_span_ends(words, error))
        *ret = (struct ov_clamd_reply){
            OV_CLAMD_ERROR, ov_span_clip(words, 0, words.len - error.len)};
    else if (colon != SIZE_MAX && ov_span_equal(words, OV_SPAN_LIT("OK")))
        *ret = (struct ov_clamd_reply){OV_CLAMD_CLEAN, words};
    else
        return OV_MALFORMED;
    return OV_OK;
}
