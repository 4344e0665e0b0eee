/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/scan_state.h"

/* Types by an image's own magics (ClamAV's .ftm, its manual's "File type
 * magic"). As in clamscan, one entry of kind 0 (bytes at a place) puts aside
 * all of the built-in magics; what is text is still told by looking at it.
 * Entries of the other kinds are about patterns anywhere in a file, and are
 * not used (docs/limits.md). */
#define KIND_DIRECT 0

static bool fits(const struct ov_magic_rule *m, struct ov_span bytes)
{
    uint64_t at = m->has_offset ? m->offset : 0;

    if (m->kind != KIND_DIRECT || m->n_cells == 0)
        return false;
    for (uint32_t i = 0; i < m->n_cells; i++) {
        const struct ov_cell *cell = &m->cells[i];
        int byte = ov_span_byte(bytes, at + i);

        if (cell->kind != OV_CELL_BYTE || byte < 0 ||
            ((byte & cell->mask) == cell->value) == cell->is_negated)
            return false;
    }
    return true;
}

bool ov_has_direct_magic(const struct ov_magic_rule *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (list[i].kind == KIND_DIRECT)
            return true;
    return false;
}

enum ov_type ov_identify(const struct ov_scanner *s, struct ov_span bytes)
{
    enum ov_type built_in = ov_type_identify(bytes);

    if (!s->has_own_magics)
        return built_in;
    for (size_t i = 0; i < s->n_magics; i++)
        if (fits(&s->magics[i], bytes) && s->magics[i].to_type < OV_N_TYPES)
            return (enum ov_type)s->magics[i].to_type;
    return ov_type_kind(built_in) == OV_KIND_TEXT ? built_in : OV_TYPE_DATA;
}
