/* SPDX-License-Identifier: Apache-2.0
 *
 * The reader of shell links (see lnk.h). Sections are those of [MS-SHLLINK].
 *
 * The header's size and class identifier say what the file is (2.1). The target
 * list (2.2) and the link information (2.3) have their sizes in front, strings
 * (2.4) their number of characters, blocks of extra data (2.5) theirs; a size
 * below 4 ends the blocks, what is behind it is none of the link's. Offsets
 * inside of the link information that lead out of it give no text. */
#include "formats/lnk.h"

#include "base/text.h"

#define HEADER_SIZE 0x4c
#define INFO_HEADER_MIN 0x1c
#define INFO_HEADER_WIDE 0x24
#define INFO_HAS_VOLUME 1u
#define INFO_HAS_NETWORK 2u
#define LABEL_IS_WIDE 0x14
#define BLOCK_TRACKER 0xa0000003u

static uint32_t u32_at(struct ov_span bytes, uint64_t at)
{
    uint32_t value = 0;

    (void)ov_span_u32le(bytes, at, &value);
    return value;
}

struct ov_lnk_text ov_lnk_text_at(struct ov_span bytes, uint64_t at,
                                  bool is_wide)
{
    struct ov_span rest = ov_span_clip(bytes, at, UINT64_MAX);
    size_t end = 0;

    if (at > bytes.len)
        return (struct ov_lnk_text){0};
    if (!is_wide) {
        end = ov_span_find_byte(rest, 0, 0);
        end = end == SIZE_MAX ? rest.len : end;
    } else {
        while (rest.len - end >= 2 && (ov_span_byte(rest, end) != 0 ||
                                       ov_span_byte(rest, end + 1) != 0))
            end += 2;
    }
    return (struct ov_lnk_text){true, is_wide, ov_span_clip(rest, 0, end)};
}

/* Section 2.3.1: VolumeID. */
static void read_volume(struct ov_span bytes, struct ov_lnk *l)
{
    uint32_t label = u32_at(bytes, 12);
    struct ov_span volume;

    if (bytes.len < 16)
        return;
    l->has_volume = true;
    l->drive_type = u32_at(bytes, 4);
    l->drive_serial = u32_at(bytes, 8);
    if (!ov_span_sub(bytes, 0, u32_at(bytes, 0), &volume))
        return;
    if (label == LABEL_IS_WIDE)
        l->volume_label = bytes.len < 20
                              ? (struct ov_lnk_text){0}
                              : ov_lnk_text_at(volume, u32_at(bytes, 16), true);
    else
        l->volume_label = ov_lnk_text_at(bytes, label, false);
}

/* A text of the link information: by the offset of its UTF-16 form if there is
 * one, else of the other. */
static struct ov_lnk_text info_text(struct ov_span info, uint64_t offset,
                                    uint64_t wide_offset)
{
    bool has_wide = u32_at(info, 4) >= INFO_HEADER_WIDE;
    uint32_t wide = has_wide ? u32_at(info, wide_offset) : 0;

    return wide > 0 ? ov_lnk_text_at(info, wide, true)
                    : ov_lnk_text_at(info, u32_at(info, offset), false);
}

/* Section 2.3: LinkInfo. */
static void read_info(struct ov_reader *r, struct ov_lnk *l)
{
    struct ov_span rest = ov_reader_rest(r);
    uint32_t flags = u32_at(rest, 8);
    struct ov_span info = ov_read_span(r, u32_at(rest, 0));

    ov_reader_require(r, rest.len >= INFO_HEADER_MIN, OV_TRUNCATED);
    if (ov_reader_status(r) != OV_OK)
        return;
    if ((flags & INFO_HAS_VOLUME) != 0) {
        if (u32_at(rest, 12) <= info.len)
            read_volume(ov_span_clip(info, u32_at(rest, 12), UINT64_MAX), l);
        l->local_path = info_text(info, 16, 28);
    }
    if ((flags & INFO_HAS_NETWORK) != 0)
        l->path_suffix = info_text(info, 24, 32);
}

/* Section 2.4: StringData. */
static void read_strings(struct ov_reader *r, struct ov_lnk *l)
{
    bool is_wide = (l->flags & OV_LNK_IS_UNICODE) != 0;

    for (unsigned i = 0; i < OV_N_LNK_STRING; i++) {
        struct ov_span text;
        uint64_t len;

        if ((l->flags & OV_LNK_HAS_NAME << i) == 0)
            continue;
        len = ov_read_u16le(r);
        text = ov_read_span(r, is_wide ? 2 * len : len);
        l->strings[i] = is_wide ? ov_lnk_text_at(text, 0, true)
                                : (struct ov_lnk_text){true, false, text};
    }
}

/* Section 2.5: ExtraData. */
static void read_blocks(struct ov_reader *r, struct ov_lnk *l)
{
    for (;;) {
        uint32_t size = ov_read_u32le(r);
        struct ov_span block;

        if (size < 4 || ov_reader_status(r) != OV_OK)
            return;
        block = ov_read_span(r, size - 4);
        if (block.len >= 4 && u32_at(block, 0) == BLOCK_TRACKER)
            l->tracker = ov_span_clip(block, 4, UINT64_MAX);
    }
}

/* Section 2.1: ShellLinkHeader. */
static void read_header(struct ov_reader *r, struct ov_lnk *l)
{
    static const uint8_t class[16] = {1,    0x14, 2, 0, 0, 0, 0, 0,
                                      0xc0, 0,    0, 0, 0, 0, 0, 0x46};

    ov_reader_require(r, ov_read_u32le(r) == HEADER_SIZE, OV_MALFORMED);
    ov_reader_require(r,
                      ov_span_equal(ov_read_span(r, sizeof(class)),
                                    ov_span_of(class, sizeof(class))),
                      OV_MALFORMED);
    l->flags = ov_read_u32le(r);
    l->attributes = ov_read_u32le(r);
    l->created = ov_read_u64le(r);
    l->accessed = ov_read_u64le(r);
    l->written = ov_read_u64le(r);
    l->file_size = ov_read_u32le(r);
    l->icon_index = ov_read_u32le(r);
    l->show_command = ov_read_u32le(r);
    ov_reader_skip(r, 2 + 2 + 4 + 4); /* hot key, reserved */
}

enum ov_status ov_lnk_read(struct ov_span bytes, struct ov_lnk *ret)
{
    struct ov_reader r = ov_reader_over(bytes);
    struct ov_lnk l = {0};

    read_header(&r, &l);
    OV_TRY(ov_reader_status(&r));
    if ((l.flags & OV_LNK_HAS_TARGETS) != 0)
        l.targets = ov_read_span(&r, ov_read_u16le(&r));
    if ((l.flags & OV_LNK_HAS_INFO) != 0)
        read_info(&r, &l);
    read_strings(&r, &l);
    read_blocks(&r, &l);
    OV_TRY(ov_reader_status(&r));
    l.overlay_at = r.at;
    *ret = l;
    return OV_OK;
}

bool ov_lnk_next_target(struct ov_span *rest, struct ov_span *ret)
{
    uint16_t size = 0;

    if (!ov_span_u16le(*rest, 0, &size) || size < 2 ||
        !ov_span_sub(*rest, 2, size - 2u, ret))
        return false;
    *rest = ov_span_clip(*rest, size, UINT64_MAX);
    return true;
}

static void put_utf8(struct ov_buf *out, uint32_t c)
{
    if (c < 0x80) {
        ov_put_u8(out, (uint8_t)c);
        return;
    }
    if (c < 0x800) {
        ov_put_u8(out, (uint8_t)(0xc0 | c >> 6));
    } else {
        if (c < 0x10000) {
            ov_put_u8(out, (uint8_t)(0xe0 | c >> 12));
        } else {
            ov_put_u8(out, (uint8_t)(0xf0 | c >> 18));
            ov_put_u8(out, (uint8_t)(0x80 | (c >> 12 & 0x3f)));
        }
        ov_put_u8(out, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
    }
    ov_put_u8(out, (uint8_t)(0x80 | (c & 0x3f)));
}

void ov_lnk_put_text(struct ov_buf *out, const struct ov_lnk_text *text)
{
    struct ov_reader r = ov_reader_over(text->bytes);

    if (!text->is_wide) {
        ov_put_span(out, text->bytes);
        return;
    }
    while (ov_reader_rest(&r).len >= 2) {
        uint32_t c = ov_read_u16le(&r);
        uint16_t low = 0;

        if (c >= 0xd800 && c < 0xe000) {
            (void)ov_span_u16le(text->bytes, r.at, &low);
            if (c < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
                c = 0x10000 + ((c & 0x3ff) << 10) + (low & 0x3ffu);
                ov_reader_skip(&r, 2);
            } else {
                c = 0xfffd;
            }
        }
        put_utf8(out, c);
    }
}

void ov_lnk_put_guid(struct ov_buf *out, struct ov_span guid)
{
    /* The first three parts are little-endian numbers. */
    static const uint8_t order[16] = {3, 2, 1,  0,  5,  4,  7,  6,
                                      8, 9, 10, 11, 12, 13, 14, 15};

    for (unsigned i = 0; i < sizeof(order); i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            ov_put_u8(out, '-');
        ov_put_hex(out, ov_span_clip(guid, order[i], 1));
    }
}
