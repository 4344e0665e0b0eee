/* SPDX-License-Identifier: Apache-2.0
 *
 * The module "console" (YARA documentation, "Console module"): lines that rules
 * print. log and hex add one to the caller's buffer and are always true; when
 * the buffer is full, or nobody wants lines, they only are true.
 *
 * The bytes of a string that are not printable ASCII become \xNN, so that a
 * line is one line. (yara does this with values, but passes on the words before
 * them as they are; here those are made safe too.) */
#include <inttypes.h>

#include "base/text.h"
#include "modules/module.h"

static void put_safe(struct ov_buf *out, struct ov_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        int c = ov_span_byte(text, i);

        if (c >= 0x20 && c < 0x7f)
            ov_put_u8(out, (uint8_t)c);
        else
            ov_put_format(out, "\\x%02x", (unsigned)c);
    }
}

static void put_value(struct ov_buf *out, const struct ov_datum *value,
                      bool is_hex)
{
    if (value->kind == OV_DATUM_STRING)
        put_safe(out, value->text);
    else if (value->kind == OV_DATUM_FLOAT)
        ov_put_format(out, "%f", value->real);
    else if (is_hex)
        ov_put_format(out, "0x%" PRIx64, (uint64_t)value->number);
    else
        ov_put_format(out, "%" PRId64, value->number);
}

/* words: NULL, or what stands before the value. */
static enum ov_status put_line(struct ov_module_call *call,
                               const struct ov_datum *words,
                               const struct ov_datum *value, bool is_hex,
                               struct ov_datum *ret)
{
    const struct ov_module_input *in = call->run->in;
    struct ov_buf *out = in->console;
    size_t len = value->kind == OV_DATUM_STRING ? value->text.len : 1;

    *ret = ov_datum_integer(1);
    if (out == NULL)
        return OV_OK;
    if (words != NULL)
        len += words->text.len;
    OV_TRY(ov_budget_spend(in->budget, OV_COST_STEPS, len));
    if (words != NULL)
        put_safe(out, words->text);
    put_value(out, value, is_hex);
    ov_put_u8(out, '\n');
    return ov_buf_status(out) == OV_NO_MEMORY ? OV_NO_MEMORY : OV_OK;
}

static enum ov_status call_log(struct ov_module_call *call,
                               struct ov_datum *ret)
{
    return put_line(call, NULL, &call->arguments[0], false, ret);
}

static enum ov_status call_log_words(struct ov_module_call *call,
                                     struct ov_datum *ret)
{
    return put_line(call, &call->arguments[0], &call->arguments[1], false, ret);
}

static enum ov_status call_hex(struct ov_module_call *call,
                               struct ov_datum *ret)
{
    return put_line(call, NULL, &call->arguments[0], true, ret);
}

static enum ov_status call_hex_words(struct ov_module_call *call,
                                     struct ov_datum *ret)
{
    return put_line(call, &call->arguments[0], &call->arguments[1], true, ret);
}

static const struct ov_function log_of[] = {
    {.arguments = "s", .result = OV_DATUM_INTEGER, .call = call_log},
    {.arguments = "ss", .result = OV_DATUM_INTEGER, .call = call_log_words},
    {.arguments = "i", .result = OV_DATUM_INTEGER, .call = call_log},
    {.arguments = "si", .result = OV_DATUM_INTEGER, .call = call_log_words},
    {.arguments = "f", .result = OV_DATUM_INTEGER, .call = call_log},
    {.arguments = "sf", .result = OV_DATUM_INTEGER, .call = call_log_words},
};
static const struct ov_function hex[] = {
    {.arguments = "i", .result = OV_DATUM_INTEGER, .call = call_hex},
    {.arguments = "si", .result = OV_DATUM_INTEGER, .call = call_hex_words},
};

static const struct ov_field fields[] = {
    OV_FIELD_FUNCTION("hex", hex),
    OV_FIELD_FUNCTION("log", log_of),
};

extern const struct ov_module ov_module_console;
const struct ov_module ov_module_console = {
    .name = "console",
    .root = OV_STRUCTURE(fields),
};
