/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "commands.h"
#include "pending.h"
#include "run.h"
#include "staged.h"
#include "turn.h"

/* The log's end, and the next log. In this order, each by as many people as the
 * instance wants, and each in public before the next:
 *
 *   log-next    a key for the next log, and a policy that names both
 *   log-end     the last entry of the old one names the next one
 *   log-start   the next one's first entry names the old one's end; with its
 *               last signature in the queue, `overt-publish log` lets
 *               overt-logd turn and adds it
 *
 * Clients believe the next log only with all three: src/lib/trust/update_turn.c
 * tells why each is there. */

static void put_signed_by(struct instance *in, struct ov_buf *b)
{
    ov_put_entry_line(b, "author", "%s", option_get(&in->args, OPT_as));
    ov_put_str(b, "time ");
    ov_put_time(b, in->now);
    ov_put_u8(b, '\n');
}

/* "2026" of "overt.example/log/2026": what staged entries are called by. */
static const char *short_name(const char *origin)
{
    const char *slash = strrchr(origin, '/');

    return slash != NULL && slash[1] != '\0' ? slash + 1 : origin;
}

/* The key in DIR/keys whose signatures have this name: "log", "log-1". */
static const char *find_log_key(struct instance *in, const char *origin)
{
    struct disk_names names;
    const char *found = NULL;

    if (!role_keys(in, ROLE_log, &names))
        return NULL;
    for (size_t i = 0; i < names.n && found == NULL; i++) {
        struct ov_vkey key;

        if (key_read_public(in, names.names[i], &key) &&
            strcmp(key.name, origin) == 0)
            found = text(in, "%s", names.names[i]);
    }
    disk_names_done(&names);
    return found;
}

/* Whether the policy in force knows the log of that origin. */
static bool is_in_policy(struct instance *in, const char *origin)
{
    struct ov_diag diag = {0};
    struct ov_policy policy;
    struct ov_span bytes;

    if (!read_in(in, path_in(in, "policy"), &bytes))
        return false;
    if (ov_policy_parse(in->arena, bytes, &policy, &diag) != OV_OK)
        return tell_error("%s:%u: %s", path_in(in, "policy"), diag.line,
                          diag.text);
    for (size_t i = 0; i < policy.n_logs; i++) {
        if (strcmp(policy.logs[i].key.name, origin) == 0)
            return true;
    }
    return tell_error("the policy in force does not name %s: first "
                      "overt-publish log-next %s --name %s, and publish it",
                      origin, in->dir, origin);
}

/* The log's last entry, if it is a log-end that counts. */
static bool read_end(struct instance *in, const struct history *h,
                     struct ov_opened **ret)
{
    struct ov_opened *o = ov_arena_alloc(in->arena, sizeof(*o));
    struct ov_people people;

    *ret = NULL;
    if (o == NULL || !people_read(in, &people))
        return false;
    if (h->n > 0 &&
        ov_entry_open(in->arena, h->entries[h->n - 1], &people, h->n - 1, o,
                      NULL) == OV_OK &&
        o->entry.type == OV_ENTRY_LOG_END)
        *ret = o;
    return true;
}

/* -- log-next -- */

/* The policy in force with one log more, behind those that it has. */
static bool put_policy(struct instance *in, const struct ov_vkey *next,
                       struct ov_buf *ret)
{
    struct ov_span rest;
    struct ov_span line;
    size_t at = 0;
    struct ov_span all;

    if (!read_in(in, path_in(in, "policy"), &all))
        return false;
    for (rest = all; ov_span_cut(&rest, '\n', &line);) {
        if (ov_span_starts(line, OV_SPAN_LIT("log ")))
            at = all.len - rest.len;
    }
    ov_put_span(ret, ov_span_clip(all, 0, at));
    ov_put_str(ret, "log ");
    ov_put_vkey(ret, next);
    ov_put_u8(ret, '\n');
    ov_put_span(ret, ov_span_clip(all, at, all.len));
    return ov_buf_status(ret) == OV_OK || tell_error("out of memory");
}

/* The first number that no key of a log has had. */
static const char *next_key_name(struct instance *in)
{
    for (unsigned i = 2; i < 10000; i++) {
        const char *name = text(in, "log-%u", i);

        if (!disk_exists(path_in(in, "keys/%s.pub", name)) &&
            !disk_exists(path_in(in, "keys/retired/%s.pub", name)))
            return name;
    }
    return "";
}

bool cmd_log_next(struct instance *in)
{
    OV_AUTO_DONE(buf) policy = ov_buf_with_max(OV_POLICY_MAX_SIZE);
    const char *origin = option_get(&in->args, OPT_name);
    const char *name;
    struct ov_vkey next;

    if (origin == NULL || option_get(&in->args, OPT_as) == NULL)
        return tell_error("say --name, the next log's origin, as %s/log/2027, "
                          "and --as PERSON",
                          in->name);
    if (!ov_key_name_is_valid(ov_span_str(origin)) ||
        strcmp(origin, in->origin) == 0)
        return tell_error("--name %s: another origin than %s, without spaces "
                          "and plus signs",
                          origin, in->origin);
    tell("Makes a key for the next log, %s, and a policy that names it beside "
         "%s.",
         origin, in->origin);
    name = find_log_key(in, origin);
    if (name == NULL) {
        if (!confirm(in, "Make the key?") ||
            !key_make(in, name = next_key_name(in), origin, &next))
            return false;
    } else if (!key_read_public(in, name, &next)) {
        return false;
    }
    tell("Its verifier key, which every witness needs before the turn, is in "
         "%s",
         path_in(in, "keys/%s.pub", name));
    return put_policy(in, &next, &policy) &&
           pending_stage(in, "policy", ov_buf_span(&policy));
}

/* -- log-end -- */

bool cmd_log_end(struct instance *in)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(OV_ENTRY_MAX);
    const char *why = option_get(&in->args, OPT_why);
    const char *next = option_get(&in->args, OPT_name);

    if (why == NULL || option_get(&in->args, OPT_as) == NULL)
        return tell_error("say --why and --as PERSON");
    if (next != NULL && !is_in_policy(in, next))
        return false;
    tell("This closes %s for ever: nothing may follow in it.", in->origin);
    if (next == NULL)
        tell("No --name is given: no log will follow it, and clients will "
             "believe no other.");
    ov_put_entry_head(&b, in->name, OV_ENTRY_LOG_END);
    ov_put_entry_line(&b, "origin", "%s", in->origin);
    if (next != NULL)
        ov_put_entry_line(&b, "next", "%s", next);
    ov_put_entry_line(&b, "why", "%s", why);
    put_signed_by(in, &b);
    return staged_new(in, text(in, "log-end-%s", short_name(in->origin)), &b,
                      option_get(&in->args, OPT_as));
}

/* -- log-start -- */

bool cmd_log_start(struct instance *in)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(OV_ENTRY_MAX);
    const char *as = option_get(&in->args, OPT_as);
    struct ov_opened *end;
    struct ov_span next;
    const char *origin;
    struct history h;

    if (as == NULL)
        return tell_error("say --as PERSON");
    if (!history_read(in, &h) || !read_end(in, &h, &end))
        return false;
    if (end == NULL || !ov_entry_value(&end->entry, "next", 0, &next))
        return tell_error("the last entry of %s is not a log-end that names "
                          "the next log: overt-publish log-end %s --name "
                          "ORIGIN, and let the log take it",
                          in->origin, in->dir);
    origin = text_of(in, next);
    if (!is_in_policy(in, origin))
        return false;
    ov_put_entry_head(&b, in->name, OV_ENTRY_LOG_START);
    ov_put_entry_line(&b, "origin", "%s", origin);
    ov_put_entry_line(&b, "after", "%s", in->origin);
    ov_put_entry_line(&b, "size", "%llu", (unsigned long long)h.n);
    ov_put_entry_line(&b, "root", "%s", hex_of(in, h.root));
    put_signed_by(in, &b);
    return staged_new(in, text(in, "log-start-%s", short_name(origin)), &b, as);
}

/* -- the turn itself -- */

/* overt-logd takes the next origin and key; then the instance does. Stopped in
 * between it is done again: what was done is found done. */
static bool turn(struct instance *in, const char *origin)
{
    const char *passphrase = option_get(&in->args, OPT_passphrase_file);
    const char *key = find_log_key(in, origin);
    const char *old = find_log_key(in, in->origin);
    const char *words[] = {"turn",
                           path_in(in, "logd"),
                           "--origin",
                           origin,
                           "--key",
                           path_in(in, "keys/%s.key", key),
                           "--passphrase-file",
                           passphrase};
    int code;

    if (key == NULL)
        return tell_error("the key of %s is not in %s", origin,
                          path_in(in, "keys"));
    if (disk_exists(path_in(in, "logd/socket")))
        return tell_error("the log is running: end overt-logd, then overt-"
                          "publish log %s, then start it again",
                          in->dir);
    if (!run_command("overt-logd", words, passphrase != NULL ? 8 : 6,
                     RUN_WITHOUT_STDOUT, &code))
        return false;
    if (code != 0)
        return tell_error("overt-logd turn ended with %d", code);
    tell("%s has ended; %s goes on", in->origin, origin);
    in->origin = origin;
    return instance_write(in) && (old == NULL || key_retire(in, old));
}

/* A queued log-start that follows the present log; *ret is NULL if there is
 * none. *ret_others: how many else. */
static bool find_start(struct instance *in, const char **ret,
                       size_t *ret_others)
{
    struct ov_note *n = ov_arena_alloc(in->arena, sizeof(*n));
    struct ov_entry *e = ov_arena_alloc(in->arena, sizeof(*e));
    struct disk_names names;
    bool ok = disk_list(path_in(in, "log-queue"), ".note", &names);

    *ret = NULL;
    *ret_others = 0;
    for (size_t i = 0; ok && i < names.n; i++) {
        struct ov_span origin;
        struct ov_span note;

        ok = n != NULL && e != NULL &&
             read_in(in, path_in(in, "log-queue/%s", names.names[i]), &note);
        if (!ok)
            break;
        if (ov_note_parse(in->arena, note, n) == OV_OK &&
            ov_entry_parse(n->text, e, NULL) == OV_OK &&
            e->type == OV_ENTRY_LOG_START &&
            ov_entry_is(e, "after", in->origin) &&
            ov_entry_value(e, "origin", 0, &origin))
            *ret = text_of(in, origin);
        else
            ++*ret_others;
    }
    disk_names_done(&names);
    return ok;
}

bool turn_if_due(struct instance *in, const struct history *h)
{
    const char *origin;
    size_t n_others;
    struct ov_opened *end;

    if (!read_end(in, h, &end) || !find_start(in, &origin, &n_others))
        return false;
    if (end == NULL || !ov_entry_is(&end->entry, "origin", in->origin))
        return true;
    if (origin != NULL)
        return turn(in, origin);
    return n_others == 0 ||
           tell_error("%s has ended, and nothing may follow in it: "
                      "overt-publish log-start %s begins the next log",
                      in->origin, in->dir);
}
