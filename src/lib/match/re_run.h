/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "match/re_program.h"

/* Running a compiled regular expression. Whatever the code is, this ends, in
 * time proportional to the bytes read times the nodes, and reads only the code
 * and the view. */

/* YARA looks at so many bytes before and behind an atom, and no further. */
#define OV_RE_REACH 4096u

/* A compiled expression, opened: borrows the code. */
struct ov_re {
    const uint8_t *nodes;
    const uint8_t *sets;
    const uint8_t *lists;
    uint32_t n_nodes;
    uint32_t n_sets;
    uint32_t n_lists;
};

/* Over the code that begins at code.ptr; false if it is damaged. */
bool ov_re_open(struct ov_span code, struct ov_re *ret);

/* Working memory; grows as needed. Returns owned. */
struct ov_re_runner;
struct ov_re_runner *ov_re_runner_new(void) OV_ALLOC;
void ov_re_runner_free(struct ov_re_runner *r);
OV_DEFINE_AUTO(re_runner)

/* Units of work done since the last call. */
uint64_t ov_re_runner_work(struct ov_re_runner *r);

/* Where a run begins. */
struct ov_re_from {
    struct ov_span view;
    uint64_t at;
    uint32_t node;  /* about to take what is at `at` */
    uint32_t width; /* bytes of a character: 1, or 2 with the second zero */
    bool is_any;    /* forward: the first end will do */
};

/* Whether the node cannot take what is there. */
static inline bool ov_re_misses(const struct ov_re *re,
                                const struct ov_re_from *from)
{
    uint32_t what =
        ov_load16le(re->nodes + (size_t)from->node * OV_RE_NODE_SIZE);
    int byte = ov_span_byte(from->view, from->at);

    if (what >= OV_RE_NODE_ASSERT)
        return false;
    return byte < 0 || what >= re->n_sets ||
           !(re->sets[(size_t)what * OV_RE_SET_SIZE + (size_t)(byte >> 3)] >>
                 (byte & 7) &
             1);
}

/* Goes forward from a node: where the preferred match ends, UINT64_MAX if there
 * is none. OV_NO_MEMORY, OV_MALFORMED. */
OV_MUST_USE enum ov_status ov_re_forward(struct ov_re_runner *r,
                                         const struct ov_re *re,
                                         const struct ov_re_from *from,
                                         uint64_t *ret_end);

/* Goes backward: every place from which the node is reached, descending,
 * borrowed until the next call. */
OV_MUST_USE enum ov_status ov_re_backward(struct ov_re_runner *r,
                                          const struct ov_re *re,
                                          const struct ov_re_from *from,
                                          const uint64_t **ret_starts,
                                          size_t *ret_n);
