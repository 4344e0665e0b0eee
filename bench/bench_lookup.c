/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "rules/lookup.h"
#include "rules/names.h"
#include "rules/sources.h"

/* What the rule image of some databases costs: time and memory to compile it,
 * bytes per section, and nanoseconds per lookup.
 *
 *   bench_lookup FILE... */

#define PIECE ((size_t)8 << 20)
#define N_LOOKUPS 2000000

#define DIE(what)                                                              \
    do {                                                                       \
        (void)fprintf(stderr, "bench_lookup: %s\n", what);                     \
        exit(2);                                                               \
    } while (0)

static double seconds(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double peak_mb(void)
{
    struct rusage r;

    (void)getrusage(RUSAGE_SELF, &r);
    return (double)r.ru_maxrss / 1024;
}

static struct ov_span map_file(const char *name)
{
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    struct stat st;
    void *map;

    if (fd < 0 || fstat(fd, &st) != 0)
        DIE(name);
    map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED)
        DIE(name);
    (void)close(fd);
    return ov_span_of(map, (size_t)st.st_size);
}

static struct ov_part **parse_all(struct ov_sources *set, size_t *ret_n)
{
    const struct ov_piece *pieces;
    struct ov_part **parts;
    struct ov_diag diag = {0};
    double began = seconds();

    if (ov_sources_cut(set, PIECE, &pieces, ret_n) != OV_OK)
        DIE("cannot cut");
    parts = ov_alloc_array(*ret_n + 1, sizeof(*parts));
    if (parts == NULL)
        DIE("out of memory");
    for (size_t i = 0; i < *ret_n; i++)
        if (ov_sources_parse(set, &pieces[i], &parts[i], &diag) != OV_OK)
            (void)fprintf(stderr, "line %u: %s\n", diag.line, diag.text);
    printf("parse    %.2f s, peak %.0f MB\n", seconds() - began, peak_mb());
    return parts;
}

static void print_sizes(const struct ov_image *image, uint64_t n_rules)
{
    uint64_t all = 0;

    for (int i = 0; i < OV_N_SECTIONS; i++) {
        printf("  %-10s %12llu bytes\n", ov_section_name((enum ov_section)i),
               (unsigned long long)image->sections[i].len);
        all += image->sections[i].len;
    }
    printf("  all        %12llu bytes, %.1f per rule\n",
           (unsigned long long)all, (double)all / (double)n_rules);
}

/* Looks up digests that no rule has. */
static void time_misses(struct ov_image *image, struct ov_arena *arena)
{
    uint8_t digest[OV_DIGEST_MAX] = {0};
    struct ov_hash_key key = {.of = OV_HASH_OF_OBJECT,
                              .kind = OV_MD5,
                              .digest = digest,
                              .size = 100000};
    struct ov_hash_view view;
    uint64_t state = 1;
    size_t found = 0;

    for (int round = 0; round < 2; round++) {
        double began = seconds();

        for (int i = 0; i < N_LOOKUPS; i++) {
            state = state * 0x5851f42d4c957f2du + 0x14057b7ef767814fu;
            for (int k = 0; k < 8; k++)
                digest[k] = (uint8_t)(state >> (8 * (7 - k)));
            found += ov_lookup_hash(image, &key, 0, arena, &view);
        }
        printf("%s %.1f ns a lookup (%zu found)\n",
               round == 0 ? "misses, first touch" : "misses",
               (seconds() - began) / N_LOOKUPS * 1e9, found);
    }
}

static void time_hits(struct ov_image *image, struct ov_part *const *parts,
                      size_t n_parts, struct ov_arena *arena)
{
    size_t found = 0;
    size_t n = 0;
    double began = seconds();

    for (size_t i = 0; i < n_parts; i++)
        for (size_t k = 0; k < parts[i]->hashes[0][OV_MD5].n; k += 7) {
            struct ov_hash_rule *r = &parts[i]->hashes[0][OV_MD5].items[k];
            struct ov_hash_key key = {.of = OV_HASH_OF_OBJECT,
                                      .kind = OV_MD5,
                                      .digest = r->digest,
                                      .size = r->size};
            struct ov_hash_view view;

            n++;
            found += ov_lookup_hash(image, &key, 0, arena, &view) &&
                     ov_span_equal(view.name, r->name) && view.line == r->line;
            ov_arena_reset(arena, 1 << 20);
        }
    printf("hits     %.1f ns a lookup with name, %zu of %zu right\n",
           (seconds() - began) / (double)(n + !n) * 1e9, found, n);
}

static void time_wanted(struct ov_image *image)
{
    double began = seconds();
    unsigned bits = 0;

    for (uint64_t i = 0; i < N_LOOKUPS; i++)
        bits += ov_lookup_wanted(image, OV_HASH_OF_OBJECT, i * 37) != 0;
    printf("wanted   %.1f ns, %.1f %% of sizes up to %d\n",
           (seconds() - began) / N_LOOKUPS * 1e9, 100.0 * bits / N_LOOKUPS,
           N_LOOKUPS * 37);
}

int main(int argc, char **argv)
{
    struct ov_clamav_trust trust = {0};
    struct ov_sources *set = ov_sources_new(&trust);
    struct ov_buf file = ov_buf_with_max(SIZE_MAX);
    struct ov_compile_report report = {0};
    struct ov_compile_job job = {0};
    struct ov_arena *arena = ov_arena_new(1 << 30);
    struct ov_image *image = NULL;
    struct ov_diag diag = {0};
    struct ov_part **parts;
    double began;

    if (set == NULL || arena == NULL)
        DIE("out of memory");
    for (int i = 1; i < argc; i++)
        if (ov_sources_add(set, ov_span_str(argv[i]), map_file(argv[i]),
                           &diag) != OV_OK)
            DIE(diag.text);
    parts = parse_all(set, &job.n_parts);
    job.parts = parts;
    job.sources = ov_sources_list(set, &job.n_sources);
    began = seconds();
    if (ov_compile(&job, &file, &report, &diag) != OV_OK)
        DIE(diag.text);
    printf("compile  %.2f s, peak %.0f MB, %llu rules, %llu skipped\n",
           seconds() - began, peak_mb(), (unsigned long long)report.n_rules,
           (unsigned long long)report.n_skipped);
    if (ov_image_open(ov_buf_span(&file), &image, &diag) != OV_OK)
        DIE(diag.text);
    print_sizes(image, report.n_rules);
    time_misses(image, arena);
    time_hits(image, parts, job.n_parts, arena);
    time_wanted(image);
    return 0;
}
