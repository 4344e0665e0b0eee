/* SPDX-License-Identifier: Apache-2.0 */
#include "torture.h"
#include "tuf/tuf_client.h"
#include "tuf_kit.h"

/* The workflow of TUF 1.0.34, section 5, and the attacks that it is against. */

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

#define REFUSED(k, want)                                                       \
    do {                                                                       \
        enum ov_status status_ = kit_update(k);                                \
        if (status_ != (want))                                                 \
            fail_msg("\"%s\", not \"%s\": %s", ov_status_name(status_),        \
                     ov_status_name(want), (k)->diag.text);                    \
    } while (0)
#define UPDATED(k) REFUSED(k, OV_OK)

static void a_first_update_asks_for_each_file_once(void **state)
{
    struct kit *k = *state;

    UPDATED(k);
    assert_string_equal(k->asked, "2.root timestamp 1.snapshot 1.targets");
    kit_expect_state(k, 1, 1, 1, 1);
}

static void a_second_update_asks_only_what_is_new(void **state)
{
    struct kit *k = *state;

    UPDATED(k);
    UPDATED(k);
    assert_string_equal(k->asked, "2.root timestamp");
    kit_publish_next(k);
    UPDATED(k);
    assert_string_equal(k->asked, "2.root timestamp 2.snapshot 2.targets");
    kit_expect_state(k, 1, 2, 2, 2);
}

static void without_a_trusted_root_nothing_is_asked(void **state)
{
    struct kit *k = *state;
    struct kit_file *root = kit_need(&k->state, "root.json");

    root->bytes[root->len / 2] ^= 1;
    assert_int_not_equal(kit_update(k), OV_OK);
    kit_remove(&k->state, "root.json");
    REFUSED(k, OV_NOT_FOUND);
    assert_string_equal(k->asked, "");
}

static void an_old_root_leads_to_the_new_one(void **state)
{
    struct kit *k = *state;

    k->expires[OV_TUF_ROOT] = KIT_NOW - 1;
    kit_publish_next_root(k);
    for (unsigned i = 3; i < 20; i++) {
        struct kit_keys *r = &k->roles[OV_TUF_ROOT];

        /* Each root has one key of its own, and the one before signs, too. */
        *r = (struct kit_keys){.keys = {i + 30}, .threshold = 1};
        r->signers[0] = i + 30;
        r->signers[1] = i == 3 ? 1 : i + 29;
        k->expires[OV_TUF_ROOT] = KIT_NOW + (i == 19);
        kit_publish_next_root(k);
    }
    UPDATED(k);
    kit_expect_state(k, 19, 1, 1, 1);
}

static void a_root_needs_the_old_threshold(void **state)
{
    struct kit *k = *state;

    k->roles[OV_TUF_ROOT] = (struct kit_keys){.keys = {9}, .threshold = 1};
    kit_publish_next_root(k);
    REFUSED(k, OV_BAD_SIGNATURE);
    kit_expect_state(k, 1, 0, 0, 0);
}

static void a_root_needs_its_own_threshold(void **state)
{
    struct kit *k = *state;

    k->roles[OV_TUF_ROOT] =
        (struct kit_keys){.keys = {9, 1}, .threshold = 2, .signers = {1}};
    kit_publish_next_root(k);
    REFUSED(k, OV_BAD_SIGNATURE);
    k->roles[OV_TUF_ROOT].signers[1] = 9;
    kit_publish_root(k);
    UPDATED(k);
    kit_expect_state(k, 2, 1, 1, 1);
}

static void a_root_that_skips_a_version_is_refused(void **state)
{
    struct kit *k = *state;

    k->version[OV_TUF_ROOT] = 3;
    kit_publish_root(k);
    kit_put(&k->server, "2.root.json", kit_bytes(&k->server, "3.root.json"));
    REFUSED(k, OV_MISMATCH);
    kit_expect_state(k, 1, 0, 0, 0);
}

static void the_same_root_again_is_the_last(void **state)
{
    struct kit *k = *state;

    kit_put(&k->server, "2.root.json", kit_bytes(&k->server, "1.root.json"));
    UPDATED(k);
    assert_string_equal(k->asked, "2.root timestamp 1.snapshot 1.targets");
}

static void an_older_root_in_a_newer_ones_place_is_a_rollback(void **state)
{
    struct kit *k = *state;

    kit_publish_next_root(k);
    UPDATED(k);
    kit_put(&k->server, "3.root.json", kit_bytes(&k->server, "1.root.json"));
    REFUSED(k, OV_ROLLBACK);
    kit_expect_state(k, 2, 1, 1, 1);
}

static void an_expired_root_is_kept_and_ends_the_update(void **state)
{
    struct kit *k = *state;

    UPDATED(k);
    k->expires[OV_TUF_ROOT] = KIT_NOW;
    kit_publish_next_root(k);
    kit_publish_next(k);
    REFUSED(k, OV_EXPIRED);
    kit_expect_state(k, 2, 1, 1, 1);
}

static void only_so_many_roots_are_walked(void **state)
{
    struct kit *k = *state;

    for (int i = 0; i < 10; i++)
        kit_publish_next_root(k);
    k->options.max_new_roots = 4;
    UPDATED(k);
    assert_int_equal(kit_state_version(k, "root.json"), 5);
    UPDATED(k);
    assert_int_equal(kit_state_version(k, "root.json"), 9);
}

static void a_new_root_can_be_vetoed(void **state)
{
    struct kit *k = *state;

    kit_publish_next_root(k);
    kit_publish_next_root(k);
    k->refused_root = 3;
    REFUSED(k, OV_BAD_PROOF);
    kit_expect_state(k, 2, 0, 0, 0);
}

static void a_server_without_the_next_root_is_no_alarm(void **state)
{
    struct kit *k = *state;

    k->bad_get = "2.root.json";
    k->bad_get_status = OV_NOT_FOUND;
    UPDATED(k);
    k->bad_get_status = OV_IO;
    REFUSED(k, OV_IO);
    k->bad_get_status = OV_LIMIT_SIZE;
    REFUSED(k, OV_LIMIT_SIZE);
}

static void a_hidden_root_shows_in_the_signatures(void **state)
{
    struct kit *k = *state;

    /* A cache that still says 404 for the new root, but has the new files. */
    UPDATED(k);
    k->roles[OV_TUF_TIMESTAMP].keys[0] = 45;
    kit_publish_next_root(k);
    kit_publish_next(k);
    k->bad_get = "2.root.json";
    k->bad_get_status = OV_NOT_FOUND;
    REFUSED(k, OV_BAD_SIGNATURE);
    kit_expect_state(k, 1, 1, 1, 1);
    k->bad_get = NULL;
    UPDATED(k);
    kit_expect_state(k, 2, 2, 2, 2);
}

static void each_role_needs_its_threshold(void **state)
{
    struct kit *k = *state;

    static const enum ov_tuf_type types[] = {OV_TUF_TIMESTAMP, OV_TUF_SNAPSHOT,
                                             OV_TUF_TARGETS};

    for (size_t i = 0; i < 3; i++) {
        struct kit_keys *r = &k->roles[types[i]];

        *r = (struct kit_keys){
            .keys = {50, 51, 52}, .threshold = 2, .signers = {50, 60}};
        kit_publish_next_root(k);
        kit_publish_next(k);
        REFUSED(k, OV_BAD_SIGNATURE);
        r->signers[1] = 52;
        kit_publish_next(k);
        UPDATED(k);
        *r =
            (struct kit_keys){.keys = {(unsigned)types[i] + 1}, .threshold = 1};
    }
}

static void an_older_timestamp_is_a_rollback(void **state)
{
    struct kit *k = *state;

    kit_publish_next(k);
    UPDATED(k);
    k->version[OV_TUF_TIMESTAMP] = 1;
    kit_publish(k);
    REFUSED(k, OV_ROLLBACK);
    kit_expect_state(k, 1, 2, 2, 2);
}

static void the_same_version_of_a_timestamp_changes_nothing(void **state)
{
    struct kit *k = *state;

    UPDATED(k);
    k->targets[0].version = 2;
    k->version[OV_TUF_SNAPSHOT] = 2;
    kit_publish(k);
    UPDATED(k);
    kit_expect_state(k, 1, 1, 1, 1);
    assert_string_equal(k->asked, "2.root timestamp");
}

static void an_older_snapshot_is_a_rollback(void **state)
{
    struct kit *k = *state;

    kit_publish_next(k);
    UPDATED(k);
    k->version[OV_TUF_SNAPSHOT] = 1;
    k->version[OV_TUF_TIMESTAMP] = 3;
    kit_publish(k);
    REFUSED(k, OV_ROLLBACK);
    kit_expect_state(k, 1, 2, 2, 2);
}

static void older_targets_are_a_rollback(void **state)
{
    struct kit *k = *state;

    for (int hashes = 0; hashes < 2; hashes++) {
        k->without_hashes = hashes == 0;
        kit_publish_next(k);
        UPDATED(k);
        k->targets[0].version -= 1;
        k->version[OV_TUF_SNAPSHOT]++;
        k->version[OV_TUF_TIMESTAMP]++;
        kit_publish(k);
        REFUSED(k, OV_ROLLBACK);
        k->targets[0].version += 1;
        kit_publish_next(k);
        UPDATED(k);
    }
}

static void a_role_that_is_not_listed_any_more_is_a_rollback(void **state)
{
    struct kit *k = *state;

    (void)kit_add_role(k, "rules", 20);
    kit_publish_next(k);
    UPDATED(k);
    k->n_targets = 1;
    kit_publish_next(k);
    REFUSED(k, OV_ROLLBACK);
}

static void a_snapshot_of_another_version_is_refused(void **state)
{
    struct kit *k = *state;

    k->without_hashes = true;
    kit_publish_next(k);
    k->version[OV_TUF_SNAPSHOT] = 3;
    kit_publish_snapshot(k);
    kit_put(&k->server, "2.snapshot.json",
            kit_bytes(&k->server, "3.snapshot.json"));
    REFUSED(k, OV_MISMATCH);
    kit_expect_state(k, 1, 2, 0, 0);
}

static void mixed_metadata_is_refused(void **state)
{
    struct kit *k = *state;

    /* Targets of another moment in the place of those that belong here. */
    kit_publish_next(k);
    kit_put(&k->server, "2.targets.json",
            kit_bytes(&k->server, "1.targets.json"));
    REFUSED(k, OV_BAD_DIGEST);
    k->without_hashes = true;
    kit_publish_snapshot(k);
    k->version[OV_TUF_TIMESTAMP]++;
    kit_publish_timestamp(k);
    kit_put(&k->server, "2.targets.json",
            kit_bytes(&k->server, "1.targets.json"));
    REFUSED(k, OV_BAD_DIGEST);
}

static void a_snapshot_with_another_digest_is_refused(void **state)
{
    struct kit *k = *state;

    /* Signed and of the announced version and length, but of another moment. */
    k->targets[0].version = 2;
    kit_publish(k);
    k->targets[0].version = 3;
    kit_publish_targets(k, &k->targets[0]);
    kit_publish_snapshot(k);
    REFUSED(k, OV_BAD_DIGEST);
    kit_expect_state(k, 1, 1, 0, 0);
}

static void each_role_expires(void **state)
{
    struct kit *k = *state;

    UPDATED(k);
    k->expires[OV_TUF_TIMESTAMP] = KIT_NOW;
    kit_publish_next(k);
    REFUSED(k, OV_EXPIRED);
    kit_expect_state(k, 1, 1, 1, 1);
    k->expires[OV_TUF_TIMESTAMP] = KIT_NOW + 1;
    k->expires[OV_TUF_SNAPSHOT] = KIT_NOW;
    kit_publish_next(k);
    REFUSED(k, OV_EXPIRED);
    kit_expect_state(k, 1, 3, 1, 1);
    k->expires[OV_TUF_SNAPSHOT] = KIT_NOW + 1;
    k->targets[0].expires = KIT_NOW;
    kit_publish_next(k);
    REFUSED(k, OV_EXPIRED);
    kit_expect_state(k, 1, 4, 4, 1);
}

static void a_freeze_is_seen(void **state)
{
    struct kit *k = *state;

    UPDATED(k);
    k->now = KIT_NOW + 31 * KIT_DAY;
    k->expires[OV_TUF_ROOT] = KIT_NOW + 99 * KIT_DAY;
    kit_publish_next_root(k);
    REFUSED(k, OV_EXPIRED);
    assert_non_null(strstr(k->diag.text, "timestamp"));
}

static void expired_persisted_metadata_still_bars_rollbacks(void **state)
{
    struct kit *k = *state;

    kit_publish_next(k);
    UPDATED(k);
    k->now = KIT_NOW + 31 * KIT_DAY;
    for (enum ov_tuf_type t = OV_TUF_ROOT; t < OV_TUF_N_TYPE; t++)
        k->expires[t] = KIT_NOW + 99 * KIT_DAY;
    k->targets[0].expires = KIT_NOW + 99 * KIT_DAY;
    kit_publish_next_root(k);
    k->targets[0].version = 1;
    k->version[OV_TUF_SNAPSHOT] = 3;
    k->version[OV_TUF_TIMESTAMP] = 3;
    kit_publish(k);
    REFUSED(k, OV_ROLLBACK);
    k->targets[0].version = 2;
    kit_publish_next(k);
    UPDATED(k);
    kit_expect_state(k, 2, 4, 4, 3);
}

static void rotated_keys_undo_a_fast_forward(void **state)
{
    struct kit *k = *state;

    k->version[OV_TUF_TIMESTAMP] = 1000000;
    k->version[OV_TUF_SNAPSHOT] = 1000000;
    k->targets[0].version = 1000000;
    kit_publish(k);
    UPDATED(k);
    k->version[OV_TUF_TIMESTAMP] = 2;
    k->version[OV_TUF_SNAPSHOT] = 2;
    k->targets[0].version = 2;
    kit_publish(k);
    REFUSED(k, OV_ROLLBACK);
    k->roles[OV_TUF_SNAPSHOT].keys[0] = 70;
    kit_publish_next_root(k);
    kit_publish(k);
    UPDATED(k);
    kit_expect_state(k, 2, 2, 2, 2);
}

static void one_of_two_keys_taken_away_is_a_rotation(void **state)
{
    struct kit *k = *state;

    /* The old file would still verify with the key that stays. */
    k->roles[OV_TUF_TIMESTAMP] = (struct kit_keys){
        .keys = {40, 41}, .threshold = 1, .signers = {40, 41}};
    kit_publish_next_root(k);
    k->version[OV_TUF_TIMESTAMP] = 5000;
    kit_publish(k);
    UPDATED(k);
    k->roles[OV_TUF_TIMESTAMP] =
        (struct kit_keys){.keys = {40}, .threshold = 1};
    kit_publish_next_root(k);
    k->version[OV_TUF_TIMESTAMP] = 3;
    kit_publish(k);
    UPDATED(k);
    kit_expect_state(k, 3, 3, 1, 1);
}

static void a_key_that_is_added_lets_nothing_be_forgotten(void **state)
{
    struct kit *k = *state;

    kit_publish_next(k);
    UPDATED(k);
    k->roles[OV_TUF_TIMESTAMP].keys[1] = 41;
    kit_publish_next_root(k);
    k->version[OV_TUF_TIMESTAMP] = 1;
    kit_publish(k);
    REFUSED(k, OV_ROLLBACK);
}

static void versions_that_are_seconds_may_not_be_ahead(void **state)
{
    struct kit *k = *state;

    k->options.version_ahead = 300;
    k->version[OV_TUF_TIMESTAMP] = KIT_NOW + 301;
    kit_publish(k);
    REFUSED(k, OV_FUTURE);
    k->version[OV_TUF_TIMESTAMP] = KIT_NOW + 300;
    kit_publish(k);
    UPDATED(k);
}

static void endless_data_is_cut(void **state)
{
    struct kit *k = *state;
    static const char *const names[] = {"2.root.json", "timestamp.json",
                                        "1.snapshot.json", "1.targets.json"};
    OV_AUTO_DONE(buf) big = ov_buf_with_max(1 << 20);

    while (big.len < 600000)
        ov_put_str(&big, "                                        ");
    for (size_t i = 0; i < 4; i++) {
        struct kit_file *f = kit_find(&k->server, names[i]);
        OV_AUTO_DONE(buf) old = ov_buf_with_max(1 << 20);

        if (f != NULL)
            ov_put_span(&old, ov_span_of(f->bytes, f->len));
        kit_put(&k->server, names[i], ov_buf_span(&big));
        REFUSED(k, OV_LIMIT_SIZE);
        if (f != NULL)
            kit_put(&k->server, names[i], ov_buf_span(&old));
        else
            kit_remove(&k->server, names[i]);
    }
    UPDATED(k);
}

static void a_byte_too_much_or_too_little_is_seen(void **state)
{
    struct kit *k = *state;
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 20);

    ov_put_span(&b, kit_bytes(&k->server, "1.targets.json"));
    ov_put_str(&b, " ");
    kit_put(&k->server, "1.targets.json", ov_buf_span(&b));
    REFUSED(k, OV_LIMIT_SIZE);
    kit_put(&k->server, "1.targets.json",
            ov_span_clip(ov_buf_span(&b), 0, b.len - 2));
    REFUSED(k, OV_MISMATCH);
}

static void white_space_is_free_where_no_digest_is_given(void **state)
{
    struct kit *k = *state;
    static const char *const names[] = {"timestamp.json", "1.snapshot.json",
                                        "1.targets.json"};

    k->without_hashes = true;
    kit_publish(k);
    for (size_t i = 0; i < 3; i++) {
        struct kit_file *f = kit_need(&k->server, names[i]);
        OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 20);

        for (size_t j = 0; j < f->len; j++) {
            ov_put_u8(&b, f->bytes[j]);
            if (f->bytes[j] == ',')
                ov_put_str(&b, "\n\t ");
        }
        kit_put(&k->server, names[i], ov_buf_span(&b));
    }
    UPDATED(k);
}

static void damaged_state_is_as_if_it_were_not_there(void **state)
{
    struct kit *k = *state;
    static const char *const names[] = {"timestamp.json", "snapshot.json",
                                        "targets.json"};

    for (size_t i = 0; i < 3; i++) {
        UPDATED(k);
        kit_put(&k->state, names[i], OV_SPAN_LIT("{\"signatures\":"));
        UPDATED(k);
        kit_expect_state(k, 1, 1, 1, 1);
        kit_put(&k->state, names[i], OV_SPAN_LIT(""));
        UPDATED(k);
        kit_expect_state(k, 1, 1, 1, 1);
    }
}

static void what_cannot_be_written_ends_the_update(void **state)
{
    struct kit *k = *state;
    static const char *const names[] = {"timestamp.json", "snapshot.json",
                                        "targets.json"};

    for (size_t i = 0; i < 3; i++) {
        k->bad_put = names[i];
        REFUSED(k, OV_IO);
    }
    k->bad_put = "root.json";
    kit_publish_next_root(k);
    REFUSED(k, OV_IO);
    k->bad_put = NULL;
    UPDATED(k);
    kit_expect_state(k, 2, 1, 1, 1);
}

static void an_interrupted_update_goes_on(void **state)
{
    struct kit *k = *state;

    kit_publish_next(k);
    k->bad_get = "2.snapshot.json";
    k->bad_get_status = OV_IO;
    REFUSED(k, OV_IO);
    kit_expect_state(k, 1, 2, 0, 0);
    k->bad_get = "2.targets.json";
    REFUSED(k, OV_IO);
    kit_expect_state(k, 1, 2, 2, 0);
    k->bad_get = NULL;
    UPDATED(k);
    assert_string_equal(k->asked, "2.root timestamp 2.targets");
}

static void what_was_believed_is_loaded_without_a_server(void **state)
{
    struct kit *k = *state;
    struct ov_tuf_io io = kit_io(k);
    OV_AUTO(tuf_client) c = NULL;
    OV_AUTO(tuf_client) again = NULL;
    struct ov_tuf_target target = {0};

    assert_int_equal(ov_tuf_load(&io, k->now, NULL, NULL, &c), OV_NOT_FOUND);
    UPDATED(k);
    kit_clear(&k->server);
    assert_int_equal(ov_tuf_load(&io, k->now, NULL, NULL, &c), OV_OK);
    assert_int_equal(ov_tuf_find_target(c, OV_SPAN_LIT("a.txt"), NULL, &target),
                     OV_OK);
    assert_int_equal(target.length, 5);
    assert_int_equal(
        ov_tuf_load(&io, KIT_NOW + 31 * KIT_DAY, NULL, NULL, &again),
        OV_EXPIRED);
    /* A clock that stands before all dates lets nothing expire. */
    assert_int_equal(ov_tuf_load(&io, INT64_MIN, NULL, NULL, &again), OV_OK);
}

static enum ov_status update_without_state(void *arg)
{
    struct kit *k = arg;
    static const char *const names[] = {"timestamp.json", "snapshot.json",
                                        "targets.json", "rules.json"};

    for (size_t i = 0; i < 4; i++)
        kit_remove(&k->state, names[i]);
    return kit_search(k, "db/head");
}

static void memory_may_run_out(void **state)
{
    struct kit *k = *state;

    kit_add_role(k, "rules", 20)->paths[0] = "db/head";
    kit_delegate(&k->targets[0], "rules", "db/*", 20);
    kit_publish_next(k);
    assert_true(ov_torture(update_without_state, k) > 20);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_first_update_asks_for_each_file_once),
        T(a_second_update_asks_only_what_is_new),
        T(without_a_trusted_root_nothing_is_asked),
        T(an_old_root_leads_to_the_new_one),
        T(a_root_needs_the_old_threshold),
        T(a_root_needs_its_own_threshold),
        T(a_root_that_skips_a_version_is_refused),
        T(the_same_root_again_is_the_last),
        T(an_older_root_in_a_newer_ones_place_is_a_rollback),
        T(an_expired_root_is_kept_and_ends_the_update),
        T(only_so_many_roots_are_walked),
        T(a_new_root_can_be_vetoed),
        T(a_server_without_the_next_root_is_no_alarm),
        T(a_hidden_root_shows_in_the_signatures),
        T(each_role_needs_its_threshold),
        T(an_older_timestamp_is_a_rollback),
        T(the_same_version_of_a_timestamp_changes_nothing),
        T(an_older_snapshot_is_a_rollback),
        T(older_targets_are_a_rollback),
        T(a_role_that_is_not_listed_any_more_is_a_rollback),
        T(a_snapshot_of_another_version_is_refused),
        T(mixed_metadata_is_refused),
        T(a_snapshot_with_another_digest_is_refused),
        T(each_role_expires),
        T(a_freeze_is_seen),
        T(expired_persisted_metadata_still_bars_rollbacks),
        T(rotated_keys_undo_a_fast_forward),
        T(one_of_two_keys_taken_away_is_a_rotation),
        T(a_key_that_is_added_lets_nothing_be_forgotten),
        T(versions_that_are_seconds_may_not_be_ahead),
        T(endless_data_is_cut),
        T(a_byte_too_much_or_too_little_is_seen),
        T(white_space_is_free_where_no_digest_is_given),
        T(damaged_state_is_as_if_it_were_not_there),
        T(what_cannot_be_written_ends_the_update),
        T(an_interrupted_update_goes_on),
        T(what_was_believed_is_loaded_without_a_server),
        T(memory_may_run_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
