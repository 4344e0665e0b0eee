/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of .NET types as C# writes them: a signature is a tree in prefix order,
 * such as 0x1d 0x08 for "int[]" or 0x15 0x12 List 0x01 0x0e for "List<string>".
 * It is written front to back into one buffer. What is open lies on a stack of
 * 16: each entry knows where its text began, so that a part that can't be read
 * can be taken back, and how many parts are still to come. A part may be the
 * signature of another row, which is then read as if it stood there; since that
 * can grow without bound, all names of a file together are limited.
 *
 * Source: ECMA-335, partition II, sections 23.2 (signatures), 22.32 (nested
 * classes); how YARA writes types by its documentation, "Dotnet module". */
#include "modules/dotnet_types.h"

#define DEPTH_MAX 16
#define NESTED_MAX 10
#define RANK_MAX 50
#define GENERICS_MAX 1000
#define PARAMETERS_MAX 2000
#define TEXT_MAX 10000
#define ALL_TEXT_MAX (16u << 20)
#define TYPES_MAX (1u << 20)
#define TYPE_STEPS 100

#define FLAG_VISIBILITY 7
#define FLAG_NESTED_FROM 2

enum element {
    TYPE_PTR = 0x0f,
    TYPE_BYREF = 0x10,
    TYPE_VALUE = 0x11,
    TYPE_CLASS = 0x12,
    TYPE_VAR = 0x13,
    TYPE_ARRAY = 0x14,
    TYPE_GENERIC = 0x15,
    TYPE_FUNCTION = 0x1b,
    TYPE_VECTOR = 0x1d,
    TYPE_MVAR = 0x1e,
    TYPE_REQUIRED = 0x1f,
    TYPE_OPTIONAL = 0x20,
    TYPE_ROW = 0x80 /* ours: the signature of another row */
};

static const char *const simple[] = {
    [0x01] = "void",   [0x02] = "bool",    [0x03] = "char",
    [0x04] = "sbyte",  [0x05] = "byte",    [0x06] = "short",
    [0x07] = "ushort", [0x08] = "int",     [0x09] = "uint",
    [0x0a] = "long",   [0x0b] = "ulong",   [0x0c] = "float",
    [0x0d] = "double", [0x0e] = "string",  [0x16] = "TypedReference",
    [0x18] = "IntPtr", [0x19] = "UIntPtr", [0x1c] = "object",
};

struct open_type {
    uint8_t kind;
    size_t mark; /* where its text begins */
    size_t part; /* where its last part's does */
    uint32_t n;  /* parts behind the first */
    uint32_t i;  /* of these, read */
    bool has_first;
    struct ov_span saved;                    /* TYPE_ROW: where to go on */
    const struct dotnet_generics *of_method; /* TYPE_ROW: to restore */
};

struct machine {
    struct dotnet_types *t;
    struct ov_span rest;
    const struct dotnet_generics *of_class;
    const struct dotnet_generics *of_method;
    struct open_type stack[DEPTH_MAX + 1];
    unsigned n;
};

enum ov_status ov_dotnet_types_open(struct ov_module_run *run,
                                    const struct dotnet *d,
                                    struct dotnet_types *ret)
{
    uint32_t n = d->tables[DOTNET_TYPE_DEF].n_rows;

    *ret = (struct dotnet_types){
        .run = run, .d = d, .text = ov_buf_with_max(TEXT_MAX)};
    ret->enclosing =
        ov_arena_array(run->in->arena, (size_t)n + 1, sizeof(uint32_t));
    if (ret->enclosing == NULL)
        return OV_NO_MEMORY;
    for (uint32_t i = d->tables[DOTNET_NESTED].n_rows; i > 0; i--) {
        uint32_t inner;

        if (!ov_dotnet_has_row(d, DOTNET_NESTED, i))
            continue;
        inner = ov_dotnet_cell(d, DOTNET_NESTED, i, 0);
        if (inner <= n)
            ret->enclosing[inner] = ov_dotnet_cell(d, DOTNET_NESTED, i, 1);
    }
    return OV_OK;
}

void ov_dotnet_types_done(struct dotnet_types *t)
{
    ov_buf_done(&t->text);
}

bool ov_dotnet_types_over(const struct dotnet_types *t)
{
    return t->n_text > ALL_TEXT_MAX || t->n_read > TYPES_MAX;
}

static struct ov_span until_backtick(struct ov_span name)
{
    struct ov_span head;

    (void)ov_span_cut(&name, '`', &head);
    return head;
}

static enum ov_status keep(struct dotnet_types *t, struct ov_span text,
                           struct ov_span *ret)
{
    t->n_text += text.len;
    if (ov_dotnet_types_over(t)) {
        *ret = (struct ov_span){NULL, 0};
        return OV_OK;
    }
    return ov_arena_copy(t->run->in->arena, text, ret) ? OV_OK : OV_NO_MEMORY;
}

enum ov_status ov_dotnet_join(struct dotnet_types *t, struct ov_span name,
                              struct ov_span space, struct ov_span *ret)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(TEXT_MAX);

    if (name.len == 0 || space.len == 0) {
        *ret = name.len == 0 ? space : until_backtick(name);
        return OV_OK;
    }
    ov_put_span(&text, space);
    ov_put_u8(&text, '.');
    ov_put_span(&text, name);
    if (text.status == OV_LIMIT_SIZE) {
        *ret = (struct ov_span){NULL, 0};
        return OV_OK;
    }
    OV_TRY(ov_buf_status(&text));
    return keep(t, until_backtick(ov_buf_span(&text)), ret);
}

static bool is_nested(const struct dotnet *d, uint32_t row)
{
    return (ov_dotnet_cell(d, DOTNET_TYPE_DEF, row, 0) & FLAG_VISIBILITY) >=
           FLAG_NESTED_FROM;
}

enum ov_status ov_dotnet_namespace(struct dotnet_types *t, uint32_t row,
                                   struct ov_span *ret)
{
    const struct dotnet *d = t->d;
    uint32_t way[NESTED_MAX]; /* from the inside out */
    unsigned n = 0;
    uint32_t at = row;
    struct ov_span space = {NULL, 0};

    while (n < NESTED_MAX && is_nested(d, at)) {
        uint32_t outer = t->enclosing[at];

        if (!ov_dotnet_has_row(d, DOTNET_TYPE_DEF, outer) ||
            ov_span_equal(ov_dotnet_text_at(d, DOTNET_TYPE_DEF, outer, 1),
                          OV_SPAN_LIT("<Module>")))
            break;
        way[n++] = outer;
        if (outer == at)
            break;
        at = outer;
    }
    while (n > 0) {
        uint32_t outer = way[--n];

        OV_TRY(ov_dotnet_join(
            t, ov_dotnet_text_at(d, DOTNET_TYPE_DEF, outer, 2), space, &space));
        OV_TRY(ov_dotnet_join(
            t, ov_dotnet_text_at(d, DOTNET_TYPE_DEF, outer, 1), space, &space));
    }
    if (!is_nested(d, row)) {
        *ret = ov_dotnet_text_at(d, DOTNET_TYPE_DEF, row, 2);
        return OV_OK;
    }
    return ov_dotnet_join(t, ov_dotnet_text_at(d, DOTNET_TYPE_DEF, row, 2),
                          space, ret);
}

uint32_t ov_dotnet_read_number(struct ov_span *rest)
{
    int first = ov_span_byte(*rest, 0);
    uint16_t two = 0;
    uint32_t four = 0;
    unsigned size = 1;
    uint32_t number;

    if (first < 0)
        return 0;
    number = (uint32_t)first;
    if ((first & 0xc0) == 0x80) {
        size = ov_span_u16be(*rest, 0, &two) ? 2 : 0;
        number = two & 0x3fff;
    } else if ((first & 0xe0) == 0xc0) {
        size = ov_span_u32be(*rest, 0, &four) ? 4 : 0;
        number = four & 0x1fffffff;
    } else if ((first & 0x80) != 0) {
        return 0;
    }
    *rest = ov_span_clip(*rest, size, rest->len);
    return size == 0 ? 0 : number;
}

/* The same with a sign: rotated by one, the lowest bit is the sign. */
static int32_t read_signed(struct ov_span *rest)
{
    size_t before = rest->len;
    uint32_t raw = ov_dotnet_read_number(rest);
    unsigned bits = before - rest->len == 1   ? 6
                    : before - rest->len == 2 ? 13
                                              : 28;
    int32_t number = (int32_t)(raw >> 1);

    return (raw & 1) != 0 ? number - (int32_t)(1u << bits) : number;
}

static void put_array_shape(struct machine *m, uint32_t rank,
                            const int64_t *sizes, uint32_t n_sizes,
                            const int32_t *lows, uint32_t n_lows)
{
    struct ov_buf *out = &m->t->text;

    ov_put_u8(out, '[');
    for (uint32_t i = 0; i < rank; i++) {
        if (i < n_lows && lows[i] != 0)
            ov_put_format(out, "%d...", (int)lows[i]);
        if (i < n_sizes)
            ov_put_format(out, "%d", (int)sizes[i]);
        if (i + 1 != rank)
            ov_put_u8(out, ',');
    }
    ov_put_u8(out, ']');
}

/* What follows the type of an array's items. */
static bool read_array_shape(struct machine *m)
{
    int64_t sizes[RANK_MAX] = {0};
    int32_t lows[RANK_MAX] = {0};
    uint32_t rank = ov_dotnet_read_number(&m->rest);
    uint32_t n_sizes, n_lows;

    if (rank == 0 || rank > RANK_MAX)
        return false;
    n_sizes = ov_dotnet_read_number(&m->rest);
    if (n_sizes > rank)
        return false;
    for (uint32_t i = 0; i < n_sizes; i++)
        sizes[i] = ov_dotnet_read_number(&m->rest);
    n_lows = ov_dotnet_read_number(&m->rest);
    if (n_lows > rank)
        return false;
    for (uint32_t i = 0; i < n_lows; i++) {
        lows[i] = read_signed(&m->rest);
        if (i < n_sizes && lows[i] != 0)
            sizes[i] += lows[i] - 1;
    }
    put_array_shape(m, rank, sizes, n_sizes, lows, n_lows);
    return true;
}

static void push(struct machine *m, uint8_t kind, uint32_t n, const char *text)
{
    m->stack[m->n++] =
        (struct open_type){.kind = kind, .mark = m->t->text.len, .n = n};
    ov_put_str(&m->t->text, text);
}

/* A type, by its row's number and kind of table, whose name is written or
 * whose signature comes next; *ret_is_open then. */
static enum ov_status put_named(struct machine *m, uint32_t coded, bool *ret_ok,
                                bool *ret_is_open)
{
    static const enum dotnet_table tables[] = {DOTNET_TYPE_DEF, DOTNET_TYPE_REF,
                                               DOTNET_TYPE_SPEC};
    const struct dotnet *d = m->t->d;
    uint32_t row = coded >> 2;
    struct ov_span name, space, full;
    enum dotnet_table table;

    *ret_ok = *ret_is_open = false;
    if ((coded & 3) == 3)
        return OV_OK;
    table = tables[coded & 3];
    if (!ov_dotnet_has_row(d, table, row))
        return OV_OK;
    if (table == DOTNET_TYPE_SPEC) {
        struct ov_span blob;

        if (!ov_dotnet_blob(d, ov_dotnet_cell(d, table, row, 0), &blob))
            return OV_OK;
        push(m, TYPE_ROW, 0, "");
        m->stack[m->n - 1].saved = m->rest;
        m->stack[m->n - 1].of_method = m->of_method;
        m->of_method = NULL;
        m->rest = blob;
        *ret_is_open = true;
        return OV_OK;
    }
    name = ov_dotnet_text_at(d, table, row, 1);
    space = ov_dotnet_text_at(d, table, row, 2);
    if (table == DOTNET_TYPE_DEF)
        OV_TRY(ov_dotnet_namespace(m->t, row, &space));
    OV_TRY(ov_dotnet_join(m->t, name, space, &full));
    ov_put_span(&m->t->text, full);
    *ret_ok = full.ptr != NULL;
    return OV_OK;
}

static bool put_generic(struct machine *m, const struct dotnet_generics *g)
{
    uint32_t i = ov_dotnet_read_number(&m->rest);

    if (g == NULL || i >= g->n)
        return false;
    ov_put_span(&m->t->text, g->names[i]);
    return true;
}

/* Opens a type that has parts; false if it is none. */
static bool open_type(struct machine *m, uint8_t type)
{
    uint32_t n;

    switch (type) {
    case TYPE_PTR:
        push(m, type, 0, "Ptr<");
        return true;
    case TYPE_BYREF:
        push(m, type, 0, "ref ");
        return true;
    case TYPE_FUNCTION:
        m->rest = ov_span_clip(m->rest, 1, m->rest.len); /* flags */
        n = ov_dotnet_read_number(&m->rest);
        if (n <= PARAMETERS_MAX)
            push(m, type, n, "FnPtr<");
        return n <= PARAMETERS_MAX;
    case TYPE_REQUIRED:
    case TYPE_OPTIONAL:
        (void)ov_dotnet_read_number(&m->rest);
        push(m, type, 0, "");
        return true;
    case TYPE_ARRAY:
    case TYPE_GENERIC:
    case TYPE_VECTOR:
        push(m, type, 0, "");
        return true;
    default:
        return false;
    }
}

/* Reads the first byte of a type and what belongs to it. */
static enum ov_status start_type(struct machine *m, bool *ret_ok,
                                 bool *ret_is_open)
{
    int type = ov_span_byte(m->rest, 0);

    OV_TRY(ov_budget_spend(m->t->run->in->budget, OV_COST_STEPS, TYPE_STEPS));
    *ret_ok = *ret_is_open = false;
    if (type < 0 || m->n >= DEPTH_MAX || ++m->t->n_read > TYPES_MAX)
        return OV_OK;
    m->rest = ov_span_clip(m->rest, 1, m->rest.len);
    if ((size_t)type < sizeof(simple) / sizeof(simple[0]) &&
        simple[type] != NULL) {
        ov_put_str(&m->t->text, simple[type]);
        *ret_ok = true;
        return OV_OK;
    }
    if (type == TYPE_VALUE || type == TYPE_CLASS)
        return put_named(m, ov_dotnet_read_number(&m->rest), ret_ok,
                         ret_is_open);
    if (type == TYPE_VAR || type == TYPE_MVAR) {
        *ret_ok = put_generic(m, type == TYPE_VAR ? m->of_class : m->of_method);
        return OV_OK;
    }
    *ret_is_open = open_type(m, (uint8_t)type);
    return OV_OK;
}

/* The next of the parts in brackets; false if that was all. */
static bool next_part(struct machine *m, struct open_type *top)
{
    if (top->i == top->n)
        return false;
    top->part = m->t->text.len;
    if (top->i++ > 0)
        ov_put_str(&m->t->text, top->kind == TYPE_GENERIC ? "," : ", ");
    return true;
}

/* A part of the innermost open type was read (ok) or not. True if another part
 * comes; else that type is complete, and *ok tells whether it could be read. */
static bool end_part(struct machine *m, struct open_type *top, bool *ok)
{
    struct ov_buf *out = &m->t->text;

    if (top->has_first && !*ok)
        out->len = top->part; /* as if it were not there */
    if (!top->has_first && !*ok)
        return false;
    *ok = true;
    if (top->kind == TYPE_GENERIC || top->kind == TYPE_FUNCTION) {
        if (!top->has_first) {
            top->has_first = true;
            if (top->kind == TYPE_GENERIC)
                top->n = ov_dotnet_read_number(&m->rest);
            if (top->n > GENERICS_MAX && top->kind == TYPE_GENERIC) {
                *ok = false;
                return false;
            }
            ov_put_u8(out, top->kind == TYPE_GENERIC ? '<' : '(');
        }
        if (next_part(m, top))
            return true;
        ov_put_str(out, top->kind == TYPE_GENERIC ? ">" : ")>");
    } else if (top->kind == TYPE_PTR) {
        ov_put_u8(out, '>');
    } else if (top->kind == TYPE_VECTOR) {
        ov_put_str(out, "[]");
    } else if (top->kind == TYPE_ARRAY) {
        *ok = read_array_shape(m);
    }
    return false;
}

/* Closes what is complete; true if another part is to be read. */
static bool close_types(struct machine *m, bool *ok)
{
    while (m->n > 0) {
        struct open_type *top = &m->stack[m->n - 1];

        if (end_part(m, top, ok))
            return true;
        if (!*ok)
            m->t->text.len = top->mark;
        if (top->kind == TYPE_ROW) {
            m->rest = top->saved;
            m->of_method = top->of_method;
        }
        m->n--;
    }
    return false;
}

static enum ov_status run_machine(struct machine *m, bool ok, bool is_open,
                                  struct ov_span *ret)
{
    while (is_open || close_types(m, &ok))
        OV_TRY(start_type(m, &ok, &is_open));
    *ret = (struct ov_span){NULL, 0};
    if (m->t->text.status == OV_NO_MEMORY)
        return OV_NO_MEMORY;
    if (!ok || m->t->text.status != OV_OK)
        return OV_OK;
    return keep(m->t, ov_buf_span(&m->t->text), ret);
}

enum ov_status ov_dotnet_type_of(struct dotnet_types *t, uint32_t coded,
                                 const struct dotnet_generics *of_class,
                                 struct ov_span *ret)
{
    struct machine m = {.t = t, .of_class = of_class};
    bool ok, is_open;

    ov_buf_clear(&t->text);
    OV_TRY(put_named(&m, coded, &ok, &is_open));
    return run_machine(&m, ok, is_open, ret);
}

enum ov_status ov_dotnet_read_type(struct dotnet_types *t, struct ov_span *rest,
                                   const struct dotnet_generics *of_class,
                                   const struct dotnet_generics *of_method,
                                   struct ov_span *ret)
{
    struct machine m = {
        .t = t, .rest = *rest, .of_class = of_class, .of_method = of_method};

    ov_buf_clear(&t->text);
    OV_TRY(run_machine(&m, false, true, ret));
    *rest = m.rest;
    return OV_OK;
}
