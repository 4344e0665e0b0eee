/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "host/config.h"
#include "host/output.h"
#include "host/setting_value.h"
#include "icap_session.h"
#include "sys/fd.h"
#include "sys/listen.h"
#include "sys/sandbox.h"

/* overt-icap: the door for web proxies. Takes what passes through a proxy
 * (ICAP, RFC 3507), hands the bytes to the daemon as a descriptor of memory,
 * and tells the proxy. It is jailed: it can accept connections and speak to the
 * daemon, and nothing else. */

#define TAG_MS 15000
#define TAG_BYTES 12 /* in ISTag, of at most 32 characters */
#define OTHER_DESCRIPTORS 32
#define MAX_CONNECTIONS 10000
#define MIB ((uint64_t)1 << 20)

struct settings {
    struct icap_options icap;
    const char *listen;
};

struct door {
    struct icap_server server;
    struct ov_loop *loop;
    struct ov_loop_watch watch;
    struct ov_loop_timer tag_timer;
    struct icap_ask tag;
    bool is_ended;
};

static const char *set_inconclusive(void *data, const char *value)
{
    static const char *const words[] = {"block", "pass", NULL};
    unsigned which = 0;
    const char *wrong =
        setting_choice(&which, value, words, "not one of block, pass");

    ((struct settings *)data)->icap.passes = which == 1;
    return wrong;
}

SETTING(set_listen, settings, setting_text(&s->listen, value))
SETTING(set_daemon, settings, setting_path(&s->icap.daemon, value))
SETTING(set_max_body, settings, setting_size(&s->icap.max_body, value))
SETTING(set_max_memory, settings, setting_size(&s->icap.max_memory, value))
SETTING(set_connections, settings,
        setting_number(&s->icap.max_sessions, value, MAX_CONNECTIONS))
SETTING(set_idle, settings, setting_time(&s->icap.idle_ms, value))

static const struct option_row rows[] = {
    {"listen", 0, "ADDRESS:PORT", "where proxies connect (127.0.0.1:1344)",
     set_listen},
    {"daemon", 0, "PATH", "overtd's socket (/run/overt/clamd.ctl)", set_daemon},
    {"max-body", 0, "SIZE",
     "largest body; above it inconclusive (100M; 0: any)", set_max_body},
    {"max-memory", 0, "SIZE", "of the bodies of all (1G)", set_max_memory},
    {"max-connections", 0, "N", "at a time (256)", set_connections},
    {"idle-timeout", 0, "TIME", "then a silent proxy is let go (5m; 0: never)",
     set_idle},
    {"inconclusive", 0, "block|pass", "what could not be checked (block)",
     set_inconclusive},
};

static const struct option_list options = {
    "overt-icap", "[OPTION]...\nThe same options stand in overt.conf, [icap].",
    rows, sizeof(rows) / sizeof(rows[0])};

/* ---- serving ---- */

static void on_connection(struct ov_loop_watch *w, unsigned events)
{
    struct door *d = w->data;
    int fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    (void)events;
    if (fd >= 0)
        icap_session_start(&d->server, fd);
}

/* ISTag's inside, from the daemon's version, which names the rules. */
static bool set_tag(struct door *d, struct ov_span version)
{
    OV_AUTO_DONE(buf) hex = ov_buf_with_max(64);
    uint8_t digest[OV_DIGEST_MAX];

    if (ov_digest(OV_SHA256, version, digest) != OV_OK)
        return false;
    ov_put_hex(&hex, ov_span_of(digest, TAG_BYTES));
    if (ov_buf_status(&hex) != OV_OK)
        return false;
    (void)!snprintf(d->server.tag, sizeof(d->server.tag), "OV-%.*s",
                    (int)hex.len, (const char *)hex.ptr); /* fits */
    return true;
}

static void on_tag(struct icap_ask *a, const struct ov_clamd_reply *reply)
{
    struct door *d = a->data;

    ov_loop_timer_set(d->loop, &d->tag_timer, TAG_MS);
    if (reply->verdict == OV_CLAMD_CLEAN)
        (void)set_tag(d, reply->name); /* else the old one will do */
}

static void on_tag_time(struct ov_loop_timer *t)
{
    struct door *d = t->data;

    icap_ask_start(&d->tag, -1);
}

static void on_signal(void *data, int number)
{
    struct door *d = data;

    (void)number;
    d->is_ended = true;
}

static enum ov_status enter_jail(const struct settings *s, struct ov_diag *diag)
{
    char folder[256];
    const char *slash = strrchr(s->icap.daemon, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - s->icap.daemon);
    struct ov_jail_service service = {.max_open = 0};
    struct ov_confine how = {.profile = OV_PROFILE_DOOR, .service = &service};
    struct ov_jail jail;

    if (slash == NULL || len >= sizeof(folder))
        return ov_diag_set(diag, OV_USAGE, 0,
                           "the daemon's socket is no absolute path: %s",
                           s->icap.daemon);
    memcpy(folder, s->icap.daemon, len);
    folder[len] = '\0';
    OV_AUTO_FD fd =
        open(len > 0 ? folder : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return ov_diag_set(diag, OV_IO, 0,
                           "no folder of the daemon's socket: %s: %s", folder,
                           strerror(errno));
    service.folder = fd;
    /* of each session: the connection, the body, the daemon */
    service.max_open = 3 * s->icap.max_sessions + OTHER_DESCRIPTORS;
    return ov_confine(&how, &jail, diag);
}

static bool prepare(struct door *d, int fd)
{
    static const int signals[] = {SIGTERM, SIGINT};

    d->watch = (struct ov_loop_watch){
        .fd = fd, .events = OV_LOOP_READ, .data = d, .ready = on_connection};
    d->tag_timer = (struct ov_loop_timer){.data = d, .due = on_tag_time};
    d->tag = (struct icap_ask){.loop = d->loop,
                               .socket_path = d->server.options->daemon,
                               .data = d,
                               .done = on_tag};
    /* Also makes the digest's library open its files before the jail. */
    if (!set_tag(d, OV_SPAN_LIT("")) ||
        ov_loop_catch(d->loop, signals, 2, on_signal, d) != OV_OK ||
        ov_loop_timer_add(d->loop, &d->tag_timer) != OV_OK ||
        icap_ask_init(&d->tag) != OV_OK ||
        ov_loop_add(d->loop, &d->watch) != OV_OK)
        return false;
    ov_loop_timer_set(d->loop, &d->tag_timer, 0);
    return true;
}

static int serve(const struct settings *s, int fd, unsigned port)
{
    struct door d = {.server = {.options = &s->icap}, .loop = ov_loop_new()};
    struct ov_diag diag = {0};
    enum ov_status status;

    d.server.loop = d.loop;
    if (d.loop == NULL || !prepare(&d, fd)) {
        out_error("cannot start: out of memory or descriptors");
        return 2;
    }
    status = enter_jail(s, &diag);
    if (status != OV_OK) {
        out_error("cannot jail itself: %s", diag.text);
        return 2;
    }
    out_error("ready on port %u", port);
    while (status == OV_OK && !d.is_ended)
        status = ov_loop_turn(d.loop);
    icap_sessions_end(&d.server);
    icap_ask_done(&d.tag);
    ov_loop_timer_remove(d.loop, &d.tag_timer);
    ov_loop_remove(d.loop, &d.watch);
    ov_loop_free(d.loop);
    out_error("%llu requests, %llu with malware, %llu inconclusive",
              (unsigned long long)d.server.n_requests,
              (unsigned long long)d.server.n_found,
              (unsigned long long)d.server.n_inconclusive);
    return status == OV_OK ? 0 : 2;
}

/* In overt.conf 0 stands for none. */
static void lift(uint64_t *limit, uint64_t none)
{
    if (*limit == 0)
        *limit = none;
}

static bool read_settings(int argc, char **argv, struct settings *s,
                          bool *is_help)
{
    if (!config_apply(&options, "icap", s) ||
        !options_parse(&options, &argc, argv, s, is_help))
        return false;
    if (argc > 1 && !*is_help) {
        out_error("%s: no such argument; overt-icap --help lists options",
                  argv[1]);
        return false;
    }
    lift(&s->icap.max_body, INT64_MAX);
    lift(&s->icap.max_memory, INT64_MAX);
    lift(&s->icap.idle_ms, UINT32_MAX);
    return true;
}

int main(int argc, char **argv)
{
    struct settings s = {.icap = {.daemon = "/run/overt/clamd.ctl",
                                  .max_body = 100 * MIB,
                                  .max_memory = 1024 * MIB,
                                  .max_sessions = 256,
                                  .idle_ms = 300000},
                         .listen = "127.0.0.1:1344"};
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct ov_diag diag = {0};
    OV_AUTO_FD fd = -1;
    bool is_help = false;
    unsigned port;

    out_set_program("overt-icap");
    /* Nothing that was inherited stays open in the jail. */
    if (close_range(STDERR_FILENO + 1, ~0u, 0) != 0 ||
        sigaction(SIGPIPE, &ignore, NULL) != 0)
        return 2;
    if (!read_settings(argc, argv, &s, &is_help))
        return 2;
    if (is_help)
        return 0;
    if (ov_listen_tcp(s.listen, &fd, &port, &diag) != OV_OK) {
        out_error("%s", diag.text);
        return 2;
    }
    return serve(&s, fd, port);
}
