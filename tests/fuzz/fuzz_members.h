/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "formats/unpack.h"
#include "fuzz.h"

/* Unpacks data as one container of the type, within a small budget: ends, and
 * keeps to the budget. Of three members one is skipped, one read, and
 * one borrowed if that can be. */
static inline void fuzz_members(enum ov_type type, struct ov_span data)
{
    static const struct ov_span passwords[] = {
        {(const uint8_t *)"infected", 8},
        {(const uint8_t *)"", 0},
    };
    OV_AUTO_DONE(buf) into = ov_buf_with_max((size_t)1 << 20);
    OV_AUTO(unpacker) u = NULL;
    struct ov_budget budget = ov_budget_default();
    struct ov_unpack_job job = {.type = type,
                                .bytes = data,
                                .budget = &budget,
                                .passwords = passwords,
                                .n_passwords = 2};
    struct ov_member member;
    struct ov_span lent;
    enum ov_status status;
    uint64_t made = 0;
    uint64_t n = 0;
    bool is_whole = true;

    FUZZ_WHOLE(0);
    budget.limit[OV_COST_BYTES] = (uint64_t)4 << 20;
    budget.limit[OV_COST_OBJECTS] = 200;
    budget.limit[OV_COST_STEPS] = (uint64_t)64 << 20;
    if (ov_unpacker_open(&job, &u) != OV_OK)
        return;
    while ((status = ov_unpacker_next(u, &member)) == OV_OK && !member.is_end) {
        FUZZ_CHECK(member.position == ++n);
        FUZZ_CHECK(member.name.len <= data.len + 4096);
        ov_buf_clear(&into);
        if (n % 3 == 2 && ov_unpacker_borrow(u, data.len, &lent))
            FUZZ_CHECK(lent.len <= data.len);
        else if (n % 3 != 0)
            is_whole &= ov_unpacker_read(u, &into) == OV_OK;
        FUZZ_CHECK(into.len <= into.max);
        made += into.len;
    }
    FUZZ_WHOLE(is_whole && status == OV_OK ? 1 + n + made : 0);
    FUZZ_CHECK(n <= 200);
    FUZZ_CHECK(budget.spent[OV_COST_BYTES] <= ((uint64_t)4 << 20) + 1);
}
