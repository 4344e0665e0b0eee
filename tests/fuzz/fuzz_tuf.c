/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "tuf/tuf_build.h"
#include "tuf/tuf_metadata.h"

/* Any bytes as each type of TUF metadata: read or refused, and what was read is
 * verified without an end in the wrong place. Nobody has signed it. */
#define MAX_INPUT (64u << 10)

static void try_role(const struct ov_tuf_role *role,
                     const struct ov_tuf_meta *meta)
{
    enum ov_status status = ov_tuf_verify(role, meta, NULL);

    FUZZ_CHECK(role->threshold >= 1);
    FUZZ_CHECK(status == OV_OK || status == OV_BAD_SIGNATURE);
}

static void try_targets(struct ov_arena *a, struct ov_span bytes)
{
    struct ov_tuf_targets t = {0};
    struct ov_tuf_file file;
    bool yes = false;

    if (ov_tuf_read_targets(a, bytes, &t) != OV_OK)
        return;
    for (size_t i = 0; i < t.n_delegations; i++) {
        FUZZ_CHECK(ov_tuf_delegation_matches(&t.delegations[i],
                                             OV_SPAN_LIT("db/stable/head"),
                                             &yes) == OV_OK);
        try_role(&t.delegations[i].role, &t.meta);
    }
    (void)!ov_tuf_targets_find(&t, OV_SPAN_LIT("db/stable/head"), &file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ov_span bytes = ov_span_of(data, len);
    OV_AUTO(arena) a = ov_arena_new((size_t)1 << 30);
    OV_AUTO_DONE(buf) b = ov_buf_with_max(1 << 20);
    static const uint8_t seed[32] = {1};
    struct ov_tuf_root root = {0};
    struct ov_tuf_timestamp timestamp = {0};
    struct ov_tuf_snapshot snapshot = {0};
    int64_t time = 0;

    if (len > MAX_INPUT)
        return 0;
    if (ov_tuf_read_root(a, bytes, &root) == OV_OK)
        for (size_t i = 0; i < OV_TUF_N_TYPE; i++)
            try_role(&root.roles[i], &root.meta);
    (void)!ov_tuf_read_timestamp(a, bytes, &timestamp);
    (void)!ov_tuf_read_snapshot(a, bytes, &snapshot);
    try_targets(a, bytes);
    (void)!ov_tuf_add_signature(&b, bytes, seed);
    if (ov_tuf_parse_time(bytes, &time) == OV_OK) {
        ov_buf_clear(&b);
        ov_put_tuf_time(&b, time);
        FUZZ_CHECK(ov_span_equal(ov_buf_span(&b), bytes));
    }
    (void)ov_tuf_pattern_matches(ov_span_clip(bytes, 0, len / 2),
                                 ov_span_clip(bytes, len / 2, len));
    return 0;
}
