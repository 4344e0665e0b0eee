/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/sources.h"

#include "base/assert.h"
#include "rules/yara.h"

#define ARENA_MAX ((size_t)8 << 30)

struct set_entry {
    bool is_yara;
    enum ov_clamav_format format; /* else */
    uint32_t rule_flags;
};

struct ov_sources {
    struct ov_clamav_trust trust;
    struct ov_arena *arena;
    OV_LIST(struct ov_source, sources);
    OV_LIST(struct set_entry, entries);
    OV_LIST(struct ov_piece, pieces);
};

static bool is_yara_name(struct ov_span name)
{
    static const char *const extensions[] = {".yar", ".yara"};

    for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++) {
        struct ov_span extension = ov_span_str(extensions[i]);

        if (name.len > extension.len &&
            ov_span_equal_nocase(
                ov_span_clip(name, name.len - extension.len, extension.len),
                extension))
            return true;
    }
    return false;
}

bool ov_sources_knows(struct ov_span name)
{
    enum ov_clamav_format format;

    return is_yara_name(name) || ov_clamav_format_of(name, &format);
}

struct ov_sources *ov_sources_new(const struct ov_clamav_trust *trust)
{
    OV_AUTO(sources) s = ov_alloc(sizeof(*s));

    if (s == NULL)
        return NULL;
    s->trust = *trust;
    s->arena = ov_arena_new(ARENA_MAX);
    if (s->arena == NULL)
        return NULL;
    return OV_STEAL(s);
}

void ov_sources_free(struct ov_sources *s)
{
    if (s == NULL)
        return;
    ov_free(s->sources.items);
    ov_free(s->entries.items);
    ov_free(s->pieces.items);
    ov_arena_free(s->arena);
    ov_free(s);
}

static enum ov_status add_one(struct ov_sources *s, struct ov_span name,
                              struct ov_span text,
                              const struct set_entry *entry)
{
    struct ov_source *source = ov_part_add(&s->sources);
    struct set_entry *copy = ov_part_add(&s->entries);

    if (source == NULL || copy == NULL)
        return OV_NO_MEMORY;
    *source = (struct ov_source){.name = name, .text = text};
    *copy = *entry;
    return OV_OK;
}

/* "daily.cvd" and "daily.ndb" make "daily.cvd/daily.ndb". */
static bool join_names(struct ov_arena *arena, struct ov_span outer,
                       struct ov_span inner, struct ov_span *ret)
{
    OV_AUTO_DONE(buf) name = ov_buf_with_max(outer.len + inner.len + 1);

    ov_put_span(&name, outer);
    ov_put_u8(&name, '/');
    ov_put_span(&name, inner);
    return ov_buf_status(&name) == OV_OK &&
           ov_arena_copy(arena, ov_buf_span(&name), ret);
}

static enum ov_status add_container(struct ov_sources *s, struct ov_span name,
                                    struct ov_span text,
                                    enum ov_clamav_format format,
                                    struct ov_diag *diag)
{
    struct ov_clamav_container container;

    OV_TRY(
        ov_clamav_unpack(text, format, &s->trust, s->arena, &container, diag));
    for (size_t i = 0; i < container.n_members; i++) {
        const struct ov_clamav_member *member = &container.members[i];
        struct set_entry entry = {
            .rule_flags = container.is_signed ? OV_RULE_OFFICIAL : 0};
        struct ov_span full;

        if (!ov_clamav_format_of(member->name, &entry.format) ||
            ov_clamav_is_container(entry.format))
            continue;
        if (!join_names(s->arena, name, member->name, &full))
            return OV_NO_MEMORY;
        OV_TRY(add_one(s, full, member->text, &entry));
    }
    return OV_OK;
}

enum ov_status ov_sources_add(struct ov_sources *s, struct ov_span name,
                              struct ov_span text, struct ov_diag *diag)
{
    struct set_entry entry = {.is_yara = is_yara_name(name)};

    if (entry.is_yara)
        return add_one(s, name, text, &entry);
    if (!ov_clamav_format_of(name, &entry.format))
        return ov_diag_set(diag, OV_UNSUPPORTED, 0,
                           "the extension tells of no rule language");
    if (ov_clamav_is_container(entry.format))
        return add_container(s, name, text, entry.format, diag);
    return add_one(s, name, text, &entry);
}

/* No kind is longer. */
#define KIND_MAX 16

enum ov_status ov_sources_add_record(struct ov_sources *s, struct ov_span name,
                                     struct ov_span kind, struct ov_span text)
{
    OV_AUTO_DONE(buf) file = ov_buf_with_max(KIND_MAX);
    struct set_entry entry = {.rule_flags = OV_RULE_OFFICIAL};

    ov_put_str(&file, "r.");
    ov_put_span(&file, kind);
    if (ov_buf_status(&file) == OV_NO_MEMORY)
        return OV_NO_MEMORY;
    entry.is_yara = is_yara_name(ov_buf_span(&file));
    if (!entry.is_yara &&
        (!ov_clamav_format_of(ov_buf_span(&file), &entry.format) ||
         ov_clamav_is_container(entry.format)))
        return OV_UNSUPPORTED;
    return add_one(s, name, text, &entry);
}

const struct ov_source *ov_sources_list(const struct ov_sources *s,
                                        size_t *ret_n)
{
    *ret_n = s->sources.n;
    return s->sources.items;
}

static uint32_t count_lines(struct ov_span text)
{
    uint32_t n = 0;
    size_t at = 0;

    while ((at = ov_span_find_byte(text, '\n', at)) != SIZE_MAX) {
        n++;
        at++;
    }
    return n;
}

static enum ov_status cut_source(struct ov_sources *s, uint32_t source,
                                 size_t size)
{
    struct ov_span rest = s->sources.items[source].text;
    uint32_t line = 1;

    do {
        struct ov_piece *piece = ov_part_add(&s->pieces);
        size_t end = SIZE_MAX;

        if (piece == NULL)
            return OV_NO_MEMORY;
        if (rest.len > size && !s->entries.items[source].is_yara)
            end = ov_span_find_byte(rest, '\n', size);
        end = end == SIZE_MAX ? rest.len : end + 1;
        *piece = (struct ov_piece){.source = source,
                                   .first_line = line,
                                   .text = ov_span_clip(rest, 0, end)};
        rest = ov_span_clip(rest, end, rest.len);
        if (rest.len > 0)
            line += count_lines(piece->text);
    } while (rest.len > 0);
    return OV_OK;
}

enum ov_status ov_sources_cut(struct ov_sources *s, size_t size,
                              const struct ov_piece **ret, size_t *ret_n)
{
    OV_ASSERT(size > 0);
    s->pieces.n = 0;
    for (size_t i = 0; i < s->sources.n; i++)
        OV_TRY(cut_source(s, (uint32_t)i, size));
    *ret = s->pieces.items;
    *ret_n = s->pieces.n;
    return OV_OK;
}

static enum ov_status parse(const struct set_entry *entry,
                            const struct ov_piece *piece, struct ov_part *part,
                            struct ov_diag *diag)
{
    struct ov_clamav_options clamav = {.rule_flags = entry->rule_flags,
                                       .first_line = piece->first_line};
    struct ov_yara_options yara = {.rule_flags = entry->rule_flags};

    if (entry->is_yara)
        return ov_yara_parse(piece->text, &yara, part, diag);
    return ov_clamav_parse(entry->format, piece->text, &clamav, part, diag);
}

enum ov_status ov_sources_parse(const struct ov_sources *s,
                                const struct ov_piece *piece,
                                struct ov_part **ret, struct ov_diag *diag)
{
    OV_AUTO(part) part = ov_part_new(piece->source);
    enum ov_status status;

    if (part == NULL)
        return OV_NO_MEMORY;
    status = parse(&s->entries.items[piece->source], piece, part, diag);
    if (status != OV_OK && status != OV_MALFORMED)
        return status;
    *ret = OV_STEAL(part);
    return status;
}
