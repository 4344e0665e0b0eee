/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/condition.h"

#include "base/assert.h"
#include "base/text.h"

/* Writing condition bytecode, and showing it. */

static const struct {
    const char *word;
    uint8_t n_operands;
    bool has_block;
} ops[OV_N_COND] = {

#define OV_COND(id, word, n_operands) [id] = {word, n_operands, false},
#define OV_COND_BLOCK(id, word) [id] = {word, 0, true},
#include "rules/condition.def"
#undef OV_COND_BLOCK
#undef OV_COND
};

void ov_cond_skip(struct ov_reader *code, uint8_t op)
{
    ov_reader_require(code, op < OV_N_COND, OV_MALFORMED);
    if (ov_reader_status(code) != OV_OK)
        return;
    for (int i = 0; i < ops[op].n_operands; i++)
        (void)ov_read_varint(code);
    if (ops[op].has_block)
        (void)ov_read_block(code);
}

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

/* What is printed of a block. */
#define SHOWN_MAX 64

static void put_block(struct ov_buf *out, struct ov_reader *r)
{
    struct ov_span block = ov_read_block(r);

    ov_put_str(out, " \"");
    ov_put_escaped(out, ov_span_clip(block, 0, SHOWN_MAX));
    ov_put_str(out, block.len > SHOWN_MAX ? "...\"" : "\"");
}

void ov_cond_show_one(struct ov_buf *out, struct ov_reader *code)
{
    uint8_t op = ov_read_u8(code);

    if (op >= OV_N_COND) {
        ov_put_format(out, "unknown operation %u", op);
        ov_reader_require(code, false, OV_MALFORMED);
        return;
    }
    ov_put_str(out, ops[op].word);
    for (int i = 0; i < ops[op].n_operands; i++) {
        uint64_t value = ov_read_varint(code);

        if (ov_reader_status(code) == OV_OK)
            ov_put_format(out, " %llu", (unsigned long long)value);
    }
    if (ops[op].has_block)
        put_block(out, code);
}

void ov_cond_show(struct ov_buf *out, struct ov_span code)
{
    struct ov_reader r = ov_reader_over(code);
    const char *separator = "";

    while (ov_reader_more(&r)) {
        ov_put_str(out, separator);
        ov_cond_show_one(out, &r);
        separator = ", ";
    }
    if (ov_reader_status(&r) != OV_OK)
        ov_put_str(out, "?");
}
