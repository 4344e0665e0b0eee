/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "reputation/bucket.h"
#include "reputation/fuse_filter.h"

/* Parts of bench/run_reputation:
 *
 *   bench_reputation make N             N lines of generated hashes on stdout
 *   bench_reputation lookups FOLDER N   look-ups in the 256 shards of a filter,
 *                                       of hashes that are in it and of others
 *   bench_reputation buckets PORT PATH SIZE BITS ROOT EPOCH SECONDS VERIFY
 *                                       random buckets by HTTP; with VERIFY 1
 *                                       each is proven to the root */

#define CONNECTIONS 32
#define MAX_ANSWER ((size_t)1 << 16)

#define DIE(what)                                                              \
    do {                                                                       \
        (void)fprintf(stderr, "bench_reputation: %s\n", what);                 \
        exit(2);                                                               \
    } while (0)

static double now(clockid_t clock)
{
    struct timespec t;

    (void)clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* splitmix64, as tests/property/random.h. */
static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

/* The nth generated hash. */
static void make_hash(uint64_t n, uint8_t ret[32])
{
    for (unsigned i = 0; i < 4; i++) {
        uint64_t part = mix((4 * n + i + 1) * 0x9e3779b97f4a7c15);

        memcpy(ret + (size_t)8 * i, &part, 8);
    }
}

static uint64_t number_of(const char *text)
{
    uint64_t n;

    if (!ov_parse_uint(ov_span_str(text), UINT64_MAX, &n))
        DIE("not a number");
    return n;
}

static void make(uint64_t n)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max((size_t)1 << 20);
    uint8_t hash[32];

    for (uint64_t i = 0; i < n; i++) {
        make_hash(i, hash);
        ov_put_hex(&b, ov_span_of(hash, 32));
        ov_put_u8(&b, '\n');
        if (b.len < (size_t)512 << 10 && i + 1 < n)
            continue;
        if (fwrite(b.ptr, 1, b.len, stdout) != b.len)
            DIE("cannot write");
        b.len = 0;
    }
}

/* ---- look-ups ---- */

static struct ov_fuse shards[256];

static size_t map_shards(const char *folder)
{
    size_t total = 0;

    for (unsigned i = 0; i < 256; i++) {
        char path[4096];
        struct stat st;
        void *map;
        int fd;

        (void)snprintf(path, sizeof(path), "%s/%02x", folder, i);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) != 0)
            DIE(path);
        map = mmap(NULL, (size_t)st.st_size, PROT_READ,
                   MAP_PRIVATE | MAP_POPULATE, fd, 0);
        if (map == MAP_FAILED ||
            ov_fuse_open(ov_span_of(map, (size_t)st.st_size), &shards[i]) !=
                OV_OK)
            DIE(path);
        (void)close(fd);
        total += (size_t)st.st_size;
    }
    return total;
}

/* Seconds that it takes to make n hashes. */
static double time_to_make(uint64_t n, uint64_t from, uint64_t below)
{
    double start = now(CLOCK_PROCESS_CPUTIME_ID);
    uint8_t hash[32];
    static volatile unsigned sum;

    for (uint64_t i = 0; i < n; i++) {
        make_hash(from + mix(i) % below, hash);
        sum = sum + hash[i % 32];
    }
    return now(CLOCK_PROCESS_CPUTIME_ID) - start;
}

static void print_rate(const char *what, uint64_t n, double spent,
                       uint64_t n_found)
{
    (void)printf("%s: %.1f million look-ups/s a core, %.5f %% found\n", what,
                 (double)n / spent / 1e6, 100.0 * (double)n_found / (double)n);
}

static void ask(const char *what, uint64_t n, uint64_t from, uint64_t below)
{
    double made = time_to_make(n, from, below);
    double start = now(CLOCK_PROCESS_CPUTIME_ID);
    uint64_t n_found = 0;
    uint8_t hash[32];

    for (uint64_t i = 0; i < n; i++) {
        make_hash(from + mix(i) % below, hash);
        n_found += ov_fuse_has_hash(&shards[hash[0]], hash);
    }
    print_rate(what, n, now(CLOCK_PROCESS_CPUTIME_ID) - start - made, n_found);
}

/* As a program that has many hashes at once would: the memory of some is
 * fetched before the first of them is asked. */
#define AHEAD 16

static void ask_ahead(const char *what, uint64_t n, uint64_t from,
                      uint64_t below)
{
    double made = time_to_make(n, from, below);
    double start = now(CLOCK_PROCESS_CPUTIME_ID);
    uint64_t n_found = 0;
    uint8_t hashes[AHEAD][32];

    for (uint64_t i = 0; i < n; i += AHEAD) {
        for (unsigned k = 0; k < AHEAD; k++) {
            make_hash(from + mix(i + k) % below, hashes[k]);
            ov_fuse_fetch(&shards[hashes[k][0]], hashes[k]);
        }
        for (unsigned k = 0; k < AHEAD; k++)
            n_found += ov_fuse_has_hash(&shards[hashes[k][0]], hashes[k]);
    }
    print_rate(what, n, now(CLOCK_PROCESS_CPUTIME_ID) - start - made, n_found);
}

static void lookups(const char *folder, uint64_t n_in)
{
    size_t bytes = map_shards(folder);
    uint64_t n = 0;

    for (unsigned i = 0; i < 256; i++)
        n += shards[i].count;
    (void)printf("%llu keys, %zu bytes, %.3f bytes a key\n",
                 (unsigned long long)n, bytes, (double)bytes / (double)n);
    ask("in it", 10000000, 0, n_in);
    ask("not in it", 10000000, UINT64_C(1) << 60, UINT64_C(1) << 40);
    ask_ahead("not in it, 16 at a time", 10000000, UINT64_C(1) << 60,
              UINT64_C(1) << 40);
}

/* ---- buckets ---- */

struct load {
    struct ov_bucket_shape shape;
    uint32_t epoch;
    uint8_t root[32];
    const char *path;
    bool is_verified;
    uint64_t n;
    uint64_t bytes;
};

struct wire {
    int fd;
    uint32_t number;
    size_t len;
    uint8_t in[MAX_ANSWER];
};

static void send_request(struct load *l, struct wire *w, uint64_t turn)
{
    uint64_t stride = ov_bucket_stride(&l->shape);
    char text[512];
    int len;

    w->number = (uint32_t)(mix(turn + 7) & ((1U << l->shape.prefix_bits) - 1));
    w->len = 0;
    len = snprintf(text, sizeof(text),
                   "GET %s HTTP/1.1\r\nHost: localhost\r\n"
                   "Range: bytes=%llu-%llu\r\n\r\n",
                   l->path, (unsigned long long)(w->number * stride),
                   (unsigned long long)((w->number + 1) * stride - 1));
    if (write(w->fd, text, (size_t)len) != len)
        DIE("cannot send");
}

static void take_answer(struct load *l, struct wire *w, struct ov_span body)
{
    struct ov_bucket b;

    l->n++;
    if (l->is_verified && ov_bucket_verify(body, &l->shape, l->epoch, w->number,
                                           l->root, &b) != OV_OK)
        DIE("a bucket is not proven");
}

static void receive(struct load *l, struct wire *w, uint64_t turn)
{
    ssize_t got = read(w->fd, w->in + w->len, sizeof(w->in) - w->len);
    uint64_t stride = ov_bucket_stride(&l->shape);
    struct ov_span all;
    size_t head;

    if (got <= 0)
        DIE("the server has closed");
    w->len += (size_t)got;
    l->bytes += (size_t)got;
    all = ov_span_of(w->in, w->len);
    head = ov_span_find(all, OV_SPAN_LIT("\r\n\r\n"), 0);
    if (head == SIZE_MAX || w->len < head + 4 + stride)
        return;
    if (!ov_span_starts(all, OV_SPAN_LIT("HTTP/1.1 206")))
        DIE("not a part");
    take_answer(l, w, ov_span_clip(all, head + 4, stride));
    send_request(l, w, turn);
}

static int dial(unsigned port)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)port),
                            .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int one = 1;

    if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0)
        DIE("cannot connect");
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    return fd;
}

static void buckets(struct load *l, unsigned port, uint64_t seconds)
{
    static struct wire wires[CONNECTIONS];
    struct pollfd polls[CONNECTIONS];
    uint64_t turn = 0;
    double start;
    double spent;

    for (unsigned i = 0; i < CONNECTIONS; i++) {
        wires[i].fd = dial(port);
        polls[i] = (struct pollfd){.fd = wires[i].fd, .events = POLLIN};
        send_request(l, &wires[i], turn++);
    }
    start = now(CLOCK_MONOTONIC);
    while ((spent = now(CLOCK_MONOTONIC) - start) < (double)seconds) {
        if (poll(polls, CONNECTIONS, 1000) < 0 && errno != EINTR)
            DIE("poll");
        for (unsigned i = 0; i < CONNECTIONS; i++) {
            if (polls[i].revents != 0)
                receive(l, &wires[i], turn++);
        }
    }
    (void)printf("%llu answers in %.2f s: %.0f/s, %.1f MB/s\n",
                 (unsigned long long)l->n, spent, (double)l->n / spent,
                 (double)l->bytes / spent / 1e6);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "make") == 0) {
        make(number_of(argv[2]));
    } else if (argc == 4 && strcmp(argv[1], "lookups") == 0) {
        lookups(argv[2], number_of(argv[3]));
    } else if (argc == 10 && strcmp(argv[1], "buckets") == 0) {
        struct load l = {.shape = {(unsigned)number_of(argv[5]),
                                   (uint32_t)number_of(argv[4])},
                         .epoch = (uint32_t)number_of(argv[7]),
                         .path = argv[3],
                         .is_verified = argv[9][0] == '1'};

        if (!ov_hex_decode(ov_span_str(argv[6]), l.root, 32) ||
            ov_bucket_stride(&l.shape) > MAX_ANSWER / 2)
            DIE("not a root or not a size");
        buckets(&l, (unsigned)number_of(argv[2]), number_of(argv[8]));
    } else {
        (void)fprintf(stderr, "usage: see the head of bench_reputation.c\n");
        return 2;
    }
    return 0;
}
