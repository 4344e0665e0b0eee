/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* What every fuzz target defines: eats any bytes and returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#ifndef OV_LIBFUZZER
/* What a target made of its input, if it says that this was all there is; 0 if
 * it says that it was not. A target that cannot tell leaves it 0. */
extern uint64_t fuzz_whole;
#define FUZZ_WHOLE(value) (fuzz_whole = (value))
#else
#define FUZZ_WHOLE(value) ((void)(value))
#endif

/* States what must hold for every input. */
#define FUZZ_CHECK(x)                                                          \
    do {                                                                       \
        if (!(x))                                                              \
            abort();                                                           \
    } while (0)
