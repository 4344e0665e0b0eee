/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "center.h"
#include "site_path.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/http_server.h"
#include "sys/notify.h"
#include "sys/serving.h"

/* overt-center serve SITE: what any static server can do, with the headers that
 * the site wants: no script, style, picture or connection but its own. One
 * thread; it can read the site, and nothing else, before the first byte comes
 * in.
 *
 * Limits: files are read whole (64 MiB at most); no ranges; TLS is the business
 * of a proxy in front. */

#define LISTEN "127.0.0.1:8486"
#define MAX_FILE ((size_t)64 << 20)
#define MAX_BODY 1024
#define MAX_CONNECTIONS 512
#define IDLE_SECONDS 30
#define WAKE_MS 1000

static const struct ov_http_fixed headers[] = {
    {"Content-Security-Policy",
     "default-src 'self'; object-src 'none'; base-uri 'none'; form-action "
     "'self'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Permissions-Policy", "camera=(), geolocation=(), microphone=()"},
    {"Vary", "Accept-Encoding"},
    {NULL, NULL},
};

struct server {
    int site;
};

static bool read_file(const struct server *s, const char *name,
                      struct ov_buf *into)
{
    OV_AUTO_FD fd = openat(s->site, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat st;
    uint8_t *room;
    size_t len = 0;

    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
        (uint64_t)st.st_size > MAX_FILE)
        return false;
    room = ov_buf_room(into, (size_t)st.st_size + 1); /* also for none */
    if (room == NULL ||
        ov_read_at(fd, 0, room, (size_t)st.st_size, &len) != OV_OK)
        return false;
    ov_buf_added(into, len);
    return true;
}

static bool read_packed(const struct server *s, const char *name,
                        struct ov_buf *into)
{
    char packed[SITE_NAME_MAX + 4];

    (void)snprintf(packed, sizeof(packed), "%s.gz", name);
    return read_file(s, packed, into);
}

static void answer_file(const struct server *s, const char *name,
                        bool takes_gzip, struct ov_http_answer *answer)
{
    answer->type = site_path_type(name);
    answer->max_age = site_path_age(name);
    answer->fixed = headers;
    answer->code = 200;
    answer->is_gzip = takes_gzip && site_path_is_packed(name) &&
                      read_packed(s, name, &answer->body);
    if (answer->is_gzip || read_file(s, name, &answer->body))
        return;
    answer->code = 404;
    answer->type = "text/html; charset=utf-8";
    answer->max_age = 0;
    ov_buf_clear(&answer->body);
    if (!read_file(s, "404.html", &answer->body))
        ov_put_str(&answer->body, "There is nothing here.\n");
}

static void handle(void *data, const struct ov_http_request *request,
                   struct ov_http_answer *answer)
{
    char name[SITE_NAME_MAX];

    answer->fixed = headers;
    if (!ov_span_equal(request->method, OV_SPAN_LIT("GET")) &&
        !ov_span_equal(request->method, OV_SPAN_LIT("HEAD"))) {
        answer->code = 405;
        return;
    }
    if (!site_path_parse(request->path, name))
        (void)snprintf(name, sizeof(name), "404");
    answer_file(data, name, request->takes_gzip, answer);
}

static int run(const char *site, const struct ov_http_options *o)
{
    const char *const read[] = {site};
    const struct ov_landlock_places places = {.read = read, .n_read = 1};
    OV_AUTO(http_server) http = NULL;
    struct ov_diag diag = {0};

    if (ov_http_server_new(o, &http, &diag) != OV_OK)
        return center_say("%s", diag.text);
    if (!ov_serving_catch_signals())
        return center_say("signals cannot be caught");
    if (ov_serving_jail(&places, &diag) != OV_OK)
        return center_say("%s", diag.text);
    (void)printf("listening on port %u\n", ov_http_server_port(http));
    (void)fflush(stdout); /* who waits for it must see it */
    ov_notify("READY=1");
    while (!ov_serving_is_ended()) {
        if (ov_http_server_run(http, WAKE_MS) != OV_OK && errno != EINTR)
            return center_say("the HTTP server is broken");
    }
    return CENTER_OK;
}

int cmd_serve(int argc, char **argv)
{
    static const struct option options[] = {
        {"listen", required_argument, NULL, 'l'},
        {NULL, 0, NULL, 0},
    };
    struct server s;
    struct ov_http_options o = {.listen = LISTEN,
                                .max_body = MAX_BODY,
                                .max_bodies = MAX_BODY * MAX_CONNECTIONS,
                                .max_answer = MAX_FILE + 1,
                                .max_connections = MAX_CONNECTIONS,
                                .idle_seconds = IDLE_SECONDS,
                                .data = &s,
                                .handle = handle};
    int option;
    int code;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option != 'l')
            return center_say("serve SITE [--listen ADDRESS:PORT]");
        o.listen = optarg;
    }
    if (argc - optind != 1)
        return center_say("serve SITE [--listen ADDRESS:PORT]");
    s.site = open(argv[optind], O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (s.site < 0)
        return center_say("%s: %s", argv[optind], strerror(errno));
    code = run(argv[optind], &o);
    (void)!close(s.site);
    return code;
}
