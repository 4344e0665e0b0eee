/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "crypto/ed25519.h"
#include "torture.h"
#include "tuf/tuf_build.h"
#include "tuf_kit.h"

/* What the publisher writes, read back and verified as a client does. */

static void key_of(unsigned key, struct ov_tuf_build_key *ret)
{
    uint8_t seed[32];

    kit_seed(key, seed);
    assert_int_equal(ov_ed25519_public(seed, ret->bytes), OV_OK);
}

static void put_root(struct ov_buf *b)
{
    struct ov_tuf_build_key keys[3];
    struct ov_tuf_build_role roles[OV_TUF_N_TYPE];
    OV_AUTO_DONE(buf) part = ov_buf_with_max(1 << 16);

    for (unsigned i = 0; i < 3; i++)
        key_of(i + 1, &keys[i]);
    for (size_t i = 0; i < OV_TUF_N_TYPE; i++)
        roles[i] = (struct ov_tuf_build_role){
            .keys = keys, .n_keys = 3, .threshold = 2};
    assert_int_equal(
        ov_put_tuf_root(&part, (struct ov_tuf_build_head){1, KIT_NOW}, roles),
        OV_OK);
    ov_put_tuf_file(b, ov_buf_span(&part));
}

static enum ov_status verify_root(struct ov_span file)
{
    OV_AUTO(arena) a = ov_arena_new(1 << 24);
    struct ov_tuf_root root;

    assert_int_equal(ov_tuf_read_root(a, file, &root), OV_OK);
    return ov_tuf_verify(&root.roles[OV_TUF_ROOT], &root.meta, NULL);
}

static void add_signature(struct ov_buf *file, unsigned key)
{
    OV_AUTO_DONE(buf) more = ov_buf_with_max(1 << 16);
    uint8_t seed[32];

    kit_seed(key, seed);
    assert_int_equal(ov_tuf_add_signature(&more, ov_buf_span(file), seed),
                     OV_OK);
    ov_buf_clear(file);
    ov_put_span(file, ov_buf_span(&more));
}

static void people_sign_one_after_the_other(void **state)
{
    OV_AUTO_DONE(buf) file = ov_buf_with_max(1 << 16);
    OV_AUTO_DONE(buf) once = ov_buf_with_max(1 << 16);

    (void)state;
    put_root(&file);
    assert_int_equal(verify_root(ov_buf_span(&file)), OV_BAD_SIGNATURE);
    add_signature(&file, 1);
    ov_put_span(&once, ov_buf_span(&file));
    add_signature(&file, 1);
    assert_true(ov_span_equal(ov_buf_span(&file), ov_buf_span(&once)));
    add_signature(&file, 9);
    assert_int_equal(verify_root(ov_buf_span(&file)), OV_BAD_SIGNATURE);
    add_signature(&file, 3);
    assert_int_equal(verify_root(ov_buf_span(&file)), OV_OK);
}

static void a_signature_fits_one_content(void **state)
{
    OV_AUTO_DONE(buf) file = ov_buf_with_max(1 << 16);
    struct ov_span version = OV_SPAN_LIT("\"version\":1}");
    size_t at;

    (void)state;
    put_root(&file);
    add_signature(&file, 1);
    add_signature(&file, 2);
    at = ov_span_find(ov_buf_span(&file), version, 0);
    assert_true(at != SIZE_MAX);
    file.ptr[at + version.len - 2] = '2';
    assert_int_equal(verify_root(ov_buf_span(&file)), OV_BAD_SIGNATURE);
}

static void a_key_id_is_the_usual_digest(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(100);
    uint8_t key[32];

    (void)state;
    /* The example of the specification, 4.3. */
    assert_true(
        ov_hex_decode(OV_SPAN_LIT("66dd78c5c2a78abc6fc6b267ff1a8017ba0e8"
                                  "bfc853dd97af351949bba021275"),
                      key, sizeof(key)));
    assert_int_equal(ov_put_tuf_key_id(&b, key), OV_OK);
    assert_true(ov_span_equal(
        ov_buf_span(&b),
        OV_SPAN_LIT("cb3fbd83df4ba2471a736b065650878280964a98843ec13b457a99b2a2"
                    "1cc3b4")));
}

static void what_a_client_would_refuse_is_not_written(void **state)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 16);
    struct ov_tuf_build_head head = {1, KIT_NOW};
    struct ov_tuf_build_key key;
    struct ov_tuf_build_role roles[2];
    struct ov_tuf_build_file file = {.name = "x", .length = 1};
    const char *const paths[] = {"x/*"};

    (void)state;
    key_of(1, &key);
    for (size_t i = 0; i < 2; i++)
        roles[i] = (struct ov_tuf_build_role){.name = "r",
                                              .keys = &key,
                                              .n_keys = 1,
                                              .threshold = 1,
                                              .paths = paths,
                                              .n_paths = 1};
    assert_int_equal(ov_put_tuf_targets(&b, head, &file, 1, roles, 1), OV_OK);
    assert_int_equal(ov_put_tuf_targets(&b, head, &file, 1, roles, 2),
                     OV_MALFORMED);
    roles[0].name = "snapshot";
    assert_int_equal(ov_put_tuf_targets(&b, head, &file, 1, roles, 1),
                     OV_MALFORMED);
    roles[0].name = "r";
    roles[0].threshold = 2;
    assert_int_equal(ov_put_tuf_targets(&b, head, &file, 1, roles, 1),
                     OV_USAGE);
    roles[0].threshold = 0;
    assert_int_equal(ov_put_tuf_targets(&b, head, &file, 1, roles, 1),
                     OV_USAGE);
    head.version = 0;
    assert_int_equal(ov_put_tuf_targets(&b, head, &file, 1, roles, 0),
                     OV_MALFORMED);
    head.version = 1;
    file.custom = "[1]";
    assert_int_equal(ov_put_tuf_targets(&b, head, &file, 1, roles, 0),
                     OV_MALFORMED);
    file.custom = NULL;
    file.name = "a\nb";
    assert_int_equal(ov_put_tuf_targets(&b, head, &file, 1, roles, 0),
                     OV_MALFORMED);
    file.name = "rules.json";
    file.version = 1;
    assert_int_equal(ov_put_tuf_snapshot(&b, head, &file, 1), OV_MALFORMED);
    assert_int_equal(ov_put_tuf_timestamp(&b, head, &file), OV_MALFORMED);
}

OV_TEST_MAIN(OV_TEST(people_sign_one_after_the_other),
             OV_TEST(a_signature_fits_one_content),
             OV_TEST(a_key_id_is_the_usual_digest),
             OV_TEST(what_a_client_would_refuse_is_not_written))
