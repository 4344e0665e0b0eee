/* SPDX-License-Identifier: Apache-2.0 */
#include "clamav_show.h"
#include "formats/type.h"

static void expect_range(const struct ov_range *r, uint64_t min, uint64_t max)
{
    assert_true(r->min == min);
    assert_true(r->max == max);
}

static void member_rules_have_every_field(void **state)
{
    struct ov_part *part =
        parse_as(OV_CLAMAV_CDB,
                 "A:CL_TYPE_ZIP:10-20:\\.exe$:5:7-9:1:2:deadbeef:x:1:300\n"
                 "B:*:*:*:*:*:*:*:*:*\n",
                 OV_OK, NULL);
    const struct ov_member_rule *r = part->members.items;

    (void)state;
    assert_int_equal(part->members.n, 2);
    assert_int_equal(r[0].container, OV_TYPE_ZIP);
    expect_range(&r[0].container_size, 10, 20);
    assert_true(ov_span_equal(r[0].file_name, OV_SPAN_LIT("\\.exe$")));
    expect_range(&r[0].packed_size, 5, 5);
    expect_range(&r[0].real_size, 7, 9);
    assert_int_equal(r[0].is_encrypted, 1);
    expect_range(&r[0].position, 2, 2);
    expect_range(&r[0].checksum, 0, UINT64_MAX);
    assert_true(ov_span_equal(r[0].extra, OV_SPAN_LIT("x")));
    assert_true(r[1].container == OV_TYPE_ANY);
    assert_int_equal(r[1].is_encrypted, -1);
    assert_int_equal(r[1].file_name.len, 0);
    expect_range(&r[1].checksum, 0, UINT64_MAX);
    assert_int_equal(r[1].line, 2);
    ov_part_free(part);
}

static void old_metadata_lines_are_member_rules(void **state)
{
    struct ov_part *part =
        parse_as(OV_CLAMAV_RMD, "A:0:abc:10:20:0000beef:8:5:3\n", OV_OK, NULL);
    const struct ov_member_rule *r = part->members.items;

    (void)state;
    assert_int_equal(r->container, OV_TYPE_RAR);
    assert_int_equal(r->is_encrypted, 0);
    expect_range(&r->real_size, 10, 10);
    expect_range(&r->packed_size, 20, 20);
    expect_range(&r->checksum, 0xbeef, 0xbeef);
    expect_range(&r->position, 5, 5);
    ov_part_free(part);
}

static void refuse(enum ov_clamav_format f, const char *text, const char *why)
{
    struct ov_diag diag = {0};
    struct ov_part *part = parse_as(f, text, OV_MALFORMED, &diag);

    assert_string_equal(diag.text, why);
    ov_part_free(part);
}

static void wrong_member_rules_are_refused(void **state)
{
    (void)state;
    refuse(OV_CLAMAV_CDB, "A:CL_TYPE_FOO:*:*:*:*:*:*:*:*",
           "unknown file type: 'CL_TYPE_FOO'");
    refuse(OV_CLAMAV_CDB, "A:*:5-:*:*:*:*:*:*:*",
           "expected *, a number or a range: '5-'");
    refuse(OV_CLAMAV_CDB, "A:*:*:a(:*:*:*:*:*:*",
           "the regular expression is wrong here: ''");
    refuse(OV_CLAMAV_CDB, "A:*:*:*:*:*:2:*:*:*", "encrypted is 0, 1 or *: '2'");
    refuse(OV_CLAMAV_ZMD, "A:1:*:*:*:0:*:*:*", "expected * or a checksum: '0'");
}

static void ignored_rules_have_a_name_and_maybe_a_digest(void **state)
{
    struct ov_part *part = parse_as(OV_CLAMAV_IGN2,
                                    "Sig.A\n"
                                    "Sig.B:0814cb8019e18c69cc14534be8348241\n"
                                    "daily.ndb:17:Sig.C\n",
                                    OV_OK, NULL);
    const struct ov_ignore *i = part->ignores.items;

    (void)state;
    assert_int_equal(part->ignores.n, 3);
    assert_true(ov_span_equal(i[0].name, OV_SPAN_LIT("Sig.A")));
    assert_false(i[0].has_md5);
    assert_true(i[1].has_md5);
    assert_int_equal(i[1].md5[15], 0x41);
    assert_true(ov_span_equal(i[2].name, OV_SPAN_LIT("Sig.C")));
    assert_int_equal(i[2].database.len, 0);
    ov_part_free(part);
    refuse(OV_CLAMAV_IGN2, "Sig.A:zz", "expected name:md5: 'Sig.A:zz'");
}

static void passwords_are_decoded(void **state)
{
    struct ov_part *part =
        parse_as(OV_CLAMAV_PWDB,
                 "A;Engine:81-255,Container:CL_TYPE_ZIP;1;61623A\n"
                 "B;Engine:81-255;0;infected\n",
                 OV_OK, NULL);
    const struct ov_password *p = part->passwords.items;

    (void)state;
    assert_int_equal(part->passwords.n, 2);
    assert_true(ov_span_equal(p[0].word, OV_SPAN_LIT("ab:")));
    assert_int_equal(p[0].container, OV_TYPE_ZIP);
    assert_true(ov_span_equal(p[1].word, OV_SPAN_LIT("infected")));
    assert_true(p[1].container == OV_TYPE_ANY);
    ov_part_free(part);
    refuse(OV_CLAMAV_PWDB, "A;Engine:81-255,Container:CL_TYPE_PDF;0;a",
           "passwords are for ZIP and RAR: "
           "'Engine:81-255,Container:CL_TYPE_PDF'");
}

static void magics_have_bytes_and_types(void **state)
{
    struct ov_part *part =
        parse_as(OV_CLAMAV_FTM,
                 "0:4:beef:Cow:CL_TYPE_ANY:CL_TYPE_ZIP\n"
                 "1:*:be??beef:Calf:CL_TYPE_ZIP:CL_TYPE_MAIL\n"
                 "4:0:beef:Ox:CL_TYPE_ANY:CL_TYPE_PART_HFSPLUS\n",
                 OV_OK, NULL);
    const struct ov_magic_rule *m = part->magics.items;

    (void)state;
    assert_int_equal(part->magics.n, 2);
    assert_int_equal(m[0].offset, 4);
    assert_true(ov_span_equal(m[0].bytes, OV_SPAN_LIT("\xbe\xef")));
    assert_int_equal(m[0].type, OV_TYPE_ZIP);
    assert_int_equal(m[1].kind, OV_MAGIC_PATTERN);
    assert_int_equal(m[1].type, OV_TYPE_MAIL);
    assert_int_equal(part->skips.n, 1);
    assert_int_equal(part->skips.items[0].line, 3);
    ov_part_free(part);
    refuse(OV_CLAMAV_FTM, "0:0:be:Calf:CL_TYPE_ANY:CL_TYPE_ZIP:217",
           "no entry is for this engine; remove it: ''");
}

static void a_pattern_of_a_magic_is_a_rule_that_is_never_detected(void **state)
{
    struct ov_buf shown = ov_buf_with_max(SIZE_MAX);
    struct ov_part *part =
        parse_as(OV_CLAMAV_FTM,
                 "1:0,9:be??beef:Calf:CL_TYPE_ZIP:CL_TYPE_MAIL\n", OV_OK, NULL);
    const struct ov_rule *r = part->rules.items;

    (void)state;
    assert_int_equal(part->rules.n, 1);
    assert_true(ov_span_equal(r->name, OV_SPAN_LIT("Calf")));
    assert_int_equal(r->flags, OV_RULE_MAGIC);
    assert_int_equal(r->targets, UINT32_MAX);
    show_pattern(&shown, &r->terms[0].pattern);
    expect_text(&shown, "be..beef @ start 0 shift 9");
    ov_part_free(part);
    refuse(OV_CLAMAV_FTM, "1:*:be:Calf:CL_TYPE_ANY:CL_TYPE_SFX",
           "each part between * and {} needs at least two bytes: 'be'");
}

static void what_is_not_run_is_one_skip_with_its_lines(void **state)
{
    struct ov_part *part = parse_as(OV_CLAMAV_PDB, "a\nb\nc", OV_OK, NULL);

    (void)state;
    assert_int_equal(part->skips.n, 1);
    assert_int_equal(part->skips.items[0].n, 3);
    assert_true(ov_span_equal(part->skips.items[0].why,
                              OV_SPAN_LIT("phishing lists are not used")));
    ov_part_free(part);
    part = parse_as(OV_CLAMAV_CBC, "", OV_OK, NULL);
    assert_int_equal(part->skips.n, 1);
    ov_part_free(part);
}

static void the_oldest_body_signatures_are_read(void **state)
{
    struct ov_buf shown = ov_buf_with_max(SIZE_MAX);
    struct ov_part *part =
        parse_as(OV_CLAMAV_DB, "Old (Clam)=aabb*ccdd\n", OV_OK, NULL);

    (void)state;
    show_pattern(&shown, &part->rules.items[0].terms[0].pattern);
    expect_text(&shown, "aabb[0-inf]ccdd @ any");
    ov_part_free(part);
}

#define ICON_AREAS                                                             \
    "be90c11b27060cb240c0933000043fd10044b00701f30908ee070ee00d0e"             \
    "8a000e900005940701820a026c020965040300090b100c112a0010"

static void icons_have_groups_areas_and_shares(void **state)
{
    struct ov_part *part = parse_as(
        OV_CLAMAV_IDB, "n:one:two:18" ICON_AREAS "163a1351", OV_OK, NULL);
    const struct ov_icon_rule *r = part->icons.items;

    (void)state;
    assert_int_equal(part->icons.n, 1);
    assert_true(ov_span_equal(r->groups[1], OV_SPAN_LIT("two")));
    assert_int_equal(r->icon.side, 24);
    assert_int_equal(r->icon.areas[OV_ICON_COLOR][0].mean, 0xbe9);
    assert_int_equal(r->icon.areas[OV_ICON_COLOR][0].y, 0x11);
    assert_int_equal(r->icon.colored, 0x51);
    ov_part_free(part);
    refuse(OV_CLAMAV_IDB, "n:one:18",
           "expected name:group1:group2:hash: 'n:one:18'");
}

OV_TEST_MAIN(OV_TEST(icons_have_groups_areas_and_shares),
             OV_TEST(member_rules_have_every_field),
             OV_TEST(old_metadata_lines_are_member_rules),
             OV_TEST(wrong_member_rules_are_refused),
             OV_TEST(ignored_rules_have_a_name_and_maybe_a_digest),
             OV_TEST(passwords_are_decoded),
             OV_TEST(magics_have_bytes_and_types),
             OV_TEST(a_pattern_of_a_magic_is_a_rule_that_is_never_detected),
             OV_TEST(what_is_not_run_is_one_skip_with_its_lines),
             OV_TEST(the_oldest_body_signatures_are_read))
