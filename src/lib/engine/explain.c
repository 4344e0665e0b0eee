/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/scan_state.h"

/* What a report tells of a rule beside its name: where its terms matched and
 * with which bytes, and what its author wrote about it. Only made for those who
 * ask (OV_SCAN_EXPLAIN, OV_SCAN_MATCHES). */
#define EVIDENCE_MAX 16
#define EVIDENCE_BYTES 32

void ov_explain(const struct ov_evaluation *e, const struct ov_rule_view *rule,
                const struct ov_notes *notes, struct ov_detection *d)
{
    struct ov_evidence *list =
        ov_arena_array(e->arena, EVIDENCE_MAX, sizeof(*list));
    size_t n = 0;

    for (uint32_t i = 0;
         list != NULL && i < rule->n_patterns && n < EVIDENCE_MAX; i++) {
        const struct ov_hit *hit =
            ov_hits_find(e->hits, rule->first_pattern + i);

        if (hit == NULL || hit->first == NULL)
            continue;
        list[n++] = (struct ov_evidence){
            .term = i,
            .at = hit->first->at,
            .len = hit->first->len,
            .bytes = ov_object_bytes_at(
                e->object, e->view->bytes, hit->first->at,
                hit->first->len < EVIDENCE_BYTES ? hit->first->len
                                                 : EVIDENCE_BYTES),
            .view = e->view->name,
            .name = i < notes->n_term_names ? notes->term_names[i]
                                            : (struct ov_span){NULL, 0},
        };
    }
    d->evidence = list;
    d->n_evidence = n;
    d->notes = notes->notes;
    d->n_notes = notes->n_notes;
}

static void tell_matches(struct ov_scan *scan, const struct ov_evaluation *e,
                         const struct ov_hit *hit, struct ov_string_match *m)
{
    for (const struct ov_match *at = hit->first; at != NULL; at = at->next) {
        m->at = at->at;
        m->len = at->len;
        m->bytes = ov_object_bytes_at(
            e->object, e->view->bytes, at->at,
            at->len < OV_MATCH_BYTES_MAX ? at->len : OV_MATCH_BYTES_MAX);
        scan->findings->match(scan->findings->data, m);
    }
}

void ov_explain_matches(struct ov_scan *scan, const struct ov_evaluation *e,
                        const struct ov_rule_view *rule,
                        const struct ov_notes *notes)
{
    for (uint32_t i = 0; i < rule->n_patterns && i < notes->n_term_names &&
                         scan->findings->match != NULL;
         i++) {
        const struct ov_hit *hit =
            ov_hits_find(e->hits, rule->first_pattern + i);
        struct ov_string_match m = {
            .name = notes->term_names[i],
            .is_hex = (notes->term_forms[i] & OV_TERM_FORM_HEX) != 0,
        };

        if (hit != NULL && (notes->term_forms[i] & OV_TERM_FORM_PRIVATE) == 0)
            tell_matches(scan, e, hit, &m);
    }
}
