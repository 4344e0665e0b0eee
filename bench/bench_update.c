/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/scan.h"
#include "rules/tier_build.h"
#include "trust/delta.h"
#include "trust/feed.h"
#include "trust/head.h"
#include "trust/segment.h"

/* What an update of rules costs: bytes, seconds and memory of the publisher and
 * of a client. Each step is a process of its own, so that its memory is its
 * own.
 *
 *   bench_update RULES FOLDER
 *
 * RULES is a folder of ClamAV databases, FOLDER an empty one for what passes
 * from step to step. Figures are of one thread. */

#define MAX_DATABASES 64
#define DAYS 365
#define LINES_A_DAY 400
#define FIRST_LINES 20000

#define DIE(what)                                                              \
    do {                                                                       \
        (void)fprintf(stderr, "bench_update: %s\n", what);                     \
        exit(2);                                                               \
    } while (0)
#define MUST(call)                                                             \
    do {                                                                       \
        if ((call) != OV_OK)                                                   \
            DIE(#call);                                                        \
    } while (0)

static double now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct ov_span map_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    void *map;

    if (fd < 0 || fstat(fd, &st) != 0)
        DIE(path);
    map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        DIE(path);
    (void)close(fd);
    return ov_span_of(map, (size_t)st.st_size);
}

static void write_file(const char *path, const struct ov_buf *b)
{
    FILE *f = fopen(path, "we");

    MUST(ov_buf_status(b));
    if (f == NULL || fwrite(b->ptr, 1, b->len, f) != b->len || fclose(f) != 0)
        DIE(path);
}

/* ---- the publisher's base ---- */

static void add_database(struct ov_record_set *set, struct ov_arena *arena,
                         const char *folder, const char *name)
{
    const char *dot = strrchr(name, '.');
    char path[4096];
    struct ov_record d = {.rev = 1, .index = 1};

    if (name[0] == '.' || dot == NULL)
        return;
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    d.kind = ov_span_str(dot + 1);
    d.id = ov_span_str(name);
    d.source = map_file(path);
    MUST(ov_feed_add(set, arena, OV_SPAN_LIT("clamav"), &d));
}

static struct ov_record_set *load_base(struct ov_arena *arena,
                                       const char *folder)
{
    struct ov_record_set *set = ov_record_set_new();
    struct dirent **names;
    int n = scandir(folder, &names, NULL, alphasort);

    if (n < 0 || set == NULL)
        DIE(folder);
    for (int i = 0; i < n; i++)
        add_database(set, arena, folder, names[i]->d_name);
    MUST(ov_record_set_seal(set));
    return set;
}

static void put_segments(const struct ov_record_set *set, struct ov_buf *list)
{
    struct ov_segment *segments;
    size_t n;
    size_t packed_len = 0;
    double start = now();

    MUST(ov_segment_cut(set, &segments, &n));
    for (size_t i = 0; i < n; i++) {
        OV_AUTO_DONE(buf) bytes = ov_buf_with_max(OV_SEGMENT_MAX);
        OV_AUTO_DONE(buf) packed = ov_buf_with_max(SIZE_MAX);
        struct ov_blob blob;

        ov_put_segment(&bytes, set, &segments[i]);
        MUST(ov_blob_of(ov_buf_span(&bytes), &blob));
        ov_put_segment_list(list, &blob, 1);
        MUST(ov_pack(ov_buf_span(&bytes), &packed));
        packed_len += packed.len;
    }
    printf("  %zu segments, %.1f MB packed, in %.1f s\n", n,
           (double)packed_len / 1e6, now() - start);
}

static void step_base(const char *rules)
{
    struct ov_arena *arena = ov_arena_new(SIZE_MAX / 2);
    double start = now();
    struct ov_record_set *set = load_base(arena, rules);
    OV_AUTO_DONE(buf) index = ov_buf_with_max(SIZE_MAX);
    OV_AUTO_DONE(buf) list = ov_buf_with_max(SIZE_MAX);
    size_t n;

    (void)ov_record_set_list(set, &n);
    printf("  %zu records, cut and hashed in %.2f s\n", n, now() - start);
    ov_put_record_index(&index, set);
    write_file("index", &index);
    put_segments(set, &list);
    write_file("segments", &list);
    printf("  index %.1f MB, list of segments %.1f kB\n",
           (double)index.len / 1e6, (double)list.len / 1e3);
}

static void step_compile(const char *rules)
{
    struct ov_arena *arena = ov_arena_new(SIZE_MAX / 2);
    struct ov_record_set *set = load_base(arena, rules);
    OV_AUTO_DONE(buf) image = ov_buf_with_max(SIZE_MAX);
    struct ov_compile_report report;
    struct ov_tier_record *records;
    struct ov_tier_job job = {0};
    size_t n;
    const struct ov_record_entry *all = ov_record_set_list(set, &n);
    double start = now();

    records = ov_alloc_array(n + 1, sizeof(*records));
    if (records == NULL)
        DIE("memory");
    for (size_t i = 0; i < n; i++)
        records[i] = (struct ov_tier_record){
            all[i].record.id, all[i].record.kind, all[i].record.source};
    job.records = records;
    job.n_records = n;
    MUST(ov_tier_compile(&job, &image, &report, NULL));
    write_file("image.0", &image);
    printf("  tier 0: %llu rules, %.1f MB, in %.1f s\n",
           (unsigned long long)report.n_rules, (double)image.len / 1e6,
           now() - start);
}

/* ---- one new rule ---- */

#define ONE_RULE                                                               \
    "Win.Trojan.Sample-10023456-1;Engine:90-255,Target:1;(0&1&2)|(3>2);"       \
    "6d616c696369616c20636f6e74656e74::i;4d5a9000{10-40}50450000;"             \
    "68747470733a2f2f6578616d706c652e6f7267::iw;558bec83ec??568b75\n"

static void put_tile(struct ov_buf *packed, const struct ov_delta *d)
{
    OV_AUTO_DONE(buf) tile = ov_buf_with_max(OV_DELTA_MAX);

    ov_put_delta(&tile, d);
    MUST(ov_buf_status(&tile));
    MUST(ov_pack(ov_buf_span(&tile), packed));
}

/* What the publisher ships for one rule: the tile, and the head's own lines. */
static void step_ship(const char *rules)
{
    OV_AUTO_DONE(buf) tile = ov_buf_with_max(SIZE_MAX);
    OV_AUTO_DONE(buf) head = ov_buf_with_max(OV_HEAD_MAX);
    struct ov_record one = {.id = OV_SPAN_LIT("R-2026-001234"),
                            .rev = 1,
                            .index = 81240,
                            .kind = OV_SPAN_LIT("ldb"),
                            .source = OV_SPAN_LIT(ONE_RULE)};
    struct ov_delta d = {.from = 20930, .to = 20931, .puts = &one, .n_puts = 1};
    const struct ov_head h = {.note = OV_SPAN_LIT("x"), .base = 20900};

    (void)rules;
    put_tile(&tile, &d);
    write_file("tile", &tile);
    ov_put_head(&head, &h);
    printf("  one rule as a record of its own: tile %zu bytes; head %zu bytes "
           "and the note\n",
           tile.len, head.len - 1);
}

static struct ov_span unpack(const char *path)
{
    static struct ov_buf b;

    b = ov_buf_with_max(OV_DELTA_MAX);
    MUST(ov_unpack_any(map_file(path), &b));
    return ov_buf_span(&b);
}

/* From what was downloaded to rules that are in use: as docs/protocol-rules.md
 * says, "What a client does". */
static void step_client(const char *rules)
{
    struct ov_arena *arena = ov_arena_new(SIZE_MAX / 2);
    struct ov_tier_record records[1];
    struct ov_record_set *index;
    struct ov_record_set *set;
    OV_AUTO_DONE(buf) image = ov_buf_with_max(SIZE_MAX);
    struct ov_image *images[2];
    struct ov_scanner *scanner;
    struct ov_delta d;
    struct ov_tier_job job = {.records = records, .n_records = 1};
    uint8_t root[OV_MERKLE_HASH];
    double start = now();
    double applied;
    double compiled;

    (void)rules;
    MUST(ov_record_index_read(map_file("index"), &index));
    MUST(ov_delta_read(unpack("tile"), arena, &d));
    MUST(ov_delta_merge(&d, 1, arena, &d));
    MUST(ov_delta_trim(&d, index, arena, &d));
    MUST(ov_delta_apply(index, &d, &set));
    ov_record_set_root(set, root);
    applied = now();
    records[0] =
        (struct ov_tier_record){d.puts[0].id, d.puts[0].kind, d.puts[0].source};
    MUST(ov_tier_compile(&job, &image, NULL, NULL));
    write_file("image.1", &image);
    compiled = now();
    MUST(ov_image_open(map_file("image.0"), &images[0], NULL));
    MUST(ov_image_open(map_file("image.1"), &images[1], NULL));
    MUST(ov_scanner_new(images, 2, &scanner, NULL));
    printf("  set-root checked %.3f s, tier 1 compiled %.3f s (%zu bytes), "
           "opened %.3f s\n",
           applied - start, compiled - applied, image.len, now() - compiled);
}

/* ---- a year ---- */

struct year {
    struct ov_arena *arena; /* the days' deltas */
    struct ov_span *lines;  /* of today, then those of the days to come */
    size_t n_lines;
    size_t n_all;
    uint64_t random;
    struct ov_delta days[DAYS];
};

/* A database as it was on one day, and what it was cut into. */
struct day {
    struct ov_arena *arena;
    struct ov_record_set *set;
};

/* splitmix64: Steele, Lea, Flood 2014, section 5. */
static uint64_t draw(struct year *y)
{
    uint64_t z = (y->random += 0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

static void read_lines(struct year *y, struct ov_span text)
{
    const size_t n = FIRST_LINES + (size_t)DAYS * LINES_A_DAY;
    struct ov_span line;

    y->lines = ov_alloc_array(n, sizeof(*y->lines));
    if (y->lines == NULL)
        DIE("memory");
    while (y->n_all < n && ov_span_cut(&text, '\n', &line))
        y->lines[y->n_all++] = line;
    y->n_lines = FIRST_LINES;
    if (y->n_all < n)
        DIE("synth.hsb has too few lines for a year");
}

static struct day cut_day(const struct year *y)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(SIZE_MAX);
    struct day day = {ov_arena_new(SIZE_MAX / 2), ov_record_set_new()};
    struct ov_record d = {.id = OV_SPAN_LIT("daily.hsb"),
                          .rev = 1,
                          .index = 7,
                          .kind = OV_SPAN_LIT("hsb")};

    for (size_t i = 0; i < y->n_lines; i++) {
        ov_put_span(&text, y->lines[i]);
        ov_put_u8(&text, '\n');
    }
    if (day.set == NULL || day.arena == NULL ||
        !ov_arena_copy(day.arena, ov_buf_span(&text), &d.source))
        DIE("memory");
    MUST(ov_feed_add(day.set, day.arena, OV_SPAN_LIT("clamav"), &d));
    MUST(ov_record_set_seal(day.set));
    return day;
}

static void done_day(struct day *d)
{
    ov_record_set_free(d->set);
    ov_arena_free(d->arena);
}

/* Lines are added at the end; a twentieth as many go, from anywhere. */
static void live_one_day(struct year *y)
{
    size_t n = 0;
    uint64_t odds = (y->n_lines + LINES_A_DAY) / (LINES_A_DAY / 20);

    y->n_lines += LINES_A_DAY;
    for (size_t i = 0; i < y->n_all; i++)
        if (i >= y->n_lines || draw(y) % odds != 0)
            y->lines[n++] = y->lines[i];
    y->n_lines -= y->n_all - n;
    y->n_all = n;
}

/* The day's delta, and room of its own for what it says. Returns its bytes when
 * packed. */
static size_t note_day(struct year *y, size_t day, const struct day *from,
                       const struct day *to)
{
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(OV_DELTA_MAX);
    OV_AUTO_DONE(buf) packed = ov_buf_with_max(SIZE_MAX);
    struct ov_delta d;
    struct ov_span kept;

    MUST(ov_delta_between(from->set, to->set, y->arena, &d));
    d.from = day;
    d.to = day + 1;
    ov_put_delta(&bytes, &d);
    MUST(ov_pack(ov_buf_span(&bytes), &packed));
    if (!ov_arena_copy(y->arena, ov_buf_span(&bytes), &kept))
        DIE("memory");
    MUST(ov_delta_read(kept, y->arena, &y->days[day]));
    return packed.len;
}

static size_t fetch_year(struct year *y, size_t *ret_files)
{
    struct ov_delta_tile t;
    uint64_t at = 0;
    size_t len = 0;

    *ret_files = 0;
    while (ov_delta_next_tile(at, DAYS, &t)) {
        OV_AUTO_DONE(buf) packed = ov_buf_with_max(SIZE_MAX);
        struct ov_delta d;

        MUST(ov_delta_merge(&y->days[at], (size_t)(ov_delta_tile_end(&t) - at),
                            y->arena, &d));
        put_tile(&packed, &d);
        len += packed.len;
        at = ov_delta_tile_end(&t);
        ++*ret_files;
    }
    return len;
}

static size_t count_changed(const struct day *from, const struct day *to)
{
    OV_AUTO(arena) arena = ov_arena_new(SIZE_MAX / 2);
    struct ov_delta all;
    size_t len = 0;

    MUST(ov_delta_between(from->set, to->set, arena, &all));
    for (size_t i = 0; i < all.n_puts; i++)
        len += (size_t)ov_record_len(&all.puts[i]);
    return len;
}

static void step_year(const char *rules)
{
    static struct year y;
    struct day first;
    struct day old;
    char path[4096];
    size_t day_len = 0;
    size_t net;
    size_t len;
    size_t n;

    y.arena = ov_arena_new(SIZE_MAX / 2);
    (void)snprintf(path, sizeof(path), "%s/synth.hsb", rules);
    read_lines(&y, map_file(path));
    first = cut_day(&y);
    old = cut_day(&y);
    for (size_t i = 0; i < DAYS; i++) {
        struct day today;

        live_one_day(&y);
        today = cut_day(&y);
        day_len += note_day(&y, i, &old, &today);
        done_day(&old);
        old = today;
    }
    net = count_changed(&first, &old);
    len = fetch_year(&y, &n);
    printf("  %d days of %d new lines: a day's tile %.1f kB; a year behind "
           "%.1f MB in %zu files, %.2f of its changed records (%.1f MB)\n",
           DAYS, LINES_A_DAY, (double)day_len / DAYS / 1e3, (double)len / 1e6,
           n, (double)len / (double)net, (double)net / 1e6);
}

static void run(const char *title, void (*step)(const char *),
                const char *rules)
{
    struct rusage r;
    int status;
    pid_t pid;

    printf("%s\n", title);
    (void)fflush(stdout);
    pid = fork();
    if (pid == 0) {
        step(rules);
        (void)fflush(stdout);
        _exit(0);
    }
    if (pid < 0 || wait4(pid, &status, 0, &r) != pid || status != 0)
        DIE(title);
    printf("  peak %.0f MB, mapped files included\n",
           (double)r.ru_maxrss / 1024);
}

int main(int argc, char **argv)
{
    if (argc != 3 || chdir(argv[2]) != 0)
        DIE("usage: bench_update RULES FOLDER (RULES from /)");
    run("publisher: the base", step_base, argv[1]);
    run("publisher and new client: tier 0", step_compile, argv[1]);
    run("publisher: one new rule", step_ship, argv[1]);
    run("client: one new rule", step_client, argv[1]);
    run("client: a year behind", step_year, argv[1]);
    return 0;
}
