/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "engine/scan.h"
#include "random.h"
#include "rules/sources.h"
#include "rules/tier_build.h"
#include "test.h"

/* Random rules, some of which are changed, added and withdrawn: what is found
 * with the old ones as tier 0 and the difference as tier 1 is what one image
 * of the new ones finds. */
#define ROUNDS 60
#define IDS 24
#define FILES 25
#define FOUND_MAX 400

struct state {
    struct ov_random *random;
    struct ov_arena *arena;
    struct ov_span old[IDS]; /* sources; empty: no such record */
    struct ov_span new[IDS];
};

static char ids[IDS][32];

/* A record's kind is its ID's end. */
static const char *const kinds[] = {"ndb", "ldb", "hdb",  "ndb", "ldb", "fp",
                                    "hsb", "yar", "ign2", "ndb", "ldb", "hdb"};
#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* Names are few, so that .ign lines meet rules of several records. */
static void put_name(struct state *st, struct ov_buf *b)
{
    ov_put_format(b, "N-%zu", ov_random_below(st->random, 12));
}

static uint8_t letter(struct ov_random *random)
{
    return (uint8_t)('a' + ov_random_below(random, 4));
}

static void put_pattern(struct state *st, struct ov_buf *b)
{
    for (size_t i = 3 + ov_random_below(st->random, 3); i > 0; i--)
        ov_put_format(b, "%02x", letter(st->random));
}

static size_t draw_file(struct ov_random *random, uint8_t *to)
{
    size_t len = ov_random_below(random, 20);

    /* short ones are the same file as some hash knows, now and then */
    if (ov_random_below(random, 2) == 0)
        len = 1 + ov_random_below(random, 2);
    for (size_t i = 0; i < len; i++)
        to[i] = letter(random);
    return len;
}

static void put_hash(struct state *st, struct ov_buf *b,
                     enum ov_digest_kind kind)
{
    uint8_t file[32];
    size_t len = draw_file(st->random, file);
    uint8_t digest[OV_DIGEST_MAX];

    assert_int_equal(ov_digest(kind, ov_span_of(file, len), digest), OV_OK);
    ov_put_hex(b, ov_span_of(digest, ov_digest_len(kind)));
    ov_put_format(b, ":%zu:", len);
    put_name(st, b);
    ov_put_u8(b, '\n');
}

static void put_yara(struct state *st, struct ov_buf *b, size_t n)
{
    ov_put_str(b, "rule ");
    ov_put_format(b, "Y%zu_%zu { strings: $a = \"", n,
                  ov_random_below(st->random, 5));
    for (size_t i = 0; i < 4; i++)
        ov_put_u8(b, letter(st->random));
    ov_put_str(b, "\" condition: ");
    ov_put_str(b, ov_random_below(st->random, 3) ? "$a }\n" : "not $a }\n");
}

static void put_line(struct state *st, struct ov_buf *b, const char *kind,
                     size_t n)
{
    if (strcmp(kind, "hdb") == 0 || strcmp(kind, "fp") == 0) {
        put_hash(st, b, OV_MD5);
    } else if (strcmp(kind, "hsb") == 0) {
        put_hash(st, b, OV_SHA256);
    } else if (strcmp(kind, "yar") == 0) {
        put_yara(st, b, n);
    } else if (strcmp(kind, "ign2") == 0) {
        put_name(st, b);
        ov_put_u8(b, '\n');
    } else if (strcmp(kind, "ndb") == 0) {
        put_name(st, b);
        ov_put_str(b, ":0:*:");
        put_pattern(st, b);
        ov_put_u8(b, '\n');
    } else {
        put_name(st, b);
        ov_put_format(b, ";Engine:51-255,Target:0;0%c1;",
                      ov_random_below(st->random, 2) ? '&' : '|');
        put_pattern(st, b);
        ov_put_u8(b, ';');
        put_pattern(st, b);
        ov_put_u8(b, '\n');
    }
}

static struct ov_span draw_source(struct state *st, size_t id)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    struct ov_span kept;

    for (size_t n = 1 + ov_random_below(st->random, 4); n > 0; n--)
        put_line(st, &b, kinds[id % N_KINDS], n);
    assert_true(ov_arena_copy(st->arena, ov_buf_span(&b), &kept));
    return kept;
}

static void draw_rules(struct state *st)
{
    memset(st->old, 0, sizeof(st->old));
    memset(st->new, 0, sizeof(st->new));
    for (size_t i = 0; i < IDS; i++) {
        size_t what = ov_random_below(st->random, 8);

        /* .fp and .ign2 would silence too much if there were many */
        if (ov_random_below(st->random, 3) == 0)
            continue;
        if (what != 0)
            st->old[i] = draw_source(st, i);
        if (what < 2)
            st->new[i] = draw_source(st, i);
        else if (what > 2)
            st->new[i] = st->old[i];
    }
}

/* ---- scanning ---- */

struct found {
    char names[FOUND_MAX][80];
    size_t n;
};

static void on_detection(void *data, const struct ov_detection *d)
{
    struct found *f = data;

    assert_true(f->n < FOUND_MAX);
    (void)snprintf(f->names[f->n++], sizeof(f->names[0]), "%.*s %.*s %s",
                   (int)d->rule.len, (const char *)d->rule.ptr,
                   (int)d->source.len, (const char *)d->source.ptr, d->kind);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static enum ov_verdict scan(struct ov_scanner *s, struct ov_span bytes,
                            uint32_t flags, struct found *ret)
{
    const struct ov_findings findings = {.detection = on_detection,
                                         .data = ret};
    const struct ov_scan_options options = {.flags = flags};
    struct ov_outcome outcome;

    ret->n = 0;
    ov_scanner_scan(s, bytes, &options, &findings, &outcome);
    qsort(ret->names, ret->n, sizeof(ret->names[0]), by_name);
    return outcome.verdict;
}

static void compare(struct ov_scanner *one, struct ov_scanner *tiers,
                    struct ov_span bytes)
{
    static struct found a;
    static struct found b;

    assert_int_equal(scan(one, bytes, 0, &a), scan(tiers, bytes, 0, &b));
    assert_int_equal(a.n, b.n);
    assert_int_equal(scan(one, bytes, OV_SCAN_ALL_MATCHES, &a),
                     scan(tiers, bytes, OV_SCAN_ALL_MATCHES, &b));
    assert_int_equal(a.n, b.n);
    for (size_t i = 0; i < a.n; i++)
        assert_string_equal(a.names[i], b.names[i]);
}

/* ---- compiling ---- */

static void compile(struct ov_tier_record *records, size_t n,
                    const struct ov_span *withdrawn, size_t n_withdrawn,
                    struct ov_buf *bytes, struct ov_image **ret)
{
    const struct ov_tier_job job = {records, n, withdrawn, n_withdrawn};
    struct ov_diag diag = {0};

    *bytes = ov_buf_with_max((size_t)1 << 30);
    if (ov_tier_compile(&job, bytes, NULL, &diag) != OV_OK)
        fail_msg("%s", diag.text);
    assert_int_equal(ov_image_open(ov_buf_span(bytes), ret, &diag), OV_OK);
}

/* As users' files are compiled: what is silenced is not in the image. */
static void compile_plainly(const struct ov_tier_record *records, size_t n,
                            struct ov_buf *bytes, struct ov_image **ret)
{
    static const struct ov_clamav_trust trust = {0};
    OV_AUTO(sources) set = ov_sources_new(&trust);
    struct ov_compile_job job = {0};
    struct ov_part *parts[IDS];
    const struct ov_piece *pieces;

    *bytes = ov_buf_with_max((size_t)1 << 30);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(ov_sources_add_record(set, records[i].id,
                                               records[i].kind,
                                               records[i].source),
                         OV_OK);
    assert_int_equal(ov_sources_cut(set, SIZE_MAX, &pieces, &job.n_parts),
                     OV_OK);
    for (size_t i = 0; i < job.n_parts; i++) {
        enum ov_status s = ov_sources_parse(set, &pieces[i], &parts[i], NULL);

        /* a hash of an empty file is a line at fault */
        assert_true(s == OV_OK || s == OV_MALFORMED);
    }
    job.sources = ov_sources_list(set, &job.n_sources);
    job.parts = parts;
    assert_int_equal(ov_compile(&job, bytes, NULL, NULL), OV_OK);
    for (size_t i = 0; i < job.n_parts; i++)
        ov_part_free(parts[i]);
    assert_int_equal(ov_image_open(ov_buf_span(bytes), ret, NULL), OV_OK);
}

static size_t list_records(const struct ov_span *sources,
                           struct ov_tier_record *ret)
{
    size_t n = 0;

    for (size_t i = 0; i < IDS; i++)
        if (sources[i].len > 0)
            ret[n++] = (struct ov_tier_record){ov_span_str(ids[i]),
                                               ov_span_str(kinds[i % N_KINDS]),
                                               sources[i]};
    return n;
}

static void one_round(struct state *st)
{
    struct ov_tier_record records[IDS];
    struct ov_span changed[IDS] = {0};
    struct ov_span withdrawn[IDS];
    size_t n_withdrawn = 0;
    struct ov_buf bytes[3];
    struct ov_image *images[3];
    struct ov_scanner *one = NULL;
    struct ov_scanner *tiers = NULL;

    draw_rules(st);
    for (size_t i = 0; i < IDS; i++) {
        if (ov_span_equal(st->old[i], st->new[i]))
            continue;
        changed[i] = st->new[i];
        if (st->old[i].len > 0)
            withdrawn[n_withdrawn++] = ov_span_str(ids[i]);
    }
    compile(records, list_records(st->old, records), NULL, 0, &bytes[0],
            &images[0]);
    compile(records, list_records(changed, records), withdrawn, n_withdrawn,
            &bytes[1], &images[1]);
    compile_plainly(records, list_records(st->new, records), &bytes[2],
                    &images[2]);
    assert_int_equal(ov_scanner_new(images, 2, &tiers, NULL), OV_OK);
    assert_int_equal(ov_scanner_new(images + 2, 1, &one, NULL), OV_OK);
    for (int i = 0; i < FILES; i++) {
        uint8_t file[32];
        size_t len = draw_file(st->random, file);

        compare(one, tiers, ov_span_of(file, len));
    }
    ov_scanner_free(one);
    ov_scanner_free(tiers);
    for (int i = 0; i < 3; i++) {
        ov_image_free(images[i]);
        ov_buf_done(&bytes[i]);
    }
}

static void tiers_find_what_one_image_finds(void **state)
{
    struct ov_random random = ov_random_seeded();

    (void)state;
    for (size_t i = 0; i < IDS; i++)
        (void)snprintf(ids[i], sizeof(ids[i]), "r%02zu.%s", i,
                       kinds[i % N_KINDS]);
    for (int i = 0; i < ROUNDS; i++) {
        struct state st = {.random = &random,
                           .arena = ov_arena_new((size_t)16 << 20)};

        assert_non_null(st.arena);
        one_round(&st);
        ov_arena_free(st.arena);
    }
}

OV_TEST_MAIN(OV_TEST(tiers_find_what_one_image_finds))
