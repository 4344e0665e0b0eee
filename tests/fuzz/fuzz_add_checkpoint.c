/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "log/add_checkpoint.h"

/* Whatever a stranger posts: a request that is read writes the same bytes, and
 * nothing is cosigned, for a fuzzer has no key of the log. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const uint8_t public_key[OV_ED25519_KEY] = {
        0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe,
        0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6,
        0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a};
    struct ov_span all = ov_span_of(data, len);
    OV_AUTO_DONE(buf) again = ov_buf_with_max(len);
    OV_AUTO(arena) arena = ov_arena_new((size_t)1 << 20);
    OV_AUTO_PTR struct ov_witness_ruling *ruling = ov_alloc(sizeof(*ruling));
    struct ov_add_checkpoint request;
    struct ov_witnessed log;
    struct ov_vkey key;

    FUZZ_CHECK(arena != NULL && ruling != NULL);
    if (ov_add_checkpoint_parse(all, &request) == OV_OK) {
        ov_put_add_checkpoint(&again, &request);
        FUZZ_CHECK(ov_span_equal(ov_buf_span(&again), all));
    }
    FUZZ_CHECK(ov_vkey_make("log.example/1", OV_NOTE_ED25519, public_key,
                            &key) == OV_OK);
    log = ov_witnessed_start(OV_SPAN_LIT("log.example/1"), &key, 1);
    ov_witness_judge(arena, &log, 1, all, ruling);
    FUZZ_CHECK(ruling->code != OV_WITNESS_COSIGN);
    return 0;
}
