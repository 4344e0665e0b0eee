/* SPDX-License-Identifier: Apache-2.0 */
#include "tuf/tuf_name.h"

#include <inttypes.h>

#include "base/reader.h"
#include "base/text.h"

/* Names of files made of names of roles and targets. Source: TUF 1.0.34, 5.3.3
 * (VERSION.FILENAME), 5.7.3 (HASH.FILENAME), 6.2; RFC 3986, 2.1 for the
 * encoding. */

#define SHA256_LEN 32

/* Appends s; a '/' is kept where keeps_slash. */
static void put_encoded(struct ov_buf *b, struct ov_span s, bool keeps_slash)
{
    struct ov_reader r = ov_reader_over(s);

    while (ov_reader_more(&r)) {
        uint8_t c = ov_read_u8(&r);
        bool is_plain = ov_is_alnum(c) || c == '-' || c == '.' || c == '_' ||
                        c == '~' || (c == '/' && keeps_slash);

        if (is_plain)
            ov_put_u8(b, c);
        else
            ov_put_format(b, "%%%02X", c);
    }
}

enum ov_status ov_tuf_file_name(struct ov_span role, int64_t version,
                                struct ov_tuf_name *ret)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(sizeof(ret->text) - 1);

    if (version > 0)
        ov_put_format(&b, "%" PRId64 ".", version);
    put_encoded(&b, role, false);
    ov_put_str(&b, ".json");
    OV_TRY(ov_buf_status(&b));
    *ret = (struct ov_tuf_name){{0}};
    memcpy(ret->text, b.ptr, b.len);
    return OV_OK;
}

void ov_put_tuf_target_name(struct ov_buf *b, struct ov_span path,
                            const uint8_t *sha256)
{
    size_t name = 0;

    for (size_t at = ov_span_find_byte(path, '/', 0); at != SIZE_MAX;
         at = ov_span_find_byte(path, '/', name))
        name = at + 1;
    put_encoded(b, ov_span_clip(path, 0, name), true);
    if (sha256 != NULL) {
        ov_put_hex(b, ov_span_of(sha256, SHA256_LEN));
        ov_put_u8(b, '.');
    }
    put_encoded(b, ov_span_clip(path, name, path.len), false);
}
