/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/type.h"
#include "fuzz.h"

/* Any bytes have a type, and it has names and a target. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    enum ov_type type = ov_type_identify(ov_span_of(data, len));

    FUZZ_CHECK((unsigned)type < OV_N_TYPES);
    FUZZ_CHECK(ov_type_name(type)[0] != '\0');
    FUZZ_CHECK(ov_type_target(type) < 32);
    return 0;
}
