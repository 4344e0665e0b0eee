/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "base/reader.h"
#include "base/span.h"
#include "match/pattern.h"

/* The compiled form of one pattern, in one of its forms (a pattern that is
 * wanted both as ASCII and as wide text has two programs with one ID). All
 * numbers are varints (base/buf.h) unless said otherwise.
 *
 *   length of what follows
 *   flags                  enum ov_program_flag
 *   targets                folded so that few and all bits are short
 *   pattern ID, rule
 *   number of its guard    if GUARDED
 *   keys                   if XOR: least and greatest, 1 byte each
 *   place                  if PLACED: kind, at (zigzag), shift, section
 *   atom's distance from the lead part's start; if BACKWARD instead a block of
 *                          code that is run from the atom towards the start
 *   number of parts, lead  if PARTS
 *   the parts, in order, each:
 *     gap before it        if PARTS and not the first: least number of bytes
 *     needle               if PARTS: distance from the part's start, block of
 *                          bytes that every match has there (may be empty)
 *     length of code * 2 + 1 if it is straight
 *     code
 *
 * With REGEX there is no part. Behind the atom's distance, which is 0, stand:
 *   source                 a block, as it was written
 *   number of nodes, nodes where an atom or the class's byte may begin
 *   code                   re_program.h
 *
 * Code of a part is a row of operations. The first byte of each has its kind in
 * the upper three bits and a count n - 1 in the lower five; 31 means that a
 * varint with n - 32 follows. */
enum ov_op {
    OV_OP_BYTES,   /* n bytes; NOCASE: in lower case */
    OV_OP_MASKED,  /* n pairs of mask and value */
    OV_OP_ANY,     /* n bytes of anything */
    OV_OP_GAP,     /* two varints: least number of bytes, how many more */
    OV_OP_OPEN,    /* alternatives; n 2: negated */
    OV_OP_NEXT,    /* between two of them */
    OV_OP_CLOSE,   /* after the last */
    OV_OP_SPECIAL, /* n - 1 is one of enum ov_special */
};

enum ov_special {
    OV_SPECIAL_NOT,      /* a pair of mask and value follows: any other byte */
    OV_SPECIAL_BOUNDARY, /* and behind: ov_boundary_code */
    OV_N_SPECIALS = OV_SPECIAL_BOUNDARY + 12
};

#define OV_OP_COUNT 31

enum ov_program_flag {
    OV_PROGRAM_NOCASE = 1,
    OV_PROGRAM_FULLWORD = 2,
    OV_PROGRAM_WIDE = 4, /* text of two bytes a character */
    OV_PROGRAM_PLACED = 8,
    OV_PROGRAM_BACKWARD = 16, /* atom's distance from the start varies */
    OV_PROGRAM_PARTS = 32,    /* more than one part */
    OV_PROGRAM_FIXED = 64,    /* in a set's list: tried at its place, no atom */
    OV_PROGRAM_EACH_START = 128, /* one match for each start, the shortest */
    OV_PROGRAM_SLOW = 256,  /* has no atom: tried at each byte of a class */
    OV_PROGRAM_REGEX = 512, /* a regular expression, see below */
    OV_PROGRAM_XOR = 1024,  /* its code is one row of bytes, each of them xor-ed
                               with one key */
    OV_PROGRAM_GREEDY = 2048,  /* REGEX: of several matches from one place the
                                  longest, else the shortest */
    OV_PROGRAM_DOT_ALL = 4096, /* REGEX: had this flag; only told */
    OV_PROGRAM_GUARDED = 8192,
    OV_PROGRAM_PLACES = 16384, /* it is asked where its matches are */
};

#define OV_PROGRAM_FLAGS_MAX 0xffffu

#define OV_PARTS_MAX 256

/* Bytes of a needle. */
#define OV_NEEDLE_MAX 16

/* A program's head, decoded. */
struct ov_program {
    uint32_t flags;
    uint32_t targets;
    uint32_t id;
    uint32_t rule;
    uint32_t guard;
    uint8_t xor_min;
    uint8_t xor_max;
    struct ov_place place;
    uint64_t atom_at;
    struct ov_span backward;
    uint32_t n_parts;
    uint32_t lead;
    struct ov_span parts;
};

struct ov_program_part {
    uint64_t gap_min;
    uint64_t needle_at;
    struct ov_span needle;
    struct ov_span code;
    bool is_straight; /* only fixed lengths, no alternatives */
};

/* Decodes the head of body (what is behind the length). False if it is
 * damaged. */
bool ov_program_read(struct ov_span body, struct ov_program *ret);

/* Reads the next part; r starts over p->parts with n 0. */
bool ov_program_part(const struct ov_program *p, struct ov_reader *r,
                     uint32_t n, struct ov_program_part *ret);

/* Appends a program with its length. */
void ov_program_write(struct ov_buf *b, const struct ov_program *p);
void ov_program_write_part(struct ov_buf *b, const struct ov_program *p,
                           uint32_t n, const struct ov_program_part *part);
