/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "match/re_tree.h"

/* The compiled form of a regular expression: an automaton without empty moves.
 * Node 0 is the start, the last one the end; those between take a byte of a
 * set, or hold a condition on the place. Behind each stand two lists: the nodes
 * that may follow, best first, and the nodes that may come before. So one
 * automaton runs both ways, and from any of its nodes.
 *
 *   0  length of everything in bytes (u32)
 *   4  nodes, sets (u16 each)
 *   8  length of the lists in u16
 *   12 nodes, 12 bytes each: set, or OV_RE_NODE_ASSERT + condition, or
 *      OV_RE_NODE_START, OV_RE_NODE_END (u16); zero (u16); where the list of
 *      those that follow is, and of those before (u32 each, in u16)
 *      sets, 32 bytes each: bit c % 8 of byte c / 8
 *      lists: a count, then so many nodes (u16 each)
 * Little-endian, at any alignment. */

#define OV_RE_HEADER 12
#define OV_RE_NODE_SIZE 12
#define OV_RE_SET_SIZE 32

#define OV_RE_NODE_ASSERT 0xff00u
#define OV_RE_NODE_START 0xfffeu
#define OV_RE_NODE_END 0xffffu

/* Entries of all lists together. */
#define OV_RE_LISTS_MAX ((size_t)1 << 19)

/* Appends the compiled form of t. ret_nodes, if not NULL, has room for
 * t->n_items: the node of each SET or ASSERT item, 0 for the others.
 * OV_UNSUPPORTED if it is too large. */
OV_MUST_USE enum ov_status ov_re_write(const struct ov_re_tree *t,
                                       struct ov_buf *code,
                                       uint16_t *ret_nodes);
