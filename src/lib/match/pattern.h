/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/span.h"

/* A pattern before compilation: what a ClamAV body signature, a YARA text or a
 * YARA hex string comes to. A flat list of cells in reading order; brackets
 * nest. "aa?1(bb|ccdd){2-3}!(ee|ff)" is
 *   BYTE aa/ff, BYTE 01/0f, ALT_OPEN, BYTE bb, ALT_NEXT, BYTE cc, BYTE dd,
 *   ALT_CLOSE, GAP 2-3, ALT_OPEN negated, BYTE ee, ALT_NEXT, BYTE ff, ALT_CLOSE
 */
enum ov_cell_kind {
    OV_CELL_BYTE,     /* (byte & mask) == value; mask 0 is any byte */
    OV_CELL_GAP,      /* min to max bytes of anything */
    OV_CELL_ALT_OPEN, /* one of the parts up to the close at the same level;
                         negated: none of them, all parts of one length; a
                         part may be empty */
    OV_CELL_ALT_NEXT,
    OV_CELL_ALT_CLOSE,
    OV_CELL_BOUNDARY, /* zero-width: value is an enum ov_boundary, mask an enum
                         ov_side */
};

/* Zero-width assertions about the byte before (OV_SIDE_LEFT) or behind
 * (OV_SIDE_RIGHT) the place: ClamAV's (B), (L), (W) at the start and at the end
 * of a part. Where there is no such byte the assertion holds; a negated one
 * does not. A negated one holds for all other bytes. */
enum ov_boundary {
    OV_BOUNDARY_BREAK, /* left: one of SPACE - . / < @ _
                          right: one of LF CR SPACE " ' - / = > _ */
    OV_BOUNDARY_LINE,  /* left: LF; right: LF or CR LF */
    OV_BOUNDARY_WORD,  /* not an ASCII letter or digit */
};

enum ov_side {
    OV_SIDE_LEFT,
    OV_SIDE_RIGHT
};

/* No upper bound. At the start or end of a pattern: no more than gap_min. */
#define OV_GAP_INF UINT32_MAX

struct ov_cell {
    uint8_t kind; /* enum ov_cell_kind */
    uint8_t value;
    uint8_t mask;
    bool is_negated; /* BYTE: anything but this; ALT_OPEN and BOUNDARY */
    uint32_t gap_min;
    uint32_t gap_max; /* OV_GAP_INF: no upper bound */
};

enum ov_pattern_flag {
    OV_PATTERN_NOCASE = 1,      /* ASCII letters of either case */
    OV_PATTERN_WIDE = 2,        /* each byte followed by a zero byte */
    OV_PATTERN_ASCII = 4,       /* together with WIDE: both forms */
    OV_PATTERN_FULLWORD = 8,    /* no alphanumeric byte on either side */
    OV_PATTERN_EACH_START = 16, /* one match for each place where it begins, the
                                   shortest of both forms (YARA); else one for
                                   each place of what is behind the last gap of
                                   any length (ClamAV) */
    OV_PATTERN_DOT_ALL = 32,    /* of a regular expression: "." is also LF */
    OV_PATTERN_XOR = 64,        /* each byte xor-ed with one key from xor_min to
                                   xor_max, the zeros of wide text too; only
                                   fixed bytes, not with NOCASE */
    OV_PATTERN_PLACES = 128,    /* it is asked where its matches are: hits.h */
};

/* Where a match may begin. */
enum ov_place_kind {
    OV_PLACE_ANY,
    OV_PLACE_START,        /* at `at` from the start of the view */
    OV_PLACE_END,          /* at `at` before the end: EOF-n */
    OV_PLACE_ENTRY,        /* entry point + at (may be negative) */
    OV_PLACE_SECTION,      /* start of section number `section` + at */
    OV_PLACE_LAST_SECTION, /* start of the last section + at */
    OV_PLACE_IN_SECTION,   /* anywhere in section number `section`: SEx */
    OV_PLACE_VERSION_INFO, /* in the PE version information: VI */
    OV_PLACE_MACRO,        /* member of macro group `at`; only matched on
                              behalf of an OV_TERM_MACRO */
};

struct ov_place {
    enum ov_place_kind kind;
    int64_t at;
    uint32_t shift;   /* or up to this many bytes behind that place */
    uint16_t section; /* from 0 */
};

struct ov_pattern {
    const struct ov_cell *cells;
    uint32_t n_cells;
    uint32_t flags; /* enum ov_pattern_flag, or-ed */
    uint8_t xor_min;
    uint8_t xor_max;
    struct ov_place place;
    struct ov_span regex; /* if not empty, instead of cells: a regular
                             expression, without its slashes (re.h) */
};
