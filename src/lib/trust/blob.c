/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "trust/pack.h"

/* Names of bytes, apart from what packs them: who only names does not link
 * zstd. */

enum ov_status ov_blob_of(struct ov_span bytes, struct ov_blob *ret)
{
    struct ov_blob blob = {.len = bytes.len};

    OV_TRY(ov_digest(OV_SHA256, bytes, blob.digest));
    *ret = blob;
    return OV_OK;
}

bool ov_blob_parse(struct ov_span text, struct ov_blob *ret)
{
    struct ov_blob blob = {0};
    struct ov_span name;

    if (!ov_span_cut(&text, ' ', &name) ||
        !ov_span_starts(name, OV_SPAN_LIT("sha256:")) || name.len != 7 + 64 ||
        !ov_hex_decode(ov_span_clip(name, 7, 64), blob.digest, 32))
        return false;
    for (size_t i = 7; i < name.len; i++)
        if (ov_lower((uint8_t)ov_span_byte(name, i)) != ov_span_byte(name, i))
            return false;
    if ((text.len > 1 && ov_span_byte(text, 0) == '0') ||
        !ov_parse_uint(text, UINT64_MAX, &blob.len))
        return false;
    *ret = blob;
    return true;
}

void ov_put_blob(struct ov_buf *b, const struct ov_blob *blob)
{
    ov_put_str(b, "sha256:");
    ov_put_hex(b, ov_span_of(blob->digest, 32));
    ov_put_format(b, " %llu", (unsigned long long)blob->len);
}
