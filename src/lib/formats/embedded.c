/* SPDX-License-Identifier: Apache-2.0
 *
 * Objects inside of other objects, found by one pass over the bytes for eight
 * magic numbers at once (base/needle.h). A magic number alone proves nothing
 * (every unpacker has them among its constants), so each kind of header is
 * checked as far as its format allows: by a checksum where it has one. Also the
 * unpacker that hands them out as members, and the members of universal
 * binaries with them.
 *
 * Sources: APPNOTE.TXT 4.3.7, 4.3.16 (zip); 7zFormat.txt, "Start header";
 * Microsoft "Cabinet File Format", CFHEADER; ARJ technote, "Archive header";
 * RAR technote, "Archive header"; "PE Format".
 */
#include "formats/embedded.h"

#include <libdeflate.h>

#include "base/needle.h"
#include "base/reader.h"
#include "formats/macho.h"
#include "formats/pe.h"
#include "formats/unpacker.h"

#define STEP_BYTES 16
#define ARJ_MAX_HEADER 2600
#define PE_MIN_LFANEW 64
#define PE_MAX_LFANEW 1024
#define ZIP_MAX_NAME 1024
#define COPY_CHUNK (1u << 20)

/* Each looks whether its header is at `at`, and how long the object is. */
typedef bool check_header(struct ov_span bytes, uint64_t at,
                          struct ov_embedded *ret);

static bool is_zip_method(unsigned method)
{
    return method <= 10 || method == 12 || method == 14 || method == 93 ||
           (method >= 95 && method <= 99);
}

/* To the end of the central directory, if that can be found. */
static uint64_t zip_len(struct ov_span bytes, uint64_t at)
{
    size_t end = ov_span_find(bytes, OV_SPAN_LIT("PK\x05\x06"), (size_t)at);
    uint16_t comment = 0;

    if (end == SIZE_MAX || !ov_span_u16le(bytes, (uint64_t)end + 20, &comment))
        return bytes.len - at;
    return ov_span_clip(bytes, at, end - at + 22 + comment).len;
}

static bool is_zip(struct ov_span bytes, uint64_t at, struct ov_embedded *ret)
{
    struct ov_reader r = ov_reader_over(bytes);
    uint16_t version, flags, method, name_len, extra_len;
    uint32_t packed;
    struct ov_span name;

    ov_reader_seek(&r, at);
    ov_reader_require(&r, ov_read_u32le(&r) == 0x04034b50, OV_MALFORMED);
    version = ov_read_u16le(&r);
    flags = ov_read_u16le(&r);
    method = ov_read_u16le(&r);
    ov_reader_skip(&r, 8); /* time, checksum */
    packed = ov_read_u32le(&r);
    ov_reader_skip(&r, 4);
    name_len = ov_read_u16le(&r);
    extra_len = ov_read_u16le(&r);
    name = ov_read_span(&r, name_len);
    ov_reader_skip(&r, extra_len);
    /* sizes may be behind the data (bit 3), or in the extra field (all ones) */
    if ((flags & 8) == 0 && packed != UINT32_MAX)
        ov_reader_skip(&r, packed);
    if (ov_reader_status(&r) != OV_OK || (version & 0xff) > 63 ||
        !is_zip_method(method) || name_len == 0 || name_len > ZIP_MAX_NAME ||
        ov_span_find_byte(name, '\0', 0) < name.len)
        return false;
    *ret = (struct ov_embedded){OV_TYPE_ZIP, at, zip_len(bytes, at)};
    return true;
}

static bool is_7z(struct ov_span bytes, uint64_t at, struct ov_embedded *ret)
{
    struct ov_span header;
    uint32_t sum = 0;
    uint64_t next = 0, size = 0, len;

    if (!ov_span_has_at(bytes, at, OV_SPAN_LIT("7z\xbc\xaf\x27\x1c")) ||
        !ov_span_u32le(bytes, at + 8, &sum) ||
        !ov_span_sub(bytes, at + 12, 20, &header) ||
        libdeflate_crc32(0, header.ptr, header.len) != sum)
        return false;
    (void)ov_span_u64le(header, 0, &next);
    (void)ov_span_u64le(header, 8, &size);
    if (__builtin_add_overflow(next, size, &len) ||
        __builtin_add_overflow(len, 32, &len))
        return false;
    *ret =
        (struct ov_embedded){OV_TYPE_7Z, at, ov_span_clip(bytes, at, len).len};
    return true;
}

static bool is_cab(struct ov_span bytes, uint64_t at, struct ov_embedded *ret)
{
    uint32_t size = 0, files_at = 0;

    if (!ov_span_has_at(bytes, at, OV_SPAN_LIT("MSCF\0\0\0\0")) ||
        !ov_span_has_at(bytes, at + 24, OV_SPAN_LIT("\x03\x01")) ||
        !ov_span_u32le(bytes, at + 8, &size) ||
        !ov_span_u32le(bytes, at + 16, &files_at) || size < 36 ||
        files_at < 36 || files_at > size)
        return false;
    *ret = (struct ov_embedded){OV_TYPE_CAB, at,
                                ov_span_clip(bytes, at, size).len};
    return true;
}

static bool is_arj(struct ov_span bytes, uint64_t at, struct ov_embedded *ret)
{
    struct ov_span header;
    uint16_t len = 0;
    uint32_t sum = 0;

    if (!ov_span_u16le(bytes, at + 2, &len) || len < 30 ||
        len > ARJ_MAX_HEADER || !ov_span_sub(bytes, at + 4, len, &header) ||
        !ov_span_u32le(bytes, at + 4 + len, &sum) ||
        libdeflate_crc32(0, header.ptr, header.len) != sum)
        return false;
    *ret = (struct ov_embedded){OV_TYPE_ARJ, at, bytes.len - at};
    return true;
}

/* Version 4 begins with a block of type 's'; 5 with a CRC-32, a size and
 * type 1. */
static bool is_rar(struct ov_span bytes, uint64_t at, struct ov_embedded *ret)
{
    bool is_4 = ov_span_has_at(bytes, at, OV_SPAN_LIT("Rar!\x1a\x07\0")) &&
                ov_span_byte(bytes, at + 9) == 's';
    bool is_5 = ov_span_has_at(bytes, at, OV_SPAN_LIT("Rar!\x1a\x07\x01\0")) &&
                ov_span_byte(bytes, at + 13) == 1;

    if (!is_4 && !is_5)
        return false;
    *ret = (struct ov_embedded){OV_TYPE_RAR, at, bytes.len - at};
    return true;
}

/* at is that of "PE"; the DOS header before it must point there. */
static bool is_pe(struct ov_span bytes, uint64_t at, struct ov_embedded *ret)
{
    uint16_t n_sections = 0, magic = 0;

    if (!ov_span_has_at(bytes, at, OV_SPAN_LIT("PE\0\0")) ||
        !ov_span_u16le(bytes, at + 6, &n_sections) || n_sections == 0 ||
        n_sections > OV_PE_MAX_SECTIONS ||
        !ov_span_u16le(bytes, at + 24, &magic) ||
        (magic != 0x10b && magic != 0x20b))
        return false;
    for (uint64_t back = PE_MIN_LFANEW; back <= PE_MAX_LFANEW && back < at;
         back++) {
        uint32_t lfanew = 0;

        if (ov_span_has_at(bytes, at - back, OV_SPAN_LIT("MZ")) &&
            ov_span_u32le(bytes, at - back + 60, &lfanew) && lfanew == back) {
            *ret = (struct ov_embedded){OV_TYPE_PE, at - back,
                                        bytes.len - (at - back)};
            return true;
        }
    }
    return false;
}

static const struct {
    struct ov_needle needle;
    check_header *check;
} kinds[] = {
    {{"PK\x03", 0xff}, is_zip}, {{"7z\xbc", 0xff}, is_7z},
    {{"MSC", 0xff}, is_cab},    {{"\x60\xea", 0}, is_arj},
    {{"Rar", 0xff}, is_rar},    {{"PE", 0xff}, is_pe},
};

#define N_KINDS (sizeof(kinds) / sizeof(*kinds))

bool ov_type_may_embed(enum ov_type t)
{
    return ov_type_kind(t) == OV_KIND_CODE || ov_type_target(t) == 5 ||
           t == OV_TYPE_DATA || t == OV_TYPE_ASCII || t == OV_TYPE_UTF16BE ||
           t == OV_TYPE_HTML || t == OV_TYPE_RIFF || t == OV_TYPE_PARTITION;
}

bool ov_type_is_embedded(enum ov_type t)
{
    return t == OV_TYPE_ZIPSFX || t == OV_TYPE_RARSFX || t == OV_TYPE_7ZSFX ||
           t == OV_TYPE_CABSFX || t == OV_TYPE_ARJSFX;
}

static bool check_at(struct ov_span bytes, uint64_t at, struct ov_embedded *ret)
{
    for (size_t i = 0; i < N_KINDS; i++)
        if (ov_span_byte(bytes, at) == kinds[i].needle.bytes[0] &&
            kinds[i].check(bytes, at, ret) && ret->at > 0)
            return true;
    return false;
}

enum ov_status ov_type_pay_embedded(struct ov_span bytes,
                                    struct ov_budget *budget)
{
    return ov_budget_spend(budget, OV_COST_STEPS, bytes.len / STEP_BYTES);
}

void ov_type_find_embedded(struct ov_span bytes, struct ov_embedded_list *ret)
{
    struct ov_needle needles[N_KINDS];
    size_t n = 0;
    size_t at = 0;

    for (size_t i = 0; i < N_KINDS; i++)
        needles[i] = kinds[i].needle;
    while (n < OV_EMBEDDED_MAX) {
        struct ov_embedded e = {0};

        at = ov_needles_find(bytes, at, needles, N_KINDS);
        if (at == SIZE_MAX)
            break;
        if (check_at(bytes, at, &e) &&
            (n == 0 || e.at >= ret->items[n - 1].at + ret->items[n - 1].len)) {
            ret->items[n++] = e;
            at = (size_t)(e.at + e.len);
        } else {
            at++;
        }
    }
    ret->n = n;
}

enum ov_status ov_type_embedded(struct ov_span bytes, struct ov_budget *budget,
                                struct ov_embedded_list *ret)
{
    OV_TRY(ov_type_pay_embedded(bytes, budget));
    ov_type_find_embedded(bytes, ret);
    return OV_OK;
}

/* ---- the unpacker ---- */

struct parts {
    struct ov_span bytes;
    struct ov_budget *budget;
    struct ov_embedded_list list;
    size_t at;
};

static void list_arches(struct parts *p)
{
    uint32_t n = ov_macho_n_arches(p->bytes);

    for (uint32_t i = 0; i < n && p->list.n < OV_EMBEDDED_MAX; i++) {
        struct ov_extent e;

        if (ov_macho_fat_arch(p->bytes, i, &e) && e.at > 0)
            p->list.items[p->list.n++] =
                (struct ov_embedded){OV_TYPE_DATA, e.at, e.len};
    }
}

static void drop_programs(struct ov_embedded_list *list)
{
    size_t n = 0;

    for (size_t i = 0; i < list->n; i++)
        if (list->items[i].type != OV_TYPE_PE)
            list->items[n++] = list->items[i];
    list->n = n;
}

static enum ov_status parts_open(const struct ov_unpack_job *job,
                                 void **ret_state)
{
    OV_AUTO_PTR struct parts *p = ov_alloc(sizeof(*p));

    if (p == NULL)
        return OV_NO_MEMORY;
    p->bytes = job->bytes;
    p->budget = job->budget;
    if (job->type == OV_TYPE_MACHO_FAT) {
        list_arches(p);
    } else if (job->embedded != NULL) {
        OV_TRY(ov_type_pay_embedded(job->bytes, job->budget));
        p->list = *job->embedded;
    } else {
        OV_TRY(ov_type_embedded(job->bytes, job->budget, &p->list));
    }
    if (job->has_no_programs)
        drop_programs(&p->list);
    *ret_state = OV_STEAL(p);
    return OV_OK;
}

static enum ov_status parts_next(void *state, struct ov_member *ret)
{
    struct parts *p = state;
    const struct ov_embedded *e = &p->list.items[p->at];

    if (p->at == p->list.n) {
        ret->is_end = true;
        return OV_OK;
    }
    p->at++;
    ret->name = ov_span_str(ov_type_name(e->type));
    ret->packed_size = e->len;
    ret->real_size = e->len;
    ret->type = e->type;
    return OV_OK;
}

static enum ov_status parts_read(void *state, struct ov_buf *into)
{
    struct parts *p = state;
    const struct ov_embedded *e = &p->list.items[p->at - 1];
    struct ov_span left = ov_span_clip(p->bytes, e->at, e->len);

    while (left.len > 0) {
        struct ov_span part = ov_span_clip(left, 0, COPY_CHUNK);

        OV_TRY(ov_budget_spend(p->budget, OV_COST_BYTES, part.len));
        ov_put_span(into, part);
        OV_TRY(ov_buf_status(into));
        left = ov_span_clip(left, part.len, left.len);
    }
    return OV_OK;
}

static void parts_free(void *state)
{
    ov_free(state);
}

const struct ov_unpack_ops ov_unpack_parts = {
    .open = parts_open,
    .next = parts_next,
    .read = parts_read,
    .free = parts_free,
};
