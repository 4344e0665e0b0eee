/* SPDX-License-Identifier: Apache-2.0
 *
 * Office documents among zip archives: by the names of members, read from the
 * local headers. The first three mostly tell; if they only hint at a document
 * ("docProps/", "[Content_Types].xml" ...), more are looked at. Headers are
 * found by their magic, so that damaged sizes do not matter; a name inside of
 * stored data is a risk without harm, for such a file is a zip either way.
 *
 * Source: ECMA-376 part 2 (packages), APPNOTE.TXT 4.3.7 (local file header).
 */
#include "formats/type_text.h"

#define ZIP_LOCAL_SIZE 30
#define ZIP_FIRST_NAMES 3
#define ZIP_MAX_NAMES 64
#define ZIP_MAX_SEARCH (512u << 10)

static const struct {
    const char *name; /* a member's name begins so */
    enum ov_type type;
} zip_names[] = {
    {"xl/", OV_TYPE_OOXML_XL},
    {"ppt/", OV_TYPE_OOXML_PPT},
    {"word/", OV_TYPE_OOXML_WORD},
    {"Contents/content.hpf", OV_TYPE_OOXML_HWP},
    {"BinData", OV_TYPE_ZIP},
    {"mimetype", OV_TYPE_ZIP},
    {"Contents", OV_TYPE_ZIP},
    {"docProps/", OV_TYPE_ZIP},
    {"customXml/", OV_TYPE_ZIP},
    {"version.xml", OV_TYPE_ZIP},
    {"settings.xml", OV_TYPE_ZIP},
    {"_rels/.rels", OV_TYPE_ZIP},
    {"[ContentTypes].xml", OV_TYPE_ZIP},
    {"[Content_Types].xml", OV_TYPE_ZIP},
    {"Preview/PrvText.txt", OV_TYPE_ZIP},
    {"META-INF/container.xml", OV_TYPE_ZIP},
};

/* OV_TYPE_DATA: nothing known. */
static enum ov_type type_of_name(struct ov_span bytes, size_t at)
{
    for (size_t i = 0; i < sizeof(zip_names) / sizeof(*zip_names); i++)
        if (ov_span_has_at(bytes, at, ov_span_str(zip_names[i].name)))
            return zip_names[i].type;
    return OV_TYPE_DATA;
}

enum ov_type ov_type_of_zip(struct ov_span bytes)
{
    struct ov_span part = ov_span_clip(bytes, 0, ZIP_MAX_SEARCH);
    bool is_hinted = false;
    size_t at = 0;

    for (int i = 0; i < ZIP_MAX_NAMES; i++) {
        enum ov_type type;

        at = ov_span_find(part, OV_SPAN_LIT("PK\x03\x04"), at);
        if (at == SIZE_MAX)
            break;
        at += ZIP_LOCAL_SIZE;
        type = type_of_name(part, at);
        if (type != OV_TYPE_DATA && type != OV_TYPE_ZIP)
            return type;
        is_hinted |= type == OV_TYPE_ZIP;
        if (i + 1 >= ZIP_FIRST_NAMES && !is_hinted)
            break;
    }
    return OV_TYPE_ZIP;
}
