/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "formats/dex.h"
#include "modules/module.h"

/* The two halves of the module "dex": dex_module.c has its tables, functions
 * and what is a table in the file, too; dex_classes.c goes through the classes.
 */

/* Units of work for reading a record. */
#define OV_DEX_RECORD_STEPS 20

/* The module's fields, by their place. */
enum ov_dex_root {
#define OV_CONSTANT(word, value) OV_DEX_WORD_##word,
#define OV_FIELD(id, word, of_kind, of, in_group) OV_DEX_ROOT_##id,
#define OV_CALL(id, word, forms) OV_DEX_ROOT_##id,
#include "modules/dex_fields.def"
#undef OV_CONSTANT
#undef OV_FIELD
#undef OV_CALL
};

/* What fields and methods of classes begin with. */
enum ov_dex_member {
    OV_DEX_MEMBER_CLASS_NAME,
    OV_DEX_MEMBER_NAME,
    OV_DEX_MEMBER_PROTO
};

/* The items of class_defs, class_data_item, field and method. */
extern const struct ov_structure ov_dex_class_def;
extern const struct ov_structure ov_dex_class_data;
extern const struct ov_structure ov_dex_member;
extern const struct ov_structure ov_dex_method;

/* n records for that field; some steps each. */
OV_MUST_USE enum ov_status ov_dex_new_records(struct ov_module_run *run,
                                              uint64_t n,
                                              const struct ov_structure *of,
                                              struct ov_datum *ret,
                                              struct ov_datum **ret_values);

/* Fills in class_defs, class_data_item, field, method, and how many of the last
 * two there are. */
OV_MUST_USE enum ov_status ov_dex_fill_classes(struct ov_module_run *run,
                                               const struct ov_dex *d);
