/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/fd.h"
#include "sys/file.h"

/*
 * DIR/journal (docs/protocol-reputation.md, "Journal"), integers big-endian:
 *
 *     0 4 "OVJ1"             batch:  0  4  "OVJB"
 *     4 12 zeros                     4  4  length of what follows the digest
 *    16 .  batches                   8 32  SHA-256 of the digest before (zeros
 *                                          for the first) and what follows
 *                                   40  8  Unix time
 *                                   48  4  n
 *                                   52  2  length of the source
 *                                   54  2  length of the reason
 *                                   56  .  source, reason, n records of
 *                                          hash 32, reputation 1, family 3
 *
 * A batch is written behind the others and synced. If the machine stops in
 * between, what is left is not whole, and the next writer cuts it off. To know
 * whether it is, nobody reads gigabytes: DIR/journal.end, written after each
 * sync, has an offset up to which all is whole, and the digest there. It may be
 * older than the journal, or away, at the price of reading from there on.
 */

#define MAGIC 0x4f564a31U       /* "OVJ1" */
#define BATCH_MAGIC 0x4f564a42U /* "OVJB" */
#define END_MAGIC 0x4f564a45U   /* "OVJE" */
#define BATCH_HEAD 40
#define MAX_BODY                                                               \
    (16 + 2 * JOURNAL_TEXT_MAX + JOURNAL_BATCH_MAX * JOURNAL_RECORD)
#define END_SIZE (4 + 8 + 32)

struct verdict_journal {
    int fd;
    char *end_path;
    bool is_writer;
    uint64_t end;
    uint8_t chain[32]; /* at the end */
    /* of the reader */
    uint64_t read_to; /* read_chain is that of here */
    uint8_t read_chain[32];
    uint8_t *batch; /* BATCH_HEAD + MAX_BODY */
};

void journal_close(struct verdict_journal *j)
{
    if (j == NULL)
        return;
    ov_fd_cleanup(&j->fd);
    ov_free(j->end_path);
    ov_free(j->batch);
    ov_free(j);
}

uint64_t journal_end(const struct verdict_journal *j)
{
    return j->end;
}

/* ---- reading ---- */

static enum ov_status parse_body(struct ov_span body, struct journal_batch *ret)
{
    struct ov_reader r = ov_reader_over(body);
    struct journal_batch b = {.time = ov_read_u64be(&r)};
    size_t source;
    size_t why;

    b.n = ov_read_u32be(&r);
    source = ov_read_u16be(&r);
    why = ov_read_u16be(&r);
    b.source = ov_read_span(&r, source);
    b.why = ov_read_span(&r, why);
    b.records = ov_read_span(&r, (uint64_t)b.n * JOURNAL_RECORD);
    OV_TRY(ov_reader_end(&r));
    if (b.n == 0 || b.n > JOURNAL_BATCH_MAX)
        return OV_MALFORMED;
    *ret = b;
    return OV_OK;
}

static enum ov_status chain_over(const uint8_t before[static 32],
                                 struct ov_span body, uint8_t ret[static 32])
{
    struct ov_digest_stream *d = NULL;
    enum ov_status s;

    OV_TRY(ov_digest_stream_new(OV_SHA256, &d));
    s = ov_digest_stream_add(d, ov_span_of(before, 32));
    if (s == OV_OK)
        s = ov_digest_stream_add(d, body);
    if (s == OV_OK)
        s = ov_digest_stream_end(d, ret);
    ov_digest_stream_free(d);
    return s;
}

static enum ov_status read_bytes(struct verdict_journal *j, uint64_t at,
                                 uint8_t *to, size_t len)
{
    size_t got;

    OV_TRY(ov_read_at(j->fd, at, to, len, &got));
    return got == len ? OV_OK : OV_TRUNCATED;
}

/* The batch at `at`, whose predecessor's digest is known or is not compared. */
static enum ov_status read_batch(struct verdict_journal *j, uint64_t at,
                                 const uint8_t *before,
                                 struct journal_batch *ret, uint64_t *ret_next)
{
    struct ov_reader head = ov_reader_over(ov_span_of(j->batch, BATCH_HEAD));
    struct ov_span body;
    uint8_t digest[32];
    uint32_t len;

    OV_TRY(read_bytes(j, at, j->batch, BATCH_HEAD));
    if (ov_read_u32be(&head) != BATCH_MAGIC)
        return OV_MALFORMED;
    len = ov_read_u32be(&head);
    if (len > MAX_BODY)
        return OV_MALFORMED;
    OV_TRY(read_bytes(j, at + BATCH_HEAD, j->batch + BATCH_HEAD, len));
    body = ov_span_of(j->batch + BATCH_HEAD, len);
    if (before != NULL) {
        OV_TRY(chain_over(before, body, digest));
        if (memcmp(digest, j->batch + 8, 32) != 0)
            return OV_BAD_DIGEST;
    }
    OV_TRY(parse_body(body, ret));
    *ret_next = at + BATCH_HEAD + len;
    return OV_OK;
}

enum ov_status journal_read(struct verdict_journal *j, uint64_t *at,
                            struct journal_batch *ret)
{
    bool is_known = *at == JOURNAL_START || *at == j->read_to;
    uint64_t next;

    if (*at >= j->end)
        return OV_NOT_FOUND;
    if (*at == JOURNAL_START)
        memset(j->read_chain, 0, sizeof(j->read_chain));
    OV_TRY(read_batch(j, *at, is_known ? j->read_chain : NULL, ret, &next));
    memcpy(j->read_chain, j->batch + 8, 32);
    j->read_to = next;
    *at = next;
    return OV_OK;
}

void journal_at(const struct journal_batch *b, size_t n,
                struct journal_verdict *ret)
{
    struct ov_reader r = ov_reader_over(
        ov_span_clip(b->records, (uint64_t)n * JOURNAL_RECORD, JOURNAL_RECORD));
    struct ov_span hash = ov_read_span(&r, 32);

    if (hash.len == 32)
        memcpy(ret->hash, hash.ptr, 32);
    ret->reputation = ov_read_u8(&r);
    ret->family = ov_read_u24be(&r);
}

/* ---- opening ---- */

/* What journal.end says, if it can be true; else the beginning. */
static void read_end(struct verdict_journal *j, uint64_t size)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max((size_t)1 << 20);
    struct ov_reader r;
    struct ov_span chain;
    uint64_t end;

    j->end = JOURNAL_START;
    if (ov_file_read(j->end_path, &b) != OV_OK)
        return;
    r = ov_reader_over(ov_buf_span(&b));
    ov_reader_require(&r, ov_read_u32be(&r) == END_MAGIC, OV_MALFORMED);
    end = ov_read_u64be(&r);
    chain = ov_read_span(&r, 32);
    if (ov_reader_end(&r) != OV_OK || end < JOURNAL_START || end > size)
        return;
    j->end = end;
    memcpy(j->chain, chain.ptr, 32);
}

/* Whole batches behind what is known. Something wrong that is not at the end of
 * the file is damage, not a crash. */
static enum ov_status find_end(struct verdict_journal *j, uint64_t size,
                               struct ov_diag *diag)
{
    while (j->end < size) {
        struct journal_batch b;
        uint64_t next;
        enum ov_status s = read_batch(j, j->end, j->chain, &b, &next);

        if (s == OV_IO || s == OV_NO_MEMORY)
            return ov_diag_set(diag, s, 0, "journal: %s", ov_status_name(s));
        if (s != OV_OK) {
            if (size - j->end > BATCH_HEAD + MAX_BODY)
                return ov_diag_set(diag, OV_BAD_DIGEST, 0,
                                   "journal: damaged at byte %llu; restore it",
                                   (unsigned long long)j->end);
            break;
        }
        memcpy(j->chain, j->batch + 8, 32);
        j->end = next;
    }
    if (j->is_writer && j->end < size && ftruncate(j->fd, (off_t)j->end) != 0)
        return ov_diag_set(diag, OV_IO, 0, "journal: %s", strerror(errno));
    return OV_OK;
}

static enum ov_status open_file(struct verdict_journal *j, const char *path,
                                uint64_t *ret_size, struct ov_diag *diag)
{
    static const uint8_t head[JOURNAL_START] = "OVJ1";
    uint8_t found[JOURNAL_START] = {0};
    struct stat st;

    j->fd = open(path, (j->is_writer ? O_RDWR | O_CREAT : O_RDONLY) | O_CLOEXEC,
                 0644);
    if (j->fd < 0 || fstat(j->fd, &st) != 0)
        return ov_diag_set(diag, errno == ENOENT ? OV_NOT_FOUND : OV_IO, 0,
                           "%s: %s", path, strerror(errno));
    if (j->is_writer && st.st_size < JOURNAL_START) {
        if (pwrite(j->fd, head, sizeof(head), 0) != sizeof(head))
            return ov_diag_set(diag, OV_IO, 0, "%s: %s", path, strerror(errno));
        st.st_size = JOURNAL_START;
    }
    if (read_bytes(j, 0, found, sizeof(found)) != OV_OK ||
        memcmp(found, head, sizeof(head)) != 0)
        return ov_diag_set(diag, OV_MALFORMED, 0, "%s: not a journal", path);
    *ret_size = (uint64_t)st.st_size;
    return OV_OK;
}

static char *end_path_of(const char *path)
{
    char *s = ov_alloc(strlen(path) + sizeof(".end"));

    if (s != NULL) {
        memcpy(s, path, strlen(path));
        memcpy(s + strlen(path), ".end", sizeof(".end"));
    }
    return s;
}

enum ov_status journal_open(const char *path, bool is_writer,
                            struct verdict_journal **ret, struct ov_diag *diag)
{
    struct verdict_journal *j = ov_alloc(sizeof(*j));
    enum ov_status s = OV_NO_MEMORY;
    uint64_t size;

    if (j == NULL)
        return ov_diag_set(diag, OV_NO_MEMORY, 0, "out of memory");
    j->fd = -1;
    j->is_writer = is_writer;
    j->end_path = end_path_of(path);
    j->batch = ov_alloc(BATCH_HEAD + MAX_BODY);
    if (j->end_path != NULL && j->batch != NULL)
        s = open_file(j, path, &size, diag);
    if (s == OV_OK) {
        read_end(j, size);
        s = find_end(j, size, diag);
    }
    if (s != OV_OK) {
        journal_close(j);
        return s;
    }
    *ret = j;
    return OV_OK;
}

/* ---- adding ---- */

static void put_body(struct ov_buf *b, uint64_t time, struct ov_span source,
                     struct ov_span why, size_t n)
{
    ov_put_u64be(b, time);
    ov_put_u32be(b, (uint32_t)n);
    ov_put_u16be(b, (uint16_t)source.len);
    ov_put_u16be(b, (uint16_t)why.len);
    ov_put_span(b, source);
    ov_put_span(b, why);
}

enum ov_status journal_add(struct verdict_journal *j, uint64_t time,
                           struct ov_span source, struct ov_span why,
                           const struct journal_verdict *verdicts, size_t n)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(BATCH_HEAD + MAX_BODY);
    uint8_t digest[32];
    struct ov_span body;

    if (n == 0 || n > JOURNAL_BATCH_MAX || source.len > JOURNAL_TEXT_MAX ||
        why.len > JOURNAL_TEXT_MAX)
        return OV_USAGE;
    if (ov_buf_room(&b, BATCH_HEAD + 16 + source.len + why.len +
                            n * JOURNAL_RECORD) == NULL)
        return ov_buf_status(&b);
    ov_buf_added(&b, BATCH_HEAD);
    put_body(&b, time, source, why, n);
    for (size_t i = 0; i < n; i++) {
        ov_put_span(&b, ov_span_of(verdicts[i].hash, 32));
        ov_put_u8(&b, verdicts[i].reputation);
        ov_put_u24be(&b, verdicts[i].family);
    }
    OV_TRY(ov_buf_status(&b));
    body = ov_span_clip(ov_buf_span(&b), BATCH_HEAD, b.len);
    OV_TRY(chain_over(j->chain, body, digest));
    b.len = 0;
    ov_put_u32be(&b, BATCH_MAGIC);
    ov_put_u32be(&b, (uint32_t)body.len);
    ov_put_span(&b, ov_span_of(digest, 32));
    b.len += body.len;
    if (lseek(j->fd, (off_t)j->end, SEEK_SET) < 0)
        return OV_IO;
    OV_TRY(ov_write_all(j->fd, ov_buf_span(&b)));
    memcpy(j->chain, digest, 32);
    j->end += b.len;
    return OV_OK;
}

enum ov_status journal_sync(struct verdict_journal *j)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(END_SIZE);
    struct ov_diag diag;

    if (fdatasync(j->fd) != 0)
        return OV_IO;
    ov_put_u32be(&b, END_MAGIC);
    ov_put_u64be(&b, j->end);
    ov_put_span(&b, ov_span_of(j->chain, 32));
    OV_TRY(ov_buf_status(&b));
    return ov_file_replace(j->end_path, ov_buf_span(&b), 0644, &diag);
}
