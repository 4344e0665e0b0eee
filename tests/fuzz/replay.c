/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/text.h"
#include "fuzz.h"

/* Runs a fuzz target over a folder: each file whole, and cut at 32 places; with
 * a number behind the folder also that many random changes of each file (the
 * same ones on every run), or with the word
 * torture each file whole with its first, second, third ... allocation failing.
 * It stands in for libFuzzer in ordinary builds, so that what a fuzzer once
 * found is tried on every test run and with every compiler. */
#define N_CUTS 32
#define N_TORTURES 3000
#define TORTURE 1000000

uint64_t fuzz_whole;

/* A copy of exactly len bytes, so that ASan sees a read behind them. */
static void feed(const uint8_t *data, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);

    if (copy == NULL)
        abort();
    for (size_t i = 0; i < len; i++)
        copy[i] = data[i];
    (void)LLVMFuzzerTestOneInput(copy, len);
    free(copy);
}

/* splitmix64: the same changes everywhere. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

/* One change: a byte, a bit, a number's extreme, or a stretch copied. */
static void change(uint8_t *data, size_t len, uint64_t *state)
{
    static const uint8_t extremes[] = {0, 1, 0x7f, 0x80, 0xff};
    size_t at = next_random(state) % len;
    size_t from = next_random(state) % len;
    size_t n = 1 + next_random(state) % 8;

    switch (next_random(state) % 4) {
    case 0:
        data[at] = (uint8_t)next_random(state);
        break;
    case 1:
        data[at] ^= (uint8_t)(1 << (from & 7));
        break;
    case 2:
        for (size_t i = at; i < len && i < at + n; i++)
            data[i] = extremes[from % sizeof(extremes)];
        break;
    default:
        for (size_t i = 0; i < 4 * n && at + i < len && from + i < len; i++)
            data[at + i] = data[from + i];
        break;
    }
}

static void feed_changed(const uint8_t *data, size_t len, size_t n_rounds)
{
    uint64_t state = len;
    uint8_t *copy = malloc(len + 1);

    if (copy == NULL)
        abort();
    for (size_t i = 0; i < n_rounds && len > 0; i++) {
        size_t kept =
            next_random(&state) % 8 != 0 ? len : 1 + next_random(&state) % len;

        for (size_t j = 0; j < len; j++)
            copy[j] = data[j];
        for (uint64_t n = 1 + next_random(&state) % 6; n > 0; n--)
            change(copy, kept, &state);
        feed(copy, kept);
    }
    free(copy);
}

/* Where memory was out the target must not say that it got all there is. */
static void torture(const uint8_t *data, size_t len)
{
    uint64_t whole;

    feed(data, len);
    whole = fuzz_whole;
    for (size_t nth = 1; nth <= N_TORTURES; nth++) {
        (void)ov_alloc_fail_at(nth);
        feed(data, len);
        if (ov_alloc_fail_at(0) < nth)
            return;
        if (fuzz_whole != 0 && fuzz_whole != whole) {
            (void)fprintf(stderr, "allocation %zu failed unseen\n", nth);
            abort();
        }
    }
}

static void feed_file(int fd, size_t len, size_t n_rounds)
{
    uint8_t *data = malloc(len + 1);

    if (data == NULL || read(fd, data, len) != (ssize_t)len)
        abort();
    if (n_rounds == TORTURE) {
        torture(data, len);
        free(data);
        return;
    }
    feed(data, len);
    for (size_t i = 0; i < N_CUTS; i++)
        feed(data, len * i / N_CUTS);
    feed_changed(data, len, n_rounds);
    free(data);
}

int main(int argc, char **argv)
{
    DIR *folder = argc >= 2 ? opendir(argv[1]) : NULL;
    uint64_t n_rounds = 0;
    struct dirent *entry;
    struct stat info;
    int n = 0;

    if (argc > 2 && strcmp(argv[2], "torture") == 0)
        n_rounds = TORTURE;
    else if (argc > 2 &&
             !ov_parse_uint(ov_span_str(argv[2]), TORTURE - 1, &n_rounds))
        return 2;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        int fd = openat(dirfd(folder), entry->d_name, O_RDONLY | O_CLOEXEC);

        if (fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
            (void)fprintf(stderr, "%s\n", entry->d_name);
            feed_file(fd, (size_t)info.st_size, n_rounds);
            n++;
        }
        if (fd >= 0)
            close(fd);
    }
    if (folder != NULL)
        closedir(folder);
    (void)printf("%d files replayed\n", n);
    return n > 0 ? 0 : 1;
}
