/* SPDX-License-Identifier: Apache-2.0 */
#include "base/assert.h"
#include "engine/scan.h"

const char *ov_verdict_name(enum ov_verdict v)
{
    static const char *const names[OV_N_VERDICTS] = {
#define OV_VERDICT(id, word) [id] = word,
#include <overt/verdict.def>
#undef OV_VERDICT
    };

    OV_ASSERT(v < OV_N_VERDICTS);
    return names[v];
}

const char *ov_reason_name(enum ov_reason_kind r)
{
    static const char *const names[OV_N_REASONS] = {
#define OV_REASON(id, word) [id] = word,
#include <overt/reason.def>
#undef OV_REASON
    };

    OV_ASSERT(r < OV_N_REASONS);
    return names[r];
}
