/* SPDX-License-Identifier: Apache-2.0 */
#include "tier_job.h"

#include "rules/tier_build.h"
#include "trust/record.h"

/* What a publisher signs the digest of is compiled here, by the same function
 * that every client calls when it compiles the release again. */

struct lists {
    OV_LIST(struct ov_tier_record, records);
    OV_LIST(struct ov_span, withdrawn);
};

static enum ov_status read_records(struct ov_span bytes, struct lists *l)
{
    struct ov_reader r = ov_reader_over(bytes);

    while (ov_reader_more(&r)) {
        struct ov_tier_record *to = ov_part_add(&l->records);
        struct ov_record record;

        if (to == NULL)
            return OV_NO_MEMORY;
        OV_TRY(ov_record_read(&r, &record));
        *to = (struct ov_tier_record){record.id, record.kind, record.source};
    }
    return ov_reader_end(&r);
}

static enum ov_status read_withdrawn(struct ov_span bytes, struct lists *l)
{
    while (bytes.len > 0) {
        struct ov_span *to = ov_part_add(&l->withdrawn);
        struct ov_span line;

        if (to == NULL)
            return OV_NO_MEMORY;
        if (!ov_span_cut(&bytes, '\n', &line))
            return OV_MALFORMED;
        *to = line;
    }
    return OV_OK;
}

static enum ov_status run(struct lists *l, struct ov_buf *image,
                          struct ov_compile_report *report,
                          struct ov_diag *diag)
{
    const struct ov_tier_job job = {l->records.items, l->records.n,
                                    l->withdrawn.items, l->withdrawn.n};

    return ov_tier_compile(&job, image, report, diag);
}

enum ov_status tier_job_compile(struct ov_span records,
                                struct ov_span withdrawn, struct ov_buf *image,
                                struct ov_compile_report *report,
                                struct ov_diag *diag)
{
    struct lists l = {0};
    enum ov_status status = read_records(records, &l);

    if (status == OV_OK)
        status = read_withdrawn(withdrawn, &l);
    if (status == OV_OK)
        status = run(&l, image, report, diag);
    ov_free(l.records.items);
    ov_free(l.withdrawn.items);
    return status;
}
