/* SPDX-License-Identifier: Apache-2.0 */
#include "compile_help.h"
#include "random.h"

/* Hash tables and compressed names against a plain array that is searched from
 * its start. Digests, sizes and names are drawn from few values, so that
 * equal and nearly equal ones are common. */
#define ROUNDS 60
#define MAX_RULES 3000
#define N_PARTS 3
#define NAME_LEN 48

static const struct ov_source sources[N_PARTS] = {
    {.name = {(const uint8_t *)"first", 5}},
    {.name = {(const uint8_t *)"second", 6}},
    {.name = {(const uint8_t *)"third", 5}},
};

/* A rule and where it is from. */
struct known {
    struct ov_hash_rule rule;
    uint32_t source;
};

struct world {
    enum ov_hash_of of;
    enum ov_digest_kind kind;
    struct known *rules;
    size_t n;
    char (*names)[NAME_LEN];
};

static void draw_digest(struct ov_random *random, uint8_t *ret)
{
    /* few distinct bytes in front: buckets and prints collide */
    for (int i = 0; i < OV_DIGEST_MAX; i++)
        ret[i] = (uint8_t)ov_random_below(random, i < 3 ? 3 : i < 8 ? 2 : 1);
    ret[OV_DIGEST_MAX - 1] = 0;
    ret[15] = (uint8_t)ov_random_below(random, 2);
    if (ov_random_below(random, 3) == 0)
        ov_random_fill(random, ret, OV_DIGEST_MAX);
}

static uint64_t draw_size(struct ov_random *random)
{
    switch (ov_random_below(random, 8)) {
    case 0:
        return OV_SIZE_ANY;
    case 1:
        return ov_random_magnitude(random);
    case 2:
        return ov_random_below(random, 64) * 512;
    default:
        return ov_random_below(random, 5);
    }
}

/* '#' is replaced by a number. */
static void draw_name(struct ov_random *random, char ret[static NAME_LEN])
{
    static const char *const stems[] = {
        "Win.Trojan.A-#", "#",       "Doc-#-0", "00#",
        "None",           "a1b#c22", "-#-#",    "x07-#"};
    const char *stem =
        stems[ov_random_below(random, sizeof(stems) / sizeof(stems[0]))];
    uint64_t number = ov_random_magnitude(random);
    size_t len = 0;

    if (ov_random_below(random, 2) == 0)
        number %= 1000;
    for (; *stem != '\0'; stem++)
        if (*stem == '#')
            len +=
                (size_t)snprintf(ret + len, NAME_LEN - len, "%" PRIu64, number);
        else
            ret[len++] = *stem;
    ret[len] = '\0';
}

static struct compiled make_world(struct ov_random *random, struct world *w)
{
    struct ov_part *parts[N_PARTS];
    struct compiled c;

    w->of = (enum ov_hash_of)ov_random_below(random, OV_N_HASH_OF);
    w->kind = (enum ov_digest_kind)ov_random_below(random, OV_N_DIGEST);
    w->n = 0;
    for (uint32_t p = 0; p < N_PARTS; p++) {
        size_t n = ov_random_below(random, MAX_RULES / N_PARTS);
        uint32_t line = 1;

        parts[p] = ov_part_new(p);
        for (size_t i = 0; i < n; i++) {
            struct ov_hash_rule *r =
                ov_part_add(&parts[p]->hashes[w->of][w->kind]);

            draw_digest(random, r->digest);
            draw_name(random, w->names[w->n]);
            r->name = ov_span_str(w->names[w->n]);
            r->size = draw_size(random);
            line += (uint32_t)ov_random_below(random, 3);
            r->line = line;
            r->flags = (uint8_t)ov_random_below(random, 4);
            r->is_allowed = ov_random_below(random, 10) == 0;
            w->rules[w->n++] = (struct known){*r, p};
        }
    }
    c = compile_parts(sources, N_PARTS, parts, N_PARTS);
    for (int p = 0; p < N_PARTS; p++)
        ov_part_free(parts[p]);
    return c;
}

/* The nth rule in the plain array, or NULL. */
static const struct known *plain(const struct world *w, const uint8_t *digest,
                                 uint64_t size, size_t nth)
{
    for (size_t i = 0; i < w->n; i++) {
        const struct ov_hash_rule *r = &w->rules[i].rule;

        if (memcmp(r->digest, digest, ov_digest_len(w->kind)) == 0 &&
            (r->size == size || r->size == OV_SIZE_ANY) && nth-- == 0)
            return &w->rules[i];
    }
    return NULL;
}

static void compare_one(struct compiled *c, const struct world *w,
                        const uint8_t *digest, uint64_t size)
{
    struct ov_hash_key key = {
        .of = w->of, .kind = w->kind, .digest = digest, .size = size};

    for (size_t nth = 0;; nth++) {
        const struct known *want = plain(w, digest, size, nth);
        struct ov_hash_view view;
        bool is_found = ov_lookup_hash(c->image, &key, nth, c->arena, &view);

        assert_int_equal(is_found, want != NULL);
        if (want == NULL)
            return;
        assert_true(ov_span_equal(view.name, want->rule.name));
        assert_true(ov_span_equal(view.source, sources[want->source].name));
        assert_int_equal(view.line, want->rule.line);
        assert_int_equal(view.flags, want->rule.flags);
        assert_int_equal(view.is_allowed, want->rule.is_allowed);
        assert_true(ov_lookup_wanted(c->image, w->of, size) & (uint32_t)1
                                                                  << w->kind);
    }
}

static void tables_find_what_a_plain_search_finds(void **state)
{
    struct ov_random random = ov_random_seeded();
    struct world w = {0};

    (void)state;
    w.rules = calloc(MAX_RULES, sizeof(*w.rules));
    w.names = calloc(MAX_RULES, NAME_LEN);
    assert_true(w.rules != NULL && w.names != NULL);
    for (int round = 0; round < ROUNDS; round++) {
        struct compiled c = make_world(&random, &w);

        for (int i = 0; i < 300; i++) {
            uint8_t digest[OV_DIGEST_MAX];
            uint64_t size = draw_size(&random);

            draw_digest(&random, digest);
            if (w.n > 0 && ov_random_below(&random, 2) == 0) {
                size_t k = ov_random_below(&random, w.n);

                memcpy(digest, w.rules[k].rule.digest, sizeof(digest));
                size = w.rules[k].rule.size;
            }
            compare_one(&c, &w, digest, size);
        }
        compiled_done(&c);
    }
    free(w.rules);
    free(w.names);
}

OV_TEST_MAIN(OV_TEST(tables_find_what_a_plain_search_finds))
