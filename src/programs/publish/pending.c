/* SPDX-License-Identifier: Apache-2.0 */
#include "pending.h"

#include <string.h>

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

bool pending_take(struct instance *in, const struct history *h)
{
    struct disk_names names;
    bool ok = disk_list(path_in(in, "pending"), "", &names);

    for (size_t i = 0; ok && i < names.n; i++) {
        const char *from = pending_path(in, names.names[i]);
        struct ov_span bytes;
        uint8_t digest[32];
        bool is_there = false;

        ok = read_in(in, from, &bytes) && digest_of(bytes, digest) &&
             is_logged(in, h, digest, &is_there);
        if (!ok || !is_there)
            continue;
        ok = disk_move(from,
                       strcmp(names.names[i], "people") == 0
                           ? path_in(in, "people")
                           : path_in(in, "repo/metadata/%s", names.names[i]));
        tell("%s is in the log, and in force", names.names[i]);
    }
    disk_names_done(&names);
    return ok;
}
