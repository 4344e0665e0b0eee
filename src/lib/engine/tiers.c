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

/* Nothing but zip archives is decrypted. */
static bool is_for_zip(const struct ov_password *p)
{
    return p->container == OV_TYPE_ANY || p->container == OV_TYPE_ZIP;
}

static enum ov_status gather_passwords(struct ov_scanner *s)
{
    const struct ov_password *lists[OV_MAX_TIERS];
    size_t n[OV_MAX_TIERS];
    size_t total = 0;

    for (size_t i = 0; i < s->n_tiers; i++) {
        lists[i] = ov_lookup_passwords(s->images[i], s->lasting, &n[i]);
        total += n[i];
    }
    s->passwords = ov_arena_array(s->lasting, total + 1, sizeof(*s->passwords));
    if (s->passwords == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < s->n_tiers; i++)
        for (size_t k = 0; k < n[i]; k++)
            if (is_for_zip(&lists[i][k]) &&
                !ov_silenced_has(&s->silenced, i, lists[i][k].name,
                                 lists[i][k].source))
                s->passwords[s->n_passwords++] = lists[i][k].word;
    return OV_OK;
}

static enum ov_status gather_members(struct ov_scanner *s)
{
    const struct ov_member_rule *lists[OV_MAX_TIERS];
    struct ov_member_rule *all;
    size_t n[OV_MAX_TIERS];
    size_t total = 0;

    for (size_t i = 0; i < s->n_tiers; i++) {
        lists[i] = ov_lookup_members(s->images[i], s->lasting, &n[i]);
        total += n[i];
    }
    all = ov_arena_array(s->lasting, total + 1, sizeof(*all));
    if (all == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < s->n_tiers; i++)
        for (size_t k = 0; k < n[i]; k++)
            if (!ov_silenced_has(&s->silenced, i, lists[i][k].name,
                                 lists[i][k].source))
                all[s->n_member_rules++] = lists[i][k];
    s->member_rules = all;
    return OV_OK;
}

static enum ov_status gather_magics(struct ov_scanner *s)
{
    const struct ov_magic_rule *lists[OV_MAX_TIERS];
    struct ov_magic_rule *all;
    size_t n[OV_MAX_TIERS];
    size_t total = 0;

    for (size_t i = 0; i < s->n_tiers; i++) {
        lists[i] = ov_lookup_magics(s->images[i], s->lasting, &n[i]);
        total += n[i];
    }
    all = ov_arena_array(s->lasting, total + 1, sizeof(*all));
    if (all == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < s->n_tiers; i++)
        for (size_t k = 0; k < n[i]; k++)
            if (!ov_silenced_has(&s->silenced, i, lists[i][k].name,
                                 lists[i][k].source))
                all[s->n_magics++] = lists[i][k];
    s->magics = all;
    return OV_OK;
}

static enum ov_status gather_icons(struct ov_scanner *s)
{
    const struct ov_icon_rule *lists[OV_MAX_TIERS];
    struct ov_icon_rule *all;
    size_t n[OV_MAX_TIERS];
    size_t total = 0;

    for (size_t i = 0; i < s->n_tiers; i++) {
        lists[i] = ov_lookup_icons(s->images[i], s->lasting, &n[i]);
        total += n[i];
    }
    all = ov_arena_array(s->lasting, total + 1, sizeof(*all));
    if (all == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < s->n_tiers; i++)
        for (size_t k = 0; k < n[i]; k++)
            if (!ov_silenced_has(&s->silenced, i, lists[i][k].name,
                                 lists[i][k].source))
                all[s->n_icons++] = lists[i][k];
    s->icons = all;
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
    OV_TRY(gather_passwords(s));
    OV_TRY(gather_members(s));
    OV_TRY(gather_magics(s));
    OV_TRY(gather_icons(s));
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
