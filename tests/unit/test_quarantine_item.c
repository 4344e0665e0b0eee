/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/quarantine_item.h"
#include "test.h"

static const uint8_t key[OV_SEAL_KEY] = {7};

static int memory(const void *bytes, size_t len)
{
    int fd = memfd_create("test", MFD_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), (ssize_t)len);
    return fd;
}

static struct quarantine_meta meta_of(int fd)
{
    struct quarantine_meta m = {.path = OV_SPAN_LIT("/a")};

    assert_int_equal(quarantine_digest(fd, UINT64_MAX, m.digest, &m.size),
                     OV_OK);
    return m;
}

/* An item of `len` bytes. */
static int make_item(size_t len)
{
    uint8_t *bytes = ov_alloc(len + 1);
    int item = memory("", 0);
    struct quarantine_meta m;
    int from;

    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(i * 7 + i / 251);
    from = memory(bytes, len);
    m = meta_of(from);
    assert_int_equal(quarantine_item_write(item, key, &m, from), OV_OK);
    close(from);
    ov_free(bytes);
    return item;
}

static enum ov_status read_whole(int item, int to)
{
    struct quarantine_item i;
    enum ov_status status = quarantine_item_open(dup(item), key, &i);

    if (status != OV_OK)
        return status;
    status = quarantine_item_read(&i, to);
    quarantine_item_done(&i);
    return status;
}

static void any_length_comes_back(void **state)
{
    static const size_t lengths[] = {0, 1, 65535, 65536, 65537, 131072, 200000};

    (void)state;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        int item = make_item(lengths[i]);
        int to = memory("", 0);
        uint8_t byte = 0;
        struct stat st;

        assert_int_equal(read_whole(item, to), OV_OK);
        assert_int_equal(fstat(to, &st), 0);
        assert_int_equal(st.st_size, (off_t)lengths[i]);
        if (lengths[i] > 260) {
            assert_int_equal(pread(to, &byte, 1, 260), 1);
            assert_int_equal(byte, (uint8_t)(260 * 7 + 1));
        }
        close(item);
        close(to);
    }
}

static void nothing_of_the_content_can_be_seen(void **state)
{
    int from = memory("secret words", 12);
    struct quarantine_meta m = meta_of(from);
    int item = memory("", 0);
    char bytes[4096];
    ssize_t len;

    (void)state;
    m.rule = OV_SPAN_LIT("secret rule");
    assert_int_equal(quarantine_item_write(item, key, &m, from), OV_OK);
    len = pread(item, bytes, sizeof(bytes), 0);
    assert_true(len > 100);
    assert_null(memmem(bytes, (size_t)len, "secret", 6));
    close(item);
    close(from);
}

static void no_bit_can_be_changed(void **state)
{
    int item = make_item(70000);
    int to = memory("", 0);
    struct stat st;

    (void)state;
    assert_int_equal(fstat(item, &st), 0);
    /* Head and metadata are all tried, of the content some. */
    for (off_t at = 0; at < st.st_size; at += at < 300 ? 1 : 997) {
        uint8_t byte;
        uint8_t other;

        assert_int_equal(pread(item, &byte, 1, at), 1);
        other = byte ^ 1;
        assert_int_equal(pwrite(item, &other, 1, at), 1);
        assert_int_not_equal(read_whole(item, to), OV_OK);
        assert_int_equal(pwrite(item, &byte, 1, at), 1);
    }
    close(item);
    close(to);
}

static void no_end_can_be_cut_off(void **state)
{
    int item = make_item(131072);
    int to = memory("", 0);
    struct stat st;

    (void)state;
    assert_int_equal(fstat(item, &st), 0);
    for (off_t len = st.st_size - 1; len > 0; len -= 9973) {
        assert_int_equal(ftruncate(item, len), 0);
        assert_int_not_equal(read_whole(item, to), OV_OK);
    }
    /* Behind a whole chunk. */
    close(item);
    item = make_item(131072);
    assert_int_equal(ftruncate(item, st.st_size - OV_SEAL_TAG), 0);
    assert_int_not_equal(read_whole(item, to), OV_OK);
    close(item);
    close(to);
}

static void another_key_opens_nothing(void **state)
{
    static const uint8_t other[OV_SEAL_KEY] = {8};
    struct quarantine_item i;
    int item = make_item(10);

    (void)state;
    assert_int_equal(quarantine_item_open(item, other, &i), OV_BAD_PROOF);
}

static void a_file_that_changed_is_not_taken(void **state)
{
    int from = memory("hello", 5);
    struct quarantine_meta m = meta_of(from);
    int item = memory("", 0);

    (void)state;
    assert_int_equal(pwrite(from, "j", 1, 0), 1);
    assert_int_equal(quarantine_item_write(item, key, &m, from), OV_MISMATCH);
    close(item);
    close(from);
}

static void what_is_no_item_is_told_from_a_later_one(void **state)
{
    uint8_t head[QUARANTINE_HEAD_LEN] = "overt quarantine";
    struct quarantine_head ret;

    (void)state;
    head[20] = 100;
    assert_int_equal(quarantine_read_head(ov_span_of(head, sizeof(head)), &ret),
                     OV_OK);
    assert_int_equal(
        quarantine_read_head(ov_span_of(head, sizeof(head) - 1), &ret),
        OV_TRUNCATED);
    head[16] = 1;
    assert_int_equal(quarantine_read_head(ov_span_of(head, sizeof(head)), &ret),
                     OV_UNSUPPORTED);
    head[0] = 'O';
    assert_int_equal(quarantine_read_head(ov_span_of(head, sizeof(head)), &ret),
                     OV_MALFORMED);
}

OV_TEST_MAIN(OV_TEST(any_length_comes_back),
             OV_TEST(nothing_of_the_content_can_be_seen),
             OV_TEST(no_bit_can_be_changed), OV_TEST(no_end_can_be_cut_off),
             OV_TEST(another_key_opens_nothing),
             OV_TEST(a_file_that_changed_is_not_taken),
             OV_TEST(what_is_no_item_is_told_from_a_later_one))
