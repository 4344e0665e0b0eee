/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* What every fuzz target defines: eats any bytes and returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* States what must hold for every input. */
#define FUZZ_CHECK(x)                                                          \
    do {                                                                       \
        if (!(x))                                                              \
            abort();                                                           \
    } while (0)
