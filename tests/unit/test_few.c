/* SPDX-License-Identifier: Apache-2.0 */
#include "compile_help.h"
#include "formats/type.h"
#include "torture.h"

static const struct ov_source sources[] = {
    {.name = {(const uint8_t *)"a.cdb", 5}},
    {.name = {(const uint8_t *)"b.cdb", 5}},
};

static void add_member(struct ov_part *p, const char *name, uint32_t line)
{
    const struct ov_range any = {0, UINT64_MAX};
    struct ov_member_rule *m = ov_part_add(&p->members);

    assert_non_null(m);
    *m = (struct ov_member_rule){.name = ov_span_str(name),
                                 .line = line,
                                 .flags = OV_RULE_UNWANTED,
                                 .container = OV_TYPE_ANY,
                                 .container_size = any,
                                 .file_name = OV_SPAN_LIT(".*\\.exe$"),
                                 .packed_size = {5, 5},
                                 .real_size = {1, UINT64_MAX},
                                 .is_encrypted = -1,
                                 .position = {2, 9},
                                 .checksum = any,
                                 .extra = OV_SPAN_LIT("x")};
}

static void members_come_back_with_their_source(void **state)
{
    struct ov_part *parts[] = {ov_part_new(0), ov_part_new(1)};
    const struct ov_member_rule *m;
    struct compiled c;
    size_t n;

    (void)state;
    add_member(parts[0], "First", 1);
    add_member(parts[1], "Second", 2);
    parts[1]->members.items[0].container = OV_TYPE_ZIP;
    parts[1]->members.items[0].is_encrypted = 1;
    c = compile_parts(sources, 2, parts, 2);
    ov_part_free(parts[0]);
    ov_part_free(parts[1]);
    m = ov_lookup_members(c.image, c.arena, &n);
    assert_int_equal(n, 2);
    assert_text(m[0].name, "First");
    assert_text(m[0].source, "a.cdb");
    assert_text(m[1].source, "b.cdb");
    assert_int_equal(m[0].flags, OV_RULE_UNWANTED);
    assert_int_equal(m[0].container, OV_TYPE_ANY);
    assert_int_equal(m[1].container, OV_TYPE_ZIP);
    assert_true(m[0].container_size.max == UINT64_MAX);
    assert_text(m[0].file_name, ".*\\.exe$");
    assert_int_equal(m[0].packed_size.min, 5);
    assert_int_equal(m[0].packed_size.max, 5);
    assert_int_equal(m[0].real_size.min, 1);
    assert_true(m[0].real_size.max == UINT64_MAX);
    assert_int_equal(m[0].is_encrypted, -1);
    assert_int_equal(m[1].is_encrypted, 1);
    assert_int_equal(m[0].position.max, 9);
    assert_text(m[0].extra, "x");
    assert_int_equal(m[1].line, 2);
    compiled_done(&c);
}

static void magics_come_back(void **state)
{
    struct ov_part *part = ov_part_new(0);
    struct ov_magic_rule *added = ov_part_add(&part->magics);
    const struct ov_magic_rule *m;
    struct compiled c;
    size_t n;

    (void)state;
    *added = (struct ov_magic_rule){.line = 4,
                                    .kind = OV_MAGIC_PARTITION,
                                    .offset = 257,
                                    .bytes = OV_SPAN_LIT("ustar"),
                                    .name = OV_SPAN_LIT("TAR"),
                                    .type = OV_TYPE_TAR};
    c = compile_parts(sources, 2, &part, 1);
    ov_part_free(part);
    m = ov_lookup_magics(c.image, c.arena, &n);
    assert_int_equal(n, 1);
    assert_int_equal(m->line, 4);
    assert_int_equal(m->kind, OV_MAGIC_PARTITION);
    assert_int_equal(m->offset, 257);
    assert_text(m->bytes, "ustar");
    assert_text(m->name, "TAR");
    assert_int_equal(m->type, OV_TYPE_TAR);
    compiled_done(&c);
}

static void passwords_come_back(void **state)
{
    struct ov_part *part = ov_part_new(0);
    struct ov_password *added = ov_part_add(&part->passwords);
    const struct ov_password *w;
    struct compiled c;
    size_t n;

    (void)state;
    *added = (struct ov_password){.name = OV_SPAN_LIT("pw"),
                                  .line = 6,
                                  .word = OV_SPAN_LIT("infected"),
                                  .container = OV_TYPE_ZIP};
    c = compile_parts(sources, 2, &part, 1);
    ov_part_free(part);
    w = ov_lookup_passwords(c.image, c.arena, &n);
    assert_int_equal(n, 1);
    assert_text(w->name, "pw");
    assert_text(w->word, "infected");
    assert_int_equal(w->line, 6);
    assert_int_equal(w->container, OV_TYPE_ZIP);
    assert_null(ov_lookup_members(c.image, c.arena, &n));
    assert_int_equal(n, 0);
    compiled_done(&c);
}

static enum ov_status look_up_all(void *arg)
{
    struct compiled *c = arg;
    OV_AUTO(arena) arena = ov_arena_new(1 << 20);
    size_t n;

    if (arena == NULL || ov_lookup_members(c->image, arena, &n) == NULL)
        return OV_NO_MEMORY;
    return OV_OK;
}

static void a_failed_allocation_gives_none(void **state)
{
    struct ov_part *part = ov_part_new(0);
    struct compiled c;

    (void)state;
    add_member(part, "First", 1);
    c = compile_parts(sources, 2, &part, 1);
    ov_part_free(part);
    assert_int_not_equal(ov_torture(look_up_all, &c), 0);
    compiled_done(&c);
}

OV_TEST_MAIN(OV_TEST(members_come_back_with_their_source),
             OV_TEST(magics_come_back), OV_TEST(passwords_come_back),
             OV_TEST(a_failed_allocation_gives_none))
