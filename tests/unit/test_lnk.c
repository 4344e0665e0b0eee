/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/lnk.h"
#include "make_exe.h"
#include "module_help.h"
#include "torture.h"

/* The reader of shell links and the module over it, on one made by hand after
 * [MS-SHLLINK] section 3.1: every part is there. */

#define ALL_FLAGS 0x7fu

static void put_wide(struct ov_buf *b, const char *text)
{
    for (; *text != '\0'; text++)
        ov_put_u16(b, (uint8_t)*text);
}

static void put_guid(struct ov_buf *b)
{
    for (uint8_t i = 0; i < 16; i++)
        ov_put_u8(b, i);
}

#define GUID "03020100-0504-0706-0809-0a0b0c0d0e0f"

static void put_header(struct ov_buf *b, uint32_t flags)
{
    ov_put_u32(b, 0x4c);
    ov_put_span(b, OV_SPAN_LIT("\1\x14\2\0\0\0\0\0\xc0\0\0\0\0\0\0\x46"));
    ov_put_u32(b, flags);
    ov_put_u32(b, 0x20);
    ov_put_u64(b, (UINT64_C(11644473600) + 1221251237) * 10000000 + 5);
    ov_put_u64(b, 0);
    ov_put_u64(b, UINT64_C(11644473600) * 10000000);
    ov_put_u32(b, 77);
    ov_put_u32(b, 3);
    ov_put_u32(b, 7);
    make_zeros(b, 0x4c);
}

/* A root folder, a volume, a file entry. */
static void put_targets(struct ov_buf *b)
{
    ov_put_u16(b, 20 + 9 + 17 + 2);
    ov_put_u16(b, 20);
    ov_put_span(b, OV_SPAN_LIT("\x1f\x50"));
    put_guid(b);
    ov_put_u16(b, 9);
    ov_put_span(b, OV_SPAN_LIT("\x2f"
                               "C:\\\0\0\0"));
    ov_put_u16(b, 17);
    ov_put_span(b, OV_SPAN_LIT("\x32\0\1\2\3\4\5\6\7\x8\x9\xa"));
    ov_put_span(b, OV_SPAN_LIT("ab\0"));
    ov_put_u16(b, 0);
}

/* A volume with a label, a path in UTF-16, a suffix. */
static void put_info(struct ov_buf *b)
{
    size_t from = b->len;

    ov_put_u32(b, 0x60);
    ov_put_u32(b, 0x24);
    ov_put_u32(b, 3);
    ov_put_u32(b, 0x24); /* volume */
    ov_put_u32(b, 0);
    ov_put_u32(b, 0);
    ov_put_u32(b, 0x3c); /* suffix */
    ov_put_u32(b, 0x40); /* path in UTF-16 */
    ov_put_u32(b, 0);
    ov_put_u32(b, 0x18);
    ov_put_u32(b, 3);
    ov_put_u32(b, 0x1234);
    ov_put_u32(b, 0x10);
    ov_put_str(b, "label");
    make_zeros(b, from + 0x3c);
    ov_put_str(b, "end");
    ov_put_u8(b, 0);
    put_wide(b, "C:\\a");
    ov_put_u16(b, 0xd83d); /* U+1F600 */
    ov_put_u16(b, 0xde00);
    ov_put_u16(b, 0xd800); /* half of a character */
    make_zeros(b, from + 0x60);
}

static void put_tracker(struct ov_buf *b)
{
    ov_put_u32(b, 0x60);
    ov_put_u32(b, 0xa0000003);
    ov_put_u32(b, 0x58);
    ov_put_u32(b, 1);
    ov_put_str(b, "machine");
    make_zeros(b, b->len + 9);
    for (int i = 0; i < 4; i++)
        put_guid(b);
}

static void make_lnk(struct ov_buf *b, bool is_wide)
{
    static const char *const texts[] = {"name", "rel", "dir", "args", "icon"};

    put_header(b, ALL_FLAGS | (is_wide ? OV_LNK_IS_UNICODE : 0));
    put_targets(b);
    put_info(b);
    for (int i = 0; i < 5; i++) {
        ov_put_u16(b, (uint16_t)strlen(texts[i]));
        if (is_wide)
            put_wide(b, texts[i]);
        else
            ov_put_str(b, texts[i]);
    }
    put_tracker(b);
    ov_put_u32(b, 0);
    ov_put_str(b, "more");
}

static void every_part_has_values(void **state)
{
    (void)state;
    for (int is_wide = 0; is_wide < 2; is_wide++) {
        OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
        struct module_case c = {0};

        make_lnk(&b, is_wide != 0);
        open_module(&c, "lnk", ov_buf_span(&b));
        assert_number(value_at(&c, "is_lnk"), 1);
        assert_number(value_at(&c, "creation_time"), 1221251237);
        assert_int_equal(value_at(&c, "access_time").kind, OV_DATUM_UNDEFINED);
        assert_number(value_at(&c, "write_time"), 0);
        assert_number(value_at(&c, "file_size"), 77);
        assert_number(value_at(&c, "file_attributes"), 0x20);
        assert_number(value_at(&c, "icon_index"), 3);
        assert_number(value_at(&c, "show_command"), 7);
        assert_number(value_at(&c, "ShowCommand.MIN_NO_ACTIVE"), 7);
        assert_number(value_at(&c, "drive_type"), 3);
        assert_number(value_at(&c, "DriveType.FIXED"), 3);
        assert_number(value_at(&c, "drive_serial_number"), 0x1234);
        assert_text(value_at(&c, "volume_label"), "label");
        assert_text(value_at(&c, "local_base_path"),
                    "C:\\a\xf0\x9f\x98\x80\xef\xbf\xbd");
        assert_text(value_at(&c, "common_path_suffix"), "end");
        assert_text(value_at(&c, "name"), "name");
        assert_text(value_at(&c, "relative_path"), "rel");
        assert_text(value_at(&c, "working_dir"), "dir");
        assert_text(value_at(&c, "cmd_line_args"), "args");
        assert_text(value_at(&c, "icon_location"), "icon");
        assert_text(value_at(&c, "tracker_data.machine_id"), "machine");
        assert_text(value_at(&c, "tracker_data.droid_birth_file_id"), GUID);
        assert_number(value_at(&c, "overlay_size"), 4);
        assert_number(value_at(&c, "overlay_offset"), (int64_t)b.len - 4);
        close_module(&c);
    }
}

static void targets_are_a_list_of_items(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    struct module_case c = {0};

    (void)state;
    make_lnk(&b, true);
    open_module(&c, "lnk", ov_buf_span(&b));
    assert_number(value_at(&c, "target_id_list[0].item_type"), 0x1f);
    assert_text(value_at(&c, "target_id_list[0].root_folder_id"), GUID);
    assert_number(value_at(&c, "target_id_list[1].item_type"), 0x20);
    assert_text(value_at(&c, "target_id_list[1].volume_name"), "C:\\");
    assert_number(value_at(&c, "target_id_list[2].item_type"), 0x30);
    assert_text(value_at(&c, "target_id_list[2].file_entry_name"), "ab");
    assert_int_equal(value_at(&c, "target_id_list[2].data").text.len, 14);
    assert_int_equal(value_at(&c, "target_id_list[3]").kind,
                     OV_DATUM_UNDEFINED);
    close_module(&c);
}

static void a_cut_link_is_none(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);

    (void)state;
    make_lnk(&b, false);
    for (size_t len = 0; len < b.len - 4; len++) {
        struct module_case c = {0};

        open_module(&c, "lnk", ov_span_of(b.ptr, len));
        assert_number(value_at(&c, "is_lnk"), 0);
        assert_int_equal(value_at(&c, "file_size").kind, OV_DATUM_UNDEFINED);
        close_module(&c);
    }
}

static enum ov_status run_lnk(void *arg)
{
    OV_AUTO(arena) arena = ov_arena_new(1 << 22);
    struct ov_budget budget = ov_budget_default();
    struct ov_module_input in = {.bytes = ov_buf_span((struct ov_buf *)arg),
                                 .arena = arena,
                                 .budget = &budget};
    struct ov_module_run *run;
    struct ov_datum value;

    if (arena == NULL)
        return OV_NO_MEMORY;
    OV_TRY(ov_module_begin(ov_module_find(OV_SPAN_LIT("lnk")), &in, &run));
    return ov_module_get(run, 0, &value);
}

static void each_failed_allocation_ends_well(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);

    (void)state;
    make_lnk(&b, true);
    assert_true(ov_torture(run_lnk, &b) > 0);
}

OV_TEST_MAIN(OV_TEST(every_part_has_values),
             OV_TEST(targets_are_a_list_of_items), OV_TEST(a_cut_link_is_none),
             OV_TEST(each_failed_allocation_ends_well))
