/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/tier_build.h"

#include "base/text.h"
#include "rules/sources.h"

/* A tier is compiled by the publisher, by those who check it, and by every
 * client, and all must get the same bytes. So there are no options: lines at
 * fault are left out and counted, rules that an .ign line names stay in the
 * image (another release may withdraw that line), and sources stand in the
 * order of their IDs. Nothing is left of when and in what order records came
 * to be. */

#define PIECE_SIZE ((size_t)1 << 20)

static enum ov_status add_sources(struct ov_sources *s,
                                  const struct ov_tier_job *job,
                                  struct ov_diag *diag)
{
    for (size_t i = 0; i < job->n_records; i++) {
        const struct ov_tier_record *r = &job->records[i];
        enum ov_status status;

        if (i > 0 && ov_span_compare(r[-1].id, r->id) >= 0)
            return ov_diag_set(diag, OV_USAGE, 0, "records are not sorted");
        status = ov_sources_add_record(s, r->id, r->kind, r->source);
        if (status != OV_OK)
            return ov_diag_set(diag, status, 0, "%.*s: %s", (int)r->id.len,
                               (const char *)r->id.ptr, ov_status_name(status));
    }
    return OV_OK;
}

static enum ov_status parse_pieces(const struct ov_sources *s,
                                   const struct ov_piece *pieces, size_t n,
                                   struct ov_part **parts)
{
    for (size_t i = 0; i < n; i++) {
        enum ov_status status =
            ov_sources_parse(s, &pieces[i], &parts[i], NULL);

        /* of a piece with lines at fault the others are used */
        if (status != OV_OK && status != OV_MALFORMED)
            return status;
    }
    return OV_OK;
}

enum ov_status ov_tier_compile(const struct ov_tier_job *job,
                               struct ov_buf *ret,
                               struct ov_compile_report *ret_report,
                               struct ov_diag *diag)
{
    static const struct ov_clamav_trust trust = {0};
    OV_AUTO(sources) s = ov_sources_new(&trust);
    OV_AUTO_PTR struct ov_part **parts = NULL;
    struct ov_compile_job compile = {.withdrawn = job->withdrawn,
                                     .n_withdrawn = job->n_withdrawn,
                                     .keeps_silenced = true};
    const struct ov_piece *pieces;
    enum ov_status status;

    if (s == NULL)
        return OV_NO_MEMORY;
    OV_TRY(add_sources(s, job, diag));
    OV_TRY(ov_sources_cut(s, PIECE_SIZE, &pieces, &compile.n_parts));
    parts = ov_alloc_array(compile.n_parts + 1, sizeof(struct ov_part *));
    if (parts == NULL)
        return OV_NO_MEMORY;
    compile.parts = parts;
    compile.sources = ov_sources_list(s, &compile.n_sources);
    status = parse_pieces(s, pieces, compile.n_parts, parts);
    if (status == OV_OK)
        status = ov_compile(&compile, ret, ret_report, diag);
    for (size_t i = 0; i < compile.n_parts; i++)
        ov_part_free(parts[i]);
    return status;
}
