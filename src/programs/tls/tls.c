/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "host/config.h"
#include "host/output.h"
#include "sys/fd.h"
#include "sys/listen.h"
#include "sys/sandbox.h"
#include "tls_context.h"
#include "tls_link.h"

/* overt-tls: the door of clamd's protocol that is encrypted, (--api) of the
 * HTTP API, and (--admins) of a cloud's administrators. Reads TLS, which the
 * daemon and overt-http then need not, and hands plain bytes on to their
 * sockets: those of a client whose certificate has the name of an admin to
 * admin-socket. It reads its keys, listens, and jails itself: from then on it
 * can accept connections and speak to the daemon, and nothing else.
 *
 * overtd starts it, with a pipe as its stdin: when that is closed, the daemon
 * has gone, and so does this. */

#define EXIT_WRONG 2
#define MAX_LISTEN 16
#define MAX_LINKS 100000
#define API_LINKS 256
#define OTHER_DESCRIPTORS 64
#define RETRY_MS 100
#define ACCEPTS_A_TURN 16

struct settings {
    const char *config;
    const char *daemon; /* or overt-http's socket */
    const char *admin_socket;
    const char *listen[MAX_LISTEN];
    size_t n_listen;
    struct tls_admins admins;
    bool is_api;
    bool is_for_admins; /* alone, and their names are told */
    struct tls_files files;
    uint64_t max_links;
};

struct listener {
    struct ov_loop_watch watch;
    struct door *door;
};

struct door {
    struct tls_door tls; /* the first member */
    const struct settings *settings;
    struct listener listeners[MAX_LISTEN];
    struct ov_loop_timer retry;
    struct ov_loop_watch parent;
    bool is_ended;
};

/* ---- settings: overt.conf's, whose names they have ---- */

static const char *set_config(void *data, const char *value)
{
    ((struct settings *)data)->config = value;
    return NULL;
}

static const char *set_daemon(void *data, const char *value)
{
    ((struct settings *)data)->daemon = value;
    return NULL;
}

static const char *set_listen(void *data, const char *value)
{
    struct settings *s = data;

    if (s->n_listen == MAX_LISTEN)
        return "too many of them";
    s->listen[s->n_listen++] = value;
    return NULL;
}

static const char *set_certificate(void *data, const char *value)
{
    ((struct settings *)data)->files.certificate = value;
    return NULL;
}

static const char *set_key(void *data, const char *value)
{
    ((struct settings *)data)->files.key = value;
    return NULL;
}

static const char *set_authorities(void *data, const char *value)
{
    ((struct settings *)data)->files.client_authorities = value;
    return NULL;
}

static const char *set_max(void *data, const char *value)
{
    struct settings *s = data;

    return option_number(value, MAX_LINKS, &s->max_links) && s->max_links > 0
               ? NULL
               : "not a number of connections";
}

static const char *set_admin_socket(void *data, const char *value)
{
    ((struct settings *)data)->admin_socket = value;
    return NULL;
}

static const char *set_admin(void *data, const char *value)
{
    struct tls_admins *a = &((struct settings *)data)->admins;

    if (a->n == TLS_MAX_ADMINS)
        return "too many of them";
    a->names[a->n++] = value;
    return NULL;
}

static const char *set_api(void *data, const char *value)
{
    (void)value;
    ((struct settings *)data)->is_api = true;
    return NULL;
}

static const char *set_admins(void *data, const char *value)
{
    ((struct settings *)data)->is_for_admins = true;
    return set_daemon(data, value);
}

static const struct option_row file_rows[] = {
    {"socket", 0, "PATH", "the daemon's", set_daemon},
    {"tls", 0, "ADDRESS:PORT", "where clients connect", set_listen},
    {"tls-cert", 0, "FILE", "certificates, PEM", set_certificate},
    {"tls-key", 0, "FILE", "private key, PEM", set_key},
    {"tls-client-ca", 0, "FILE", "who signs clients' certificates",
     set_authorities},
    {"max-connections", 0, "N", "at a time", set_max},
    /* of [api] alone */
    {"admin-socket", 0, "PATH", "for admins", set_admin_socket},
    /* and of [admin] */
    {"admin", 0, "NAME", "of an admin's certificate", set_admin},
};

/* Of overt-cloud's admin.conf: the socket is told by who starts it. */
static const struct option_row admin_rows[] = {
    {"listen", 0, "ADDRESS:PORT", "where admins connect", set_listen},
    {"cert", 0, "FILE", "certificates, PEM", set_certificate},
    {"key", 0, "FILE", "private key, PEM", set_key},
    {"client-ca", 0, "FILE", "who signs admins' certificates", set_authorities},
    {"admin", 0, "NAME", "of an admin's certificate", set_admin},
};

static const struct option_row rows[] = {
    {"config", 'c', "FILE", "instead of " CONFIG_SYSTEM_PATH, set_config},
    {"api", 0, NULL, "serve the HTTP API, not clamd's protocol", set_api},
    {"admins", 0, "SOCKET", "serve a cloud's admins, whose names it is told",
     set_admins},
};

static const struct option_list file_options = {
    "overt-tls", "", file_rows, sizeof(file_rows) / sizeof(file_rows[0])};
static const struct option_list admin_options = {
    "overt-tls", "", admin_rows, sizeof(admin_rows) / sizeof(admin_rows[0])};
static const struct option_list options = {
    "overt-tls",
    "[OPTION]...\nWhat it does stands in the file: [clamd], [api] or [admin].",
    rows, sizeof(rows) / sizeof(rows[0])};

/* ---- serving ---- */

static void watch_all(struct door *d, unsigned events)
{
    for (size_t i = 0; i < d->settings->n_listen; i++)
        ov_loop_change(d->tls.loop, &d->listeners[i].watch, events);
}

static void on_room(struct tls_door *tls)
{
    struct door *d = (struct door *)(void *)tls;

    if (d->retry.place == 0)
        watch_all(d, OV_LOOP_READ);
}

static void on_retry(struct ov_loop_timer *t)
{
    struct door *d = t->data;

    if (d->tls.n_links < d->settings->max_links)
        watch_all(d, OV_LOOP_READ);
}

/* Who can't be served now waits in the kernel's line. */
static void wait_a_moment(struct door *d)
{
    watch_all(d, 0);
    ov_loop_timer_set(d->tls.loop, &d->retry, RETRY_MS);
}

static void on_connection(struct ov_loop_watch *w, unsigned events)
{
    struct door *d = ((struct listener *)w->data)->door;

    (void)events;
    for (int i = 0; i < ACCEPTS_A_TURN; i++) {
        int fd = -1;

        if (d->tls.n_links < d->settings->max_links)
            fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        else
            errno = EMFILE;
        if (fd >= 0) {
            tls_link_start(&d->tls, fd);
        } else if (errno != EINTR && errno != ECONNABORTED) {
            if (errno != EAGAIN)
                wait_a_moment(d);
            return;
        }
    }
}

static void on_parent(struct ov_loop_watch *w, unsigned events)
{
    struct door *d = w->data;

    d->is_ended = d->is_ended || (events & OV_LOOP_HANGUP) != 0;
}

static void on_signal(void *data, int number)
{
    struct door *d = data;

    (void)number;
    d->is_ended = true;
}

static bool listen_all(struct door *d)
{
    const struct settings *s = d->settings;

    for (size_t i = 0; i < s->n_listen; i++) {
        struct listener *l = &d->listeners[i];
        struct ov_diag diag = {0};
        unsigned port = 0;
        int fd = -1;

        if (ov_listen_tcp(s->listen[i], &fd, &port, &diag) != OV_OK) {
            out_error("%s", diag.text);
            return false;
        }
        l->door = d;
        l->watch = (struct ov_loop_watch){.fd = fd,
                                          .events = OV_LOOP_READ,
                                          .data = l,
                                          .ready = on_connection};
        if (ov_loop_add(d->tls.loop, &l->watch) != OV_OK)
            return false;
        out_error("listening on %s (port %u)", s->listen[i], port);
    }
    return true;
}

static bool prepare(struct door *d)
{
    static const int signals[] = {SIGTERM, SIGINT};

    d->tls.loop = ov_loop_new();
    d->tls.has_room = on_room;
    d->tls.daemon = d->settings->daemon;
    d->tls.admin_socket = d->settings->admin_socket;
    d->tls.admins = &d->settings->admins;
    d->tls.tells_names = d->settings->is_for_admins;
    d->retry = (struct ov_loop_timer){.data = d, .due = on_retry};
    d->parent = (struct ov_loop_watch){
        .fd = STDIN_FILENO, .data = d, .ready = on_parent};
    if (d->tls.loop == NULL ||
        ov_loop_catch(d->tls.loop, signals, 2, on_signal, d) != OV_OK ||
        ov_loop_timer_add(d->tls.loop, &d->retry) != OV_OK)
        return false;
    /* A terminal or a file is no daemon. */
    (void)!ov_loop_add(d->tls.loop, &d->parent);
    return true;
}

static bool enter_jail(const struct settings *s)
{
    OV_AUTO_DONE(buf) folder = ov_buf_with_max(4096);
    struct ov_jail_service service = {.max_open = 2 * (unsigned)s->max_links +
                                                  OTHER_DESCRIPTORS};
    const struct ov_confine how = {.profile = OV_PROFILE_DOOR,
                                   .service = &service};
    const char *slash = strrchr(s->daemon, '/');
    struct ov_diag diag = {0};
    struct ov_jail jail;

    ov_put_span(&folder, ov_span_of(s->daemon, (size_t)(slash - s->daemon)));
    ov_put_str(&folder, "/");
    ov_put_u8(&folder, 0);
    if (ov_buf_status(&folder) != OV_OK)
        return false;
    OV_AUTO_FD fd =
        open((char *)folder.ptr, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    service.folder = fd;
    if (fd < 0)
        out_error("%s: %s", (char *)folder.ptr, strerror(errno));
    else if (ov_confine(&how, &jail, &diag) == OV_OK)
        return true;
    else
        out_error("cannot jail itself: %s", diag.text);
    return false;
}

static int serve(const struct settings *s)
{
    struct door d = {.settings = s};
    struct ov_diag diag = {0};
    enum ov_status status = tls_context_new(&s->files, &d.tls.context, &diag);

    if (status != OV_OK) {
        out_error("%s", diag.text);
        return EXIT_WRONG;
    }
    if (!prepare(&d) || !listen_all(&d) || !enter_jail(s))
        return EXIT_WRONG;
    out_error("ready");
    while (status == OV_OK && !d.is_ended)
        status = ov_loop_turn(d.tls.loop);
    tls_links_end(&d.tls);
    SSL_CTX_free(d.tls.context);
    return status == OV_OK ? 0 : EXIT_WRONG;
}

/* Which section, and what it does not say. */
static void choose_section(struct settings *s, struct config_section *ret)
{
    *ret = (struct config_section){"clamd", &file_options, s, true};
    if (s->is_for_admins) {
        ret->name = "admin";
        ret->list = &admin_options;
        ret->is_lax = false;
        s->max_links = API_LINKS;
    } else if (s->is_api) {
        ret->name = "api";
        s->daemon = "";
        s->max_links = API_LINKS;
    }
}

static bool read_settings(int argc, char **argv, struct settings *s,
                          bool *is_help)
{
    static struct config_file file; /* values point into it */
    struct config_section section;
    bool needs_authority;

    if (!options_parse(&options, &argc, argv, s, is_help))
        return false;
    if (*is_help)
        return true;
    choose_section(s, &section);
    file.path = s->config;
    if (!config_read(&file, &section, 1))
        return false;
    needs_authority = s->is_api || s->is_for_admins;
    if (argc == 1 && s->n_listen > 0 && s->files.certificate != NULL &&
        s->files.key != NULL && s->daemon[0] == '/' &&
        (!needs_authority || s->files.client_authorities != NULL) &&
        (!s->is_for_admins || s->admins.n > 0))
        return true;
    out_error(s->is_for_admins
                  ? "%s: [%s] needs listen, cert, key, client-ca and admin"
              : s->is_api
                  ? "%s: [%s] needs tls, tls-cert, tls-key, tls-client-ca and "
                    "socket"
                  : "%s: [%s] needs tls, tls-cert, tls-key and socket",
              s->config, section.name);
    return false;
}

int main(int argc, char **argv)
{
    struct settings s = {.config = CONFIG_SYSTEM_PATH,
                         .daemon = "/run/overt/clamd.ctl",
                         .max_links = 4096};
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    bool is_help = false;

    out_set_program("overt-tls");
    /* Nothing that was inherited stays open in the jail. */
    if (close_range(STDERR_FILENO + 1, ~0u, 0) != 0 ||
        sigaction(SIGPIPE, &ignore, NULL) != 0 || setenv("TZ", "UTC0", 1) != 0)
        return EXIT_WRONG;
    tzset(); /* else dates of certificates open a file, in the jail */
    if (!read_settings(argc, argv, &s, &is_help))
        return EXIT_WRONG;
    return is_help ? 0 : serve(&s);
}
