/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "match/matcher.h"

/* Universal binaries (OV_TYPE_MACHO_FAT) hold one Mach-O per architecture. */

/* How many there are; 0 if it is not one. */
uint32_t ov_macho_n_arches(struct ov_span bytes);

/* Where number i (from 0) lies, cut at the end of the file; false if there is
 * none, or it begins behind the end. */
bool ov_macho_fat_arch(struct ov_span bytes, uint32_t i, struct ov_extent *ret);
