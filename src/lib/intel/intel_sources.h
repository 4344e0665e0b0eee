/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "intel/intel_import.h"
#include "json/json.h"

/* What the readers of STIX and of MISP share: see intel_import.c. */

struct ov_intel_object {
    struct ov_intel_object *next; /* the one that was added before */
    const struct ov_json *v;
    struct ov_span id;
    uint64_t modified; /* 0: it does not say */
    uint32_t order;
};

struct ov_intel_event {
    struct ov_intel_event *next; /* the one that was added before */
    const struct ov_json *v;
};

struct ov_intel_import {
    struct ov_arena *arena;
    const struct ov_intel_options *options;
    struct ov_intel_object *objects;
    uint32_t n_objects;
    struct ov_intel_event *events;
    uint32_t n_events;
};

/* The string of a member; empty if there is none. */
struct ov_span ov_intel_text(const struct ov_json *v, struct ov_span name);
/* Whether a member is true: as a boolean, 1 or "1". */
bool ov_intel_is_set(const struct ov_json *v, struct ov_span name);

/* ---- stix_import.c ---- */

OV_MUST_USE enum ov_status ov_stix_import_add(struct ov_intel_import *i,
                                              const struct ov_json *v);
OV_MUST_USE enum ov_status ov_stix_import_run(struct ov_intel_import *i,
                                              const struct ov_intel_sink *sink);

/* ---- misp_import.c ---- */

OV_MUST_USE enum ov_status ov_misp_import_add(struct ov_intel_import *i,
                                              const struct ov_json *event);
OV_MUST_USE enum ov_status ov_misp_import_run(struct ov_intel_import *i,
                                              const struct ov_intel_sink *sink);
