/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/icon.h"
#include "fuzz.h"

/* The bytes are an icon's bitmap. If it is one that is compared, it looks like
 * itself. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    OV_AUTO(arena) arena = ov_arena_new(16 << 20);
    struct ov_budget budget = ov_budget_default();
    struct ov_facts facts = {0};
    struct ov_exe_job job = {ov_span_of(data, len), arena, &budget, &facts};
    struct ov_icon_canvas *canvas;
    struct ov_icon icon;
    bool is_one = false;

    if (arena == NULL)
        return 0;
    canvas = ov_arena_alloc(arena, sizeof(*canvas));
    if (canvas == NULL || ov_icon_draw(&job, 0, canvas, &is_one) != OV_OK ||
        !is_one)
        return 0;
    FUZZ_CHECK(canvas->side >= OV_ICON_SIDE_MIN &&
               canvas->side <= OV_ICON_SIDE_MAX);
    ov_icon_measure(canvas, &icon);
    FUZZ_CHECK(ov_icon_is_like(&icon, &icon));
    return 0;
}
