/* SPDX-License-Identifier: Apache-2.0 */
#include "torture.h"
#include "tuf/tuf_client.h"
#include "tuf_kit.h"

/* Delegations (TUF 1.0.34, 5.6.7): who is asked, in which order, under whose
 * keys. */

static int setup(void **state)
{
    *state = kit_new();
    return 0;
}

static int teardown(void **state)
{
    kit_free(*state);
    return 0;
}

/* Which delegated roles a search for a path asked the server for. */
static void expect_asked(struct kit *k, const char *path, enum ov_status want,
                         const char *asked)
{
    enum ov_status status;
    size_t skip = strlen("2.root timestamp 1.snapshot 1.targets");

    /* A client without anything persisted asks for each role once. */
    while (k->state.n > 1)
        kit_remove(&k->state, strcmp(k->state.files[0].name, "root.json") != 0
                                  ? k->state.files[0].name
                                  : k->state.files[1].name);
    status = kit_search(k, path);
    if (status != want)
        fail_msg("%s: \"%s\": %s", path, ov_status_name(status), k->diag.text);
    if (strlen(k->asked) < skip || strcmp(k->asked + skip, asked) != 0)
        fail_msg("%s: asked for %s", path, k->asked + skip);
}

static void roles_are_asked_in_preorder(void **state)
{
    struct kit *k = *state;
    struct kit_targets *a = kit_add_role(k, "A", 11);
    struct kit_targets *b = kit_add_role(k, "B", 12);
    struct kit_targets *c = kit_add_role(k, "C", 13);

    (void)kit_add_role(k, "D", 14);
    (void)b;
    kit_delegate(&k->targets[0], "A", "*", 11);
    kit_delegate(&k->targets[0], "B", "*", 12);
    kit_delegate(a, "C", "*", 13);
    kit_delegate(c, "D", "*", 14);
    kit_publish(k);
    expect_asked(k, "x", OV_NOT_FOUND, " 1.A 1.C 1.D 1.B");
    expect_asked(k, "a.txt", OV_OK, "");
    expect_asked(k, "dir/x", OV_NOT_FOUND, "");
}

static void the_first_that_knows_answers(void **state)
{
    struct kit *k = *state;

    kit_add_role(k, "A", 11)->paths[0] = "x";
    kit_add_role(k, "B", 12)->paths[0] = "x";
    kit_delegate(&k->targets[0], "A", "*", 11);
    kit_delegate(&k->targets[0], "B", "*", 12);
    kit_publish(k);
    expect_asked(k, "x", OV_OK, " 1.A");
}

static void a_terminating_delegation_ends_the_search(void **state)
{
    struct kit *k = *state;
    struct kit_targets *a = kit_add_role(k, "A", 11);

    kit_add_role(k, "B", 12)->paths[0] = "x";
    kit_add_role(k, "C", 13)->paths[0] = "y";
    kit_delegate(&k->targets[0], "A", "*", 11);
    kit_delegate(&k->targets[0], "B", "*", 12);
    kit_delegate(a, "C", "*", 13);
    k->targets[0].delegations[0].is_terminating = true;
    kit_publish(k);
    expect_asked(k, "x", OV_NOT_FOUND, " 1.A 1.C");
    expect_asked(k, "y", OV_OK, " 1.A 1.C");
}

static void a_terminating_one_further_down_ends_it_too(void **state)
{
    struct kit *k = *state;
    struct kit_targets *a = kit_add_role(k, "A", 11);

    kit_add_role(k, "B", 12)->paths[0] = "x";
    (void)kit_add_role(k, "C", 13);
    kit_delegate(&k->targets[0], "A", "*", 11);
    kit_delegate(&k->targets[0], "B", "*", 12);
    kit_delegate(a, "C", "*", 13);
    a->delegations[0].is_terminating = true;
    kit_publish(k);
    expect_asked(k, "x", OV_NOT_FOUND, " 1.A 1.C");
}

static void a_path_must_fit_all_the_way(void **state)
{
    struct kit *k = *state;
    struct kit_targets *b = kit_add_role(k, "B", 12);

    kit_add_role(k, "C", 13)->paths[0] = "rel/z/f";
    kit_delegate(&k->targets[0], "B", "rel/*/*", 12);
    kit_delegate(b, "C", "rel/x/*", 13);
    kit_publish(k);
    expect_asked(k, "rel/z/f", OV_NOT_FOUND, " 1.B");
    expect_asked(k, "rel/x/f", OV_NOT_FOUND, " 1.B 1.C");
}

static void a_circle_ends(void **state)
{
    struct kit *k = *state;
    struct kit_targets *a = kit_add_role(k, "A", 11);
    struct kit_targets *b = kit_add_role(k, "B", 12);

    kit_delegate(&k->targets[0], "A", "*", 11);
    kit_delegate(a, "B", "*", 12);
    kit_delegate(b, "A", "*", 11);
    kit_delegate(b, "B", "*", 12);
    kit_publish(k);
    expect_asked(k, "x", OV_NOT_FOUND, " 1.A 1.B");
}

static void only_so_many_roles_are_visited(void **state)
{
    struct kit *k = *state;
    static const char *const names[] = {"A", "B", "C", "D", "E"};

    for (unsigned i = 0; i < 5; i++) {
        (void)kit_add_role(k, names[i], 11 + i);
        kit_delegate(&k->targets[i], names[i], "*", 11 + i);
    }
    kit_publish(k);
    k->options.max_visited = 3;
    expect_asked(k, "x", OV_LIMIT_COUNT, " 1.A 1.B 1.C");
    k->options.max_visited = 5;
    expect_asked(k, "x", OV_NOT_FOUND, " 1.A 1.B 1.C 1.D 1.E");
}

static void a_role_that_cannot_be_believed_ends_the_search(void **state)
{
    struct kit *k = *state;

    (void)kit_add_role(k, "A", 99);
    kit_add_role(k, "B", 12)->paths[0] = "x";
    kit_delegate(&k->targets[0], "A", "*", 11);
    kit_delegate(&k->targets[0], "B", "*", 12);
    kit_publish(k);
    expect_asked(k, "x", OV_BAD_SIGNATURE, " 1.A");
    k->targets[1].signers[0] = 11;
    k->targets[1].expires = KIT_NOW;
    kit_publish(k);
    expect_asked(k, "x", OV_EXPIRED, " 1.A");
    assert_int_equal(kit_state_version(k, "A.json"), 0);
}

static void a_role_that_the_snapshot_does_not_list_is_not_asked(void **state)
{
    struct kit *k = *state;

    kit_delegate(&k->targets[0], "A", "*", 11);
    kit_publish(k);
    expect_asked(k, "x", OV_MISMATCH, "");
}

static void a_file_that_is_withheld_is_no_answer(void **state)
{
    struct kit *k = *state;

    kit_add_role(k, "recall", 11)->paths[0] = "recall/x";
    kit_delegate(&k->targets[0], "recall", "recall/*", 11);
    kit_publish(k);
    k->bad_get = "1.recall.json";
    k->bad_get_status = OV_NOT_FOUND;
    expect_asked(k, "recall/x", OV_IO, " 1.recall");
    expect_asked(k, "recall/y", OV_IO, " 1.recall");
    k->bad_get = NULL;
    expect_asked(k, "recall/y", OV_NOT_FOUND, " 1.recall");
}

/* C is delegated to by A with key 13 and by B with key 14, and signed by 13. */
static void make_diamond(struct kit *k)
{
    struct kit_targets *a = kit_add_role(k, "A", 11);
    struct kit_targets *b = kit_add_role(k, "B", 12);
    struct kit_targets *c = kit_add_role(k, "C", 13);

    c->paths[0] = "a/x";
    c->paths[1] = "b/x";
    kit_delegate(&k->targets[0], "A", "a/*", 11);
    kit_delegate(&k->targets[0], "B", "b/*", 12);
    kit_delegate(a, "C", "a/*", 13);
    kit_delegate(b, "C", "b/*", 14);
    kit_publish(k);
}

static void a_diamond_is_verified_under_the_way_taken(void **state)
{
    struct kit *k = *state;

    make_diamond(k);
    assert_int_equal(kit_search(k, "a/x"), OV_OK);
    /* Now C is persisted, and B's keys have not signed it. */
    assert_int_equal(kit_search(k, "b/x"), OV_BAD_SIGNATURE);
    assert_int_equal(kit_search(k, "a/x"), OV_OK);
}

static void a_diamond_within_one_client_is_no_way_round(void **state)
{
    struct kit *k = *state;
    struct ov_tuf_io io = kit_io(k);
    OV_AUTO(tuf_client) c = NULL;
    struct ov_tuf_target t = {0};

    make_diamond(k);
    assert_int_equal(ov_tuf_update(&io, k->now, NULL, NULL, &c), OV_OK);
    assert_int_equal(ov_tuf_find_target(c, OV_SPAN_LIT("a/x"), NULL, &t),
                     OV_OK);
    assert_true(ov_span_equal(t.role, OV_SPAN_LIT("C")));
    assert_int_equal(ov_tuf_find_target(c, OV_SPAN_LIT("b/x"), NULL, &t),
                     OV_BAD_SIGNATURE);
}

static void a_persisted_role_is_not_asked_for_again(void **state)
{
    struct kit *k = *state;

    kit_add_role(k, "A", 11)->paths[0] = "x";
    kit_delegate(&k->targets[0], "A", "*", 11);
    kit_publish(k);
    assert_int_equal(kit_search(k, "x"), OV_OK);
    assert_int_equal(kit_search(k, "x"), OV_OK);
    assert_string_equal(k->asked, "2.root timestamp");
    /* A new delegator's key, and the persisted file does not count. */
    k->targets[0].delegations[0].by.keys[0] = 15;
    kit_publish_next(k);
    assert_int_equal(kit_search(k, "x"), OV_BAD_SIGNATURE);
}

static void odd_names_stay_in_their_folder(void **state)
{
    struct kit *k = *state;

    kit_add_role(k, "../A", 11)->paths[0] = "x";
    kit_add_role(k, "?#/", 12)->paths[0] = "y";
    kit_delegate(&k->targets[0], "../A", "*", 11);
    kit_delegate(&k->targets[0], "?#/", "*", 12);
    kit_publish(k);
    expect_asked(k, "x", OV_OK, " 1...%2FA");
    expect_asked(k, "y", OV_OK, " 1...%2FA 1.%3F%23%2F");
    assert_non_null(kit_find(&k->state, "..%2FA.json"));
    assert_non_null(kit_find(&k->state, "%3F%23%2F.json"));
}

static void targets_have_their_digest_in_their_url(void **state)
{
    struct kit *k = *state;
    struct ov_tuf_io io = kit_io(k);
    OV_AUTO(tuf_client) c = NULL;
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1000);
    uint8_t digest[32] = {0xab, 0x01};

    assert_int_equal(ov_tuf_update(&io, k->now, NULL, NULL, &c), OV_OK);
    ov_put_tuf_target_url(&b, c, OV_SPAN_LIT("db/sta ble/head"), digest);
    ov_put_u8(&b, 0);
    assert_string_equal(
        (const char *)b.ptr,
        "db/sta%20ble/ab01000000000000000000000000000000000000000000000000000"
        "000000000.head");
}

/* What the client says about a/x from nothing but the root. */
static enum ov_status search_anew(struct kit *k)
{
    for (size_t i = 0; i < k->state.n;)
        if (strcmp(k->state.files[i].name, "root.json") != 0)
            kit_remove(&k->state, k->state.files[i].name);
        else
            i++;
    kit_put(&k->state, "root.json", kit_bytes(&k->server, "1.root.json"));
    return kit_search(k, "a/x");
}

/* One bit of each byte of each file that is fetched, another one each time. */
static void a_flipped_bit_is_refused_or_harmless(void **state)
{
    struct kit *k = *state;
    static const char *const names[] = {"2.root.json", "timestamp.json",
                                        "1.snapshot.json", "1.targets.json",
                                        "1.A.json"};
    size_t n_refused = 0;
    size_t n_bytes = 0;

    kit_add_role(k, "A", 11)->paths[0] = "a/x";
    kit_delegate(&k->targets[0], "A", "a/*", 11);
    kit_publish(k);
    kit_publish_next_root(k);
    assert_int_equal(search_anew(k), OV_OK);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct kit_file *f = kit_need(&k->server, names[i]);

        for (size_t at = 0; at < f->len; at++) {
            uint8_t old = f->bytes[at];

            f->bytes[at] ^= (uint8_t)(1u << (at * 5 + i) % 8);
            /* Where it is taken, kit_search has compared the target, and the
             * chain of files is the one that was published. */
            if (search_anew(k) != OV_OK)
                n_refused++;
            else
                kit_expect_state(k, 2, 1, 1, 1);
            f->bytes[at] = old;
            n_bytes++;
        }
    }
    /* Only the case of a hexadecimal digit of a signature does not matter. */
    assert_true(n_refused > n_bytes * 95 / 100);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(roles_are_asked_in_preorder),
        T(the_first_that_knows_answers),
        T(a_terminating_delegation_ends_the_search),
        T(a_terminating_one_further_down_ends_it_too),
        T(a_path_must_fit_all_the_way),
        T(a_circle_ends),
        T(only_so_many_roles_are_visited),
        T(a_role_that_cannot_be_believed_ends_the_search),
        T(a_role_that_the_snapshot_does_not_list_is_not_asked),
        T(a_file_that_is_withheld_is_no_answer),
        T(a_diamond_is_verified_under_the_way_taken),
        T(a_diamond_within_one_client_is_no_way_round),
        T(a_persisted_role_is_not_asked_for_again),
        T(odd_names_stay_in_their_folder),
        T(targets_have_their_digest_in_their_url),
        T(a_flipped_bit_is_refused_or_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
