/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/condition.h"

#include "base/assert.h"
#include "base/reader.h"

/* Writing condition bytecode, and showing it. */

static const struct {
    const char *word;
    uint8_t n_operands;
} ops[OV_N_COND] = {

#define OV_COND(id, word, n_operands) [id] = {word, n_operands},
#include "rules/condition.def"
#undef OV_COND
};

void ov_cond_put(struct ov_buf *code, enum ov_cond op)
{
    OV_ASSERT(op < OV_N_COND && ops[op].n_operands == 0);
    ov_put_u8(code, (uint8_t)op);
}

void ov_cond_put1(struct ov_buf *code, enum ov_cond op, uint64_t a)
{
    OV_ASSERT(op < OV_N_COND && ops[op].n_operands == 1);
    ov_put_u8(code, (uint8_t)op);
    ov_put_varint(code, a);
}

void ov_cond_put2(struct ov_buf *code, enum ov_cond op, uint64_t a, uint64_t b)
{
    OV_ASSERT(op < OV_N_COND && ops[op].n_operands == 2);
    ov_put_u8(code, (uint8_t)op);
    ov_put_varint(code, a);
    ov_put_varint(code, b);
}

void ov_cond_show(struct ov_buf *out, struct ov_span code)
{
    struct ov_reader r = ov_reader_over(code);
    const char *separator = "";

    while (ov_reader_more(&r)) {
        uint8_t op = ov_read_u8(&r);

        ov_reader_require(&r, op < OV_N_COND, OV_MALFORMED);
        if (ov_reader_status(&r) != OV_OK)
            break;
        ov_put_str(out, separator);
        ov_put_str(out, ops[op].word);
        for (int i = 0; i < ops[op].n_operands; i++) {
            uint64_t value = ov_read_varint(&r);

            if (ov_reader_status(&r) == OV_OK)
                ov_put_format(out, " %llu", (unsigned long long)value);
        }
        separator = ", ";
    }
    if (ov_reader_status(&r) != OV_OK)
        ov_put_str(out, "?");
}
