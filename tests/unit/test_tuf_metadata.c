/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "crypto/ed25519.h"
#include "torture.h"
#include "tuf/tuf_metadata.h"
#include "tuf_kit.h"

/* What is metadata and what is not; who has signed it. */

static const char root_text[] =
    "{\"signatures\":[{\"keyid\":\"x\",\"sig\":\"00\"}],\"signed\":{"
    "\"_type\":\"root\",\"spec_version\":\"1.0.0\",\"version\":1,"
    "\"expires\":\"2030-01-01T00:00:00Z\",\"consistent_snapshot\":true,"
    "\"keys\":{\"x\":{\"keytype\":\"ed25519\",\"scheme\":\"ed25519\","
    "\"keyval\":{\"public\":\"0102030405060708090a0b0c0d0e0f10"
    "1112131415161718191a1b1c1d1e1f20\"}},"
    "\"e\":{\"keytype\":\"ecdsa\",\"scheme\":\"ecdsa-sha2-nistp256\","
    "\"keyval\":{\"public\":\"PEM\"}}},"
    "\"roles\":{\"root\":{\"keyids\":[\"x\"],\"threshold\":1},"
    "\"timestamp\":{\"keyids\":[\"x\",\"e\"],\"threshold\":1},"
    "\"snapshot\":{\"keyids\":[\"x\",\"gone\"],\"threshold\":1},"
    "\"targets\":{\"keyids\":[],\"threshold\":1}},\"more\":[1,{}]}}";

static const char targets_text[] =
    "{\"signatures\":[],\"signed\":{\"_type\":\"targets\","
    "\"spec_version\":\"1.0\",\"version\":3,"
    "\"expires\":\"2030-01-01T00:00:00Z\",\"targets\":{\"a/b\":{\"length\":7,"
    "\"hashes\":{\"sha256\":\"0102030405060708090a0b0c0d0e0f10"
    "1112131415161718191a1b1c1d1e1f20\",\"md5\":\"zz\"},\"custom\":{\"k\":1}}},"
    "\"delegations\":{\"keys\":{},\"roles\":[{\"name\":\"r1\",\"keyids\":[],"
    "\"threshold\":2,\"paths\":[\"p/*\"],\"terminating\":true},"
    "{\"name\":\"r2\",\"keyids\":[],\"threshold\":1,"
    "\"path_hash_prefixes\":[\"0a\"]}]}}}";

static const char snapshot_text[] =
    "{\"signatures\":[],\"signed\":{\"_type\":\"snapshot\","
    "\"spec_version\":\"1.0.34\",\"version\":3,"
    "\"expires\":\"2030-01-01T00:00:00Z\",\"meta\":{\"targets.json\":"
    "{\"version\":4},\"r1.json\":{\"version\":5,\"length\":6}}}}";

static const char timestamp_text[] =
    "{\"signatures\":[],\"signed\":{\"_type\":\"timestamp\","
    "\"spec_version\":\"1.0.34\",\"version\":3,"
    "\"expires\":\"2030-01-01T00:00:00Z\",\"meta\":{\"snapshot.json\":"
    "{\"version\":4}}}}";

static enum ov_status read_as(enum ov_tuf_type type, struct ov_span bytes)
{
    OV_AUTO(arena) a = ov_arena_new(1 << 24);
    struct ov_tuf_root root;
    struct ov_tuf_timestamp timestamp;
    struct ov_tuf_snapshot snapshot;
    struct ov_tuf_targets targets;

    if (a == NULL)
        return OV_NO_MEMORY;
    switch (type) {
    case OV_TUF_ROOT:
        return ov_tuf_read_root(a, bytes, &root);
    case OV_TUF_TIMESTAMP:
        return ov_tuf_read_timestamp(a, bytes, &timestamp);
    case OV_TUF_SNAPSHOT:
        return ov_tuf_read_snapshot(a, bytes, &snapshot);
    case OV_TUF_TARGETS:
    case OV_TUF_N_TYPE:
        break;
    }
    return ov_tuf_read_targets(a, bytes, &targets);
}

/* text with the first `from` replaced. */
static enum ov_status read_changed(enum ov_tuf_type type, const char *text,
                                   const char *from, const char *to)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(10000);
    struct ov_span s = ov_span_str(text);
    size_t at = ov_span_find(s, ov_span_str(from), 0);

    if (at == SIZE_MAX)
        fail_msg("no %s", from);
    ov_put_span(&b, ov_span_clip(s, 0, at));
    ov_put_str(&b, to);
    ov_put_span(&b, ov_span_clip(s, at + strlen(from), s.len));
    return read_as(type, ov_buf_span(&b));
}

static void good_metadata_is_read(void **state)
{
    OV_AUTO(arena) a = ov_arena_new(1 << 24);
    struct ov_tuf_root root;
    struct ov_tuf_targets targets;
    struct ov_tuf_file file;

    (void)state;
    assert_int_equal(ov_tuf_read_root(a, OV_SPAN_LIT(root_text), &root), OV_OK);
    assert_int_equal(root.n_keys, 2);
    assert_true(root.is_consistent);
    assert_int_equal(root.meta.expires, 1893456000);
    assert_int_equal(root.roles[OV_TUF_TIMESTAMP].n_keys, 2);
    assert_false(root.roles[OV_TUF_TIMESTAMP].keys[1]->is_usable);
    assert_int_equal(root.roles[OV_TUF_SNAPSHOT].n_keys, 1);
    assert_int_equal(
        ov_tuf_read_targets(a, OV_SPAN_LIT(targets_text), &targets), OV_OK);
    assert_int_equal(targets.n_delegations, 2);
    assert_true(targets.delegations[0].is_terminating);
    assert_false(targets.delegations[1].is_terminating);
    assert_int_equal(ov_tuf_targets_find(&targets, OV_SPAN_LIT("a/b"), &file),
                     OV_OK);
    assert_int_equal(file.length, 7);
    assert_int_equal(file.sha256[31], 0x20);
    assert_non_null(file.custom);
    assert_int_equal(ov_tuf_targets_find(&targets, OV_SPAN_LIT("a/c"), &file),
                     OV_NOT_FOUND);
    assert_int_equal(read_as(OV_TUF_SNAPSHOT, OV_SPAN_LIT(snapshot_text)),
                     OV_OK);
    assert_int_equal(read_as(OV_TUF_TIMESTAMP, OV_SPAN_LIT(timestamp_text)),
                     OV_OK);
}

struct change {
    const char *from;
    const char *to;
    enum ov_status want;
};

static void expect_changes(enum ov_tuf_type type, const char *text,
                           const struct change *changes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        enum ov_status status =
            read_changed(type, text, changes[i].from, changes[i].to);

        if (status != changes[i].want)
            fail_msg("%s -> %s: %s", changes[i].from, changes[i].to,
                     ov_status_name(status));
    }
}

static void a_root_of_another_form_is_refused(void **state)
{
    static const struct change changes[] = {
        {"\"root\",", "\"targets\",", OV_MALFORMED},
        {"1.0.0", "2.0.0", OV_UNSUPPORTED},
        {"1.0.0", "1", OV_UNSUPPORTED},
        {"1.0.0", "1.x", OV_MALFORMED},
        {"1.0.0", "1.0.", OV_MALFORMED},
        {"1.0.0", "1.0.99", OV_OK},
        {"\"version\":1", "\"version\":0", OV_MALFORMED},
        {"\"version\":1", "\"version\":-1", OV_MALFORMED},
        {"\"version\":1", "\"version\":1.5", OV_MALFORMED},
        {"\"version\":1", "\"version\":\"1\"", OV_MALFORMED},
        {"\"version\":1,", "", OV_MALFORMED},
        {"\"version\":1", "\"version\":1,\"version\":2", OV_MALFORMED},
        {"2030-01-01T00:00:00Z", "2030-01-01", OV_MALFORMED},
        {"\"threshold\":1", "\"threshold\":0", OV_MALFORMED},
        {"\"threshold\":1", "\"threshold\":-1", OV_MALFORMED},
        {"\"threshold\":1", "\"threshold\":true", OV_MALFORMED},
        {"\"threshold\":1", "\"limit\":1", OV_MALFORMED},
        {"[\"x\",\"e\"]", "[\"x\",\"x\"]", OV_MALFORMED},
        {"[\"x\",\"e\"]", "[1]", OV_MALFORMED},
        {"[\"x\",\"e\"]", "\"x\"", OV_MALFORMED},
        {"\"snapshot\":", "\"snap\":", OV_MALFORMED},
        {"\"consistent_snapshot\":true", "\"consistent_snapshot\":1",
         OV_MALFORMED},
        {"\"consistent_snapshot\":true,", "", OV_OK},
        {"{\"keyid\":\"x\",\"sig\":\"00\"}",
         "{\"keyid\":\"x\",\"sig\":\"00\"},{\"keyid\":\"x\",\"sig\":\"01\"}",
         OV_MALFORMED},
        {"{\"keyid\":\"x\",\"sig\":\"00\"}", "{\"keyid\":\"x\"}", OV_MALFORMED},
        {"\"signed\"", "\"sign\"", OV_MALFORMED},
        {"\"keyval\":{\"public\":\"PEM\"}", "\"keyval\":\"PEM\"", OV_MALFORMED},
        {"\"keytype\":\"ecdsa\"", "\"keytype\":{}", OV_MALFORMED},
    };

    (void)state;
    expect_changes(OV_TUF_ROOT, root_text, changes,
                   sizeof(changes) / sizeof(changes[0]));
}

static void targets_of_another_form_are_refused(void **state)
{
    static const struct change changes[] = {
        {"\"length\":7,", "", OV_MALFORMED},
        {"\"length\":7", "\"length\":-7", OV_MALFORMED},
        {"\"sha256\":", "\"sha512\":", OV_UNSUPPORTED},
        {"0102030405", "010203040", OV_MALFORMED},
        {"\"zz\"", "1", OV_MALFORMED},
        {"{\"k\":1}", "1", OV_MALFORMED},
        {"\"r2\"", "\"r1\"", OV_MALFORMED},
        {"\"r1\"", "\"snapshot\"", OV_MALFORMED},
        {"\"r1\"", "\"Root\"", OV_MALFORMED},
        {"\"r1\"", "\"\"", OV_MALFORMED},
        {"\"terminating\":true", "\"terminating\":1", OV_MALFORMED},
        {"\"terminating\":true", "\"path_hash_prefixes\":[]", OV_MALFORMED},
        {"[\"p/*\"]", "\"p/*\"", OV_MALFORMED},
        {"[\"p/*\"]", "[1]", OV_MALFORMED},
        {"[\"0a\"]", "[0]", OV_MALFORMED},
        {"\"roles\":", "\"succinct_roles\":", OV_UNSUPPORTED},
        {"\"threshold\":2", "\"threshold\":0", OV_MALFORMED},
        {"\"targets\":{", "\"objects\":{", OV_MALFORMED},
        {"\"delegations\":{\"keys\":{}", "\"delegations\":{\"keys\":[]",
         OV_MALFORMED},
    };

    (void)state;
    expect_changes(OV_TUF_TARGETS, targets_text, changes,
                   sizeof(changes) / sizeof(changes[0]));
}

static void other_files_of_another_form_are_refused(void **state)
{
    static const struct change snapshot[] = {
        {"\"targets.json\"", "\"target.json\"", OV_MALFORMED},
        {"\"version\":4", "\"version\":0", OV_MALFORMED},
        {"\"version\":5,", "", OV_MALFORMED},
        {"\"length\":6", "\"length\":\"6\"", OV_MALFORMED},
        {"\"length\":6", "\"hashes\":{}", OV_UNSUPPORTED},
        {"\"length\":6", "\"hashes\":[]", OV_MALFORMED},
    };
    static const struct change timestamp[] = {
        {"\"snapshot.json\"", "\"snap.json\"", OV_MALFORMED},
        {"{\"version\":4}}", "{\"version\":4},\"x\":{\"version\":1}}",
         OV_MALFORMED},
        {"\"meta\":{", "\"file\":{", OV_MALFORMED},
    };

    (void)state;
    expect_changes(OV_TUF_SNAPSHOT, snapshot_text, snapshot,
                   sizeof(snapshot) / sizeof(snapshot[0]));
    expect_changes(OV_TUF_TIMESTAMP, timestamp_text, timestamp,
                   sizeof(timestamp) / sizeof(timestamp[0]));
}

/* keys[] as key ids of one role, with signatures by all of them. */
struct crowd {
    const char *ids[4];
    unsigned keys[4];
    int64_t threshold;
};

static void put_signed_root(struct ov_buf *b, const struct crowd *c)
{
    OV_AUTO_DONE(buf) part = ov_buf_with_max(10000);
    OV_AUTO_DONE(buf) hex = ov_buf_with_max(200);

    ov_put_str(&part, "{\"_type\":\"root\",\"expires\":\"2030-01-01T00:00:00Z\""
                      ",\"keys\":{");
    for (size_t i = 0; i < 4 && c->ids[i] != NULL; i++) {
        uint8_t seed[32];
        uint8_t public[32];

        kit_seed(c->keys[i], seed);
        assert_int_equal(ov_ed25519_public(seed, public), OV_OK);
        ov_buf_clear(&hex);
        ov_put_hex(&hex, ov_span_of(public, 32));
        ov_put_format(&part,
                      "%s\"%s\":{\"keytype\":\"ed25519\",\"keyval\":{"
                      "\"public\":\"%.64s\"},\"scheme\":\"ed25519\"}",
                      i > 0 ? "," : "", c->ids[i], (const char *)hex.ptr);
    }
    ov_put_str(&part, "},\"roles\":{");
    for (enum ov_tuf_type t = OV_TUF_ROOT; t < OV_TUF_N_TYPE; t++) {
        static const char *const order[] = {"root", "snapshot", "targets",
                                            "timestamp"};

        ov_put_format(&part, "%s\"%s\":{\"keyids\":[", t > 0 ? "," : "",
                      order[t]);
        for (size_t i = 0; i < 4 && c->ids[i] != NULL; i++)
            ov_put_format(&part, "%s\"%s\"", i > 0 ? "," : "", c->ids[i]);
        ov_put_format(&part, "],\"threshold\":%d}", (int)c->threshold);
    }
    ov_put_str(&part, "},\"spec_version\":\"1.0.0\",\"version\":1}");
    ov_put_str(b, "{\"signatures\":[");
    for (size_t i = 0; i < 4 && c->ids[i] != NULL; i++) {
        uint8_t seed[32];
        uint8_t sig[64];

        kit_seed(c->keys[i], seed);
        assert_int_equal(ov_ed25519_sign(seed, ov_buf_span(&part), sig), OV_OK);
        ov_buf_clear(&hex);
        ov_put_hex(&hex, ov_span_of(sig, 64));
        ov_put_format(b, "%s{\"keyid\":\"%s\",\"sig\":\"%.128s\"}",
                      i > 0 ? "," : "", c->ids[i], (const char *)hex.ptr);
    }
    ov_put_str(b, "],\"signed\":");
    ov_put_span(b, ov_buf_span(&part));
    ov_put_str(b, "}");
    assert_int_equal(ov_buf_status(b), OV_OK);
}

static enum ov_status verify_crowd(const struct crowd *c)
{
    OV_AUTO(arena) a = ov_arena_new(1 << 24);
    OV_AUTO_DONE(buf) b = ov_buf_with_max(20000);
    struct ov_tuf_root root;

    put_signed_root(&b, c);
    assert_int_equal(ov_tuf_read_root(a, ov_buf_span(&b), &root), OV_OK);
    return ov_tuf_verify(&root.roles[OV_TUF_ROOT], &root.meta, NULL);
}

static void a_threshold_counts_keys(void **state)
{
    (void)state;
    assert_int_equal(
        verify_crowd(&(struct crowd){{"a", "b", "c"}, {1, 2, 3}, 3}), OV_OK);
    assert_int_equal(
        verify_crowd(&(struct crowd){{"a", "b", "c"}, {1, 2, 3}, 4}),
        OV_BAD_SIGNATURE);
}

static void one_key_under_many_ids_is_one(void **state)
{
    (void)state;
    assert_int_equal(
        verify_crowd(&(struct crowd){{"a", "b", "c"}, {1, 1, 1}, 2}),
        OV_BAD_SIGNATURE);
    assert_int_equal(
        verify_crowd(&(struct crowd){{"a", "b", "c"}, {1, 2, 1}, 2}), OV_OK);
    assert_int_equal(
        verify_crowd(&(struct crowd){{"a", "b", "c"}, {1, 2, 1}, 3}),
        OV_BAD_SIGNATURE);
    assert_int_equal(
        verify_crowd(&(struct crowd){{"a", "b", "c"}, {1, 2, 2}, 3}),
        OV_BAD_SIGNATURE);
}

static void a_key_id_need_not_be_a_digest(void **state)
{
    (void)state;
    assert_int_equal(verify_crowd(&(struct crowd){{"boss"}, {1}, 1}), OV_OK);
}

static enum ov_status read_both(void *arg)
{
    (void)arg;
    OV_TRY(read_as(OV_TUF_ROOT, OV_SPAN_LIT(root_text)));
    return read_as(OV_TUF_TARGETS, OV_SPAN_LIT(targets_text));
}

static void memory_may_run_out(void **state)
{
    (void)state;
    assert_true(ov_torture(read_both, NULL) > 0);
}

OV_TEST_MAIN(OV_TEST(good_metadata_is_read),
             OV_TEST(a_root_of_another_form_is_refused),
             OV_TEST(targets_of_another_form_are_refused),
             OV_TEST(other_files_of_another_form_are_refused),
             OV_TEST(a_threshold_counts_keys),
             OV_TEST(one_key_under_many_ids_is_one),
             OV_TEST(a_key_id_need_not_be_a_digest),
             OV_TEST(memory_may_run_out))
