/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/scan_state.h"

/* Whole scans in one process, without workers: what is counted here is the same
 * on every run, so that valgrind can count instructions, too.
 *
 * usage: bench_scan IMAGE FOLDER            (IMAGE may be - for no scan)
 *        bench_scan IMAGE FOLDER NEW-IMAGE
 *
 * Prints bytes, and survivors, atoms and tried patterns of the matcher. With
 * NEW-IMAGE it goes on with that one while the first is still open, as a
 * program does that replaces its rules, and prints the most memory that was
 * resident. */

#define MAX_PATH_LEN 4096
#define OWN_PAGES_FROM (1 << 20)

struct rules {
    struct ov_image *image;
    struct ov_scanner *scanner;
};

static void fail(const char *what, const char *which)
{
    (void)fprintf(stderr, "bench_scan: %s: %s\n", which, what);
    exit(2);
}

static struct ov_span map_file(const char *path, int flags)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    void *map;

    if (fd < 0 || fstat(fd, &st) != 0)
        fail("cannot be opened", path);
    if (st.st_size == 0) {
        (void)close(fd);
        return (struct ov_span){NULL, 0};
    }
    map = mmap(NULL, (size_t)st.st_size, PROT_READ, flags, fd, 0);
    if (map == MAP_FAILED)
        fail("cannot be mapped", path);
    (void)close(fd);
    return ov_span_of(map, (size_t)st.st_size);
}

static struct rules open_rules(const char *path)
{
    struct rules r = {0};
    struct ov_diag diag;

    if (ov_image_open(map_file(path, MAP_SHARED), &r.image, &diag) != OV_OK ||
        ov_scanner_new(&r.image, 1, &r.scanner, &diag) != OV_OK)
        fail("is no image", path);
    return r;
}

static void ignore_detection(void *data, const struct ov_detection *d)
{
    (void)data;
    (void)d;
}

static void ignore_reason(void *data, const struct ov_inconclusive *i)
{
    (void)data;
    (void)i;
}

static uint64_t scan_file(struct ov_scanner *s, const char *path)
{
    static const struct ov_findings findings = {.detection = ignore_detection,
                                                .inconclusive = ignore_reason};
    static const struct ov_scan_options options = {0};
    struct ov_span bytes = map_file(path, MAP_PRIVATE);
    struct ov_outcome outcome;
    uint64_t len = bytes.len;

    if (s != NULL)
        ov_scanner_scan(s, bytes, &options, &findings, &outcome);
    if (len > 0)
        (void)munmap((void *)(uintptr_t)bytes.ptr, bytes.len);
    return len;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* The folder's files, not those of folders in it. */
static uint64_t scan_folder(struct ov_scanner *s, const char *folder)
{
    struct dirent **names = NULL;
    int n = scandir(folder, &names, NULL, by_name);
    uint64_t bytes = 0;

    if (n < 0)
        fail("cannot be read", folder);
    for (int i = 0; i < n; i++) {
        char path[MAX_PATH_LEN];
        int len =
            snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
        struct stat st;

        if (len > 0 && (size_t)len < sizeof(path) && stat(path, &st) == 0 &&
            S_ISREG(st.st_mode))
            bytes += scan_file(s, path);
        free(names[i]);
    }
    free(names);
    return bytes;
}

static uint64_t peak_kib(void)
{
    struct rusage r;

    (void)getrusage(RUSAGE_SELF, &r);
    return (uint64_t)r.ru_maxrss;
}

int main(int argc, char **argv)
{
    struct rules old = {0};
    struct ov_match_stats stats = {0};
    uint64_t bytes;

    if (argc < 3)
        fail("IMAGE FOLDER [NEW-IMAGE]", "usage");
    /* As the worker does. */
    (void)mallopt(M_MMAP_THRESHOLD, OWN_PAGES_FROM);
    (void)mallopt(M_TRIM_THRESHOLD, OWN_PAGES_FROM);
    if (strcmp(argv[1], "-") != 0)
        old = open_rules(argv[1]);
    bytes = scan_folder(old.scanner, argv[2]);
    if (old.scanner != NULL)
        stats = ov_matcher_stats(old.scanner->matchers[0]);
    if (argc > 3) {
        struct rules new = open_rules(argv[3]);

        (void)scan_folder(new.scanner, argv[2]);
        ov_scanner_free(new.scanner);
        ov_image_free(new.image);
    }
    printf("bytes %" PRIu64 " matched %" PRIu64 " survivors %" PRIu64
           " atoms %" PRIu64 " tried %" PRIu64 " peak_kib %" PRIu64 "\n",
           bytes, stats.bytes, stats.survivors, stats.atoms, stats.tried,
           peak_kib());
    ov_scanner_free(old.scanner);
    ov_image_free(old.image);
    return 0;
}
