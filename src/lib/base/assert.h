/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* OV_ASSERT states what this code base guarantees, never what a file, a peer
 * or the kernel may send. It is on in release builds too: a worker that stops
 * here makes its file inconclusive. */

#define OV_ASSERT(x)                                                           \
    do {                                                                       \
        if (__builtin_expect(!(x), 0))                                         \
            ov_assert_failed(#x, __FILE__, __LINE__);                          \
    } while (0)

#define OV_UNREACHABLE() ov_assert_failed("unreachable", __FILE__, __LINE__)

_Noreturn void ov_assert_failed(const char *expression, const char *file,
                                int line);
