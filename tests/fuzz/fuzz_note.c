/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"
#include "fuzz.h"
#include "log/checkpoint.h"

/* A note that is read can be written from its parts; a checkpoint too, but for
 * its extension; a key has one spelling. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ov_span all = ov_span_of(data, len);
    OV_AUTO(arena) a = ov_arena_new((size_t)1 << 20);
    OV_AUTO_DONE(buf) again = ov_buf_with_max(2 * len + 4096);
    struct ov_checkpoint c;
    struct ov_vkey k;
    struct ov_note n;

    FUZZ_CHECK(a != NULL);
    if (ov_vkey_parse(all, &k) == OV_OK) {
        struct ov_vkey same;

        ov_put_vkey(&again, &k);
        FUZZ_CHECK(ov_vkey_parse(ov_buf_span(&again), &same) == OV_OK);
        FUZZ_CHECK(ov_vkey_same_key(&k, &same));
        ov_buf_clear(&again);
    }
    if (ov_note_parse(a, all, &n) != OV_OK)
        return 0;
    FUZZ_CHECK(n.n_sigs >= 1 && n.n_sigs <= OV_NOTE_MAX_SIGS);
    ov_put_span(&again, n.text);
    ov_put_u8(&again, '\n');
    for (size_t i = 0; i < n.n_sigs; i++) {
        uint64_t which;

        ov_put_str(&again, "\xe2\x80\x94 ");
        ov_put_span(&again, n.sigs[i].name);
        ov_put_u8(&again, ' ');
        ov_put_base64(&again, ov_span_of(n.sigs[i].bytes.ptr - OV_NOTE_ID,
                                         n.sigs[i].bytes.len + OV_NOTE_ID));
        ov_put_u8(&again, '\n');
        /* Nobody made a signature by this key. */
        k = (struct ov_vkey){.alg = OV_NOTE_COSIGN_ED25519, .key = {1}};
        memcpy(k.id, n.sigs[i].id, sizeof(k.id));
        if (n.sigs[i].name.len <= OV_NOTE_MAX_NAME)
            memcpy(k.name, n.sigs[i].name.ptr, n.sigs[i].name.len);
        FUZZ_CHECK(ov_note_verify(&n, &k, 1, &which) == OV_BAD_SIGNATURE);
    }
    FUZZ_CHECK(ov_span_equal(ov_buf_span(&again), all));
    if (ov_checkpoint_parse(n.text, &c) == OV_OK)
        FUZZ_CHECK(c.size <= OV_MERKLE_MAX_SIZE && c.origin.len > 0);
    return 0;
}
