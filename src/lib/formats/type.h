/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/span.h"

/* What an object is, told from its content. types.def has a row per type:
 * OV_TYPE(id, word, clamav, target, kind): word is ours ("zip"), clamav is
 * ClamAV's name ("CL_TYPE_ZIP"; "" where it has none), target is ClamAV's
 * target number for patterns over the raw bytes, kind tells what else can be
 * done with it. Normalised forms have targets of their own. */

enum ov_type_kind {
    OV_KIND_RAW,       /* matched as it is */
    OV_KIND_CODE,      /* executable: has a layout (entry point, sections) */
    OV_KIND_CONTAINER, /* has members: formats/unpack.h */
    OV_KIND_TEXT,      /* also matched in normalised form: formats/normal.h */
};

enum ov_type {
#define OV_TYPE(id, word, clamav, target, kind) id,
#include "formats/types.def"
#undef OV_TYPE
    OV_N_TYPES
};

/* "Any" in rules that ask for a type. */
#define OV_TYPE_ANY UINT32_MAX

const char *ov_type_name(enum ov_type t);
const char *ov_type_clamav_name(enum ov_type t);
/* By ClamAV's name, "CL_TYPE_ZIP"; false if there is none. */
bool ov_type_from_clamav(struct ov_span name, enum ov_type *ret);
uint32_t ov_type_target(enum ov_type t);
enum ov_type_kind ov_type_kind(enum ov_type t);

/* Never fails: OV_TYPE_DATA if nothing else fits. Reads the first bytes (and
 * for a few, such as tar and ISO 9660, a fixed place behind them). */
enum ov_type ov_type_identify(struct ov_span bytes);

/* Whether text of any length has an HTML tag in it. Objects that begin like
 * other text, but have one further on, are normalised as HTML too. */
bool ov_type_has_html(struct ov_span text);
