/* SPDX-License-Identifier: Apache-2.0 */
#include "../../src/programs/overtd/clean_cache.h"
#include "test.h"

#define BEGAN 1000000

/* A place where rules don't ask for names. */
#define ON(mount_) (&(const struct clean_place){.mount = (mount_)})

static struct stat file(ino_t inode)
{
    return (struct stat){.st_dev = 7,
                         .st_ino = inode,
                         .st_size = 100,
                         .st_mtim = {BEGAN - 50, 5},
                         .st_ctim = {BEGAN - 50, 6}};
}

static void knows_a_file_as_long_as_nothing_of_it_is_other(void **state)
{
    struct clean_cache *c = clean_cache_new(64);
    struct stat st = file(3);
    const struct clean_place named = {.mount = 1, .name = 5};
    struct stat other = st;

    (void)state;
    assert_false(clean_cache_has(c, &st, ON(1)));
    clean_cache_add(c, &st, ON(1), BEGAN);
    assert_true(clean_cache_has(c, &st, ON(1)));
    assert_false(clean_cache_has(c, &st, ON(2))); /* another mount */
    assert_false(clean_cache_has(c, &st, &named));
    other.st_ino = 4;
    assert_false(clean_cache_has(c, &other, ON(1)));
    other = st;
    other.st_dev = 8;
    assert_false(clean_cache_has(c, &other, ON(1)));
    other = st;
    other.st_size++;
    assert_false(clean_cache_has(c, &other, ON(1)));
    other = st;
    other.st_mtim.tv_nsec++;
    assert_false(clean_cache_has(c, &other, ON(1)));
    other = st;
    other.st_ctim.tv_nsec++;
    assert_false(clean_cache_has(c, &other, ON(1)));
    clean_cache_add(c, &other, ON(1), BEGAN); /* in its own place */
    assert_true(clean_cache_has(c, &other, ON(1)));
    assert_false(clean_cache_has(c, &st, ON(1)));
    clean_cache_clear(c);
    assert_false(clean_cache_has(c, &other, ON(1)));
    clean_cache_free(c);
}

static void does_not_note_what_changed_just_now(void **state)
{
    struct clean_cache *c = clean_cache_new(64);
    struct stat st = file(3);

    (void)state;
    st.st_ctim.tv_sec = BEGAN - 2;
    clean_cache_add(c, &st, ON(1), BEGAN);
    assert_false(clean_cache_has(c, &st, ON(1)));
    st.st_ctim.tv_sec = BEGAN + 100; /* the clock was set back */
    clean_cache_add(c, &st, ON(1), BEGAN);
    assert_false(clean_cache_has(c, &st, ON(1)));
    st.st_ctim.tv_sec = BEGAN - 3;
    clean_cache_add(c, &st, ON(1), BEGAN);
    assert_true(clean_cache_has(c, &st, ON(1)));
    clean_cache_free(c);
}

static void keeps_about_as_many_as_it_was_made_for(void **state)
{
    struct clean_cache *c = clean_cache_new(64);
    unsigned n = 0;

    (void)state;
    for (ino_t i = 1; i <= 10000; i++) {
        struct stat st = file(i);

        clean_cache_add(c, &st, ON(1), BEGAN);
        assert_true(clean_cache_has(c, &st, ON(1)));
    }
    for (ino_t i = 1; i <= 10000; i++) {
        struct stat st = file(i);

        n += clean_cache_has(c, &st, ON(1));
    }
    assert_in_range(n, 32, 64);
    clean_cache_free(c);
}

static void none_is_made_for_no_files(void **state)
{
    (void)state;
    assert_null(clean_cache_new(0));
}

OV_TEST_MAIN(OV_TEST(knows_a_file_as_long_as_nothing_of_it_is_other),
             OV_TEST(does_not_note_what_changed_just_now),
             OV_TEST(keeps_about_as_many_as_it_was_made_for),
             OV_TEST(none_is_made_for_no_files))
