/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/ipc.h"

/* The table of messages and its guard. The body's own layout is in wire.h. */

#define STARTING OV_PEER_STARTING
#define READY OV_PEER_READY
#define OPEN OV_PEER_OPEN

struct rule {
    const char *name;
    enum ov_link link;
    unsigned states;
    uint32_t max_len;
    bool with_fd;
};

static const struct rule rules[OV_N_MSG] = {
#define OV_MSG(id, word, link, states, max_len, with_fd, meaning)              \
    [id] = {word, link, states, max_len, with_fd},
#include "sys/ipc.def"
#undef OV_MSG
};

const char *ov_msg_name(enum ov_msg type)
{
    return type > OV_MSG_NONE && type < OV_N_MSG ? rules[type].name : "?";
}

void ov_msg_begin(struct ov_buf *b, enum ov_msg type, uint32_t task)
{
    ov_buf_clear(b);
    b->max = OV_MSG_MAX;
    ov_put_u32(b, (uint32_t)type);
    ov_put_u32(b, 0);
    ov_put_u32(b, task);
}

enum ov_status ov_msg_end(struct ov_buf *b)
{
    uint32_t len;

    OV_TRY(ov_buf_status(b));
    len = (uint32_t)(b->len - OV_MSG_HEADER);
    for (unsigned i = 0; i < 4; i++)
        b->ptr[4 + i] = (uint8_t)(len >> 8 * i);
    return OV_OK;
}

enum ov_status ov_msg_decode(struct ov_span packet, bool has_fd,
                             enum ov_link link, enum ov_peer_state state,
                             struct ov_message *ret)
{
    struct ov_reader r = ov_reader_over(packet);
    uint32_t type = ov_read_u32le(&r);
    uint32_t len = ov_read_u32le(&r);
    uint32_t task = ov_read_u32le(&r);
    struct ov_span body = ov_read_span(&r, len);
    const struct rule *rule;

    OV_TRY(ov_reader_end(&r));
    if (type == OV_MSG_NONE || type >= OV_N_MSG)
        return OV_MALFORMED;
    rule = &rules[type];
    if (rule->link != link || (rule->states & state) == 0 ||
        len > rule->max_len || rule->with_fd != has_fd)
        return OV_MALFORMED;
    *ret = (struct ov_message){(enum ov_msg)type, task, body};
    return OV_OK;
}
