/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "service_run.h"
#include "sys/fd.h"
#include "sys/http_deadline.h"
#include "sys/listen.h"
#include "sys/notify.h"
#include "tree_file.h"

/*
 * overt-cloud serve DIR: the tree by HTTP/1.1, as any web server would serve it
 * (etc/nginx has one). One thread, libmicrohttpd and epoll; before the first
 * byte comes in the process can read the tree, and do nothing else with files
 * (Landlock, sys/deny.def).
 *
 * Nearly all requests are for a part of a buckets.pack. Its descriptor is kept
 * open, since a pack never changes, and a part is read into memory: so a file
 * that becomes shorter under us is an error and not a signal. Whole files go by
 * sendfile. Limits: no TLS, no compression, one range; no directory listings.
 */

#define LISTEN "127.0.0.1:8485"
#define IDLE_SECONDS 30
#define SWEEP_MS 1000
#define MAX_CONNECTIONS 4096
#define PER_ADDRESS 256
#define CONNECTION_MEMORY ((size_t)4 << 10)
#define SMALL ((uint64_t)64 << 10)
#define N_KEPT 8

struct kept {
    char name[TREE_PATH_MAX];
    int fd; /* -1: none */
    uint64_t size;
    uint64_t used; /* when */
};

struct server {
    int tree;
    struct kept kept[N_KEPT];
    uint64_t turn;
    struct ov_http_deadlines deadlines;
};

/* ---- files ---- */

static int open_file(struct server *s, const char *name, uint64_t *ret_size)
{
    struct stat st;
    int fd = openat(s->tree, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
        (void)!close(fd);
        fd = -1;
    }
    if (fd >= 0)
        *ret_size = (uint64_t)st.st_size;
    return fd;
}

/* The pack's descriptor, which stays the server's; NULL if it isn't there. */
static struct kept *find_pack(struct server *s, const char *name)
{
    struct kept *oldest = &s->kept[0];

    s->turn++;
    for (size_t i = 0; i < N_KEPT; i++) {
        struct kept *k = &s->kept[i];

        if (k->fd >= 0 && strcmp(k->name, name) == 0) {
            k->used = s->turn;
            return k;
        }
        if (k->fd < 0 || (oldest->fd >= 0 && k->used < oldest->used))
            oldest = k;
    }
    ov_fd_cleanup(&oldest->fd);
    oldest->fd = open_file(s, name, &oldest->size);
    (void)snprintf(oldest->name, sizeof(oldest->name), "%s", name);
    oldest->used = s->turn;
    return oldest->fd >= 0 ? oldest : NULL;
}

/* ---- answers ---- */

static enum MHD_Result send_response(struct MHD_Connection *c, unsigned code,
                                     struct MHD_Response *r, const char *name)
{
    enum MHD_Result result;

    if (r == NULL)
        return MHD_NO;
    /* a header that has no room is left out: the answer stays right */
    (void)MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE,
                                  "application/octet-stream");
    (void)MHD_add_response_header(r, MHD_HTTP_HEADER_CACHE_CONTROL,
                                  name == NULL ? "no-store"
                                  : tree_is_immutable(name)
                                      ? "public, max-age=31536000, immutable"
                                      : "max-age=60");
    (void)MHD_add_response_header(r, MHD_HTTP_HEADER_ACCEPT_RANGES, "bytes");
    result = MHD_queue_response(c, code, r);
    MHD_destroy_response(r);
    return result;
}

static enum MHD_Result refuse(struct MHD_Connection *c, unsigned code)
{
    static char nothing[1];

    return send_response(
        c, code,
        MHD_create_response_from_buffer(0, nothing, MHD_RESPMEM_PERSISTENT),
        NULL);
}

static struct MHD_Response *part_of(int fd, uint64_t from, uint64_t len)
{
    uint8_t *bytes = ov_alloc((size_t)len);
    struct MHD_Response *r;

    if (bytes == NULL ||
        pread(fd, bytes, (size_t)len, (off_t)from) != (ssize_t)len) {
        ov_free(bytes);
        return NULL;
    }
    r = MHD_create_response_from_buffer_with_free_callback((size_t)len, bytes,
                                                           ov_free);
    if (r == NULL)
        ov_free(bytes);
    return r;
}

/* fd is borrowed. */
static enum MHD_Result send_part(struct MHD_Connection *c, const char *name,
                                 int fd, const uint64_t range[2], uint64_t size)
{
    uint64_t len = range[1] - range[0] + 1;
    struct MHD_Response *r;
    char header[96];

    if (len <= SMALL) {
        r = part_of(fd, range[0], len);
    } else {
        int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);

        r = own < 0
                ? NULL
                : MHD_create_response_from_fd_at_offset64(len, own, range[0]);
        if (r == NULL && own >= 0)
            (void)!close(own);
    }
    if (r == NULL)
        return refuse(c, MHD_HTTP_INTERNAL_SERVER_ERROR);
    (void)snprintf(header, sizeof(header), "bytes %llu-%llu/%llu",
                   (unsigned long long)range[0], (unsigned long long)range[1],
                   (unsigned long long)size);
    (void)MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_RANGE, header);
    ov_http_deadline_more(c, len);
    return send_response(c, MHD_HTTP_PARTIAL_CONTENT, r, name);
}

static enum MHD_Result send_outside(struct MHD_Connection *c, uint64_t size)
{
    static char nothing[1];
    char header[64];
    struct MHD_Response *r =
        MHD_create_response_from_buffer(0, nothing, MHD_RESPMEM_PERSISTENT);

    if (r == NULL)
        return MHD_NO;
    (void)snprintf(header, sizeof(header), "bytes */%llu",
                   (unsigned long long)size);
    (void)MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_RANGE, header);
    return send_response(c, MHD_HTTP_RANGE_NOT_SATISFIABLE, r, NULL);
}

/* fd is taken. */
static enum MHD_Result send_file(struct MHD_Connection *c, const char *name,
                                 int fd, uint64_t size)
{
    struct MHD_Response *r;

    if (size > 0 && size <= SMALL) {
        r = part_of(fd, 0, size);
        (void)!close(fd);
    } else {
        r = MHD_create_response_from_fd64(size, fd);
        if (r == NULL)
            (void)!close(fd);
    }
    if (r == NULL)
        return refuse(c, MHD_HTTP_INTERNAL_SERVER_ERROR);
    ov_http_deadline_more(c, size);
    return send_response(c, MHD_HTTP_OK, r, name);
}

static enum MHD_Result answer(struct server *s, struct MHD_Connection *c,
                              const char *name, const char *header)
{
    bool is_pack =
        ov_span_ends(ov_span_str(name), OV_SPAN_LIT("/buckets.pack"));
    struct kept *pack = is_pack ? find_pack(s, name) : NULL;
    uint64_t size = pack != NULL ? pack->size : 0;
    OV_AUTO_FD fd = -1;
    uint64_t range[2];
    enum tree_range what = TREE_ALL;

    if (pack == NULL || header == NULL)
        fd = open_file(s, name, &size);
    if (pack == NULL && fd < 0)
        return refuse(c, MHD_HTTP_NOT_FOUND);
    if (header != NULL)
        what =
            tree_range_parse(ov_span_str(header), size, &range[0], &range[1]);
    if (what == TREE_OUTSIDE)
        return send_outside(c, size);
    if (what == TREE_PART)
        return send_part(c, name, pack != NULL ? pack->fd : fd, range, size);
    if (fd < 0)
        fd = open_file(s, name, &size);
    if (fd < 0)
        return refuse(c, MHD_HTTP_NOT_FOUND);
    return send_file(c, name, ov_fd_steal(&fd), size);
}

/* Called when the head of a request is there, and again at its end. */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *c,
                                  const char *url, const char *method,
                                  const char *version, const char *part,
                                  size_t *part_len, void **state)
{
    static int begun;
    struct server *s = cls;
    char name[TREE_PATH_MAX];

    (void)version;
    (void)part;
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 &&
        strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return *state == NULL ? refuse(c, MHD_HTTP_METHOD_NOT_ALLOWED) : MHD_NO;
    if (*part_len > 0)
        return MHD_NO; /* nothing here takes a body */
    if (*state == NULL) {
        if (!ov_http_deadline_start(&s->deadlines, c, 0))
            return refuse(c, MHD_HTTP_SERVICE_UNAVAILABLE);
        *state = &begun;
        return MHD_YES;
    }
    if (!tree_path_parse(ov_span_str(url), name))
        return refuse(c, MHD_HTTP_NOT_FOUND);
    return answer(
        s, c, name,
        MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_RANGE));
}

/* The time for the next request begins. */
static void on_completed(void *cls, struct MHD_Connection *c, void **state,
                         enum MHD_RequestTerminationCode why)
{
    struct server *s = cls;

    (void)why;
    (void)ov_http_deadline_start(&s->deadlines, c, 0);
    *state = NULL;
}

/* ---- running ---- */

static bool enter_jail(const char *tree)
{
    const char *const read[] = {tree};
    const struct ov_landlock_places places = {.read = read, .n_read = 1};

    return service_jail(&places);
}

static int run(struct server *s, int fd, unsigned port)
{
    struct MHD_Daemon *d = MHD_start_daemon(
        MHD_USE_EPOLL, 0, NULL, NULL, on_request, s, MHD_OPTION_LISTEN_SOCKET,
        fd, MHD_OPTION_CONNECTION_LIMIT, MAX_CONNECTIONS,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, PER_ADDRESS,
        MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, s,
        MHD_OPTION_NOTIFY_CONNECTION, ov_http_deadlines_notify, &s->deadlines,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);

    if (d == NULL)
        return cloud_say("cannot start the HTTP server");
    (void)printf("listening on port %u\n", port);
    (void)fflush(stdout); /* who waits for it must see it */
    ov_notify("READY=1");
    while (!ov_serving_is_ended()) {
        if (MHD_run_wait(d, SWEEP_MS) != MHD_YES && errno != EINTR)
            break;
        ov_http_deadlines_sweep(&s->deadlines);
    }
    MHD_stop_daemon(d);
    return CLOUD_OK;
}

int cmd_serve(struct cloud *c)
{
    const char *listen = cloud_option(c, "listen");
    struct ov_diag diag = {0};
    struct server s = {.deadlines.idle_ms = IDLE_SECONDS * 1000};
    char path[CLOUD_PATH_MAX];
    OV_AUTO_FD fd = -1;
    unsigned port;
    int code;

    if (!cloud_open(c, 0) || !cloud_path(c, path, "tree"))
        return CLOUD_FAILED;
    for (size_t i = 0; i < N_KEPT; i++)
        s.kept[i].fd = -1;
    s.tree = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (s.tree < 0)
        return cloud_say("%s: %s", path, strerror(errno));
    if (ov_listen_tcp(listen != NULL ? listen : LISTEN, &fd, &port, &diag) !=
        OV_OK)
        return cloud_say("%s", diag.text);
    code = service_catch_signals() && enter_jail(path)
               ? run(&s, ov_fd_steal(&fd), port)
               : CLOUD_FAILED;
    for (size_t i = 0; i < N_KEPT; i++)
        ov_fd_cleanup(&s.kept[i].fd);
    (void)!close(s.tree);
    return code;
}
