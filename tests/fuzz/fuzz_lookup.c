/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "rules/counts.h"
#include "rules/describe.h"
#include "rules/lookup.h"
#include "rules/names.h"
#include "rules/notes.h"
#include "rules/silence.h"

/* All lookups over an image whose digests nobody compares: any content of any
 * section must be survived. The input is an image; only its table of sections
 * (from byte 64) is used. */
#define TABLE_AT 64

static bool open_unchecked(struct ov_span bytes, struct ov_image *ret)
{
    *ret = (struct ov_image){.store.all = bytes};
    for (uint64_t i = 0; i < OV_N_SECTIONS; i++) {
        struct ov_span row;
        struct ov_span section;

        if (!ov_span_sub(bytes, TABLE_AT + i * 16, 16, &row))
            return false;
        ret->sections[i].at = ov_load64le(row.ptr);
        ret->sections[i].len = ov_load64le(row.ptr + 8);
        if (!ov_span_sub(bytes, ret->sections[i].at, ret->sections[i].len,
                         &section))
            return false;
    }
    return true;
}

static void look_at_rules(struct ov_image *image, struct ov_arena *arena)
{
    const uint8_t *ids;
    struct ov_span members;
    uint32_t last;
    size_t n;

    for (uint32_t id = 0; id < 20; id++) {
        struct ov_rule_view rule;
        struct ov_notes notes;

        if (!ov_lookup_rule(image, id, arena, &rule))
            continue;
        FUZZ_CHECK(rule.n_patterns <= rule.n_terms);
        (void)ov_lookup_terms(image, &rule, arena);
        (void)!ov_notes_find(image, id, arena, &notes);
    }
    if (ov_lookup_always(image, &ids, &n) && n > 0)
        (void)ov_always_fits(ids + 32 * (n - 1), n, 0x5a4d, &last);
    for (uint32_t group = 0; group < 4; group++)
        if (ov_lookup_macro(image, group, &members))
            FUZZ_CHECK(members.len % 4 == 0);
}

static void look_at_hashes(struct ov_image *image, struct ov_span bytes,
                           struct ov_arena *arena)
{
    static const uint64_t sizes[] = {0, 3, 300, UINT64_MAX};

    for (int of = 0; of < OV_N_HASH_OF; of++)
        for (int i = 0; i < 4; i++)
            (void)ov_lookup_wanted(image, (enum ov_hash_of)of, sizes[i]);
    for (uint64_t at = 0; at < 64; at++) {
        struct ov_span digest = ov_span_clip(bytes, at * 32, OV_DIGEST_MAX);
        struct ov_hash_key key = {.of = (enum ov_hash_of)(at % OV_N_HASH_OF),
                                  .kind =
                                      (enum ov_digest_kind)(at % OV_N_DIGEST),
                                  .digest = digest.ptr,
                                  .size = sizes[at % 4]};
        struct ov_hash_view view;

        if (digest.len < OV_DIGEST_MAX)
            return;
        for (size_t n = 0; n < 3; n++)
            (void)ov_lookup_hash(image, &key, n, arena, &view);
    }
}

static void look_at_names(struct ov_image *image, struct ov_arena *arena)
{
    for (int list = 0; list < OV_N_NAME_LISTS; list++) {
        uint64_t n = ov_names_count(image, list);
        struct ov_names_entry e;

        for (uint64_t i = 0; i < n && i < 100; i += 7)
            if (ov_names_at(image, list, i, arena, &e))
                FUZZ_CHECK(e.name.len <= OV_NAME_MAX);
        if (n > 0)
            (void)ov_names_at(image, list, n - 1, arena, &e);
    }
}

static bool swallow(void *data, struct ov_span text)
{
    size_t *n = data;

    *n += text.len;
    return *n < (size_t)1 << 20;
}

static void look_at_text(struct ov_image *image)
{
    size_t n = 0;
    const struct ov_text_out out = {.write = swallow, .data = &n};

    if (ov_describe_list(image, &out) == OV_OK &&
        ov_describe_counts(image, &out) == OV_OK &&
        ov_describe_sections(image, &out) == OV_OK)
        n = 0;
    if (ov_describe_rule(image, OV_SPAN_LIT("Win.Logical-1"), &out) == OV_OK)
        FUZZ_CHECK(n > 0);
    (void)!ov_describe_rule(image, OV_SPAN_LIT("Win.B-7"), &out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    OV_AUTO(arena) arena = ov_arena_new(16 << 20);
    struct ov_span bytes = ov_span_of(data, len);
    struct ov_source_view source;
    struct ov_silence_list silence;
    struct ov_counts counts;
    struct ov_image image;
    size_t n;

    FUZZ_CHECK(arena != NULL);
    if (!open_unchecked(bytes, &image))
        return 0;
    look_at_rules(&image, arena);
    look_at_hashes(&image, bytes, arena);
    look_at_names(&image, arena);
    for (uint32_t i = 0; i < 4; i++)
        (void)ov_lookup_source(&image, i, &source);
    (void)ov_lookup_members(&image, arena, &n);
    (void)ov_lookup_magics(&image, arena, &n);
    (void)ov_lookup_passwords(&image, arena, &n);
    if (ov_lookup_silence(&image, arena, &silence) == OV_OK)
        FUZZ_CHECK(silence.n_withdrawn + silence.n_ignored <= len);
    if (ov_counts_read(&image, arena, &counts) == OV_OK)
        FUZZ_CHECK(counts.n_skips <= len && counts.n_weak <= len);
    look_at_text(&image);
    return 0;
}
