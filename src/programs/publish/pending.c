/* SPDX-License-Identifier: Apache-2.0 */
#include "pending.h"

#include <string.h>

#include "metadata.h"

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
