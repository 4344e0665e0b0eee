/* SPDX-License-Identifier: Apache-2.0 */
#include "worker_parts.h"

#include "base/alloc.h"
#include "base/reader.h"
#include "formats/type.h"
#include "reputation/submission_policy.h"

/* Two things that a worker does with bytes beside scanning them. */

void worker_look_at_sample(struct ov_span bytes, struct ov_span words,
                           struct ov_wire_sample_facts *ret)
{
    struct ov_span markers[OV_SUBMISSION_MARKERS_MAX];
    struct ov_submission_facts facts;
    size_t n = 0;

    while (words.len > 0 && n < OV_SUBMISSION_MARKERS_MAX)
        (void)ov_span_cut(&words, '\n', &markers[n++]);
    facts = ov_submission_look(bytes, markers, n);
    *ret = (struct ov_wire_sample_facts){
        .class = (uint32_t)facts.class,
        .has_marker = facts.has_marker,
        .type = ov_span_str(ov_type_name(ov_type_identify(bytes)))};
}

enum ov_status worker_read_regions(struct ov_span table, uint32_t n,
                                   struct ov_region **ret)
{
    struct ov_region *list = ov_alloc_array(n, sizeof(*list));
    struct ov_reader r = ov_reader_over(table);
    uint64_t at = 0;

    if (list == NULL)
        return OV_NO_MEMORY;
    for (uint32_t i = 0; i < n; i++) {
        list[i].address = ov_read_u64le(&r);
        list[i].at = at;
        list[i].len = ov_read_u64le(&r);
        at += list[i].len; /* the scan checks them all */
    }
    *ret = list;
    return OV_OK;
}
