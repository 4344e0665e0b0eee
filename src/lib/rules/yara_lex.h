/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/span.h"
#include "base/status.h"

/* Tokens of a YARA source, one at a time, with the place of each for errors.
 * Hexadecimal strings are cut out whole (ov_yara_lex_hex), since their inside
 * has a grammar of its own. */

enum ov_yara_token_kind {
#define OV_YARA_TOKEN(id, text) id,
#define OV_YARA_WORD(id, text) id,
#include "rules/yara_tokens.def"
#undef OV_YARA_TOKEN
#undef OV_YARA_WORD
    OV_N_YARA_TOKENS
};

/* As an error shows it: a static string. */
const char *ov_yara_token_name(enum ov_yara_token_kind kind);

struct ov_yara_place {
    size_t at;       /* bytes from the start of the source */
    unsigned line;   /* from 1 */
    unsigned column; /* from 1, in bytes */
};

struct ov_yara_token {
    enum ov_yara_token_kind kind;
    struct ov_yara_place place;
    struct ov_span text; /* as written, in the source */
    /* What it means: the name without its first character, the inside of the
     * quotes (still with escapes), of the slashes (without flags). */
    struct ov_span value;
    int64_t number; /* NUMBER */
    double real;    /* FLOAT */
};

/* What went wrong first, and where. */
struct ov_yara_fault {
    enum ov_status status; /* OV_OK: nothing yet */
    struct ov_yara_place place;
    struct ov_span near; /* the offending text */
    char why[112];       /* with the remedy; without a full stop */
};

/* Notes the fault unless there is one already; returns its status. */
enum ov_status ov_yara_fault_set(struct ov_yara_fault *f, enum ov_status status,
                                 const struct ov_yara_token *token,
                                 const char *format, ...)
    __attribute__((format(printf, 4, 5)));

struct ov_yara_lexer {
    struct ov_span text;
    struct ov_yara_place place; /* of the next character */
    struct ov_yara_fault *fault;
};

/* The next token behind spaces and comments. OV_MALFORMED with a fault. */
OV_MUST_USE enum ov_status ov_yara_lex(struct ov_yara_lexer *l,
                                       struct ov_yara_token *ret);

/* Behind the "{" of a hexadecimal string: its inside, up to the "}", which is
 * passed over. *ret_place: where the inside begins. */
OV_MUST_USE enum ov_status ov_yara_lex_hex(struct ov_yara_lexer *l,
                                           struct ov_span *ret,
                                           struct ov_yara_place *ret_place);

/* Moves to the line that begins the next rule (or to the end): where to go on
 * after an error. */
void ov_yara_lex_resume(struct ov_yara_lexer *l);
