/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "reputation/envelope.h"

/* Any bytes as an envelope, and as what somebody who has the key seals: opened
 * or refused, and what opens is all there was. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const uint8_t key[OV_HPKE_KEY] = {1};
    struct ov_span all = ov_span_of(data, len);
    OV_AUTO_DONE(buf) plain = ov_buf_with_max(OV_ENVELOPE_MAX);
    OV_AUTO_DONE(buf) b = ov_buf_with_max(OV_ENVELOPE_MAX);
    struct ov_envelope_head head = {.purpose = OV_PURPOSE_SAMPLE};
    struct ov_span note;
    struct ov_span sample;
    uint8_t public_key[OV_HPKE_KEY];
    struct ov_hpke_to to = {public_key, key};

    if (ov_envelope_read(all, &head) == OV_OK) {
        FUZZ_CHECK(ov_region_is_valid(ov_span_str(head.region)));
        (void)!ov_envelope_open(all, key, &plain, &note, &sample);
    }
    memcpy(head.region, "eu", 3);
    FUZZ_CHECK(ov_hpke_public(key, public_key) == OV_OK);
    if (ov_put_envelope(&b, &head, &to, ov_span_clip(all, 0, 10),
                        ov_span_clip(all, 10, len)) != OV_OK)
        return 0;
    FUZZ_CHECK(ov_envelope_open(ov_buf_span(&b), key, &plain, &note, &sample) ==
               OV_OK);
    FUZZ_CHECK(note.len + sample.len == len);
    FUZZ_CHECK(ov_span_equal(sample, ov_span_clip(all, 10, len)));
    return 0;
}
