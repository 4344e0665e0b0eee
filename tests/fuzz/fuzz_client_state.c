/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "trust/update_run.h"

/* What a client remembers, once read, is written and read again as the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ov_client_state s;
    static struct ov_client_state again;
    OV_AUTO_DONE(buf) back = ov_buf_with_max(16384);

    if (ov_client_state_read(ov_span_of(data, size), &s) != OV_OK)
        return 0;
    ov_put_client_state(&back, &s);
    FUZZ_CHECK(ov_client_state_read(ov_buf_span(&back), &again) == OV_OK);
    FUZZ_CHECK(memcmp(s.bad, again.bad, sizeof(s.bad)) == 0);
    FUZZ_CHECK(s.vouched == again.vouched && s.highest == again.highest);
    return 0;
}
