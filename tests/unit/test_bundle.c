/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <unistd.h>

#include "sys/bundle.h"
#include "sys/file.h"
#include "test.h"

#define BLOCK 512

/* A ustar header as POSIX has it. */
static void make_header(char *block, const char *prefix, const char *name,
                        unsigned len, char type)
{
    unsigned sum = 0;

    memset(block, 0, BLOCK);
    snprintf(block, 100, "%s", name);
    snprintf(block + 124, 12, "%011o", len);
    memset(block + 148, ' ', 8);
    block[156] = type;
    memcpy(block + 257, "ustar\00000", 8);
    snprintf(block + 345, 155, "%s", prefix);
    for (unsigned i = 0; i < BLOCK; i++)
        sum += (unsigned char)block[i];
    snprintf(block + 148, 8, "%06o", sum);
}

static enum ov_status read_one(const char *block, struct ov_tar_header *ret)
{
    return ov_tar_header_read(ov_span_of(block, BLOCK), ret);
}

static void a_file_has_a_path_and_a_length(void **state)
{
    char block[BLOCK];
    struct ov_tar_header h;

    (void)state;
    make_header(block, "", "./metadata/1.root.json", 01234, '0');
    assert_int_equal(read_one(block, &h), OV_OK);
    assert_string_equal(h.path, "metadata/1.root.json");
    assert_int_equal(h.len, 01234);
    make_header(block, "targets/db", "stable.head", 1, '0');
    assert_int_equal(read_one(block, &h), OV_OK);
    assert_string_equal(h.path, "targets/db/stable.head");
}

static void what_is_no_file_has_no_path(void **state)
{
    char block[BLOCK];
    struct ov_tar_header h;

    (void)state;
    for (const char *type = "123456xgL"; *type != '\0'; type++) {
        make_header(block, "", "name", 7, *type);
        assert_int_equal(read_one(block, &h), OV_OK);
        assert_string_equal(h.path, "");
    }
}

static void a_changed_header_is_refused(void **state)
{
    struct ov_tar_header h;

    (void)state;
    for (unsigned i = 0; i < BLOCK; i++) {
        char block[BLOCK];

        make_header(block, "", "name", 7, '0');
        block[i] ^= 1;
        /* Of the sum's own eight bytes the last two are no digits. */
        if (i < 154 || i > 155)
            assert_int_equal(read_one(block, &h), OV_MALFORMED);
    }
}

static void the_end_is_a_block_of_zeros(void **state)
{
    char block[BLOCK] = {0};
    struct ov_tar_header h;

    (void)state;
    assert_int_equal(read_one(block, &h), OV_NOT_FOUND);
    assert_int_equal(ov_tar_header_read(ov_span_of(block, 100), &h),
                     OV_TRUNCATED);
}

static void files_are_found_by_path(void **state)
{
    char bytes[6 * BLOCK] = {0};
    struct ov_bundle *b = NULL;
    uint64_t at;
    uint64_t len;
    int fd = -1;

    (void)state;
    make_header(bytes, "", "b", 3, '0');
    make_header(bytes + 2 * BLOCK, "", "a", 0, '0');
    make_header(bytes + 3 * BLOCK, "", "b", 5, '0');
    assert_int_equal(ov_memory_file("test", &fd), OV_OK);
    assert_int_equal(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
    assert_int_equal(ov_bundle_open(fd, &b), OV_OK);
    assert_int_equal(ov_bundle_find(b, "a", &at, &len), OV_OK);
    assert_int_equal(len, 0);
    /* The last of a name counts, as tar has it. */
    assert_int_equal(ov_bundle_find(b, "b", &at, &len), OV_OK);
    assert_int_equal(at, 4 * BLOCK);
    assert_int_equal(len, 5);
    assert_int_equal(ov_bundle_find(b, "c", &at, &len), OV_NOT_FOUND);
    assert_int_equal(ov_bundle_find(b, "", &at, &len), OV_NOT_FOUND);
    ov_bundle_free(b);
    assert_int_equal(ftruncate(fd, 2 * BLOCK - 510), 0);
    assert_int_equal(ov_bundle_open(fd, &b), OV_TRUNCATED);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_has_a_path_and_a_length),
        cmocka_unit_test(what_is_no_file_has_no_path),
        cmocka_unit_test(a_changed_header_is_refused),
        cmocka_unit_test(the_end_is_a_block_of_zeros),
        cmocka_unit_test(files_are_found_by_path),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
