/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log/note.h"
#include "pending_act.h"
#include "reputation/cloud_client.h"
#include "service_run.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/mirrors.h"

/*
 * overt-cloud import DIR PLACE: takes what a public cloud says, as a folder or
 * a tar file brought it, into DIR/tree/public of a private one, which serves it
 * beside its own. One way: a place that is an address is refused, nothing is
 * asked of anybody, and this process can read PLACE and the trust, write DIR,
 * and start nothing.
 *
 * What comes in is verified as a client does it (reputation/cloud_client.h),
 * with the policy and the people of DIR's trust, for both filters of what is
 * bad, and every bucket with its proof. It is put together in DIR/work/import;
 * the head is replaced when all else is there: a crash leaves the old or the
 * new one. An older snapshot or delta never takes the place of a newer one.
 */

#define ARENA ((size_t)1 << 20)
#define MAX_SMALL ((size_t)16 << 20)
#define CHUNK ((uint64_t)4 << 20)

struct import {
    struct cloud *c;
    struct ov_mirrors *from;
    struct ov_buf note; /* the statement that came last */
    struct ov_cloud_report report;
};

static bool failed(const char *what, enum ov_status status,
                   const struct ov_diag *diag)
{
    (void)cloud_say("%s: %s", what,
                    diag->text[0] != '\0' ? diag->text
                                          : ov_status_name(status));
    return false;
}

/* ---- what the procedure asks for ---- */

static enum ov_status read_all(const struct ov_mirror_file *f,
                               struct ov_buf *into)
{
    size_t before = into->len;
    uint8_t *room = ov_buf_room(into, f->len);
    size_t got = 0;

    if (room == NULL && f->len > 0)
        return ov_buf_status(into);
    OV_TRY(ov_read_at(f->fd, 0, room, f->len, &got));
    if (got != f->len)
        return OV_TRUNCATED;
    ov_buf_added(into, got);
    return into->len - before == f->len ? OV_OK : OV_IO;
}

/* What was got is staged, though nothing of it is believed yet: all of it is,
 * or none is used. The head is made anew. */
static enum ov_status stage(struct import *i, const char *path,
                            struct ov_span bytes)
{
    char name[CLOUD_PATH_MAX];

    if (strcmp(path, "v1/head") == 0)
        return OV_OK;
    if (!cloud_path(i->c, name, "work/import/%s", path))
        return OV_USAGE;
    ov_folders_make(name);
    return ov_file_write(name, bytes, 0644, NULL);
}

static enum ov_status io_get(void *data, size_t server, const char *path,
                             uint64_t max, struct ov_buf *into)
{
    struct import *i = data;
    struct ov_mirror_file f = {-1, 0};
    size_t before = into->len;
    struct ov_span bytes;
    enum ov_status status;

    OV_TRY(ov_mirrors_get(i->from, server, path, max, &f, NULL));
    status = read_all(&f, into);
    ov_fd_cleanup(&f.fd);
    OV_TRY(status);
    bytes = ov_span_clip(ov_buf_span(into), before, into->len);
    if (ov_span_ends(ov_span_str(path), OV_SPAN_LIT("/statement"))) {
        ov_buf_clear(&i->note);
        ov_put_span(&i->note, bytes);
        OV_TRY(ov_buf_status(&i->note));
    }
    return stage(i, path, bytes);
}

/* An update asks for no part of a file. */
static enum ov_status io_get_part(void *data, size_t server, const char *path,
                                  uint64_t at, uint64_t len,
                                  struct ov_buf *into)
{
    (void)data;
    (void)server;
    (void)path;
    (void)at;
    (void)len;
    (void)into;
    return OV_UNSUPPORTED;
}

static enum ov_status io_state_get(void *data, const char *name,
                                   struct ov_buf *into)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(2 * CLOUD_PATH_MAX);
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(MAX_SMALL);
    const struct import *i = data;

    if (!ov_span_starts(ov_span_str(name), OV_SPAN_LIT("trust/")))
        return OV_NOT_FOUND; /* all is got each time, so that all is there */
    ov_put_format(&path, "%s/%s", i->c->trust, name);
    ov_put_u8(&path, 0);
    OV_TRY(ov_buf_status(&path));
    OV_TRY(ov_file_read((const char *)path.ptr, &bytes));
    ov_put_span(into, ov_buf_span(&bytes));
    return ov_buf_status(into);
}

/* What a client would keep is in the tree. */
static enum ov_status io_state_put(void *data, const char *name,
                                   struct ov_span bytes)
{
    (void)data;
    (void)name;
    (void)bytes;
    return OV_OK;
}

static enum ov_status io_state_remove(void *data, const char *name)
{
    (void)data;
    (void)name;
    return OV_OK;
}

static bool verify(struct import *i)
{
    const struct ov_cloud_io io = {.data = i,
                                   .get = io_get,
                                   .get_part = io_get_part,
                                   .state_get = io_state_get,
                                   .state_put = io_state_put,
                                   .state_remove = io_state_remove};
    struct ov_cloud_options options = {
        .now = i->c->now, .n_servers = 1, .tier = OV_CLOUD_STD};
    struct ov_cloud_report first;
    struct ov_diag diag = {.text = ""};
    enum ov_status status = ov_cloud_update(&io, &options, &first, &diag);

    options.tier = OV_CLOUD_MAX;
    if (status == OV_OK)
        status = ov_cloud_update(&io, &options, &i->report, &diag);
    if (status != OV_OK)
        return failed("nothing is taken", status, &diag);
    if (first.epoch == i->report.epoch && first.seq == i->report.seq)
        return true;
    (void)cloud_say("what is imported changes meanwhile");
    return false;
}

/* ---- buckets ---- */

static bool read_snapshot(struct import *i, struct ov_arena *a,
                          struct ov_snapshot *ret)
{
    struct ov_note *note = ov_arena_alloc(a, sizeof(*note));
    struct ov_entry *entry = ov_arena_alloc(a, sizeof(*entry));
    struct ov_diag diag = {.text = ""};
    enum ov_status status = OV_NO_MEMORY;

    if (note != NULL && entry != NULL)
        status = ov_note_parse(a, ov_buf_span(&i->note), note);
    if (status == OV_OK)
        status = ov_entry_parse(note->text, entry, NULL);
    if (status == OV_OK)
        status = ov_snapshot_read(entry, ret);
    return status == OV_OK || failed("the statement", status, &diag);
}

struct pack {
    const struct ov_snapshot *snapshot;
    char path[64]; /* in the public tree */
    int fd;        /* where it is copied to */
    uint64_t stride;
};

/* Buckets [first, first + n), n of CHUNK at most or one. */
static enum ov_status copy_buckets(struct import *i, const struct pack *p,
                                   uint64_t first, uint64_t n,
                                   struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(n * p->stride);
    const struct ov_mirror_part part = {p->path, first * p->stride,
                                        n * p->stride};
    const struct ov_snapshot *s = p->snapshot;
    struct ov_mirror_file f = {-1, 0};
    struct ov_bucket bucket;
    enum ov_status status;

    OV_TRY(ov_mirrors_get_part(i->from, 0, &part, &f, diag));
    status = read_all(&f, &bytes);
    ov_fd_cleanup(&f.fd);
    OV_TRY(status);
    for (uint64_t k = 0; k < n; k++)
        OV_TRY(ov_bucket_verify(
            ov_span_clip(ov_buf_span(&bytes), k * p->stride, p->stride),
            &s->shape, s->epoch, (uint32_t)(first + k), s->buckets_root,
            &bucket));
    return ov_write_all(p->fd, ov_buf_span(&bytes));
}

static bool copy_pack(struct import *i, const struct ov_snapshot *s)
{
    struct pack p = {.snapshot = s, .stride = ov_bucket_stride(&s->shape)};
    uint64_t total = UINT64_C(1) << s->shape.prefix_bits;
    uint64_t step = CHUNK / p.stride > 0 ? CHUNK / p.stride : 1;
    char path[CLOUD_PATH_MAX];
    struct ov_diag diag = {.text = ""};
    enum ov_status status = OV_OK;

    (void)snprintf(p.path, sizeof(p.path), "v1/snap/%u/buckets.pack", s->epoch);
    if (!cloud_path(i->c, path, "work/import/%s", p.path))
        return false;
    OV_AUTO_FD fd =
        open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    p.fd = fd;
    if (fd < 0)
        return failed(path, OV_IO, &diag);
    for (uint64_t at = 0; at < total && status == OV_OK; at += step)
        status = copy_buckets(i, &p, at, total - at < step ? total - at : step,
                              &diag);
    return status == OV_OK || failed("the buckets", status, &diag);
}

/* ---- into the tree ---- */

/* tree/public/v1/head; zeros if there is none. */
static bool read_head(const struct cloud *c, uint64_t *ret_epoch,
                      uint64_t *ret_seq)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(MAX_SMALL);
    char path[CLOUD_PATH_MAX];
    struct ov_diag diag = {.text = ""};
    struct ov_span left;
    struct ov_span line;
    enum ov_status status;

    *ret_epoch = *ret_seq = 0;
    if (!cloud_path(c, path, "tree/public/v1/head"))
        return false;
    status = ov_file_read(path, &text);
    if (status == OV_NOT_FOUND)
        return true;
    left = ov_buf_span(&text);
    if (status == OV_OK && ov_span_cut(&left, '\n', &line) &&
        ov_span_starts(line, OV_SPAN_LIT("epoch ")) &&
        ov_parse_uint(ov_span_clip(line, 6, line.len), UINT32_MAX, ret_epoch) &&
        ov_span_cut(&left, '\n', &line) &&
        ov_span_starts(line, OV_SPAN_LIT("delta ")) &&
        ov_parse_uint(ov_span_clip(line, 6, line.len), INT64_MAX, ret_seq))
        return true;
    return failed(path, status == OV_OK ? OV_MALFORMED : status, &diag);
}

static bool move_in(const struct cloud *c, const char *name, bool may_miss)
{
    char from[CLOUD_PATH_MAX];
    char to[CLOUD_PATH_MAX];

    if (!cloud_path(c, from, "work/import/%s", name) ||
        !cloud_path(c, to, "tree/public/%s", name))
        return false;
    ov_folders_make(to);
    if (rename(from, to) == 0 || (may_miss && errno == ENOENT))
        return true;
    (void)cloud_say("%s: %s", to, strerror(errno));
    return false;
}

static bool move_deltas(const struct import *i, uint64_t from)
{
    static const char *const ends[] = {"", ".entry", ".proof"};

    for (uint64_t seq = from; seq <= i->report.seq; seq++) {
        for (size_t k = 0; k < 3; k++) {
            char name[64];

            (void)snprintf(name, sizeof(name), "v1/delta/%llu%s",
                           (unsigned long long)seq, ends[k]);
            if (!move_in(i->c, name, true))
                return false;
        }
    }
    return true;
}

static bool move_snapshot(const struct import *i)
{
    char name[64];
    char old[96];

    (void)snprintf(name, sizeof(name), "v1/snap/%u", i->report.epoch);
    (void)snprintf(old, sizeof(old), "tree/public/%s", name);
    return folder_remove(i->c, old) && move_in(i->c, name, false);
}

/* All that was written, before its name is told. */
static bool sync_all(const struct cloud *c)
{
    OV_AUTO_FD fd = open(c->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0 && syncfs(fd) == 0)
        return true;
    (void)cloud_say("%s: %s", c->dir, strerror(errno));
    return false;
}

static bool write_head(const struct import *i)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(128);
    char path[CLOUD_PATH_MAX];
    struct ov_diag diag = {.text = ""};
    enum ov_status status;

    ov_put_format(&text, "epoch %u\ndelta %llu\n", i->report.epoch,
                  (unsigned long long)i->report.seq);
    if (!cloud_path(i->c, path, "tree/public/v1/head"))
        return false;
    status = ov_file_replace(path, ov_buf_span(&text), 0644, &diag);
    return status == OV_OK || failed(path, status, &diag);
}

static bool import_all(struct import *i)
{
    OV_AUTO(arena) a = ov_arena_new(ARENA);
    struct ov_snapshot s;
    uint64_t epoch;
    uint64_t seq;

    if (a == NULL || !folder_remove(i->c, "work/import") || !verify(i) ||
        !read_snapshot(i, a, &s) || !read_head(i->c, &epoch, &seq))
        return false;
    if (i->report.epoch < epoch || i->report.seq < seq) {
        (void)cloud_say("older than what is here: snapshot %llu, delta %llu",
                        (unsigned long long)epoch, (unsigned long long)seq);
        return false;
    }
    if (i->report.epoch > epoch &&
        (!copy_pack(i, &s) || !sync_all(i->c) || !move_snapshot(i)))
        return false;
    return move_deltas(i, s.delta_from) && sync_all(i->c) && write_head(i) &&
           folder_remove(i->c, "work/import");
}

static bool enter_jail(const struct cloud *c, const char *place)
{
    const char *const own[] = {c->dir, "/dev/null"};
    const char *const read[] = {place, c->trust};
    const struct ov_landlock_places places = {own, 2, read, 2};

    return service_jail(&places);
}

int cmd_import(struct cloud *c)
{
    OV_AUTO(mirrors) from = ov_mirrors_new(0);
    struct import i = {
        .c = c, .from = from, .note = ov_buf_with_max(OV_ENTRY_MAX)};
    struct ov_diag diag = {.text = ""};
    int code = CLOUD_FAILED;

    if (c->n_words != 2)
        return cloud_say("say the cloud's folder, and the folder or tar file "
                         "to import");
    if (from == NULL || !cloud_open(c, 0))
        return CLOUD_FAILED;
    if (c->trust[0] == '\0')
        return cloud_say("%s is no private cloud: overt-cloud init --private",
                         c->dir);
    if (ov_mirrors_add(from, c->words[1], &diag) != OV_OK)
        return cloud_say("%s: %s", c->words[1], diag.text);
    if (ov_mirrors_need_network(from))
        return cloud_say("a private cloud asks nobody: bring a folder or a tar "
                         "file");
    if (cloud_lock(c) && enter_jail(c, c->words[1]) && import_all(&i)) {
        (void)printf("snapshot %u, delta %llu: %llu files are called bad\n",
                     i.report.epoch, (unsigned long long)i.report.seq,
                     (unsigned long long)i.report.n_bad);
        code = CLOUD_OK;
    }
    ov_buf_done(&i.note);
    return code;
}
