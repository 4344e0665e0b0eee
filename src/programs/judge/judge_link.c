/* SPDX-License-Identifier: Apache-2.0 */
#include "judge_link.h"

#include <unistd.h>

#include "sys/channel.h"
#include "sys/fd.h"
#include "sys/sandbox.h"

enum ov_status link_post(struct link *l)
{
    enum ov_status status = ov_msg_end(l->job->out);

    if (status == OV_OK)
        status = ov_channel_send(OV_PARENT_FD, l->job->out, -1);
    if (status != OV_OK)
        l->broken = status;
    return status;
}

static enum ov_status read_whole(int fd, uint64_t len, struct ov_buf *into)
{
    size_t end = into->len + (size_t)len;

    while (into->len < end) {
        size_t left = end - into->len;
        uint8_t *room = ov_buf_room(into, left);
        ssize_t got;

        if (room == NULL)
            return ov_buf_status(into);
        got = pread64(fd, room, left, (off64_t)(len - left));
        if (got <= 0)
            return got < 0 ? OV_IO : OV_TRUNCATED;
        ov_buf_added(into, (size_t)got);
    }
    return OV_OK;
}

static enum ov_status on_answer(struct ov_span body, struct ov_diag *diag)
{
    struct ov_wire_answer a;

    OV_TRY(ov_wire_read_answer(body, &a));
    if (a.status >= OV_N_STATUS)
        return OV_MALFORMED;
    return a.status == OV_OK
               ? OV_OK
               : ov_diag_set(diag, (enum ov_status)a.status, 0, "%.*s",
                             (int)a.words.len, (const char *)a.words.ptr);
}

/* into: for a file; NULL if none is due. */
static enum ov_status await(struct link *l, struct ov_buf *into,
                            struct ov_diag *diag)
{
    OV_AUTO_FD fd = -1;
    struct ov_span packet;
    struct ov_message m;
    uint64_t len;

    l->broken = ov_channel_receive(OV_PARENT_FD, l->job->packet, &packet, &fd);
    if (l->broken == OV_OK)
        l->broken =
            ov_msg_decode(packet, fd >= 0, OV_TO_JUDGE, OV_PEER_OPEN, &m);
    OV_TRY(l->broken);
    if (m.type == OV_MSG_ANSWER)
        return on_answer(m.body, diag);
    if (m.type != OV_MSG_HAVE || into == NULL) {
        l->broken = OV_MALFORMED;
        return OV_MALFORMED;
    }
    OV_TRY(ov_wire_read_number(m.body, &len));
    if (len > into->max - into->len)
        return OV_LIMIT_SIZE;
    return read_whole(fd, len, into);
}

enum ov_status link_need(struct link *l, const struct ov_wire_need *n,
                         struct ov_buf *into)
{
    OV_TRY(l->broken);
    ov_msg_begin(l->job->out, OV_MSG_NEED, 0);
    ov_wire_put_need(l->job->out, n);
    OV_TRY(link_post(l));
    return await(l, into, NULL);
}

void link_expect(struct link *l, const struct ov_wire_need *n)
{
    if (l->broken != OV_OK)
        return;
    ov_msg_begin(l->job->out, OV_MSG_EXPECT, 0);
    ov_wire_put_need(l->job->out, n);
    (void)!link_post(l); /* l->broken tells */
}

static enum ov_status write_memory(struct link *l, struct ov_span bytes)
{
    size_t at = 0;

    while (at < bytes.len) {
        ssize_t put = pwrite64(l->job->memory, bytes.ptr + at, bytes.len - at,
                               (off64_t)at);

        if (put <= 0)
            return OV_IO;
        at += (size_t)put;
    }
    return OV_OK;
}

enum ov_status link_persist(struct link *l, const struct ov_wire_persist *p,
                            struct ov_diag *diag)
{
    OV_TRY(l->broken);
    ov_msg_begin(l->job->out, OV_MSG_PERSIST, 0);
    ov_wire_put_persist(l->job->out, p);
    OV_TRY(link_post(l));
    return await(l, NULL, diag);
}

enum ov_status link_persist_bytes(struct link *l, enum ov_persist what,
                                  const char *name, struct ov_span bytes)
{
    const struct ov_wire_persist p = {what, bytes.len, ov_span_str(name)};

    OV_TRY(write_memory(l, bytes));
    return link_persist(l, &p, NULL);
}

enum ov_status link_persist_name(struct link *l, enum ov_persist what,
                                 const char *name)
{
    const struct ov_wire_persist p = {what, 0, ov_span_str(name)};

    return link_persist(l, &p, NULL);
}

enum ov_status link_tell_text(struct link *l, struct ov_span text)
{
    while (text.len > 0) {
        ov_msg_begin(l->job->out, OV_MSG_TEXT, 0);
        ov_put_span(l->job->out, ov_span_clip(text, 0, OV_MSG_MAX_BODY));
        OV_TRY(link_post(l));
        text = ov_span_clip(text, OV_MSG_MAX_BODY, text.len);
    }
    return OV_OK;
}

/* ---- what procedures ask ---- */

enum ov_status link_get(void *data, size_t mirror, const char *path,
                        uint64_t max, struct ov_buf *into)
{
    const struct ov_wire_need n = {.from = OV_NEED_MIRROR,
                                   .mirror = (uint32_t)mirror,
                                   .max_len = max,
                                   .name = ov_span_str(path)};

    return link_need(data, &n, into);
}

enum ov_status link_state_get(void *data, const char *name, struct ov_buf *into)
{
    const struct ov_wire_need n = {.from = OV_NEED_STATE,
                                   .max_len = into->max - into->len,
                                   .name = ov_span_str(name)};

    return link_need(data, &n, into);
}

enum ov_status link_state_put(void *data, const char *name,
                              struct ov_span bytes)
{
    return link_persist_bytes(data, OV_PERSIST_STATE, name, bytes);
}

enum ov_status link_state_remove(void *data, const char *name)
{
    return link_persist_name(data, OV_PERSIST_REMOVE, name);
}
