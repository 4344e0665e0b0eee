/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "programs/icap/icap_message.h"
#include "sys/clamd_client.h"

/* A header's parts lie inside the limits; chunks give no more bytes than they
 * took, and the same ones however they are cut. */
static size_t read_chunks(struct ov_span all, size_t step, uint32_t *sum)
{
    struct icap_chunks c = {0};
    size_t n = 0;

    for (size_t at = 0; at < all.len && c.state != ICAP_CHUNK_END; at += step) {
        struct ov_span in = ov_span_clip(all, at, step);
        struct ov_span piece;

        while (in.len > 0 && c.state != ICAP_CHUNK_END) {
            if (icap_chunks_take(&c, &in, &piece) != OV_OK)
                return n;
            n += piece.len;
            for (size_t i = 0; i < piece.len; i++)
                *sum = *sum * 31 + piece.ptr[i];
        }
    }
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ov_span all = ov_span_of(data, len);
    size_t head_len = icap_head_len(all);
    struct ov_clamd_reply reply;
    struct icap_head h;
    uint32_t a = 0;
    uint32_t b = 0;
    size_t n;

    FUZZ_CHECK(head_len <= len);
    if (head_len > 0 &&
        icap_read_head(ov_span_clip(all, 0, head_len), &h) == OV_OK) {
        FUZZ_CHECK(h.request_len + h.response_len <= ICAP_MAX_HTTP);
        FUZZ_CHECK(h.service.len < head_len);
        all = ov_span_clip(all, head_len, len);
    }
    n = read_chunks(all, 1, &a);
    FUZZ_CHECK(n <= all.len);
    FUZZ_CHECK(read_chunks(all, 7, &b) == n && a == b);
    if (ov_clamd_read_reply(all, &reply) == OV_OK)
        FUZZ_CHECK(reply.name.len <= all.len);
    return 0;
}
