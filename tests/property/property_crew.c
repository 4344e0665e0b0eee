/* SPDX-License-Identifier: Apache-2.0 */
#include <archive.h>
#include <archive_entry.h>
#include <lzma.h>

#include "engine/scan.h"
#include "random.h"
#include "rules/sources.h"
#include "rules/tier_build.h"
#include "sys/threads.h"
#include "test.h"

/* What a scanner tells with any number of helpers is what it tells alone, to
 * the last place, count and order: random rules of all kinds (several parts
 * with gaps of any length, counts, places from the end, digests, regular
 * expressions, sizes), random large files and archives, random limits. */
#define ROUNDS 16
#define FILES 6
#define RULES 24
#define STRETCH 16384
#define RAW_MAX ((size_t)600 << 10)
#define MEMBERS_MAX 60
#define MEMBER_MAX ((size_t)60 << 10)

struct world {
    struct ov_random r;
    struct ov_arena *arena;
    uint8_t words[12][8]; /* what rules look for and files hold */
    struct ov_buf image_bytes;
    struct ov_image *image;
    struct ov_buf file;
    struct ov_buf part;
    struct ov_scan_options options;
};

static size_t below(struct world *w, size_t n)
{
    return ov_random_below(&w->r, n);
}

/* ---- rules ---- */

static void put_word(struct world *w, struct ov_buf *b)
{
    const uint8_t *word = w->words[below(w, 12)];
    size_t from = below(w, 4);

    ov_put_hex(b, ov_span_of(word + from, 4 + below(w, 5 - from)));
}

static void put_pattern(struct world *w, struct ov_buf *b)
{
    static const char *const gaps[] = {"*",      "{3-40}", "??",     "{-9}",
                                       "{200-}", "[1-5]",  "(41|42)"};
    size_t n = 1 + below(w, 3);

    put_word(w, b);
    while (n-- > 1) {
        ov_put_str(b, gaps[below(w, 7)]);
        put_word(w, b);
    }
}

static void put_offset(struct world *w, struct ov_buf *b)
{
    static const char *const offsets[] = {"EP+", "EOF-", "", "S0+", "SL+"};
    size_t which = below(w, 9);

    if (which >= 5) {
        ov_put_str(b, "*");
        return;
    }
    ov_put_format(b, "%s%zu", offsets[which], below(w, 70000));
    if (below(w, 2) == 0)
        ov_put_format(b, ",%zu", 1 + below(w, 200000));
}

static void put_ndb(struct world *w, struct ov_buf *b, size_t i)
{
    ov_put_format(b, "N%zu:%d:", i, below(w, 4) == 0);
    put_offset(w, b);
    ov_put_str(b, ":");
    put_pattern(w, b);
    ov_put_str(b, "\n");
}

static void put_ldb(struct world *w, struct ov_buf *b, size_t i)
{
    static const char *const conditions[] = {
        "0&1",       "0|1",           "(0>3)&1",       "0=0&1",
        "(0|1)>5,2", "(0>2,1)|(1<9)", "((0&1)>100)|0", "0&(1=2)"};

    ov_put_format(b, "L%zu;Engine:51-255,Target:0", i);
    if (below(w, 4) == 0)
        ov_put_format(b, ",FileSize:0-%zu", below(w, 400000));
    if (below(w, 4) == 0)
        ov_put_str(b, ",Container:CL_TYPE_POSIX_TAR");
    ov_put_format(b, ";%s;", conditions[below(w, 8)]);
    for (size_t k = 0; k < 2; k++) {
        if (below(w, 3) == 0)
            put_offset(w, b), ov_put_str(b, ":");
        put_pattern(w, b);
        ov_put_str(b, below(w, 4) == 0 ? "::iw" : "");
        ov_put_str(b, k == 0 ? ";" : "\n");
    }
}

static void put_yara(struct world *w, struct ov_buf *b, size_t i)
{
    static const char *const conditions[] = {
        "#a > 3 or $b",
        "$a at filesize - 100",
        "for any i in (1..#a) : (@a[i] > 5000)",
        "$a in (0..90000) and not $b",
        "uint16(0) == 0x5a4d and $a",
        "filesize > 200KB and #b > #a",
        "$b and console.log(\"b \", filesize)"};

    if (i == 2)
        ov_put_str(b, "import \"console\"\n");
    ov_put_format(b, "rule Y%zu { strings: $a = { ", i);
    put_word(w, b);
    ov_put_str(b, " } $b = { ");
    put_word(w, b);
    ov_put_str(b, " [2-30] ");
    put_word(w, b);
    ov_put_format(b, " } condition: %s }\n", conditions[below(w, 7)]);
}

static void compile(struct world *w)
{
    static const char *const kinds[] = {"cdb", "ldb", "ndb", "yar"};
    static void (*const put_rule[])(struct world *, struct ov_buf *,
                                    size_t) = {put_ldb, put_ndb, put_yara};
    struct ov_buf sources[4];
    struct ov_tier_record records[4];
    struct ov_tier_job job = {.records = records, .n_records = 4};
    struct ov_diag diag = {0};

    for (size_t k = 0; k < 4; k++)
        sources[k] = ov_buf_with_max(1 << 20);
    for (size_t i = 0; i < RULES; i++)
        put_rule[i % 3](w, &sources[i % 3 + 1], i);
    ov_put_str(&sources[0], "C1:*:*:m7.*:*:*:*:*:*:*\n");
    for (size_t k = 0; k < 4; k++)
        records[k] = (struct ov_tier_record){ov_span_str(kinds[k]),
                                             ov_span_str(kinds[k]),
                                             ov_buf_span(&sources[k])};
    w->image_bytes = ov_buf_with_max((size_t)1 << 30);
    if (ov_tier_compile(&job, &w->image_bytes, NULL, &diag) != OV_OK)
        fail_msg("%s", diag.text);
    assert_int_equal(
        ov_image_open(ov_buf_span(&w->image_bytes), &w->image, &diag), OV_OK);
    for (size_t k = 0; k < 4; k++)
        ov_buf_done(&sources[k]);
}

/* ---- files ---- */

static void put_content(struct world *w, struct ov_buf *b, size_t len)
{
    size_t dull = below(w, 3) == 0 ? 40 : 4000;

    while (len > 0) {
        size_t n = 1 + below(w, dull);
        const uint8_t *word = w->words[below(w, 12)];

        for (size_t i = 0; i < n && len > 0; i++, len--)
            ov_put_u8(b, (uint8_t)ov_random_u64(&w->r));
        for (size_t i = 0; i < 8 && len > 0; i++, len--)
            ov_put_u8(b, word[i]);
    }
}

static la_ssize_t take_bytes(struct archive *a, void *data, const void *bytes,
                             size_t len)
{
    (void)a;
    ov_put_span(data, ov_span_of(bytes, len));
    return (la_ssize_t)len;
}

static void add_member(struct world *w, struct archive *a, size_t i)
{
    struct archive_entry *e = archive_entry_new();
    char name[32];

    ov_buf_clear(&w->part);
    put_content(w, &w->part,
                below(w, below(w, 8) == 0 ? MEMBER_MAX : MEMBER_MAX / 16));
    (void)snprintf(name, sizeof(name), "m%zu", i);
    archive_entry_set_pathname(e, name);
    archive_entry_set_size(e, (la_int64_t)w->part.len);
    archive_entry_set_filetype(e, AE_IFREG);
    archive_entry_set_perm(e, 0644);
    assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
    assert_int_equal(archive_write_data(a, w->part.ptr, w->part.len),
                     w->part.len);
    archive_entry_free(e);
}

enum format {
    FORMAT_TAR,
    FORMAT_7Z,
    FORMAT_CPIO,
    FORMAT_ZIP,
    N_FORMATS
};

static void make_archive(struct world *w, enum format which)
{
    static int (*const formats[N_FORMATS])(struct archive *) = {
        archive_write_set_format_ustar, archive_write_set_format_7zip,
        archive_write_set_format_cpio_newc, archive_write_set_format_zip};
    static int (*const filters[])(struct archive *) = {
        archive_write_add_filter_none, archive_write_add_filter_gzip,
        archive_write_add_filter_xz};
    struct archive *a = archive_write_new();
    bool is_packed = which == FORMAT_7Z || which == FORMAT_ZIP;
    size_t n = 1 + below(w, MEMBERS_MAX);

    assert_int_equal(formats[which](a), ARCHIVE_OK);
    assert_int_equal(filters[is_packed ? 0 : below(w, 3)](a), ARCHIVE_OK);
    archive_write_set_bytes_in_last_block(a, 1);
    assert_int_equal(archive_write_open(a, &w->file, NULL, take_bytes, NULL),
                     ARCHIVE_OK);
    for (size_t i = 0; i < n; i++)
        add_member(w, a, i);
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
}

/* The file becomes an .xz of some blocks. */
static void pack_in_blocks(struct world *w)
{
    OV_AUTO_DONE(buf) packed = ov_buf_with_max(SIZE_MAX);
    lzma_stream lz = LZMA_STREAM_INIT;
    size_t n = w->file.len;
    uint8_t *room = ov_buf_room(&packed, 2 * n + 65536);

    assert_non_null(room);
    assert_int_equal(lzma_easy_encoder(&lz, 1, LZMA_CHECK_CRC64), LZMA_OK);
    lz.next_in = w->file.ptr;
    lz.next_out = room;
    lz.avail_out = 2 * n + 65536;
    for (size_t left = n; left > 0;) {
        size_t len = 1 + below(w, left);

        left -= len;
        lz.avail_in = len;
        while (lzma_code(&lz, LZMA_FULL_FLUSH) == LZMA_OK)
            continue;
        assert_int_equal(lz.avail_in, 0);
    }
    assert_int_equal(lzma_code(&lz, LZMA_FINISH), LZMA_STREAM_END);
    ov_buf_clear(&w->file);
    ov_put_span(&w->file, ov_span_of(room, (size_t)lz.total_out));
    lzma_end(&lz);
}

/* Some hold an archive. */
static void make_raw(struct world *w)
{
    if (below(w, 3) == 0)
        ov_put_str(&w->file, "MZ");
    put_content(w, &w->file, below(w, RAW_MAX));
    if (below(w, 3) == 0)
        make_archive(w, FORMAT_ZIP);
    if (below(w, 3) == 0)
        put_content(w, &w->file, below(w, RAW_MAX / 4));
}

/* ---- what is told ---- */

static void put_path(struct ov_buf *b, const struct ov_object_path *p)
{
    for (size_t i = 0; i < p->n; i++) {
        ov_put_str(b, "/");
        ov_put_span(b, p->names[i]);
    }
}

static void on_detection(void *data, const struct ov_detection *d)
{
    struct ov_buf *b = data;

    ov_put_span(b, d->rule);
    ov_put_str(b, " ");
    ov_put_span(b, d->source);
    ov_put_format(b, ":%u %x %s %u %llu %llu in ", d->line, d->flags, d->kind,
                  d->type, (unsigned long long)d->object_len,
                  (unsigned long long)d->order);
    put_path(b, &d->path);
    for (size_t i = 0; i < d->n_evidence; i++) {
        const struct ov_evidence *e = &d->evidence[i];

        ov_put_format(b, " %u %llu+%llu %s ", e->term,
                      (unsigned long long)e->at, (unsigned long long)e->len,
                      e->view);
        ov_put_span(b, e->name);
        ov_put_hex(b, e->bytes);
    }
    ov_put_str(b, "\n");
}

static void on_inconclusive(void *data, const struct ov_inconclusive *i)
{
    struct ov_buf *b = data;

    ov_put_format(b, "inconclusive %s %s %llu in ", ov_reason_name(i->kind),
                  i->detail, (unsigned long long)i->at);
    put_path(b, &i->path);
    ov_put_str(b, "\n");
}

static void on_console(void *data, struct ov_span lines)
{
    ov_put_span(data, lines);
}

static void scan(struct world *w, struct ov_crew *crew, struct ov_buf *ret)
{
    const struct ov_findings findings = {.detection = on_detection,
                                         .inconclusive = on_inconclusive,
                                         .console = on_console,
                                         .data = ret};
    OV_AUTO(scanner) s = NULL;
    struct ov_outcome o;

    assert_int_equal(ov_scanner_new(&w->image, 1, &s, NULL), OV_OK);
    ov_scanner_set_crew(s, crew);
    for (int again = 0; again < 2; again++) {
        ov_scanner_scan(s, ov_buf_span(&w->file), &w->options, &findings, &o);
        ov_put_format(ret, "%s type %u objects %llu bytes %llu",
                      ov_verdict_name(o.verdict), o.type,
                      (unsigned long long)o.n_objects,
                      (unsigned long long)o.n_bytes);
        for (int i = 0; i < OV_N_COST; i++)
            ov_put_format(ret, " %llu", (unsigned long long)o.spent[i]);
        ov_put_str(ret, "\n");
    }
    assert_int_equal(ov_buf_status(ret), OV_OK);
}

static void draw_options(struct world *w)
{
    uint64_t *limits = w->options.limits;

    w->options = (struct ov_scan_options){0};
    if (below(w, 2) == 0)
        w->options.flags |= OV_SCAN_ALL_MATCHES;
    if (below(w, 2) == 0)
        w->options.flags |= OV_SCAN_EXPLAIN;
    if (below(w, 3) == 0)
        limits[below(w, OV_N_COST)] = 1 + below(w, (size_t)1 << below(w, 24));
    if (below(w, 5) == 0)
        w->options.max_object = 1 + below(w, RAW_MAX);
}

static void compare(struct world *w, struct ov_crew *const *crews, size_t n)
{
    OV_AUTO_DONE(buf) alone = ov_buf_with_max(1 << 28);

    scan(w, NULL, &alone);
    for (size_t i = 0; i < n; i++) {
        OV_AUTO_DONE(buf) told = ov_buf_with_max(1 << 28);

        scan(w, crews[i], &told);
        assert_int_equal(told.len, alone.len);
        assert_memory_equal(told.ptr, alone.ptr, alone.len);
    }
}

static void one_round(struct world *w, struct ov_crew *const *crews, size_t n)
{
    ov_random_fill(&w->r, w->words[0], sizeof(w->words));
    compile(w);
    for (size_t i = 0; i < FILES; i++) {
        ov_buf_clear(&w->file);
        if (i % 2 == 0)
            make_raw(w);
        else
            make_archive(w, (enum format)below(w, N_FORMATS));
        if (below(w, 4) == 0)
            pack_in_blocks(w);
        draw_options(w);
        compare(w, crews, n);
    }
    ov_image_free(OV_STEAL(w->image));
    ov_buf_done(&w->image_bytes);
}

static void helpers_change_nothing(void **state)
{
    static struct ov_crew *crews[3];
    struct world w = {.r = ov_random_seeded()};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        crews[i] = ov_crew_new(1 + 2 * i, 0);
        assert_non_null(crews[i]);
        crews[i]->stretch = STRETCH;
    }
    w.file = ov_buf_with_max(SIZE_MAX);
    w.part = ov_buf_with_max(SIZE_MAX);
    for (size_t round = 0; round < ROUNDS; round++)
        one_round(&w, crews, 3);
    ov_buf_done(&w.file);
    ov_buf_done(&w.part);
}

OV_TEST_MAIN(OV_TEST(helpers_change_nothing))
