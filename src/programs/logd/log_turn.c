/* SPDX-License-Identifier: Apache-2.0 */
#include "log_turn.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "sys/file.h"

/* The turn of a log: a new origin and a new key for the tree that is there.
 *
 *   1. the last checkpoint is kept as turn/HEX (SHA-256 of the next origin)
 *   2. the state, and then the settings, become the next log's
 *
 * Between any two of these steps the old log can be turned again, and behind 2
 * it can't be written any more: its state is gone, and the key that is left
 * finds no log. "checkpoint" stays the old one until the next log has an entry
 * of its own to publish. What the last entry says is the publisher's business:
 * this program does not look into entries. */

#define CHUNK ((size_t)1 << 18)

static bool is_resumed(const struct log_folder *f, const struct ov_vkey *next,
                       const char *key_path, enum ov_status *ret,
                       struct ov_diag *diag)
{
    struct ov_diag none = {.line = 0};
    struct log_folder g = *f;

    g.key = *next;
    if (log_folder_lock(&g, &none) != OV_OK)
        return false;
    *ret = log_folder_turn(&g, next, key_path, diag);
    log_folder_done(&g);
    return true;
}

static enum ov_status keep_last(const struct sequencer *s,
                                const struct ov_vkey *next,
                                struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) note = ov_buf_with_max(OV_NOTE_MAX_SIZE + CHUNK);
    OV_AUTO_DONE(buf) name = ov_buf_with_max(128);
    char path[LOG_PATH_MAX];
    uint8_t digest[OV_DIGEST_MAX];
    enum ov_status status;

    OV_TRY(ov_digest(OV_SHA256, ov_span_str(next->name), digest));
    ov_put_str(&name, "turn/");
    ov_put_hex(&name, ov_span_of(digest, 32));
    ov_put_u8(&name, 0);
    OV_TRY(ov_buf_status(&name));
    if (snprintf(path, sizeof(path), "%s/checkpoint", s->folder.publish) >=
        LOG_PATH_MAX)
        return OV_USAGE;
    status = ov_file_read(path, &note);
    if (status == OV_OK)
        status = log_files_put(&s->tree.files, (const char *)name.ptr,
                               ov_buf_span(&note));
    if (status != OV_OK)
        return ov_diag_set(diag, status, 0, "%s: %s", path,
                           ov_status_name(status));
    return OV_OK;
}

static enum ov_status turn(struct sequencer *s, const struct ov_vkey *next,
                           const char *key_path, struct ov_diag *diag)
{
    if (s->tree.size == 0 || s->published != s->tree.size ||
        s->journal.next != s->tree.size)
        return ov_diag_set(diag, OV_USAGE, 0,
                           "%llu of %llu entries are published: publish all, "
                           "and then turn",
                           (unsigned long long)s->published,
                           (unsigned long long)s->journal.next);
    OV_TRY(keep_last(s, next, diag));
    return log_folder_turn(&s->folder, next, key_path, diag);
}

enum ov_status log_turn(const char *dir, const struct ov_vkey *next,
                        const char *key_path, struct ov_diag *diag)
{
    OV_AUTO_PTR struct sequencer *s = ov_alloc(sizeof(*s));
    struct log_folder f;
    enum ov_status status;

    if (s == NULL)
        return OV_NO_MEMORY;
    OV_TRY(log_folder_read(dir, &f, diag));
    if (ov_vkey_same_key(&f.key, next))
        return OV_OK;
    if (is_resumed(&f, next, key_path, &status, diag))
        return status;
    status = sequencer_open(s, &f, diag);
    if (status == OV_OK)
        status = turn(s, next, key_path, diag);
    sequencer_close(s);
    return status;
}
