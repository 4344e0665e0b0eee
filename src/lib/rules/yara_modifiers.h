/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rules/yara_parser.h"

/* What may stand behind a string: YARA documentation, "Text strings", "String
 * Modifier Summary". */

enum ov_yara_modifier {
    OV_YARA_IS_ASCII = 1,
    OV_YARA_IS_WIDE = 2,
    OV_YARA_IS_NOCASE = 4,
    OV_YARA_IS_FULLWORD = 8,
    OV_YARA_IS_PRIVATE = 16,
    OV_YARA_IS_XOR = 32,
    OV_YARA_IS_BASE64 = 64,
    OV_YARA_IS_BASE64WIDE = 128,
};

/* Which of them each kind of string may have. */
#define OV_YARA_MODIFIERS_OF_TEXT 255u
#define OV_YARA_MODIFIERS_OF_REGEX 31u
#define OV_YARA_MODIFIERS_OF_HEX ((unsigned)OV_YARA_IS_PRIVATE)

struct ov_yara_modifiers {
    uint32_t set; /* enum ov_yara_modifier, or-ed */
    uint8_t xor_min;
    uint8_t xor_max;
    struct ov_span alphabet; /* of 64 bytes, if base64 or base64wide is set */
};

/* Reads those that come next. One that is not allowed here ends them;
 * OV_MALFORMED with a fault if two do not go together. */
OV_MUST_USE enum ov_status
ov_yara_read_modifiers(struct ov_yara_parser *p, uint32_t allowed,
                       struct ov_yara_modifiers *ret);

/* The pattern flags of the first four modifiers: without "wide", "ascii" says
 * nothing. */
uint32_t ov_yara_pattern_flags(const struct ov_yara_modifiers *m);

/* Makes of a text what its encodings have in common wherever it begins in what
 * was encoded: three alternatives, or six if it is wanted as ASCII and wide. */
OV_MUST_USE enum ov_status
ov_yara_base64_cells(struct ov_span text, const struct ov_yara_modifiers *m,
                     struct ov_arena *arena, struct ov_pattern *ret);
