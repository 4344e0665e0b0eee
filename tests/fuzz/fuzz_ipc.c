/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "sys/bundle.h"
#include "sys/wire.h"
#include "sys/wire_guard.h"
#include "sys/wire_trust.h"

/* The first byte is which connection, the second the peer's state, the rest a
 * packet. What is admitted is read as what it says it is; a body that is read
 * to its end is put again and must be read as the same. */

static void try_detection(struct ov_span body)
{
    static struct ov_wire_detection d; /* large */
    static struct ov_wire_detection again;
    struct ov_buf b = ov_buf_with_max(OV_MSG_MAX);

    if (ov_wire_read_detection(body, &d) != OV_OK)
        return;
    FUZZ_CHECK(d.path.n <= OV_WIRE_MAX_PATH);
    FUZZ_CHECK(d.n_evidence <= OV_WIRE_MAX_EVIDENCE);
    FUZZ_CHECK(d.n_notes <= OV_WIRE_MAX_NOTES);
    ov_wire_put_detection(&b, &d);
    FUZZ_CHECK(ov_buf_status(&b) == OV_OK);
    FUZZ_CHECK(ov_wire_read_detection(ov_buf_span(&b), &again) == OV_OK);
    FUZZ_CHECK(ov_span_equal(d.rule, again.rule) && d.order == again.order);
    ov_buf_done(&b);
}

static void try_other(struct ov_span body)
{
    struct ov_wire_inconclusive inconclusive;
    struct ov_wire_outcome outcome;
    struct ov_wire_failure failure;
    struct ov_wire_compile compile;
    struct ov_wire_source source;
    struct ov_wire_skip skip;
    struct ov_wire_compiled compiled;
    struct ov_wire_show show;
    struct ov_wire_get get;
    struct ov_wire_got got;
    struct ov_wire_update update;
    struct ov_wire_need need;
    struct ov_wire_persist persist;
    struct ov_wire_answer answer;
    struct ov_wire_updated updated;
    struct ov_tar_header header;
    uint8_t digest[OV_WIRE_DIGEST];
    struct ov_wire_guard_settings settings;
    struct ov_wire_guard_place place;
    struct ov_wire_guard_answer verdict;
    struct ov_wire_guard_file file;
    struct ov_wire_guard_told told;
    uint64_t two[2];

    (void)!ov_wire_read_inconclusive(body, &inconclusive);
    (void)!ov_wire_read_outcome(body, &outcome);
    (void)!ov_wire_read_failure(body, &failure);
    (void)!ov_wire_read_compile(body, &compile);
    (void)!ov_wire_read_source(body, &source);
    (void)!ov_wire_read_skip(body, &skip);
    (void)!ov_wire_read_compiled(body, &compiled);
    (void)!ov_wire_read_show(body, &show);
    (void)!ov_wire_read_digest(body, digest);
    (void)!ov_wire_read_get(body, &get);
    (void)!ov_wire_read_got(body, &got);
    (void)!ov_wire_read_update(body, &update);
    (void)!ov_wire_read_need(body, &need);
    (void)!ov_wire_read_persist(body, &persist);
    (void)!ov_wire_read_answer(body, &answer);
    (void)!ov_wire_read_updated(body, &updated);
    (void)!ov_tar_header_read(body, &header);
    (void)!ov_wire_read_two(body, two);
    (void)!ov_wire_read_guard_settings(body, &settings);
    (void)!ov_wire_read_guard_place(body, &place);
    (void)!ov_wire_read_guard_answer(body, &verdict);
    (void)!ov_wire_read_guard_file(body, &file);
    (void)!ov_wire_read_guard_told(body, &told);
}

static void try_fixed(struct ov_span body)
{
    struct ov_wire_open open;
    struct ov_wire_task task;
    struct ov_jail jail;

    if (ov_wire_read_open(body, &open) == OV_OK) {
        struct ov_buf b = ov_buf_with_max(OV_MSG_MAX);

        ov_wire_put_open(&b, &open);
        FUZZ_CHECK(ov_span_equal(ov_buf_span(&b), body));
        ov_buf_done(&b);
    }
    (void)!ov_wire_read_task(body, &task);
    (void)!ov_wire_read_jail(body, &jail);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ov_span packet = ov_span_of(data, len);
    enum ov_link link;
    enum ov_peer_state state;
    struct ov_message m;

    if (len < 2)
        return 0;
    link = (enum ov_link)(data[0] % 8);
    state = (enum ov_peer_state)(1 << data[1] % 3);
    packet = ov_span_clip(packet, 2, len);
    try_detection(packet);
    try_other(packet);
    try_fixed(packet);
    if (ov_msg_decode(packet, data[1] >= 128, link, state, &m) != OV_OK)
        return 0;
    FUZZ_CHECK(m.type > OV_MSG_NONE && m.type < OV_N_MSG);
    FUZZ_CHECK(m.body.len + OV_MSG_HEADER == packet.len);
    try_detection(m.body);
    try_other(m.body);
    try_fixed(m.body);
    return 0;
}
