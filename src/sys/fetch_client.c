/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/fetch_client.h"

#include <errno.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/channel.h"
#include "sys/fd.h"
#include "sys/fetch_starter.h"
#include "sys/file.h"
#include "sys/wire.h"
#include "sys/wire_trust.h"

/* One helper, one request at a time. Its own limits are what a server meets;
 * the clock here is for a helper that was taken over. The memory file is sealed
 * before anybody reads it: the helper may have kept a descriptor. */

/* A server may be this slow, and no slower. */
#define MIN_SPEED 512u
#define FIRST_MS 30000u
#define MAX_MS (3600u * 1000)
#define LOOK_UP_MS 30000

#define CLOSE_MS 3000

/* A GET that was announced. */
struct expected {
    char *url;
    const char *purpose;
    uint64_t max_len;
    uint64_t id; /* in the book; 0: it is not there yet */
};

struct ov_fetch {
    struct expected expected[OV_FETCH_EXPECTED];
    size_t n_expected;
    size_t next_expected;
    bool are_booked; /* the expected ones */
    unsigned spawn_flags;
    struct ov_fetch_book book;
    uint64_t last_id;
    bool is_used; /* this helper may hold connections */
    struct ov_child child;
    struct ov_buf out;
    uint8_t *packet;
};

struct ov_fetch *ov_fetch_new(unsigned spawn_flags,
                              const struct ov_fetch_book *book)
{
    OV_AUTO(fetch) f = ov_alloc(sizeof(*f));

    if (f == NULL)
        return NULL;
    f->spawn_flags = spawn_flags;
    if (book != NULL)
        f->book = *book;
    f->child.socket = -1;
    f->out = ov_buf_with_max(OV_MSG_MAX);
    f->packet = ov_alloc(OV_MSG_MAX);
    return f->packet != NULL ? OV_STEAL(f) : NULL;
}

static void end(struct ov_fetch *f)
{
    (void)ov_child_end(&f->child, true); /* it has nothing to lose */
    f->is_used = false;
}

static enum ov_status await(struct ov_fetch *f, int timeout_ms)
{
    struct pollfd p = {.fd = f->child.socket, .events = POLLIN};
    int n;

    do {
        n = poll(&p, 1, timeout_ms);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return OV_IO;
    return n == 0 ? OV_TIMED_OUT : OV_OK;
}

static enum ov_status take(struct ov_fetch *f, enum ov_peer_state state,
                           int timeout_ms, struct ov_message *ret)
{
    OV_AUTO_FD fd = -1;
    struct ov_span packet;

    OV_TRY(await(f, timeout_ms));
    OV_TRY(ov_channel_receive(f->child.socket, f->packet, &packet, &fd));
    return ov_msg_decode(packet, fd >= 0, OV_FROM_FETCH, state, ret);
}

/* What is still said when connections are closed is counted, too. */
static void hang_up(struct ov_fetch *f)
{
    struct ov_message m;
    struct ov_wire_got got;
    struct ov_fetch_sent sent = {.is_counted = true};

    if (f->child.pid == 0 || !f->is_used)
        return;
    ov_msg_begin(&f->out, OV_MSG_HANG_UP, 0);
    if (ov_msg_end(&f->out) != OV_OK ||
        ov_channel_send(f->child.socket, &f->out, -1) != OV_OK ||
        take(f, OV_PEER_READY, CLOSE_MS, &m) != OV_OK ||
        ov_wire_read_got(m.body, &got) != OV_OK)
        return;
    sent.up = got.up;
    sent.down = got.down;
    if ((sent.up != 0 || sent.down != 0) && f->book.closed != NULL)
        f->book.closed(f->book.data, f->last_id, &sent);
}

/* Those that are not run any more. */
static void forget_expected(struct ov_fetch *f)
{
    const struct ov_fetch_sent sent = {.status = OV_USAGE,
                                       .is_counted = true,
                                       .words = OV_SPAN_LIT("it was not sent")};

    for (size_t i = f->next_expected; i < f->n_expected; i++)
        if (f->expected[i].id != 0 && f->book.end != NULL)
            (void)!f->book.end(f->book.data, f->expected[i].id, &sent, NULL);
    for (size_t i = 0; i < f->n_expected; i++)
        ov_free(f->expected[i].url);
    f->n_expected = 0;
    f->next_expected = 0;
    f->are_booked = false;
}

void ov_fetch_expect(struct ov_fetch *f, const struct ov_fetch_request *r)
{
    size_t size = strlen(r->url) + 1;
    struct expected *e;

    if (f->next_expected == f->n_expected || f->are_booked)
        forget_expected(f);
    if (f->n_expected == OV_FETCH_EXPECTED || f->book.begin == NULL ||
        r->is_post || r->range_len > 0)
        return;
    e = &f->expected[f->n_expected];
    *e = (struct expected){ov_alloc(size), r->purpose, r->max_len, 0};
    if (e->url == NULL)
        return; /* it is put down when it is run */
    memcpy(e->url, r->url, size);
    f->n_expected++;
}

void ov_fetch_free(struct ov_fetch *f)
{
    if (f == NULL)
        return;
    forget_expected(f);
    hang_up(f);
    end(f);
    ov_buf_done(&f->out);
    ov_free(f->packet);
    ov_free(f);
}

static enum ov_status begin(struct ov_fetch *f, struct ov_diag *diag)
{
    struct ov_message m;
    struct ov_wire_failure failure;
    struct ov_jail jail;

    if (f->child.pid != 0)
        return OV_OK;
    OV_TRY(ov_fetch_spawn(f->spawn_flags, &f->child, diag));
    OV_TRY(take(f, OV_PEER_STARTING, LOOK_UP_MS, &m));
    if (m.type == OV_MSG_FETCH_FAILED &&
        ov_wire_read_failure(m.body, &failure) == OV_OK)
        return ov_diag_set(diag, OV_DENIED, 0, "overt-fetch: %.*s",
                           (int)failure.text.len,
                           (const char *)failure.text.ptr);
    if (m.type != OV_MSG_FETCH_READY ||
        ov_wire_read_jail(m.body, &jail) != OV_OK ||
        jail.fingerprint != ov_profile_fingerprint(OV_PROFILE_FETCH))
        return ov_diag_set(diag, OV_DENIED, 0,
                           "overt-fetch is of another build than overt: "
                           "install both again");
    return OV_OK;
}

enum ov_status ov_fetch_start(struct ov_fetch *f, struct ov_diag *diag)
{
    enum ov_status status = begin(f, diag);

    if (status != OV_OK)
        end(f);
    return status;
}

static uint32_t time_for(uint64_t len)
{
    uint64_t ms = FIRST_MS + len / MIN_SPEED * 1000;

    return ms < MAX_MS ? (uint32_t)ms : MAX_MS;
}

/* The body in a memory file of its own. */
static enum ov_status send_body(struct ov_fetch *f, struct ov_span body)
{
    OV_AUTO_FD fd = -1;
    size_t done = 0;

    OV_TRY(ov_memory_file("overt-body", &fd));
    while (done < body.len) {
        ssize_t put = pwrite(fd, body.ptr + done, body.len - done, (off_t)done);

        if (put <= 0)
            return OV_IO;
        done += (size_t)put;
    }
    OV_TRY(ov_memory_seal(fd));
    ov_msg_begin(&f->out, OV_MSG_BODY, 0);
    OV_TRY(ov_msg_end(&f->out));
    return ov_channel_send(f->child.socket, &f->out, fd);
}

static enum ov_status ask(struct ov_fetch *f, const struct ov_fetch_request *r,
                          int fd, struct ov_wire_got *ret)
{
    const struct ov_wire_get get = {.max_len = r->max_len,
                                    .min_speed = MIN_SPEED,
                                    .total_time =
                                        time_for(r->max_len + r->body.len),
                                    .is_post = r->is_post,
                                    .range_at = r->range_at,
                                    .range_len = r->range_len,
                                    .body_len = r->body.len,
                                    .url = ov_span_str(r->url)};
    struct ov_message m;

    if (r->is_post)
        OV_TRY(send_body(f, r->body));
    ov_msg_begin(&f->out, OV_MSG_GET, 0);
    ov_wire_put_get(&f->out, &get);
    OV_TRY(ov_msg_end(&f->out));
    f->is_used = true;
    OV_TRY(ov_channel_send(f->child.socket, &f->out, fd));
    OV_TRY(take(f, OV_PEER_READY, (int)get.total_time + LOOK_UP_MS, &m));
    return ov_wire_read_got(m.body, ret);
}

static enum ov_status judge(const struct ov_wire_got *got, uint64_t max_len,
                            int fd, struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) words = ov_buf_with_max(4 * OV_WIRE_MAX_WORDS + 1);
    enum ov_status status =
        got->status < OV_N_STATUS ? (enum ov_status)got->status : OV_MALFORMED;
    struct stat st;

    ov_put_escaped(&words, got->words);
    if (status != OV_OK)
        return ov_diag_set(diag, status, 0, "%.*s", (int)words.len,
                           (const char *)words.ptr);
    if (got->len > max_len || ov_memory_seal(fd) != OV_OK ||
        fstat(fd, &st) != 0 || (uint64_t)st.st_size != got->len)
        return ov_diag_set(diag, OV_MALFORMED, 0,
                           "overt-fetch does not do as it says");
    return OV_OK;
}

/* Sends it and judges the answer; sent->words may lie in the helper's packet or
 * in diag. */
static enum ov_status exchange(struct ov_fetch *f,
                               const struct ov_fetch_request *r, int fd,
                               struct ov_fetch_sent *sent, struct ov_diag *diag)
{
    struct ov_wire_got got;
    enum ov_status status = ask(f, r, fd, &got);

    if (status != OV_OK) {
        end(f);
        (void)ov_diag_set(diag, status, 0, "overt-fetch: %s",
                          ov_status_name(status));
        sent->words = ov_span_str(diag->text);
        return status;
    }
    *sent = (struct ov_fetch_sent){.code = got.code,
                                   .len = got.len,
                                   .is_counted = true,
                                   .up = got.up,
                                   .down = got.down,
                                   .n_connections = got.n_connections,
                                   .address = got.address,
                                   .certificate = got.certificate,
                                   .words = got.words};
    return judge(&got, r->max_len, fd, diag);
}

/* A name and a password would be sent, and be in the book. */
static bool has_user(const char *url)
{
    struct ov_span rest = ov_span_str(url);
    struct ov_span part;

    (void)ov_span_cut(&rest, '/', &part);
    (void)ov_span_cut(&rest, '/', &part);
    (void)ov_span_cut(&rest, '/', &part);
    return ov_span_find_byte(part, '@', 0) != SIZE_MAX;
}

static bool is_expected(const struct ov_fetch *f,
                        const struct ov_fetch_request *r)
{
    const struct expected *e = &f->expected[f->next_expected];

    return f->next_expected < f->n_expected && !r->is_post &&
           r->range_len == 0 && r->max_len == e->max_len &&
           strcmp(r->url, e->url) == 0;
}

static enum ov_status book_expected(struct ov_fetch *f, struct ov_diag *diag)
{
    enum ov_status status = OV_OK;

    for (size_t i = 0; i < f->n_expected && status == OV_OK; i++) {
        struct expected *e = &f->expected[i];
        const struct ov_fetch_request r = {
            .purpose = e->purpose, .url = e->url, .max_len = e->max_len};

        status = f->book.begin(f->book.data, &r, &e->id, diag);
    }
    f->are_booked = true;
    return status;
}

/* Puts it down, on disk. */
static enum ov_status book(struct ov_fetch *f, const struct ov_fetch_request *r,
                           struct ov_diag *diag)
{
    bool is_next = is_expected(f, r);
    bool is_new = !is_next || !f->are_booked;
    enum ov_status status = OV_OK;

    if (f->book.begin == NULL)
        return OV_OK;
    if (!is_next) {
        forget_expected(f);
        status = f->book.begin(f->book.data, r, &f->last_id, diag);
    } else if (is_new) {
        status = book_expected(f, diag);
    }
    if (status == OV_OK && is_new)
        status = f->book.sync(f->book.data, diag);
    if (status != OV_OK)
        forget_expected(f);
    else if (is_next)
        f->last_id = f->expected[f->next_expected++].id;
    return status;
}

static enum ov_status run(struct ov_fetch *f, const struct ov_fetch_request *r,
                          int fd, struct ov_fetch_sent *sent,
                          struct ov_diag *diag)
{
    enum ov_status booked = OV_OK;

    if (has_user(r->url))
        return ov_diag_set(diag, OV_USAGE, 0,
                           "an address must not have a user's name");
    OV_TRY(ov_fetch_start(f, diag));
    OV_TRY(book(f, r, diag));
    sent->status = exchange(f, r, fd, sent, diag);
    if (f->book.end != NULL)
        booked = f->book.end(f->book.data, f->last_id, sent,
                             sent->status == OV_OK ? diag : NULL);
    return sent->status != OV_OK ? sent->status : booked;
}

enum ov_status ov_fetch_run(struct ov_fetch *f,
                            const struct ov_fetch_request *r, int *ret_fd,
                            uint64_t *ret_len, uint32_t *ret_code,
                            struct ov_diag *diag)
{
    OV_AUTO_FD fd = -1;
    struct ov_diag words = {0};
    struct ov_fetch_sent sent = {.status = OV_OK};
    enum ov_status status = ov_memory_file("overt-got", &fd);

    if (status == OV_OK)
        status = run(f, r, fd, &sent, &words);
    *ret_code = sent.code;
    if (status != OV_OK)
        return ov_diag_set(diag, status, 0, "%s",
                           words.text[0] != '\0' ? words.text
                                                 : ov_status_name(status));
    *ret_len = sent.len;
    *ret_fd = ov_fd_steal(&fd);
    return OV_OK;
}
