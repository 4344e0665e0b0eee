/* SPDX-License-Identifier: Apache-2.0 */
#include "log/add_checkpoint.h"
#include "test.h"

#define ORIGIN "log.example/1"

struct setup {
    uint8_t seed[OV_ED25519_SEED];
    struct ov_vkey key;
    struct ov_witnessed log;
    uint8_t leaves[8][OV_MERKLE_HASH];
    struct ov_arena *arena;
    struct ov_witness_ruling ruling;
};

static enum ov_status node(void *data, unsigned level, uint64_t index,
                           uint8_t ret[static OV_MERKLE_HASH])
{
    struct setup *s = data;
    struct ov_merkle_stack stack = {0};

    for (uint64_t i = index << level; i < (index + 1) << level; i++)
        ov_merkle_stack_add(&stack, s->leaves[i]);
    ov_merkle_stack_root(&stack, ret);
    return OV_OK;
}

static void root_of(struct setup *s, uint64_t size, uint8_t *ret)
{
    const struct ov_merkle_source source = {s, node};

    assert_int_equal(ov_merkle_root(&source, size, ret), OV_OK);
}

static int begin(void **state)
{
    struct setup *s = ov_alloc(sizeof(*s));
    uint8_t public_key[OV_ED25519_KEY];

    assert_non_null(s);
    memset(s->seed, 7, sizeof(s->seed));
    assert_int_equal(ov_ed25519_public(s->seed, public_key), OV_OK);
    assert_int_equal(ov_vkey_make(ORIGIN, OV_NOTE_ED25519, public_key, &s->key),
                     OV_OK);
    for (uint8_t i = 0; i < 8; i++)
        ov_merkle_leaf(ov_span_of(&i, 1), s->leaves[i]);
    s->log = ov_witnessed_start(OV_SPAN_LIT(ORIGIN), &s->key, 1);
    s->arena = ov_arena_new(1 << 20);
    assert_non_null(s->arena);
    *state = s;
    return 0;
}

static int end(void **state)
{
    struct setup *s = *state;

    ov_arena_free(s->arena);
    ov_free(s);
    return 0;
}

/* What one request says; zero is the ordinary case. */
struct said {
    uint64_t old;
    uint64_t proven_old; /* the proof is for this one; 0: as old */
    uint64_t size;
    const char *origin;
    bool has_other_root;
    bool is_unsigned; /* signed by a stranger, that is */
    bool is_forged;   /* by the log's name, with another key's signature */
    bool has_proof_too_much;
};

static void sign(struct setup *s, const struct said *said, struct ov_buf *note)
{
    uint8_t public_key[OV_ED25519_KEY];
    uint8_t other[OV_ED25519_SEED] = {1};
    struct ov_vkey stranger;

    ov_put_u8(note, '\n');
    assert_int_equal(ov_ed25519_public(other, public_key), OV_OK);
    assert_int_equal(
        ov_vkey_make(ORIGIN, OV_NOTE_ED25519, public_key, &stranger), OV_OK);
    if (said->is_unsigned)
        assert_int_equal(ov_put_note_signature(note, &stranger, other), OV_OK);
    else
        assert_int_equal(ov_put_note_signature(
                             note, &s->key, said->is_forged ? other : s->seed),
                         OV_OK);
}

static enum ov_witness_code ask(struct setup *s, const struct said *said)
{
    const struct ov_merkle_source source = {s, node};
    OV_AUTO_DONE(buf) note = ov_buf_with_max(4096);
    OV_AUTO_DONE(buf) body = ov_buf_with_max(8192);
    struct ov_add_checkpoint request = {.old = said->old};
    uint8_t proof[OV_MERKLE_MAX_PROOF][OV_MERKLE_HASH];
    uint8_t root[OV_MERKLE_HASH];
    uint64_t from = said->proven_old != 0 ? said->proven_old : said->old;

    root_of(s, said->size, root);
    if (said->has_other_root)
        root[0] ^= 1;
    if (from < said->size)
        assert_int_equal(ov_merkle_prove_consistency(&source, from, said->size,
                                                     proof, &request.n),
                         OV_OK);
    memcpy(request.proof, proof, request.n * OV_MERKLE_HASH);
    if (said->has_proof_too_much)
        memset(request.proof[request.n++], 3, OV_MERKLE_HASH);
    ov_put_checkpoint(&note, said->origin != NULL ? said->origin : ORIGIN,
                      said->size, root);
    sign(s, said, &note);
    request.checkpoint = ov_buf_span(&note);
    ov_put_add_checkpoint(&body, &request);
    assert_int_equal(ov_buf_status(&body), OV_OK);
    ov_arena_reset(s->arena, 1 << 20);
    ov_witness_judge(s->arena, &s->log, 1, ov_buf_span(&body), &s->ruling);
    return s->ruling.code;
}

static void know(struct setup *s, uint64_t size)
{
    s->log.size = size;
    root_of(s, size, s->log.root);
}

static void growth_is_cosigned(void **state)
{
    struct setup *s = *state;

    assert_int_equal(ask(s, &(struct said){.size = 3}), OV_WITNESS_COSIGN);
    assert_int_equal(s->ruling.log, 0);
    assert_int_equal(s->ruling.signed_by, 1);
    assert_int_equal(s->ruling.checkpoint.size, 3);
    know(s, 3);
    assert_int_equal(ask(s, &(struct said){.old = 3, .size = 8}),
                     OV_WITNESS_COSIGN);
    /* Once more, for a new time. */
    assert_int_equal(ask(s, &(struct said){.old = 3, .size = 3}),
                     OV_WITNESS_COSIGN);
}

static void an_empty_tree_has_the_empty_root(void **state)
{
    struct setup *s = *state;

    assert_int_equal(ask(s, &(struct said){0}), OV_WITNESS_COSIGN);
    assert_int_equal(ask(s, &(struct said){.has_other_root = true}),
                     OV_WITNESS_INCONSISTENT);
}

static void each_fault_has_its_code(void **state)
{
    static const struct {
        struct said said;
        enum ov_witness_code code;
    } table[] = {
        {{.old = 3, .size = 8, .origin = "other.example"}, OV_WITNESS_UNKNOWN},
        {{.old = 3, .size = 8, .is_unsigned = true}, OV_WITNESS_NOT_SIGNED},
        {{.old = 3, .size = 8, .is_forged = true}, OV_WITNESS_NOT_SIGNED},
        {{.old = 8, .size = 3}, OV_WITNESS_MALFORMED},
        {{.old = 0, .size = 8}, OV_WITNESS_CONFLICT},
        {{.old = 2, .size = 8}, OV_WITNESS_CONFLICT},
        {{.old = 4, .size = 8}, OV_WITNESS_CONFLICT},
        {{.old = 2, .size = 2}, OV_WITNESS_CONFLICT},
        {{.old = 3, .size = 8, .has_other_root = true},
         OV_WITNESS_INCONSISTENT},
        {{.old = 3, .size = 8, .proven_old = 5}, OV_WITNESS_INCONSISTENT},
        {{.old = 3, .size = 8, .has_proof_too_much = true},
         OV_WITNESS_INCONSISTENT},
        {{.old = 3, .size = 3, .has_other_root = true},
         OV_WITNESS_INCONSISTENT},
        {{.old = 3, .size = 3, .has_proof_too_much = true},
         OV_WITNESS_INCONSISTENT},
    };
    struct setup *s = *state;

    know(s, 3);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        assert_int_equal(ask(s, &table[i].said), table[i].code);
}

static void first_contact_takes_no_proof(void **state)
{
    struct setup *s = *state;

    assert_int_equal(
        ask(s, &(struct said){.size = 8, .has_proof_too_much = true}),
        OV_WITNESS_INCONSISTENT);
    assert_int_equal(ask(s, &(struct said){.old = 2, .size = 8}),
                     OV_WITNESS_CONFLICT);
}

static void what_is_no_request_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "\n",
        "old 1",
        "old 1\n",
        "old 1\n\n",
        "old\n\nx\n",
        "old \n\nx\n",
        "old 01\n\nx\n",
        "old -1\n\nx\n",
        "old 1 \n\nx\n",
        "old  1\n\nx\n",
        "Old 1\n\nx\n",
        "new 1\n\nx\n",
        "old 9223372036854775808\n\nx\n",
        "old 1\nAAAA\n\nx\n",
        "old 1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n\nx\n",
        "old 1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n\nx\n",
        "old 1\r\n\r\nx\n",
    };
    struct ov_add_checkpoint r;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(ov_add_checkpoint_parse(ov_span_str(bad[i]), &r),
                         OV_MALFORMED);
}

static void sixty_three_hashes_and_no_more(void **state)
{
    struct ov_add_checkpoint r = {.old = 5, .n = OV_WITNESS_MAX_PROOF};
    OV_AUTO_DONE(buf) body = ov_buf_with_max(8192);
    OV_AUTO_DONE(buf) longer = ov_buf_with_max(8192);
    struct ov_span rest;
    struct ov_span first;

    (void)state;
    r.checkpoint = OV_SPAN_LIT("x\n");
    ov_put_add_checkpoint(&body, &r);
    assert_int_equal(ov_add_checkpoint_parse(ov_buf_span(&body), &r), OV_OK);
    assert_int_equal(r.old, 5);
    assert_int_equal(r.n, OV_WITNESS_MAX_PROOF);
    assert_true(ov_span_equal(r.checkpoint, OV_SPAN_LIT("x\n")));
    rest = ov_buf_span(&body);
    assert_true(ov_span_cut(&rest, '\n', &first));
    ov_put_str(&longer, "old 5\n");
    ov_put_str(&longer, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
    ov_put_span(&longer, rest);
    assert_int_equal(ov_add_checkpoint_parse(ov_buf_span(&longer), &r),
                     OV_MALFORMED);
}

#define WITH_SETUP(name) cmocka_unit_test_setup_teardown(name, begin, end)

OV_TEST_MAIN(WITH_SETUP(growth_is_cosigned),
             WITH_SETUP(an_empty_tree_has_the_empty_root),
             WITH_SETUP(each_fault_has_its_code),
             WITH_SETUP(first_contact_takes_no_proof),
             OV_TEST(what_is_no_request_is_refused),
             OV_TEST(sixty_three_hashes_and_no_more))
