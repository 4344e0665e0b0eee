/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "commands.h"
#include "first_signature.h"
#include "metadata.h"
#include "run.h"
#include "staged.h"

/* The key ceremony in one command: keys of every role, the files that say who
 * may do what, TUF metadata version 1, an empty log, and the first entries for
 * it. Afterwards the private keys go to where docs/publisher.md says. */

struct ceremony {
    struct instance *in;
    struct ov_buf people;
    struct ov_buf policy;
    struct ov_vkey log;
};

static const char *key_name_of(struct instance *in, enum role role,
                               const char *name)
{
    switch (roles[role].kind) {
    case KIND_PERSON:
        return text(in, "%s.people.%s", name, in->name);
    case KIND_LOG:
        return in->origin;
    case KIND_TUF:
    case KIND_DELEGATED:
    case KIND_BUILDER:
    case KIND_CI:
    case KIND_LEGAL:
    case KIND_TRUSTEE:
    case KIND_ATTEST:
    case KIND_FIRST:
        break;
    }
    return text(in, "%s.%s", name, in->name);
}

static bool is_single(enum role role)
{
    return role == ROLE_ci || role == ROLE_log || role == ROLE_first;
}

/* As the people file calls who has such a key; NULL: it does not list them. */
static const char *group_of(enum role role)
{
    switch (roles[role].kind) {
    case KIND_PERSON:
        return ov_people_group_name(OV_PERSON, false);
    case KIND_BUILDER:
        return ov_people_group_name(OV_BUILDER, false);
    case KIND_CI:
        return ov_people_group_name(OV_CI, false);
    case KIND_LEGAL:
        return ov_people_group_name(OV_LEGAL, false);
    case KIND_TRUSTEE:
        return ov_people_group_name(OV_TRUSTEE, false);
    case KIND_TUF:
    case KIND_DELEGATED:
    case KIND_ATTEST:
    case KIND_LOG:
    case KIND_FIRST:
        break;
    }
    return NULL;
}

static bool make_role_keys(struct ceremony *c, enum role role)
{
    struct instance *in = c->in;
    unsigned n = roles[role].keys[in->preset].n;

    for (unsigned i = 1; i <= n; i++) {
        const char *name = is_single(role) ? roles[role].name
                           : role == ROLE_p
                               ? text(in, "p-%02u", i)
                               : text(in, "%s-%u", roles[role].name, i);
        struct ov_vkey vkey;

        if (!key_make(in, name, key_name_of(in, role, name), &vkey))
            return false;
        if (role == ROLE_log)
            c->log = vkey;
        if (group_of(role) == NULL)
            continue;
        ov_put_format(&c->people, "%s %s ", group_of(role), name);
        ov_put_vkey(&c->people, &vkey);
        ov_put_str(&c->people, " 0 -\n");
    }
    return true;
}

static bool make_keys(struct ceremony *c)
{
    struct instance *in = c->in;

    ov_put_format(&c->people,
                  "%s/people/v1\nneed people %u\nneed builders %u\n"
                  "need ci %u\nneed rebuilders 0\nneed legal %u\n"
                  "need trustees %u\n",
                  in->name, role_threshold(in, ROLE_p),
                  role_threshold(in, ROLE_build), role_threshold(in, ROLE_ci),
                  role_threshold(in, ROLE_legal),
                  role_threshold(in, ROLE_trustee));
    for (size_t i = 0; i < N_ROLES; i++) {
        if (!make_role_keys(c, (enum role)i))
            return false;
    }
    return ov_buf_status(&c->people) == OV_OK;
}

/* "VKEY" or "VKEY URL" becomes a line; the group follows. */
static bool put_witnesses(struct ceremony *c, size_t n)
{
    struct instance *in = c->in;

    for (size_t i = 0; i < n; i++) {
        struct ov_span given = ov_span_str(in->args.values[OPT_witness][i]);
        struct ov_span vkey;
        struct ov_vkey parsed;

        (void)ov_span_cut(&given, ' ', &vkey);
        if (ov_vkey_parse(vkey, &parsed) != OV_OK)
            return tell_error("--witness %zu: not a verifier key, as "
                              "NAME+HEX+BASE64, with a URL behind a space if "
                              "there is one",
                              i + 1);
        ov_put_format(&c->policy, "witness w%zu %s\n", i + 1,
                      in->args.values[OPT_witness][i]);
    }
    return true;
}

static bool make_policy(struct ceremony *c)
{
    struct instance *in = c->in;
    const char *quorum = option_get(&in->args, OPT_quorum);
    size_t n = in->args.counts[OPT_witness];
    uint64_t need = n > 1 ? n - 1 : n;

    if (quorum != NULL &&
        (!ov_parse_uint(ov_span_str(quorum), n, &need) || (n > 0 && need < 1)))
        return tell_error("--quorum %s: a number from 1 to that of the "
                          "witnesses",
                          quorum);
    if (in->preset == PRESET_SOLO)
        ov_put_str(&c->policy, "# one-person instance\n");
    ov_put_str(&c->policy, "log ");
    ov_put_vkey(&c->policy, &c->log);
    ov_put_u8(&c->policy, '\n');
    if (!put_witnesses(c, n))
        return false;
    if (n == 0) {
        tell("no --witness is given: nobody but you vouches for your log");
        ov_put_str(&c->policy, "quorum none\n");
    } else {
        ov_put_format(&c->policy, "group W %llu", (unsigned long long)need);
        for (size_t i = 0; i < n; i++)
            ov_put_format(&c->policy, " w%zu", i + 1);
        ov_put_str(&c->policy, "\nquorum W\n");
    }
    return ov_buf_status(&c->policy) == OV_OK;
}

static bool write_files(struct ceremony *c)
{
    struct instance *in = c->in;

    return disk_write(path_in(in, "people"), ov_buf_span(&c->people), 0644) &&
           disk_write(path_in(in, "policy"), ov_buf_span(&c->policy), 0644) &&
           disk_write(path_in(in, "limits"), OV_SPAN_LIT("max-age 86400\n"),
                      0644);
}

static bool make_metadata(struct instance *in)
{
    struct target_change trust[] = {{.path = "trust/policy"},
                                    {.path = "trust/people"},
                                    {.path = "trust/limits"}};
    struct ov_span root;

    for (size_t i = 0; i < 3; i++) {
        if (!read_in(in, path_in(in, "%s", trust[i].path + 6), &trust[i].bytes))
            return false;
    }
    if (!metadata_root(in, &root) ||
        !metadata_targets(in, ROLE_targets, trust, 3))
        return false;
    for (size_t i = 0; i < N_ROLES; i++) {
        if (roles[i].kind == KIND_DELEGATED &&
            !metadata_targets(in, (enum role)i, NULL, 0))
            return false;
    }
    return first_signature_write(in, root) && metadata_snapshot(in) &&
           metadata_timestamp(in);
}

static bool init_log(struct instance *in)
{
    const char *words[] = {"init",
                           path_in(in, "logd"),
                           "--origin",
                           in->origin,
                           "--key",
                           path_in(in, "keys/log.key"),
                           "--passphrase-file",
                           option_get(&in->args, OPT_passphrase_file)};
    size_t n = words[7] != NULL ? 8 : 6;
    int code;

    if (!run_command("overt-logd", words, n, RUN_WITHOUT_STDOUT, &code))
        return false;
    return code == 0 || tell_error("overt-logd init ended with %d", code);
}

/* Signed by as many people as the instance wants: at the ceremony all are
 * there. */
static bool queue_signed(struct instance *in, const char *name,
                         const struct ov_buf *text_of_entry)
{
    OV_AUTO_DONE(buf) note = ov_buf_with_max(OV_ENTRY_MAX);
    struct disk_names people;
    bool ok = role_keys(in, ROLE_p, &people);

    ov_put_span(&note, ov_buf_span(text_of_entry));
    ov_put_u8(&note, '\n');
    for (unsigned i = 0; ok && i < role_threshold(in, ROLE_p); i++)
        ok = note_sign(in, &note, people.names[i]);
    disk_names_done(&people);
    return ok && staged_queue(in, name, &note);
}

static void put_end(struct instance *in, struct ov_buf *b)
{
    ov_put_entry_line(b, "author", "p-01");
    ov_put_str(b, "time ");
    ov_put_time(b, in->now);
    ov_put_u8(b, '\n');
}

static bool queue_start(struct instance *in)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(OV_ENTRY_MAX);

    ov_put_entry_head(&b, in->name, OV_ENTRY_LOG_START);
    ov_put_entry_line(&b, "origin", "%s", in->origin);
    if (in->preset == PRESET_SOLO)
        ov_put_entry_line(&b, "why", "One person runs this instance.");
    put_end(in, &b);
    return queue_signed(in, "0-log-start", &b);
}

static bool queue_key_event(struct instance *in, const char *role,
                            const char *path)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(OV_ENTRY_MAX);
    struct ov_span bytes;
    uint8_t digest[32];

    if (!read_in(in, path, &bytes) || !digest_of(bytes, digest))
        return false;
    ov_put_entry_head(&b, in->name, OV_ENTRY_KEY_EVENT);
    ov_put_entry_line(&b, "role", "%s", role);
    ov_put_entry_line(&b, "version", "1");
    ov_put_entry_line(&b, "file", "sha256:%s %zu", hex_of(in, digest),
                      bytes.len);
    put_end(in, &b);
    return queue_signed(in, text(in, "1-key-event-%s", role), &b);
}

static bool queue_first_entries(struct instance *in)
{
    return queue_start(in) &&
           queue_key_event(in, "root",
                           path_in(in, "repo/metadata/1.root.json")) &&
           queue_key_event(in, "targets",
                           path_in(in, "repo/metadata/1.targets.json")) &&
           queue_key_event(in, "people", path_in(in, "people")) &&
           queue_key_event(in, "policy", path_in(in, "policy")) &&
           queue_key_event(in, "limits", path_in(in, "limits"));
}

static bool choose(struct instance *in)
{
    const char *preset = option_get(&in->args, OPT_preset);
    OV_AUTO_DONE(buf) year = ov_buf_with_max(64);

    in->name = option_get(&in->args, OPT_name);
    if (in->name == NULL)
        return tell_error("say --name: a host name of yours, as overt.example");
    if (!ov_key_name_is_valid(ov_span_str(in->name)))
        return tell_error("--name %s: not a host name in lower case", in->name);
    for (size_t i = 0; i < N_PRESETS; i++) {
        if (strcmp(preset != NULL ? preset : "full", preset_names[i]) == 0) {
            in->preset = (enum preset)i;
            preset = NULL;
            break;
        }
        if (i + 1 == N_PRESETS)
            return tell_error("--preset %s: say full, small or solo", preset);
    }
    ov_put_date(&year, in->now);
    in->origin = text(in, "%s/log/%.4s", in->name, (const char *)year.ptr);
    return ov_buf_status(&year) == OV_OK;
}

static void tell_plan(struct instance *in)
{
    tell("A new instance %s in %s, preset %s:", in->name, in->dir,
         preset_names[in->preset]);
    for (size_t i = 0; i < N_ROLES; i++)
        tell("  %-10s %u of %u keys must sign", roles[i].name,
             roles[i].keys[in->preset].threshold, roles[i].keys[in->preset].n);
    tell("  log        %s", in->origin);
    if (in->preset == PRESET_SOLO)
        tell("One person cannot be two: this instance says in public that "
             "nobody reviews its rules (people file, policy, log entry 0).");
    if (option_is_set(&in->args, OPT_no_passphrase))
        tell("WARNING: the keys will NOT be encrypted: whoever reads %s can "
             "sign as you. For demonstrations only.",
             path_in(in, "keys"));
}

bool cmd_init(struct instance *in)
{
    struct ceremony c = {.in = in,
                         .people = ov_buf_with_max(OV_PEOPLE_MAX_SIZE),
                         .policy = ov_buf_with_max(OV_POLICY_MAX_SIZE)};
    bool ok;

    if (disk_exists(path_in(in, "instance.json")))
        return tell_error("%s: there is an instance here already",
                          path_in(in, "instance.json"));
    if (!choose(in))
        return false;
    tell_plan(in);
    ok = confirm(in, "Make these keys and sign the first root with them?") &&
         make_keys(&c) && make_policy(&c) && write_files(&c) &&
         make_metadata(in) && init_log(in) && queue_first_entries(in) &&
         instance_write(in);
    ov_buf_done(&c.people);
    ov_buf_done(&c.policy);
    if (ok)
        tell("done. Next: move the keys in %s to their owners, then: "
             "overt-publish log %s",
             path_in(in, "keys"), in->dir);
    return ok;
}
