/* SPDX-License-Identifier: Apache-2.0 */
#include "host/cloud_merge.h"

#include "reputation/reputation.h"

static bool says(const struct cloud_said *s, enum ov_reputation r)
{
    return s->status == OV_OK &&
           ov_span_equal(cloud_said_value(s, "reputation"),
                         ov_span_str(ov_reputation_name(r)));
}

bool cloud_said_is_bad(const struct cloud_said *s)
{
    return says(s, OV_REPUTATION_MALICIOUS) ||
           says(s, OV_REPUTATION_UNWANTED) ||
           says(s, OV_REPUTATION_SUSPICIOUS) || says(s, OV_REPUTATION_TEST);
}

const struct cloud_said *cloud_merge(const struct cloud_said *own,
                                     const struct cloud_said *others)
{
    if (cloud_said_is_bad(own) || says(own, OV_REPUTATION_RECALLED))
        return own;
    if (cloud_said_is_bad(others))
        return others;
    if (own->status != OV_OK)
        return own; /* it might be one of those above */
    if (others->status != OV_OK)
        return others;
    return says(own, OV_REPUTATION_GOOD) ? own : others;
}
