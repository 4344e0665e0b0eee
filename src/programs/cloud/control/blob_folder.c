/* SPDX-License-Identifier: Apache-2.0 */
#include "blob_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "blob_s3.h"
#include "crypto/digest.h"
#include "reputation/envelope.h"
#include "sys/file.h"

/* A key is used for one blob, so that the cipher's nonce may always be the same
 * (crypto/seal.h: one stream of one chunk). */

#define STORED_MAX (OV_ENVELOPE_MAX + ((size_t)512 << 10)) /* to read into */

static enum ov_status put_path(struct ov_buf *b, const char *folder,
                               const uint8_t digest[static 32])
{
    ov_put_str(b, folder);
    ov_put_u8(b, '/');
    ov_put_hex(b, ov_span_of(digest, 1));
    ov_put_u8(b, '/');
    ov_put_hex(b, ov_span_of(digest, 32));
    ov_put_u8(b, 0);
    return ov_buf_status(b);
}

enum ov_status blob_put(const char *folder, struct ov_span bytes,
                        struct blob_name *ret, struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) stored = ov_buf_with_max(STORED_MAX);
    OV_AUTO_DONE(buf) path = ov_buf_with_max(BLOB_PATH_MAX);
    struct blob_name n;

    if (getrandom(n.key, sizeof(n.key), 0) != (ssize_t)sizeof(n.key))
        return ov_diag_set(diag, OV_IO, 0, "no randomness");
    OV_TRY(ov_put_sealed(&stored, n.key, bytes));
    OV_TRY(ov_digest(OV_SHA256, ov_buf_span(&stored), n.digest));
    if (blob_s3_is(folder)) {
        OV_TRY(blob_s3_put(n.digest, ov_buf_span(&stored), diag));
    } else {
        OV_TRY(put_path(&path, folder, n.digest));
        ov_folders_make((const char *)path.ptr);
        OV_TRY(ov_file_create((const char *)path.ptr, ov_buf_span(&stored),
                              0600, diag));
    }
    *ret = n;
    explicit_bzero(&n, sizeof(n));
    return OV_OK;
}

static enum ov_status open_it(struct ov_span stored,
                              const struct blob_name *name, struct ov_buf *into)
{
    uint8_t digest[OV_DIGEST_MAX];

    OV_TRY(ov_digest(OV_SHA256, stored, digest));
    if (stored.len < OV_SEAL_TAG ||
        memcmp(digest, name->digest, sizeof(name->digest)) != 0)
        return OV_BAD_DIGEST;
    return ov_put_opened(into, name->key, stored);
}

enum ov_status blob_get(const char *folder, const struct blob_name *name,
                        struct ov_buf *into, struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) stored = ov_buf_with_max(STORED_MAX);
    OV_AUTO_DONE(buf) path = ov_buf_with_max(BLOB_PATH_MAX);
    enum ov_status status = put_path(&path, folder, name->digest);

    if (status == OV_OK)
        status = blob_s3_is(folder)
                     ? blob_s3_get(name->digest, &stored, diag)
                     : ov_file_read((const char *)path.ptr, &stored);
    if (status == OV_OK)
        status = open_it(ov_buf_span(&stored), name, into);
    return status == OV_OK ? OV_OK
                           : ov_diag_set(diag, status, 0, "a sample: %s",
                                         ov_status_name(status));
}

enum ov_status blob_remove(const char *folder, const uint8_t digest[static 32],
                           struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(BLOB_PATH_MAX);

    if (blob_s3_is(folder))
        return blob_s3_remove(digest, diag);
    OV_TRY(put_path(&path, folder, digest));
    if (unlink((const char *)path.ptr) != 0) {
        if (errno == ENOENT)
            return OV_OK;
        return ov_diag_set(diag, OV_IO, 0, "cannot remove a sample: %s",
                           strerror(errno));
    }
    return ov_folder_sync((const char *)path.ptr);
}

struct each_blob {
    enum ov_status (*each)(void *data, const uint8_t digest[static 32]);
    void *data;
    uint64_t before;
};

/* A file that goes away meanwhile is none. */
static enum ov_status look_at(DIR *dir, const char *name,
                              const struct each_blob *e)
{
    uint8_t digest[32];
    struct stat st;

    if (!ov_hex_decode(ov_span_str(name), digest, sizeof(digest)) ||
        fstatat(dirfd(dir), name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(st.st_mode) || st.st_mtime < 0 ||
        (uint64_t)st.st_mtime > e->before)
        return OV_OK;
    return e->each(e->data, digest);
}

static enum ov_status read_folder(const char *path, const struct each_blob *e)
{
    DIR *dir = opendir(path);
    enum ov_status status = OV_OK;
    struct dirent *entry;

    if (dir == NULL)
        return errno == ENOENT ? OV_OK : OV_IO;
    while (status == OV_OK && (entry = readdir(dir)) != NULL)
        status = look_at(dir, entry->d_name, e);
    (void)closedir(dir); /* it was only read */
    return status;
}

enum ov_status
blob_each(const char *folder, uint64_t before,
          enum ov_status (*each)(void *data, const uint8_t digest[static 32]),
          void *data, struct ov_diag *diag)
{
    const struct each_blob e = {each, data, before};

    if (blob_s3_is(folder))
        return blob_s3_each(before, each, data, diag);
    for (unsigned i = 0; i < 256; i++) {
        OV_AUTO_DONE(buf) path = ov_buf_with_max(BLOB_PATH_MAX);
        enum ov_status status;

        ov_put_format(&path, "%s/%02x", folder, i);
        ov_put_u8(&path, 0);
        OV_TRY(ov_buf_status(&path));
        status = read_folder((const char *)path.ptr, &e);
        if (status != OV_OK)
            return ov_diag_set(diag, status, 0, "cannot look through %s",
                               folder);
    }
    return OV_OK;
}
