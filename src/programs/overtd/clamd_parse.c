/* SPDX-License-Identifier: Apache-2.0 */
#include "clamd_parse.h"

/* Three framings: "zWORD...\0", "nWORD...\n", and the old one without a letter,
 * which ends with a newline, or with nothing at all: clamd takes what one
 * read(2) gave as the command, and some clients count on it (they send PING and
 * wait). So an old command without an end is a MAYBE, and whoever holds the
 * clock decides.
 *
 * clamd reads its commands as C strings, so except behind a "z" a NUL ends
 * one, too; carriage returns before a newline don't count. What stands between
 * a word and its argument is one byte, whatever it is. */

static const struct row {
    struct ov_span word;
    bool has_argument;
    bool is_old;
    bool in_session;
} rows[] = {
    [CLAMD_UNKNOWN] = {{NULL, 0}, false, false, false},

#define CLAMD_WORD(id, text, has_argument, is_old, in_session)                 \
    [id] = {{(const uint8_t *)(text), sizeof(text) - 1},                       \
            has_argument,                                                      \
            is_old,                                                            \
            in_session},
#include "clamd_commands.def"
#undef CLAMD_WORD
};

const char clamd_words[] =
#define CLAMD_WORD(id, word, has_argument, is_old, in_session) word " "
#include "clamd_commands.def"
#undef CLAMD_WORD
    ;

bool clamd_has_argument(enum clamd_command c)
{
    return rows[c].has_argument;
}

bool clamd_is_in_session(enum clamd_command c)
{
    return rows[c].in_session;
}

static enum clamd_command find(struct ov_span text, bool is_old,
                               struct ov_span *ret_argument)
{
    for (size_t i = 1; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *r = &rows[i];

        if (!ov_span_starts(text, r->word))
            continue;
        if (r->has_argument != (text.len > r->word.len) ||
            (is_old && !r->is_old))
            return CLAMD_UNKNOWN;
        *ret_argument = ov_span_clip(text, r->word.len + 1, text.len);
        return (enum clamd_command)i;
    }
    return CLAMD_UNKNOWN;
}

static struct ov_span without_returns(struct ov_span text)
{
    while (ov_span_byte(text, text.len - 1) == '\r' ||
           ov_span_byte(text, text.len - 1) == '\n')
        text.len--;
    return text;
}

static struct clamd_line line_of(struct ov_span text, bool is_old, size_t len,
                                 uint8_t end)
{
    struct clamd_line line = {.is_old = is_old, .end = end, .len = len};

    if (end == '\n') {
        struct ov_span rest = text;

        (void)ov_span_cut(&rest, 0, &text); /* all of it if there is none */
        text = without_returns(text);
    }
    line.command = find(text, is_old, &line.argument);
    return line;
}

static enum clamd_parsed parse_old(struct ov_span bytes, struct clamd_line *ret)
{
    size_t newline = ov_span_find_byte(bytes, '\n', 0);
    size_t nul = ov_span_find_byte(bytes, 0, 0);
    size_t end = newline < nul ? newline : nul;

    if (end == SIZE_MAX) {
        *ret = line_of(bytes, true, bytes.len, '\n');
        return bytes.len > CLAMD_MAX_COMMAND ? CLAMD_LONG : CLAMD_MAYBE;
    }
    *ret = line_of(ov_span_clip(bytes, 0, end), true, end + 1, '\n');
    return end > CLAMD_MAX_COMMAND ? CLAMD_LONG : CLAMD_WHOLE;
}

enum clamd_parsed clamd_parse(struct ov_span bytes, struct clamd_line *ret)
{
    int first = ov_span_byte(bytes, 0);
    uint8_t end = first == 'z' ? 0 : '\n';
    size_t at;

    if (first < 0)
        return CLAMD_MORE;
    if (first != 'z' && first != 'n')
        return parse_old(bytes, ret);
    at = ov_span_find_byte(bytes, end, 0);
    if (at == SIZE_MAX && bytes.len <= CLAMD_MAX_COMMAND)
        return CLAMD_MORE;
    if (at == SIZE_MAX || at > CLAMD_MAX_COMMAND) {
        *ret = (struct clamd_line){.end = end, .len = bytes.len};
        return CLAMD_LONG;
    }
    *ret = line_of(ov_span_clip(bytes, 1, at - 1), false, at + 1, end);
    return CLAMD_WHOLE;
}
