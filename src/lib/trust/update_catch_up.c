/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "trust/update_history.h"

/* A machine that was away for long may know a policy or a people file whose
 * word is not enough any more: the log has turned, witnesses or people have
 * changed since, more than once. It catches up by the versions between, each
 * believed by the one before, as if it had been there.
 *
 * trust/history of a mirror says which versions there were: lines "policy
 * sha256:HEX" and "people sha256:HEX", in the order of their entries. Nobody
 * signs it, as it only says where to look: each version counts if its key-event
 * is in the log behind that of the version before, by the policy and people
 * believed so far. What comes of it is kept in memory only; in the end the
 * files that TUF names must be believed in the same way. */

#define MAX_HISTORY (16u << 10) /* 200 lines: each may cost a request */

enum {
    POLICY,
    PEOPLE,
    N_ROLES
};

static const char *const role_names[N_ROLES] = {"policy", "people"};

/* "policy sha256:HEX" */
static bool read_line(struct ov_span *text, unsigned *ret_role,
                      uint8_t ret[static 32])
{
    struct ov_span line;
    struct ov_span word;

    if (!ov_span_cut(text, '\n', &line))
        return false;
    word = ov_line_word(&line);
    for (*ret_role = 0; *ret_role < N_ROLES; ++*ret_role) {
        if (ov_span_equal(word, ov_span_str(role_names[*ret_role])))
            return ov_entry_parse_digest(line, ret);
    }
    return false;
}

/* Where the entries of what is believed now are. */
static enum ov_status find_own(struct ov_update *u)
{
    const struct ov_buf *files[N_ROLES] = {&u->policy_text, &u->people_text};
    uint8_t digest[OV_DIGEST_MAX];

    for (unsigned i = 0; i < N_ROLES; i++) {
        OV_TRY(ov_digest(OV_SHA256, ov_buf_span(files[i]), digest));
        OV_TRY(ov_update_public_at(u, role_names[i], digest, &u->catching[i]));
    }
    return OV_OK;
}

static enum ov_status begin(struct ov_update *u)
{
    u->history_text = ov_buf_with_max(MAX_HISTORY);
    OV_TRY(
        ov_update_get(u, "trust/history", MAX_HISTORY, &u->history_text, NULL));
    OV_TRY(find_own(u));
    u->history = ov_buf_span(&u->history_text);
    return OV_OK;
}

static enum ov_status take(struct ov_update *u, unsigned role,
                           uint8_t digest[static 32])
{
    const struct ov_update_check check = {ov_update_check_digest, digest};
    OV_AUTO_DONE(buf) path = ov_buf_with_max(256);
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(OV_UPDATE_MAX_TRUST);
    struct ov_span text;

    ov_put_str(&path, "targets/trust/");
    ov_put_hex(&path, ov_span_of(digest, 32));
    ov_put_format(&path, ".%s", role_names[role]);
    ov_put_u8(&path, 0);
    OV_TRY(ov_buf_status(&path));
    OV_TRY(ov_update_get(u, (char *)path.ptr, OV_UPDATE_MAX_TRUST, &bytes,
                         &check));
    if (!ov_arena_copy(u->arena, ov_buf_span(&bytes), &text))
        return OV_NO_MEMORY;
    return role == POLICY ? ov_policy_parse(u->arena, text, &u->policy, NULL)
                          : ov_people_parse(u->arena, text, &u->people, NULL);
}

enum ov_status ov_update_catch_up(struct ov_update *u)
{
    uint8_t digest[32];
    uint64_t index;
    unsigned role;

    if (!u->has_policy)
        return OV_NOT_FOUND;
    if (!u->is_catching_up) {
        u->is_catching_up = true;
        OV_TRY(begin(u));
    }
    while (read_line(&u->history, &role, digest)) {
        if (ov_update_public_at(u, role_names[role], digest, &index) != OV_OK ||
            index <= u->catching[role])
            continue; /* an old one, or one that is reached later */
        u->catching[role] = index;
        return take(u, role, digest);
    }
    return OV_NOT_FOUND;
}

enum ov_status ov_update_is_public(struct ov_update *u, const char *role,
                                   const uint8_t digest[static 32])
{
    uint64_t index;
    enum ov_status status = ov_update_public_at(u, role, digest, &index);

    while (status != OV_OK && status != OV_NO_MEMORY &&
           ov_update_catch_up(u) == OV_OK)
        status = ov_update_public_at(u, role, digest, &index);
    return status;
}
