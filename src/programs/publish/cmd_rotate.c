/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "commands.h"
#include "metadata.h"
#include "pending.h"
#include "staged.h"

/* A role's key is replaced: lost, stolen, or only old. For TUF's own roles that
 * is a new root, signed by the old root keys and by the new ones (specification
 * 5.3.4, 6.1); for delegated roles a new version of targets; for people,
 * builders and ci a new people file in which the old key ends at the log's
 * present size. Each is a key-event in the log. */

static bool split_name(const char *name, enum role *ret, const char **rest)
{
    for (size_t i = 0; i < N_ROLES; i++) {
        size_t len = strlen(roles[i].name);

        if (strncmp(name, roles[i].name, len) == 0 &&
            (name[len] == '-' || name[len] == '\0')) {
            *ret = (enum role)i;
            *rest = name + len;
            return true;
        }
    }
    return tell_error("%s: no key of that name; see DIR/keys", name);
}

/* The first number that no key of the role has had. */
static const char *next_name(struct instance *in, enum role role)
{
    for (unsigned i = 1; i < 10000; i++) {
        const char *name =
            text(in, role == ROLE_p ? "%s-%02u" : "%s-%u", roles[role].name, i);

        if (!disk_exists(path_in(in, "keys/%s.pub", name)) &&
            !disk_exists(path_in(in, "keys/retired/%s.pub", name)))
            return name;
    }
    return "";
}

/* -- people -- */

/* The same file, in which one key ends now and another begins. */
static bool change_people(struct instance *in, const char *old,
                          const struct ov_vkey *next, struct ov_buf *ret)
{
    struct ov_people people;
    struct ov_people more;
    struct history h;

    if (!people_read(in, &people) || !history_read(in, &h))
        return false;
    more = people;
    more.keys =
        ov_arena_array(in->arena, people.n_keys + 1, sizeof(*more.keys));
    if (more.keys == NULL)
        return tell_error("out of memory");
    memcpy(more.keys, people.keys, people.n_keys * sizeof(*more.keys));
    for (size_t i = 0; i < people.n_keys; i++) {
        struct ov_people_key *k = &more.keys[i];

        if (k->to != UINT64_MAX || !ov_span_equal(k->name, ov_span_str(old)))
            continue;
        /* The key-event itself is still the old keys' business. */
        k->to = h.n + 1;
        more.keys[more.n_keys] = *k;
        more.keys[more.n_keys].key = *next;
        more.keys[more.n_keys].from = h.n + 1;
        more.keys[more.n_keys++].to = UINT64_MAX;
        ov_put_people(ret, &more);
        return ov_buf_status(ret) == OV_OK || tell_error("out of memory");
    }
    return tell_error("%s: not a key that is valid now", old);
}

static bool rotate_person(struct instance *in, const char *name)
{
    OV_AUTO_DONE(buf) people = ov_buf_with_max(OV_PEOPLE_MAX_SIZE);
    struct ov_vkey next;
    struct ov_vkey was;

    if (disk_exists(pending_path(in, "people")))
        return tell_error("%s: waits to be in the log; let it, or remove it",
                          pending_path(in, "people"));
    return key_read_public(in, name, &was) && key_retire(in, name) &&
           key_make(in, name, was.name, &next) &&
           change_people(in, name, &next, &people) &&
           pending_stage(in, "people", ov_buf_span(&people));
}

static bool check_trust(struct instance *in, const char *name,
                        struct ov_span bytes)
{
    struct ov_diag diag = {0};
    struct ov_people people;
    struct ov_policy policy;
    enum ov_status status = OV_OK;

    if (strcmp(name, "people") == 0)
        status = ov_people_parse(in->arena, bytes, &people, &diag);
    else if (strcmp(name, "policy") == 0)
        status = ov_policy_parse(in->arena, bytes, &policy, &diag);
    else if (strcmp(name, "limits") != 0)
        return tell_error("%s: say people, policy or limits", name);
    return status == OV_OK ||
           tell_error("%s, line %u: %s", name, diag.line, diag.text);
}

bool cmd_trust(struct instance *in)
{
    const char *file = option_get(&in->args, OPT_file);
    struct ov_span bytes;

    if (in->args.n_operands != 2 || file == NULL ||
        option_get(&in->args, OPT_as) == NULL)
        return tell_error("say which file, its new content, and who you are: "
                          "overt-publish trust DIR policy --file FILE --as "
                          "p-01");
    return read_in(in, file, &bytes) &&
           check_trust(in, in->args.operands[1], bytes) &&
           pending_stage(in, in->args.operands[1], bytes);
}

/* -- TUF -- */

static bool rotate_tuf(struct instance *in, enum role role, const char *name)
{
    const char *next = next_name(in, role);
    bool is_root = roles[role].kind == KIND_TUF;
    int64_t version;
    struct ov_span file;
    struct ov_vkey vkey;

    if (!key_retire(in, name) ||
        !key_make(in, next, text(in, "%s.%s", next, in->name), &vkey))
        return false;
    /* What the old key had signed is signed by those that count now. */
    if ((role == ROLE_targets || !is_root) &&
        !metadata_targets(in, ROLE_targets, NULL, 0))
        return false;
    if (!is_root && !metadata_targets(in, role, NULL, 0))
        return false;
    if (is_root ? !metadata_root(in, &file)
                : !metadata_read(in, "targets", &file))
        return false;
    version = is_root ? metadata_version(in, "root") + 1
                      : metadata_version(in, "targets");
    tell("%s is replaced by %s in %s version %lld; it counts when that is in "
         "the log and published",
         name, next, is_root ? "root" : "targets", (long long)version);
    return pending_key_event(in, is_root ? "root" : "targets", version, file);
}

bool cmd_rotate(struct instance *in)
{
    const char *rest;
    const char *name;
    enum role role;

    if (in->args.n_operands != 2 || option_get(&in->args, OPT_as) == NULL)
        return tell_error("say which key, and who writes it into the log: "
                          "overt-publish rotate DIR root-2 --as p-01");
    name = in->args.operands[1];
    if (!split_name(name, &role, &rest))
        return false;
    if (!disk_exists(path_in(in, "keys/%s.pub", name)))
        return tell_error("%s: no such key", path_in(in, "keys/%s.pub", name));
    tell("Replaces %s of %s by a new key; clients learn of it by their next "
         "update.",
         name, in->name);
    if (!confirm(in, "Go on?"))
        return false;
    switch (roles[role].kind) {
    case KIND_TUF:
    case KIND_DELEGATED:
        return rotate_tuf(in, role, name);
    case KIND_PERSON:
    case KIND_BUILDER:
    case KIND_CI:
    case KIND_LEGAL:
    case KIND_TRUSTEE:
        return rotate_person(in, name);
    case KIND_ATTEST:
    case KIND_LOG:
    case KIND_FIRST:
        break;
    }
    return tell_error("%s: a log's key is never replaced (begin a new log: "
                      "docs/publisher.md), and the first key only vouches for "
                      "root 1",
                      name);
}
