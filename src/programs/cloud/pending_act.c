/* SPDX-License-Identifier: Apache-2.0 */
#include "pending_act.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/digest.h"
#include "log_act.h"
#include "sys/fd.h"
#include "sys/file.h"

/*
 * DIR/pending: what     "snapshot 7" or "delta 12"
 *              note     the signed entry: it exists before the log sees it, so
 *                       that there is never a second one for the same number
 *              segment  of a delta; a snapshot's files are in DIR/work/epoch
 *              position how far the journal is told, once it is in the tree
 *              proof    when the log has it
 *
 * It is made as DIR/pending.new and renamed. Each step after that can be done
 * again: the log may get the same note twice, files are replaced by the same
 * bytes, DIR/tree/v1/head comes last. Who reads in between sees the old epoch.
 */

#define MAX_SMALL ((size_t)1 << 20)
#define MAX_SEGMENT ((size_t)65 << 20)

static bool failed(const char *path)
{
    (void)cloud_say("%s: %s", path, strerror(errno));
    return false;
}

/* ---- files ---- */

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *where)
{
    (void)st;
    (void)type;
    (void)where;
    return remove(path);
}

bool folder_remove(const struct cloud *c, const char *name)
{
    char path[CLOUD_PATH_MAX];

    if (!cloud_path(c, path, "%s", name))
        return false;
    return nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0 ||
           errno == ENOENT || failed(path);
}

static bool replace_file(const char *path, struct ov_span bytes)
{
    struct ov_diag diag = {0};

    if (ov_file_replace(path, bytes, 0644, &diag) == OV_OK)
        return true;
    (void)cloud_say("%s", diag.text);
    return false;
}

static bool write_in(const struct cloud *c, const char *folder,
                     const char *name, struct ov_span bytes)
{
    char path[CLOUD_PATH_MAX];

    return cloud_path(c, path, "%s/%s", folder, name) &&
           replace_file(path, bytes);
}

static bool read_path(const char *path, struct ov_buf *ret, bool *ret_is_there)
{
    enum ov_status s = ov_file_read(path, ret);

    *ret_is_there = s == OV_OK;
    if (s == OV_OK || s == OV_NOT_FOUND)
        return true;
    (void)cloud_say("%s: %s", path, ov_status_name(s));
    return false;
}

bool tree_read(const struct cloud *c, struct ov_buf *ret, const char *format,
               ...)
{
    char name[256];
    char path[CLOUD_PATH_MAX];
    va_list list;
    bool is_there;

    va_start(list, format);
    (void)vsnprintf(name, sizeof(name), format, list); /* never that long */
    va_end(list);
    if (!cloud_path(c, path, "tree/v1/%s", name) ||
        !read_path(path, ret, &is_there))
        return false;
    if (!is_there)
        (void)cloud_say("%s: not found", path);
    return is_there;
}

bool tree_digest(const struct cloud *c, const char *folder, uint64_t number,
                 const char *name, uint8_t ret[static 32])
{
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(MAX_SEGMENT);

    memset(ret, 0, 32);
    if (number == 0)
        return true;
    return tree_read(c, &bytes, "%s/%llu%s", folder, (unsigned long long)number,
                     name) &&
           ov_digest(OV_SHA256, ov_buf_span(&bytes), ret) == OV_OK;
}

/* ---- head and position: lines "NAME NUMBER" ---- */

static bool take_number(struct ov_span *text, const char *name, uint64_t *ret)
{
    struct ov_span line;
    struct ov_span word;

    return ov_span_cut(text, '\n', &line) && ov_span_cut(&line, ' ', &word) &&
           ov_span_equal(word, ov_span_str(name)) &&
           ov_parse_uint(line, UINT64_MAX, ret);
}

static bool read_two(const struct cloud *c, const char *file,
                     const char *const names[2], uint64_t *ret[2],
                     bool *ret_is_there)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX_SMALL);
    char path[CLOUD_PATH_MAX];
    struct ov_span text;

    *ret[0] = 0;
    *ret[1] = 0;
    if (!cloud_path(c, path, "%s", file) || !read_path(path, &b, ret_is_there))
        return false;
    text = ov_buf_span(&b);
    if (!*ret_is_there || (take_number(&text, names[0], ret[0]) &&
                           take_number(&text, names[1], ret[1])))
        return true;
    (void)cloud_say("%s: damaged; restore it", path);
    return false;
}

bool head_read(const struct cloud *c, uint64_t *ret_epoch, uint64_t *ret_delta)
{
    static const char *const names[2] = {"epoch", "delta"};
    uint64_t *ret[2] = {ret_epoch, ret_delta};
    bool is_there;

    return read_two(c, "tree/v1/head", names, ret, &is_there);
}

/* The third line, if there is one. */
bool head_keys(const struct cloud *c, uint64_t *ret)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX_SMALL);
    char path[CLOUD_PATH_MAX];
    struct ov_span text;
    struct ov_span line;
    bool is_there;

    *ret = 0;
    if (!cloud_path(c, path, "tree/v1/head") || !read_path(path, &b, &is_there))
        return false;
    text = ov_buf_span(&b);
    if (!ov_span_cut(&text, '\n', &line) || !ov_span_cut(&text, '\n', &line) ||
        text.len == 0)
        return true;
    return take_number(&text, "keys", ret);
}

static bool put_head(const struct cloud *c, uint64_t epoch, uint64_t delta,
                     uint64_t keys)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX_SMALL);

    ov_put_format(&b, "epoch %llu\ndelta %llu\n", (unsigned long long)epoch,
                  (unsigned long long)delta);
    if (keys > 0)
        ov_put_format(&b, "keys %llu\n", (unsigned long long)keys);
    return write_in(c, "tree/v1", "head", ov_buf_span(&b));
}

bool tree_put_keys(const struct cloud *c, uint64_t version,
                   const struct ov_span files[static 3])
{
    static const char *const suffixes[3] = {"", ".entry", ".proof"};
    char path[CLOUD_PATH_MAX];
    uint64_t epoch;
    uint64_t delta;

    if (!head_read(c, &epoch, &delta) || !cloud_path(c, path, "tree/v1/keys/x"))
        return false;
    ov_folders_make(path);
    for (size_t i = 0; i < 3; i++) {
        if (!cloud_path(c, path, "tree/v1/keys/%llu%s",
                        (unsigned long long)version, suffixes[i]) ||
            !replace_file(path, files[i]))
            return false;
    }
    return put_head(c, epoch, delta, version);
}

bool position_read(const struct cloud *c, struct position *ret,
                   bool *ret_is_there)
{
    static const char *const names[2] = {"journal", "families"};
    uint64_t *numbers[2] = {&ret->journal, &ret->families};

    return read_two(c, "position", names, numbers, ret_is_there);
}

void put_position(struct ov_buf *b, const struct position *p)
{
    ov_put_format(b, "journal %llu\nfamilies %llu\n",
                  (unsigned long long)p->journal,
                  (unsigned long long)p->families);
}

/* ---- pending ---- */

static bool sync_folder(const struct cloud *c, const char *name)
{
    char path[CLOUD_PATH_MAX];

    if (!cloud_path(c, path, "%s", name))
        return false;
    OV_AUTO_FD fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return (fd >= 0 && fsync(fd) == 0) || failed(path);
}

static bool move(const struct cloud *c, const char *from, const char *to)
{
    char old[CLOUD_PATH_MAX];
    char new[CLOUD_PATH_MAX];

    return cloud_path(c, old, "%s", from) && cloud_path(c, new, "%s", to) &&
           (rename(old, new) == 0 || failed(old)) && sync_folder(c, "");
}

bool pending_begin(const struct cloud *c, const struct pending *p)
{
    char what[64];
    char path[CLOUD_PATH_MAX];
    int len = snprintf(what, sizeof(what), "%s %llu\n",
                       p->is_snapshot ? "snapshot" : "delta",
                       (unsigned long long)p->number);

    if (!folder_remove(c, "pending.new") ||
        !cloud_path(c, path, "pending.new/x"))
        return false;
    ov_folders_make(path);
    return write_in(c, "pending.new", "what", ov_span_of(what, (size_t)len)) &&
           write_in(c, "pending.new", "note", p->note) &&
           write_in(c, "pending.new", "position", p->position) &&
           (p->is_snapshot ||
            write_in(c, "pending.new", "segment", p->segment)) &&
           move(c, "pending.new", "pending");
}

static bool read_pending(const struct cloud *c, const char *name,
                         struct ov_buf *ret)
{
    char path[CLOUD_PATH_MAX];
    bool is_there;

    if (!cloud_path(c, path, "pending/%s", name) ||
        !read_path(path, ret, &is_there))
        return false;
    if (!is_there)
        (void)cloud_say("%s: not found", path);
    return is_there;
}

/* The proof, which is asked for once. Without a log there is none. */
static bool find_proof(const struct cloud *c, struct ov_span note,
                       struct ov_buf *ret)
{
    char path[CLOUD_PATH_MAX];
    bool is_there;

    if (cloud_option(c, "unlogged") != NULL)
        return true;
    if (!cloud_path(c, path, "pending/proof") ||
        !read_path(path, ret, &is_there))
        return false;
    if (is_there)
        return true;
    return cloud_path(c, path, "pending/note") &&
           log_note(c, path, note, ret) &&
           write_in(c, "pending", "proof", ov_buf_span(ret));
}

static bool put_file(const struct cloud *c, const char *format, uint64_t number,
                     const char *suffix, struct ov_span bytes)
{
    char path[CLOUD_PATH_MAX];

    if (bytes.len == 0)
        return true;
    return cloud_path(c, path, "tree/v1/%s/%llu%s", format,
                      (unsigned long long)number, suffix) &&
           replace_file(path, bytes);
}

static bool place_epoch(const struct cloud *c, uint64_t number)
{
    char from[CLOUD_PATH_MAX];
    char to[CLOUD_PATH_MAX];

    if (!cloud_path(c, from, "work/epoch") ||
        !cloud_path(c, to, "tree/v1/snap/%llu", (unsigned long long)number))
        return false;
    if (rename(from, to) == 0)
        return sync_folder(c, "tree/v1/snap");
    /* not the first try: it is there already */
    return errno == ENOENT || failed(from);
}

static bool write_head(const struct cloud *c, bool is_snapshot, uint64_t number)
{
    uint64_t epoch;
    uint64_t delta;
    uint64_t keys;

    if (!head_read(c, &epoch, &delta) || !head_keys(c, &keys))
        return false;
    if (is_snapshot)
        epoch = number;
    else
        delta = number;
    return put_head(c, epoch, delta, keys);
}

struct parts {
    struct ov_buf note;
    struct ov_buf segment;
    struct ov_buf position;
    struct ov_buf proof;
};

static bool place(const struct cloud *c, struct parts *p, bool is_snapshot,
                  uint64_t number)
{
    struct ov_span note;
    struct ov_span proof;

    if (!read_pending(c, "note", &p->note) ||
        !read_pending(c, "position", &p->position) ||
        (!is_snapshot && !read_pending(c, "segment", &p->segment)) ||
        !find_proof(c, ov_buf_span(&p->note), &p->proof))
        return false;
    note = ov_buf_span(&p->note);
    proof = ov_buf_span(&p->proof);
    if (is_snapshot) {
        if (!place_epoch(c, number) ||
            !put_file(c, "snap", number, "/statement", note) ||
            !put_file(c, "snap", number, "/proof", proof))
            return false;
    } else if (!put_file(c, "delta", number, "", ov_buf_span(&p->segment)) ||
               !put_file(c, "delta", number, ".entry", note) ||
               !put_file(c, "delta", number, ".proof", proof)) {
        return false;
    }
    return write_in(c, "", "position", ov_buf_span(&p->position)) &&
           write_head(c, is_snapshot, number) &&
           move(c, "pending", "pending.done") &&
           folder_remove(c, "pending.done");
}

bool pending_finish(const struct cloud *c)
{
    OV_AUTO_DONE(buf) what = ov_buf_with_max(MAX_SMALL);
    struct parts p = {ov_buf_with_max(MAX_SMALL), ov_buf_with_max(MAX_SEGMENT),
                      ov_buf_with_max(MAX_SMALL), ov_buf_with_max(MAX_SMALL)};
    char path[CLOUD_PATH_MAX];
    struct ov_span text;
    uint64_t number;
    bool is_snapshot;
    bool is_there;
    bool ok;

    if (!folder_remove(c, "pending.done") ||
        !cloud_path(c, path, "pending/what") ||
        !read_path(path, &what, &is_there))
        return false;
    if (!is_there)
        return true;
    text = ov_buf_span(&what);
    is_snapshot = ov_span_starts(text, OV_SPAN_LIT("snapshot"));
    if (!take_number(&text, is_snapshot ? "snapshot" : "delta", &number)) {
        (void)cloud_say("%s: damaged; remove DIR/pending", path);
        return false;
    }
    ok = place(c, &p, is_snapshot, number);
    ov_buf_done(&p.note);
    ov_buf_done(&p.segment);
    ov_buf_done(&p.position);
    ov_buf_done(&p.proof);
    return ok;
}
