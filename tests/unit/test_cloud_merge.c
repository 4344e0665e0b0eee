/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "host/cloud_merge.h"
#include "test.h"

/* The table of docs/private-cloud.md, row by row. */

static void say(struct cloud_said *s, const char *what)
{
    s->status = strcmp(what, "away") == 0 ? OV_PEER_GONE : OV_OK;
    (void)snprintf(s->text, sizeof(s->text), "status 0\nreputation %s\n", what);
}

static bool is_own(const char *own_word, const char *others_word)
{
    static struct cloud_said own;
    static struct cloud_said others;
    const struct cloud_said *which;

    say(&own, own_word);
    say(&others, others_word);
    which = cloud_merge(&own, &others);

    assert_true(which == &own || which == &others);
    return which == &own;
}

static const char *const bad[] = {"malicious", "unwanted", "suspicious",
                                  "test"};
static const char *const all[] = {"malicious", "unwanted", "suspicious",
                                  "test",      "good",     "recalled",
                                  "unknown",   "away"};

static void an_own_detection_or_recall_counts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++)
            assert_true(is_own(bad[k], all[i]));
        assert_true(is_own("recalled", all[i]));
    }
}

static void own_good_takes_no_detection_back(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
        assert_false(is_own("good", bad[k]));
        assert_false(is_own("unknown", bad[k]));
        assert_false(is_own("away", bad[k]));
    }
    assert_true(is_own("good", "unknown"));
    assert_true(is_own("good", "recalled"));
    assert_false(is_own("unknown", "good"));
}

static void no_answer_is_not_no(void **state)
{
    (void)state;
    assert_true(is_own("away", "unknown"));
    assert_true(is_own("away", "good"));
    assert_false(is_own("good", "away"));
    assert_false(is_own("unknown", "away"));
}

OV_TEST_MAIN(OV_TEST(an_own_detection_or_recall_counts),
             OV_TEST(own_good_takes_no_detection_back),
             OV_TEST(no_answer_is_not_no))
