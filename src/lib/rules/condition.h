/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "base/reader.h"

/* Compiled conditions: postfix bytecode for one stack machine (condition.def
 * lists the operations; engine/evaluate.c runs them). An operation is one byte
 * and its operands, each a varint. */
enum ov_cond {
#define OV_COND(id, word, n_operands) id,
#define OV_COND_BLOCK(id, word) id,
#include "rules/condition.def"
#undef OV_COND_BLOCK
#undef OV_COND
    OV_N_COND
};

/* Appends one operation without, with one, with two operands: as many as
 * condition.def says. */
void ov_cond_put(struct ov_buf *code, enum ov_cond op);
void ov_cond_put1(struct ov_buf *code, enum ov_cond op, uint64_t a);
void ov_cond_put2(struct ov_buf *code, enum ov_cond op, uint64_t a, uint64_t b);

/* Passes over the operands of op; the reader fails if there is no such
 * operation. */
void ov_cond_skip(struct ov_reader *code, uint8_t op);

/* How many values the machine can hold. */
#define OV_COND_STACK_MAX 128

/* The next operation as text, "count> 4 2". An unknown one ends the code. */
void ov_cond_show_one(struct ov_buf *out, struct ov_reader *code);

/* The bytecode as text for people, "term 0, term 1, all 2": one operation with
 * its operands after the other. What is damaged ends it with "?". */
void ov_cond_show(struct ov_buf *out, struct ov_span code);
