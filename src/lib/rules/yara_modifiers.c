/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/yara_modifiers.h"

#include "rules/yara_pattern.h"

/* Modifiers of YARA's strings (YARA documentation, "Text strings").
 *
 * base64: three bytes become four letters, so a text in the middle of something
 * encoded looks different by where it begins, modulo three. A letter that also
 * holds bits of a byte before or behind the text is left out:
 *
 *   "abc"   at 0: YWJj   at 1: .. FiY .. (xWFiY3.. less two and two)
 *           at 2: .. hYm ..              (xxhYmM. less three and two) */

static const uint8_t standard[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#define ALPHABET_LEN 64

static const struct {
    enum ov_yara_token_kind token;
    enum ov_yara_modifier bit;
} words[] = {
    {OV_YARA_ASCII, OV_YARA_IS_ASCII},
    {OV_YARA_WIDE, OV_YARA_IS_WIDE},
    {OV_YARA_NOCASE, OV_YARA_IS_NOCASE},
    {OV_YARA_FULLWORD, OV_YARA_IS_FULLWORD},
    {OV_YARA_PRIVATE, OV_YARA_IS_PRIVATE},
    {OV_YARA_XOR, OV_YARA_IS_XOR},
    {OV_YARA_BASE64, OV_YARA_IS_BASE64},
    {OV_YARA_BASE64WIDE, OV_YARA_IS_BASE64WIDE},
};

#define N_WORDS (sizeof(words) / sizeof(words[0]))

/* Pairs that are errors, in the order in which they are told. */
static const struct {
    uint32_t first;
    uint32_t second;
} pairs[] = {
    {OV_YARA_IS_XOR, OV_YARA_IS_NOCASE},
    {OV_YARA_IS_BASE64, OV_YARA_IS_NOCASE},
    {OV_YARA_IS_BASE64WIDE, OV_YARA_IS_NOCASE},
    {OV_YARA_IS_BASE64, OV_YARA_IS_FULLWORD},
    {OV_YARA_IS_BASE64WIDE, OV_YARA_IS_FULLWORD},
    {OV_YARA_IS_BASE64, OV_YARA_IS_XOR},
    {OV_YARA_IS_BASE64WIDE, OV_YARA_IS_XOR},
};

static uint32_t bit_of(enum ov_yara_token_kind kind)
{
    for (size_t i = 0; i < N_WORDS; i++)
        if (words[i].token == kind)
            return words[i].bit;
    return 0;
}

static const char *word_of(uint32_t bit)
{
    for (size_t i = 0; i < N_WORDS; i++)
        if (words[i].bit == bit)
            return ov_yara_token_name(words[i].token);
    return "";
}

static enum ov_status read_number(struct ov_yara_parser *p, int64_t *ret)
{
    *ret = p->token.number;
    return ov_yara_expect(p, OV_YARA_NUMBER);
}

/* "(5)" or "(1-255)" behind xor. */
static enum ov_status read_range(struct ov_yara_parser *p,
                                 struct ov_yara_modifiers *m)
{
    int64_t min;
    int64_t max;

    m->xor_min = 0;
    m->xor_max = UINT8_MAX;
    if (p->token.kind != OV_YARA_OPEN)
        return OV_OK;
    OV_TRY(ov_yara_next(p));
    OV_TRY(read_number(p, &min));
    max = min;
    if (min < 0 || min > UINT8_MAX)
        return ov_yara_fail(p, OV_MALFORMED, "invalid xor range");
    if (p->token.kind == OV_YARA_MINUS) {
        OV_TRY(ov_yara_next(p));
        OV_TRY(read_number(p, &max));
        if (max > UINT8_MAX)
            return ov_yara_fail(
                p, OV_MALFORMED,
                "upper bound for xor range exceeded (max: 255)");
        if (min > max)
            return ov_yara_fail(p, OV_MALFORMED,
                                "xor lower bound exceeds upper bound");
    }
    m->xor_min = (uint8_t)min;
    m->xor_max = (uint8_t)max;
    return ov_yara_expect(p, OV_YARA_CLOSE);
}

/* "(text)" behind base64 or base64wide; both must have the same. */
static enum ov_status read_alphabet(struct ov_yara_parser *p, bool is_second,
                                    struct ov_yara_modifiers *m)
{
    struct ov_span alphabet = ov_span_of(standard, ALPHABET_LEN);

    if (p->token.kind == OV_YARA_OPEN) {
        OV_TRY(ov_yara_next(p));
        if (p->token.kind != OV_YARA_TEXT)
            return ov_yara_fail(p, OV_MALFORMED, "expected \"alphabet\"");
        OV_TRY(
            ov_yara_unescape(&p->token, p->part->arena, &p->fault, &alphabet));
        if (alphabet.len != ALPHABET_LEN)
            return ov_yara_fail(p, OV_MALFORMED,
                                "length of base64 alphabet must be 64");
        OV_TRY(ov_yara_next(p));
        OV_TRY(ov_yara_expect(p, OV_YARA_CLOSE));
    }
    if (is_second && !ov_span_equal(alphabet, m->alphabet))
        return ov_yara_fail(p, OV_MALFORMED,
                            "can not specify multiple alphabets");
    m->alphabet = alphabet;
    return OV_OK;
}

static enum ov_status check_pairs(struct ov_yara_parser *p,
                                  const struct ov_yara_token *token,
                                  uint32_t set)
{
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if ((set & pairs[i].first) != 0 && (set & pairs[i].second) != 0)
            return ov_yara_fault_set(&p->fault, OV_MALFORMED, token,
                                     "invalid modifier combination: %s %s",
                                     word_of(pairs[i].first),
                                     word_of(pairs[i].second));
    return OV_OK;
}

enum ov_status ov_yara_read_modifiers(struct ov_yara_parser *p,
                                      uint32_t allowed,
                                      struct ov_yara_modifiers *ret)
{
    const uint32_t base64 = OV_YARA_IS_BASE64 | OV_YARA_IS_BASE64WIDE;
    struct ov_yara_modifiers m = {0};
    uint32_t bit;

    while ((bit = bit_of(p->token.kind) & allowed) != 0) {
        struct ov_yara_token token = p->token;
        bool is_second = (m.set & base64) != 0;

        if ((m.set & bit) != 0)
            return ov_yara_fail(p, OV_MALFORMED, "duplicated modifier");
        m.set |= bit;
        OV_TRY(ov_yara_next(p));
        if (bit == OV_YARA_IS_XOR)
            OV_TRY(read_range(p, &m));
        if ((bit & base64) != 0)
            OV_TRY(read_alphabet(p, is_second, &m));
        OV_TRY(check_pairs(p, &token, m.set));
    }
    *ret = m;
    return OV_OK;
}

uint32_t ov_yara_pattern_flags(const struct ov_yara_modifiers *m)
{
    uint32_t flags = 0;

    if ((m->set & OV_YARA_IS_NOCASE) != 0)
        flags |= OV_PATTERN_NOCASE;
    if ((m->set & OV_YARA_IS_FULLWORD) != 0)
        flags |= OV_PATTERN_FULLWORD;
    if ((m->set & OV_YARA_IS_WIDE) != 0) {
        flags |= OV_PATTERN_WIDE;
        if ((m->set & OV_YARA_IS_ASCII) != 0)
            flags |= OV_PATTERN_ASCII;
    }
    return flags;
}

/* ---- base64 ---- */

struct encoder {
    struct ov_span text;
    bool is_wide; /* each byte is followed by a zero */
    const uint8_t *alphabet;
    struct ov_cell *cells;
    uint32_t n_cells;
};

static void put(struct encoder *e, enum ov_cell_kind kind, uint8_t value)
{
    e->cells[e->n_cells++] = (struct ov_cell){
        .kind = (uint8_t)kind,
        .value = value,
        .mask = kind == OV_CELL_BYTE ? 0xff : 0,
    };
}

/* Bit number i of what is encoded, where the text begins at bit `from`. */
static unsigned bit_at(const struct encoder *e, size_t from, size_t i)
{
    size_t byte = (i - from) / 8;

    if (e->is_wide && byte % 2 != 0)
        return 0;
    if (e->is_wide)
        byte /= 2;
    return (unsigned)e->text.ptr[byte] >> (7 - (i - from) % 8) & 1;
}

/* The letters that only hold bits of the text, if it begins `shift` bytes
 * behind a multiple of three. */
static void put_encoded(struct encoder *e, size_t shift)
{
    size_t from = 8 * shift;
    size_t to = from + 8 * e->text.len * (e->is_wide ? 2 : 1);

    for (size_t i = (from + 5) / 6 * 6; i + 6 <= to; i += 6) {
        unsigned letter = 0;

        for (size_t k = 0; k < 6; k++)
            letter = letter << 1 | bit_at(e, from, i + k);
        put(e, OV_CELL_BYTE, e->alphabet[letter]);
    }
}

/* The alternatives of the text in one form; those without a letter are none. */
static void put_alternatives(struct encoder *e, bool is_wide)
{
    e->is_wide = is_wide;
    for (size_t shift = 0; shift < 3; shift++) {
        uint32_t before = e->n_cells;

        if (e->n_cells > 1)
            put(e, OV_CELL_ALT_NEXT, 0);
        put_encoded(e, shift);
        if (e->cells[e->n_cells - 1].kind != OV_CELL_BYTE)
            e->n_cells = before;
    }
}

enum ov_status ov_yara_base64_cells(struct ov_span text,
                                    const struct ov_yara_modifiers *m,
                                    struct ov_arena *arena,
                                    struct ov_pattern *ret)
{
    bool is_wide = (m->set & OV_YARA_IS_WIDE) != 0;
    bool is_ascii = !is_wide || (m->set & OV_YARA_IS_ASCII) != 0;
    /* a letter for each six bits, three times in two forms, and brackets */
    size_t room = 3 * (4 * text.len + 8) + 8;
    struct encoder e = {.text = text, .alphabet = m->alphabet.ptr};

    e.cells = ov_arena_array(arena, room, sizeof(*e.cells));
    if (e.cells == NULL)
        return OV_NO_MEMORY;
    put(&e, OV_CELL_ALT_OPEN, 0);
    if (is_ascii)
        put_alternatives(&e, false);
    if (is_wide)
        put_alternatives(&e, true);
    put(&e, OV_CELL_ALT_CLOSE, 0);
    *ret = (struct ov_pattern){.cells = e.cells, .n_cells = e.n_cells};
    if ((m->set & OV_YARA_IS_BASE64WIDE) != 0)
        ret->flags |= OV_PATTERN_WIDE;
    if ((m->set & OV_YARA_IS_BASE64) != 0)
        ret->flags |= OV_PATTERN_ASCII;
    if ((ret->flags & OV_PATTERN_WIDE) == 0)
        ret->flags = 0;
    return OV_OK;
}
