/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"
#include "tuf/tuf_memory.h"

static void put(struct ov_tuf_memory *m, const char *name, const char *text)
{
    assert_int_equal(ov_tuf_memory_put(m, name, ov_span_str(text)), OV_OK);
}

static void expect(const struct ov_tuf_memory *m, const char *name,
                   const char *text)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(64);

    assert_int_equal(ov_tuf_memory_get(m, name, &b), OV_OK);
    assert_true(ov_span_equal(ov_buf_span(&b), ov_span_str(text)));
}

static void the_last_words_of_a_name_are_kept(void **state)
{
    struct ov_tuf_memory m = {.n = 0};

    (void)state;
    put(&m, "root.json", "1");
    put(&m, "timestamp.json", "a longer one");
    put(&m, "root.json", "2");
    assert_int_equal(m.n, 2);
    expect(&m, "root.json", "2");
    expect(&m, "timestamp.json", "a longer one");
    ov_tuf_memory_done(&m);
    assert_int_equal(m.n, 0);
}

static void what_is_removed_is_gone_and_the_rest_stays(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(64);
    struct ov_tuf_memory m = {.n = 0};

    (void)state;
    put(&m, "a", "1");
    put(&m, "b", "2");
    put(&m, "c", "3");
    ov_tuf_memory_remove(&m, "a");
    ov_tuf_memory_remove(&m, "nothing");
    assert_int_equal(ov_tuf_memory_get(&m, "a", &b), OV_NOT_FOUND);
    expect(&m, "b", "2");
    expect(&m, "c", "3");
    ov_tuf_memory_done(&m);
}

static void there_is_an_end_to_it(void **state)
{
    struct ov_tuf_memory m = {.n = 0};
    char name[OV_TUF_MAX_NAME + 17];

    (void)state;
    for (int i = 0; i < OV_TUF_MEMORY_MAX; i++) {
        char one[2] = {(char)('A' + i), '\0'};

        put(&m, one, "x");
    }
    assert_int_equal(ov_tuf_memory_put(&m, "more", OV_SPAN_LIT("x")),
                     OV_LIMIT_COUNT);
    put(&m, "A", "still");
    ov_tuf_memory_done(&m);
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(ov_tuf_memory_put(&m, name, OV_SPAN_LIT("x")),
                     OV_LIMIT_COUNT);
    ov_tuf_memory_done(&m);
}

OV_TEST_MAIN(OV_TEST(the_last_words_of_a_name_are_kept),
             OV_TEST(what_is_removed_is_gone_and_the_rest_stays),
             OV_TEST(there_is_an_end_to_it))
