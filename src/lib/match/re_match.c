/* SPDX-License-Identifier: Apache-2.0 */
#include "match/re_match.h"

#include "match/hits.h"

/* An atom says that a match may pass a node here. From there forward to the
 * preferred end, and backward to every start: all matches through this node at
 * this place. A match that passes several places comes up several times; of
 * each start one is kept, the longest of a greedy expression, else the
 * shortest. That is YARA's rule, too (4.2.3, found by trying). */

/* Whether a match here would only be counted, so that its length is of no
 * interest. Otherwise "[^x]{9,}" would look at 4096 bytes from each byte. */
static bool is_only_counted(const struct ov_match_job *job,
                            const struct ov_program *p,
                            const struct ov_hits *hits)
{
    const struct ov_hit *hit = ov_hits_find(hits, p->id);

    return hit != NULL && ov_hits_are_full(hit, job) &&
           !(p->flags & OV_PROGRAM_FULLWORD);
}

/* All matches through `from`. */
static enum ov_status match_through(struct ov_attempt *a,
                                    const struct ov_program *p,
                                    const struct ov_re *re,
                                    const struct ov_re_from *from,
                                    struct ov_hits *hits)
{
    bool is_whole = p->flags & OV_PROGRAM_FULLWORD;
    struct ov_hit *hit = NULL;
    const uint64_t *starts = &from->at;
    size_t n = 1;
    uint64_t end;

    OV_TRY(ov_re_forward(a->runner, re, from, &end));
    if (end == UINT64_MAX ||
        (is_whole && !ov_part_is_word_edge(p, from->view, end, false)))
        return OV_OK;
    if (from->node != 0)
        OV_TRY(ov_re_backward(a->runner, re, from, &starts, &n));
    for (size_t i = n; i-- > 0;) {
        if (starts[i] == end || !ov_part_placed(a, p, starts[i]) ||
            (is_whole && !ov_part_is_word_edge(p, from->view, starts[i], true)))
            continue;
        if (hit == NULL)
            hit = ov_hits_of(hits, a->job, p, p->id);
        if (hit == NULL)
            return OV_NO_MEMORY;
        OV_TRY(ov_hits_add_start(hit, a->job, starts[i], end - starts[i],
                                 p->flags & OV_PROGRAM_GREEDY));
    }
    return OV_OK;
}

enum ov_status ov_re_match_at(struct ov_attempt *a, const struct ov_program *p,
                              uint64_t at, struct ov_hits *hits)
{
    struct ov_reader r = ov_reader_over(p->parts);
    struct ov_re_from from = {.view = a->job->view,
                              .at = at,
                              .width = p->flags & OV_PROGRAM_WIDE ? 2 : 1};
    struct ov_reader nodes;
    struct ov_re re;
    uint64_t n;

    (void)ov_read_block(&r);
    n = ov_read_varint(&r);
    nodes = r;
    for (uint64_t i = 0; i < n && ov_reader_status(&r) == OV_OK; i++)
        (void)ov_read_varint(&r);
    if (ov_reader_status(&r) != OV_OK || !ov_re_open(ov_reader_rest(&r), &re))
        return OV_MALFORMED;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t node = ov_read_varint(&nodes);

        if (node >= re.n_nodes)
            return OV_MALFORMED;
        from.node = (uint32_t)node;
        from.is_any = node == 0 && is_only_counted(a->job, p, hits);
        a->steps += 8;
        if (ov_re_misses(&re, &from))
            continue;
        OV_TRY(match_through(a, p, &re, &from, hits));
        a->steps += ov_re_runner_work(a->runner);
    }
    return OV_OK;
}
