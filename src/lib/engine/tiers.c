/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/scan_state.h"

_Static_assert(OV_MAX_TIERS == OV_MATCHERS_MAX, "all are matched together");

/* Several images for one scan: a large one that changes seldom, and small ones
 * beside it. Each has a matcher of its own, since a compiled set of patterns
 * cannot be added to, but all go over the bytes together, and what is not about
 * patterns is done once.
 * Rules about members, magics and passwords are few: those of all images are
 * put into one list, in the order of tiers, without the silenced ones. */

static enum ov_status open_matchers(struct ov_scanner *s, struct ov_diag *diag)
{
    for (size_t i = 0; i < s->n_tiers; i++) {
        struct ov_image *image = s->images[i];
        enum ov_status status = ov_matcher_open(
            &image->store, image->sections[OV_SECTION_MATCH].at,
            image->sections[OV_SECTION_MATCH].len, &s->matchers[i]);

        if (status != OV_OK)
            return ov_diag_set(diag, status, 0,
                               "the image's section of patterns is damaged");
    }
    return OV_OK;
}

/* What images have few of. */
enum few {
    PASSWORDS,
    MEMBER_RULES,
    MAGICS,
    ICONS,
    N_FEW
};

#define LOOKUP(name, look_up)                                                  \
    static const void *name(struct ov_image *image, struct ov_arena *arena,    \
                            size_t *ret_n)                                     \
    {                                                                          \
        return look_up(image, arena, ret_n);                                   \
    }
LOOKUP(passwords_of, ov_lookup_passwords)
LOOKUP(member_rules_of, ov_lookup_members)
LOOKUP(magics_of, ov_lookup_magics)
LOOKUP(icons_of, ov_lookup_icons)
#undef LOOKUP

static const struct {
    const void *(*look_up)(struct ov_image *image, struct ov_arena *arena,
                           size_t *ret_n);
    size_t size;
    size_t name_at;
    size_t source_at;
} few_kinds[N_FEW] = {

#define KIND(look_up, type)                                                    \
    {                                                                          \
        look_up, sizeof(type), offsetof(type, name), offsetof(type, source)    \
    }
    [PASSWORDS] = KIND(passwords_of, struct ov_password),
    [MEMBER_RULES] = KIND(member_rules_of, struct ov_member_rule),
    [MAGICS] = KIND(magics_of, struct ov_magic_rule),
    [ICONS] = KIND(icons_of, struct ov_icon_rule),
#undef KIND
};

static struct ov_span span_at(const uint8_t *item, size_t at)
{
    struct ov_span s;

    memcpy(&s, item + at, sizeof(s));
    return s;
}

/* Those of all images, without the silenced ones; NULL if memory is out. */
static const void *gather(struct ov_scanner *s, enum few kind, size_t *ret_n)
{
    size_t size = few_kinds[kind].size;
    const uint8_t *lists[OV_MAX_TIERS];
    uint8_t *all;
    size_t n[OV_MAX_TIERS];
    size_t total = 0;

    for (size_t i = 0; i < s->n_tiers; i++) {
        lists[i] = few_kinds[kind].look_up(s->images[i], s->lasting, &n[i]);
        total += n[i];
    }
    all = ov_arena_array(s->lasting, total + 1, size);
    *ret_n = 0;
    for (size_t i = 0; all != NULL && i < s->n_tiers; i++)
        for (size_t k = 0; k < n[i]; k++) {
            const uint8_t *item = lists[i] + k * size;

            if (!ov_silenced_has(&s->silenced, i,
                                 span_at(item, few_kinds[kind].name_at),
                                 span_at(item, few_kinds[kind].source_at)))
                memcpy(all + (*ret_n)++ * size, item, size);
        }
    return all;
}

/* Those for RAR alone are of no use: libarchive decrypts none. */
static bool is_for_zip(const struct ov_password *p)
{
    return p->container == OV_TYPE_ANY || p->container == OV_TYPE_ZIP;
}

static enum ov_status gather_passwords(struct ov_scanner *s)
{
    size_t n;
    const struct ov_password *all = gather(s, PASSWORDS, &n);

    s->passwords = ov_arena_array(s->lasting, n + 1, sizeof(*s->passwords));
    if (all == NULL || s->passwords == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        if (is_for_zip(&all[i]))
            s->passwords[s->n_passwords++] = all[i].word;
    return OV_OK;
}

static enum ov_status gather_all(struct ov_scanner *s)
{
    s->member_rules = gather(s, MEMBER_RULES, &s->n_member_rules);
    s->magics = gather(s, MAGICS, &s->n_magics);
    s->icons = gather(s, ICONS, &s->n_icons);
    if (s->member_rules == NULL || s->magics == NULL || s->icons == NULL)
        return OV_NO_MEMORY;
    return gather_passwords(s);
}

/* ---- external variables ---- */

static void set_values(struct ov_scanner *s, size_t tier)
{
    for (size_t i = 0; i < s->externals[tier].n; i++)
        s->externals[tier].values[i] = s->externals[tier].list[i].value;
}

static enum ov_status read_externals(struct ov_scanner *s, struct ov_diag *diag)
{
    for (size_t i = 0; i < s->n_tiers; i++) {
        enum ov_status status =
            ov_externals_read(s->images[i], s->lasting, &s->externals[i].list,
                              &s->externals[i].n);

        if (status != OV_OK)
            return ov_diag_set(diag, status, 0,
                               "the image's external variables are damaged");
        s->externals[i].values = ov_arena_array(
            s->lasting, s->externals[i].n + 1, sizeof(*s->externals[i].values));
        if (s->externals[i].values == NULL)
            return OV_NO_MEMORY;
        set_values(s, i);
    }
    return OV_OK;
}

enum ov_status ov_scanner_define(struct ov_scanner *s, struct ov_span list,
                                 struct ov_diag *diag)
{
    struct ov_external *externals;
    struct ov_span copy;
    size_t n;

    if (!ov_arena_copy(s->lasting, list, &copy))
        return OV_NO_MEMORY;
    OV_TRY(ov_externals_parse(copy, s->lasting, &externals, &n, diag));
    for (size_t i = 0; i < s->n_tiers; i++) {
        OV_TRY(ov_externals_replace(s->externals[i].list, s->externals[i].n,
                                    externals, n, diag));
        set_values(s, i);
    }
    return OV_OK;
}

enum ov_status ov_tiers_open(struct ov_scanner *s,
                             struct ov_image *const *images, size_t n,
                             struct ov_diag *diag)
{
    enum ov_status status;

    if (n == 0 || n > OV_MAX_TIERS)
        return ov_diag_set(diag, OV_USAGE, 0, "1 to %d images at once",
                           OV_MAX_TIERS);
    for (size_t i = 0; i < n; i++)
        s->images[s->n_tiers++] = images[i];
    OV_TRY(open_matchers(s, diag));
    status = ov_silenced_open(images, n, s->lasting, &s->silenced);
    if (status != OV_OK)
        return ov_diag_set(diag, status, 0,
                           "the image's list of silenced rules: %s",
                           ov_status_name(status));
    OV_TRY(gather_all(s));
    OV_TRY(read_externals(s, diag));
    if (ov_tiers_are_damaged(s))
        return ov_diag_set(diag, OV_BAD_DIGEST, 0, "the image is damaged");
    return OV_OK;
}

void ov_tiers_close(struct ov_scanner *s)
{
    for (size_t i = 0; i < s->n_tiers; i++)
        ov_matcher_free(s->matchers[i]);
}

uint32_t ov_tiers_wanted(struct ov_scanner *s, enum ov_hash_of of,
                         uint64_t size)
{
    uint32_t wanted = 0;

    for (size_t i = 0; i < s->n_tiers; i++)
        wanted |= ov_lookup_wanted(s->images[i], of, size);
    return wanted;
}

bool ov_tiers_are_damaged(const struct ov_scanner *s)
{
    for (size_t i = 0; i < s->n_tiers; i++)
        if (s->images[i]->store.is_damaged)
            return true;
    return false;
}
