/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "host/output.h"
#include "host/quarantine_meta.h"

/* One item as a JSON object, and a line's end. docs/openapi.json, Item. */
void quarantine_put_json(struct out *o, const char *id,
                         const struct quarantine_meta *m);
