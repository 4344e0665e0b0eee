/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <overt/base.h>

#include <string.h>

/* The first of several texts: FIRST_MAX bytes of it. All-zero: none yet. */
#define FIRST_MAX 256

struct first {
    uint8_t bytes[FIRST_MAX];
    size_t len;
};

static inline void first_keep(struct first *f, struct ov_span text)
{
    if (f->len > 0)
        return;
    f->len = text.len < sizeof(f->bytes) ? text.len : sizeof(f->bytes);
    if (f->len > 0)
        memcpy(f->bytes, text.ptr, f->len);
}

static inline struct ov_span first_span(const struct first *f)
{
    return (struct ov_span){f->bytes, f->len};
}
