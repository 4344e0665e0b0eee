/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/budget.h"
#include "formats/type.h"

#define OV_IMAGE_HASH_SIZE 8

/* The perceptual hash behind ClamAV's fuzzy_img subsignatures: pictures that
 * look alike differ in few bits. PNG, GIF (its first frame), BMP and JPEG;
 * OV_UNSUPPORTED for other types and rare variants, OV_LIMIT_SIZE for more than
 * 2^25 pixels, OV_MALFORMED or OV_TRUNCATED if the picture cannot be decoded.
 * Spends steps per pixel. */
OV_MUST_USE enum ov_status
ov_image_hash(enum ov_type type, struct ov_span bytes, struct ov_budget *budget,
              uint8_t ret[static OV_IMAGE_HASH_SIZE]);

/* The first 8 x 8 of the 2-dimensional DCT-II of 32 x 32 values; for tests. */
void ov_image_dct(const float pixels[static 1024], float ret[static 64]);
