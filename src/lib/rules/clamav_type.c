/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/clamav_type.h"

#include "formats/type.h"

/* A file type that ClamAV does not know refuses some databases; one that only
 * we do not know must not. So those that formats/types.def has no row for are
 * listed here. Source: ClamAV manual, "File types". */

static const char *const not_told[] = {"CL_TYPE_EGGSFX", "CL_TYPE_IGNORED",
                                       "CL_TYPE_PART_HFSPLUS", "CL_TYPE_SFX"};

enum ov_clam_type ov_clam_type_of(struct ov_span name, uint32_t *ret)
{
    enum ov_type type;

    if (ov_span_equal(name, OV_SPAN_LIT("CL_TYPE_ANY"))) {
        *ret = OV_TYPE_ANY;
        return OV_CLAM_TYPE_KNOWN;
    }
    if (name.len > 0 && ov_type_from_clamav(name, &type)) {
        *ret = type;
        return OV_CLAM_TYPE_KNOWN;
    }
    for (size_t i = 0; i < sizeof(not_told) / sizeof(not_told[0]); i++)
        if (ov_span_equal(name, ov_span_str(not_told[i])))
            return OV_CLAM_TYPE_NOT_TOLD;
    return OV_CLAM_TYPE_UNKNOWN;
}
