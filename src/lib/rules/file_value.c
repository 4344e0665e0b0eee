/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of files, cut to pieces. Members of archives have backslashes in their
 * names where they were packed by programs for Windows. */
#include "rules/file_value.h"

static const char *const words[OV_N_FILE_VALUES] = {
#define OV_FILE_VALUE(id, word) [id] = word,
#include "rules/file_value.def"
#undef OV_FILE_VALUE
};

enum ov_file_value ov_file_value_find(struct ov_span name)
{
    int i = 0;

    while (i < OV_N_FILE_VALUES && !ov_span_equal(name, ov_span_str(words[i])))
        i++;
    return (enum ov_file_value)i;
}

static bool is_slash(struct ov_span path, size_t i)
{
    int c = ov_span_byte(path, i);

    return c == '/' || c == '\\';
}

static size_t name_at(struct ov_span path)
{
    size_t at = path.len;

    while (at > 0 && !is_slash(path, at - 1))
        at--;
    return at;
}

struct ov_span ov_file_value_name(struct ov_span path)
{
    return ov_span_clip(path, name_at(path), path.len);
}

struct ov_span ov_file_value_folder(struct ov_span path)
{
    size_t end = name_at(path);

    while (end > 1 && is_slash(path, end - 1))
        end--;
    return ov_span_clip(path, 0, end);
}

struct ov_span ov_file_value_extension(struct ov_span path)
{
    struct ov_span name = ov_file_value_name(path);
    size_t at = name.len;

    while (at > 1 && ov_span_byte(name, at - 1) != '.')
        at--;
    /* At 1 it would be the name's first byte; ".profile" has none. */
    return at > 1 ? ov_span_clip(name, at - 1, name.len)
                  : (struct ov_span){NULL, 0};
}

/* The words that public rules compare with. */
static const char *const types[OV_N_TYPES] = {
    [OV_TYPE_PE] = "EXE",         [OV_TYPE_ELF] = "ELF",
    [OV_TYPE_MACHO] = "MACHO",    [OV_TYPE_MACHO_FAT] = "MACHO",
    [OV_TYPE_JAVA] = "CLASS",     [OV_TYPE_SWF] = "SWF",
    [OV_TYPE_DEX] = "DEX",        [OV_TYPE_ZIP] = "ZIP",
    [OV_TYPE_OOXML_WORD] = "ZIP", [OV_TYPE_OOXML_PPT] = "ZIP",
    [OV_TYPE_OOXML_XL] = "ZIP",   [OV_TYPE_OOXML_HWP] = "ZIP",
    [OV_TYPE_RAR] = "RAR",        [OV_TYPE_7Z] = "7Z",
    [OV_TYPE_ARJ] = "ARJ",        [OV_TYPE_TAR] = "TAR",
    [OV_TYPE_OLD_TAR] = "TAR",    [OV_TYPE_GZ] = "GZIP",
    [OV_TYPE_BZ] = "BZIP2",       [OV_TYPE_XZ] = "XZ",
    [OV_TYPE_CAB] = "CAB",        [OV_TYPE_CHM] = "CHM",
    [OV_TYPE_ISO9660] = "ISO",    [OV_TYPE_OLE2] = "OLE",
    [OV_TYPE_PDF] = "PDF",        [OV_TYPE_RTF] = "RTF",
    [OV_TYPE_ONENOTE] = "ONE",    [OV_TYPE_GIF] = "GIF",
    [OV_TYPE_PNG] = "PNG",        [OV_TYPE_JPEG] = "JPEG",
    [OV_TYPE_TIFF] = "TIFF",      [OV_TYPE_BMP] = "BMP",
    [OV_TYPE_LNK] = "LNK",        [OV_TYPE_HTML] = "HTML",
};

const char *ov_file_value_type(enum ov_type type)
{
    if ((unsigned)type >= OV_N_TYPES || types[type] == NULL)
        return "";
    return types[type];
}
