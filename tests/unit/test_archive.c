/* SPDX-License-Identifier: Apache-2.0
 *
 * Archives and compressed streams, written by libarchive into memory. */
#include <archive.h>
#include <archive_entry.h>

#include "unpack_help.h"

#define FILE_MAX ((size_t)1 << 20)

typedef int (*set)(struct archive *a);

static const struct {
    enum ov_type type;
    set format;
    set filter;
} archives[] = {
    {OV_TYPE_TAR, archive_write_set_format_ustar, NULL},
    {OV_TYPE_TAR, archive_write_set_format_gnutar, NULL},
    {OV_TYPE_TAR, archive_write_set_format_pax, NULL},
    {OV_TYPE_CPIO_ODC, archive_write_set_format_cpio, NULL},
    {OV_TYPE_CPIO_NEWC, archive_write_set_format_cpio_newc, NULL},
    {OV_TYPE_AR, archive_write_set_format_ar_svr4, NULL},
    {OV_TYPE_7Z, archive_write_set_format_7zip, NULL},
    {OV_TYPE_XAR, archive_write_set_format_xar, NULL},
};

static const struct {
    enum ov_type type;
    set filter;
} streams[] = {
    {OV_TYPE_GZ, archive_write_add_filter_gzip},
    {OV_TYPE_BZ, archive_write_add_filter_bzip2},
    {OV_TYPE_XZ, archive_write_add_filter_xz},
    {OV_TYPE_LZMA, archive_write_add_filter_lzma},
    {OV_TYPE_ZSTD, archive_write_add_filter_zstd},
    {OV_TYPE_LZ4, archive_write_add_filter_lz4},
    {OV_TYPE_COMPRESS, archive_write_add_filter_compress},
};

#define N_ARCHIVES (sizeof(archives) / sizeof(*archives))
#define N_STREAMS (sizeof(streams) / sizeof(*streams))

static void write_file(struct archive *a, const char *name, const char *text)
{
    struct archive_entry *e = archive_entry_new();

    archive_entry_set_pathname(e, name);
    archive_entry_set_filetype(e, AE_IFREG);
    archive_entry_set_perm(e, 0644);
    archive_entry_set_size(e, (la_int64_t)strlen(text));
    assert_true(archive_write_header(a, e) >= ARCHIVE_WARN);
    if (*text)
        assert_true(archive_write_data(a, text, strlen(text)) > 0);
    archive_entry_free(e);
}

/* An archive of two files, or with the format NULL the stream of one text. */
static struct ov_buf written(set format, set filter)
{
    struct ov_buf b = ov_buf_with_max(FILE_MAX);
    struct archive *a = archive_write_new();
    size_t used = 0;

    assert_int_equal(format ? format(a) : archive_write_set_format_raw(a),
                     ARCHIVE_OK);
    if (filter)
        assert_int_equal(filter(a), ARCHIVE_OK);
    assert_int_equal(archive_write_set_bytes_in_last_block(a, 1), ARCHIVE_OK);
    assert_non_null(ov_buf_room(&b, FILE_MAX));
    assert_int_equal(archive_write_open_memory(a, b.ptr, FILE_MAX, &used),
                     ARCHIVE_OK);
    write_file(a, "first", "the first text");
    if (format)
        write_file(a, "second", "another text");
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    assert_int_equal(archive_write_free(a), ARCHIVE_OK);
    ov_buf_added(&b, used);
    return b;
}

static void each_archive_gives_its_members(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ARCHIVES; i++) {
        struct ov_buf file = written(archives[i].format, NULL);
        struct ov_opened o;

        assert_int_equal(opened(&o, archives[i].type, ov_buf_span(&file)),
                         OV_OK);
        expect_member(&o, "first", "the first text");
        assert_int_equal(o.member.real_size, 14);
        expect_member(&o, "second", "another text");
        assert_int_equal(o.member.position, 2);
        expect_end(&o);
        closed(&o);
        ov_buf_done(&file);
    }
}

static void a_member_can_be_skipped(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ARCHIVES; i++) {
        struct ov_buf file = written(archives[i].format, NULL);
        struct ov_opened o;

        assert_int_equal(opened(&o, archives[i].type, ov_buf_span(&file)),
                         OV_OK);
        assert_int_equal(ov_unpacker_next(o.unpacker, &o.member), OV_OK);
        expect_member(&o, "second", "another text");
        expect_end(&o);
        closed(&o);
        ov_buf_done(&file);
    }
}

/* Borrows what can be borrowed; without leave to, it is read. */
static void expect_lent(enum ov_type type, struct ov_span file, uint64_t max)
{
    bool is_plain = type != OV_TYPE_7Z && type != OV_TYPE_XAR;
    struct ov_opened o;
    struct ov_span lent;

    assert_int_equal(opened(&o, type, file), OV_OK);
    assert_int_equal(ov_unpacker_next(o.unpacker, &o.member), OV_OK);
    if (ov_unpacker_borrow(o.unpacker, max, &lent)) {
        assert_true(is_plain && max >= 14);
        assert_true(lent.ptr > file.ptr && lent.ptr < file.ptr + file.len);
        assert_true(ov_span_equal(lent, OV_SPAN_LIT("the first text")));
        assert_int_equal(ov_unpacker_read(o.unpacker, &o.bytes), OV_USAGE);
    } else {
        assert_false(is_plain && max >= 14);
        assert_int_equal(ov_unpacker_read(o.unpacker, &o.bytes), OV_OK);
        assert_int_equal(o.bytes.len, 14);
    }
    assert_int_equal(o.budget.spent[OV_COST_BYTES], 14);
    ov_buf_clear(&o.bytes);
    expect_member(&o, "second", "another text");
    expect_end(&o);
    closed(&o);
}

static void a_member_that_is_not_packed_is_lent(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ARCHIVES; i++) {
        struct ov_buf file = written(archives[i].format, NULL);

        expect_lent(archives[i].type, ov_buf_span(&file), 14);
        expect_lent(archives[i].type, ov_buf_span(&file), 13);
        ov_buf_done(&file);
    }
}

static void each_stream_is_one_member(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_STREAMS; i++) {
        struct ov_buf file = written(NULL, streams[i].filter);
        struct ov_opened o;

        assert_int_equal(opened(&o, streams[i].type, ov_buf_span(&file)),
                         OV_OK);
        take_member(&o);
        assert_int_equal(o.read_status, OV_OK);
        assert_true(ov_span_equal(ov_buf_span(&o.bytes),
                                  OV_SPAN_LIT("the first text")));
        expect_end(&o);
        closed(&o);
        ov_buf_done(&file);
    }
}

static void several_streams_are_one_member(void **state)
{
    static const enum ov_type types[] = {OV_TYPE_GZ, OV_TYPE_BZ, OV_TYPE_XZ,
                                         OV_TYPE_ZSTD};

    (void)state;
    for (size_t i = 0; i < N_STREAMS; i++) {
        struct ov_buf file = written(NULL, streams[i].filter);
        struct ov_buf twice = ov_buf_with_max(FILE_MAX);
        struct ov_opened o;
        bool is_wanted = false;

        for (size_t j = 0; j < sizeof(types) / sizeof(*types); j++)
            is_wanted |= types[j] == streams[i].type;
        ov_put_span(&twice, ov_buf_span(&file));
        ov_put_span(&twice, ov_buf_span(&file));
        if (is_wanted) {
            assert_int_equal(opened(&o, streams[i].type, ov_buf_span(&twice)),
                             OV_OK);
            take_member(&o);
            assert_int_equal(o.read_status, OV_OK);
            assert_true(
                ov_span_equal(ov_buf_span(&o.bytes),
                              OV_SPAN_LIT("the first textthe first text")));
            closed(&o);
        }
        ov_buf_done(&file);
        ov_buf_done(&twice);
    }
}

static void what_is_cut_off_is_never_ok(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_STREAMS; i++) {
        struct ov_buf file = written(NULL, streams[i].filter);
        struct ov_opened o;

        if (streams[i].type == OV_TYPE_COMPRESS) {
            /* That format has no end mark: a cut can't be seen. */
            ov_buf_done(&file);
            continue;
        }
        assert_int_equal(
            opened(&o, streams[i].type,
                   ov_span_clip(ov_buf_span(&file), 0, file.len - 6)),
            OV_OK);
        if (ov_unpacker_next(o.unpacker, &o.member) == OV_OK)
            assert_int_not_equal(ov_unpacker_read(o.unpacker, &o.bytes), OV_OK);
        closed(&o);
        ov_buf_done(&file);
    }
}

static void a_hole_of_a_sparse_member_costs_as_bytes_do(void **state)
{
    struct ov_buf b = ov_buf_with_max(FILE_MAX);
    struct archive *a = archive_write_new();
    struct archive_entry *e = archive_entry_new();
    size_t used = 0;
    struct ov_opened o;

    (void)state;
    assert_non_null(ov_buf_room(&b, FILE_MAX));
    (void)archive_write_set_format_pax(a);
    (void)archive_write_open_memory(a, b.ptr, FILE_MAX, &used);
    archive_entry_set_pathname(e, "hole");
    archive_entry_set_filetype(e, AE_IFREG);
    archive_entry_set_size(e, (la_int64_t)1 << 40);
    archive_entry_sparse_add_entry(e, ((la_int64_t)1 << 40) - 4, 4);
    (void)archive_write_header(a, e);
    (void)archive_write_data(a, "tail", 4);
    archive_entry_free(e);
    (void)archive_write_close(a);
    (void)archive_write_free(a);
    ov_buf_added(&b, used);

    assert_int_equal(opened(&o, OV_TYPE_TAR, ov_buf_span(&b)), OV_OK);
    o.budget.limit[OV_COST_BYTES] = 10000000;
    take_member(&o);
    assert_int_equal(o.read_status, OV_LIMIT_SIZE);
    assert_int_equal(o.bytes.len, 10000000);
    closed(&o);
    ov_buf_done(&b);
}

static void bytes_that_are_no_archive_are_not_empty_archives(void **state)
{
    struct ov_opened o;

    (void)state;
    for (size_t i = 0; i < N_ARCHIVES; i++) {
        enum ov_status status = opened(
            &o, archives[i].type,
            OV_SPAN_LIT("this is no archive, however long one looks at it"));

        if (status == OV_OK)
            status = ov_unpacker_next(o.unpacker, &o.member);
        assert_int_not_equal(status, OV_OK);
        closed(&o);
    }
}

OV_TEST_MAIN(OV_TEST(each_archive_gives_its_members),
             OV_TEST(a_member_can_be_skipped),
             OV_TEST(a_member_that_is_not_packed_is_lent),
             OV_TEST(each_stream_is_one_member),
             OV_TEST(several_streams_are_one_member),
             OV_TEST(what_is_cut_off_is_never_ok),
             OV_TEST(a_hole_of_a_sparse_member_costs_as_bytes_do),
             OV_TEST(bytes_that_are_no_archive_are_not_empty_archives))
