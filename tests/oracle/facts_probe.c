/* SPDX-License-Identifier: Apache-2.0
 *
 * Prints what the library makes of each file named: type, target, facts and
 * layout, one JSON object a line, for the comparisons in this folder. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "formats/facts.h"
#include "formats/icon.h"
#include "formats/image_hash.h"
#include "read_file.h"

#define MAX_ICONS 100

static void print_extents(const char *word, const struct ov_extent *e,
                          uint32_t n)
{
    printf(", \"%s\": [", word);
    for (uint32_t i = 0; i < n; i++)
        printf("%s[%" PRIu64 ", %" PRIu64 "]", i ? ", " : "", e[i].at,
               e[i].len);
    printf("]");
}

static void print_facts(const struct ov_facts *facts)
{
    for (unsigned i = 0; i < OV_N_FACTS; i++)
        if (facts->facts[i].is_known)
            printf(", \"%s\": %" PRId64, ov_fact_name((enum ov_fact)i),
                   facts->facts[i].value);
    if (facts->layout.has_entry)
        printf(", \"entry\": %" PRIu64, facts->layout.entry);
    print_extents("sections", facts->layout.sections, facts->layout.n_sections);
    print_extents("version_info", facts->layout.version_info,
                  facts->layout.n_version_info);
    if (facts->has_imphash) {
        printf(", \"imphash\": \"");
        for (size_t i = 0; i < sizeof(facts->imphash); i++)
            printf("%02x", facts->imphash[i]);
        printf("\", \"imports_size\": %" PRIu64, facts->imports_size);
    }
}

static void print_image_hash(enum ov_type type, struct ov_span bytes)
{
    uint8_t hash[OV_IMAGE_HASH_SIZE];
    struct ov_budget budget = ov_budget_default();

    if (ov_image_hash(type, bytes, &budget, hash) != OV_OK)
        return;
    printf(", \"image_hash\": \"");
    for (size_t i = 0; i < sizeof(hash); i++)
        printf("%02x", hash[i]);
    printf("\"");
}

/* As clamscan --debug prints it. */
static void print_icon(const struct ov_icon *icon)
{
    printf("%02x", icon->side);
    for (int kind = 0; kind < OV_N_ICON_KINDS; kind++)
        for (size_t i = 0; i < OV_ICON_AREAS; i++)
            printf(kind <= OV_ICON_GRAY ? "%03x%02x%02x" : "%02x%02x%02x",
                   icon->areas[kind][i].mean, icon->areas[kind][i].x,
                   icon->areas[kind][i].y);
    printf("%02x%02x%02x%02x", icon->red, icon->green, icon->blue,
           icon->colored);
}

static void print_icons(const struct ov_exe_job *job)
{
    struct ov_icon_list list;

    if (job->facts->pe == NULL ||
        ov_pe_icons(job->facts->pe, job, MAX_ICONS, &list) != OV_OK)
        return;
    printf(", \"icons\": [");
    for (size_t i = 0; i < list.n; i++) {
        printf("%s\"", i ? ", " : "");
        print_icon(&list.items[i]);
        printf("\"");
    }
    printf("]");
}

static int probe(const char *path)
{
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(1u << 30);
    OV_AUTO_DONE(buf) name = ov_buf_with_max(1 << 16);
    OV_AUTO(arena) arena = ov_arena_new(64 << 20);
    struct ov_budget budget = ov_budget_default();
    struct ov_facts facts;
    enum ov_type type;

    if (arena == NULL || !read_file(path, &bytes)) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return 1;
    }
    type = ov_type_identify(ov_buf_span(&bytes));
    if (ov_facts_read(type, ov_buf_span(&bytes), arena, &budget, &facts) !=
        OV_OK)
        return 1;
    ov_put_json(&name, ov_span_str(path));
    printf("{\"path\": \"%.*s\", \"type\": \"%s\", \"clamav\": \"%s\", "
           "\"target\": %u",
           (int)name.len, (const char *)name.ptr, ov_type_name(type),
           ov_type_clamav_name(type), ov_type_target(type));
    print_facts(&facts);
    print_image_hash(type, ov_buf_span(&bytes));
    print_icons(
        &(struct ov_exe_job){ov_buf_span(&bytes), arena, &budget, &facts});
    printf("}\n");
    return 0;
}

int main(int argc, char **argv)
{
    int failed = 0;

    for (int i = 1; i < argc; i++)
        failed |= probe(argv[i]);
    return failed;
}
