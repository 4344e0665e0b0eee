/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "commands.h"
#include "compile_tier.h"
#include "release_set.h"
#include "staged.h"

/* Entries that say something about other entries: the source of a rule that was
 * secret, what came out when a release was compiled again, a document about a
 * file. */

static void put_signed_by(struct instance *in, struct ov_buf *b)
{
    ov_put_entry_line(b, "author", "%s", option_get(&in->args, OPT_as));
    ov_put_str(b, "time ");
    ov_put_time(b, in->now);
    ov_put_u8(b, '\n');
}

static void put_now(struct instance *in, struct ov_buf *b)
{
    ov_put_str(b, "time ");
    ov_put_time(b, in->now);
    ov_put_u8(b, '\n');
}

/* -- reveal -- */

/* The newest change of the rule, which must be secret, and its source, which
 * must be here. */
static bool find_secret(struct instance *in, const char *id, uint64_t *ret,
                        struct ov_span *ret_source)
{
    struct ov_opened *o = ov_arena_alloc(in->arena, sizeof(*o));
    struct history h;
    struct ov_span value;

    if (o == NULL || !history_read(in, &h))
        return false;
    if (!history_newest(in, &h, OV_ENTRY_RULE_CHANGE, id, o, ret))
        return tell_error("no rule %s is in the log", id);
    if (!ov_entry_value(&o->entry, "embargo", 0, &value))
        return tell_error("entry %llu is not secret", (unsigned long long)*ret);
    return (ov_entry_value(&o->entry, "source", 0, ret_source) &&
            blob_get(in, *ret_source, &value)) ||
           tell_error("the source of entry %llu is not here",
                      (unsigned long long)*ret);
}

bool cmd_reveal(struct instance *in)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(OV_ENTRY_MAX);
    const char *id = option_get(&in->args, OPT_id);
    const char *as = option_get(&in->args, OPT_as);
    struct ov_span source;
    uint64_t index;

    if (id == NULL || as == NULL)
        return tell_error("say --id RULE and --as PERSON");
    if (!find_secret(in, id, &index, &source))
        return false;
    ov_put_entry_head(&b, in->name, OV_ENTRY_REVEAL);
    ov_put_entry_line(&b, "change", "%llu", (unsigned long long)index);
    ov_put_entry_line(&b, "source", "%.*s", (int)source.len,
                      (const char *)source.ptr);
    put_signed_by(in, &b);
    return staged_new(in, text(in, "reveal-%llu", (unsigned long long)index),
                      &b, as);
}

/* -- rebuild -- */

/* Both tiers of the channel's last release, from the log's sources. */
static bool compile_again(struct instance *in, const struct release_set *s,
                          struct ov_blob images[2])
{
    struct ov_delta changes;

    if (ov_delta_between(s->base, s->old, in->arena, &changes) != OV_OK)
        return tell_error("out of memory");
    changes.from = s->last.base;
    changes.to = s->last.seq;
    return compile_base(in, s->base, &images[0]) &&
           compile_changes(in, s->base, &changes, &images[1]);
}

static bool is_as_said(const struct release_set *s,
                       const struct ov_blob images[2])
{
    for (unsigned i = 0; i < 2; i++) {
        struct ov_span value;
        struct ov_span number;
        struct ov_blob said;

        if (!ov_entry_value(&s->last.entry, "db", i, &value) ||
            !ov_span_cut(&value, ' ', &number) ||
            !ov_blob_parse(value, &said) || said.len != images[i].len ||
            memcmp(said.digest, images[i].digest, 32) != 0)
            return false;
    }
    return true;
}

static bool put_rebuild(struct instance *in, const struct history *h,
                        const struct release_set *s, struct ov_buf *b)
{
    struct ov_blob images[2];
    uint64_t index;

    if (!s->last.is_there || !history_find(h, s->last.note, &index))
        return tell_error("the channel has no release");
    if (!compile_again(in, s, images))
        return false;
    ov_put_entry_head(b, in->name, OV_ENTRY_REBUILD);
    ov_put_entry_line(b, "release", "%llu", (unsigned long long)index);
    ov_put_entry_line(b, "result",
                      is_as_said(s, images) ? "same" : "different");
    for (unsigned i = 0; i < 2; i++) {
        ov_put_format(b, "db %u ", i);
        ov_put_blob(b, &images[i]);
        ov_put_u8(b, '\n');
    }
    put_now(in, b);
    return true;
}

bool cmd_rebuild(struct instance *in)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(OV_ENTRY_MAX);
    const char *as = option_get(&in->args, OPT_as);
    const char *channel = option_get(&in->args, OPT_channel);
    struct release_set s = {0};
    struct history h;
    bool ok;

    if (as == NULL)
        return tell_error("say --as REBUILDER: a key of that group");
    channel = channel != NULL ? channel : "stable";
    ok = history_read(in, &h) && release_set_read(in, &h, channel, &s) &&
         put_rebuild(in, &h, &s, &b) &&
         staged_new(in,
                    text(in, "rebuild-%s-%llu-%s", channel,
                         (unsigned long long)s.last.seq, as),
                    &b, as);
    release_set_done(&s);
    return ok;
}

/* -- attach -- */

bool cmd_attach(struct instance *in)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(OV_ENTRY_MAX);
    const struct arguments *a = &in->args;
    const char *kind = option_get(a, OPT_kind);
    const char *file = option_get(a, OPT_file);
    const char *subject = option_get(a, OPT_source);
    const char *as = option_get(a, OPT_as);
    bool is_sbom = kind != NULL && strcmp(kind, "sbom") == 0;
    struct ov_span bytes;
    struct ov_blob of;
    const char *blob;

    if (file == NULL || subject == NULL || as == NULL ||
        (!is_sbom && (kind == NULL || strcmp(kind, "provenance") != 0)))
        return tell_error("say --kind sbom or provenance, --file DOCUMENT, "
                          "--source FILE (what it is about), and --as BUILDER");
    if (!read_in(in, subject, &bytes))
        return false;
    if (ov_blob_of(bytes, &of) != OV_OK)
        return tell_error("out of memory");
    if (!read_in(in, file, &bytes) || !blob_put(in, bytes, &blob))
        return false;
    ov_put_entry_head(&b, in->name,
                      is_sbom ? OV_ENTRY_SBOM : OV_ENTRY_PROVENANCE);
    ov_put_str(&b, "subject ");
    ov_put_entry_digest(&b, of.digest);
    ov_put_u8(&b, '\n');
    ov_put_entry_line(&b, "format", is_sbom ? "cyclonedx" : "in-toto");
    ov_put_entry_line(&b, "file", "%s", blob);
    put_now(in, &b);
    return staged_new(in, text(in, "%s-%.16s", kind, hex_of(in, of.digest)), &b,
                      as);
}
