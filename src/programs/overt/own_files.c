/* SPDX-License-Identifier: Apache-2.0 */
#include "own_files.h"

#include <sys/stat.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "sys/file.h"
#include "sys/locate.h"

#define MAX_FILE ((size_t)1 << 30)

enum ov_status own_files_open(struct own_files *f)
{
    static const struct ov_span end = {(const uint8_t *)"/bin/overt", 10};
    OV_AUTO_DONE(buf) path = ov_buf_with_max(1 << 16);
    struct ov_span s;

    *f = (struct own_files){.prefix = ov_buf_with_max(1 << 16)};
    OV_TRY(ov_locate_command("overt", &path));
    s = ov_span_clip(ov_buf_span(&path), 0, path.len - 1);
    if (!ov_span_ends(s, end))
        return OV_NOT_FOUND;
    ov_put_span(&f->prefix, ov_span_clip(s, 0, s.len - end.len));
    return ov_buf_status(&f->prefix);
}

void own_files_done(struct own_files *f)
{
    ov_buf_done(&f->prefix);
}

/* The manifest is believed, but a path stays below the prefix. */
static bool put_path(const struct own_files *f, struct ov_span path,
                     struct ov_buf *b)
{
    static const struct ov_span usr = {(const uint8_t *)"usr", 3};
    struct ov_span rest;

    if (!ov_span_starts(path, usr) ||
        ov_span_find(path, OV_SPAN_LIT(".."), 0) != SIZE_MAX)
        return false;
    rest = ov_span_clip(path, usr.len, path.len);
    ov_put_span(b, ov_buf_span(&f->prefix));
    ov_put_span(b, rest);
    ov_put_u8(b, 0);
    return ov_buf_status(b) == OV_OK;
}

/* NULL, or what is wrong. */
static const char *compare(const char *path, struct ov_span want,
                           bool *ret_is_absent)
{
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(MAX_FILE);
    uint8_t have[OV_DIGEST_MAX];
    uint8_t digest[OV_DIGEST_MAX];
    struct stat st;
    enum ov_status status = ov_file_read(path, &bytes);

    *ret_is_absent = status == OV_NOT_FOUND;
    if (status != OV_OK)
        return ov_status_name(status);
    if (!ov_hex_decode(want, digest, sizeof(digest)) ||
        ov_digest(OV_SHA256, ov_buf_span(&bytes), have) != OV_OK)
        return "cannot be compared";
    if (memcmp(have, digest, sizeof(have)) != 0)
        return "not the file that was made public";
    if (stat(path, &st) != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return "others than its owner may write to it";
    return NULL;
}

void own_files_check(struct own_files *f, struct ov_span line,
                     struct ov_buf *ret)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(1 << 16);
    const char *wrong = "a line of the manifest that says nothing";
    bool is_absent = false;
    struct ov_span digest;
    struct ov_span mode;

    if (ov_span_starts(line, OV_SPAN_LIT("link ")))
        return; /* of libovert's names: what they lead to has its own line */
    if (ov_span_cut(&line, ' ', &digest) && ov_span_cut(&line, ' ', &mode) &&
        put_path(f, line, &path))
        wrong = compare((const char *)path.ptr, digest, &is_absent);
    if (wrong == NULL) {
        f->n_same++;
        return;
    }
    ov_put_str(ret, is_absent ? "absent " : "BAD ");
    ov_put_escaped(ret, line);
    if (is_absent) {
        f->n_absent++;
        return;
    }
    f->n_other++;
    ov_put_format(ret, ": %s", wrong);
}
