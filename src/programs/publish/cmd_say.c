/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "code_release.h"
#include "commands.h"
#include "json/json.h"
#include "metadata.h"
#include "pending.h"
#include "staged.h"

/* Recalls and notices: what people say to clients and owners beside rules. Both
 * are staged like a rule and need as many people; `overt-publish publish` then
 * puts what is in the log where clients look.
 *
 * A recall is as strong as a release, since switching detection off is an
 * attack too: what makes it fast is a drilled path, not a missing check. A
 * notice can name dates and never do anything. */

#define DAY UINT64_C(86400)
/* Owners hear of an end at least that long before (docs/publisher.md). */
#define NOTICE_DAYS 60
#define MAX_NOTICES 256

static void put_end(struct instance *in, struct ov_buf *b)
{
    ov_put_entry_line(b, "author", "%s", option_get(&in->args, OPT_as));
    ov_put_str(b, "time ");
    ov_put_time(b, in->now);
    ov_put_u8(b, '\n');
}

static bool needs(struct instance *in, enum option o, const char *words)
{
    return option_get(&in->args, o) != NULL || tell_error("say %s", words);
}

/* -- recall -- */

bool cmd_recall(struct instance *in)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(OV_ENTRY_MAX);
    const struct arguments *a = &in->args;
    const char *channel = option_get(a, OPT_channel);
    const char *release = option_get(a, OPT_release);

    if (!needs(in, OPT_id, "--id: the recall's own name, as C-2026-001") ||
        !needs(in, OPT_as, "--as PERSON") ||
        !needs(in, OPT_why, "--why: the reason, in public"))
        return false;
    if (a->counts[OPT_rule] == 0 && release == NULL && a->counts[OPT_code] == 0)
        return tell_error("say what is withdrawn: --rule, --release or "
                          "--code");
    ov_put_entry_head(&b, in->name, OV_ENTRY_RECALL);
    ov_put_entry_line(&b, "id", "%s", option_get(a, OPT_id));
    for (size_t i = 0; i < a->counts[OPT_rule]; i++)
        ov_put_entry_line(&b, "rule", "%s", a->values[OPT_rule][i]);
    if (release != NULL)
        ov_put_entry_line(&b, "release", "%s %s",
                          channel != NULL ? channel : "stable", release);
    for (size_t i = 0; i < a->counts[OPT_code]; i++)
        ov_put_entry_line(&b, "code", "%s", a->values[OPT_code][i]);
    ov_put_entry_line(&b, "why", "%s", option_get(a, OPT_why));
    put_end(in, &b);
    return staged_new(in, text(in, "recall-%s", option_get(a, OPT_id)), &b,
                      option_get(a, OPT_as));
}

/* -- notice -- */

struct end_date {
    const char *what; /* "sales_end" */
    const char *date;
};

/* The file of a notice (overt-service-notice/1), made of the same facts as the
 * entry. */
static bool put_notice_file(struct instance *in, const struct end_date *dates,
                            size_t n, struct ov_buf *b)
{
    const char *region = option_get(&in->args, OPT_region);

    ov_put_str(b, "{\n  \"format\": \"overt-service-notice/1\",\n"
                  "  \"jurisdiction\": ");
    ov_put_u8(b, '"');
    ov_put_json(b, ov_span_str(region != NULL ? region : "*"));
    ov_put_str(b, "\",\n  \"announced\": \"");
    ov_put_date(b, in->now);
    ov_put_str(b, "\",\n");
    for (size_t i = 0; i < n; i++)
        ov_put_format(b, "  \"%s\": \"%s\",\n", dates[i].what, dates[i].date);
    ov_put_str(b, "  \"what_continues\": [\"scanning with the last "
                  "database\", \"local commands\", \"mirrors\"],\n"
                  "  \"determined_by\": [\"owner's setting\"],\n"
                  "  \"not_by\": [\"ip address\"],\n"
                  "  \"migration\": {\"export\": [\"clamav\", \"yara\"]},\n"
                  "  \"third_party_replacement_installed\": false,\n"
                  "  \"text\": \"");
    ov_put_json(b, ov_span_str(option_get(&in->args, OPT_why)));
    ov_put_str(b, "\"\n}\n");
    return ov_buf_status(b) == OV_OK || tell_error("out of memory");
}

static bool is_known_end(struct ov_span what)
{
    static const char *const known[] = {"sales_end", "code_updates_end",
                                        "signature_updates_end", "cloud_end",
                                        "support_end"};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (ov_span_equal(what, ov_span_str(known[i])))
            return true;
    }
    return false;
}

/* "signature_updates_end=2027-03-01", and late enough. */
static bool read_date(struct instance *in, const char *given,
                      struct end_date *ret)
{
    struct ov_span date = ov_span_str(given);
    uint64_t earliest = in->now - in->now % DAY + NOTICE_DAYS * DAY;
    struct ov_span what;
    uint64_t time;

    if (!ov_span_cut(&date, '=', &what) || !is_known_end(what) ||
        !ov_date_parse(date, &time))
        return tell_error("--date %s: say WHAT=2027-03-01, WHAT being "
                          "sales_end, code_updates_end, signature_updates_end, "
                          "cloud_end or support_end",
                          given);
    if (time < earliest)
        return tell_error("--date %s: owners are told at least %d days before",
                          given, NOTICE_DAYS);
    *ret = (struct end_date){text_of(in, what), text_of(in, date)};
    return true;
}

static bool put_notice(struct instance *in, const char *kind, struct ov_buf *b)
{
    OV_AUTO_DONE(buf) file = ov_buf_with_max(1 << 20);
    const struct arguments *a = &in->args;
    const char *given = option_get(a, OPT_file);
    struct end_date dates[MAX_REPEAT];
    struct ov_span bytes;
    const char *blob;

    for (size_t i = 0; i < a->counts[OPT_date]; i++) {
        if (!read_date(in, a->values[OPT_date][i], &dates[i]))
            return false;
    }
    if (given == NULL &&
        !put_notice_file(in, dates, a->counts[OPT_date], &file))
        return false;
    bytes = ov_buf_span(&file);
    if ((given != NULL && !read_in(in, given, &bytes)) ||
        !blob_put(in, bytes, &blob))
        return false;
    ov_put_entry_head(b, in->name, OV_ENTRY_NOTICE);
    ov_put_entry_line(b, "id", "%s", option_get(a, OPT_id));
    ov_put_entry_line(b, "kind", "%s", kind);
    if (option_get(a, OPT_region) != NULL)
        ov_put_entry_line(b, "region", "%s", option_get(a, OPT_region));
    ov_put_str(b, "announced ");
    ov_put_date(b, in->now);
    ov_put_u8(b, '\n');
    for (size_t i = 0; i < a->counts[OPT_date]; i++)
        ov_put_entry_line(b, "date", "%s %s", dates[i].what, dates[i].date);
    ov_put_entry_line(b, "file", "%s", blob);
    put_end(in, b);
    return true;
}

bool cmd_notice(struct instance *in)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(OV_ENTRY_MAX);
    const char *kind = option_get(&in->args, OPT_kind);

    if (!needs(in, OPT_id, "--id: the notice's own name, as N-2026-001") ||
        !needs(in, OPT_as, "--as PERSON") ||
        !needs(in, OPT_why, "--why: what owners are told"))
        return false;
    kind = kind != NULL ? kind : "information";
    if (strcmp(kind, "end-of-service") == 0 && in->args.counts[OPT_date] == 0)
        return tell_error("an end of service has a --date");
    return put_notice(in, kind, &b) &&
           staged_new(in, text(in, "notice-%s", option_get(&in->args, OPT_id)),
                      &b, option_get(&in->args, OPT_as));
}

/* -- publish -- */

struct lists {
    struct instance *in;
    struct ov_buf recalls; /* recall/list */
    struct ov_buf told;    /* notice/list: digests of the notices' files */
    struct target_change notices[MAX_NOTICES + 1]; /* the last: notice/list */
    size_t n_notices;
};

static bool list_entry(struct lists *l, struct ov_span note,
                       const struct ov_entry *e)
{
    struct instance *in = l->in;
    uint8_t digest[32];
    struct ov_span value;
    struct ov_span id;

    if (e->type == OV_ENTRY_RECALL) {
        if (!digest_of(note, digest))
            return false;
        ov_put_entry_digest(&l->recalls, digest);
        ov_put_u8(&l->recalls, '\n');
        return true;
    }
    if (e->type != OV_ENTRY_NOTICE || !ov_entry_value(e, "file", 0, &value) ||
        !ov_entry_value(e, "id", 0, &id))
        return true;
    if (l->n_notices == MAX_NOTICES)
        return tell_error("too many notices");
    ov_put_span(&l->told, ov_span_clip(value, 0, strlen("sha256:") + 64));
    ov_put_u8(&l->told, '\n');
    l->notices[l->n_notices].path = text(in, "notice/%s.json", text_of(in, id));
    return blob_get(in, value, &l->notices[l->n_notices++].bytes);
}

static bool list_all(struct lists *l, const struct history *h)
{
    struct instance *in = l->in;
    struct ov_opened *o = ov_arena_alloc(in->arena, sizeof(*o));
    struct ov_people people;

    if (o == NULL || !people_read(in, &people))
        return false;
    for (uint64_t i = 0; i < h->n; i++) {
        if (ov_entry_open(in->arena, h->entries[i], &people, i, o, NULL) ==
                OV_OK &&
            !list_entry(l, h->entries[i], &o->entry))
            return false;
    }
    return true;
}

static bool is_new(struct instance *in, enum role role,
                   const struct target_change *c, bool *ret)
{
    struct ov_span old;
    bool is_there;

    if (!target_read(in, role, c->path, &old, &is_there))
        return false;
    *ret = !is_there || !ov_span_equal(old, c->bytes);
    return true;
}

/* Those of n that differ from what is published: signed again, or nothing. */
static bool publish_role(struct instance *in, enum role role,
                         const struct target_change *changes, size_t n)
{
    bool is_any_new = false;

    for (size_t i = 0; i < n; i++) {
        bool is_this_new;

        if (!is_new(in, role, &changes[i], &is_this_new))
            return false;
        is_any_new |= is_this_new;
    }
    return !is_any_new || metadata_targets(in, role, changes, n);
}

bool cmd_publish(struct instance *in)
{
    struct lists *l = ov_arena_alloc(in->arena, sizeof(*l));
    struct target_change code;
    struct history h;
    bool ok;

    if (l == NULL || !log_take(in, &h))
        return false;
    l->in = in;
    l->recalls = ov_buf_with_max(64 << 10);
    l->told = ov_buf_with_max(64 << 10);
    ok = list_all(l, &h) && ov_buf_status(&l->recalls) == OV_OK &&
         ov_buf_status(&l->told) == OV_OK;
    if (ok && l->n_notices > 0)
        l->notices[l->n_notices++] =
            (struct target_change){"notice/list", ov_buf_span(&l->told)};
    if (ok && l->recalls.len > 0)
        ok = publish_role(
            in, ROLE_recall,
            &(struct target_change){"recall/list", ov_buf_span(&l->recalls)},
            1);
    ok = ok && publish_role(in, ROLE_notices, l->notices, l->n_notices) &&
         code_release_target(in, &h, &code) &&
         (code.bytes.ptr == NULL || publish_role(in, ROLE_code, &code, 1));
    ov_buf_done(&l->recalls);
    ov_buf_done(&l->told);
    return ok && pending_take(in, &h) && metadata_snapshot(in) &&
           history_publish_checkpoint(in, &h) && metadata_timestamp(in);
}
