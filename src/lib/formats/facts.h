/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/budget.h"
#include "formats/type.h"
#include "match/matcher.h"

/* Facts are what a format's reader publishes for conditions of every rule
 * language. facts.def: OV_FACT(id, word): integer facts, named as YARA names
 * them where it has them. Computed only when a rule asks; a damaged file still
 * has the facts that could be read before the damage. */
enum ov_fact {
#define OV_FACT(id, word) id,
#include "formats/facts.def"
#undef OV_FACT
    OV_N_FACTS
};

const char *ov_fact_name(enum ov_fact f);

struct ov_pe;

/* The facts of one object. All of it lives in the arena. */
struct ov_facts {
    struct {
        bool is_known;
        int64_t value;
    } facts[OV_N_FACTS];
    struct ov_layout layout; /* entry point, sections, version information */
    /* PE only */
    bool has_imphash;
    uint8_t imphash[16];   /* MD5 of the lower-case "dll.function" list */
    uint64_t imports_size; /* of that list in bytes: the "size" of .imp rules */
    uint64_t import_size;  /* of the import directory, as .imp rules give it */
    uint64_t overlay_at;   /* 0: none */
    enum ov_status damage; /* of class OV_CLASS_BYTES: what is wrong with it */
    const struct ov_pe *pe; /* NULL if it is damaged */
};

/* Reads an executable (OV_KIND_CODE; of other types only the file size is a
 * fact). OV_OK also for damaged files: then some facts are unknown and
 * OV_FACT_IS_DAMAGED is 1. OV_NO_MEMORY and limits are errors. */
OV_MUST_USE enum ov_status
ov_facts_read(enum ov_type type, struct ov_span bytes, struct ov_arena *arena,
              struct ov_budget *budget, struct ov_facts *ret);
