/* SPDX-License-Identifier: Apache-2.0 */
#include "intel/intel_index.h"
#include "test.h"

static struct ov_uuid id_of(uint8_t first, uint8_t last)
{
    struct ov_uuid u = {{0}};

    u.bytes[0] = first;
    u.bytes[15] = last;
    return u;
}

static void a_record_is_read_as_it_was_written(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(4 * OV_INTEL_RECORD);
    const struct ov_intel_record r = {.id = id_of(1, 2),
                                      .hash = {3},
                                      .added = UINT64_C(1) << 60,
                                      .version = 4,
                                      .created = 5,
                                      .since = 6,
                                      .edition = 7,
                                      .part = 8,
                                      .offset = 9,
                                      .len = 10,
                                      .family = 11,
                                      .type = 12,
                                      .reputation = 13,
                                      .flags = 14,
                                      .turn = 15};
    struct ov_intel_record back = {0};

    (void)state;
    ov_put_intel_record(&b, &(struct ov_intel_record){0});
    ov_put_intel_record(&b, &r);
    assert_int_equal(b.len, 2 * OV_INTEL_RECORD);
    assert_true(ov_intel_record_at(ov_buf_span(&b), 1, &back));
    assert_memory_equal(&back, &r, sizeof(r));
}

static void there_is_none_behind_the_end(void **state)
{
    uint8_t bytes[OV_INTEL_RECORD + 1] = {0};
    struct ov_intel_record r;

    (void)state;
    assert_true(ov_intel_record_at(ov_span_of(bytes, sizeof(bytes)), 0, &r));
    assert_false(ov_intel_record_at(ov_span_of(bytes, sizeof(bytes)), 1, &r));
    assert_false(
        ov_intel_record_at(ov_span_of(bytes, sizeof(bytes)), UINT64_MAX, &r));
    assert_false(ov_intel_record_at(ov_span_of(NULL, 0), 0, &r));
}

static void an_id_is_found_where_its_versions_begin(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(4096);
    struct ov_uuid ids[] = {id_of(1, 0), id_of(3, 1), id_of(3, 1), id_of(3, 2)};
    struct ov_uuid other = id_of(3, 0);
    struct ov_uuid found;
    uint64_t position = 0;

    (void)state;
    for (size_t i = 0; i < 4; i++)
        ov_put_intel_id(&b, &ids[i], 10 * i);
    assert_int_equal(ov_intel_id_find(ov_buf_span(&b), &ids[0]), 0);
    assert_int_equal(ov_intel_id_find(ov_buf_span(&b), &ids[1]), 1);
    assert_int_equal(ov_intel_id_find(ov_buf_span(&b), &ids[3]), 3);
    assert_int_equal(ov_intel_id_find(ov_buf_span(&b), &other), 1);
    other = id_of(9, 9);
    assert_int_equal(ov_intel_id_find(ov_buf_span(&b), &other), 4);
    assert_true(ov_intel_id_at(ov_buf_span(&b), 2, &found, &position));
    assert_int_equal(position, 20);
    assert_memory_equal(&found, &ids[2], sizeof(found));
    assert_false(ov_intel_id_at(ov_buf_span(&b), 4, &found, &position));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_read_as_it_was_written),
        cmocka_unit_test(there_is_none_behind_the_end),
        cmocka_unit_test(an_id_is_found_where_its_versions_begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
