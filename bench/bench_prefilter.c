/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "base/text.h"
#include "match/compiled.h"
#include "match/matcher.h"
#include "rules/clamav.h"
#ifdef HAVE_HS
#include <hs/hs.h>
#endif

/* The matcher beside Vectorscan, on the same bytes in one run.
 *
 * usage: bench_prefilter FOLDER [-n COUNT] [-f HEXLINES] [-d DATABASE]
 *                        [-t TARGET] [-m MEGABYTES]
 *   FOLDER  its files, and its folders', are what is looked through
 *   -n      this many random literals of 8 to 16 bytes (100000)
 *   -f      literals from a file instead, one in hexadecimal a line
 *   -d      body signatures from a ClamAV database (.ndb, .ldb) instead; may be
 *           repeated; these Vectorscan is not asked for
 *   -t      look through everything as a view of this target (0)
 *   -m      no more than this much of the folder (256)
 * Seconds are CPU seconds, the least of three rounds. Survivors are offsets
 * that the prefilter lets through; atoms are those whose fingerprint then
 * agrees. */

#define ROUNDS 3
#define MAX_FILES 100000
#define MAX_LITERAL 16

struct patterns {
    struct ov_match_input *in;
    size_t n;
    size_t cap;
};

static struct ov_span files[MAX_FILES];
static size_t n_files;
static uint64_t n_bytes;
static uint64_t max_bytes = 256u << 20;

static double now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fail(const char *what, const char *which)
{
    (void)fprintf(stderr, "bench_prefilter: %s: %s\n", which, what);
    exit(2);
}

static struct ov_span read_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    struct stat st;
    uint8_t *bytes;

    if (f == NULL || fstat(fileno(f), &st) != 0)
        fail("cannot be read", path);
    bytes = ov_alloc((size_t)st.st_size + 1);
    if (bytes == NULL)
        fail("out of memory", path);
    if (fread(bytes, 1, (size_t)st.st_size, f) != (size_t)st.st_size)
        fail("cannot be read", path);
    (void)fclose(f);
    return ov_span_of(bytes, (size_t)st.st_size);
}

static void add_file(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0 ||
        n_files == MAX_FILES || n_bytes + (uint64_t)st.st_size > max_bytes)
        return;
    files[n_files] = read_file(path);
    n_bytes += files[n_files++].len;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* Folders wait in a queue, so that no depth is too deep. */
static void add_folder(const char *top)
{
    static char queue[4096][512];
    size_t n = 1;

    (void)snprintf(queue[0], sizeof(queue[0]), "%s", top);
    for (size_t i = 0; i < n; i++) {
        struct dirent **names;
        int count = scandir(queue[i], &names, NULL, by_name);

        for (int k = 0; k < count; k++) {
            char path[800];

            (void)snprintf(path, sizeof(path), "%s/%s", queue[i],
                           names[k]->d_name);
            if (names[k]->d_type == DT_DIR && names[k]->d_name[0] != '.' &&
                n < 4096 && strlen(path) < sizeof(queue[0]))
                (void)snprintf(queue[n++], sizeof(queue[0]), "%s", path);
            else if (names[k]->d_type == DT_REG)
                add_file(path);
            free(names[k]);
        }
        if (count >= 0)
            free(names);
    }
}

static void add_pattern(struct patterns *p, const struct ov_pattern *pattern,
                        uint32_t targets)
{
    if (p->n == p->cap) {
        p->cap = p->cap ? 2 * p->cap : 4096;
        p->in = ov_realloc_array(p->in, p->cap, sizeof(*p->in));
        if (p->in == NULL)
            fail("out of memory", "patterns");
    }
    p->in[p->n] = (struct ov_match_input){
        .pattern = *pattern, .rule = (uint32_t)p->n, .targets = targets};
    p->n++;
}

static void add_literal(struct patterns *p, const uint8_t *bytes, uint32_t len)
{
    struct ov_cell *cells = ov_alloc_array(len, sizeof(*cells));
    struct ov_pattern pattern = {.cells = cells, .n_cells = len};

    if (cells == NULL)
        fail("out of memory", "patterns");
    for (uint32_t i = 0; i < len; i++)
        cells[i] = (struct ov_cell){
            .kind = OV_CELL_BYTE, .value = bytes[i], .mask = 0xff};
    add_pattern(p, &pattern, UINT32_MAX);
}

static void add_random(struct patterns *p, size_t n)
{
    uint64_t x = 88172645463325252u;

    while (n-- > 0) {
        uint8_t bytes[MAX_LITERAL];
        uint32_t len = 8;

        for (size_t i = 0; i <= MAX_LITERAL; i++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            if (i < MAX_LITERAL)
                bytes[i] = (uint8_t)(x >> 24);
            else
                len += (uint32_t)(x >> 24) % 9;
        }
        bytes[0] |= 1; /* Vectorscan takes a zero there for "empty" */
        add_literal(p, bytes, len);
    }
}

static void add_hex_lines(struct patterns *p, const char *path)
{
    struct ov_span rest = read_file(path);
    struct ov_span line;
    bool more = true;

    while (more) {
        uint8_t bytes[MAX_LITERAL];
        size_t len;

        more = ov_span_cut(&rest, '\n', &line);
        len = line.len / 2 < MAX_LITERAL ? line.len / 2 : MAX_LITERAL;
        if (len >= 2 &&
            ov_hex_decode(ov_span_clip(line, 0, 2 * len), bytes, len) &&
            bytes[0] != 0)
            add_literal(p, bytes, (uint32_t)len);
    }
}

static void add_database(struct patterns *p, const char *path)
{
    struct ov_part *part = ov_part_new(0);
    struct ov_clamav_options options = {.first_line = 1};
    enum ov_clamav_format format;
    size_t skipped = 0;

    if (part == NULL || !ov_clamav_format_of(ov_span_str(path), &format))
        fail("is no ClamAV database", path);
    if (ov_clamav_parse(format, read_file(path), &options, part, NULL) != OV_OK)
        (void)fprintf(stderr, "%s: has errors\n", path);
    for (size_t i = 0; i < part->rules.n; i++) {
        const struct ov_rule *rule = &part->rules.items[i];

        for (uint32_t k = 0; k < rule->n_terms; k++) {
            const struct ov_term *t = &rule->terms[k];

            if (t->kind != OV_TERM_PATTERN)
                continue;
            if (ov_match_check(&t->pattern) == OV_MATCH_NONE)
                skipped++;
            else
                add_pattern(p, &t->pattern,
                            rule->targets == 1 ? UINT32_MAX : rule->targets);
        }
    }
    if (skipped > 0)
        (void)fprintf(stderr, "%s: %zu patterns cannot be compiled\n", path,
                      skipped);
}

static void report_weakness(const uint8_t *weakness, size_t n)
{
    size_t counts[OV_MATCH_NONE + 1] = {0};

    for (size_t i = 0; i < n; i++)
        counts[weakness[i]]++;
    printf("  strong %zu, short %zu, common %zu\n", counts[OV_MATCH_STRONG],
           counts[OV_MATCH_SHORT], counts[OV_MATCH_COMMON]);
}

static void ours(const struct patterns *p, uint32_t target)
{
    struct ov_buf image = ov_buf_with_max(SIZE_MAX);
    struct ov_matcher *m = NULL;
    struct ov_store store = {0};
    struct ov_arena *arena = ov_arena_new(SIZE_MAX);
    struct ov_match_stats stats;
    uint8_t *weakness = ov_alloc(p->n);
    double least = 1e9;
    double built = now();

    if (arena == NULL || weakness == NULL ||
        ov_match_build(p->in, p->n, &image, weakness, NULL) != OV_OK)
        fail("cannot be compiled", "patterns");
    built = now() - built;
    store.all = ov_buf_span(&image);
    if (ov_matcher_open(&store, 0, image.len, &m) != OV_OK)
        fail("cannot be opened", "patterns");
    for (int round = 0; round < ROUNDS; round++) {
        double t = now();

        for (size_t i = 0; i < n_files; i++) {
            struct ov_budget budget = {0};
            struct ov_hits hits;
            struct ov_match_job job = {.view = files[i],
                                       .target = target,
                                       .budget = &budget,
                                       .arena = arena};

            if (ov_matcher_scan(m, &job, &hits) != OV_OK)
                fail("scan failed", "patterns");
            ov_arena_reset(arena, 1 << 20);
        }
        t = now() - t;
        least = t < least ? t : least;
    }
    stats = ov_matcher_stats(m);
    printf("overt: %zu patterns, compile %.2f s, %.2f MB (%.1f bytes each)\n",
           p->n, built, (double)image.len / 1e6,
           (double)image.len / (double)p->n);
    printf("  of that programs %.2f MB, buckets %.2f MB\n",
           (double)ov_load64le(image.ptr + 40) / 1e6,
           (double)ov_load64le(image.ptr + 24) * OV_BUCKET_SIZE / 1e6);
    report_weakness(weakness, p->n);
    printf("  %.3f GB/s; per 1000 bytes %.3f survivors, %.4f atoms, %.4f "
           "tried; %" PRIu64 " matches\n",
           (double)n_bytes / least / 1e9,
           (double)stats.survivors * 1e3 / (double)stats.bytes,
           (double)stats.atoms * 1e3 / (double)stats.bytes,
           (double)stats.tried * 1e3 / (double)stats.bytes,
           stats.matches / ROUNDS);
}

#ifdef HAVE_HS
static int on_match(unsigned id, unsigned long long from, unsigned long long to,
                    unsigned flags, void *n_matches)
{
    (void)id;
    (void)from;
    (void)to;
    (void)flags;
    ++*(uint64_t *)n_matches;
    return 0;
}

static hs_database_t *compile_peer(const struct patterns *p)
{
    const char **text = ov_alloc_array(p->n, sizeof(*text));
    size_t *lens = ov_alloc_array(p->n, sizeof(*lens));
    unsigned *flags = ov_alloc_array(p->n, sizeof(*flags));
    unsigned *ids = ov_alloc_array(p->n, sizeof(*ids));
    hs_database_t *db = NULL;
    hs_compile_error_t *error = NULL;

    if (text == NULL || lens == NULL || flags == NULL || ids == NULL)
        fail("out of memory", "patterns");
    for (size_t i = 0; i < p->n; i++) {
        const struct ov_pattern *pattern = &p->in[i].pattern;
        char *bytes = ov_alloc(pattern->n_cells);

        for (uint32_t k = 0; bytes != NULL && k < pattern->n_cells; k++)
            bytes[k] = (char)pattern->cells[k].value;
        text[i] = bytes;
        lens[i] = pattern->n_cells;
        ids[i] = (unsigned)i;
    }
    if (hs_compile_lit_multi(text, flags, ids, lens, (unsigned)p->n,
                             HS_MODE_BLOCK, NULL, &db, &error) != HS_SUCCESS)
        fail(error ? error->message : "cannot be compiled", "Vectorscan");
    return db;
}

static void peer(const struct patterns *p)
{
    double built = now();
    hs_database_t *db = compile_peer(p);
    hs_scratch_t *scratch = NULL;
    uint64_t n_matches = 0;
    double least = 1e9;
    size_t size = 0;

    built = now() - built;
    if (hs_alloc_scratch(db, &scratch) != HS_SUCCESS ||
        hs_database_size(db, &size) != HS_SUCCESS)
        fail("out of memory", "Vectorscan");
    for (int round = 0; round < ROUNDS; round++) {
        double t = now();

        n_matches = 0;
        for (size_t i = 0; i < n_files; i++)
            (void)hs_scan(db, (const char *)files[i].ptr,
                          (unsigned)files[i].len, 0, scratch, on_match,
                          &n_matches);
        t = now() - t;
        least = t < least ? t : least;
    }
    printf("%s: compile %.2f s, %.2f MB\n  %.3f GB/s; %" PRIu64 " matches\n",
           hs_version(), built, (double)size / 1e6,
           (double)n_bytes / least / 1e9, n_matches);
}
#endif

static uint64_t number(const char *word)
{
    uint64_t n;

    if (!ov_parse_uint(ov_span_str(word), UINT32_MAX, &n))
        fail("is no number", word);
    return n;
}

int main(int argc, char **argv)
{
    struct patterns p = {0};
    bool is_literal = true;
    size_t n = 100000;
    uint32_t target = 0;

    if (argc < 2 || argc % 2 != 0)
        fail("FOLDER [-n COUNT] [-f HEXLINES] [-d DATABASE] [-t TARGET] "
             "[-m MEGABYTES]",
             "usage");
    for (int i = 2; i < argc; i += 2) {
        if (strcmp(argv[i], "-n") == 0)
            n = number(argv[i + 1]);
        else if (strcmp(argv[i], "-m") == 0)
            max_bytes = number(argv[i + 1]) << 20;
        else if (strcmp(argv[i], "-t") == 0)
            target = (uint32_t)(number(argv[i + 1]) % 32);
        else if (strcmp(argv[i], "-f") == 0)
            add_hex_lines(&p, argv[i + 1]);
        else if (strcmp(argv[i], "-d") == 0) {
            add_database(&p, argv[i + 1]);
            is_literal = false;
        }
    }
    add_folder(argv[1]);
    if (p.n == 0)
        add_random(&p, n);
    printf("%zu files, %.1f MB\n", n_files, (double)n_bytes / 1e6);
    ours(&p, target);
#ifdef HAVE_HS
    if (is_literal)
        peer(&p);
#else
    (void)is_literal;
#endif
    return 0;
}
