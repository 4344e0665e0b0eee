/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/scan_state.h"

/* Types by an image's own magics (ClamAV's .ftm, its manual's "File type
 * magic"). As in clamscan they put aside all of the built-in ones, and the one
 * that comes last counts; what is text is still told by looking at it. */

enum ov_type ov_identify(const struct ov_scanner *s, struct ov_span bytes)
{
    enum ov_type built_in = ov_type_identify(bytes);

    if (s->n_magics == 0)
        return built_in;
    for (size_t i = s->n_magics; i-- > 0;) {
        const struct ov_magic_rule *m = &s->magics[i];

        if (m->bytes.len > 0 && m->type < OV_N_TYPES &&
            ov_span_has_at(bytes, m->offset, m->bytes))
            return (enum ov_type)m->type;
    }
    return ov_type_kind(built_in) == OV_KIND_TEXT ? built_in : OV_TYPE_DATA;
}
