/* SPDX-License-Identifier: Apache-2.0
 *
 * Containers that libarchive reads: tar, cpio, ar, 7z, rar, cab, ISO 9660, lha,
 * warc, rpm, and streams of lz4 and compress.
 *
 * The library reads from memory (so it can seek, which 7z and ISO need), is
 * given exactly the reader that the type asks for (never a filter that would
 * start a program), and hands out blocks that we copy within the budget. Holes
 * of sparse members become zeros, counted like other bytes. Members that were
 * not read are read past in counted blocks, since in solid archives skipping
 * costs as much as unpacking. Only regular files are members.
 *
 * Limits: what libarchive does not do, such as passwords of 7z and rar
 * (OV_ENCRYPTED), or several volumes. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>

#include "formats/codec.h"
#include "formats/unpacker.h"

/* Headers of directories, links and so on in a row: work, but no members. */
#define STEPS_PER_HEADER 1000
#define BLOCKS_WITHOUT_BYTES 64

typedef int (*support)(struct archive *a);

struct kind {
    support format;
    support filters[5];
};

/* What came of asking the library for a block. */
struct block {
    enum ov_status status;
    struct ov_span bytes; /* none at the member's end */
    uint64_t at;
};

struct archive_state {
    struct archive *archive;
    struct archive_entry *entry;
    struct ov_budget *budget;
    struct ov_span bytes; /* the container */
    struct block ahead;   /* read, but not used yet, if has_ahead */
    bool has_ahead;
    uint64_t data_at; /* bytes of the current member, read or skipped */
    bool is_in_member;
    bool is_encrypted;
    bool is_over;
    bool has_holes; /* offsets of blocks count, and gaps are zeros */
};

/* An rpm is a cpio archive, compressed, behind headers of its own. */
#define RPM_FILTERS                                                            \
    {                                                                          \
        archive_read_support_filter_rpm, archive_read_support_filter_gzip,     \
            archive_read_support_filter_xz, archive_read_support_filter_zstd,  \
            archive_read_support_filter_bzip2                                  \
    }

static int support_rar(struct archive *a)
{
    int result = archive_read_support_format_rar(a);

    return result == ARCHIVE_OK ? archive_read_support_format_rar5(a) : result;
}

/* The archive readers are functions, and a table of all types would hold
 * mostly nothing. */
static struct kind kind_of(enum ov_type type)
{
    static const struct {
        enum ov_type type;
        struct kind kind;
    } kinds[] = {
        {OV_TYPE_RAR, {support_rar, {NULL}}},
        {OV_TYPE_RARSFX, {support_rar, {NULL}}},
        {OV_TYPE_7Z, {archive_read_support_format_7zip, {NULL}}},
        {OV_TYPE_7ZSFX, {archive_read_support_format_7zip, {NULL}}},
        {OV_TYPE_CPIO_OLD, {archive_read_support_format_cpio, {NULL}}},
        {OV_TYPE_CPIO_ODC, {archive_read_support_format_cpio, {NULL}}},
        {OV_TYPE_CPIO_NEWC, {archive_read_support_format_cpio, {NULL}}},
        {OV_TYPE_CPIO_CRC, {archive_read_support_format_cpio, {NULL}}},
        {OV_TYPE_AR, {archive_read_support_format_ar, {NULL}}},
        {OV_TYPE_RPM, {archive_read_support_format_cpio, RPM_FILTERS}},
        {OV_TYPE_CAB, {archive_read_support_format_cab, {NULL}}},
        {OV_TYPE_CABSFX, {archive_read_support_format_cab, {NULL}}},
        {OV_TYPE_ISO9660, {archive_read_support_format_iso9660, {NULL}}},
        {OV_TYPE_LHA, {archive_read_support_format_lha, {NULL}}},
        {OV_TYPE_WARC, {archive_read_support_format_warc, {NULL}}},
        {OV_TYPE_LZ4,
         {archive_read_support_format_raw, {archive_read_support_filter_lz4}}},
        {OV_TYPE_COMPRESS,
         {archive_read_support_format_raw,
          {archive_read_support_filter_compress}}},
    };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
        if (kinds[i].type == type)
            return kinds[i].kind;
    return (struct kind){archive_read_support_format_tar, {NULL}};
}

static void free_archive(void *state)
{
    struct archive_state *s = state;

    if (s->archive != NULL)
        (void)archive_read_free(s->archive);
    ov_free(s);
}

/* Why the library stopped. */
static enum ov_status status_of(const struct archive_state *s, int result)
{
    int error = archive_errno(s->archive);

    if (error == ENOMEM)
        return OV_NO_MEMORY;
    if (archive_read_has_encrypted_entries(s->archive) > 0)
        return OV_ENCRYPTED;
    return result == ARCHIVE_EOF ? OV_TRUNCATED : OV_MALFORMED;
}

static enum ov_status prepare(struct archive_state *s, enum ov_type type,
                              struct ov_span bytes)
{
    struct kind kind = kind_of(type);
    size_t n = sizeof(kind.filters) / sizeof(*kind.filters);

    s->archive = archive_read_new();
    if (s->archive == NULL || kind.format(s->archive) != ARCHIVE_OK)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < n && kind.filters[i] != NULL; i++)
        if (kind.filters[i](s->archive) != ARCHIVE_OK)
            return OV_NO_MEMORY;
    if (archive_read_open_memory(s->archive, bytes.ptr, bytes.len) !=
        ARCHIVE_OK)
        return OV_MALFORMED;
    return OV_OK;
}

static enum ov_status open_archive(const struct ov_unpack_job *job,
                                   void **ret_state)
{
    struct archive_state *s = ov_alloc(sizeof(*s));
    enum ov_status status;

    if (s == NULL)
        return OV_NO_MEMORY;
    s->budget = job->budget;
    s->bytes = job->bytes;
    /* Other readers' offsets don't start at 0 with each member. */
    s->has_holes = job->type == OV_TYPE_TAR || job->type == OV_TYPE_OLD_TAR;
    status = prepare(s, job->type, job->bytes);
    if (status != OV_OK) {
        free_archive(s);
        return status;
    }
    *ret_state = s;
    return OV_OK;
}

/* The next block of the current member: OV_OK and len 0 at its end. Blocks
 * without bytes are passed over, but not forever. */
static enum ov_status pull_block(struct archive_state *s,
                                 struct ov_span *ret_block, uint64_t *ret_at)
{
    for (int i = 0; i < BLOCKS_WITHOUT_BYTES; i++) {
        const void *block = NULL;
        size_t len = 0;
        la_int64_t at = 0;
        int result = archive_read_data_block(s->archive, &block, &len, &at);

        if (result == ARCHIVE_EOF)
            len = 0;
        else if (result != ARCHIVE_OK && result != ARCHIVE_WARN)
            return status_of(s, result);
        if (len == 0 && result != ARCHIVE_EOF)
            continue;
        *ret_block = ov_span_of(block, len);
        *ret_at = at < 0 ? 0 : (uint64_t)at;
        return ov_budget_spend(s->budget, OV_COST_STEPS, len);
    }
    return OV_MALFORMED;
}

static enum ov_status next_block(struct archive_state *s,
                                 struct ov_span *ret_block, uint64_t *ret_at)
{
    if (!s->has_ahead)
        return pull_block(s, ret_block, ret_at);
    s->has_ahead = false;
    *ret_block = s->ahead.bytes;
    *ret_at = s->ahead.at;
    return s->ahead.status;
}

/* Past what was not read of the current member. */
static enum ov_status finish_member(struct archive_state *s)
{
    struct ov_span block;
    uint64_t at;

    while (s->is_in_member) {
        enum ov_status status = next_block(s, &block, &at);

        if (ov_status_class(status) == OV_CLASS_LIMIT)
            return status;
        s->is_in_member = status == OV_OK && block.len > 0;
    }
    return OV_OK;
}

static void describe(struct archive_state *s, struct ov_member *ret)
{
    const char *name = archive_entry_pathname_utf8(s->entry);
    la_int64_t size = archive_entry_size(s->entry);

    if (name == NULL)
        name = archive_entry_pathname(s->entry);
    if (name != NULL)
        ret->name = ov_span_str(name);
    if (archive_entry_size_is_set(s->entry) && size >= 0)
        ret->real_size = (uint64_t)size;
    ret->is_encrypted = archive_entry_is_data_encrypted(s->entry) != 0;
    s->is_encrypted = ret->is_encrypted;
    s->data_at = 0;
    s->has_ahead = false;
    s->is_in_member = true;
}

/* A container whose list of members is encrypted is one encrypted member. */
static enum ov_status give_sealed(struct archive_state *s,
                                  struct ov_member *ret)
{
    s->is_over = true;
    s->is_encrypted = true;
    ret->is_encrypted = true;
    return OV_OK;
}

static enum ov_status next_archive(void *state, struct ov_member *ret)
{
    struct archive_state *s = state;

    OV_TRY(finish_member(s));
    while (!s->is_over) {
        int result = archive_read_next_header(s->archive, &s->entry);

        OV_TRY(ov_budget_spend(s->budget, OV_COST_STEPS, STEPS_PER_HEADER));
        if (result == ARCHIVE_EOF)
            break;
        if (result == ARCHIVE_RETRY)
            continue;
        if (result != ARCHIVE_OK && result != ARCHIVE_WARN) {
            enum ov_status status = status_of(s, result);

            return status == OV_ENCRYPTED ? give_sealed(s, ret) : status;
        }
        if (archive_entry_filetype(s->entry) == AE_IFDIR ||
            archive_entry_filetype(s->entry) == AE_IFLNK)
            continue;
        describe(s, ret);
        return OV_OK;
    }
    ret->is_end = true;
    return OV_OK;
}

static enum ov_status read_archive(void *state, struct ov_buf *into)
{
    struct archive_state *s = state;

    if (s->is_over)
        return OV_ENCRYPTED;
    while (s->is_in_member) {
        struct ov_span block;
        uint64_t at;
        enum ov_status status = next_block(s, &block, &at);

        if (status != OV_OK || block.len == 0)
            s->is_in_member = false;
        if (status == OV_MALFORMED && s->is_encrypted)
            return OV_ENCRYPTED;
        OV_TRY(status);
        if (s->has_holes && at > s->data_at)
            OV_TRY(ov_produce_zeros(into, s->budget, at - s->data_at));
        OV_TRY(ov_produce(into, s->budget, block));
        s->data_at = at + block.len;
    }
    return OV_OK;
}

/* Whether block is a part of the container itself, not made by a decoder. */
static bool is_within(struct ov_span all, struct ov_span block)
{
    uintptr_t from = (uintptr_t)all.ptr;
    uintptr_t at = (uintptr_t)block.ptr;

    return at >= from && at - from <= all.len &&
           block.len <= all.len - (at - from);
}

/* A member of a tar, cpio or ar is one block of it. */
static bool lend_archive(void *state, struct ov_span *ret)
{
    struct archive_state *s = state;
    const struct block *b = &s->ahead;

    if (s->is_over || !s->is_in_member || s->is_encrypted)
        return false;
    s->ahead.bytes = (struct ov_span){NULL, 0};
    s->ahead.status = pull_block(s, &s->ahead.bytes, &s->ahead.at);
    s->has_ahead = true;
    if (b->status != OV_OK || b->bytes.len == 0 ||
        (s->has_holes && b->at != 0) || !archive_entry_size_is_set(s->entry) ||
        (la_int64_t)b->bytes.len != archive_entry_size(s->entry) ||
        !is_within(s->bytes, b->bytes))
        return false;
    *ret = b->bytes;
    return true;
}

const struct ov_unpack_ops ov_unpack_archive = {
    .open = open_archive,
    .next = next_archive,
    .read = read_archive,
    .lend = lend_archive,
    .free = free_archive,
};
