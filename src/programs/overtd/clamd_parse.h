/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/span.h"

/* clamd's protocol, the part that reads: bytes in, commands out. No socket, no
 * state. As clamd 1.4.6 reads them (tests/oracle/clamd_replies.py). */

enum clamd_command {
    CLAMD_UNKNOWN,
#define CLAMD_WORD(id, word, has_argument, is_old, in_session) id,
#include "clamd_commands.def"
#undef CLAMD_WORD
};

/* A longer command is none: a path and a word. */
#define CLAMD_MAX_COMMAND 8192

struct clamd_line {
    enum clamd_command command;
    bool is_old;             /* "PING", not "zPING" or "nPING" */
    uint8_t end;             /* of the reply: a newline or a NUL */
    struct ov_span argument; /* borrowed */
    size_t len;              /* what it takes of the bytes */
};

enum clamd_parsed {
    CLAMD_WHOLE,
    CLAMD_MORE,  /* not whole yet */
    CLAMD_MAYBE, /* an old command without an end: whole if nothing follows */
    CLAMD_LONG,  /* too long; *ret has the end of the reply */
};

/* The command at the front of bytes. *ret is written unless more is needed. */
enum clamd_parsed clamd_parse(struct ov_span bytes, struct clamd_line *ret);

bool clamd_has_argument(enum clamd_command c);
bool clamd_is_in_session(enum clamd_command c);

/* "SCAN QUIT RELOAD ...": all of them, as VERSIONCOMMANDS tells them. */
extern const char clamd_words[];
