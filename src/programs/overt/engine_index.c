/* SPDX-License-Identifier: Apache-2.0 */
#include "engine_index.h"

#include <limits.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "host/rule_set.h"
#include "host/state_place.h"

/* "INDEX SHA-256": of what put_engine_identity says. A hint for words: it tells
 * why an image came out differently, and decides nothing. */

#define MAX_TEXT 256

static bool put_identity(struct ov_buf *into)
{
    OV_AUTO_DONE(buf) what = ov_buf_with_max(4096);
    uint8_t digest[OV_DIGEST_MAX];

    put_engine_identity(&what);
    if (ov_buf_status(&what) != OV_OK ||
        ov_digest(OV_SHA256, ov_buf_span(&what), digest) != OV_OK)
        return false;
    ov_put_hex(into, ov_span_of(digest, 32));
    return ov_buf_status(into) == OV_OK;
}

void engine_index_keep(uint64_t index)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(PATH_MAX);
    OV_AUTO_DONE(buf) text = ov_buf_with_max(MAX_TEXT);
    OV_AUTO(state) state = NULL;
    struct ov_diag diag = {0};

    ov_put_format(&text, "%llu ", (unsigned long long)index);
    if (put_identity(&text) && state_place_put(&path) &&
        ov_state_open((char *)path.ptr, OV_STATE_WRITE, &state, &diag) == OV_OK)
        (void)!ov_state_put(state, "engine", ov_buf_span(&text)); /* a hint */
}

uint64_t engine_index_of(const struct ov_state *s)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(MAX_TEXT);
    OV_AUTO_DONE(buf) now = ov_buf_with_max(MAX_TEXT);
    struct ov_span then;
    struct ov_span number;
    uint64_t index;

    if (ov_state_get(s, "engine", &text) != OV_OK || !put_identity(&now))
        return 0;
    then = ov_buf_span(&text);
    if (!ov_span_cut(&then, ' ', &number) ||
        !ov_parse_uint(number, INT64_MAX, &index) ||
        !ov_span_equal(then, ov_buf_span(&now)))
        return 0;
    return index;
}
