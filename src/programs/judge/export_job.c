/* SPDX-License-Identifier: Apache-2.0 */
#include "export_job.h"

#include "trust/delta.h"

/* The set of a release, as docs/protocol-rules.md has it, record by record to
 * the exporter. */

#define ARENA_MAX ((size_t)1 << 30)

static enum ov_status read_set(struct ov_span records, struct ov_record_set *s)
{
    struct ov_reader r = ov_reader_over(records);

    while (ov_reader_more(&r)) {
        struct ov_record record;

        OV_TRY(ov_record_read(&r, &record));
        OV_TRY(ov_record_set_add(s, &record));
    }
    OV_TRY(ov_reader_end(&r));
    return ov_record_set_seal(s);
}

static enum ov_status export_set(const struct ov_record_set *s,
                                 struct ov_export *x)
{
    size_t n;
    const struct ov_record_entry *list = ov_record_set_list(s, &n);

    for (size_t i = 0; i < n; i++) {
        const struct ov_record *r = &list[i].record;
        const struct ov_tier_record one = {r->id, r->kind, r->source};

        OV_TRY(ov_export_record(x, &one));
    }
    return OV_OK;
}

enum ov_status export_job_run(struct ov_span records, struct ov_span delta,
                              struct ov_export *x)
{
    OV_AUTO(arena) arena = ov_arena_new(ARENA_MAX);
    OV_AUTO(record_set) base = ov_record_set_new();
    OV_AUTO(record_set) set = NULL;
    struct ov_delta d = {0};

    if (arena == NULL || base == NULL)
        return OV_NO_MEMORY;
    OV_TRY(read_set(records, base));
    if (delta.len > 0)
        OV_TRY(ov_delta_read(delta, arena, &d));
    OV_TRY(ov_delta_apply(base, &d, &set));
    return export_set(set, x);
}
