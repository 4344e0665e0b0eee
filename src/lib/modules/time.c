/* SPDX-License-Identifier: Apache-2.0
 *
 * The module "time" (YARA documentation, "Time module"): time.now(), seconds
 * since 1970. The library has no clock; the caller says when the scan began, so
 * that all rules and all members of an archive see one time. */
#include "modules/module.h"

static enum ov_status call_now(struct ov_module_call *call,
                               struct ov_datum *ret)
{
    *ret = ov_datum_integer(call->run->in->now);
    return OV_OK;
}

static const struct ov_function now[] = {
    {.arguments = "", .result = OV_DATUM_INTEGER, .call = call_now},
};

static const struct ov_field fields[] = {
    OV_FIELD_FUNCTION("now", now),
};

extern const struct ov_module ov_module_time;
const struct ov_module ov_module_time = {
    .name = "time",
    .root = OV_STRUCTURE(fields),
};
