/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

/* Standard output and error of a program. Strings from outside go through
 * out_escaped or out_json, and nothing else prints them. */

struct out {
    struct ov_buf text;
    int fd;
    bool is_broken; /* nobody reads any more */
    bool has_color;
};

/* Standard output; colour only on a terminal and without NO_COLOR. */
struct out *out_standard(void);

void out_format(struct out *o, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void out_escaped(struct out *o, struct ov_span text);
/* A JSON string with its quotes. */
void out_json(struct out *o, struct ov_span text);
/* A terminal's colour: "31;1"; "" ends it. Nothing without has_color. */
void out_color(struct out *o, const char *code);

/* Writes what has gathered. False once nobody reads. */
bool out_flush(struct out *o);

/* Who writes lines of error; "overt" if nobody said. Borrows for good. */
void out_set_program(const char *name);

/* One line on stderr: "overt: ...". Control characters are escaped. */
void out_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same without a name in front: for those who read another program's
 * lines. */
void out_bare_error(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* The same with text that is escaped already. */
void out_told(const char *text);

/* The progress line on stderr, replaced by the next; NULL: take it away. Only
 * on a terminal. */
void out_progress(const char *line);
bool out_has_progress(void);
