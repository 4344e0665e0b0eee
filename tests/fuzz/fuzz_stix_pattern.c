/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "intel/stix_pattern.h"

/* A pattern: read or refused. Of one that is unsupported nothing was told, and
 * what is told is not more than there are equals signs. */

static enum ov_status take(void *data, const struct ov_stix_file *f)
{
    FUZZ_CHECK(f->kind < OV_N_DIGEST);
    FUZZ_CHECK(f->size <= INT64_MAX);
    ++*(size_t *)data;
    return OV_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ov_span pattern = ov_span_of(data, len);
    size_t n_equals = 0;
    size_t n = 0;
    size_t others = 0;
    enum ov_status s;

    for (size_t i = 0; i < len; i++)
        n_equals += ov_span_byte(pattern, i) == '=';
    s = ov_stix_pattern_read(pattern, take, &n, &others);
    FUZZ_CHECK(s == OV_OK || n == 0);
    FUZZ_CHECK(s == OV_OK || s == OV_UNSUPPORTED || s == OV_MALFORMED);
    FUZZ_CHECK(n + others <= n_equals);
    FUZZ_CHECK(s != OV_OK || n + others > 0);
    return 0;
}
