/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "rules/clamav.h"

/* For clamav_lines.py: parses each database named on the command line and
 * prints "refused" or how many rules it gives, then the diagnosis. */

static bool read_file(const char *path, struct ov_buf *ret)
{
    FILE *file = fopen(path, "rb");
    size_t n = 1;

    if (file == NULL)
        return false;
    while (n > 0) {
        uint8_t *room = ov_buf_room(ret, 1 << 16);

        n = room ? fread(room, 1, 1 << 16, file) : 0;
        ov_buf_added(ret, n);
    }
    (void)fclose(file);
    return ov_buf_status(ret) == OV_OK;
}

static size_t count(const struct ov_part *part)
{
    size_t n = part->rules.n + part->members.n + part->icons.n;

    for (int of = 0; of < OV_N_HASH_OF; of++)
        for (int kind = 0; kind < OV_N_DIGEST; kind++)
            n += part->hashes[of][kind].n;
    return n;
}

static void probe(const char *path)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(SIZE_MAX);
    OV_AUTO(part) part = ov_part_new(0);
    struct ov_clamav_options options = {.first_line = 1};
    struct ov_diag diag = {0};
    enum ov_clamav_format f;
    enum ov_status s;

    if (part == NULL || !read_file(path, &text) ||
        !ov_clamav_format_of(ov_span_str(path), &f)) {
        puts("unreadable");
        return;
    }
    s = ov_clamav_parse(f, ov_buf_span(&text), &options, part, &diag);
    if (s == OV_OK)
        printf("%zu\n", count(part));
    else
        printf("refused %s\n", diag.text);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        probe(argv[i]);
    return 0;
}
