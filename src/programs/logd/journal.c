/* SPDX-License-Identifier: Apache-2.0 */
#include "journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/reader.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "log/tile.h"
#include "sys/fd.h"
#include "sys/file.h"

/* A folder of segments, each named after its first index (20 digits). A segment
 * is frames, one for each group of entries that was committed at once:
 *
 *     "OVJ1"  u32 length of entries  u64 index of the first  SHA-256  entries
 *
 * in little-endian; the digest is over the first 16 bytes and the entries. The
 * next frame is begun only after the last one is synced, so that a crash can
 * tear nothing but the last frame of the last segment, which was promised to
 * nobody: it is cut off. Anything else that does not fit is damage, and the log
 * does not start. */

#define MAGIC "OVJ1"
#define HEAD 48
#define NAME_LEN 20
#define SEGMENT_FULL ((uint64_t)16 << 20)
#define SEGMENT_MAX ((size_t)48 << 20)
#define MAX_SEGMENTS 4096

/* digest: of the head's first 16 bytes and the entries. */
static enum ov_status frame_digest(struct ov_span head, struct ov_span entries,
                                   uint8_t ret[static OV_DIGEST_MAX])
{
    struct ov_digest_stream *d = NULL;
    enum ov_status s = ov_digest_stream_new(OV_SHA256, &d);

    if (s == OV_OK)
        s = ov_digest_stream_add(d, ov_span_clip(head, 0, 16));
    if (s == OV_OK)
        s = ov_digest_stream_add(d, entries);
    if (s == OV_OK)
        s = ov_digest_stream_end(d, ret);
    ov_digest_stream_free(d);
    return s;
}

/* One whole frame, or false. */
static bool read_frame(struct ov_reader *r, uint64_t index,
                       struct ov_span *ret_entries)
{
    struct ov_span head = ov_read_span(r, HEAD);
    struct ov_reader h = ov_reader_over(head);
    uint8_t digest[OV_DIGEST_MAX];
    uint32_t len;

    if (ov_reader_status(r) != OV_OK ||
        !ov_span_equal(ov_read_span(&h, 4), OV_SPAN_LIT(MAGIC)))
        return false;
    len = ov_read_u32le(&h);
    if (ov_read_u64le(&h) != index)
        return false;
    *ret_entries = ov_read_span(r, len);
    return ov_reader_status(r) == OV_OK &&
           frame_digest(head, *ret_entries, digest) == OV_OK &&
           memcmp(digest, head.ptr + 16, 32) == 0;
}

struct replay {
    uint64_t from; /* entries below are in the tree */
    uint64_t next;
    enum ov_status (*give)(void *data, struct ov_span entry);
    void *data;
};

static enum ov_status replay_entries(struct replay *p, struct ov_span entries)
{
    struct ov_reader r = ov_reader_over(entries);

    while (ov_reader_more(&r)) {
        struct ov_span entry = ov_bundle_read(&r);

        OV_TRY(ov_reader_status(&r));
        if (p->next >= p->from)
            OV_TRY(p->give(p->data, entry));
        p->next++;
    }
    return OV_OK;
}

/* Replays one segment; ret_len: how much of it is whole. */
static enum ov_status replay_segment(struct replay *p, struct ov_span bytes,
                                     size_t *ret_len)
{
    struct ov_reader r = ov_reader_over(bytes);
    struct ov_span entries;
    size_t whole = 0;

    while (ov_reader_more(&r) && read_frame(&r, p->next, &entries)) {
        OV_TRY(replay_entries(p, entries));
        whole = r.at;
    }
    *ret_len = whole;
    return OV_OK;
}

static bool segment_path(const struct journal *j, uint64_t start,
                         char ret[static JOURNAL_PATH_MAX])
{
    int n = snprintf(ret, JOURNAL_PATH_MAX, "%s/%020" PRIu64, j->path, start);

    return n > 0 && n < JOURNAL_PATH_MAX;
}

/* The segments' first indices, rising. */
static enum ov_status list_segments(const struct journal *j, uint64_t *ret,
                                    size_t *ret_n)
{
    DIR *d = opendir(j->path);
    const struct dirent *e;
    size_t n = 0;

    if (d == NULL)
        return OV_IO;
    while ((e = readdir(d)) != NULL) {
        uint64_t start;
        size_t at;

        if (strlen(e->d_name) != NAME_LEN ||
            !ov_parse_uint(ov_span_str(e->d_name), OV_MERKLE_MAX_SIZE, &start))
            continue;
        if (n == MAX_SEGMENTS) {
            (void)closedir(d);
            return OV_LIMIT_COUNT;
        }
        for (at = n; at > 0 && ret[at - 1] > start; at--)
            ret[at] = ret[at - 1];
        ret[at] = start;
        n++;
    }
    (void)closedir(d);
    *ret_n = n;
    return OV_OK;
}

static enum ov_status cut_off(const char *path, size_t len)
{
    OV_AUTO_FD fd = open(path, O_RDWR | O_CLOEXEC);

    return fd >= 0 && ftruncate(fd, (off_t)len) == 0 && fsync(fd) == 0 ? OV_OK
                                                                       : OV_IO;
}

/* The whole segments that begin at starts[i]; the last may have a torn end. */
static enum ov_status replay_all(struct journal *j, struct replay *p,
                                 const uint64_t *starts, size_t n,
                                 struct ov_diag *diag)
{
    size_t first = 0;

    /* Those that end at or below from are to be trimmed. */
    while (first + 1 < n && starts[first + 1] <= p->from)
        first++;
    if (n > 0 && starts[first] <= p->from)
        p->next = starts[first];
    for (size_t i = first; i < n; i++) {
        OV_AUTO_DONE(buf) b = ov_buf_with_max(SEGMENT_MAX);
        char path[JOURNAL_PATH_MAX];
        size_t whole = 0;

        if (starts[i] != p->next)
            return ov_diag_set(diag, OV_MALFORMED, 0,
                               "%s: entries from %" PRIu64 " on are missing",
                               j->path, p->next);
        if (!segment_path(j, starts[i], path))
            return OV_USAGE;
        OV_TRY(ov_file_read(path, &b));
        OV_TRY(replay_segment(p, ov_buf_span(&b), &whole));
        if (whole == b.len)
            continue;
        if (i + 1 < n || b.len - whole > JOURNAL_MAX_FRAME + HEAD)
            return ov_diag_set(diag, OV_MALFORMED, 0,
                               "%s is damaged behind entry %" PRIu64, path,
                               p->next);
        OV_TRY(cut_off(path, whole));
    }
    return OV_OK;
}

/* The segment for what comes next. */
static enum ov_status begin_segment(struct journal *j)
{
    char path[JOURNAL_PATH_MAX];
    struct stat st;

    if (!segment_path(j, j->next, path))
        return OV_USAGE;
    OV_AUTO_FD fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || fstat(fd, &st) != 0 || fsync(fd) != 0 ||
        ov_folder_sync(path) != OV_OK)
        return OV_IO;
    journal_close(j);
    j->fd = ov_fd_steal(&fd);
    j->start = j->next;
    j->len = (uint64_t)st.st_size; /* empty: no frame begins above next */
    return OV_OK;
}

enum ov_status journal_open(struct journal *j, const char *path, uint64_t from,
                            enum ov_status (*give)(void *data,
                                                   struct ov_span entry),
                            void *data, struct ov_diag *diag)
{
    struct replay p = {.from = from, .next = from, .give = give, .data = data};
    uint64_t *starts OV_AUTO_PTR = ov_alloc_array(MAX_SEGMENTS, 8);
    enum ov_status s;
    size_t n;

    *j = (struct journal){.fd = -1};
    if (starts == NULL)
        return OV_NO_MEMORY;
    if (snprintf(j->path, sizeof(j->path), "%s", path) >= JOURNAL_PATH_MAX)
        return ov_diag_set(diag, OV_USAGE, 0, "the path is too long");
    if ((mkdir(path, 0700) != 0 && errno != EEXIST) ||
        ov_folder_sync(path) != OV_OK || list_segments(j, starts, &n) != OV_OK)
        return ov_diag_set(diag, OV_IO, 0, "%s: %s", path, strerror(errno));
    s = replay_all(j, &p, starts, n, diag);
    if (s == OV_OK) {
        j->next = p.next > from ? p.next : from;
        s = begin_segment(j);
    }
    if (s != OV_OK && s != OV_MALFORMED)
        return ov_diag_set(diag, s, 0, "%s: %s", path, ov_status_name(s));
    return s;
}

void journal_close(struct journal *j)
{
    if (j->fd >= 0)
        (void)!close(j->fd); /* all of it is synced */
    j->fd = -1;
}

static enum ov_status write_at(int fd, struct ov_span bytes, uint64_t at)
{
    while (bytes.len > 0) {
        ssize_t put = pwrite(fd, bytes.ptr, bytes.len, (off_t)at);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return OV_IO;
        at += (uint64_t)put;
        bytes = ov_span_clip(bytes, (size_t)put, bytes.len);
    }
    return OV_OK;
}

static enum ov_status write_frame(struct journal *j, struct ov_span entries)
{
    OV_AUTO_DONE(buf) head = ov_buf_with_max(HEAD);
    uint8_t digest[OV_DIGEST_MAX];

    ov_put_str(&head, MAGIC);
    ov_put_u32(&head, (uint32_t)entries.len);
    ov_put_u64(&head, j->next);
    OV_TRY(ov_buf_status(&head));
    OV_TRY(frame_digest(ov_buf_span(&head), entries, digest));
    ov_put_span(&head, ov_span_of(digest, 32));
    OV_TRY(ov_buf_status(&head));
    OV_TRY(write_at(j->fd, ov_buf_span(&head), j->len));
    return write_at(j->fd, entries, j->len + HEAD);
}

enum ov_status journal_append(struct journal *j, struct ov_span entries,
                              uint64_t n)
{
    enum ov_status s;

    if (j->is_broken || entries.len > JOURNAL_MAX_FRAME)
        return OV_USAGE;
    if (j->len >= SEGMENT_FULL)
        OV_TRY(begin_segment(j));
    s = write_frame(j, entries);
    if (s != OV_OK) {
        /* A full disk: the torn frame goes, or nothing may follow it. */
        j->is_broken = ftruncate(j->fd, (off_t)j->len) != 0;
        return s;
    }
    if (fdatasync(j->fd) != 0) {
        /* What is on disk now is not known, and asking again does not tell. */
        j->is_broken = true;
        return OV_IO;
    }
    j->len += HEAD + entries.len;
    j->next += n;
    return OV_OK;
}

void journal_trim(struct journal *j, uint64_t size)
{
    uint64_t *starts OV_AUTO_PTR = ov_alloc_array(MAX_SEGMENTS, 8);
    char path[JOURNAL_PATH_MAX];
    size_t n;

    if (starts == NULL || list_segments(j, starts, &n) != OV_OK)
        return; /* another time */
    for (size_t i = 0; i + 1 < n; i++) {
        if (starts[i + 1] <= size && segment_path(j, starts[i], path))
            (void)!unlink(path); /* what stays is skipped at the next start */
    }
}
