/* SPDX-License-Identifier: Apache-2.0 */
#include "intel/stix_time.h"

#include "base/text.h"
#include "trust/entry.h"

/* Whole seconds are those of entries (trust/entry.h); a fraction is put between
 * them and the Z. */

#define SECOND UINT64_C(1000000)
#define WHOLE 19 /* "2026-11-22T10:00:00" */
#define MAX_TEXT 64

static void put_seconds(struct ov_buf *b, uint64_t us)
{
    size_t before = b->len;

    ov_put_time(b, us / SECOND);
    if (ov_buf_status(b) == OV_OK && b->len > before)
        b->len--; /* the Z comes later */
}

void ov_put_stix_time(struct ov_buf *b, uint64_t us)
{
    put_seconds(b, us);
    ov_put_format(b, ".%03uZ", (unsigned)(us % SECOND / 1000));
}

void ov_put_taxii_time(struct ov_buf *b, uint64_t us)
{
    put_seconds(b, us);
    ov_put_format(b, ".%06uZ", (unsigned)(us % SECOND));
}

/* ".123456789" */
static bool parse_fraction(struct ov_span text, uint64_t *ret)
{
    uint64_t us = 0;
    uint64_t unit = SECOND / 10;

    if (ov_span_byte(text, 0) != '.' || text.len < 2)
        return false;
    for (size_t i = 1; i < text.len; i++) {
        int c = ov_span_byte(text, i);

        if (c < '0' || c > '9')
            return false;
        us += (uint64_t)(c - '0') * unit;
        unit /= 10;
    }
    *ret = us;
    return true;
}

bool ov_stix_time_parse(struct ov_span text, uint64_t *ret_us)
{
    OV_AUTO_DONE(buf) whole = ov_buf_with_max(WHOLE + 1);
    struct ov_span fraction;
    uint64_t seconds;
    uint64_t us = 0;

    if (text.len <= WHOLE || text.len > MAX_TEXT ||
        ov_span_byte(text, text.len - 1) != 'Z')
        return false;
    fraction = ov_span_clip(text, WHOLE, text.len - WHOLE - 1);
    if (fraction.len > 0 && !parse_fraction(fraction, &us))
        return false;
    ov_put_span(&whole, ov_span_clip(text, 0, WHOLE));
    ov_put_u8(&whole, 'Z');
    if (ov_buf_status(&whole) != OV_OK ||
        !ov_time_parse(ov_buf_span(&whole), &seconds))
        return false;
    *ret_us = seconds * SECOND + us;
    return true;
}
