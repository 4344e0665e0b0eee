/* SPDX-License-Identifier: Apache-2.0
 *
 * What an object is, told from its first bytes.
 *
 * Magics at offset 0 are a table sorted by their bytes: a binary search by the
 * first byte leaves a handful to compare. The few at other offsets come next,
 * then what needs more than a comparison (a tar's checksum, a zip's member
 * names, text). No object is read through for this: at most the first KiB,
 * and one place each behind it for ISO 9660 and disk images.
 *
 * Sources: ClamAV manual, "File types" and "File type magic"; each format's
 * own specification as cited in its reader.
 */
#include "formats/type.h"

#include "formats/type_text.h"

static const struct {
    const char *word;
    const char *clamav;
    uint32_t target;
    enum ov_type_kind kind;
} types[OV_N_TYPES] = {

#define OV_TYPE(id, word, clamav, target, kind)                                \
    [id] = {word, clamav, target, kind},
#include "formats/types.def"
#undef OV_TYPE
};

struct magic {
    uint8_t len;
    uint8_t type;
    uint16_t at;
    const char *bytes;
};

#define MAGIC(type, bytes)                                                     \
    {                                                                          \
        sizeof(bytes) - 1, type, 0, bytes                                      \
    }
#define MAGIC_AT(type, at, bytes)                                              \
    {                                                                          \
        sizeof(bytes) - 1, type, at, bytes                                     \
    }

/* Sorted by the first byte; where one begins another, the longer one first. */
static const struct magic magics[] = {
    MAGIC(OV_TYPE_BMP, "\x00\x00\x00\x0cjP  \r\n\x87\n"), /* JPEG 2000 */
    MAGIC(OV_TYPE_LZ4, "\x04\x22\x4d\x18"),
    MAGIC(OV_TYPE_GZ, "\x1f\x8b"),
    MAGIC(OV_TYPE_COMPRESS, "\x1f\x9d"),
    MAGIC(OV_TYPE_AR, "!<arch>\n"),
    MAGIC(OV_TYPE_SCRENC, "#@~^"),
    MAGIC(OV_TYPE_POSTSCRIPT, "%!PS-Adobe-"),
    MAGIC(OV_TYPE_PDF, "%PDF-"),
    MAGIC(OV_TYPE_ZSTD, "(\xb5/\xfd"),
    MAGIC(OV_TYPE_BINHEX, "(This file must be converted with BinHex 4.0)"),
    MAGIC(OV_TYPE_CPIO_NEWC, "070701"),
    MAGIC(OV_TYPE_CPIO_CRC, "070702"),
    MAGIC(OV_TYPE_CPIO_ODC, "070707"),
    MAGIC(OV_TYPE_7Z, "7z\xbc\xaf\x27\x1c"),
    MAGIC(OV_TYPE_MAIL, ">From "),
    MAGIC(OV_TYPE_ALZ, "ALZ\x01"),
    MAGIC(OV_TYPE_BZ, "BZh"),
    MAGIC(OV_TYPE_BMP, "BM"),
    MAGIC(OV_TYPE_SWF, "CWS"),
    MAGIC(OV_TYPE_MAIL, "Date: "),
    MAGIC(OV_TYPE_MAIL, "Delivered-To: "),
    MAGIC(OV_TYPE_MAIL, "Delivery-date: "),
    MAGIC(OV_TYPE_EGG, "EGGA"),
    MAGIC(OV_TYPE_MAIL, "Envelope-to: "),
    MAGIC(OV_TYPE_SWF, "FWS"),
    MAGIC(OV_TYPE_MAIL, "For: "),
    MAGIC(OV_TYPE_MAIL, "From "),
    MAGIC(OV_TYPE_MAIL, "From: "),
    MAGIC(OV_TYPE_GIF, "GIF"),
    MAGIC(OV_TYPE_HWP3, "HWP Document File V3.00 \x1a\x01\x02\x03\x04\x05"),
    MAGIC(OV_TYPE_MAIL, "Hi. This is the qmail-send"),
    MAGIC(OV_TYPE_TIFF, "II*\0"),
    MAGIC(OV_TYPE_CHM, "ITSF"),
    MAGIC(OV_TYPE_LNK, "L\0\0\0\x01\x14\x02\0\0\0\0\0"
                       "\xc0\0\0\0\0\0\0F"),
    MAGIC(OV_TYPE_CAB, "MSCF\0\0\0\0"),
    MAGIC(OV_TYPE_TIFF, "MM"),
    MAGIC(OV_TYPE_PE, "MZ"),
    MAGIC(OV_TYPE_MAIL, "Message-ID: "),
    MAGIC(OV_TYPE_MAIL, "Message-Id: "),
    MAGIC(OV_TYPE_ZIP, "PK\x03\x04"),
    MAGIC(OV_TYPE_ZIP, "PK00PK\x03\x04"),
    MAGIC(OV_TYPE_RIFF, "RIFF"),
    MAGIC(OV_TYPE_RIFF, "RIFX"),
    MAGIC(OV_TYPE_RAR, "Rar!"),
    MAGIC(OV_TYPE_MAIL, "Received-SPF: "),
    MAGIC(OV_TYPE_MAIL, "Received: "),
    MAGIC(OV_TYPE_MAIL, "Return-Path: "),
    MAGIC(OV_TYPE_MAIL, "Return-path: "),
    MAGIC(OV_TYPE_SZDD, "SZDD"),
    MAGIC(OV_TYPE_MAIL, "Subject: "),
    MAGIC(OV_TYPE_MAIL, "To: "),
    MAGIC(OV_TYPE_WARC, "WARC/"),
    MAGIC(OV_TYPE_MAIL, "X-Apparently-To: "),
    MAGIC(OV_TYPE_MAIL, "X-EVS"),
    MAGIC(OV_TYPE_MAIL, "X-Envelope-From: "),
    MAGIC(OV_TYPE_MAIL, "X-Original-To: "),
    MAGIC(OV_TYPE_MAIL, "X-Real-To: "),
    MAGIC(OV_TYPE_MAIL, "X-Sieve: "),
    MAGIC(OV_TYPE_MAIL, "X-Symantec-"),
    MAGIC(OV_TYPE_MAIL, "X-UIDL: "),
    MAGIC(OV_TYPE_SWF, "ZWS"),
    MAGIC(OV_TYPE_SCRIPT, "[aliases]"),
    MAGIC(OV_TYPE_LZMA, "]\0\0"),
    MAGIC(OV_TYPE_ARJ, "\x60\xea"),
    MAGIC(OV_TYPE_UUENCODED, "begin "),
    MAGIC(OV_TYPE_DEX, "dex\n0"),
    MAGIC(OV_TYPE_CPIO_OLD, "q\xc7"),
    MAGIC(OV_TYPE_MAIL, "v:\nReceived: "),
    MAGIC(OV_TYPE_MAIL, "v:\r\nReceived: "),
    MAGIC(OV_TYPE_XAR, "xar!"),
    MAGIC(OV_TYPE_TNEF, "x\x9f>\""),
    MAGIC(OV_TYPE_SIS, "\x7a\x1a\x20\x10"),
    MAGIC(OV_TYPE_INTERNAL, "{\n  \"Magic\":\"CLAMJSONv0\""),
    MAGIC(OV_TYPE_RTF, "{\\rt"),
    MAGIC(OV_TYPE_ELF, "\x7f"
                       "ELF"),
    MAGIC(OV_TYPE_PNG, "\x89PNG"),
    MAGIC(OV_TYPE_CRYPTFF, "\xb6\xb9\xac\xae\xfe\xff\xff\xff"),
    MAGIC(OV_TYPE_CPIO_OLD, "\xc7q"),
    MAGIC(OV_TYPE_MACHO_FAT, "\xca\xfe\xba\xbe"),
    MAGIC(OV_TYPE_MACHO_FAT, "\xca\xfe\xba\xbf"),
    MAGIC(OV_TYPE_MACHO, "\xce\xfa\xed\xfe"),
    MAGIC(OV_TYPE_MACHO, "\xcf\xfa\xed\xfe"),
    MAGIC(OV_TYPE_OLE2, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    MAGIC(OV_TYPE_ONENOTE, "\xe4R\\{\x8c\xd8\xa7M\xae\xb1Sx\xd0)\x96\xd3"),
    MAGIC(OV_TYPE_RPM, "\xed\xab\xee\xdb"),
    MAGIC(OV_TYPE_XZ, "\xfd"
                      "7zXZ\0"),
    MAGIC(OV_TYPE_MACHO, "\xfe\xed\xfa\xce"),
    MAGIC(OV_TYPE_MACHO, "\xfe\xed\xfa\xcf"),
    MAGIC(OV_TYPE_JPEG, "\xff\xd8\xff"),
};

/* Not at the start. */
static const struct magic magics_behind[] = {
    MAGIC_AT(OV_TYPE_HWPOLE2, 4, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    MAGIC_AT(OV_TYPE_TAR, 257, "ustar"),
    MAGIC_AT(OV_TYPE_GPT, 512, "EFI PART"),
};

/* As these, but less certain: they count only where words tell nothing. */
static const struct magic magics_last[] = {
    MAGIC_AT(OV_TYPE_SIS, 8, "\x19\x04\x00\x10"),
    MAGIC_AT(OV_TYPE_SIS, 12, "\x19\x04\x00\x10"),
    MAGIC_AT(OV_TYPE_LHA, 2, "-lh0-"),
    MAGIC_AT(OV_TYPE_LHA, 2, "-lh1-"),
    MAGIC_AT(OV_TYPE_LHA, 2, "-lh2-"),
    MAGIC_AT(OV_TYPE_LHA, 2, "-lh3-"),
    MAGIC_AT(OV_TYPE_LHA, 2, "-lh4-"),
    MAGIC_AT(OV_TYPE_LHA, 2, "-lh5-"),
    MAGIC_AT(OV_TYPE_LHA, 2, "-lh6-"),
    MAGIC_AT(OV_TYPE_LHA, 2, "-lh7-"),
    MAGIC_AT(OV_TYPE_LHA, 2, "-lhd-"),
    MAGIC_AT(OV_TYPE_LHA, 2, "-lhx-"),
    MAGIC_AT(OV_TYPE_LHA, 2, "-lzs-"),
    MAGIC_AT(OV_TYPE_LHA, 2, "-lz4-"),
    MAGIC_AT(OV_TYPE_LHA, 2, "-lz5-"),
    MAGIC_AT(OV_TYPE_LHA, 2, "-pm0-"),
};

#define N_OF(list) (sizeof(list) / sizeof(*(list)))
#define N_MAGICS N_OF(magics)

const char *ov_type_name(enum ov_type t)
{
    return (unsigned)t < OV_N_TYPES ? types[t].word : "unknown";
}

const char *ov_type_clamav_name(enum ov_type t)
{
    return (unsigned)t < OV_N_TYPES ? types[t].clamav : "";
}

bool ov_type_from_clamav(struct ov_span name, enum ov_type *ret)
{
    if (name.len == 0)
        return false;
    for (unsigned i = 0; i < OV_N_TYPES; i++)
        if (ov_span_equal(name, ov_span_str(types[i].clamav))) {
            *ret = (enum ov_type)i;
            return true;
        }
    return false;
}

uint32_t ov_type_target(enum ov_type t)
{
    return (unsigned)t < OV_N_TYPES ? types[t].target : 0;
}

enum ov_type_kind ov_type_kind(enum ov_type t)
{
    return (unsigned)t < OV_N_TYPES ? types[t].kind : OV_KIND_RAW;
}

static bool has_magic(struct ov_span bytes, const struct magic *m)
{
    return ov_span_has_at(bytes, m->at, ov_span_of(m->bytes, m->len));
}

static const struct magic *find_magic(struct ov_span bytes)
{
    int first = ov_span_byte(bytes, 0);
    size_t low = 0;
    size_t high = N_MAGICS;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if ((uint8_t)magics[middle].bytes[0] < first)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < N_MAGICS && (uint8_t)magics[low].bytes[0] == first; low++)
        if (has_magic(bytes, &magics[low]))
            return &magics[low];
    for (size_t i = 0; i < N_OF(magics_behind); i++)
        if (has_magic(bytes, &magics_behind[i]))
            return &magics_behind[i];
    return NULL;
}

/* 0xcafebabe begins universal binaries, whose next number counts
 * architectures, and Java classes, where it is a version from 45 on. */
static enum ov_type refine_cafebabe(struct ov_span bytes)
{
    uint32_t magic = 0;
    uint32_t count = 0;

    if (!ov_span_u32be(bytes, 0, &magic) || !ov_span_u32be(bytes, 4, &count))
        return OV_TYPE_DATA;
    if (count < 0x20)
        return OV_TYPE_MACHO_FAT;
    return magic == 0xcafebabe && count < 0x40 ? OV_TYPE_JAVA : OV_TYPE_DATA;
}

/* The magic of .lzma is 3 bytes, so the header must make sense too: a size that
 * is unknown or below 256 GiB. Source: xz, "lzma-file-format.txt", 1.1. */
static enum ov_type refine_lzma(struct ov_span bytes)
{
    uint64_t size;

    if (ov_span_u64le(bytes, 5, &size) &&
        (size == UINT64_MAX || size < 1ull << 38))
        return OV_TYPE_LZMA;
    return OV_TYPE_DATA;
}

/* OV_TYPE_DATA: it is not what its magic says. */
static enum ov_type refine(struct ov_span bytes, enum ov_type type)
{
    if (type == OV_TYPE_ZIP)
        return ov_type_of_zip(bytes);
    if (type == OV_TYPE_MACHO_FAT)
        return refine_cafebabe(bytes);
    if (type == OV_TYPE_LZMA)
        return refine_lzma(bytes);
    return type;
}

/* Compiled Python: a version, then CR LF. */
static bool is_python_bytecode(struct ov_span bytes)
{
    static const uint16_t ranges[][2] = {
        {256, 256},     {336, 336},     {3000, 3583},   {5892, 5892},
        {11913, 11913}, {20121, 20121}, {50428, 50429}, {50823, 50824},
        {60202, 60203}, {60717, 60718}, {62011, 62218},
    };
    uint16_t version = 0;

    if (!ov_span_u16le(bytes, 0, &version) ||
        !ov_span_has_at(bytes, 2, OV_SPAN_LIT("\r\n")))
        return false;
    for (size_t i = 0; i < N_OF(ranges); i++)
        if (version >= ranges[i][0] && version <= ranges[i][1])
            return true;
    return false;
}

/* An octal number of up to 8 digits, between blanks; -1 if it is not one. */
static int64_t parse_octal(struct ov_span s)
{
    int64_t v = 0;
    size_t i = 0;

    while (ov_span_byte(s, i) == ' ')
        i++;
    for (; i < s.len; i++) {
        int c = ov_span_byte(s, i);

        if (c == '\0' || c == ' ')
            return v;
        if (c < '0' || c > '7')
            return -1;
        v = v * 8 + (c - '0');
    }
    return v;
}

/* A tar without "ustar": the header's checksum is right, counted with blanks in
 * its place. Source: tar(5), "Old-Style Archive Format". */
static bool is_old_tar(struct ov_span bytes)
{
    struct ov_span header, sum_field;
    int64_t sum = 0;

    if (!ov_span_sub(bytes, 0, 512, &header) ||
        !ov_span_sub(header, 148, 8, &sum_field))
        return false;
    for (size_t i = 0; i < 512; i++)
        sum += i >= 148 && i < 156 ? ' ' : ov_span_byte(header, i);
    return parse_octal(sum_field) == sum;
}

/* A master boot record: its mark, and four partitions that are each active or
 * not. */
static bool is_mbr(struct ov_span bytes)
{
    if (!ov_span_has_at(bytes, 510, OV_SPAN_LIT("\x55\xaa")))
        return false;
    for (uint64_t at = 446; at < 510; at += 16)
        if ((ov_span_byte(bytes, at) & 0x7f) != 0)
            return false;
    return true;
}

/* Apple disk image: "koly" begins the trailer of 512 bytes. */
static bool is_dmg(struct ov_span bytes)
{
    return bytes.len >= 512 &&
           ov_span_has_at(bytes, bytes.len - 512, OV_SPAN_LIT("koly"));
}

/* Disk images: the first volume descriptor is sector 16 (ECMA-119, 8.1.1;
 * ECMA-167, 2/8.3). */
static enum ov_type type_of_image(struct ov_span bytes)
{
    if (ov_span_has_at(bytes, 0x8001, OV_SPAN_LIT("CD001")))
        return OV_TYPE_ISO9660;
    if (ov_span_has_at(bytes, 0x8001, OV_SPAN_LIT("BEA01")))
        return OV_TYPE_UDF;
    if (is_dmg(bytes))
        return OV_TYPE_DMG;
    if (ov_span_starts(bytes, OV_SPAN_LIT("ER")) &&
        ov_span_has_at(bytes, 512, OV_SPAN_LIT("PM\0\0")))
        return OV_TYPE_APM;
    if (is_mbr(bytes))
        return OV_TYPE_MBR;
    return OV_TYPE_DATA;
}

/* By places that mean something only if nothing else did. */
static enum ov_type type_of_rest(struct ov_span bytes)
{
    for (size_t i = 0; i < N_OF(magics_last); i++)
        if (has_magic(bytes, &magics_last[i]))
            return magics_last[i].type;
    if (is_python_bytecode(bytes))
        return OV_TYPE_PYC;
    return type_of_image(bytes);
}

enum ov_type ov_type_identify(struct ov_span bytes)
{
    struct ov_span head = ov_span_clip(bytes, 0, OV_TYPE_HEAD);
    struct ov_span start = ov_span_clip(bytes, 0, OV_TYPE_START);
    const struct magic *m = find_magic(bytes);
    enum ov_type text, type;

    if (m != NULL) {
        type = refine(bytes, m->type);
        if (type != OV_TYPE_DATA)
            return type;
    }
    text = ov_type_of_text(head);
    if (text == OV_TYPE_DATA && is_old_tar(bytes))
        return OV_TYPE_OLD_TAR;
    type = ov_type_by_words(start, text);
    if (type != text)
        return type;
    type = type_of_rest(bytes);
    return type != OV_TYPE_DATA ? type : text;
}
