/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/log_client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/reader.h"
#include "sys/fd.h"

/* A client of overt-logd. Adding keeps some entries on their way, so that they
 * share the log's syncs; not more, since a socket holds only so many answers,
 * and the log closes a client that does not read them. */

#define WINDOW 64
#define MAX_ENTRY 65535
#define MAX_ANSWER ((size_t)256 << 10)
#define ANSWER_SECONDS 60

struct ov_log_client {
    int fd;
    uint8_t answer[MAX_ANSWER];
};

enum ov_status ov_log_client_new(const char *folder, struct ov_log_client **ret,
                                 struct ov_diag *diag)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct ov_log_client *c;
    int len = snprintf(address.sun_path, sizeof(address.sun_path),
                       "%s/" OV_LOG_SOCKET, folder);

    if (len < 0 || (size_t)len >= sizeof(address.sun_path))
        return ov_diag_set(diag, OV_USAGE, 0,
                           "%s: the path is too long for a socket", folder);
    OV_AUTO_FD fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return ov_diag_set(diag, OV_IO, 0, "socket: %s", strerror(errno));
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        return ov_diag_set(diag, errno == EACCES ? OV_DENIED : OV_NOT_FOUND, 0,
                           "%s: nobody runs this log (%s)", folder,
                           strerror(errno));
    c = ov_alloc(sizeof(*c));
    if (c == NULL)
        return OV_NO_MEMORY;
    c->fd = ov_fd_steal(&fd);
    *ret = c;
    return OV_OK;
}

void ov_log_client_free(struct ov_log_client *c)
{
    if (c == NULL)
        return;
    (void)!close(c->fd);
    ov_free(c);
}

static enum ov_status send_message(struct ov_log_client *c,
                                   const struct ov_buf *b, struct ov_diag *diag)
{
    OV_TRY(ov_buf_status(b));
    while (send(c->fd, b->ptr, b->len, MSG_NOSIGNAL) != (ssize_t)b->len) {
        if (errno != EINTR)
            return ov_diag_set(diag, OV_PEER_GONE, 0, "the log is gone");
    }
    return OV_OK;
}

/* An answer of that type, without its first byte. */
static enum ov_status take_answer(struct ov_log_client *c, char type,
                                  unsigned seconds, struct ov_span *ret,
                                  struct ov_diag *diag)
{
    struct pollfd p = {.fd = c->fd, .events = POLLIN};
    ssize_t got;
    int n;

    do
        n = poll(&p, 1, (int)(seconds < 100000 ? seconds * 1000 : 100000000));
    while (n < 0 && errno == EINTR);
    if (n == 0)
        return ov_diag_set(diag, OV_TIMED_OUT, 0, "the log took too long");
    do
        got = recv(c->fd, c->answer, sizeof(c->answer), 0);
    while (got < 0 && errno == EINTR);
    if (n < 0 || got <= 0)
        return ov_diag_set(diag, OV_PEER_GONE, 0, "the log is gone");
    *ret = ov_span_of(c->answer + 1, (size_t)got - 1);
    if (c->answer[0] == OV_LOG_ERROR)
        return ov_diag_set(diag, OV_IO, 0, "the log says: %.*s", (int)ret->len,
                           (const char *)ret->ptr);
    if (c->answer[0] != (uint8_t)type)
        return ov_diag_set(diag, OV_MALFORMED, 0, "an answer out of place");
    return OV_OK;
}

static enum ov_status send_entry(struct ov_log_client *c, struct ov_span entry,
                                 struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX_ENTRY + 1);

    ov_put_u8(&b, OV_LOG_ADD);
    ov_put_span(&b, entry);
    return send_message(c, &b, diag);
}

static enum ov_status take_index(struct ov_log_client *c, uint64_t *ret,
                                 struct ov_diag *diag)
{
    struct ov_span answer;
    struct ov_reader r;
    uint64_t index;

    OV_TRY(take_answer(c, OV_LOG_ADD, ANSWER_SECONDS, &answer, diag));
    r = ov_reader_over(answer);
    index = ov_read_u64le(&r);
    OV_TRY(ov_reader_end(&r));
    *ret = index;
    return OV_OK;
}

enum ov_status ov_log_client_add(struct ov_log_client *c,
                                 const struct ov_span *entries, size_t n,
                                 uint64_t *ret_indices, struct ov_diag *diag)
{
    size_t sent = 0;
    size_t answered = 0;

    for (size_t i = 0; i < n; i++) {
        if (entries[i].len == 0 || entries[i].len > MAX_ENTRY)
            return ov_diag_set(diag, OV_LIMIT_SIZE, 0,
                               "an entry is 1 to 65535 bytes long");
    }
    while (answered < n) {
        if (sent < n && sent - answered < WINDOW) {
            OV_TRY(send_entry(c, entries[sent++], diag));
            continue;
        }
        OV_TRY(take_index(c, &ret_indices[answered], diag));
        answered++;
    }
    return OV_OK;
}

static enum ov_status ask(struct ov_log_client *c, char type, uint64_t index,
                          struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(16);

    ov_put_u8(&b, (uint8_t)type);
    ov_put_u64(&b, index);
    return send_message(c, &b, diag);
}

enum ov_status ov_log_client_wait(struct ov_log_client *c, uint64_t index,
                                  unsigned seconds, struct ov_diag *diag)
{
    struct ov_span answer;

    OV_TRY(ask(c, OV_LOG_WAIT, index, diag));
    return take_answer(c, OV_LOG_WAIT, seconds, &answer, diag);
}

enum ov_status ov_log_client_prove(struct ov_log_client *c, uint64_t index,
                                   struct ov_buf *ret, struct ov_diag *diag)
{
    struct ov_span answer;

    OV_TRY(ask(c, OV_LOG_PROOF, index, diag));
    OV_TRY(take_answer(c, OV_LOG_PROOF, ANSWER_SECONDS, &answer, diag));
    ov_put_span(ret, answer);
    return ov_buf_status(ret);
}

enum ov_status ov_log_client_sizes(struct ov_log_client *c,
                                   struct ov_log_sizes *ret,
                                   struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(16);
    struct ov_log_sizes sizes;
    struct ov_span answer;
    struct ov_reader r;

    ov_put_u8(&b, OV_LOG_STATUS);
    OV_TRY(send_message(c, &b, diag));
    OV_TRY(take_answer(c, OV_LOG_STATUS, ANSWER_SECONDS, &answer, diag));
    r = ov_reader_over(answer);
    sizes.promised = ov_read_u64le(&r);
    sizes.committed = ov_read_u64le(&r);
    sizes.published = ov_read_u64le(&r);
    OV_TRY(ov_reader_end(&r));
    *ret = sizes;
    return OV_OK;
}
