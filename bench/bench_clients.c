/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/file.h"

/* Clients of clamd's protocol that send streams as fast as they are answered:
 *
 *   bench_clients SOCKET CLIENTS REQUESTS FILE...
 *
 * Each request is a connection of its own with one INSTREAM, as clients make
 * them; the files take turns, each with some bytes of its own at its end.
 * Prints what came of it as JSON: seconds, bytes, answers by kind, and the
 * median and 99th percentile of a request's time. */

#define MAX_FILE ((size_t)64 << 20)
#define MAX_CLIENTS 1024

struct work {
    const char *socket;
    struct ov_buf *files;
    size_t n_files;
    size_t n_requests;
    size_t first; /* serial number of the first stream: never used before */
    atomic_size_t next;
    atomic_size_t n_ok;
    atomic_size_t n_found;
    atomic_size_t n_failed;
    atomic_size_t n_bytes;
    uint64_t *nanoseconds; /* of each request */
};

static uint64_t now_ns(void)
{
    struct timespec t;

    if (clock_gettime(CLOCK_MONOTONIC, &t) != 0)
        abort();
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int reach(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    if (fd >= 0 &&
        connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static bool send_all(int fd, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;

    while (len > 0) {
        ssize_t n = send(fd, at, len, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

static bool send_number(int fd, size_t n)
{
    const uint8_t bytes[] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16),
                             (uint8_t)(n >> 8), (uint8_t)n};

    return send_all(fd, bytes, sizeof(bytes));
}

/* No two streams are alike: clamd remembers digests of what was clean. */
static bool send_stream(int fd, const struct ov_buf *file, size_t serial)
{
    static const char command[] = "zINSTREAM"; /* with its NUL */
    char tail[16 + 1];

    (void)snprintf(tail, sizeof(tail), "%016zx", serial);
    return send_all(fd, command, sizeof(command)) &&
           (file->len == 0 || (send_number(fd, file->len) &&
                               send_all(fd, file->ptr, file->len))) &&
           send_number(fd, 16) && send_all(fd, tail, 16) && send_number(fd, 0);
}

static void count_answer(struct work *w, const char *answer, ssize_t len)
{
    if (len > 3 && memcmp(answer + len - 3, "OK", 2) == 0)
        w->n_ok++;
    else if (len > 6 && memcmp(answer + len - 6, "FOUND", 5) == 0)
        w->n_found++;
    else if (w->n_failed++ == 0)
        (void)fprintf(stderr, "bench_clients: answered \"%.*s\" (%s)\n",
                      len > 0 ? (int)len : 0, answer, strerror(errno));
}

static void do_request(struct work *w, size_t i)
{
    const struct ov_buf *file = &w->files[i % w->n_files];
    uint64_t began = now_ns();
    char answer[512];
    ssize_t len = -1;
    int fd = reach(w->socket);

    if (fd >= 0 && send_stream(fd, file, w->first + i))
        len = recv(fd, answer, sizeof(answer), MSG_WAITALL);
    count_answer(w, answer, len);
    if (fd >= 0)
        (void)close(fd);
    w->n_bytes += file->len;
    w->nanoseconds[i] = now_ns() - began;
}

static void *be_client(void *data)
{
    struct work *w = data;

    for (size_t i = w->next++; i < w->n_requests; i = w->next++)
        do_request(w, i);
    return NULL;
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static bool run(struct work *w, size_t n_clients)
{
    static pthread_t threads[MAX_CLIENTS];
    uint64_t began = now_ns();
    double seconds;

    for (size_t i = 0; i < n_clients; i++)
        if (pthread_create(&threads[i], NULL, be_client, w) != 0)
            return false;
    for (size_t i = 0; i < n_clients; i++)
        (void)pthread_join(threads[i], NULL);
    seconds = (double)(now_ns() - began) / 1e9;
    qsort(w->nanoseconds, w->n_requests, sizeof(*w->nanoseconds), compare);
    (void)printf("{\"seconds\": %.6f, \"requests\": %zu, \"bytes\": %zu, "
                 "\"ok\": %zu, \"found\": %zu, \"failed\": %zu, "
                 "\"p50_ms\": %.3f, \"p99_ms\": %.3f}\n",
                 seconds, w->n_requests, w->n_bytes, w->n_ok, w->n_found,
                 w->n_failed, (double)w->nanoseconds[w->n_requests / 2] / 1e6,
                 (double)w->nanoseconds[w->n_requests * 99 / 100] / 1e6);
    return fflush(stdout) == 0;
}

int main(int argc, char **argv)
{
    struct work w = {0};
    uint64_t n_clients;
    uint64_t n_requests;

    if (argc < 5)
        return fputs("usage: bench_clients SOCKET CLIENTS REQUESTS FILE...\n",
                     stderr) < 0
                   ? 1
                   : 2;
    w.socket = argv[1];
    w.first = (size_t)now_ns();
    if (!ov_parse_uint(ov_span_str(argv[2]), MAX_CLIENTS, &n_clients) ||
        !ov_parse_uint(ov_span_str(argv[3]), UINT32_MAX, &n_requests) ||
        n_clients == 0 || n_requests == 0)
        return 2;
    w.n_requests = n_requests;
    w.n_files = (size_t)argc - 4;
    w.files = ov_alloc_array(w.n_files, sizeof(*w.files));
    w.nanoseconds = ov_alloc_array(w.n_requests, sizeof(*w.nanoseconds));
    if (w.files == NULL || w.nanoseconds == NULL)
        return 1;
    for (size_t i = 0; i < w.n_files; i++) {
        w.files[i] = ov_buf_with_max(MAX_FILE);
        if (ov_file_read(argv[4 + i], &w.files[i]) != OV_OK)
            return 1;
    }
    return run(&w, n_clients) ? 0 : 1;
}
