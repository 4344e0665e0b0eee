/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/sources.h"

#include "base/assert.h"
#include "rules/names.h"
#include "rules/yara_parser.h"

#define ARENA_MAX ((size_t)8 << 30)

/* How many files includes may bring in. */
#define INCLUDES_MAX 20000

struct set_entry {
    bool is_yara;
    enum ov_clamav_format format; /* else */
    uint32_t rule_flags;
    struct ov_span space; /* of YARA: its namespace; empty: its own */
    uint32_t file;        /* the how-manieth that was given */
    uint32_t includer;    /* 0: none; else 1 + the source that includes it */
};

/* What `include "path"` means in one source. */
struct include {
    uint32_t from;
    struct ov_span path;
    uint32_t source; /* 0: cannot be had; else 1 + its place in the list */
    const char *why; /* it cannot */
};

struct ov_sources {
    struct ov_clamav_trust trust;
    struct ov_arena *arena;
    OV_LIST(struct ov_source, sources);
    OV_LIST(struct set_entry, entries);
    OV_LIST(struct ov_piece, pieces);
    OV_LIST(struct include, includes);
    size_t n_known;   /* of them: given or refused */
    size_t n_scanned; /* sources in which includes were looked for */
    uint32_t n_files;
    bool wants_warnings;
    bool has_file_values;
    const struct ov_external *externals;
    size_t n_externals;
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
    ov_free(s->includes.items);
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
    copy->file = s->n_files;
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

static enum ov_status add_file(struct ov_sources *s, struct ov_span name,
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

enum ov_status ov_sources_add(struct ov_sources *s, struct ov_span name,
                              struct ov_span text, struct ov_diag *diag)
{
    enum ov_status status = add_file(s, name, text, diag);

    s->n_files++;
    return status;
}

enum ov_status ov_sources_add_yara(struct ov_sources *s, struct ov_span name,
                                   struct ov_span space, struct ov_span text)
{
    const struct set_entry entry = {.is_yara = true, .space = space};
    enum ov_status status = add_one(s, name, text, &entry);

    s->n_files++;
    return status;
}

void ov_sources_want_warnings(struct ov_sources *s)
{
    s->wants_warnings = true;
}

void ov_sources_set_externals(struct ov_sources *s,
                              const struct ov_external *externals, size_t n)
{
    s->externals = externals;
    s->n_externals = n;
}

void ov_sources_allow_file_values(struct ov_sources *s)
{
    s->has_file_values = true;
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

/* ---- includes ---- */

/* The folder of a file, with the last slash. */
static struct ov_span folder_of(struct ov_span name)
{
    while (name.len > 0 && ov_span_byte(name, name.len - 1) != '/')
        name.len--;
    return name;
}

/* How an included file is called: beside the one that includes it, without
 * "./" and what "../" undoes. */
static enum ov_status name_include(struct ov_sources *s,
                                   const struct include *include,
                                   struct ov_span *ret)
{
    OV_AUTO_DONE(buf) name = ov_buf_with_max(OV_NAME_MAX);
    struct ov_span path = include->path;

    if (ov_span_byte(path, 0) != '/')
        ov_put_span(&name, folder_of(s->sources.items[include->from].name));
    while (path.len > 0) {
        struct ov_span folder = folder_of(ov_span_clip(
            ov_buf_span(&name), 0, name.len > 0 ? name.len - 1 : 0));
        struct ov_span last =
            ov_span_clip(ov_buf_span(&name), folder.len, name.len);
        bool can_undo =
            name.len > 0 && !ov_span_equal(last, OV_SPAN_LIT("../"));
        struct ov_span part;
        bool is_folder = ov_span_cut(&path, '/', &part);

        if (is_folder && ov_span_equal(part, OV_SPAN_LIT(".")))
            continue;
        if (is_folder && can_undo && ov_span_equal(part, OV_SPAN_LIT(".."))) {
            name.len = folder.len;
            continue;
        }
        ov_put_span(&name, part);
        if (is_folder)
            ov_put_u8(&name, '/');
    }
    if (ov_buf_status(&name) == OV_LIMIT_SIZE)
        return OV_LIMIT_SIZE;
    return ov_arena_copy(s->arena, ov_buf_span(&name), ret) ? OV_OK
                                                            : OV_NO_MEMORY;
}

/* Whether a file of this name is being included already, or too many are. */
static const char *why_not(const struct ov_sources *s, uint32_t from,
                           struct ov_span name)
{
    unsigned depth = 0;

    if (s->includes.n > INCLUDES_MAX)
        return "more than 20000 files are included";
    for (uint32_t at = from + 1; at > 0;
         at = s->entries.items[at - 1].includer) {
        if (ov_span_equal(s->sources.items[at - 1].name, name))
            return "the file includes itself";
        if (++depth > OV_YARA_INCLUDES_MAX)
            return "files include each other more than 16 deep";
    }
    return NULL;
}

static bool is_known(const struct ov_sources *s, uint32_t from,
                     struct ov_span path)
{
    for (size_t i = s->includes.n; i > 0; i--) {
        const struct include *other = &s->includes.items[i - 1];

        if (other->from != from)
            break;
        if (ov_span_equal(other->path, path))
            return true;
    }
    return false;
}

static enum ov_status look_for_includes(struct ov_sources *s, uint32_t from)
{
    struct ov_span path;
    size_t at = 0;

    while (s->includes.n <= INCLUDES_MAX &&
           ov_yara_next_include(s->sources.items[from].text, &at, &path)) {
        struct include *include;

        if (is_known(s, from, path))
            continue;
        include = ov_part_add(&s->includes);
        if (include == NULL)
            return OV_NO_MEMORY;
        *include = (struct include){.from = from, .path = path};
    }
    return OV_OK;
}

enum ov_status ov_sources_wants(struct ov_sources *s,
                                struct ov_sources_wanted *ret,
                                bool *ret_is_wanted)
{
    for (; s->n_scanned < s->sources.n; s->n_scanned++)
        if (s->entries.items[s->n_scanned].is_yara)
            OV_TRY(look_for_includes(s, (uint32_t)s->n_scanned));
    for (; s->n_known < s->includes.n; s->n_known++) {
        struct include *include = &s->includes.items[s->n_known];
        struct ov_span name;
        enum ov_status status = name_include(s, include, &name);

        if (status == OV_NO_MEMORY)
            return status;
        include->why = status == OV_OK ? why_not(s, include->from, name)
                                       : "the path is too long";
        if (include->why != NULL)
            continue;
        *ret = (struct ov_sources_wanted){
            .file = s->entries.items[include->from].file,
            .path = include->path,
            .name = name};
        *ret_is_wanted = true;
        return OV_OK;
    }
    *ret_is_wanted = false;
    return OV_OK;
}

enum ov_status ov_sources_give(struct ov_sources *s, struct ov_span text)
{
    struct include *include = &s->includes.items[s->n_known];
    const struct set_entry *from = &s->entries.items[include->from];
    struct set_entry entry = {.is_yara = true,
                              .rule_flags = from->rule_flags,
                              .includer = include->from + 1};
    struct ov_span name;

    OV_ASSERT(s->n_known < s->includes.n);
    OV_TRY(name_include(s, include, &name));
    OV_TRY(add_one(s, name, text, &entry));
    include->source = (uint32_t)s->sources.n;
    s->n_known++;
    s->n_files++;
    return OV_OK;
}

void ov_sources_refuse(struct ov_sources *s)
{
    OV_ASSERT(s->n_known < s->includes.n);
    s->includes.items[s->n_known++].why = "the file cannot be read";
}

/* ---- pieces ---- */

/* Whether a source is read when another one is: that includes it, or is the
 * first of its namespace. */
static bool is_read_with_other(const struct ov_sources *s, uint32_t source)
{
    const struct set_entry *entry = &s->entries.items[source];

    if (entry->includer > 0)
        return true;
    for (uint32_t i = 0; i < source && entry->space.len > 0; i++)
        if (ov_span_equal(s->entries.items[i].space, entry->space))
            return true;
    return false;
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
    for (uint32_t i = 0; i < s->sources.n; i++)
        if (!is_read_with_other(s, i))
            OV_TRY(cut_source(s, i, size));
    *ret = s->pieces.items;
    *ret_n = s->pieces.n;
    return OV_OK;
}

/* What reading one namespace knows. */
struct reading {
    const struct ov_sources *sources;
    uint32_t source; /* the file of the namespace that is read */
};

static const char *find_include(void *data, uint32_t source,
                                struct ov_span path, struct ov_yara_file *ret)
{
    const struct ov_sources *s = ((const struct reading *)data)->sources;

    for (size_t i = 0; i < s->includes.n; i++) {
        const struct include *include = &s->includes.items[i];

        if (include->from != source || !ov_span_equal(include->path, path))
            continue;
        if (include->why != NULL)
            return include->why;
        if (include->source == 0)
            break;
        ret->source = include->source - 1;
        ret->text = s->sources.items[ret->source].text;
        return NULL;
    }
    return "the file cannot be read";
}

static bool find_next(void *data, struct ov_yara_file *ret)
{
    struct reading *r = data;
    const struct ov_sources *s = r->sources;
    struct ov_span space = s->entries.items[r->source].space;

    for (uint32_t i = r->source + 1; i < s->sources.n && space.len > 0; i++) {
        if (!ov_span_equal(s->entries.items[i].space, space))
            continue;
        r->source = i;
        *ret = (struct ov_yara_file){i, s->sources.items[i].text};
        return true;
    }
    return false;
}

static enum ov_status parse(const struct ov_sources *s,
                            const struct ov_piece *piece, struct ov_part *part,
                            struct ov_diag *diag)
{
    const struct set_entry *entry = &s->entries.items[piece->source];
    struct ov_clamav_options clamav = {.rule_flags = entry->rule_flags,
                                       .first_line = piece->first_line};
    struct reading reading = {s, piece->source};
    struct ov_yara_options yara = {.rule_flags = entry->rule_flags,
                                   .space = entry->space,
                                   .wants_warnings = s->wants_warnings,
                                   .externals = s->externals,
                                   .n_externals = s->n_externals,
                                   .has_file_values = s->has_file_values,
                                   .include = find_include,
                                   .next = find_next,
                                   .data = &reading};

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
    status = parse(s, piece, part, diag);
    if (status != OV_OK && status != OV_MALFORMED)
        return status;
    *ret = OV_STEAL(part);
    return status;
}
