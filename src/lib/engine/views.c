/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/scan_state.h"

/* Text is matched twice: as it is, and in the normalised forms that rules for
 * ClamAV's targets 3 (HTML) and 7 (text) are written against. What a script in
 * an HTML page says is matched as both. */
#define TARGET_HTML 3
#define TARGET_TEXT 7

static void look_at(struct ov_scan *scan, const char *name, uint32_t target,
                    const struct ov_buf *bytes)
{
    const struct ov_view view = {
        .name = name, .bytes = ov_buf_span(bytes), .target = target};

    if (bytes->len > 0 && !scan->is_stopped)
        ov_examine_view(scan, &view);
}

static void make_ready(struct ov_scan *scan, struct ov_buf *b)
{
    b->max = scan->max_object > SIZE_MAX ? SIZE_MAX : (size_t)scan->max_object;
    ov_buf_clear(b);
}

static void look_at_text(struct ov_scan *scan, struct ov_span bytes)
{
    struct ov_buf *text = &scan->scanner->text;
    enum ov_status status;

    if (bytes.len > scan->bounds[OV_BOUND_SCRIPT])
        return;
    make_ready(scan, text);
    status = ov_normal_text(bytes, &scan->budget, text);
    if (status != OV_OK)
        ov_report_status(scan, status, "text", 0);
    look_at(scan, "text", TARGET_TEXT, text);
}

static void look_at_html(struct ov_scan *scan, struct ov_span bytes)
{
    struct ov_html_views *html = &scan->scanner->html;
    enum ov_status status;

    if (bytes.len > scan->bounds[OV_BOUND_HTML])
        return;
    make_ready(scan, &html->nocomment);
    make_ready(scan, &html->notags);
    make_ready(scan, &html->script);
    status = ov_normal_html(bytes, &scan->budget, html);
    if (status != OV_OK)
        ov_report_status(scan, status, "html", 0);
    look_at(scan, "html-nocomment", TARGET_HTML, &html->nocomment);
    if (html->notags.len <= scan->bounds[OV_BOUND_NOTAGS])
        look_at(scan, "html-notags", TARGET_HTML, &html->notags);
    look_at(scan, "html-script", TARGET_HTML, &html->script);
    look_at(scan, "html-script", TARGET_TEXT, &html->script);
}

static void look_at_utf16_html(struct ov_scan *scan, struct ov_span bytes)
{
    struct ov_buf *ascii = &scan->scanner->text;
    enum ov_status status;

    make_ready(scan, ascii);
    status = ov_normal_utf16(bytes, false, &scan->budget, ascii);
    if (status != OV_OK)
        ov_report_status(scan, status, "utf-16", 0);
    look_at_html(scan, ov_buf_span(ascii));
}

static bool is_page(const struct ov_scanner *s, const struct ov_object *o)
{
    return o->has_html || (ov_magic_is_built_in(s, OV_TYPE_HTML) &&
                           ov_type_has_html(o->bytes));
}

void ov_examine_normalised(struct ov_scan *scan)
{
    const struct ov_object *o = &scan->scanner->frames[scan->top].object;

    if (ov_type_kind(o->type) != OV_KIND_TEXT ||
        (scan->flags & OV_SCAN_NO_TEXT) != 0)
        return;
    /* text may turn out to be HTML further on */
    if (o->type == OV_TYPE_HTML ||
        (o->type == OV_TYPE_ASCII && is_page(scan->scanner, o)))
        look_at_html(scan, o->bytes);
    else if (o->type == OV_TYPE_HTML_UTF16)
        look_at_utf16_html(scan, o->bytes);
    else
        look_at_text(scan, o->bytes);
}
