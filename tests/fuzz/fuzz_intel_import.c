/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "intel/intel_import.h"
#include "json/json.h"

/* One or two documents (a NUL byte between them): any bytes are read or
 * refused. Whatever is taken was allowed; each thing is told once. */
#define MAX_INPUT 8192

struct seen {
    size_t n;
};

static enum ov_status take(void *data, const struct ov_intel_item *item)
{
    OV_AUTO_DONE(buf) name = ov_buf_with_max(256);
    struct seen *s = data;

    s->n++;
    FUZZ_CHECK(item->kind < OV_N_DIGEST);
    FUZZ_CHECK(item->size <= INT64_MAX);
    ov_put_intel_name(&name, item->name);
    FUZZ_CHECK(ov_buf_status(&name) == OV_OK);
    FUZZ_CHECK(name.len > 0 && name.len <= OV_INTEL_NAME_MAX);
    return OV_OK;
}

static void leave_out(void *data, enum ov_intel_skip why, struct ov_span id)
{
    struct seen *s = data;

    (void)id;
    s->n++;
    FUZZ_CHECK(why < OV_N_INTEL_SKIP && ov_intel_skip_words(why) != NULL);
}

/* How much is told of the same documents. */
static size_t run(struct ov_span all, enum ov_tlp most)
{
    OV_AUTO(arena) a = ov_arena_new(4 * OV_JSON_ARENA(MAX_INPUT));
    const struct ov_intel_options options = {.now = UINT64_C(1795000000000000),
                                             .most = most};
    struct ov_intel_import *i =
        a != NULL ? ov_intel_import_new(a, &options) : NULL;
    struct seen seen = {.n = 0};
    const struct ov_intel_sink sink = {take, leave_out, &seen};
    struct ov_span document;

    FUZZ_CHECK(i != NULL);
    while (all.len > 0) {
        (void)ov_span_cut(&all, 0, &document);
        if (ov_intel_import_add(i, document) != OV_OK)
            return 0;
    }
    FUZZ_CHECK(ov_intel_import_run(i, &sink) == OV_OK);
    return seen.n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len > MAX_INPUT)
        return 0;
    (void)run(ov_span_of(data, len), OV_TLP_CLEAR);
    (void)run(ov_span_of(data, len), OV_TLP_RED);
    return 0;
}
