/* SPDX-License-Identifier: Apache-2.0
 *
 * Many more images are compared with clamscan in tests/oracle/alerts.py. */
#include <libdeflate.h>

#include "formats/partition.h"
#include "unpack_help.h"

#define SECTORS 40
#define SECTOR 512

/* An image that a test builds. */
static uint8_t image[SECTORS * SECTOR];

static struct ov_span whole(void)
{
    return ov_span_of(image, sizeof(image));
}

static void put32(size_t at, uint32_t v)
{
    for (size_t i = 0; i < 4; i++)
        image[at + i] = (uint8_t)(v >> 8 * i);
}

static void put32be(size_t at, uint32_t v)
{
    for (size_t i = 0; i < 4; i++)
        image[at + i] = (uint8_t)(v >> (24 - 8 * i));
}

/* An entry of the boot record in that sector. */
static void put_mbr(size_t sector, size_t i, uint8_t type, uint32_t first,
                    uint32_t n)
{
    size_t at = sector * SECTOR + 446 + 16 * i;

    image[at + 4] = type;
    put32(at + 8, first);
    put32(at + 12, n);
    image[sector * SECTOR + 510] = 0x55;
    image[sector * SECTOR + 511] = 0xaa;
}

static void put_gpt(uint32_t first, uint32_t last, size_t i)
{
    size_t entry = 2 * SECTOR + i * 128;

    memset(image + entry, (int)i + 1, 32);
    put32(entry + 32, first);
    put32(entry + 40, last);
    memcpy(image + SECTOR, "EFI PART", 8);
    put32(SECTOR + 12, 92);
    put32(SECTOR + 16, 0);
    put32(SECTOR + 72, 2);
    put32(SECTOR + 80, 4);
    put32(SECTOR + 84, 128);
    put32(SECTOR + 16, libdeflate_crc32(0, image + SECTOR, 92));
}

static void put_apm(size_t i, uint32_t n, uint32_t first, uint32_t len,
                    const char *type)
{
    size_t at = i * SECTOR;

    memcpy(image, "ER\2\0", 4);
    memcpy(image + at, "PM", 2);
    put32be(at + 4, n);
    put32be(at + 8, first);
    put32be(at + 12, len);
    memcpy(image + at + 48, type, strlen(type));
}

static void expect_parts(enum ov_type type, const uint64_t *sectors, size_t n,
                         bool is_crossing)
{
    struct ov_budget budget = ov_budget_default();
    struct ov_partitions disk;

    assert_int_equal(ov_partitions_read(whole(), type, &budget, &disk), OV_OK);
    assert_int_equal(disk.n, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(disk.parts[i].at, sectors[2 * i] * SECTOR);
        assert_int_equal(disk.parts[i].len, sectors[2 * i + 1] * SECTOR);
    }
    assert_int_equal(disk.is_crossing, is_crossing);
    assert_false(disk.is_full);
}

static void boot_records_are_followed_into_extended_ones(void **state)
{
    static const uint64_t parts[] = {1, 4, 11, 3, 16, 2};

    (void)state;
    memset(image, 0, sizeof(image));
    put_mbr(0, 0, 7, 1, 4);
    put_mbr(0, 1, 0, 2, 9);
    put_mbr(0, 2, 5, 10, 20);
    put_mbr(0, 3, 7, 1000, 2);
    put_mbr(10, 0, 7, 1, 3);
    put_mbr(10, 1, 5, 5, 10);
    put_mbr(15, 0, 7, 1, 2);
    expect_parts(OV_TYPE_MBR, parts, 3, false);
}

static void a_chain_that_runs_in_a_circle_ends(void **state)
{
    struct ov_budget budget = ov_budget_default();
    struct ov_partitions disk;

    (void)state;
    memset(image, 0, sizeof(image));
    put_mbr(0, 0, 5, 10, 20);
    put_mbr(10, 0, 7, 1, 3);
    put_mbr(10, 1, 5, 5, 10);
    put_mbr(15, 0, 7, 1, 2);
    put_mbr(15, 1, 5, 5, 10);
    assert_int_equal(ov_partitions_read(whole(), OV_TYPE_MBR, &budget, &disk),
                     OV_OK);
    assert_true(disk.is_full);
    assert_true(disk.is_crossing);
    assert_true(disk.n <= OV_PARTITIONS_MAX);
}

static void partitions_that_share_a_sector_cross(void **state)
{
    static const uint64_t apart[] = {1, 4, 5, 4};
    static const uint64_t crossing[] = {1, 5, 5, 4};

    (void)state;
    memset(image, 0, sizeof(image));
    put_mbr(0, 0, 7, 1, 4);
    put_mbr(0, 1, 7, 5, 4);
    expect_parts(OV_TYPE_MBR, apart, 2, false);
    put_mbr(0, 0, 7, 1, 5);
    expect_parts(OV_TYPE_MBR, crossing, 2, true);
}

static void guid_tables_need_their_checksum(void **state)
{
    static const uint64_t parts[] = {10, 6, 16, 1};
    struct ov_budget budget = ov_budget_default();
    struct ov_partitions disk;

    (void)state;
    memset(image, 0, sizeof(image));
    put_gpt(10, 15, 0);
    put_gpt(16, 16, 2);
    expect_parts(OV_TYPE_GPT, parts, 2, false);
    memcpy(image + (SECTORS - 1) * SECTOR, image + SECTOR, SECTOR);
    image[SECTOR + 20]++;
    expect_parts(OV_TYPE_GPT, parts, 2, false);
    image[(SECTORS - 1) * SECTOR + 20]++;
    assert_int_equal(ov_partitions_read(whole(), OV_TYPE_GPT, &budget, &disk),
                     OV_MALFORMED);
}

static void the_map_itself_is_no_partition(void **state)
{
    static const uint64_t parts[] = {4, 5, 9, 2};
    static const uint64_t crossing[] = {3, 6, 9, 2};

    (void)state;
    memset(image, 0, sizeof(image));
    put_apm(1, 3, 1, 3, "Apple_partition_map");
    put_apm(2, 3, 4, 5, "Apple_HFS");
    put_apm(3, 3, 9, 2, "Apple_Free");
    expect_parts(OV_TYPE_APM, parts, 2, false);
    put_apm(2, 3, 3, 6, "Apple_HFS");
    expect_parts(OV_TYPE_APM, crossing, 2, true);
}

static void partitions_are_members(void **state)
{
    struct ov_opened o;

    (void)state;
    memset(image, 0, sizeof(image));
    put_mbr(0, 0, 7, 39, 9);
    memcpy(image + 39 * SECTOR, "hello", 5);
    assert_int_equal(opened(&o, OV_TYPE_MBR, whole()), OV_OK);
    take_member(&o);
    assert_int_equal(o.member.type, OV_TYPE_PARTITION);
    assert_int_equal(o.bytes.len, SECTOR);
    assert_memory_equal(o.bytes.ptr, "hello", 6);
    expect_end(&o);
    closed(&o);
    put_mbr(0, 1, 7, 1, 2);
    put_mbr(0, 2, 7, 3, 2);
    assert_int_equal(opened(&o, OV_TYPE_MBR, whole()), OV_OK);
    closed(&o);
    o.job.max_partitions = 2;
    o.bytes = ov_buf_with_max(sizeof(image));
    assert_int_equal(ov_unpacker_open(&o.job, &o.unpacker), OV_OK);
    take_member(&o);
    take_member(&o);
    expect_end(&o);
    closed(&o);
    assert_int_equal(opened(&o, OV_TYPE_MBR, OV_SPAN_LIT("short")),
                     OV_MALFORMED);
    assert_int_equal(opened(&o, OV_TYPE_APM, OV_SPAN_LIT("ER\2\0")),
                     OV_MALFORMED);
}

OV_TEST_MAIN(OV_TEST(boot_records_are_followed_into_extended_ones),
             OV_TEST(a_chain_that_runs_in_a_circle_ends),
             OV_TEST(partitions_that_share_a_sector_cross),
             OV_TEST(guid_tables_need_their_checksum),
             OV_TEST(the_map_itself_is_no_partition),
             OV_TEST(partitions_are_members))
