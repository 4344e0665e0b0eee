/* SPDX-License-Identifier: Apache-2.0 */
#include "pending.h"

#include <string.h>

#include "metadata.h"
#include "staged.h"

const char *pending_path(struct instance *in, const char *name)
{
    return path_in(in, "pending/%s", name);
}

/* Whether a key-event that counts speaks about the file with this digest. */
static bool is_logged(struct instance *in, const struct history *h,
                      const uint8_t digest[static 32], bool *ret)
{
    struct ov_opened *o = ov_arena_alloc(in->arena, sizeof(*o));
    struct ov_people people;
    uint8_t file[32];

    *ret = false;
    if (o == NULL || !people_read(in, &people))
        return false;
    for (uint64_t i = h->n; i-- > 0;) {
        if (ov_entry_open(in->arena, h->entries[i], &people, i, o, NULL) ==
                OV_OK &&
            o->entry.type == OV_ENTRY_KEY_EVENT &&
            ov_entry_digest(&o->entry, "file", file, NULL) &&
            memcmp(file, digest, sizeof(file)) == 0) {
            *ret = true;
            return true;
        }
    }
    return true;
}

/* people, policy, limits: in force here, and a target. */
static bool take_trust(struct instance *in, const char *name,
                       struct ov_span bytes)
{
    const struct target_change change = {.path = text(in, "trust/%s", name),
                                         .bytes = bytes};

    return metadata_targets(in, ROLE_targets, &change, 1) &&
           disk_move(pending_path(in, name), path_in(in, "%s", name));
}

bool pending_take(struct instance *in, const struct history *h)
{
    struct disk_names names;
    bool ok = disk_list(path_in(in, "pending"), "", &names);

    for (size_t i = 0; ok && i < names.n; i++) {
        const char *name = names.names[i];
        const char *from = pending_path(in, name);
        struct ov_span bytes;
        uint8_t digest[32];
        bool is_there = false;

        ok = read_in(in, from, &bytes) && digest_of(bytes, digest) &&
             is_logged(in, h, digest, &is_there);
        if (!ok || !is_there)
            continue;
        ok = strchr(name, '.') != NULL
                 ? disk_move(from, path_in(in, "repo/metadata/%s", name))
                 : take_trust(in, name, bytes);
        if (ok)
            tell("%s is in the log, and in force", name);
    }
    disk_names_done(&names);
    return ok;
}

/* -- staging -- */

bool pending_key_event(struct instance *in, const char *role, int64_t version,
                       struct ov_span file)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(OV_ENTRY_MAX);
    const char *why = option_get(&in->args, OPT_why);
    const char *as = option_get(&in->args, OPT_as);
    uint8_t digest[32];

    if (!digest_of(file, digest))
        return false;
    ov_put_entry_head(&b, in->name, OV_ENTRY_KEY_EVENT);
    ov_put_entry_line(&b, "role", "%s", role);
    ov_put_entry_line(&b, "version", "%lld", (long long)version);
    ov_put_entry_line(&b, "file", "sha256:%s %zu", hex_of(in, digest),
                      file.len);
    if (why != NULL)
        ov_put_entry_line(&b, "why", "%s", why);
    ov_put_entry_line(&b, "author", "%s", as);
    ov_put_str(&b, "time ");
    ov_put_time(&b, in->now);
    ov_put_u8(&b, '\n');
    return staged_new(
        in, text(in, "key-event-%s-%lld", role, (long long)version), &b, as);
}

/* Key-events of a file count up. */
static bool next_version(struct instance *in, const char *role, int64_t *ret)
{
    struct ov_opened *o = ov_arena_alloc(in->arena, sizeof(*o));
    struct ov_people people;
    struct history h;
    uint64_t newest = 0;

    if (o == NULL || !people_read(in, &people) || !history_read(in, &h))
        return false;
    for (uint64_t i = 0; i < h.n; i++) {
        uint64_t version;

        if (ov_entry_open(in->arena, h.entries[i], &people, i, o, NULL) ==
                OV_OK &&
            o->entry.type == OV_ENTRY_KEY_EVENT &&
            ov_entry_is(&o->entry, "role", role) &&
            ov_entry_number(&o->entry, "version", &version) && version > newest)
            newest = version;
    }
    *ret = (int64_t)newest + 1;
    return true;
}

bool pending_stage(struct instance *in, const char *name, struct ov_span bytes)
{
    const char *path = pending_path(in, name);
    int64_t version;

    if (disk_exists(path))
        return tell_error("%s: waits to be in the log; let it, or remove it",
                          path);
    if (!next_version(in, name, &version) || !disk_write(path, bytes, 0644))
        return false;
    tell("the new file is %s; it takes effect when its key-event is in the "
         "log, by: overt-publish publish %s",
         path, in->dir);
    return pending_key_event(in, name, version, bytes);
}
