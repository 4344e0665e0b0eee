/* SPDX-License-Identifier: Apache-2.0 */
#include "host/quarantine_item.h"

#include <errno.h>
#include <sys/random.h>
#include <unistd.h>

#include "sys/fd.h"
#include "sys/file.h"

/*  0  "overt quarantine" and 4 zero bytes
 * 20  u32  length of the sealed metadata
 * 24  32 bytes of salt
 * 56  the sealed metadata: one chunk
 *     the sealed content: chunks of 64 KiB, the last one shorter or empty
 *
 * Two keys are derived from the quarantine's key and the salt, one for metadata
 * and one for the content; the salt is random, so each key is used once. The
 * length in the head is not authenticated: with another one, what follows is
 * not what was sealed. */

#define MAGIC "overt quarantine"
#define CHUNK ((size_t)64 << 10)
#define SEALED (CHUNK + OV_SEAL_TAG)

void quarantine_item_done(struct quarantine_item *i)
{
    ov_fd_cleanup(&i->fd);
    ov_buf_done(&i->plain);
    explicit_bzero(i->content_key, sizeof(i->content_key));
}

enum ov_status quarantine_digest(int fd, uint64_t max,
                                 uint8_t ret[static OV_DIGEST_MAX],
                                 uint64_t *ret_len)
{
    OV_AUTO_PTR uint8_t *chunk = ov_alloc(CHUNK);
    struct ov_digest_stream *d = NULL;
    enum ov_status status = OV_NO_MEMORY;
    uint64_t at = 0;
    size_t got = CHUNK;

    if (chunk != NULL)
        status = ov_digest_stream_new(OV_SHA256, &d);
    while (status == OV_OK && got == CHUNK) {
        status = ov_read_at(fd, at, chunk, CHUNK, &got);
        if (status == OV_OK)
            status = ov_digest_stream_add(d, ov_span_of(chunk, got));
        at += got;
        if (status == OV_OK && at > max)
            status = OV_LIMIT_SIZE;
    }
    if (status == OV_OK)
        status = ov_digest_stream_end(d, ret);
    ov_digest_stream_free(d);
    if (status == OV_OK)
        *ret_len = at;
    return status;
}

/* ---- head and metadata ---- */

static enum ov_status derive(const uint8_t key[static OV_SEAL_KEY],
                             const struct quarantine_head *head,
                             uint8_t ret_meta[static OV_SEAL_KEY],
                             uint8_t ret_content[static OV_SEAL_KEY])
{
    OV_TRY(
        ov_seal_derive(key, head->salt, "overt quarantine metadata", ret_meta));
    return ov_seal_derive(key, head->salt, "overt quarantine content",
                          ret_content);
}

enum ov_status quarantine_read_head(struct ov_span bytes,
                                    struct quarantine_head *ret)
{
    struct ov_reader r = ov_reader_over(bytes);
    struct quarantine_head head;
    struct ov_span magic = ov_read_span(&r, sizeof(MAGIC) - 1);
    struct ov_span salt;

    ov_reader_require(&r, ov_span_equal(magic, OV_SPAN_LIT(MAGIC)),
                      OV_MALFORMED);
    ov_reader_require(&r, ov_read_u32le(&r) == 0, OV_UNSUPPORTED);
    head.meta_len = ov_read_u32le(&r);
    ov_reader_require(&r,
                      head.meta_len > OV_SEAL_TAG &&
                          head.meta_len <= QUARANTINE_META_MAX + OV_SEAL_TAG,
                      OV_MALFORMED);
    salt = ov_read_span(&r, sizeof(head.salt));
    OV_TRY(ov_reader_status(&r));
    memcpy(head.salt, salt.ptr, sizeof(head.salt));
    *ret = head;
    return OV_OK;
}

static void put_head(struct ov_buf *b, const struct quarantine_head *head)
{
    ov_put_str(b, MAGIC);
    ov_put_u32(b, 0);
    ov_put_u32(b, head->meta_len);
    ov_put_span(b, ov_span_of(head->salt, sizeof(head->salt)));
}

/* ---- content ---- */

/* Both ways: reads chunks, has each changed, writes it. */
struct copy {
    struct ov_seal *seal;
    struct ov_digest_stream *digest; /* of the plain bytes */
    uint8_t *plain;                  /* CHUNK */
    uint8_t *sealed;                 /* SEALED */
};

static void copy_done(struct copy *c)
{
    ov_seal_free(c->seal);
    ov_digest_stream_free(c->digest);
    if (c->plain != NULL)
        explicit_bzero(c->plain, CHUNK);
    ov_free(c->plain);
    ov_free(c->sealed);
}

static enum ov_status copy_begin(struct copy *c,
                                 const uint8_t key[static OV_SEAL_KEY])
{
    c->plain = ov_alloc(CHUNK);
    c->sealed = ov_alloc(SEALED);
    if (c->plain == NULL || c->sealed == NULL)
        return OV_NO_MEMORY;
    OV_TRY(ov_digest_stream_new(OV_SHA256, &c->digest));
    return ov_seal_new(key, &c->seal);
}

/* OV_MISMATCH: not the bytes that were announced. */
static enum ov_status copy_end(struct copy *c, const struct quarantine_meta *m,
                               uint64_t len)
{
    uint8_t digest[OV_DIGEST_MAX];

    OV_TRY(ov_digest_stream_end(c->digest, digest));
    return len == m->size && memcmp(digest, m->digest, sizeof(digest)) == 0
               ? OV_OK
               : OV_MISMATCH;
}

static enum ov_status seal_content(struct copy *c, int to, int from,
                                   uint64_t *ret_len)
{
    uint64_t at = 0;
    size_t got;

    do {
        OV_TRY(ov_read_at(from, at, c->plain, CHUNK, &got));
        at += got;
        OV_TRY(ov_digest_stream_add(c->digest, ov_span_of(c->plain, got)));
        OV_TRY(ov_seal_put(c->seal, ov_span_of(c->plain, got),
                           got == CHUNK ? OV_SEAL_MORE : OV_SEAL_LAST,
                           c->sealed));
        OV_TRY(ov_write_all(to, ov_span_of(c->sealed, got + OV_SEAL_TAG)));
    } while (got == CHUNK);
    *ret_len = at;
    return OV_OK;
}

static enum ov_status open_content(struct copy *c, int to, int from,
                                   uint64_t at, uint64_t *ret_len)
{
    uint64_t len = 0;
    size_t got;

    do {
        OV_TRY(ov_read_at(from, at, c->sealed, SEALED, &got));
        if (got < OV_SEAL_TAG)
            return OV_TRUNCATED;
        at += got;
        OV_TRY(ov_seal_get(c->seal, ov_span_of(c->sealed, got),
                           got == SEALED ? OV_SEAL_MORE : OV_SEAL_LAST,
                           c->plain));
        OV_TRY(ov_digest_stream_add(c->digest,
                                    ov_span_of(c->plain, got - OV_SEAL_TAG)));
        OV_TRY(ov_write_all(to, ov_span_of(c->plain, got - OV_SEAL_TAG)));
        len += got - OV_SEAL_TAG;
    } while (got == SEALED);
    *ret_len = len;
    return OV_OK;
}

/* ---- items ---- */

static enum ov_status write_item(int to, const uint8_t key[static OV_SEAL_KEY],
                                 const struct quarantine_meta *meta, int from,
                                 uint8_t keys[static 2 * OV_SEAL_KEY])
{
    OV_AUTO_DONE(buf) plain = ov_buf_with_max(QUARANTINE_META_MAX);
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(QUARANTINE_META_MAX + 4096);
    __attribute__((cleanup(copy_done))) struct copy copy = {.plain = NULL};
    struct quarantine_head head;
    uint64_t len;

    quarantine_put_meta(&plain, meta);
    OV_TRY(ov_buf_status(&plain));
    head.meta_len = (uint32_t)(plain.len + OV_SEAL_TAG);
    if (getrandom(head.salt, sizeof(head.salt), 0) !=
        (ssize_t)sizeof(head.salt))
        return OV_IO;
    OV_TRY(derive(key, &head, keys, keys + OV_SEAL_KEY));
    put_head(&bytes, &head);
    OV_TRY(ov_put_sealed(&bytes, keys, ov_buf_span(&plain)));
    OV_TRY(ov_write_all(to, ov_buf_span(&bytes)));
    OV_TRY(copy_begin(&copy, keys + OV_SEAL_KEY));
    OV_TRY(seal_content(&copy, to, from, &len));
    return copy_end(&copy, meta, len);
}

enum ov_status quarantine_item_write(int to,
                                     const uint8_t key[static OV_SEAL_KEY],
                                     const struct quarantine_meta *meta,
                                     int from)
{
    uint8_t keys[2 * OV_SEAL_KEY];
    enum ov_status status = write_item(to, key, meta, from, keys);

    explicit_bzero(keys, sizeof(keys));
    return status;
}

static enum ov_status read_item(struct quarantine_item *i,
                                const uint8_t key[static OV_SEAL_KEY],
                                uint8_t meta_key[static OV_SEAL_KEY])
{
    OV_AUTO_DONE(buf) sealed = ov_buf_with_max(QUARANTINE_META_MAX + 4096);
    uint8_t first[QUARANTINE_HEAD_LEN];
    struct quarantine_head head;
    uint8_t *room;
    size_t got;

    OV_TRY(ov_read_at(i->fd, 0, first, sizeof(first), &got));
    OV_TRY(quarantine_read_head(ov_span_of(first, got), &head));
    room = ov_buf_room(&sealed, head.meta_len);
    if (room == NULL)
        return ov_buf_status(&sealed);
    OV_TRY(ov_read_at(i->fd, sizeof(first), room, head.meta_len, &got));
    if (got != head.meta_len)
        return OV_TRUNCATED;
    OV_TRY(derive(key, &head, meta_key, i->content_key));
    OV_TRY(ov_put_opened(&i->plain, meta_key, ov_span_of(room, got)));
    i->content_at = sizeof(first) + got;
    return quarantine_read_meta(ov_buf_span(&i->plain), &i->meta);
}

enum ov_status quarantine_item_open(int fd,
                                    const uint8_t key[static OV_SEAL_KEY],
                                    struct quarantine_item *ret)
{
    struct quarantine_item i = {.fd = fd,
                                .plain = ov_buf_with_max(QUARANTINE_META_MAX)};
    uint8_t meta_key[OV_SEAL_KEY];
    enum ov_status status = read_item(&i, key, meta_key);

    explicit_bzero(meta_key, sizeof(meta_key));
    if (status == OV_OK)
        *ret = i;
    else
        quarantine_item_done(&i);
    return status;
}

enum ov_status quarantine_item_read(const struct quarantine_item *i, int to)
{
    __attribute__((cleanup(copy_done))) struct copy copy = {.plain = NULL};
    enum ov_status status;
    uint64_t len;

    OV_TRY(copy_begin(&copy, i->content_key));
    OV_TRY(open_content(&copy, to, i->fd, i->content_at, &len));
    status = copy_end(&copy, &i->meta, len);
    return status == OV_MISMATCH ? OV_BAD_DIGEST : status;
}
