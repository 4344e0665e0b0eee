/* SPDX-License-Identifier: Apache-2.0
 *
 * usage: views_probe text|html <FILE
 *
 * Writes the normalised views of its input, each as a 32-bit little-endian
 * length and that many bytes: one for text, three for HTML. */
#include <stdio.h>

#include "formats/normal.h"

#define INPUT_MAX ((size_t)64 << 20)

static bool read_input(struct ov_buf *into)
{
    size_t n;

    do {
        uint8_t *room = ov_buf_room(into, 1 << 16);

        if (room == NULL)
            return false;
        n = fread(room, 1, 1 << 16, stdin);
        ov_buf_added(into, n);
    } while (n > 0);
    return true;
}

static void write_view(const struct ov_buf *view)
{
    uint8_t head[4];

    for (int i = 0; i < 4; i++)
        head[i] = (uint8_t)(view->len >> (8 * i));
    (void)fwrite(head, 1, sizeof(head), stdout);
    if (view->len > 0)
        (void)fwrite(view->ptr, 1, view->len, stdout);
}

static enum ov_status write_html(struct ov_span html, struct ov_budget *budget)
{
    struct ov_html_views views = {.nocomment = ov_buf_with_max(4 * INPUT_MAX),
                                  .notags = ov_buf_with_max(4 * INPUT_MAX),
                                  .script = ov_buf_with_max(4 * INPUT_MAX)};
    enum ov_status status = ov_normal_html(html, budget, &views);

    write_view(&views.nocomment);
    write_view(&views.notags);
    write_view(&views.script);
    ov_buf_done(&views.nocomment);
    ov_buf_done(&views.notags);
    ov_buf_done(&views.script);
    return status;
}

int main(int argc, char **argv)
{
    OV_AUTO_DONE(buf) input = ov_buf_with_max(INPUT_MAX);
    OV_AUTO_DONE(buf) text = ov_buf_with_max(2 * INPUT_MAX);
    struct ov_budget budget = ov_budget_default();

    if (argc != 2 || !read_input(&input))
        return 2;
    if (strcmp(argv[1], "html") == 0)
        return write_html(ov_buf_span(&input), &budget) != OV_OK;
    if (ov_normal_text(ov_buf_span(&input), &budget, &text) != OV_OK)
        return 1;
    write_view(&text);
    return 0;
}
