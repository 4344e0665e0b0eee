/* SPDX-License-Identifier: Apache-2.0 */
#include "log_service.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "sys/fd.h"
#include "sys/log_client.h"

/* One thread and one loop. In each turn all messages that wait are taken, their
 * entries go into the journal with one write and one sync, and then all of them
 * are answered: the more clients wait, the more share a sync. Clients are local
 * programs that may open the socket (mode 0600); one that does not read its
 * answers, or sends what is no message, is closed. */

#define MAX_CLIENTS 64
#define MAX_BATCH 4096
#define MAX_MESSAGE (OV_ENTRY_MAX + 1)

struct client {
    int fd; /* -1: none */
    bool is_waiting;
    uint64_t wait_for; /* an index */
};

struct batch_item {
    size_t client;
    bool is_taken; /* its entry is in the batch */
};

struct service {
    struct sequencer *s;
    int listener;
    struct client clients[MAX_CLIENTS];
    struct ov_buf batch; /* entries as in a bundle */
    uint64_t n_batch;
    struct batch_item items[MAX_BATCH];
    size_t n_items;
    uint8_t message[MAX_MESSAGE + 1];
};

static uint64_t now_ms(void)
{
    struct timespec t;

    if (clock_gettime(CLOCK_MONOTONIC, &t) != 0)
        return 0;
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void drop(struct client *c)
{
    if (c->fd >= 0)
        (void)!close(c->fd);
    *c = (struct client){.fd = -1};
}

static void reply(struct client *c, struct ov_span message)
{
    if (c->fd >= 0 && send(c->fd, message.ptr, message.len,
                           MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)message.len)
        drop(c);
}

static void reply_numbers(struct client *c, char type, const uint64_t *numbers,
                          size_t n)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(64);

    ov_put_u8(&b, (uint8_t)type);
    for (size_t i = 0; i < n; i++)
        ov_put_u64(&b, numbers[i]);
    reply(c, ov_buf_span(&b));
}

static void reply_error(struct client *c, const char *text)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(512);

    ov_put_u8(&b, OV_LOG_ERROR);
    ov_put_str(&b, text);
    reply(c, ov_buf_span(&b));
}

static void reply_proof(struct service *v, struct client *c, uint64_t index)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(OV_PROOF_MAX_SIZE);
    struct ov_diag diag = {.line = 0};

    ov_put_u8(&b, OV_LOG_PROOF);
    if (sequencer_prove(&v->s->folder, index, &b, &diag) == OV_OK)
        reply(c, ov_buf_span(&b));
    else
        reply_error(c, diag.text);
}

/* Puts an entry into the batch; what comes of it is answered later. */
static void take_entry(struct service *v, size_t client, struct ov_span entry)
{
    struct batch_item *item = &v->items[v->n_items++];

    *item = (struct batch_item){.client = client};
    if (entry.len == 0 || entry.len > OV_ENTRY_MAX)
        return;
    item->is_taken = true;
    ov_put_bundle_entry(&v->batch, entry);
    v->n_batch++;
}

static void take_message(struct service *v, size_t client, struct ov_span m)
{
    struct client *c = &v->clients[client];
    struct ov_reader r = ov_reader_over(m);
    uint8_t type = ov_read_u8(&r);

    if (type == OV_LOG_ADD) {
        take_entry(v, client, ov_reader_rest(&r));
        return;
    }
    if (type == OV_LOG_STATUS && ov_reader_end(&r) == OV_OK) {
        const uint64_t numbers[] = {v->s->journal.next, v->s->tree.size,
                                    v->s->published};

        reply_numbers(c, OV_LOG_STATUS, numbers, 3);
        return;
    }
    c->wait_for = ov_read_u64le(&r);
    if (ov_reader_end(&r) != OV_OK ||
        (type != OV_LOG_WAIT && type != OV_LOG_PROOF))
        drop(c);
    else if (type == OV_LOG_WAIT)
        c->is_waiting = true;
    else
        reply_proof(v, c, c->wait_for);
}

static bool batch_has_room(const struct service *v)
{
    return v->n_items < MAX_BATCH &&
           v->batch.len + MAX_MESSAGE + 2 <= JOURNAL_MAX_FRAME;
}

static void read_client(struct service *v, size_t client)
{
    struct client *c = &v->clients[client];

    while (c->fd >= 0 && batch_has_room(v)) {
        ssize_t got = recv(c->fd, v->message, sizeof(v->message), MSG_DONTWAIT);

        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (got <= 0)
            drop(c);
        else
            take_message(v, client, ov_span_of(v->message, (size_t)got));
    }
}

/* One sync for all of them. */
static void commit_batch(struct service *v)
{
    uint64_t next = 0;
    enum ov_status s = ov_buf_status(&v->batch);

    if (v->n_batch > 0 && s == OV_OK)
        s = sequencer_add(v->s, ov_buf_span(&v->batch), v->n_batch, &next);
    for (size_t i = 0; i < v->n_items; i++) {
        struct client *c = &v->clients[v->items[i].client];

        if (!v->items[i].is_taken) {
            reply_error(c, "an entry is 1 to 65535 bytes long");
        } else if (s != OV_OK) {
            reply_error(c, s == OV_IO ? "the journal can't be written"
                                      : ov_status_name(s));
        } else {
            reply_numbers(c, OV_LOG_ADD, &next, 1);
            next++;
        }
    }
    v->n_items = 0;
    v->n_batch = 0;
    ov_buf_clear(&v->batch);
}

static void wake_waiting(struct service *v)
{
    for (size_t i = 0; i < MAX_CLIENTS; i++) {
        struct client *c = &v->clients[i];

        if (c->fd < 0 || !c->is_waiting || c->wait_for >= v->s->published)
            continue;
        c->is_waiting = false;
        reply_numbers(c, OV_LOG_WAIT, &v->s->published, 1);
    }
}

static void accept_client(struct service *v)
{
    int fd = accept4(v->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    for (size_t i = 0; fd >= 0 && i < MAX_CLIENTS; i++) {
        if (v->clients[i].fd < 0) {
            v->clients[i] = (struct client){.fd = fd};
            return;
        }
    }
    if (fd >= 0)
        (void)!close(fd);
}

static enum ov_status make_socket(const struct log_folder *f, int *ret,
                                  struct ov_diag *diag)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char path[LOG_PATH_MAX];

    if (!log_folder_path(f, OV_LOG_SOCKET, path) ||
        strlen(path) >= sizeof(address.sun_path))
        return ov_diag_set(diag, OV_USAGE, 0,
                           "%s/" OV_LOG_SOCKET ": the path is too long for a "
                           "socket",
                           f->path);
    memcpy(address.sun_path, path, strlen(path) + 1);
    (void)!unlink(path); /* a left-over: we hold the lock */
    OV_AUTO_FD fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        chmod(path, 0600) != 0 || listen(fd, MAX_CLIENTS) != 0)
        return ov_diag_set(diag, OV_IO, 0, "%s: %s", path, strerror(errno));
    *ret = ov_fd_steal(&fd);
    return OV_OK;
}

/* Waits for sockets of clients and witnesses. */
static void wait_for_input(struct service *v, unsigned milliseconds)
{
    struct curl_waitfd fds[1 + MAX_CLIENTS];
    size_t who[1 + MAX_CLIENTS];
    unsigned n = 0;

    if (v->listener >= 0)
        fds[n++] =
            (struct curl_waitfd){.fd = v->listener, .events = CURL_WAIT_POLLIN};
    for (size_t i = 0; i < MAX_CLIENTS; i++) {
        if (v->clients[i].fd < 0)
            continue;
        who[n] = i;
        fds[n++] = (struct curl_waitfd){.fd = v->clients[i].fd,
                                        .events = CURL_WAIT_POLLIN};
    }
    if (curl_multi_poll(v->s->calls.multi, fds, n, (int)milliseconds, NULL) !=
        CURLM_OK)
        return;
    for (unsigned i = 0; i < n; i++) {
        if (fds[i].revents == 0)
            continue;
        if (v->listener >= 0 && i == 0)
            accept_client(v);
        else
            read_client(v, who[i]);
    }
}

static enum ov_status run(struct service *v,
                          const struct log_service_options *options,
                          const volatile int *is_ended, struct ov_diag *diag)
{
    uint64_t start = now_ms();

    while (!*is_ended) {
        unsigned milliseconds;

        OV_TRY(sequencer_step(v->s, now_ms(), diag));
        wake_waiting(v);
        if (options->is_once && sequencer_is_idle(v->s))
            return OV_OK;
        if (options->is_once && now_ms() - start > options->timeout_ms)
            return ov_diag_set(diag, OV_TIMED_OUT, 0,
                               "no quorum of witnesses in time");
        milliseconds = sequencer_wait(v->s, now_ms());
        if (options->is_once && milliseconds > 100)
            milliseconds = 100;
        wait_for_input(v, milliseconds);
        if (v->n_items > 0)
            commit_batch(v);
    }
    return OV_OK;
}

enum ov_status log_service_run(struct sequencer *s,
                               const struct log_service_options *options,
                               const volatile int *is_ended,
                               struct ov_diag *diag)
{
    struct service *v OV_AUTO_PTR = ov_alloc(sizeof(*v));
    enum ov_status status = OV_OK;

    if (v == NULL)
        return OV_NO_MEMORY;
    v->s = s;
    v->listener = -1;
    v->batch = ov_buf_with_max(JOURNAL_MAX_FRAME);
    for (size_t i = 0; i < MAX_CLIENTS; i++)
        v->clients[i].fd = -1;
    if (!options->is_once)
        status = make_socket(&s->folder, &v->listener, diag);
    if (status == OV_OK)
        status = run(v, options, is_ended, diag);
    for (size_t i = 0; i < MAX_CLIENTS; i++)
        drop(&v->clients[i]);
    if (v->listener >= 0)
        (void)!close(v->listener);
    ov_buf_done(&v->batch);
    return status;
}
