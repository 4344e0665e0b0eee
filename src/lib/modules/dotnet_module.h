/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "modules/dotnet_tables.h"
#include "modules/module.h"

/* Between the parts of the module "dotnet". */

extern const struct ov_structure ov_dotnet_class_item;

/* Classes with their methods; both are left undefined if not all tables could
 * be measured. */
OV_MUST_USE enum ov_status ov_dotnet_fill_classes(struct ov_module_run *run,
                                                  const struct dotnet *d,
                                                  struct ov_datum *ret_classes,
                                                  struct ov_datum *ret_number);
