/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

/* Runs a fuzz target over a folder: each file whole, and cut at 32 places. It
 * stands in for libFuzzer in ordinary builds, so that what a fuzzer once found
 * is tried on every test run and with every compiler. */
#define N_CUTS 32

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

static void feed_file(int fd, size_t len)
{
    uint8_t *data = malloc(len + 1);

    if (data == NULL || read(fd, data, len) != (ssize_t)len)
        abort();
    feed(data, len);
    for (size_t i = 0; i < N_CUTS; i++)
        feed(data, len * i / N_CUTS);
    free(data);
}

int main(int argc, char **argv)
{
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    struct dirent *entry;
    struct stat info;
    int n = 0;

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        int fd = openat(dirfd(folder), entry->d_name, O_RDONLY | O_CLOEXEC);

        if (fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
            (void)fprintf(stderr, "%s\n", entry->d_name);
            feed_file(fd, (size_t)info.st_size);
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
