/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/type.h"
#include "reputation/submission_policy.h"

/* What a sample is, for the policy: looked at by a worker in its jail, since
 * these are hostile bytes. A program with an archive behind it is an archive
 * (installers and self-extracting ones carry what their owner put in), and one
 * with a private key in it is a key. Both are looked for by their marks alone:
 * who is wrongly asked to name a file has lost a line of typing. */

/* ---- classes ---- */

static const struct {
    enum ov_type type;
    enum ov_submission_class class;
} types[] = {
    {OV_TYPE_PE, OV_SUBMISSION_PROGRAM},
    {OV_TYPE_ELF, OV_SUBMISSION_PROGRAM},
    {OV_TYPE_MACHO, OV_SUBMISSION_PROGRAM},
    {OV_TYPE_MACHO_FAT, OV_SUBMISSION_PROGRAM},
    {OV_TYPE_JAVA, OV_SUBMISSION_BYTECODE},
    {OV_TYPE_PYC, OV_SUBMISSION_BYTECODE},
    {OV_TYPE_DEX, OV_SUBMISSION_BYTECODE},
    {OV_TYPE_SWF, OV_SUBMISSION_BYTECODE},
    {OV_TYPE_LNK, OV_SUBMISSION_SHORTCUT},
    {OV_TYPE_MAIL, OV_SUBMISSION_MAIL},
    {OV_TYPE_TNEF, OV_SUBMISSION_MAIL},
    {OV_TYPE_MHTML, OV_SUBMISSION_MAIL},
    {OV_TYPE_RTF, OV_SUBMISSION_DOCUMENT},
    {OV_TYPE_XDP, OV_SUBMISSION_DOCUMENT},
    {OV_TYPE_XML_WORD, OV_SUBMISSION_DOCUMENT},
    {OV_TYPE_XML_XL, OV_SUBMISSION_DOCUMENT},
    {OV_TYPE_XML_HWP, OV_SUBMISSION_DOCUMENT},
    {OV_TYPE_OOXML_WORD, OV_SUBMISSION_DOCUMENT},
    {OV_TYPE_OOXML_PPT, OV_SUBMISSION_DOCUMENT},
    {OV_TYPE_OOXML_XL, OV_SUBMISSION_DOCUMENT},
    {OV_TYPE_OOXML_HWP, OV_SUBMISSION_DOCUMENT},
    {OV_TYPE_OLE2, OV_SUBMISSION_DOCUMENT},
    {OV_TYPE_PDF, OV_SUBMISSION_DOCUMENT},
    {OV_TYPE_HWP3, OV_SUBMISSION_DOCUMENT},
    {OV_TYPE_HWPOLE2, OV_SUBMISSION_DOCUMENT},
    {OV_TYPE_ONENOTE, OV_SUBMISSION_DOCUMENT},
    {OV_TYPE_POSTSCRIPT, OV_SUBMISSION_DOCUMENT},
    {OV_TYPE_GIF, OV_SUBMISSION_MEDIA},
    {OV_TYPE_PNG, OV_SUBMISSION_MEDIA},
    {OV_TYPE_JPEG, OV_SUBMISSION_MEDIA},
    {OV_TYPE_TIFF, OV_SUBMISSION_MEDIA},
    {OV_TYPE_BMP, OV_SUBMISSION_MEDIA},
    {OV_TYPE_RIFF, OV_SUBMISSION_MEDIA},
};

static enum ov_submission_class class_of_type(enum ov_type type)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (types[i].type == type)
            return types[i].class;
    }
    switch (ov_type_kind(type)) {
    case OV_KIND_CONTAINER:
        return OV_SUBMISSION_ARCHIVE;
    case OV_KIND_TEXT:
        return OV_SUBMISSION_SOURCE;
    case OV_KIND_CODE:
    case OV_KIND_RAW:
    default:
        return OV_SUBMISSION_OTHER;
    }
}

static bool has_any(struct ov_span bytes, const struct ov_span *marks, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (ov_span_find(bytes, marks[i], 0) != SIZE_MAX)
            return true;
    }
    return false;
}

#define HAS_ANY(bytes, marks)                                                  \
    has_any(bytes, marks, sizeof(marks) / sizeof((marks)[0]))

/* PEM (RFC 7468), OpenSSH's and OpenPGP's armour; keys anywhere, the rest only
 * where it begins. */
static bool is_key(struct ov_span bytes)
{
    const struct ov_span anywhere[] = {
        OV_SPAN_LIT("PRIVATE KEY-----"),
        OV_SPAN_LIT("PRIVATE KEY BLOCK-----"),
        OV_SPAN_LIT("PuTTY-User-Key-File-"),
    };
    const struct ov_span first[] = {
        OV_SPAN_LIT("-----BEGIN "), OV_SPAN_LIT("ssh-"),
        OV_SPAN_LIT("ecdsa-sha2-"),
        OV_SPAN_LIT("\xfe\xed\xfe\xed"), /* Java's key store */
    };

    for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
        if (ov_span_starts(bytes, first[i]))
            return true;
    }
    return HAS_ANY(bytes, anywhere);
}

static bool is_database(struct ov_span bytes)
{
    const struct {
        size_t at;
        struct ov_span mark;
    } marks[] = {
        {0, OV_SPAN_LIT("SQLite format 3")},
        {4, OV_SPAN_LIT("Standard Jet DB")},
        {4, OV_SPAN_LIT("Standard ACE DB")},
        {0, OV_SPAN_LIT("PGDMP")},
    };

    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (ov_span_has_at(bytes, marks[i].at, marks[i].mark))
            return true;
    }
    return false;
}

static bool has_archive_inside(struct ov_span bytes)
{
    const struct ov_span marks[] = {
        OV_SPAN_LIT("PK\x03\x04"),
        OV_SPAN_LIT("7z\xbc\xaf\x27\x1c"),
        OV_SPAN_LIT("Rar!\x1a\x07"),
        OV_SPAN_LIT("MSCF\0\0\0\0"),
        OV_SPAN_LIT("hsqs"), /* squashfs */
        OV_SPAN_LIT("\xfd"
                    "7zXZ\0"),
    };

    return HAS_ANY(bytes, marks);
}

enum ov_submission_class ov_submission_classify(struct ov_span bytes)
{
    enum ov_submission_class class;

    if (is_key(bytes))
        return OV_SUBMISSION_KEY;
    if (is_database(bytes))
        return OV_SUBMISSION_DATABASE;
    class = class_of_type(ov_type_identify(bytes));
    if (ov_submission_class_is_offered(class) && has_archive_inside(bytes))
        return OV_SUBMISSION_ARCHIVE;
    return class;
}

/* ---- words of the owner's ---- */

/* Whether word begins at `at`, each of its bytes `step` apart. */
static bool word_is_at(struct ov_span bytes, size_t at, struct ov_span word,
                       size_t step)
{
    for (size_t i = 0; i < word.len; i++) {
        int c = ov_span_byte(bytes, at + step * i);

        if (c < 0 ||
            ov_lower((uint8_t)c) != ov_lower((uint8_t)ov_span_byte(word, i)))
            return false;
        if (step == 2 && ov_span_byte(bytes, at + 2 * i + 1) != 0)
            return false;
    }
    return true;
}

/* A word has at most OV_SUBMISSION_MARKER_LEN_MAX bytes, and a longer one is
 * cut there. */
static bool has_word(struct ov_span bytes, struct ov_span word)
{
    int first;

    word = ov_span_clip(word, 0, OV_SUBMISSION_MARKER_LEN_MAX);
    if (word.len == 0)
        return false;
    first = ov_lower((uint8_t)ov_span_byte(word, 0));
    for (size_t at = 0; at < bytes.len; at++) {
        if (ov_lower(bytes.ptr[at]) == first &&
            (word_is_at(bytes, at, word, 1) || word_is_at(bytes, at, word, 2)))
            return true;
    }
    return false;
}

static bool has_marker(struct ov_span bytes, const struct ov_span *markers,
                       size_t n)
{
    for (size_t i = 0; i < n && i < OV_SUBMISSION_MARKERS_MAX; i++) {
        if (has_word(bytes, markers[i]))
            return true;
    }
    return false;
}

struct ov_submission_facts ov_submission_look(struct ov_span bytes,
                                              const struct ov_span *markers,
                                              size_t n)
{
    return (struct ov_submission_facts){
        .size = bytes.len,
        .class = ov_submission_classify(bytes),
        .has_marker = has_marker(bytes, markers, n),
    };
}
