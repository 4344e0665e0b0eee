/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/image.h"
#include "test.h"

/* A small image with two filled sections. */
static void make_image(struct ov_buf *ret)
{
    struct ov_buf sections[OV_N_SECTIONS] = {0};

    for (int i = 0; i < OV_N_SECTIONS; i++)
        sections[i].max = SIZE_MAX;
    ov_put_str(&sections[OV_SECTION_RULES], "some rules");
    for (int i = 0; i < 40000; i++)
        ov_put_u8(&sections[OV_SECTION_HASHES], (uint8_t)(i * 7));
    *ret = ov_buf_with_max(SIZE_MAX);
    assert_int_equal(ov_image_write(sections, ret), OV_OK);
    for (int i = 0; i < OV_N_SECTIONS; i++)
        ov_buf_done(&sections[i]);
}

static void what_is_written_can_be_read(void **state)
{
    struct ov_buf file;
    struct ov_image *image = NULL;
    struct ov_span part;

    (void)state;
    make_image(&file);
    assert_int_equal(ov_image_open(ov_buf_span(&file), &image, NULL), OV_OK);
    assert_true(ov_image_at(image, OV_SECTION_RULES, 5, 5, &part));
    assert_true(ov_span_equal(part, OV_SPAN_LIT("rules")));
    assert_false(ov_image_at(image, OV_SECTION_RULES, 5, 6, &part));
    assert_true(ov_image_at(image, OV_SECTION_HASHES, 0, 40000, &part));
    assert_int_equal(part.ptr[39999], (uint8_t)(39999 * 7));
    assert_int_equal(ov_image_check(image, NULL), OV_OK);
    ov_image_free(image);
    ov_buf_done(&file);
}

static bool is_refused(struct ov_span bytes)
{
    struct ov_image *image = NULL;
    bool is_good = ov_image_open(bytes, &image, NULL) == OV_OK &&
                   ov_image_check(image, NULL) == OV_OK;

    ov_image_free(image);
    return !is_good;
}

static void every_flipped_byte_is_noticed(void **state)
{
    struct ov_buf file;

    (void)state;
    make_image(&file);
    assert_false(is_refused(ov_buf_span(&file)));
    for (size_t i = 0; i < file.len; i++) {
        file.ptr[i] ^= 0x40;
        if (!is_refused(ov_buf_span(&file)))
            fail_msg("byte %zu of %zu", i, file.len);
        file.ptr[i] ^= 0x40;
    }
    ov_buf_done(&file);
}

static void every_cut_is_noticed(void **state)
{
    struct ov_buf file;

    (void)state;
    make_image(&file);
    for (size_t len = 0; len < file.len; len += len < 5000 ? 1 : 61)
        assert_true(is_refused(ov_span_of(file.ptr, len)));
    ov_buf_done(&file);
}

static void a_damaged_page_is_noticed_when_it_is_used(void **state)
{
    struct ov_buf file;
    struct ov_image *image = NULL;
    struct ov_span part;

    (void)state;
    make_image(&file);
    assert_int_equal(ov_image_open(ov_buf_span(&file), &image, NULL), OV_OK);
    file.ptr[image->sections[OV_SECTION_HASHES].at + 35000] ^= 1;
    assert_true(ov_image_at(image, OV_SECTION_HASHES, 0, 100, &part));
    assert_false(image->store.is_damaged);
    assert_false(ov_image_at(image, OV_SECTION_HASHES, 34990, 100, &part));
    assert_true(image->store.is_damaged);
    ov_image_free(image);
    ov_buf_done(&file);
}

static void an_image_of_another_version_is_told_apart(void **state)
{
    struct ov_buf file;
    struct ov_image *image = NULL;
    struct ov_diag diag = {0};

    (void)state;
    make_image(&file);
    for (size_t at = 8; at < 16; at++) {
        file.ptr[at] ^= 0x10;
        assert_int_equal(ov_image_open(ov_buf_span(&file), &image, &diag),
                         OV_UNSUPPORTED);
        assert_non_null(strstr(diag.text, "another version"));
        assert_non_null(strstr(diag.text, "overt rules build"));
        file.ptr[at] ^= 0x10;
    }
    ov_buf_done(&file);
}

OV_TEST_MAIN(OV_TEST(what_is_written_can_be_read),
             OV_TEST(every_flipped_byte_is_noticed),
             OV_TEST(every_cut_is_noticed),
             OV_TEST(an_image_of_another_version_is_told_apart),
             OV_TEST(a_damaged_page_is_noticed_when_it_is_used))
