/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "rules/clamav.h"
#include "rules/condition.h"

/* The first byte chooses the database's format, the rest is its text. What
 * comes out must be well formed: names and texts lie in the input or the arena,
 * conditions can be shown. */

static void look_at(const struct ov_part *part)
{
    for (size_t i = 0; i < part->rules.n; i++) {
        OV_AUTO_DONE(buf) shown = ov_buf_with_max(1 << 20);
        const struct ov_rule *r = &part->rules.items[i];

        if (r->name.len == 0 || r->n_terms == 0)
            __builtin_trap();
        ov_cond_show(&shown, r->condition);
        if (shown.len > 0 && shown.ptr[shown.len - 1] == '?')
            __builtin_trap();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ov_part *part = ov_part_new(0);
    struct ov_clamav_options options = {.first_line = 1};
    struct ov_diag diag = {0};

    if (part == NULL || size == 0 || data[0] >= OV_CLAMAV_CVD) {
        ov_part_free(part);
        return 0;
    }
    if (ov_clamav_parse((enum ov_clamav_format)data[0],
                        ov_span_of(data + 1, size - 1), &options, part,
                        &diag) != OV_NO_MEMORY)
        look_at(part);
    ov_part_free(part);
    return 0;
}
