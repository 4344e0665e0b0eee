/* SPDX-License-Identifier: Apache-2.0
 *
 * Facts of an object: asks the reader of its type, and turns what is wrong
 * with the bytes into the fact "is_damaged". A reader fails at the first thing
 * it cannot believe; rules then see the integer facts from before that place,
 * and no entry point or section, which is what clamscan makes of such files.
 */
#include "formats/facts.h"

#include "formats/exe.h"

static const char *const names[OV_N_FACTS] = {

#define OV_FACT(id, word) [id] = word,
#include "formats/facts.def"
#undef OV_FACT
};

const char *ov_fact_name(enum ov_fact f)
{
    return (unsigned)f < OV_N_FACTS ? names[f] : "unknown";
}

void ov_facts_set(struct ov_facts *facts, enum ov_fact f, int64_t value)
{
    facts->facts[f].is_known = true;
    facts->facts[f].value = value;
}

void ov_facts_set_u64(struct ov_facts *facts, enum ov_fact f, uint64_t value)
{
    if (value <= INT64_MAX)
        ov_facts_set(facts, f, (int64_t)value);
}

enum ov_status ov_extents_new(const struct ov_exe_job *job, uint32_t n,
                              struct ov_extent **ret)
{
    struct ov_extent *sections;

    OV_TRY(ov_budget_spend(job->budget, OV_COST_STEPS, n));
    sections = ov_arena_array(job->arena, n, sizeof(*sections));
    if (sections == NULL)
        return OV_NO_MEMORY;
    *ret = sections;
    return OV_OK;
}

enum ov_status ov_extent_add(const struct ov_exe_job *job,
                             struct ov_extent_list *list, uint64_t at,
                             uint64_t len)
{
    if (list->n == list->cap) {
        uint32_t cap = list->cap == 0 ? 16 : 2 * list->cap;
        struct ov_extent *items;

        OV_TRY(ov_extents_new(job, cap, &items));
        for (uint32_t i = 0; i < list->n; i++)
            items[i] = list->items[i];
        list->items = items;
        list->cap = cap;
    }
    list->items[list->n++] = (struct ov_extent){at, len};
    return OV_OK;
}

static enum ov_status read_by_type(enum ov_type type,
                                   const struct ov_exe_job *job)
{
    if (type == OV_TYPE_PE)
        return ov_pe_read(job);
    if (type == OV_TYPE_ELF)
        return ov_elf_read(job);
    if (type == OV_TYPE_MACHO)
        return ov_macho_read(job);
    return OV_UNSUPPORTED;
}

enum ov_status ov_facts_read(enum ov_type type, struct ov_span bytes,
                             struct ov_arena *arena, struct ov_budget *budget,
                             struct ov_facts *ret)
{
    struct ov_facts facts = {0};
    struct ov_exe_job job = {bytes, arena, budget, &facts};
    enum ov_status status;

    ov_facts_set_u64(&facts, OV_FACT_FILESIZE, bytes.len);
    if (ov_type_kind(type) == OV_KIND_CODE) {
        status = read_by_type(type, &job);
        if (status != OV_OK && ov_status_class(status) != OV_CLASS_BYTES)
            return status;
        if (status != OV_OK) {
            facts.layout = (struct ov_layout){0};
            facts.pe = NULL;
            facts.damage = status;
            facts.facts[OV_FACT_N_SECTIONS].is_known = false;
            facts.facts[OV_FACT_ENTRY_POINT].is_known = false;
        }
        ov_facts_set(&facts, OV_FACT_IS_DAMAGED, status != OV_OK);
    }
    *ret = facts;
    return OV_OK;
}
