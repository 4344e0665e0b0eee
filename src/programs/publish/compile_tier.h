/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "instance.h"
#include "trust/delta.h"
#include "trust/pack.h"

/* Has the jailed judge compile a tier of a release, as clients do, and gives
 * digest and length of the image. */
bool compile_base(struct instance *in, const struct ov_record_set *base,
                  struct ov_blob *ret);
bool compile_changes(struct instance *in, const struct ov_record_set *base,
                     const struct ov_delta *changes, struct ov_blob *ret);
