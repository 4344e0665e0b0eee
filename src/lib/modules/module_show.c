/* SPDX-License-Identifier: Apache-2.0
 *
 * Prints the values of a module. An explicit stack of what is open: structures,
 * and the items of arrays and dictionaries, which are no deeper than the
 * module's own tables. */
#include "modules/module_show.h"

#include <inttypes.h>

#define OPEN_MAX 16

struct open {
    const struct ov_structure *s; /* NULL: items */
    const struct ov_field *field; /* items: what they are */
    const struct ov_datum *fields;
    const struct ov_items *items;
    uint32_t n_left;
};

struct show {
    struct ov_buf *out;
    struct open stack[OPEN_MAX];
    size_t n;
};

static void put_tabs(struct ov_buf *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ov_put_u8(out, '\t');
}

static void put_printable(struct ov_buf *out, struct ov_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] >= 0x20 && text.ptr[i] < 0x7f)
            ov_put_u8(out, text.ptr[i]);
        else
            ov_put_format(out, "\\x%02x", text.ptr[i]);
    }
}

static void put_text(struct ov_buf *out, struct ov_span text)
{
    ov_put_u8(out, '"');
    put_printable(out, text);
    ov_put_u8(out, '"');
}

static void put_scalar(struct ov_buf *out, const struct ov_datum *datum)
{
    ov_put_str(out, " = ");
    if (datum->kind == OV_DATUM_INTEGER)
        ov_put_format(out, "%" PRId64, datum->number);
    else if (datum->kind == OV_DATUM_FLOAT)
        ov_put_format(out, "%f", datum->real);
    else if (datum->kind == OV_DATUM_STRING)
        put_text(out, datum->text);
    else
        ov_put_str(out, "YR_UNDEFINED");
}

static bool has_items(enum ov_datum_kind kind)
{
    return kind == OV_DATUM_ARRAY || kind == OV_DATUM_DICTIONARY;
}

/* In yara's printing each array turns the order of fields in its items around:
 * they are last to first at the top, first to last in an array's items, and so
 * on. */
static uint32_t next_field(const struct show *show, struct open *top)
{
    bool forward = false;

    for (size_t i = 0; i < show->n; i++)
        forward ^= show->stack[i].s == NULL;
    top->n_left--;
    return forward ? top->s->n_fields - 1 - top->n_left : top->n_left;
}

/* What stands behind a name: a value, or what is in it, one level deeper. */
static void show_value(struct show *show, const struct ov_field *field,
                       enum ov_datum_kind kind, const struct ov_datum *datum)
{
    struct open open = {.field = field};

    if (kind != OV_DATUM_STRUCTURE && !has_items(kind)) {
        put_scalar(show->out, datum);
        ov_put_u8(show->out, '\n');
        return;
    }
    ov_put_u8(show->out, '\n');
    if (datum->kind != kind || show->n == OPEN_MAX)
        return;
    if (kind == OV_DATUM_STRUCTURE) {
        open.s = field->structure;
        open.fields = datum->fields;
        open.n_left = open.s->n_fields;
    } else {
        open.items = datum->items;
        open.n_left = open.items->n;
    }
    show->stack[show->n++] = open;
}

static void show_field(struct show *show, struct open *top)
{
    uint32_t i = next_field(show, top);
    const struct ov_field *field = &top->s->fields[i];

    if (field->kind == OV_DATUM_FUNCTION)
        return;
    put_tabs(show->out, show->n);
    ov_put_str(show->out, field->name);
    show_value(show, field,
               field->kind == OV_DATUM_CONSTANT ? OV_DATUM_INTEGER
                                                : field->kind,
               &top->fields[i]);
}

static void show_item(struct show *show, struct open *top)
{
    uint32_t i = top->items->n - top->n_left--;
    const struct ov_datum *value = &top->items->values[i];

    if (top->field->item == OV_DATUM_STRUCTURE &&
        value->kind == OV_DATUM_UNDEFINED)
        return;
    put_tabs(show->out, show->n);
    if (top->items->keys == NULL)
        ov_put_format(show->out, "[%" PRIu32 "]", i);
    else
        put_printable(show->out, top->items->keys[i]);
    show_value(show, top->field, top->field->item, value);
}

enum ov_status ov_module_show(struct ov_buf *out, struct ov_module_run *run)
{
    const struct ov_structure *root = &run->module->root;
    struct show show = {.out = out, .n = 1};
    struct ov_datum datum;

    for (uint32_t i = 0; i < root->n_fields; i++)
        OV_TRY(ov_module_get(run, i, &datum));
    ov_put_format(out, "%s\n", run->module->name);
    show.stack[0] = (struct open){
        .s = root, .fields = run->fields, .n_left = root->n_fields};
    while (show.n > 0) {
        struct open *top = &show.stack[show.n - 1];

        if (top->n_left == 0)
            show.n--;
        else if (top->s != NULL)
            show_field(&show, top);
        else
            show_item(&show, top);
    }
    return ov_buf_status(out);
}
