/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/budget.h"
#include "formats/type.h"

/* Archives and executables inside of other objects: self-extracting archives,
 * programs that carry others, pictures with an archive behind them. */

#define OV_EMBEDDED_MAX 10

struct ov_embedded {
    enum ov_type type; /* OV_TYPE_ZIP, _RAR, _7Z, _CAB, _ARJ or _PE */
    uint64_t at;
    uint64_t len; /* as its header says, else to the end of the object */
};

struct ov_embedded_list {
    struct ov_embedded items[OV_EMBEDDED_MAX];
    size_t n;
};

/* Whether objects of this type are worth a look: those that are matched as they
 * are, and do not consist of members anyway. */
bool ov_type_may_embed(enum ov_type t);

/* Whether it is a type of what is found inside of others, with what holds it.
 */
bool ov_type_is_embedded(enum ov_type t);

/* At most OV_EMBEDDED_MAX of them in rising order; none at offset 0, and none
 * inside of one that was found (they are found when that is looked at). What
 * only looks like a magic number is told from a header by its other fields and
 * checksums. Spends a step per 16 bytes. */
OV_MUST_USE enum ov_status ov_type_embedded(struct ov_span bytes,
                                            struct ov_budget *budget,
                                            struct ov_embedded_list *ret);

/* The two halves of it: what it costs, and what is found. */
OV_MUST_USE enum ov_status ov_type_pay_embedded(struct ov_span bytes,
                                                struct ov_budget *budget);
void ov_type_find_embedded(struct ov_span bytes, struct ov_embedded_list *ret);
