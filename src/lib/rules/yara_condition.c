/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/yara_condition.h"

#include "match/re.h"
#include "rules/yara_pattern.h"

/* YARA conditions to bytecode in one pass, by operator precedence with a stack
 * of its own: what is open (operators, brackets, loops) waits in `pending`,
 * and each value that the bytecode will have on its stack is an entry of
 * `values`, which knows its type. "#a + 1 > 2 and $b":
 *
 *   read      emitted              values    pending
 *   #a        matches a            I
 *   +                              I         +
 *   1         int 1                I I       +
 *   >         add                  I         >         (+ binds tighter)
 *   2         int 2                I I       >
 *   and       greater              B         and
 *   $b        found b              B B       and
 *   (end)     truth                B
 *
 * and in front of "found b" an "if" is put in, which passes over it when the
 * left side does not hold.
 *
 * So nothing here recurses, and depth costs an entry each: more than
 * VALUES_MAX or PENDING_MAX is an error.
 *
 * For each value it is also worked out whether it can be true at all when no
 * string was found (`needs`): rules that can not are never looked at for files
 * without a match. Precedence and types: YARA documentation, "Conditions". */

static const struct operation {
    enum ov_yara_token_kind token;
    uint8_t precedence;
    uint8_t op;
} binary[] = {
    {OV_YARA_OR, OV_PREC_OR, OV_COND_OR},
    {OV_YARA_AND, OV_PREC_AND, OV_COND_AND},
    {OV_YARA_EQ, OV_PREC_EQUAL, OV_COND_SAME},
    {OV_YARA_NE, OV_PREC_EQUAL, OV_COND_DIFFERENT},
    {OV_YARA_CONTAINS, OV_PREC_EQUAL, OV_COND_CONTAINS},
    {OV_YARA_ICONTAINS, OV_PREC_EQUAL, OV_COND_ICONTAINS},
    {OV_YARA_STARTSWITH, OV_PREC_EQUAL, OV_COND_STARTSWITH},
    {OV_YARA_ISTARTSWITH, OV_PREC_EQUAL, OV_COND_ISTARTSWITH},
    {OV_YARA_ENDSWITH, OV_PREC_EQUAL, OV_COND_ENDSWITH},
    {OV_YARA_IENDSWITH, OV_PREC_EQUAL, OV_COND_IENDSWITH},
    {OV_YARA_IEQUALS, OV_PREC_EQUAL, OV_COND_IEQUALS},
    {OV_YARA_MATCHES, OV_PREC_EQUAL, OV_COND_FITS},
    {OV_YARA_LT, OV_PREC_ORDER, OV_COND_LESS},
    {OV_YARA_LE, OV_PREC_ORDER, OV_COND_LESS_EQUAL},
    {OV_YARA_GT, OV_PREC_ORDER, OV_COND_GREATER},
    {OV_YARA_GE, OV_PREC_ORDER, OV_COND_GREATER_EQUAL},
    {OV_YARA_BIT_OR, OV_PREC_BIT_OR, OV_COND_BIT_OR},
    {OV_YARA_BIT_XOR, OV_PREC_BIT_XOR, OV_COND_BIT_XOR},
    {OV_YARA_BIT_AND, OV_PREC_BIT_AND, OV_COND_BIT_AND},
    {OV_YARA_SHIFT_LEFT, OV_PREC_SHIFT, OV_COND_SHIFT_LEFT},
    {OV_YARA_SHIFT_RIGHT, OV_PREC_SHIFT, OV_COND_SHIFT_RIGHT},
    {OV_YARA_PLUS, OV_PREC_ADD, OV_COND_ADD},
    {OV_YARA_MINUS, OV_PREC_ADD, OV_COND_SUBTRACT},
    {OV_YARA_STAR, OV_PREC_MULTIPLY, OV_COND_MULTIPLY},
    {OV_YARA_DIVIDE, OV_PREC_MULTIPLY, OV_COND_DIVIDE},
    {OV_YARA_PERCENT, OV_PREC_MULTIPLY, OV_COND_REMAINDER},
};

static const struct operation unary[] = {
    {OV_YARA_NOT, OV_PREC_NOT, OV_COND_NOT},
    {OV_YARA_DEFINED, OV_PREC_NOT, OV_COND_DEFINED},
    {OV_YARA_MINUS, OV_PREC_UNARY, OV_COND_NEGATE},
    {OV_YARA_BIT_NOT, OV_PREC_UNARY, OV_COND_BIT_NOT},
};

static const struct {
    enum ov_yara_token_kind token;
    uint8_t how; /* enum ov_read_as */
} reads[] = {
    {OV_YARA_INT8, 1 | OV_READ_SIGNED},
    {OV_YARA_INT8BE, 1 | OV_READ_SIGNED | OV_READ_BIG_ENDIAN},
    {OV_YARA_INT16, 2 | OV_READ_SIGNED},
    {OV_YARA_INT16BE, 2 | OV_READ_SIGNED | OV_READ_BIG_ENDIAN},
    {OV_YARA_INT32, 4 | OV_READ_SIGNED},
    {OV_YARA_INT32BE, 4 | OV_READ_SIGNED | OV_READ_BIG_ENDIAN},
    {OV_YARA_UINT8, 1},
    {OV_YARA_UINT8BE, 1 | OV_READ_BIG_ENDIAN},
    {OV_YARA_UINT16, 2},
    {OV_YARA_UINT16BE, 2 | OV_READ_BIG_ENDIAN},
    {OV_YARA_UINT32, 4},
    {OV_YARA_UINT32BE, 4 | OV_READ_BIG_ENDIAN},
};

/* ---- where a value is expected ---- */

/* The operand that means this string in the code: 0 for "$", the current one
 * of a loop. */
static enum ov_status read_string(struct ov_yara_condition *c,
                                  const struct ov_yara_token *t, uint64_t *ret)
{
    uint32_t i = 0;

    if (t->value.len > 0) {
        OV_TRY(ov_yara_find_string(c->p, t, &i));
        *ret = (uint64_t)i + 1;
        return OV_OK;
    }
    for (size_t n = c->n_loops; n > 0; n--) {
        if (!c->loops[n - 1].is_over_terms)
            continue;
        if (c->loops[n - 1].is_hidden)
            return ov_yara_fault_set(
                &c->p->fault, OV_UNSUPPORTED, t,
                "the loop's string in the places of a set is not taken yet");
        *ret = 0;
        return OV_OK;
    }
    return ov_yara_fail_at(c, t,
                           "a string without a name is only known in "
                           "the body of a loop over strings");
}

void ov_yara_ask_places(struct ov_yara_condition *c, uint64_t operand)
{
    size_t first = operand > 0 ? (size_t)operand - 1 : 0;
    size_t end = operand > 0 ? (size_t)operand : c->p->terms.n;

    for (size_t i = first; i < end && i < c->p->terms.n; i++)
        c->p->terms.items[i].pattern.flags |= OV_PATTERN_PLACES;
}

/* "$a", "$a at ...", "$a in (...)", "#a", "#a in (...)" */
static enum ov_status read_found(struct ov_yara_condition *c)
{
    struct ov_yara_parser *p = c->p;
    struct ov_yara_token t = p->token;
    struct ov_yara_pending what = {.token = t};
    bool is_count = t.kind == OV_YARA_COUNT;
    struct ov_yara_value v = {
        .needs = !is_count, .is_count = is_count, .token = t};

    OV_TRY(read_string(c, &t, &what.operand));
    OV_TRY(ov_yara_next(p));
    if (p->token.kind == OV_YARA_IN) {
        OV_TRY(ov_yara_next(p));
        OV_TRY(ov_yara_expect(p, OV_YARA_OPEN));
        what.kind = OV_PENDING_IN;
        what.op = is_count ? OV_COND_MATCHES_IN : OV_COND_FOUND_IN;
        ov_yara_ask_places(c, what.operand);
        return ov_yara_open(c, what);
    }
    if (!is_count && p->token.kind == OV_YARA_AT) {
        OV_TRY(ov_yara_next(p));
        what.kind = OV_PENDING_AT;
        what.precedence = OV_PREC_AT;
        what.op = OV_COND_FOUND_AT;
        ov_yara_ask_places(c, what.operand);
        return ov_yara_open(c, what);
    }
    v.at = ov_yara_here(c);
    ov_yara_emit_with(c, is_count ? OV_COND_MATCHES : OV_COND_FOUND,
                      what.operand);
    if (!is_count)
        v.type = ov_yara_type_of(OV_YARA_IS_TRUTH);
    return ov_yara_push(c, v);
}

/* "@a", "@a[...]", "!a", "!a[...]"; without an index it is the first. */
static enum ov_status read_match(struct ov_yara_condition *c)
{
    struct ov_yara_token t = c->p->token;
    struct ov_yara_pending what = {.kind = OV_PENDING_INDEX, .token = t};
    struct ov_yara_value v = {.needs = true, .at = ov_yara_here(c), .token = t};

    what.op = t.kind == OV_YARA_OFFSET ? OV_COND_OFFSET : OV_COND_LENGTH;
    OV_TRY(read_string(c, &t, &what.operand));
    ov_yara_ask_places(c, what.operand);
    OV_TRY(ov_yara_next(c->p));
    if (c->p->token.kind == OV_YARA_INDEX_OPEN) {
        OV_TRY(ov_yara_next(c->p));
        return ov_yara_open(c, what);
    }
    ov_yara_emit_with(c, OV_COND_INT, 1);
    ov_yara_emit_with(c, what.op, what.operand);
    return ov_yara_push(c, v);
}

static enum ov_status read_number(struct ov_yara_condition *c)
{
    struct ov_yara_value v = {.at = ov_yara_here(c), .token = c->p->token};

    switch ((int)v.token.kind) {
    case OV_YARA_FILESIZE:
        v.is_size = true;
        ov_yara_emit_with(c, OV_COND_FACT, OV_FACT_FILESIZE);
        break;
    case OV_YARA_ENTRYPOINT:
        ov_yara_emit_with(c, OV_COND_FACT, OV_FACT_ENTRY_POINT);
        OV_TRY(ov_yara_warn(c->p, v.token.place.line,
                            OV_SPAN_LIT("Using deprecated \"entrypoint\" "
                                        "keyword. Use the \"entry_point\" "
                                        "function from PE module instead.")));
        break;
    case OV_YARA_TRUE:
    case OV_YARA_FALSE:
        v.type = ov_yara_type_of(OV_YARA_IS_TRUTH);
        ov_yara_emit_with(c, OV_COND_INT, v.token.kind == OV_YARA_TRUE);
        break;
    default:
        v.is_constant = true;
        v.number = v.token.number;
        ov_yara_emit_with(c, OV_COND_INT, (uint64_t)v.number);
        break;
    }
    OV_TRY(ov_yara_next(c->p));
    return ov_yara_push(c, v);
}

static enum ov_status read_float(struct ov_yara_condition *c)
{
    struct ov_yara_value v = {.type = {.kind = OV_YARA_IS_FLOAT},
                              .at = ov_yara_here(c),
                              .token = c->p->token};
    uint64_t bits;

    memcpy(&bits, &v.token.real, sizeof(bits));
    ov_yara_emit_with(c, OV_COND_FLOAT, bits);
    OV_TRY(ov_yara_next(c->p));
    return ov_yara_push(c, v);
}

static enum ov_status read_text(struct ov_yara_condition *c)
{
    struct ov_yara_parser *p = c->p;
    struct ov_yara_value v = {.type = {.kind = OV_YARA_IS_TEXT},
                              .is_literal = true,
                              .at = ov_yara_here(c),
                              .token = p->token};
    struct ov_span text;

    OV_TRY(ov_yara_unescape(&p->token, p->part->arena, &p->fault, &text));
    ov_yara_emit(c, OV_COND_TEXT);
    ov_put_block(&p->code, text);
    OV_TRY(ov_yara_next(p));
    return ov_yara_push(c, v);
}

/* How long a compiled expression may be. */
#define REGEX_MAX ((size_t)64 << 10)

/* The letters behind the second slash. */
static uint32_t regex_flags(const struct ov_yara_token *t)
{
    uint32_t flags = 0;

    for (size_t i = t->value.len + 2; i < t->text.len; i++)
        flags |= ov_span_byte(t->text, i) == 'i' ? OV_RE_NOCASE : OV_RE_DOT_ALL;
    return flags;
}

static enum ov_status read_regex(struct ov_yara_condition *c)
{
    struct ov_yara_parser *p = c->p;
    struct ov_yara_value v = {.type = {.kind = OV_YARA_IS_REGEX},
                              .at = ov_yara_here(c),
                              .token = p->token};
    OV_AUTO_DONE(buf) code = ov_buf_with_max(REGEX_MAX);
    struct ov_re_fault fault = {0};
    enum ov_status status =
        ov_re_compile(p->token.value, regex_flags(&p->token), &code, &fault);

    if (status == OV_LIMIT_SIZE)
        return ov_yara_fail(p, OV_UNSUPPORTED,
                            "the regular expression is too long");
    if (status == OV_MALFORMED || status == OV_UNSUPPORTED)
        return ov_yara_fault_set(&p->fault, status, &p->token,
                                 "%s, at its character %zu", fault.why,
                                 fault.at + 1);
    OV_TRY(status);
    ov_yara_emit(c, OV_COND_REGEX);
    ov_put_block(&p->code, ov_buf_span(&code));
    OV_TRY(ov_yara_next(p));
    return ov_yara_push(c, v);
}

/* Operators before a value, and uint8(...) and its like. */
static enum ov_status read_prefix(struct ov_yara_condition *c)
{
    struct ov_yara_token t = c->p->token;
    struct ov_yara_pending what = {
        .kind = OV_PENDING_GROUP, .at = ov_yara_here(c), .token = t};

    for (size_t i = 0; i < sizeof(unary) / sizeof(unary[0]); i++) {
        if (unary[i].token != t.kind)
            continue;
        what.kind = OV_PENDING_UNARY;
        what.op = unary[i].op;
        what.precedence = unary[i].precedence;
        OV_TRY(ov_yara_next(c->p));
        return ov_yara_open(c, what);
    }
    for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
        if (reads[i].token != t.kind)
            continue;
        what.kind = OV_PENDING_READ;
        what.op = OV_COND_READ;
        what.operand = reads[i].how;
        OV_TRY(ov_yara_next(c->p));
    }
    if (what.kind == OV_PENDING_GROUP && t.kind != OV_YARA_OPEN)
        return ov_yara_fail(c->p, OV_MALFORMED, "expected a value");
    OV_TRY(ov_yara_expect(c->p, OV_YARA_OPEN));
    return ov_yara_open(c, what);
}

static enum ov_status step_value(struct ov_yara_condition *c)
{
    switch ((int)c->p->token.kind) {
    case OV_YARA_STRING:
    case OV_YARA_COUNT:
        return read_found(c);
    case OV_YARA_OFFSET:
    case OV_YARA_LENGTH:
        return read_match(c);
    case OV_YARA_NAME:
        return ov_yara_read_name(c);
    case OV_YARA_NUMBER:
    case OV_YARA_FILESIZE:
    case OV_YARA_ENTRYPOINT:
    case OV_YARA_TRUE:
    case OV_YARA_FALSE:
        return read_number(c);
    case OV_YARA_ALL:
    case OV_YARA_ANY:
    case OV_YARA_NONE:
        return ov_yara_read_quantified(c);
    case OV_YARA_FOR:
        return ov_yara_read_for(c);
    case OV_YARA_FLOAT:
        return read_float(c);
    case OV_YARA_TEXT:
        return read_text(c);
    case OV_YARA_REGEX:
        return read_regex(c);
    default:
        return read_prefix(c);
    }
}

/* ---- where an operator is expected ---- */

static enum ov_status close_number(struct ov_yara_condition *c,
                                   const struct ov_yara_pending *what)
{
    struct ov_yara_value index;
    struct ov_yara_value v = {.token = what->token};

    OV_TRY(ov_yara_pop_kind(c, OV_YARA_IS_INTEGER, &index));
    ov_yara_emit_with(c, what->op, what->operand);
    v.at = index.at;
    v.needs = what->kind == OV_PENDING_INDEX || index.needs;
    if (what->kind == OV_PENDING_READ && index.is_constant && index.number == 0)
        v.head_how = (uint8_t)what->operand;
    if (what->kind == OV_PENDING_READ && (what->operand & OV_READ_FLOAT) != 0)
        v.type = ov_yara_type_of(OV_YARA_IS_FLOAT);
    return ov_yara_push(c, v);
}

/* Whether this bracket is closed by "]". */
static bool is_indexed(enum ov_pending_kind kind)
{
    return kind == OV_PENDING_INDEX || kind == OV_PENDING_ITEM;
}

/* Whether nothing closes this but the word that it waits for. */
static bool is_no_bracket(enum ov_pending_kind kind)
{
    return kind == OV_PENDING_QUANTIFIER || kind == OV_PENDING_ITEMS ||
           kind == OV_PENDING_WITH;
}

static enum ov_status close(struct ov_yara_condition *c,
                            struct ov_yara_pending what)
{
    switch (what.kind) {
    case OV_PENDING_READ:
    case OV_PENDING_INDEX:
        return close_number(c, &what);
    case OV_PENDING_ITEM:
        return ov_yara_close_item(c, &what);
    case OV_PENDING_CALL:
        return ov_yara_close_call(c, &what);
    case OV_PENDING_IN:
        return ov_yara_apply_place(c, &what);
    case OV_PENDING_ROUNDS:
        return ov_yara_close_rounds(c, what);
    case OV_PENDING_BODY:
        return ov_yara_close_body(c, what);
    case OV_PENDING_TRUTHS:
        return ov_yara_close_truths(c, what);
    case OV_PENDING_GROUP:
    case OV_PENDING_BINARY:
    case OV_PENDING_UNARY:
    case OV_PENDING_AT:
    case OV_PENDING_QUANTIFIER:
    case OV_PENDING_ITEMS:
    case OV_PENDING_WITH:
        break;
    }
    return OV_OK;
}

static enum ov_status step_close(struct ov_yara_condition *c)
{
    struct ov_yara_pending what;
    bool is_index = c->p->token.kind == OV_YARA_INDEX_CLOSE;

    OV_TRY(ov_yara_reduce(c, OV_PREC_OR));
    if (c->n_pending == 0 || is_indexed(ov_yara_top(c)->kind) != is_index ||
        is_no_bracket(ov_yara_top(c)->kind))
        return ov_yara_fail(c->p, OV_MALFORMED, "nothing is open here");
    what = *ov_yara_top(c);
    if (what.kind == OV_PENDING_IN && !what.is_second)
        return ov_yara_fail(c->p, OV_MALFORMED, "a range is (from..to)");
    c->n_pending--;
    OV_TRY(ov_yara_next(c->p));
    return close(c, what);
}

/* ".." and "," in the brackets that know them. */
static enum ov_status step_separator(struct ov_yara_condition *c)
{
    bool is_range = c->p->token.kind == OV_YARA_DOTS;
    struct ov_yara_pending *what;

    OV_TRY(ov_yara_reduce(c, OV_PREC_OR));
    what = ov_yara_top(c);
    if (what != NULL && what->kind == OV_PENDING_WITH && !is_range)
        return ov_yara_step_with(c);
    if (what != NULL && what->kind == OV_PENDING_TRUTHS && !is_range) {
        OV_TRY(ov_yara_step_truth(c, what));
        c->wants_value = true;
        return ov_yara_next(c->p);
    }
    if (what == NULL || what->is_second ||
        !(what->kind == OV_PENDING_ROUNDS ||
          (is_range && what->kind == OV_PENDING_IN) ||
          (!is_range && what->kind == OV_PENDING_CALL)) ||
        (is_range && what->n_items > 0))
        return ov_yara_fail(c->p, OV_MALFORMED, "expected ) or an operator");
    what->n_items++;
    what->is_second = is_range;
    c->wants_value = true;
    return ov_yara_next(c->p);
}

static enum ov_status step_binary(struct ov_yara_condition *c)
{
    struct ov_yara_token t = c->p->token;

    for (size_t i = 0; i < sizeof(binary) / sizeof(binary[0]); i++) {
        if (binary[i].token != t.kind)
            continue;
        OV_TRY(ov_yara_next(c->p));
        if (t.kind == OV_YARA_PERCENT && c->p->token.kind == OV_YARA_OF)
            return ov_yara_step_of(c, true);
        OV_TRY(ov_yara_reduce(c, binary[i].precedence));
        return ov_yara_open(
            c, (struct ov_yara_pending){.kind = OV_PENDING_BINARY,
                                        .precedence = binary[i].precedence,
                                        .op = binary[i].op,
                                        .at = ov_yara_here(c),
                                        .token = t});
    }
    OV_TRY(ov_yara_reduce(c, OV_PREC_OR));
    if (c->n_pending > 0)
        return ov_yara_fail(c->p, OV_MALFORMED, "expected ) or an operator");
    c->is_done = true;
    return OV_OK;
}

static enum ov_status step_operator(struct ov_yara_condition *c)
{
    switch ((int)c->p->token.kind) {
    case OV_YARA_OF:
        return ov_yara_step_of(c, false);
    case OV_YARA_NAME:
        return ov_yara_step_variable(c);
    case OV_YARA_COLON:
        return ov_yara_step_colon(c);
    case OV_YARA_DOT:
    case OV_YARA_INDEX_OPEN:
    case OV_YARA_OPEN:
        return ov_yara_step_postfix(c);
    case OV_YARA_CLOSE:
    case OV_YARA_INDEX_CLOSE:
        return step_close(c);
    case OV_YARA_DOTS:
    case OV_YARA_COMMA:
        return step_separator(c);
    default:
        return step_binary(c);
    }
}

static enum ov_status end_condition(struct ov_yara_condition *c)
{
    struct ov_yara_value v;

    OV_TRY(ov_yara_pop_truth(c, &v));
    c->p->needs_match = v.needs;
    c->p->guard = v.guard;
    return ov_buf_status(&c->p->code);
}

enum ov_status ov_yara_read_condition(struct ov_yara_parser *p)
{
    OV_AUTO_PTR struct ov_yara_condition *c = ov_alloc(sizeof(*c));

    if (c == NULL)
        return OV_NO_MEMORY;
    c->p = p;
    c->wants_value = true;
    p->is_costly = false;
    p->max_values = 0;
    p->max_loops = 0;
    while (!c->is_done) {
        OV_TRY(c->wants_value ? step_value(c) : step_operator(c));
        if (p->code.status == OV_LIMIT_SIZE)
            return ov_yara_fail(p, OV_UNSUPPORTED, "the condition is too long");
    }
    return end_condition(c);
}
