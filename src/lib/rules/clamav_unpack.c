/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/clamav.h"

/* Containers are refused until their digital signature can be verified. */
enum ov_status ov_clamav_unpack(struct ov_span file, enum ov_clamav_format f,
                                const struct ov_clamav_trust *trust,
                                struct ov_arena *arena,
                                struct ov_clamav_container *ret,
                                struct ov_diag *diag)
{
    (void)file;
    (void)f;
    (void)trust;
    (void)arena;
    (void)ret;
    return ov_diag_set(diag, OV_UNSUPPORTED, 0,
                       "containers are not read yet: give the databases in it");
}
