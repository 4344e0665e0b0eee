/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "formats/facts.h"

/* The readers of executables behind ov_facts_read. Each fills job->facts as
 * far as it comes. A status of class OV_CLASS_BYTES means that the file is
 * damaged there; then the layout is empty, as clamscan has it, while integer
 * facts that were read before stay. Others are the scan's own. */
struct ov_exe_job {
    struct ov_span bytes;
    struct ov_arena *arena;
    struct ov_budget *budget;
    struct ov_facts *facts;
};

OV_MUST_USE enum ov_status ov_pe_read(const struct ov_exe_job *job);
OV_MUST_USE enum ov_status ov_elf_read(const struct ov_exe_job *job);
OV_MUST_USE enum ov_status ov_macho_read(const struct ov_exe_job *job);

void ov_facts_set(struct ov_facts *facts, enum ov_fact f, int64_t value);

/* As ov_facts_set; a value beyond INT64_MAX stays unknown. */
void ov_facts_set_u64(struct ov_facts *facts, enum ov_fact f, uint64_t value);

/* n extents in the arena; a step is spent for each. */
OV_MUST_USE enum ov_status ov_extents_new(const struct ov_exe_job *job,
                                          uint32_t n, struct ov_extent **ret);

/* Extents of which nobody knows beforehand how many there are. */
struct ov_extent_list {
    struct ov_extent *items; /* in the arena */
    uint32_t n;
    uint32_t cap;
};

/* One more, for a few steps. */
OV_MUST_USE enum ov_status ov_extent_add(const struct ov_exe_job *job,
                                         struct ov_extent_list *list,
                                         uint64_t at, uint64_t len);
