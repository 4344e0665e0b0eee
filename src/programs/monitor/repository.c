/* SPDX-License-Identifier: Apache-2.0 */
#include "repository.h"

/* stub */
enum ov_status repository_check(struct rounds *r)
{
    (void)r;
    return OV_OK;
}
