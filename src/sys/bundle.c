/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/bundle.h"

#include <sys/stat.h>
#include <unistd.h>

/* Only headers are read, 512 bytes each; what they say is a name and a length,
 * and the only use of these is to find bytes that others check. So this is the
 * one format that the parent of jailed processes reads.
 *
 * Limits: ustar names (no pax or GNU long names: our trees have none), a
 * million files. Source: POSIX.1-2017, pax, "ustar Interchange Format". */

#define BLOCK 512
#define MAX_FILES 1000000
#define NAME_AT 0
#define NAME_LEN 100
#define SIZE_AT 124
#define SIZE_LEN 12
#define SUM_AT 148
#define SUM_LEN 8
#define TYPE_AT 156
#define MAGIC_AT 257
#define PREFIX_AT 345
#define PREFIX_LEN 155

struct file {
    char *path;
    uint64_t at;
    uint64_t len;
};

struct ov_bundle {
    struct file *files; /* sorted by path; the last of a name counts */
    size_t n;
    size_t cap;
};

/* Octal digits, ended by a blank or NUL. */
static bool read_octal(struct ov_span block, size_t at, size_t len,
                       uint64_t *ret)
{
    uint64_t v = 0;
    size_t n = 0;

    for (; n < len; n++) {
        int c = ov_span_byte(block, at + n);

        if (c < '0' || c > '7')
            break;
        v = v << 3 | (uint64_t)(c - '0');
    }
    *ret = v;
    return n > 0;
}

/* The sum of all bytes, with blanks where it is itself. */
static bool has_right_sum(struct ov_span block)
{
    uint64_t want;
    uint64_t sum = 0;

    for (size_t i = 0; i < BLOCK; i++)
        sum += i >= SUM_AT && i < SUM_AT + SUM_LEN
                   ? ' '
                   : (uint64_t)ov_span_byte(block, i);
    return read_octal(block, SUM_AT, SUM_LEN, &want) && want == sum;
}

static bool is_zero(struct ov_span block)
{
    for (size_t i = 0; i < block.len; i++) {
        if (ov_span_byte(block, i) != 0)
            return false;
    }
    return true;
}

static struct ov_span field(struct ov_span block, size_t at, size_t len)
{
    struct ov_span whole = ov_span_clip(block, at, len);
    size_t end = ov_span_find_byte(whole, 0, 0);

    return ov_span_clip(whole, 0, end < len ? end : len);
}

static void join(const struct ov_span *prefix, struct ov_span name,
                 struct ov_tar_header *h)
{
    size_t n = 0;

    if (prefix->len > 0) {
        memcpy(h->path, prefix->ptr, prefix->len);
        n = prefix->len;
        h->path[n++] = '/';
    }
    if (n == 0 && ov_span_starts(name, OV_SPAN_LIT("./")))
        name = ov_span_clip(name, 2, name.len);
    if (name.len > 0)
        memcpy(h->path + n, name.ptr, name.len);
    h->path[n + name.len] = '\0';
}

enum ov_status ov_tar_header_read(struct ov_span block,
                                  struct ov_tar_header *ret)
{
    struct ov_tar_header h = {0};
    struct ov_span prefix = {0};
    int type = ov_span_byte(block, TYPE_AT);

    if (block.len != BLOCK)
        return OV_TRUNCATED;
    if (is_zero(block))
        return OV_NOT_FOUND;
    if (!has_right_sum(block) ||
        !ov_span_has_at(block, MAGIC_AT, OV_SPAN_LIT("ustar")) ||
        !read_octal(block, SIZE_AT, SIZE_LEN, &h.len))
        return OV_MALFORMED;
    /* GNU's own magic has a blank here, and no prefix. */
    if (ov_span_byte(block, MAGIC_AT + 5) == 0)
        prefix = field(block, PREFIX_AT, PREFIX_LEN);
    if (type == '0' || type == 0)
        join(&prefix, field(block, NAME_AT, NAME_LEN), &h);
    *ret = h;
    return OV_OK;
}

void ov_bundle_free(struct ov_bundle *b)
{
    if (b == NULL)
        return;
    for (size_t i = 0; i < b->n; i++)
        ov_free(b->files[i].path);
    ov_free(b->files);
    ov_free(b);
}

static enum ov_status add(struct ov_bundle *b, const struct ov_tar_header *h,
                          uint64_t at)
{
    size_t size = strlen(h->path) + 1;
    struct file *f;

    if (b->n == MAX_FILES)
        return OV_LIMIT_COUNT;
    if (b->n == b->cap) {
        size_t cap = b->cap == 0 ? 64 : b->cap * 2;

        f = ov_realloc_array(b->files, cap, sizeof(*f));
        if (f == NULL)
            return OV_NO_MEMORY;
        b->files = f;
        b->cap = cap;
    }
    f = &b->files[b->n];
    *f = (struct file){ov_alloc(size), at, h->len};
    if (f->path == NULL)
        return OV_NO_MEMORY;
    memcpy(f->path, h->path, size);
    b->n++;
    return OV_OK;
}

static int compare(const void *a, const void *b)
{
    const struct file *x = a;
    const struct file *y = b;
    int order = strcmp(x->path, y->path);

    return order != 0 ? order : (x->at > y->at) - (x->at < y->at);
}

static enum ov_status read_headers(struct ov_bundle *b, int fd, uint64_t size)
{
    uint64_t at = 0;

    while (at < size) {
        uint8_t block[BLOCK];
        struct ov_tar_header h;
        ssize_t got = pread(fd, block, sizeof(block), (off_t)at);
        enum ov_status status;

        if (got < 0)
            return OV_IO;
        status = ov_tar_header_read(ov_span_of(block, (size_t)got), &h);
        if (status == OV_NOT_FOUND)
            return OV_OK;
        OV_TRY(status);
        at += BLOCK;
        if (h.len > size - at)
            return OV_TRUNCATED;
        if (h.path[0] != '\0')
            OV_TRY(add(b, &h, at));
        at += (h.len + BLOCK - 1) / BLOCK * BLOCK;
    }
    return OV_OK;
}

enum ov_status ov_bundle_open(int fd, struct ov_bundle **ret)
{
    OV_AUTO(bundle) b = ov_alloc(sizeof(*b));
    struct stat st;

    if (b == NULL)
        return OV_NO_MEMORY;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return OV_IO;
    OV_TRY(read_headers(b, fd, (uint64_t)st.st_size));
    if (b->n > 0)
        qsort(b->files, b->n, sizeof(b->files[0]), compare);
    *ret = OV_STEAL(b);
    return OV_OK;
}

enum ov_status ov_bundle_find(const struct ov_bundle *b, const char *path,
                              uint64_t *ret_at, uint64_t *ret_len)
{
    size_t low = 0;
    size_t high = b->n;

    /* The first that is greater: the last of the name is before it. */
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(b->files[middle].path, path) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || strcmp(b->files[low - 1].path, path) != 0)
        return OV_NOT_FOUND;
    *ret_at = b->files[low - 1].at;
    *ret_len = b->files[low - 1].len;
    return OV_OK;
}
