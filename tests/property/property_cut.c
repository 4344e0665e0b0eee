/* SPDX-License-Identifier: Apache-2.0 */
#include "random.h"
#include "rules/compile.h"
#include "rules/sources.h"
#include "test.h"

/* However sources are cut into pieces, the image has the same bytes. */
#define ROUNDS 40
#define LINES 120

static void put_digits(struct ov_random *random, struct ov_buf *b, size_t len)
{
    uint8_t bytes[32];

    ov_random_fill(random, bytes, len);
    ov_put_hex(b, ov_span_of(bytes, len));
}

/* Lines of which some are wrong and some are silenced. */
static void draw_hdb(struct ov_random *random, struct ov_buf *b)
{
    for (size_t i = ov_random_below(random, LINES); i > 0; i--) {
        if (ov_random_below(random, 20) == 0) {
            ov_put_str(b, "not a hash\n");
            continue;
        }
        put_digits(random, b, ov_random_below(random, 2) ? 16 : 32);
        ov_put_format(b, ":%zu:Win.A-%zu%s\n",
                      ov_random_below(random, 1000) + 1,
                      ov_random_below(random, 50),
                      ov_random_below(random, 2) ? "-0" : "");
    }
}

static void draw_ndb(struct ov_random *random, struct ov_buf *b)
{
    for (size_t i = ov_random_below(random, LINES); i > 0; i--) {
        ov_put_format(b, "Win.B-%zu:%zu:*:", ov_random_below(random, 50),
                      ov_random_below(random, 12));
        put_digits(random, b, 8);
        ov_put_str(b, ov_random_below(random, 9) ? "\n" : "{x}\n");
    }
}

static void draw_ldb(struct ov_random *random, struct ov_buf *b)
{
    for (size_t i = ov_random_below(random, LINES); i > 0; i--) {
        ov_put_format(b, "Win.C-%zu;Engine:51-255,Target:%zu;0&1;",
                      ov_random_below(random, 50), ov_random_below(random, 3));
        put_digits(random, b, 6);
        ov_put_u8(b, ';');
        put_digits(random, b, 9);
        ov_put_u8(b, '\n');
    }
}

static enum ov_status compile_cut(struct ov_sources *set, size_t size,
                                  struct ov_buf *ret)
{
    struct ov_compile_job job = {0};
    const struct ov_piece *pieces;
    struct ov_part **parts;
    enum ov_status s;

    job.sources = ov_sources_list(set, &job.n_sources);
    assert_int_equal(ov_sources_cut(set, size, &pieces, &job.n_parts), OV_OK);
    parts = ov_alloc_array(job.n_parts + 1, sizeof(*parts));
    assert_non_null(parts);
    /* a piece with a line at fault is refused, but its part is there */
    for (size_t i = 0; i < job.n_parts; i++) {
        s = ov_sources_parse(set, &pieces[i], &parts[i], NULL);
        assert_true(s == OV_OK || s == OV_MALFORMED);
    }
    job.parts = parts;
    s = ov_compile(&job, ret, NULL, NULL);
    for (size_t i = 0; i < job.n_parts; i++)
        ov_part_free(parts[i]);
    ov_free(parts);
    return s;
}

static void one_round(struct ov_random *random)
{
    static const struct ov_clamav_trust trust = {0};
    static const char *const names[] = {"a.hdb", "b.ndb", "c.ldb", "d.ign2"};
    struct ov_buf texts[4];
    struct ov_buf whole = ov_buf_with_max(SIZE_MAX);
    struct ov_sources *set = ov_sources_new(&trust);

    assert_non_null(set);
    for (int i = 0; i < 4; i++)
        texts[i] = ov_buf_with_max(SIZE_MAX);
    draw_hdb(random, &texts[0]);
    draw_ndb(random, &texts[1]);
    draw_ldb(random, &texts[2]);
    ov_put_str(&texts[3], "Win.A-7\nWin.C-3\nWin.B-0\n");
    for (int i = 0; i < 4; i++)
        assert_int_equal(ov_sources_add(set, ov_span_str(names[i]),
                                        ov_buf_span(&texts[i]), NULL),
                         OV_OK);
    assert_int_equal(compile_cut(set, SIZE_MAX, &whole), OV_OK);
    for (int i = 0; i < 3; i++) {
        OV_AUTO_DONE(buf) cut = ov_buf_with_max(SIZE_MAX);
        size_t size = 1 + ov_random_below(random, 3000);

        assert_int_equal(compile_cut(set, size, &cut), OV_OK);
        assert_true(ov_span_equal(ov_buf_span(&whole), ov_buf_span(&cut)));
    }
    ov_sources_free(set);
    for (int i = 0; i < 4; i++)
        ov_buf_done(&texts[i]);
    ov_buf_done(&whole);
}

static void the_cut_of_sources_does_not_matter(void **state)
{
    struct ov_random random = ov_random_seeded();

    (void)state;
    for (int i = 0; i < ROUNDS; i++)
        one_round(&random);
}

OV_TEST_MAIN(OV_TEST(the_cut_of_sources_does_not_matter))
