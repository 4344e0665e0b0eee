/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "crypto/digest.h"
#include "tuf/tuf_build.h"

/* usage: thief FILE KEY...
 *
 * Somebody who has stolen keys: signs the metadata FILE anew, in its place,
 * with the keys of those names and no others. make_repo's keys are the digests
 * of their names. */

#define MAX_BYTES (1u << 20)

static enum ov_status read_file(const char *path, struct ov_buf *ret)
{
    uint8_t part[4096];
    FILE *f = fopen(path, "re");
    size_t n;

    if (f == NULL)
        return OV_NOT_FOUND;
    while ((n = fread(part, 1, sizeof(part), f)) > 0)
        ov_put_span(ret, ov_span_of(part, n));
    (void)fclose(f);
    return ov_buf_status(ret);
}

static enum ov_status write_file(const char *path, const struct ov_buf *b)
{
    FILE *f = fopen(path, "we");
    bool is_good;

    if (f == NULL)
        return OV_IO;
    is_good = fwrite(b->ptr, 1, b->len, f) == b->len;
    return fclose(f) == 0 && is_good ? OV_OK : OV_IO;
}

static enum ov_status take_signed_part(struct ov_span file, struct ov_buf *ret)
{
    size_t at = ov_span_find(file, OV_SPAN_LIT("\"signed\":"), 0);
    struct ov_span part;

    if (at == SIZE_MAX)
        return OV_MALFORMED;
    at += strlen("\"signed\":");
    part = ov_span_clip(file, at, file.len - at - 1);
    ov_put_tuf_file(ret, part);
    return ov_buf_status(ret);
}

static enum ov_status run(int argc, char **argv)
{
    OV_AUTO_DONE(buf) old = ov_buf_with_max(MAX_BYTES);
    OV_AUTO_DONE(buf) new = ov_buf_with_max(MAX_BYTES);

    OV_TRY(read_file(argv[1], &old));
    OV_TRY(take_signed_part(ov_buf_span(&old), &new));
    for (int i = 2; i < argc; i++) {
        uint8_t seed[OV_DIGEST_MAX];

        OV_TRY(ov_digest(OV_SHA256, ov_span_str(argv[i]), seed));
        ov_buf_clear(&old);
        ov_put_span(&old, ov_buf_span(&new));
        ov_buf_clear(&new);
        OV_TRY(ov_tuf_add_signature(&new, ov_buf_span(&old), seed));
    }
    return write_file(argv[1], &new);
}

int main(int argc, char **argv)
{
    enum ov_status status = argc >= 2 ? run(argc, argv) : OV_USAGE;

    if (status == OV_OK)
        return 0;
    (void)fprintf(stderr, "thief: %s\n", ov_status_name(status));
    return 1;
}
