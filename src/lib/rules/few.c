/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/few.h"

#include "base/assert.h"
#include "base/reader.h"
#include "rules/lookup.h"
#include "rules/terms.h"

/* Container rules, type magics, passwords and icons: thousands at most, so they
 * are stored one after the other, each as a block (a length, then its fields),
 * and read all at once. A section ends where its bytes end. */

static void put_one(struct ov_buf *b, const struct ov_buf *one)
{
    if (ov_buf_status(one) != OV_OK)
        b->status = ov_buf_status(one);
    ov_put_block(b, ov_buf_span(one));
}

/* A type or OV_TYPE_ANY, as the type plus one. */
static void put_type(struct ov_buf *b, uint32_t type)
{
    ov_put_varint(b, (uint32_t)(type + 1));
}

static uint32_t read_type(struct ov_reader *r)
{
    return ov_read_varint32(r) - 1;
}

/* The least value, and how many more values there are. */
static void put_range(struct ov_buf *b, struct ov_range range)
{
    ov_put_varint(b, range.min);
    ov_put_varint(b, range.max - range.min);
}

static struct ov_range read_range(struct ov_reader *r)
{
    struct ov_range range;

    range.min = ov_read_varint(r);
    range.max = range.min + ov_read_varint(r);
    return range;
}

/* ---- .cdb ---- */

void ov_few_put_member(struct ov_buf *b, uint32_t source,
                       const struct ov_member_rule *m)
{
    OV_AUTO_DONE(buf) one = ov_buf_with_max(b->max);

    ov_put_varint(&one, source);
    ov_put_block(&one, m->name);
    ov_put_varint(&one, m->line);
    ov_put_varint(&one, m->flags);
    put_type(&one, m->container);
    put_range(&one, m->container_size);
    ov_put_block(&one, m->file_name);
    put_range(&one, m->packed_size);
    put_range(&one, m->real_size);
    ov_put_u8(&one, (uint8_t)m->is_encrypted);
    put_range(&one, m->position);
    put_range(&one, m->checksum);
    ov_put_block(&one, m->extra);
    put_one(b, &one);
}

static void read_member(struct ov_reader *r, struct ov_arena *arena,
                        uint32_t *ret_source, void *ret)
{
    struct ov_member_rule *m = ret;

    (void)arena;
    *ret_source = ov_read_varint32(r);
    m->name = ov_read_block(r);
    m->line = ov_read_varint32(r);
    m->flags = ov_read_varint32(r);
    m->container = read_type(r);
    m->container_size = read_range(r);
    m->file_name = ov_read_block(r);
    m->packed_size = read_range(r);
    m->real_size = read_range(r);
    m->is_encrypted = (int8_t)ov_read_u8(r);
    m->position = read_range(r);
    m->checksum = read_range(r);
    m->extra = ov_read_block(r);
}

/* ---- .ftm ---- */

void ov_few_put_magic(struct ov_buf *b, uint32_t source,
                      const struct ov_magic_rule *m)
{
    OV_AUTO_DONE(buf) one = ov_buf_with_max(b->max);

    ov_put_varint(&one, source);
    ov_put_varint(&one, m->line);
    ov_put_u8(&one, (uint8_t)m->kind);
    ov_put_varint(&one, m->offset);
    ov_put_block(&one, m->bytes);
    ov_put_block(&one, m->name);
    put_type(&one, m->type);
    put_one(b, &one);
}

static void read_magic(struct ov_reader *r, struct ov_arena *arena,
                       uint32_t *ret_source, void *ret)
{
    struct ov_magic_rule *m = ret;

    *ret_source = ov_read_varint32(r);
    (void)arena;
    m->line = ov_read_varint32(r);
    m->kind = ov_read_u8(r);
    m->offset = ov_read_varint(r);
    m->bytes = ov_read_block(r);
    m->name = ov_read_block(r);
    m->type = read_type(r);
}

/* ---- .pwdb ---- */

void ov_few_put_password(struct ov_buf *b, uint32_t source,
                         const struct ov_password *p)
{
    OV_AUTO_DONE(buf) one = ov_buf_with_max(b->max);

    ov_put_varint(&one, source);
    ov_put_block(&one, p->name);
    ov_put_varint(&one, p->line);
    ov_put_block(&one, p->word);
    put_type(&one, p->container);
    put_one(b, &one);
}

static void read_password(struct ov_reader *r, struct ov_arena *arena,
                          uint32_t *ret_source, void *ret)
{
    struct ov_password *p = ret;

    (void)arena;
    *ret_source = ov_read_varint32(r);
    p->name = ov_read_block(r);
    p->line = ov_read_varint32(r);
    p->word = ov_read_block(r);
    p->container = read_type(r);
}

/* ---- .idb ---- */

static void put_icon(struct ov_buf *b, const struct ov_icon *icon)
{
    ov_put_varint(b, icon->side);
    for (int kind = 0; kind < OV_N_ICON_KINDS; kind++) {
        for (size_t i = 0; i < OV_ICON_AREAS; i++) {
            ov_put_varint(b, icon->areas[kind][i].mean);
            ov_put_varint(b, icon->areas[kind][i].x);
            ov_put_varint(b, icon->areas[kind][i].y);
        }
    }
    ov_put_varint(b, icon->red);
    ov_put_varint(b, icon->green);
    ov_put_varint(b, icon->blue);
    ov_put_varint(b, icon->colored);
}

static void read_icon_hash(struct ov_reader *r, struct ov_icon *icon)
{
    icon->side = ov_read_varint32(r);
    for (int kind = 0; kind < OV_N_ICON_KINDS; kind++) {
        for (size_t i = 0; i < OV_ICON_AREAS; i++) {
            icon->areas[kind][i].mean = ov_read_varint32(r);
            icon->areas[kind][i].x = ov_read_varint32(r);
            icon->areas[kind][i].y = ov_read_varint32(r);
        }
    }
    icon->red = ov_read_varint32(r);
    icon->green = ov_read_varint32(r);
    icon->blue = ov_read_varint32(r);
    icon->colored = ov_read_varint32(r);
}

void ov_icon_rule_put(struct ov_buf *b, uint32_t source,
                      const struct ov_icon_rule *rule)
{
    OV_AUTO_DONE(buf) one = ov_buf_with_max(b->max);

    ov_put_varint(&one, source);
    ov_put_block(&one, rule->name);
    ov_put_varint(&one, rule->line);
    for (size_t i = 0; i < OV_ICON_GROUPS; i++)
        ov_put_block(&one, rule->groups[i]);
    put_icon(&one, &rule->icon);
    put_one(b, &one);
}

static void read_icon(struct ov_reader *r, struct ov_arena *arena,
                      uint32_t *ret_source, void *ret)
{
    struct ov_icon_rule *rule = ret;

    (void)arena;
    *ret_source = ov_read_varint32(r);
    rule->name = ov_read_block(r);
    rule->line = ov_read_varint32(r);
    for (size_t i = 0; i < OV_ICON_GROUPS; i++) {
        rule->groups[i] = ov_read_block(r);
        rule->keys[i] = ov_icon_group_key(rule->groups[i]);
    }
    read_icon_hash(r, &rule->icon);
}

/* ---- reading a section ---- */

struct form {
    enum ov_section section;
    size_t size;
    void (*read)(struct ov_reader *r, struct ov_arena *arena,
                 uint32_t *ret_source, void *ret);
};

static const struct form members = {OV_SECTION_MEMBERS,
                                    sizeof(struct ov_member_rule), read_member};
static const struct form magics = {OV_SECTION_MAGICS,
                                   sizeof(struct ov_magic_rule), read_magic};
static const struct form passwords = {
    OV_SECTION_PASSWORDS, sizeof(struct ov_password), read_password};

static const struct form icons = {OV_SECTION_ICONS, sizeof(struct ov_icon_rule),
                                  read_icon};

static bool count_blocks(struct ov_span s, size_t *ret_n)
{
    struct ov_reader r = ov_reader_over(s);

    *ret_n = 0;
    while (ov_reader_more(&r)) {
        (void)ov_read_block(&r);
        *ret_n += 1;
    }
    return ov_reader_end(&r) == OV_OK;
}

/* All entries of a section, and the sources that they name; NULL if there are
 * none, on damage, or without memory. */
static void *read_all(struct ov_image *image, const struct form *f,
                      struct ov_arena *arena, uint32_t **ret_sources,
                      size_t *ret_n)
{
    struct ov_span s;
    struct ov_reader r;
    size_t n;
    uint8_t *items;

    *ret_n = 0;
    if (!ov_image_at(image, f->section, 0, image->sections[f->section].len,
                     &s) ||
        !count_blocks(s, &n) || n == 0)
        return NULL;
    items = ov_arena_array(arena, n, f->size);
    *ret_sources = ov_arena_array(arena, n, sizeof(**ret_sources));
    if (items == NULL || *ret_sources == NULL)
        return NULL;
    r = ov_reader_over(s);
    for (size_t i = 0; i < n; i++) {
        struct ov_reader one = ov_reader_over(ov_read_block(&r));

        f->read(&one, arena, *ret_sources + i, items + i * f->size);
        if (ov_reader_end(&one) != OV_OK)
            return NULL;
    }
    *ret_n = n;
    return items;
}

static struct ov_span name_source(struct ov_image *image, uint32_t source)
{
    struct ov_source_view view;

    if (!ov_lookup_source(image, source, &view))
        return (struct ov_span){NULL, 0};
    return view.name;
}

const struct ov_member_rule *
ov_lookup_members(struct ov_image *image, struct ov_arena *arena, size_t *ret_n)
{
    uint32_t *sources;
    struct ov_member_rule *m =
        read_all(image, &members, arena, &sources, ret_n);

    for (size_t i = 0; m != NULL && i < *ret_n; i++)
        m[i].source = name_source(image, sources[i]);
    return m;
}

const struct ov_magic_rule *
ov_lookup_magics(struct ov_image *image, struct ov_arena *arena, size_t *ret_n)
{
    uint32_t *sources;
    struct ov_magic_rule *m = read_all(image, &magics, arena, &sources, ret_n);

    for (size_t i = 0; m != NULL && i < *ret_n; i++)
        m[i].source = name_source(image, sources[i]);
    return m;
}

const struct ov_password *ov_lookup_passwords(struct ov_image *image,
                                              struct ov_arena *arena,
                                              size_t *ret_n)
{
    uint32_t *sources;
    struct ov_password *w = read_all(image, &passwords, arena, &sources, ret_n);

    for (size_t i = 0; w != NULL && i < *ret_n; i++)
        w[i].source = name_source(image, sources[i]);
    return w;
}

const struct ov_icon_rule *
ov_lookup_icons(struct ov_image *image, struct ov_arena *arena, size_t *ret_n)
{
    uint32_t *sources;
    struct ov_icon_rule *rule = read_all(image, &icons, arena, &sources, ret_n);

    for (size_t i = 0; rule != NULL && i < *ret_n; i++)
        rule[i].source = name_source(image, sources[i]);
    return rule;
}
