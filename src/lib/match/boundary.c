/* SPDX-License-Identifier: Apache-2.0 */
#include "match/boundary.h"

/* What counts as a boundary, byte by byte (pattern.h). (B) is not the same on
 * both sides. */

static bool is_among(uint8_t c, const char *set)
{
    return c != 0 && strchr(set, c) != NULL;
}

static bool is_break(uint8_t c, enum ov_side side)
{
    return is_among(c, side == OV_SIDE_LEFT ? " -./<@_" : "\n\r \"'-/=>_");
}

/* A line end behind is LF or CRLF; before, the LF of either. */
static bool is_line(struct ov_span view, uint64_t at, enum ov_side side)
{
    if (view.ptr[at] == '\n')
        return true;
    return side == OV_SIDE_RIGHT && view.ptr[at] == '\r' &&
           ov_span_byte(view, at + 1) == '\n';
}

bool ov_boundary_holds(unsigned code, struct ov_span view, uint64_t at)
{
    enum ov_side side = (enum ov_side)(code % 6 / 3);
    bool is_negated = code >= 6;
    bool holds = false;

    if (at == (side == OV_SIDE_LEFT ? 0 : view.len))
        return !is_negated;
    at -= side == OV_SIDE_LEFT;
    switch ((enum ov_boundary)(code % 3)) {
    case OV_BOUNDARY_BREAK:
        holds = is_break(view.ptr[at], side);
        break;
    case OV_BOUNDARY_LINE:
        holds = is_line(view, at, side);
        break;
    case OV_BOUNDARY_WORD:
        holds = !ov_is_alnum(view.ptr[at]);
        break;
    }
    return holds != is_negated;
}
