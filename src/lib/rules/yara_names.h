/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/alloc.h"
#include "base/span.h"
#include "base/status.h"

/* Which number a name has: the rules of a source, the strings of a rule. */
struct ov_yara_names {
    struct ov_yara_name {
        struct ov_span name; /* borrowed; empty: no entry */
        uint32_t number;
    } * slots;

    size_t n_slots; /* a power of two, or 0 */
    size_t n;
};

void ov_yara_names_done(struct ov_yara_names *names);

/* Forgets all names; what is left costs no more than a small table does. */
void ov_yara_names_clear(struct ov_yara_names *names);

/* A name that is not empty and not in the table yet. */
OV_MUST_USE enum ov_status ov_yara_names_add(struct ov_yara_names *names,
                                             struct ov_span name,
                                             uint32_t number);

bool ov_yara_names_find(const struct ov_yara_names *names, struct ov_span name,
                        uint32_t *ret);
