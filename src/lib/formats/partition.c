/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/partition.h"

#include <libdeflate.h>

#include "base/reader.h"
#include "formats/alert.h"
#include "formats/codec.h"
#include "formats/unpacker.h"

/* Disk images: which partitions they have, by a master boot record with its
 * chain of extended ones, a GUID partition table (the second copy if the first
 * is damaged) or Apple's partition map. Partitions are members; file systems in
 * them are not read, but what lies in them in one piece is found
 * (formats/embedded.h).
 *
 * Sectors have 512 bytes; Apple's map says what they have.
 *
 * Formats: UEFI specification 5.2.1 (MBR) and 5.3 (GPT); Apple "Inside
 * Macintosh: Devices", 3 (SCSI Manager), "Partition Map". What counts as an
 * intersection: clamscan 1.4.6 (tests/oracle/alerts.py). */

#define SECTOR 512
#define STEPS_PER_ENTRY 200 /* each is compared with those before it */

/* One table: its partitions are compared with each other. */
struct table {
    struct ov_span image;
    struct ov_budget *budget;
    struct ov_partitions *disk;
    size_t first; /* of the disk's parts */
};

static bool crosses(const struct ov_partition *a, const struct ov_partition *b)
{
    return a->at < b->at ? a->at + a->len > b->at : a->at < b->at + b->len;
}

/* Sectors from `from` on; where they are not in the image nothing is added. */
static enum ov_status add_part(struct table *t, uint64_t from, uint64_t n,
                               uint64_t sector)
{
    struct ov_partitions *d = t->disk;
    struct ov_partition part;

    OV_TRY(ov_budget_spend(t->budget, OV_COST_STEPS, STEPS_PER_ENTRY));
    if (__builtin_mul_overflow(from, sector, &part.at) ||
        __builtin_mul_overflow(n, sector, &part.len) ||
        part.at >= t->image.len || part.len > UINT64_MAX - part.at)
        return OV_OK;
    if (d->n == OV_PARTITIONS_MAX) {
        d->is_full = true;
        return OV_OK;
    }
    for (size_t i = t->first; i < d->n; i++)
        d->is_crossing |= crosses(&part, &d->parts[i]);
    d->parts[d->n++] = part;
    return OV_OK;
}

/* ---- master boot records ---- */

#define MBR_TABLE_AT 446
#define MBR_ENTRIES 4
#define MBR_ENTRY_LEN 16
#define MBR_EXTENDED_MAX 64

struct mbr_entry {
    uint8_t type;
    uint32_t first;
    uint32_t n;
};

static bool read_mbr_entry(struct ov_span image, uint64_t table_at, unsigned i,
                           struct mbr_entry *ret)
{
    struct ov_reader r = ov_reader_over(image);

    ov_reader_seek(&r, table_at + MBR_TABLE_AT + MBR_ENTRY_LEN * i + 4);
    ret->type = ov_read_u8(&r);
    ov_reader_skip(&r, 3);
    ret->first = ov_read_u32le(&r);
    ret->n = ov_read_u32le(&r);
    return ov_reader_status(&r) == OV_OK;
}

static bool is_extended(uint8_t type)
{
    return type == 0x05 || type == 0x0f || type == 0x85;
}

/* The chain of records in an extended partition: each has a partition behind
 * itself, and the next record, counted from where the first is. */
static enum ov_status read_extended(struct table *t, uint64_t base)
{
    uint64_t at = base;

    t->first = t->disk->n;
    for (unsigned n = 0; n < MBR_EXTENDED_MAX; n++) {
        struct mbr_entry part, next;

        if (!ov_span_has_at(t->image, at * SECTOR + 510,
                            OV_SPAN_LIT("\x55\xaa")) ||
            !read_mbr_entry(t->image, at * SECTOR, 0, &part) ||
            !read_mbr_entry(t->image, at * SECTOR, 1, &next))
            return OV_OK;
        if (part.type != 0)
            OV_TRY(add_part(t, at + part.first, part.n, SECTOR));
        if (!is_extended(next.type) || next.first == 0)
            return OV_OK;
        at = base + next.first;
    }
    t->disk->is_full = true;
    return OV_OK;
}

/* An extended partition shares no bytes with others, but is no member: what is
 * in it is. */
static enum ov_status read_mbr(struct table *t)
{
    struct mbr_entry entries[MBR_ENTRIES];
    uint64_t extended[MBR_ENTRIES];
    size_t n_extended = 0;
    size_t n = 0;

    for (unsigned i = 0; i < MBR_ENTRIES; i++) {
        if (!read_mbr_entry(t->image, 0, i, &entries[i]))
            return OV_MALFORMED;
        if (entries[i].type != 0)
            OV_TRY(add_part(t, entries[i].first, entries[i].n, SECTOR));
    }
    for (unsigned i = 0; i < MBR_ENTRIES; i++)
        if (is_extended(entries[i].type))
            extended[n_extended++] = entries[i].first;
    for (size_t i = 0; i < t->disk->n; i++) {
        bool is_kept = true;

        for (size_t k = 0; k < n_extended; k++)
            is_kept &= t->disk->parts[i].at != extended[k] * SECTOR;
        if (is_kept)
            t->disk->parts[n++] = t->disk->parts[i];
    }
    t->disk->n = n;
    for (size_t k = 0; k < n_extended; k++)
        OV_TRY(read_extended(t, extended[k]));
    return OV_OK;
}

/* ---- GUID partition tables ---- */

#define GPT_HEADER_MIN 92
#define GPT_ENTRY_MIN 128
#define GPT_ENTRIES_MAX 4096

/* The header at `at`, if its checksum is right. */
static bool read_gpt_header(struct ov_span image, uint64_t at,
                            uint64_t *ret_table, uint32_t *ret_n,
                            uint32_t *ret_len)
{
    struct ov_span header;
    uint32_t len = 0, sum = 0, real;

    if (!ov_span_has_at(image, at, OV_SPAN_LIT("EFI PART")) ||
        !ov_span_u32le(image, at + 12, &len) || len < GPT_HEADER_MIN ||
        len > SECTOR || !ov_span_sub(image, at, len, &header))
        return false;
    (void)ov_span_u32le(header, 16, &sum);
    (void)ov_span_u64le(header, 72, ret_table);
    (void)ov_span_u32le(header, 80, ret_n);
    (void)ov_span_u32le(header, 84, ret_len);
    /* counted with zeros in its own place */
    real = libdeflate_crc32(0, header.ptr, 16);
    real = libdeflate_crc32(real, "\0\0\0", 4);
    header = ov_span_clip(header, 20, len);
    return libdeflate_crc32(real, header.ptr, header.len) == sum;
}

static enum ov_status read_gpt(struct table *t)
{
    static const uint8_t unused[16];
    uint64_t table = 0;
    uint32_t n = 0;
    uint32_t len = 0;

    if (!read_gpt_header(t->image, SECTOR, &table, &n, &len) &&
        !read_gpt_header(t->image, (t->image.len / SECTOR - 1) * SECTOR, &table,
                         &n, &len))
        return OV_MALFORMED;
    if (len < GPT_ENTRY_MIN || table > UINT64_MAX / SECTOR)
        return OV_MALFORMED;
    if (n > GPT_ENTRIES_MAX) {
        t->disk->is_full = true;
        n = GPT_ENTRIES_MAX;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint64_t at = table * SECTOR + (uint64_t)i * len;
        uint64_t first, last;

        if (!ov_span_u64le(t->image, at + 32, &first) ||
            !ov_span_u64le(t->image, at + 40, &last))
            break;
        OV_TRY(ov_budget_spend(t->budget, OV_COST_STEPS, 1));
        if (last >= first &&
            !ov_span_has_at(t->image, at, ov_span_of(unused, sizeof(unused))))
            OV_TRY(add_part(t, first, last - first + 1, SECTOR));
    }
    return OV_OK;
}

/* ---- Apple's partition map ---- */

#define APM_ENTRIES_MAX 256
#define APM_MAP OV_SPAN_LIT("Apple_partition_map")

static enum ov_status read_apm(struct table *t)
{
    uint16_t sector = 0;
    uint32_t n = 0;
    size_t map = SIZE_MAX;

    (void)ov_span_u16be(t->image, 2, &sector);
    if (sector == 0 || !ov_span_has_at(t->image, sector, OV_SPAN_LIT("PM")) ||
        !ov_span_u32be(t->image, sector + 4u, &n))
        return OV_MALFORMED;
    if (n > APM_ENTRIES_MAX) {
        t->disk->is_full = true;
        n = APM_ENTRIES_MAX;
    }
    for (uint32_t i = 1; i <= n; i++) {
        uint64_t at = (uint64_t)sector * i;
        uint32_t first, len;

        if (!ov_span_has_at(t->image, at, OV_SPAN_LIT("PM")) ||
            !ov_span_u32be(t->image, at + 8, &first) ||
            !ov_span_u32be(t->image, at + 12, &len))
            break;
        if (map == SIZE_MAX && ov_span_has_at(t->image, at + 48, APM_MAP))
            map = t->disk->n;
        OV_TRY(add_part(t, first, len, sector));
    }
    /* the map itself is no member */
    if (map < t->disk->n) {
        for (size_t i = map; i + 1 < t->disk->n; i++)
            t->disk->parts[i] = t->disk->parts[i + 1];
        t->disk->n--;
    }
    return OV_OK;
}

enum ov_status ov_partitions_read(struct ov_span image, enum ov_type type,
                                  struct ov_budget *budget,
                                  struct ov_partitions *ret)
{
    struct table t = {.image = image, .budget = budget, .disk = ret};

    ret->n = 0;
    ret->is_full = ret->is_crossing = false;
    if (type == OV_TYPE_GPT)
        return read_gpt(&t);
    if (type == OV_TYPE_APM)
        return read_apm(&t);
    return read_mbr(&t);
}

/* ---- the alert ---- */

enum ov_status ov_alert_partitions(const struct ov_alert_job *job,
                                   enum ov_type type, const char **ret)
{
    struct ov_partitions *disk = ov_arena_alloc(job->arena, sizeof(*disk));
    enum ov_status status;

    *ret = NULL;
    if (disk == NULL)
        return OV_NO_MEMORY;
    status = ov_partitions_read(job->bytes, type, job->budget, disk);
    if (status == OV_MALFORMED)
        return OV_OK;
    if (status == OV_OK && disk->is_crossing) {
        if (type == OV_TYPE_GPT)
            *ret = "Heuristics.GPTPartitionIntersection";
        else if (type == OV_TYPE_APM)
            *ret = "Heuristics.APMPartitionIntersection";
        else
            *ret = "Heuristics.MBRPartitionnIntersect";
    }
    return status;
}

/* ---- the unpacker ---- */

struct partitions {
    struct ov_span image;
    struct ov_budget *budget;
    struct ov_partitions disk;
    size_t at;
    uint64_t max;
};

static enum ov_status open_disk(const struct ov_unpack_job *job,
                                void **ret_state)
{
    OV_AUTO_PTR struct partitions *p = ov_alloc(sizeof(*p));

    if (p == NULL)
        return OV_NO_MEMORY;
    p->image = job->bytes;
    p->budget = job->budget;
    p->max = job->max_partitions != 0 ? job->max_partitions : UINT64_MAX;
    OV_TRY(ov_partitions_read(job->bytes, job->type, job->budget, &p->disk));
    *ret_state = OV_STEAL(p);
    return OV_OK;
}

static enum ov_status next_partition(void *state, struct ov_member *ret)
{
    struct partitions *p = state;

    if (p->at >= p->max) {
        ret->is_end = true;
        return OV_OK;
    }
    if (p->at == p->disk.n) {
        ret->is_end = true;
        return p->disk.is_full ? OV_LIMIT_COUNT : OV_OK;
    }
    ret->packed_size = ret->real_size = p->disk.parts[p->at].len;
    ret->name = OV_SPAN_LIT("partition");
    ret->type = OV_TYPE_PARTITION;
    p->at++;
    return OV_OK;
}

static bool lend_partition(void *state, struct ov_span *ret)
{
    const struct partitions *p = state;
    const struct ov_partition *part = &p->disk.parts[p->at - 1];

    *ret = ov_span_clip(p->image, part->at, part->len);
    return true;
}

static enum ov_status read_partition(void *state, struct ov_buf *into)
{
    struct partitions *p = state;
    struct ov_span part;

    (void)lend_partition(p, &part);
    return ov_produce(into, p->budget, part);
}

static void free_disk(void *state)
{
    ov_free(state);
}

const struct ov_unpack_ops ov_unpack_partitions = {
    .open = open_disk,
    .next = next_partition,
    .read = read_partition,
    .lend = lend_partition,
    .free = free_disk,
};
