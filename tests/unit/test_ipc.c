/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/ipc.h"
#include "sys/wire.h"
#include "test.h"

static enum ov_status decode(const struct ov_buf *b, bool has_fd,
                             enum ov_link link, enum ov_peer_state state)
{
    struct ov_message m;

    return ov_msg_decode(ov_buf_span(b), has_fd, link, state, &m);
}

static void make_task(struct ov_buf *b)
{
    const struct ov_wire_task task = {
        .len = 1234,
        .n_shards = 2,
        .shard = 1,
        .now = -5,
        .flags = 1,
        .path = OV_SPAN_LIT("/a/file"),
        .owner = OV_SPAN_LIT("me"),
    };

    ov_msg_begin(b, OV_MSG_TASK, 7);
    ov_wire_put_task(b, &task);
    assert_int_equal(ov_msg_end(b), OV_OK);
}

static void what_is_put_is_read(void **state)
{
    struct ov_buf b = ov_buf_with_max(OV_MSG_MAX);
    struct ov_message m;
    struct ov_wire_task task;

    (void)state;
    make_task(&b);
    assert_int_equal(
        ov_msg_decode(ov_buf_span(&b), true, OV_TO_WORKER, OV_PEER_OPEN, &m),
        OV_OK);
    assert_int_equal(m.type, OV_MSG_TASK);
    assert_int_equal(m.task, 7);
    assert_int_equal(ov_wire_read_task(m.body, &task), OV_OK);
    assert_int_equal(task.len, 1234);
    assert_int_equal(task.shard, 1);
    assert_int_equal(task.now, -5);
    assert_int_equal(task.flags, 1);
    assert_true(ov_span_equal(task.path, OV_SPAN_LIT("/a/file")));
    assert_true(ov_span_equal(task.owner, OV_SPAN_LIT("me")));
    ov_buf_done(&b);
}

static void a_message_out_of_its_rule_is_refused(void **state)
{
    struct ov_buf b = ov_buf_with_max(OV_MSG_MAX);

    (void)state;
    make_task(&b);
    assert_int_equal(decode(&b, true, OV_TO_WORKER, OV_PEER_OPEN), OV_OK);
    assert_int_not_equal(decode(&b, false, OV_TO_WORKER, OV_PEER_OPEN), OV_OK);
    assert_int_not_equal(decode(&b, true, OV_TO_WORKER, OV_PEER_READY), OV_OK);
    assert_int_not_equal(decode(&b, true, OV_TO_WORKER, OV_PEER_STARTING),
                         OV_OK);
    assert_int_not_equal(decode(&b, true, OV_FROM_WORKER, OV_PEER_OPEN), OV_OK);
    assert_int_not_equal(decode(&b, true, OV_TO_JUDGE, OV_PEER_OPEN), OV_OK);
    b.len--;
    assert_int_not_equal(decode(&b, true, OV_TO_WORKER, OV_PEER_OPEN), OV_OK);
    ov_buf_done(&b);
}

static void a_body_that_is_too_long_is_refused(void **state)
{
    struct ov_buf b = ov_buf_with_max(OV_MSG_MAX);

    (void)state;
    ov_msg_begin(&b, OV_MSG_TASK, 1);
    for (int i = 0; i < 36001; i++)
        ov_put_u8(&b, 0);
    assert_int_equal(ov_msg_end(&b), OV_OK);
    assert_int_not_equal(decode(&b, true, OV_TO_WORKER, OV_PEER_OPEN), OV_OK);
    ov_buf_done(&b);
}

static void an_unknown_type_is_refused(void **state)
{
    static const uint32_t types[] = {0, OV_N_MSG, UINT32_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct ov_buf b = ov_buf_with_max(OV_MSG_MAX);

        ov_put_u32(&b, types[i]);
        ov_put_u32(&b, 0);
        ov_put_u32(&b, 0);
        assert_int_not_equal(decode(&b, false, OV_TO_WORKER, OV_PEER_OPEN),
                             OV_OK);
        ov_buf_done(&b);
    }
}

OV_TEST_MAIN(OV_TEST(what_is_put_is_read),
             OV_TEST(a_message_out_of_its_rule_is_refused),
             OV_TEST(a_body_that_is_too_long_is_refused),
             OV_TEST(an_unknown_type_is_refused))
