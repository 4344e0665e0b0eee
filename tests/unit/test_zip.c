/* SPDX-License-Identifier: Apache-2.0
 *
 * ZIP archives made by hand, member by member, so that the two lists of
 * members can disagree. */
#include <zlib.h>

#include "unpack_help.h"

struct zipped {
    struct ov_buf file;
    struct ov_buf central;
    unsigned n;
};

struct put {
    const char *name;
    struct ov_span data; /* packed */
    uint32_t real_size;
    uint32_t crc;
    uint16_t method;
    uint16_t flags;
};

static struct zipped zipped_new(void)
{
    return (struct zipped){ov_buf_with_max(1 << 22), ov_buf_with_max(1 << 22),
                           0};
}

static void zipped_done(struct zipped *z)
{
    ov_buf_done(&z->file);
    ov_buf_done(&z->central);
}

/* What local headers and the directory have in common. */
static void put_fields(struct ov_buf *b, const struct put *p)
{
    ov_put_u16(b, 20);
    ov_put_u16(b, p->flags);
    ov_put_u16(b, p->method);
    ov_put_u32(b, 0);
    ov_put_u32(b, p->crc);
    ov_put_u32(b, (uint32_t)p->data.len);
    ov_put_u32(b, p->real_size);
    ov_put_u16(b, (uint16_t)strlen(p->name));
    ov_put_u16(b, 0);
}

static uint32_t put_local(struct zipped *z, const struct put *p)
{
    uint32_t at = (uint32_t)z->file.len;

    ov_put_str(&z->file, "PK\3\4");
    put_fields(&z->file, p);
    ov_put_str(&z->file, p->name);
    ov_put_span(&z->file, p->data);
    return at;
}

static void put_central(struct zipped *z, const struct put *p, uint32_t at)
{
    ov_put_str(&z->central, "PK\1\2");
    ov_put_u16(&z->central, 20);
    put_fields(&z->central, p);
    ov_put_u16(&z->central, 0);
    ov_put_u64(&z->central, 0);
    ov_put_u32(&z->central, at);
    ov_put_str(&z->central, p->name);
    z->n++;
}

static void put_end(struct zipped *z)
{
    uint32_t at = (uint32_t)z->file.len;

    ov_put_span(&z->file, ov_buf_span(&z->central));
    ov_put_str(&z->file, "PK\5\6");
    ov_put_u32(&z->file, 0);
    ov_put_u16(&z->file, (uint16_t)z->n);
    ov_put_u16(&z->file, (uint16_t)z->n);
    ov_put_u32(&z->file, (uint32_t)z->central.len);
    ov_put_u32(&z->file, at);
    ov_put_u16(&z->file, 0);
}

static struct put stored(const char *name, const char *text)
{
    struct ov_span data = ov_span_str(text);

    return (struct put){.name = name,
                        .data = data,
                        .real_size = (uint32_t)data.len,
                        .crc = (uint32_t)crc32_z(0, data.ptr, data.len)};
}

/* len zero bytes as raw deflate. */
static void put_deflated_zeros(struct ov_buf *into, size_t len)
{
    static const uint8_t zeros[4096];
    z_stream s = {0};

    assert_int_equal(deflateInit2(&s, 9, Z_DEFLATED, -15, 9, 0), Z_OK);
    for (size_t done = 0; done < len; done += sizeof(zeros)) {
        uint8_t out[512];
        bool is_last = done + sizeof(zeros) >= len;

        s.next_in = (uint8_t *)(uintptr_t)zeros;
        s.avail_in = (unsigned)(is_last ? len - done : sizeof(zeros));
        do {
            s.next_out = out;
            s.avail_out = sizeof(out);
            (void)deflate(&s, is_last ? Z_FINISH : Z_NO_FLUSH);
            ov_put_span(into, ov_span_of(out, sizeof(out) - s.avail_out));
        } while (s.avail_out == 0);
    }
    (void)deflateEnd(&s);
}

static void members_come_with_names_and_bytes(void **state)
{
    struct zipped z = zipped_new();
    struct put a = stored("a.txt", "alpha");
    struct put b = stored("b.txt", "beta");
    struct put folder = stored("folder/", "");
    struct ov_opened o;

    (void)state;
    put_central(&z, &a, put_local(&z, &a));
    put_central(&z, &folder, put_local(&z, &folder));
    put_central(&z, &b, put_local(&z, &b));
    put_end(&z);
    assert_int_equal(opened(&o, OV_TYPE_ZIP, ov_buf_span(&z.file)), OV_OK);
    expect_member(&o, "a.txt", "alpha");
    assert_int_equal(o.member.checksum, a.crc);
    assert_int_equal(o.member.position, 1);
    expect_member(&o, "b.txt", "beta");
    assert_int_equal(o.member.real_size, 4);
    expect_end(&o);
    assert_int_equal(o.budget.spent[OV_COST_OBJECTS], 2);
    assert_int_equal(o.budget.spent[OV_COST_BYTES], 9);
    closed(&o);
    zipped_done(&z);
}

static void members_missing_from_the_directory_are_found(void **state)
{
    struct zipped z = zipped_new();
    struct put a = stored("a", "alpha");
    struct put hidden = stored("hidden", "here");
    struct put b = stored("b", "beta");
    struct ov_opened o;

    (void)state;
    put_central(&z, &a, put_local(&z, &a));
    (void)put_local(&z, &hidden);
    put_central(&z, &b, put_local(&z, &b));
    put_end(&z);
    assert_int_equal(opened(&o, OV_TYPE_ZIP, ov_buf_span(&z.file)), OV_OK);
    expect_member(&o, "a", "alpha");
    expect_member(&o, "hidden", "here");
    expect_member(&o, "b", "beta");
    expect_end(&o);
    closed(&o);
    zipped_done(&z);
}

static void a_file_without_directory_gives_all_then_truncated(void **state)
{
    struct zipped z = zipped_new();
    struct put a = stored("a", "alpha");
    struct put b = stored("b", "beta");
    struct ov_opened o;

    (void)state;
    (void)put_local(&z, &a);
    (void)put_local(&z, &b);
    assert_int_equal(opened(&o, OV_TYPE_ZIP, ov_buf_span(&z.file)), OV_OK);
    expect_member(&o, "a", "alpha");
    expect_member(&o, "b", "beta");
    assert_int_equal(ov_unpacker_next(o.unpacker, &o.member), OV_TRUNCATED);
    assert_int_equal(ov_unpacker_next(o.unpacker, &o.member), OV_TRUNCATED);
    closed(&o);
    zipped_done(&z);
}

static void a_program_before_the_archive_shifts_it(void **state)
{
    struct zipped z = zipped_new();
    struct put a = stored("a", "alpha");
    struct ov_buf file = ov_buf_with_max(1 << 20);
    struct ov_opened o;

    (void)state;
    put_central(&z, &a, put_local(&z, &a));
    put_end(&z);
    ov_put_str(&file, "MZ this unpacks what follows");
    ov_put_span(&file, ov_buf_span(&z.file));
    ov_put_str(&file, "and something behind it");
    assert_int_equal(opened(&o, OV_TYPE_ZIPSFX, ov_buf_span(&file)), OV_OK);
    expect_member(&o, "a", "alpha");
    expect_end(&o);
    closed(&o);
    ov_buf_done(&file);
    zipped_done(&z);
}

static void both_are_given_where_the_lists_differ(void **state)
{
    struct zipped z = zipped_new();
    struct put local = stored("a", "alpha");
    struct put central = stored("a", "alp");
    struct ov_opened o;

    (void)state;
    put_central(&z, &central, put_local(&z, &local));
    put_end(&z);
    assert_int_equal(opened(&o, OV_TYPE_ZIP, ov_buf_span(&z.file)), OV_OK);
    expect_member(&o, "a", "alp");
    expect_member(&o, "a", "alpha");
    expect_end(&o);
    closed(&o);
    zipped_done(&z);
}

/* "the secret text" stored under the password "pass", by Info-ZIP 3.0. */
static const uint8_t sealed[] = {
    0x50, 0x4b, 0x03, 0x04, 0x0a, 0x00, 0x09, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x21, 0x58, 0x82, 0x34, 0x3c, 0xa6, 0x1b, 0x00, 0x00, 0x00, 0x0f, 0x00,
    0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x73, 0x2e, 0x74, 0x78, 0x74, 0xbf,
    0x01, 0x6c, 0xcb, 0x21, 0xd1, 0x63, 0xad, 0x4c, 0xc4, 0x4c, 0xda, 0x1c,
    0x56, 0xfc, 0x67, 0xa8, 0x82, 0xfe, 0xff, 0xbf, 0x10, 0xc5, 0x3e, 0xd7,
    0xc1, 0x9d, 0x50, 0x4b, 0x07, 0x08, 0x82, 0x34, 0x3c, 0xa6, 0x1b, 0x00,
    0x00, 0x00, 0x0f, 0x00, 0x00, 0x00, 0x50, 0x4b, 0x01, 0x02, 0x1e, 0x03,
    0x0a, 0x00, 0x09, 0x00, 0x00, 0x00, 0x00, 0x00, 0x21, 0x58, 0x82, 0x34,
    0x3c, 0xa6, 0x1b, 0x00, 0x00, 0x00, 0x0f, 0x00, 0x00, 0x00, 0x05, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xa4, 0x81,
    0x00, 0x00, 0x00, 0x00, 0x73, 0x2e, 0x74, 0x78, 0x74, 0x50, 0x4b, 0x05,
    0x06, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x01, 0x00, 0x33, 0x00, 0x00,
    0x00, 0x4e, 0x00, 0x00, 0x00, 0x00, 0x00};

static void an_encrypted_member_needs_its_password(void **state)
{
    struct ov_opened o;

    (void)state;
    assert_int_equal(
        opened(&o, OV_TYPE_ZIP, ov_span_of(sealed, sizeof(sealed))), OV_OK);
    take_member(&o);
    assert_true(o.member.is_encrypted);
    assert_int_equal(o.read_status, OV_ENCRYPTED);
    assert_int_equal(o.bytes.len, 0);
    expect_end(&o);
    closed(&o);
}

static void the_right_password_of_several_opens_a_member(void **state)
{
    static const struct ov_span passwords[] = {
        {(const uint8_t *)"wrong", 5},
        {(const uint8_t *)"", 0},
        {(const uint8_t *)"pass", 4},
    };
    struct ov_opened o;

    (void)state;
    assert_int_equal(
        opened(&o, OV_TYPE_ZIP, ov_span_of(sealed, sizeof(sealed))), OV_OK);
    ov_unpacker_free(o.unpacker);
    o.job.passwords = passwords;
    o.job.n_passwords = 3;
    assert_int_equal(ov_unpacker_open(&o.job, &o.unpacker), OV_OK);
    expect_member(&o, "s.txt", "the secret text");
    assert_true(o.member.is_encrypted);
    expect_end(&o);
    closed(&o);
}

/* As 7-Zip makes them with AES of 256 and 128 bits; the password is "Pass". */
static const uint8_t aes256[] = {
    0x50, 0x4b, 0x03, 0x04, 0x33, 0x00, 0x01, 0x00, 0x63, 0x00, 0x00, 0x00,
    0x21, 0x50, 0x00, 0x00, 0x00, 0x00, 0x2b, 0x00, 0x00, 0x00, 0x0f, 0x00,
    0x00, 0x00, 0x05, 0x00, 0x0b, 0x00, 0x73, 0x2e, 0x74, 0x78, 0x74, 0x01,
    0x99, 0x07, 0x00, 0x02, 0x00, 0x41, 0x45, 0x03, 0x00, 0x00, 0x38, 0x42,
    0x66, 0x92, 0x34, 0x53, 0xe5, 0x67, 0x8d, 0x4b, 0xce, 0xb5, 0xd3, 0xca,
    0xea, 0xc0, 0xa9, 0xe1, 0x42, 0xd9, 0x86, 0x0c, 0xca, 0xa4, 0x41, 0xae,
    0x85, 0xc8, 0xa3, 0x27, 0x2c, 0x72, 0xc9, 0x71, 0xeb, 0xf4, 0x3b, 0x26,
    0x59, 0x47, 0x2d, 0xfd, 0x07, 0x50, 0x4b, 0x01, 0x02, 0x3f, 0x03, 0x33,
    0x00, 0x01, 0x00, 0x63, 0x00, 0x00, 0x00, 0x21, 0x50, 0x00, 0x00, 0x00,
    0x00, 0x2b, 0x00, 0x00, 0x00, 0x0f, 0x00, 0x00, 0x00, 0x05, 0x00, 0x2f,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x20, 0x80, 0xa4, 0x81, 0x00,
    0x00, 0x00, 0x00, 0x73, 0x2e, 0x74, 0x78, 0x74, 0x0a, 0x00, 0x20, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x18, 0x00, 0x00, 0x00, 0x05, 0x69,
    0x36, 0xc0, 0xd5, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x99, 0x07, 0x00,
    0x02, 0x00, 0x41, 0x45, 0x03, 0x00, 0x00, 0x50, 0x4b, 0x05, 0x06, 0x00,
    0x00, 0x00, 0x00, 0x01, 0x00, 0x01, 0x00, 0x62, 0x00, 0x00, 0x00, 0x59,
    0x00, 0x00, 0x00, 0x00, 0x00};
static const uint8_t aes128[] = {
    0x50, 0x4b, 0x03, 0x04, 0x33, 0x00, 0x01, 0x00, 0x63, 0x00, 0x00, 0x00,
    0x21, 0x50, 0x00, 0x00, 0x00, 0x00, 0x23, 0x00, 0x00, 0x00, 0x0f, 0x00,
    0x00, 0x00, 0x05, 0x00, 0x0b, 0x00, 0x73, 0x2e, 0x74, 0x78, 0x74, 0x01,
    0x99, 0x07, 0x00, 0x02, 0x00, 0x41, 0x45, 0x01, 0x00, 0x00, 0x5d, 0xdd,
    0x8d, 0x49, 0x78, 0x0b, 0xca, 0x94, 0xe9, 0xf4, 0x33, 0xfa, 0xf9, 0x13,
    0x9f, 0xce, 0xdb, 0x83, 0x63, 0x30, 0xb7, 0x6d, 0x97, 0x71, 0x53, 0x2d,
    0x6b, 0x5c, 0x83, 0xd1, 0x9c, 0x77, 0x69, 0x63, 0x06, 0x50, 0x4b, 0x01,
    0x02, 0x3f, 0x03, 0x33, 0x00, 0x01, 0x00, 0x63, 0x00, 0x00, 0x00, 0x21,
    0x50, 0x00, 0x00, 0x00, 0x00, 0x23, 0x00, 0x00, 0x00, 0x0f, 0x00, 0x00,
    0x00, 0x05, 0x00, 0x2f, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x20,
    0x80, 0xa4, 0x81, 0x00, 0x00, 0x00, 0x00, 0x73, 0x2e, 0x74, 0x78, 0x74,
    0x0a, 0x00, 0x20, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x18, 0x00,
    0x00, 0x00, 0x05, 0x69, 0x36, 0xc0, 0xd5, 0x01, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x01, 0x99, 0x07, 0x00, 0x02, 0x00, 0x41, 0x45, 0x01, 0x00, 0x00, 0x50,
    0x4b, 0x05, 0x06, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x01, 0x00, 0x62,
    0x00, 0x00, 0x00, 0x51, 0x00, 0x00, 0x00, 0x00, 0x00};

static void expect_aes(struct ov_span file, struct ov_span password,
                       bool is_right)
{
    struct ov_opened o;

    assert_int_equal(opened(&o, OV_TYPE_ZIP, file), OV_OK);
    ov_unpacker_free(o.unpacker);
    o.job.passwords = &password;
    o.job.n_passwords = 1;
    assert_int_equal(ov_unpacker_open(&o.job, &o.unpacker), OV_OK);
    if (is_right) {
        expect_member(&o, "s.txt", "the secret text");
    } else {
        take_member(&o);
        assert_int_equal(o.read_status, OV_ENCRYPTED);
        assert_int_equal(o.bytes.len, 0);
    }
    assert_true(o.member.is_encrypted);
    expect_end(&o);
    closed(&o);
}

static void aes_members_open_with_the_right_password_only(void **state)
{
    uint8_t damaged[sizeof(aes256)];
    struct ov_span file = ov_span_of(aes256, sizeof(aes256));

    (void)state;
    expect_aes(file, OV_SPAN_LIT("Pass"), true);
    expect_aes(ov_span_of(aes128, sizeof(aes128)), OV_SPAN_LIT("Pass"), true);
    expect_aes(file, OV_SPAN_LIT("pass"), false);
    expect_aes(file, OV_SPAN_LIT(""), false);
    /* A byte of the content that its keyed digest does not fit. */
    memcpy(damaged, aes256, sizeof(aes256));
    damaged[70] ^= 1;
    expect_aes(ov_span_of(damaged, sizeof(damaged)), OV_SPAN_LIT("Pass"),
               false);
}

/* A million bytes in a thousand, used by a thousand entries: the whole would
 * be a gigabyte. */
static void overlapping_members_end_in_the_budget(void **state)
{
    struct zipped z = zipped_new();
    struct ov_buf packed = ov_buf_with_max(1 << 20);
    struct put a = {.name = "a", .real_size = 1000000, .method = 8};
    struct ov_opened o;
    enum ov_status status = OV_OK;

    (void)state;
    put_deflated_zeros(&packed, 1000000);
    a.data = ov_buf_span(&packed);
    for (unsigned i = 0; i < 1000; i++) {
        uint32_t at = i == 0 ? put_local(&z, &a) : 0;

        /* Sizes differ, so that they are not the same member. */
        a.real_size = 1000000 + i;
        a.data.len = packed.len - i % 2;
        put_central(&z, &a, at);
        if (i % 2 == 1)
            (void)put_local(&z, &a);
    }
    put_end(&z);
    assert_int_equal(opened(&o, OV_TYPE_ZIP, ov_buf_span(&z.file)), OV_OK);
    o.budget.limit[OV_COST_BYTES] = 50000000;
    while (ov_status_class(status) != OV_CLASS_LIMIT) {
        take_member(&o);
        status = o.read_status;
        assert_true(o.bytes.len <= 1000000);
    }
    assert_int_equal(status, OV_LIMIT_SIZE);
    assert_int_equal(o.budget.spent[OV_COST_BYTES], 50000000);
    closed(&o);
    ov_buf_done(&packed);
    zipped_done(&z);
}

static void a_member_larger_than_wanted_gives_its_beginning(void **state)
{
    struct zipped z = zipped_new();
    struct ov_buf packed = ov_buf_with_max(1 << 20);
    struct put a = {.name = "a", .real_size = 100000, .method = 8};
    struct ov_opened o;

    (void)state;
    put_deflated_zeros(&packed, 100000);
    a.data = ov_buf_span(&packed);
    put_central(&z, &a, put_local(&z, &a));
    put_end(&z);
    assert_int_equal(opened(&o, OV_TYPE_ZIP, ov_buf_span(&z.file)), OV_OK);
    o.bytes = ov_buf_with_max(99999);
    take_member(&o);
    assert_int_equal(o.read_status, OV_LIMIT_SIZE);
    assert_int_equal(o.bytes.len, 99999);
    closed(&o);

    assert_int_equal(opened(&o, OV_TYPE_ZIP, ov_buf_span(&z.file)), OV_OK);
    o.bytes = ov_buf_with_max(100000);
    take_member(&o);
    assert_int_equal(o.read_status, OV_OK);
    assert_int_equal(o.bytes.len, 100000);
    closed(&o);
    ov_buf_done(&packed);
    zipped_done(&z);
}

static void a_wrong_size_in_the_directory_changes_nothing(void **state)
{
    struct zipped z = zipped_new();
    struct ov_buf packed = ov_buf_with_max(1 << 20);
    struct put a = {.name = "a", .real_size = 17, .method = 8};
    struct ov_opened o;

    (void)state;
    put_deflated_zeros(&packed, 100000);
    a.data = ov_buf_span(&packed);
    put_central(&z, &a, put_local(&z, &a));
    put_end(&z);
    assert_int_equal(opened(&o, OV_TYPE_ZIP, ov_buf_span(&z.file)), OV_OK);
    take_member(&o);
    assert_int_equal(o.read_status, OV_OK);
    assert_int_equal(o.bytes.len, 100000);
    closed(&o);
    ov_buf_done(&packed);
    zipped_done(&z);
}

static void a_type_without_unpacker_is_unsupported(void **state)
{
    struct ov_opened o;

    (void)state;
    assert_int_equal(opened(&o, OV_TYPE_JAVA, OV_SPAN_LIT("text")),
                     OV_UNSUPPORTED);
    assert_int_equal(opened(&o, OV_TYPE_ZIP, OV_SPAN_LIT("no archive")),
                     OV_TRUNCATED);
}

OV_TEST_MAIN(OV_TEST(members_come_with_names_and_bytes),
             OV_TEST(members_missing_from_the_directory_are_found),
             OV_TEST(a_file_without_directory_gives_all_then_truncated),
             OV_TEST(a_program_before_the_archive_shifts_it),
             OV_TEST(both_are_given_where_the_lists_differ),
             OV_TEST(an_encrypted_member_needs_its_password),
             OV_TEST(the_right_password_of_several_opens_a_member),
             OV_TEST(aes_members_open_with_the_right_password_only),
             OV_TEST(overlapping_members_end_in_the_budget),
             OV_TEST(a_member_larger_than_wanted_gives_its_beginning),
             OV_TEST(a_wrong_size_in_the_directory_changes_nothing),
             OV_TEST(a_type_without_unpacker_is_unsupported))
