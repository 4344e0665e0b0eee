/* SPDX-License-Identifier: Apache-2.0 */
#include "host/cloud_local.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "log/note.h"
#include "reputation/cloud_state.h"
#include "reputation/fuse_filter.h"
#include "reputation/hot_list.h"
#include "reputation/shard_list.h"
#include "sys/fd.h"

/* Files of our own state, which the judge has believed when it wrote them: they
 * are opened without proofs, as a first look. Its answer is never a detection;
 * that is the judge's. Shards are mapped when the first hash asks for one. */

#define ARENA ((size_t)1 << 20)

struct mapped {
    bool is_tried;
    struct ov_span bytes; /* empty: not there */
};

struct cloud_local {
    const char *state;
    struct mapped current;
    struct ov_cloud_state cloud;
    struct ov_snapshot snapshot;
    struct mapped hot;
    struct mapped shards[OV_SHARDS];
    struct ov_shard_list list;
    bool has_filter;
    struct ov_arena *arena;
};

static enum ov_status map_file(const char *state, const char *name,
                               struct mapped *ret)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(PATH_MAX);
    struct stat st;
    void *at;

    ret->is_tried = true;
    ov_put_format(&path, "%s/%s", state, name);
    ov_put_u8(&path, 0);
    OV_TRY(ov_buf_status(&path));
    OV_AUTO_FD fd = open((char *)path.ptr, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
        st.st_size == 0)
        return OV_NOT_FOUND;
    at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        return OV_NO_MEMORY;
    ret->bytes = ov_span_of(at, (size_t)st.st_size);
    return OV_OK;
}

static enum ov_status map_blob(struct cloud_local *l,
                               const uint8_t digest[static 32],
                               struct mapped *ret)
{
    char name[OV_CLOUD_NAME_SIZE];

    if (ret->is_tried)
        return ret->bytes.len > 0 ? OV_OK : OV_NOT_FOUND;
    ov_cloud_file_name(digest, name);
    return map_file(l->state, name, ret);
}

static void unmap(struct mapped *m)
{
    /* Came from mmap, so it may be taken away by munmap. */
    if (m->bytes.len > 0)
        (void)!munmap((void *)(uintptr_t)m->bytes.ptr, m->bytes.len);
}

void cloud_local_close(struct cloud_local *l)
{
    if (l == NULL)
        return;
    unmap(&l->current);
    unmap(&l->hot);
    for (size_t i = 0; i < OV_SHARDS; i++)
        unmap(&l->shards[i]);
    ov_arena_free(l->arena);
    ov_free(l);
}

static enum ov_status read_statement(struct cloud_local *l)
{
    struct ov_note *note = ov_arena_alloc(l->arena, sizeof(*note));
    struct ov_entry *entry = ov_arena_alloc(l->arena, sizeof(*entry));

    if (note == NULL || entry == NULL)
        return OV_NO_MEMORY;
    OV_TRY(ov_cloud_state_read(l->current.bytes, &l->cloud));
    OV_TRY(ov_note_parse(l->arena, l->cloud.note, note));
    OV_TRY(ov_entry_parse(note->text, entry, NULL));
    return ov_snapshot_read(entry, &l->snapshot);
}

static enum ov_status read_list(struct cloud_local *l)
{
    enum ov_filter f =
        l->cloud.tier == OV_CLOUD_MAX ? OV_FILTER_FUSE16 : OV_FILTER_FUSE8;
    struct mapped list = {.is_tried = false};
    enum ov_status status;

    if (!ov_cloud_tier_has(l->cloud.tier, f))
        return OV_OK;
    OV_TRY(map_blob(l, l->snapshot.filters[f].digest, &list));
    status = ov_shard_list_read(list.bytes, f, &l->list);
    unmap(&list);
    l->has_filter = status == OV_OK;
    return status;
}

enum ov_status cloud_local_open(const char *state, struct cloud_local **ret)
{
    struct cloud_local *l = ov_alloc(sizeof(*l));
    enum ov_status status;

    if (l == NULL)
        return OV_NO_MEMORY;
    l->state = state;
    l->arena = ov_arena_new(ARENA);
    status = l->arena != NULL ? OV_OK : OV_NO_MEMORY;
    if (status == OV_OK)
        status = map_file(state, OV_CLOUD_CURRENT, &l->current);
    if (status == OV_OK)
        status = read_statement(l);
    if (status == OV_OK)
        status = read_list(l);
    if (status != OV_OK) {
        cloud_local_close(l);
        return status;
    }
    *ret = l;
    return OV_OK;
}

static bool is_hot(struct cloud_local *l, const uint8_t hash[static 32])
{
    struct ov_hot_record record;
    struct ov_hot hot;

    return map_blob(l, l->snapshot.hot.digest, &l->hot) == OV_OK &&
           ov_hot_open(l->hot.bytes, &hot) == OV_OK &&
           ov_hot_find(&hot, hash, &record);
}

/* A shard that is missing or damaged tells nothing: the judge is asked. */
static bool has_shard(struct cloud_local *l, const uint8_t hash[static 32])
{
    struct mapped *m = &l->shards[hash[0]];
    struct ov_fuse fuse;

    return map_blob(l, l->list.shards[hash[0]].digest, m) != OV_OK ||
           ov_fuse_open(m->bytes, &fuse) != OV_OK ||
           ov_fuse_has_hash(&fuse, hash);
}

bool cloud_local_may_be_bad(struct cloud_local *l,
                            const uint8_t hash[static 32])
{
    struct ov_verdict_change change;

    if (ov_cloud_changed(l->cloud.changes, hash, &change))
        return change.op != OV_VERDICT_RECALL &&
               change.op != OV_VERDICT_WITHDRAW;
    return is_hot(l, hash) || (l->has_filter && has_shard(l, hash));
}

bool cloud_local_is_recalled(const struct cloud_local *l,
                             const uint8_t hash[static 32])
{
    struct ov_verdict_change change;

    return ov_cloud_changed(l->cloud.changes, hash, &change) &&
           change.op == OV_VERDICT_RECALL;
}

uint32_t cloud_local_epoch(const struct cloud_local *l)
{
    return l->snapshot.epoch;
}

void cloud_local_put_identity(const struct cloud_local *l, struct ov_buf *b)
{
    ov_put_u32(b, l->snapshot.epoch);
    ov_put_u64(b, l->cloud.seq);
    ov_put_u32(b, (uint32_t)l->cloud.tier);
}
