/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "engine/scan_state.h"
#include "formats/embedded.h"
#include "formats/type_text.h"

/* Types by an image's own magics (ClamAV's .ftm, its manual's "File type
 * magic"). Of bytes at an offset the entry that comes last counts, and one such
 * entry puts aside all of the built-in ones of types that the .ftm could name
 * and does not. What is text is still told by looking at it.
 *
 * Patterns are rules like others, with a condition that says from and to which
 * type: they are looked for in the first KiB of what is text or unknown, and
 * while the object is matched (examine.c): text that has the words of HTML or
 * mail in it is looked at as that, too. Where several match, the one that ends
 * last counts among programs and types that are found inside of others; else
 * the one of higher rank.
 *
 * Source: clamscan 1.4.6 (tests/oracle/database_formats.py). */

/* No object has this target: patterns that are for any are tried, and of these
 * only types are looked at. */
#define TARGET_NONE 31

#define RANK_LAST UINT32_MAX

/* From the lowest to the highest; what is not there is RANK_LAST. */
static const uint8_t ranks[] = {
    OV_TYPE_ASCII,      OV_TYPE_UTF8,      OV_TYPE_UTF16LE,
    OV_TYPE_UTF16BE,    OV_TYPE_DATA,      OV_TYPE_PE,
    OV_TYPE_ELF,        OV_TYPE_MACHO,     OV_TYPE_MACHO_FAT,
    OV_TYPE_TAR,        OV_TYPE_OLD_TAR,   OV_TYPE_CPIO_OLD,
    OV_TYPE_CPIO_ODC,   OV_TYPE_CPIO_NEWC, OV_TYPE_CPIO_CRC,
    OV_TYPE_GZ,         OV_TYPE_ZIP,       OV_TYPE_BZ,
    OV_TYPE_RAR,        OV_TYPE_ARJ,       OV_TYPE_SZDD,
    OV_TYPE_OLE2,       OV_TYPE_CAB,       OV_TYPE_CHM,
    OV_TYPE_SIS,        OV_TYPE_SCRENC,    OV_TYPE_BMP,
    OV_TYPE_GIF,        OV_TYPE_PNG,       OV_TYPE_JPEG,
    OV_TYPE_TIFF,       OV_TYPE_RIFF,      OV_TYPE_BINHEX,
    OV_TYPE_TNEF,       OV_TYPE_CRYPTFF,   OV_TYPE_PDF,
    OV_TYPE_UUENCODED,  OV_TYPE_SCRIPT,    OV_TYPE_HTML_UTF16,
    OV_TYPE_RTF,        OV_TYPE_7Z,        OV_TYPE_SWF,
    OV_TYPE_JAVA,       OV_TYPE_XAR,       OV_TYPE_XZ,
    OV_TYPE_OOXML_WORD, OV_TYPE_OOXML_PPT, OV_TYPE_OOXML_XL,
    OV_TYPE_INTERNAL,   OV_TYPE_HWP3,      OV_TYPE_OOXML_HWP,
    OV_TYPE_POSTSCRIPT, OV_TYPE_EGG,       OV_TYPE_ONENOTE,
    OV_TYPE_PYC,        OV_TYPE_LHA,       OV_TYPE_MBR,
    OV_TYPE_HTML,       OV_TYPE_MAIL,
};

static uint32_t rank_of(enum ov_type t)
{
    for (uint32_t i = 0; i < sizeof(ranks) / sizeof(ranks[0]); i++)
        if (ranks[i] == t)
            return i;
    return RANK_LAST;
}

static const struct ov_magic_rule *find_bytes(const struct ov_scanner *s,
                                              struct ov_span bytes,
                                              enum ov_magic_kind kind)
{
    for (size_t i = s->n_magics; i-- > 0;) {
        const struct ov_magic_rule *m = &s->magics[i];

        if (m->kind == kind && m->bytes.len > 0 && m->type < OV_N_TYPES &&
            ov_span_has_at(bytes, m->offset, m->bytes))
            return m;
    }
    return NULL;
}

static bool has_kind(const struct ov_scanner *s, enum ov_magic_kind kind)
{
    for (size_t i = 0; i < s->n_magics; i++)
        if (s->magics[i].kind == kind)
            return true;
    return false;
}

bool ov_magic_is_built_in(const struct ov_scanner *s, enum ov_type t)
{
    bool is_page = t == OV_TYPE_HTML || t == OV_TYPE_HTML_UTF16;

    if (!has_kind(s, OV_MAGIC_BYTES) || t == OV_TYPE_OLD_TAR ||
        (ov_type_kind(t) == OV_KIND_TEXT && !is_page) ||
        ov_type_clamav_name(t)[0] == '\0')
        return true;
    if (is_page)
        t = OV_TYPE_HTML;
    for (size_t i = 0; i < s->n_magics; i++)
        if (s->magics[i].kind == OV_MAGIC_PATTERN && s->magics[i].type == t)
            return true;
    return false;
}

enum ov_type ov_magic_identify(const struct ov_scanner *s, struct ov_span bytes)
{
    const struct ov_magic_rule *m = find_bytes(s, bytes, OV_MAGIC_BYTES);
    enum ov_type built_in;

    if (m != NULL && m->type == OV_TYPE_ZIP)
        return ov_type_of_zip(bytes);
    if (m != NULL)
        return (enum ov_type)m->type;
    built_in = ov_type_identify(bytes);
    if (ov_magic_is_built_in(s, built_in))
        return built_in;
    return ov_type_of_text(ov_span_clip(bytes, 0, OV_TYPE_HEAD));
}

enum ov_type ov_magic_partition(const struct ov_scanner *s,
                                struct ov_span bytes)
{
    const struct ov_magic_rule *m = find_bytes(s, bytes, OV_MAGIC_PARTITION);

    return m != NULL ? (enum ov_type)m->type : OV_TYPE_PARTITION;
}

/* ---- patterns ---- */

struct told {
    uint64_t end; /* of the match */
    enum ov_type type;
};

static int by_end(const void *a, const void *b)
{
    const struct told *x = a;
    const struct told *y = b;

    return x->end < y->end ? -1 : x->end > y->end;
}

/* Whether a pattern's place means something in the first KiB alone. */
static bool is_plain_place(const struct ov_evaluation *e,
                           const struct ov_rule_view *rule)
{
    const struct ov_term *terms = ov_lookup_terms(e->image, rule, e->arena);

    return terms != NULL && rule->n_terms == 1 &&
           (terms->pattern.place.kind == OV_PLACE_ANY ||
            terms->pattern.place.kind == OV_PLACE_START);
}

/* What the rule of one hit says. */
static bool ask_rule(struct ov_scan *scan, const struct ov_evaluation *e,
                     const struct ov_hit *hit, enum ov_type *ret)
{
    struct ov_evaluation_result result = {0};
    struct ov_rule_view rule;
    enum ov_status status;

    if (!ov_lookup_rule(e->image, hit->rule, e->arena, &rule) ||
        (rule.flags & OV_RULE_MAGIC) == 0 || !is_plain_place(e, &rule) ||
        ov_silenced_has(&scan->scanner->silenced, e->tier, rule.name,
                        rule.source))
        return false;
    status = ov_evaluate(e, &rule, &result);
    if (status != OV_OK)
        ov_report_status(scan, status, "type", 0);
    *ret = result.handler;
    return status == OV_OK && result.holds && result.has_handler;
}

/* All that is said of one image's hits, behind the n that are in list. */
static size_t gather(struct ov_scan *scan, const struct ov_evaluation *e,
                     struct told *list, size_t n)
{
    for (size_t i = 0; i < e->hits->n_hits; i++) {
        const struct ov_hit *hit = e->hits->hits[i];
        enum ov_type type;

        if (!ask_rule(scan, e, hit, &type))
            continue;
        for (const struct ov_match *m = hit->first; m != NULL; m = m->next)
            list[n++] = (struct told){m->at + m->len, type};
    }
    return n;
}

static enum ov_type choose(enum ov_type type, const struct told *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t rank = rank_of(list[i].type);

        /* What is inside of others begins further on: that is looked for by
         * formats/embedded.c. */
        if (ov_type_is_embedded(list[i].type))
            continue;
        if (rank == RANK_LAST || list[i].type == OV_TYPE_PE ||
            rank > rank_of(type))
            type = list[i].type;
    }
    return type;
}

static size_t count_matches(const struct ov_hits *hits)
{
    size_t n = 0;

    for (size_t i = 0; i < hits->n_hits; i++)
        n += hits->hits[i]->n_matches;
    return n;
}

/* What the patterns in the bytes make of the top object, which is of type
 * `type` as far as it is known. */
static enum ov_type look_for_patterns(struct ov_scan *scan,
                                      struct ov_span bytes, enum ov_type type)
{
    struct ov_scanner *s = scan->scanner;
    const struct ov_view head = {
        .name = "head",
        .bytes = bytes,
        .target = TARGET_NONE,
    };
    struct ov_hits hits[OV_MAX_TIERS] = {0};
    struct ov_machines machines = {0};
    struct told *list;
    size_t n = 0;

    ov_match_view(scan, &head, hits);
    for (size_t i = 0; i < s->n_tiers; i++)
        n += count_matches(&hits[i]);
    list = ov_arena_array(s->scratch, n + 1, sizeof(*list));
    if (list == NULL) {
        ov_report_status(scan, OV_NO_MEMORY, "type", 0);
        return type;
    }
    n = 0;
    for (size_t i = 0; i < s->n_tiers; i++) {
        struct ov_evaluation e =
            ov_evaluation_of(scan, &head, i, &hits[i], &machines);

        n = gather(scan, &e, list, n);
    }
    qsort(list, n, sizeof(*list), by_end);
    return choose(type, list, n);
}

/* Whether patterns can make something else of it. */
static bool is_unsure(enum ov_type t)
{
    return t == OV_TYPE_DATA || ov_type_kind(t) == OV_KIND_TEXT;
}

/* The words of HTML may be there in UTF-16. */
static enum ov_type look_for_wide_page(struct ov_scan *scan,
                                       struct ov_span head, enum ov_type type)
{
    uint8_t narrow[OV_TYPE_HEAD];

    if (type != OV_TYPE_UTF16LE && type != OV_TYPE_UTF16BE)
        return type;
    head = ov_type_narrow(head, type == OV_TYPE_UTF16LE, narrow);
    scan->scanner->frames[scan->top].object.type = OV_TYPE_ASCII;
    return look_for_patterns(scan, head, OV_TYPE_ASCII) == OV_TYPE_HTML
               ? OV_TYPE_HTML_UTF16
               : type;
}

void ov_identify(struct ov_scan *scan)
{
    struct ov_scanner *s = scan->scanner;
    struct ov_object *o = &s->frames[scan->top].object;
    struct ov_span head = ov_span_clip(o->bytes, 0, OV_TYPE_HEAD);

    o->type = ov_magic_identify(s, o->bytes);
    if (!has_kind(s, OV_MAGIC_PATTERN) || !is_unsure(o->type))
        return;
    o->type = look_for_patterns(scan, head, o->type);
    o->type = look_for_wide_page(scan, head, o->type);
    ov_arena_reset(s->scratch, OV_SCRATCH_KEEP);
}

void ov_magic_found(struct ov_object *o, enum ov_type type)
{
    if (o->type != OV_TYPE_ASCII || o->is_again)
        return;
    if (type == OV_TYPE_HTML) {
        o->has_html = true;
    } else if (type == OV_TYPE_MAIL && !o->has_handler) {
        o->has_handler = true;
        o->handler = type;
    }
}
