/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/fetch_client.h"

#include <errno.h>
#include <poll.h>
#include <sys/stat.h>

#include "base/text.h"
#include "sys/channel.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/spawn.h"
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

struct ov_fetch {
    unsigned spawn_flags;
    struct ov_child child;
    struct ov_buf out;
    uint8_t *packet;
};

struct ov_fetch *ov_fetch_new(unsigned spawn_flags)
{
    OV_AUTO(fetch) f = ov_alloc(sizeof(*f));

    if (f == NULL)
        return NULL;
    f->spawn_flags = spawn_flags;
    f->child.socket = -1;
    f->out = ov_buf_with_max(OV_MSG_MAX);
    f->packet = ov_alloc(OV_MSG_MAX);
    return f->packet != NULL ? OV_STEAL(f) : NULL;
}

static void end(struct ov_fetch *f)
{
    (void)ov_child_end(&f->child, true); /* it has nothing to lose */
}

void ov_fetch_free(struct ov_fetch *f)
{
    if (f == NULL)
        return;
    end(f);
    ov_buf_done(&f->out);
    ov_free(f->packet);
    ov_free(f);
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

static enum ov_status begin(struct ov_fetch *f, struct ov_diag *diag)
{
    struct ov_message m;
    struct ov_wire_failure failure;
    struct ov_jail jail;

    if (f->child.pid != 0)
        return OV_OK;
    OV_TRY(ov_spawn("fetch", f->spawn_flags, &f->child, diag));
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

static uint32_t time_for(uint64_t max_len)
{
    uint64_t ms = FIRST_MS + max_len / MIN_SPEED * 1000;

    return ms < MAX_MS ? (uint32_t)ms : MAX_MS;
}

static enum ov_status ask(struct ov_fetch *f, const char *url, uint64_t max_len,
                          int fd, struct ov_wire_got *ret)
{
    const struct ov_wire_get get = {.max_len = max_len,
                                    .min_speed = MIN_SPEED,
                                    .total_time = time_for(max_len),
                                    .url = ov_span_str(url)};
    struct ov_message m;

    ov_msg_begin(&f->out, OV_MSG_GET, 0);
    ov_wire_put_get(&f->out, &get);
    OV_TRY(ov_msg_end(&f->out));
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

static enum ov_status get(struct ov_fetch *f, const char *url, uint64_t max_len,
                          int fd, uint64_t *ret_len, struct ov_diag *diag)
{
    struct ov_wire_got got;
    enum ov_status status = begin(f, diag);

    if (status == OV_OK)
        status = ask(f, url, max_len, fd, &got);
    if (status != OV_OK) {
        end(f);
        if (diag->text[0] == '\0')
            (void)ov_diag_set(diag, status, 0, "overt-fetch: %s",
                              ov_status_name(status));
        return status;
    }
    OV_TRY(judge(&got, max_len, fd, diag));
    *ret_len = got.len;
    return OV_OK;
}

enum ov_status ov_fetch_get(struct ov_fetch *f, const char *url,
                            uint64_t max_len, int *ret_fd, uint64_t *ret_len,
                            struct ov_diag *diag)
{
    OV_AUTO_FD fd = -1;
    struct ov_diag words = {0};
    enum ov_status status = ov_memory_file("overt-got", &fd);

    if (status == OV_OK)
        status = get(f, url, max_len, fd, ret_len, &words);
    if (status != OV_OK)
        return ov_diag_set(diag, status, 0, "%s", words.text);
    *ret_fd = ov_fd_steal(&fd);
    return OV_OK;
}
