/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "fuzz.h"
#include "modules/module.h"
#include "modules/module_show.h"

/* Reads the bytes with a module of YARA's: all values, and all functions
 * without arguments. There is an end within a bounded number of steps, and
 * whoever looks twice sees the same, if there is memory for it. */
static inline enum ov_status fuzz_module_once(const struct ov_module *module,
                                              struct ov_span bytes,
                                              struct ov_buf *out)
{
    OV_AUTO(arena) arena = ov_arena_new(256 << 20);
    struct ov_budget budget = ov_budget_default();
    struct ov_module_input in = {.bytes = bytes,
                                 .type = ov_type_identify(bytes),
                                 .arena = arena,
                                 .budget = &budget};
    struct ov_module_call call = {0};
    struct ov_datum value;

    budget.limit[OV_COST_STEPS] = 1 << 26;
    if (arena == NULL)
        return OV_NO_MEMORY;
    OV_TRY(ov_module_begin(module, &in, &call.run));
    OV_TRY(ov_module_show(out, call.run));
    call.self = call.run->fields;
    for (uint32_t i = 0; i < module->root.n_fields; i++) {
        const struct ov_field *field = &module->root.fields[i];

        for (unsigned k = 0; k < field->n_functions; k++) {
            if (field->functions[k].arguments[0] != '\0')
                continue;
            OV_TRY(field->functions[k].call(&call, &value));
            ov_put_u8(out, (uint8_t)value.kind);
            if (value.kind == OV_DATUM_STRING)
                ov_put_span(out, value.text);
        }
    }
    return ov_buf_status(out);
}

static inline void fuzz_module(const char *name, struct ov_span bytes)
{
    const struct ov_module *module = ov_module_find(ov_span_str(name));
    OV_AUTO_DONE(buf) first = ov_buf_with_max(64 << 20);
    OV_AUTO_DONE(buf) second = ov_buf_with_max(64 << 20);

    enum ov_status status, again;

    FUZZ_CHECK(module != NULL);
    status = fuzz_module_once(module, bytes, &first);
    again = fuzz_module_once(module, bytes, &second);
    if (status == OV_NO_MEMORY || again == OV_NO_MEMORY)
        return;
    FUZZ_CHECK(status == again);
    FUZZ_CHECK(ov_span_equal(ov_buf_span(&first), ov_buf_span(&second)));
}
