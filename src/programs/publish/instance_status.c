/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "commands.h"
#include "metadata.h"
#include "staged.h"
#include "tuf/tuf_metadata.h"

/* What there is, what waits, what ends when. */

#define DAY 86400

static bool tell_expiry(struct instance *in, const char *role)
{
    OV_AUTO_DONE(buf) line = ov_buf_with_max(256);
    struct ov_tuf_root root;
    struct ov_tuf_timestamp t;
    struct ov_tuf_snapshot s;
    struct ov_tuf_targets targets;
    struct ov_tuf_meta meta;
    struct ov_span bytes;

    if (!metadata_read(in, role, &bytes))
        return false;
    if (ov_tuf_read_root(in->arena, bytes, &root) == OV_OK)
        meta = root.meta;
    else if (ov_tuf_read_timestamp(in->arena, bytes, &t) == OV_OK)
        meta = t.meta;
    else if (ov_tuf_read_snapshot(in->arena, bytes, &s) == OV_OK)
        meta = s.meta;
    else if (ov_tuf_read_targets(in->arena, bytes, &targets) == OV_OK)
        meta = targets.meta;
    else
        return tell_error("metadata of role %s is damaged", role);
    ov_put_date(&line, (uint64_t)meta.expires);
    ov_put_u8(&line, 0);
    if (ov_buf_status(&line) != OV_OK)
        return tell_error("out of memory");
    tell("  %-10s version %lld, until %s%s", role, (long long)meta.version,
         (const char *)line.ptr,
         meta.expires <= (int64_t)in->now        ? "  EXPIRED: sign it again"
         : meta.expires < (int64_t)in->now + DAY ? "  (a day or less)"
                                                 : "");
    return true;
}

static bool tell_folder(struct instance *in, const char *folder,
                        const char *what)
{
    struct disk_names names;
    bool ok = disk_list(path_in(in, "%s", folder), "", &names);

    for (size_t i = 0; ok && i < names.n; i++)
        tell("  %s: %s", what, names.names[i]);
    disk_names_done(&names);
    return ok;
}

bool cmd_status(struct instance *in)
{
    struct history h;

    if (!history_read(in, &h))
        return false;
    tell("%s, preset %s, log %s with %llu entries", in->name,
         preset_names[in->preset], in->origin, (unsigned long long)h.n);
    if (in->preset == PRESET_SOLO)
        tell("one person runs it: nobody reviews its rules");
    for (size_t i = 0; i < N_ROLES; i++) {
        if ((roles[i].kind == KIND_TUF || roles[i].kind == KIND_DELEGATED) &&
            !tell_expiry(in, roles[i].name))
            return false;
    }
    return tell_folder(in, "staging", "waits for signatures") &&
           tell_folder(in, "log-queue", "waits for the log");
}

static void tell_signers(const struct ov_signers *signers)
{
    for (size_t i = 0; i < signers->n; i++)
        tell("  signed by  %s", signers->list[i]->key.name);
}

static bool show_logged(struct instance *in, uint64_t index)
{
    struct ov_opened *o = ov_arena_alloc(in->arena, sizeof(*o));
    struct ov_diag diag = {0};
    struct ov_people people;
    struct history h;

    if (o == NULL || !people_read(in, &people) || !history_read(in, &h))
        return false;
    if (index >= h.n)
        return tell_error("the log has %llu entries", (unsigned long long)h.n);
    if (ov_entry_open(in->arena, h.entries[index], &people, index, o, &diag) !=
        OV_OK)
        return tell_error("entry %llu counts for nothing: %s",
                          (unsigned long long)index, diag.text);
    tell_entry(&o->entry);
    tell_signers(&o->signers);
    return true;
}

bool cmd_show(struct instance *in)
{
    struct staged *s = ov_arena_alloc(in->arena, sizeof(*s));
    uint64_t index;

    if (s == NULL || in->args.n_operands != 2)
        return tell_error("say what to show: a staged name, or a log index");
    if (ov_parse_uint(ov_span_str(in->args.operands[1]), UINT64_MAX, &index))
        return show_logged(in, index);
    if (!staged_read(in, in->args.operands[1], s))
        return false;
    tell_entry(&s->opened.entry);
    tell_signers(&s->opened.signers);
    return true;
}
