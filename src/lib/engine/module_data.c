/* SPDX-License-Identifier: Apache-2.0
 *
 * All that modules say of the file, as `yara -D` prints it: those that the
 * images' YARA rules import, each once, in the order in which they do. */
#include "engine/scan_state.h"
#include "modules/module_show.h"

/* As text; 300,000 symbols take less. */
#define DATA_MAX ((size_t)128 << 20)

static enum ov_status show(struct ov_scan *scan, const struct ov_evaluation *e,
                           uint8_t module, struct ov_buf *text)
{
    struct ov_module_run *run;

    if (module >= ov_module_count())
        return OV_MALFORMED;
    OV_TRY(ov_object_module(e->object, module, &e->around, &run));
    OV_TRY(ov_module_show(text, run));
    ov_report_tell_console(scan, ov_buf_span(text));
    ov_buf_clear(text);
    return OV_OK;
}

/* Those of the image that are not shown yet. */
static enum ov_status show_tier(struct ov_scan *scan,
                                const struct ov_evaluation *e, uint64_t *shown,
                                struct ov_buf *text)
{
    uint64_t len = e->image->sections[OV_SECTION_IMPORTS].len;
    struct ov_span modules;

    if (!ov_image_at(e->image, OV_SECTION_IMPORTS, 0, len, &modules))
        return OV_BAD_DIGEST;
    for (size_t i = 0; i < modules.len; i++) {
        uint8_t module = (uint8_t)ov_span_byte(modules, i);

        if (module < 64 && (*shown >> module & 1) != 0)
            continue;
        OV_TRY(show(scan, e, module, text));
        *shown |= UINT64_C(1) << module; /* below ov_module_count() */
    }
    return OV_OK;
}

void ov_examine_modules(struct ov_scan *scan, const struct ov_evaluation *e,
                        size_t n)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(DATA_MAX);
    enum ov_status status = OV_OK;
    uint64_t shown = 0;

    for (size_t i = 0; i < n && status == OV_OK; i++)
        status = show_tier(scan, &e[i], &shown, &text);
    if (status != OV_OK)
        ov_report_status(scan, status, "modules", 0);
}
