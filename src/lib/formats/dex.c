/* SPDX-License-Identifier: Apache-2.0
 *
 * The reader of Dalvik executables (see dex.h): little-endian, tables of
 * records of fixed sizes, strings with a length in front.
 *
 * Not checked: checksum, signature, and whether a table's records are in the
 * order that the format asks for. */
#include "formats/dex.h"

#define HEADER_SIZE 0x70
#define MAP_AT 0x34
#define TABLES_AT 0x38
#define MAP_ITEM_SIZE 12

static const uint8_t record_sizes[OV_N_DEX_TABLE] = {
    [OV_DEX_STRINGS] = 4, [OV_DEX_TYPES] = 4,   [OV_DEX_PROTOS] = 12,
    [OV_DEX_FIELDS] = 8,  [OV_DEX_METHODS] = 8, [OV_DEX_CLASSES] = 32,
};

uint32_t ov_dex_u32(struct ov_span bytes, uint64_t at)
{
    uint32_t value = 0;

    (void)ov_span_u32le(bytes, at, &value);
    return value;
}

uint16_t ov_dex_u16(struct ov_span bytes, uint64_t at)
{
    uint16_t value = 0;

    (void)ov_span_u16le(bytes, at, &value);
    return value;
}

static bool is_dex(struct ov_span bytes)
{
    int digit = ov_span_byte(bytes, 6);

    return bytes.len >= HEADER_SIZE &&
           ov_span_starts(bytes, OV_SPAN_LIT("dex\n03")) && digit >= '5' &&
           digit <= '9' && ov_span_byte(bytes, 7) == 0;
}

/* Whether the map is there whole, or there is none. */
static bool map_is_right(const struct ov_dex *d)
{
    uint64_t size;

    if (d->map_at == 0 || d->map_at > d->bytes.len)
        return true;
    size = d->bytes.len - d->map_at;
    return size < 4 ||
           ov_dex_u32(d->bytes, d->map_at) <= (size - 4) / MAP_ITEM_SIZE;
}

bool ov_dex_open(struct ov_span bytes, struct ov_dex *ret)
{
    struct ov_dex d = {.bytes = bytes};
    bool is_right = is_dex(bytes);

    if (!is_right)
        return false;
    d.map_at = ov_dex_u32(bytes, MAP_AT);
    d.is_map_right = map_is_right(&d);
    for (uint64_t i = 0; i < OV_N_DEX_TABLE; i++) {
        uint32_t n = ov_dex_u32(bytes, TABLES_AT + 8 * i);
        uint32_t at = ov_dex_u32(bytes, TABLES_AT + 8 * i + 4);

        if (i == OV_DEX_CLASSES) {
            d.has_map = is_right;
            is_right = is_right && d.is_map_right;
        }
        is_right = is_right &&
                   ov_span_array(bytes, at, n, record_sizes[i], &d.tables[i]);
        if (is_right)
            d.n[i] = n;
    }
    d.has_classes = is_right;
    *ret = d;
    return true;
}

struct ov_span ov_dex_record(const struct ov_dex *d, enum ov_dex_table table,
                             uint64_t i)
{
    if (i >= d->n[table])
        return (struct ov_span){0};
    return ov_span_clip(d->tables[table], i * record_sizes[table],
                        record_sizes[table]);
}

/* What the fifth byte has too much is dropped. */
bool ov_dex_uleb128(struct ov_reader *r, uint32_t *ret)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < 5; i++) {
        uint32_t byte = ov_read_u8(r);

        value |= (i < 4 ? byte & 0x7f : byte) << (7 * i);
        if (byte < 0x80)
            break;
    }
    if (ov_reader_status(r) != OV_OK)
        return false;
    *ret = value;
    return true;
}

bool ov_dex_string(const struct ov_dex *d, uint64_t i, uint32_t *ret_size,
                   struct ov_span *ret)
{
    struct ov_reader r = ov_reader_over(d->bytes);
    struct ov_span head;
    uint32_t at;

    if (i >= d->n[OV_DEX_STRINGS])
        return false;
    at = ov_dex_u32(ov_dex_record(d, OV_DEX_STRINGS, i), 0);
    ov_reader_seek(&r, at);
    return ov_span_sub(d->bytes, at, 4, &head) &&
           ov_dex_uleb128(&r, ret_size) &&
           ov_span_sub(d->bytes, (uint64_t)at + 1, *ret_size, ret);
}

static bool name_of(const struct ov_dex *d, enum ov_dex_table table, uint64_t i,
                    struct ov_span *ret)
{
    uint32_t size, string;

    if (i > OV_DEX_MAX_ITEMS || i >= d->n[table])
        return false;
    string = ov_dex_u32(ov_dex_record(d, table, i), 0);
    return string <= OV_DEX_MAX_ITEMS && ov_dex_string(d, string, &size, ret);
}

bool ov_dex_type_name(const struct ov_dex *d, uint64_t i, struct ov_span *ret)
{
    return name_of(d, OV_DEX_TYPES, i, ret);
}

bool ov_dex_proto_name(const struct ov_dex *d, uint64_t i, struct ov_span *ret)
{
    return name_of(d, OV_DEX_PROTOS, i, ret);
}
