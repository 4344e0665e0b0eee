/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/output.h"
#include "settings.h"

/* overtd --check: are there the folders, files, groups and programs that
 * settings name? Each thing that is wrong is told with file, line and remedy;
 * what is only risky is told too, and does not count. */

struct check {
    struct daemon_settings *s;
    const char *section;
};

static void wrong(struct check *c, const char *name, const char *what,
                  const char *remedy)
{
    config_wrong(&c->s->file, c->section, name, "%s: %s", what, remedy);
}

static void want_file(struct check *c, const char *name, const char *path)
{
    if (path == NULL || faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0)
        return;
    wrong(c, name, path,
          errno == ENOENT ? "there is no such file; make it or mend the path"
                          : "cannot be read; give overtd the right to");
}

static void want_program(struct check *c, const char *name, const char *path)
{
    struct stat st;

    if (path == NULL)
        return;
    if (stat(path, &st) != 0)
        wrong(c, name, path, "there is no such program; mend the path");
    else if (!S_ISREG(st.st_mode) ||
             faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) != 0)
        wrong(c, name, path, "cannot be started; chmod +x it");
    else if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        wrong(c, name, path, "others may change it; chmod go-w it");
}

static void want_folder(struct check *c, const char *name, const char *path)
{
    struct stat st;

    if (path == NULL)
        return;
    if (stat(path, &st) != 0)
        wrong(c, name, path, "there is no such folder; mkdir it");
    else if (!S_ISDIR(st.st_mode))
        wrong(c, name, path, "is not a folder; give one");
}

/* The folder that is to hold a socket or file. /run/overt is made by systemd
 * when the service starts, so it needs not be there yet. */
static void want_place(struct check *c, const char *name, const char *path)
{
    char folder[PATH_MAX];
    const char *slash;

    if (path == NULL)
        return;
    slash = strrchr(path, '/');
    (void)!snprintf(folder, sizeof(folder), "%.*s",
                    (int)(slash == path ? 1 : slash - path), path);
    if (strcmp(folder, "/run/overt") != 0)
        want_folder(c, name, folder);
}

static void want_socket(struct check *c, const char *name, const char *path)
{
    struct sockaddr_un address;

    if (path == NULL)
        return;
    if (strlen(path) >= sizeof(address.sun_path))
        wrong(c, name, path,
              "longer than a socket's path may be (107 bytes); shorten it");
    else
        want_place(c, name, path);
}

static void want_group(struct check *c, const char *name, const char *group)
{
    if (group != NULL && getgrnam(group) == NULL)
        wrong(c, name, group,
              "there is no such group; groupadd --system it, or mend the name");
}

static void check_scan(struct check *c)
{
    const struct scan_section *s = &c->s->scan;

    c->section = "scan";
    for (size_t i = 0; i < s->rules.n; i++)
        want_file(c, "rules", s->rules.items[i]);
    want_folder(c, "state", s->state);
    want_file(c, "cvd-key", s->cvd_key);
}

static void check_update(struct check *c)
{
    const struct update_section *s = &c->s->update;
    const char *state = c->s->scan.state;

    c->section = "update";
    if (s->from.n == 0 && config_line_of(&c->s->file, "update", "interval") > 0)
        wrong(c, "interval", "for nothing", "set from = PLACE, too");
    if (s->from.n > 0 && s->state != NULL &&
        (state == NULL || strcmp(state, s->state) != 0))
        wrong(c, "state", s->state,
              "overtd takes rules from where [scan] says; set state there to "
              "the same");
}

static void check_daemon(struct check *c)
{
    const struct daemon_section *s = &c->s->daemon;

    c->section = "daemon";
    want_socket(c, "control", s->control);
    want_group(c, "control-group", s->control_group);
}

static void check_tls(struct check *c)
{
    const struct clamd_section *s = &c->s->clamd;

    want_file(c, "tls-cert", s->tls_cert);
    want_file(c, "tls-key", s->tls_key);
    want_file(c, "tls-client-ca", s->tls_client_ca);
    if (s->tls.n > 0 && (s->tls_cert == NULL || s->tls_key == NULL))
        wrong(c, "tls", s->tls.items[0],
              "has no certificate; set tls-cert and tls-key");
    if (s->tls.n == 0 && s->tls_cert != NULL)
        wrong(c, "tls-cert", s->tls_cert,
              "is for nothing; set tls = ADDRESS:PORT");
}

/* Names and bounds are good: they have been read. */
static void check_api(struct check *c)
{
    const struct api_section *s = &c->s->api;

    c->section = "api";
    want_socket(c, "socket", s->socket);
    want_group(c, "socket-group", s->socket_group);
    want_socket(c, "admin-socket", s->admin_socket);
    want_file(c, "tls-cert", s->tls_cert);
    want_file(c, "tls-key", s->tls_key);
    want_file(c, "tls-client-ca", s->tls_client_ca);
    if (s->tls.n > 0 && s->socket == NULL)
        wrong(c, "tls", s->tls.items[0], "leads nowhere; set socket, too");
    if (s->tls.n > 0 &&
        (s->tls_cert == NULL || s->tls_key == NULL || s->tls_client_ca == NULL))
        wrong(c, "tls", s->tls.items[0],
              "is for clients with certificates only; set tls-cert, tls-key "
              "and tls-client-ca");
    if (s->admins.n > 0 && s->admin_socket == NULL)
        wrong(c, "admin", s->admins.items[0],
              "leads nowhere; set admin-socket, too");
}

static bool is_loopback(const char *listen)
{
    return strncmp(listen, "127.", 4) == 0 || strncmp(listen, "[::1]", 5) == 0;
}

static void check_clamd(struct check *c)
{
    const struct clamd_section *s = &c->s->clamd;

    c->section = "clamd";
    want_socket(c, "socket", s->socket);
    want_group(c, "socket-group", s->socket_group);
    check_tls(c);
    if (s->socket == NULL && s->tcp.n == 0 && s->tls.n == 0)
        wrong(c, "socket", "none", "nobody can ask; set socket, tcp or tls");
    if (s->max_connections == 0)
        wrong(c, "max-connections", "0", "nobody can ask; 1 or more");
    for (size_t i = 0; i < s->tcp.n; i++)
        if (!is_loopback(s->tcp.items[i]))
            out_error("%s:%u: tcp: warning: %s: whoever reaches this port may "
                      "use it, and reads along; use tls with tls-client-ca",
                      c->s->file.path,
                      config_line_of(&c->s->file, "clamd", "tcp"),
                      s->tcp.items[i]);
}

static void check_guard(struct check *c)
{
    const struct guard_section *s = &c->s->guard;

    c->section = "guard";
    for (size_t i = 0; i < s->filesystems.n; i++)
        if (strcmp(s->filesystems.items[i], "all") != 0)
            want_folder(c, "filesystem", s->filesystems.items[i]);
    for (size_t i = 0; i < s->mounts.n; i++)
        want_folder(c, "mount", s->mounts.items[i]);
    for (size_t i = 0; i < s->exclude_users.n; i++)
        if (getpwnam(s->exclude_users.items[i]) == NULL)
            wrong(c, "exclude-user", s->exclude_users.items[i],
                  "there is no such user; mend the name");
    if (s->deadline_ms == 0)
        wrong(c, "deadline", "0", "no file could be looked at; 100ms or more");
}

/* Where events go: a file's folder, or a socket. */
static void want_events(struct check *c, const char *name, const char *to)
{
    if (to == NULL || strncmp(to, "udp:", 4) == 0)
        return;
    if (strncmp(to, "unix:", 5) == 0)
        want_socket(c, name, to + 5);
    else
        want_place(c, name, to);
}

static void check_events(struct check *c)
{
    const struct events_section *s = &c->s->events;

    c->section = "quarantine";
    want_folder(c, "folder", c->s->quarantine.folder);
    c->section = "events";
    want_events(c, "json", s->json);
    want_events(c, "cef", s->cef);
    want_events(c, "ecs", s->ecs);
    want_program(c, "command", s->command);
    if (s->mail_to.n > 0)
        want_program(c, "mail-program", s->mail_program);
}

int settings_check(const char *path)
{
    struct check c = {.s = settings_read(path, true)};
    bool is_good;

    if (c.s == NULL)
        return 2;
    check_scan(&c);
    check_update(&c);
    check_daemon(&c);
    check_clamd(&c);
    check_api(&c);
    check_guard(&c);
    check_events(&c);
    is_good = c.s->file.n_wrong == 0;
    if (is_good) {
        out_format(out_standard(), "%s: good\n", path);
        is_good = out_flush(out_standard());
    }
    settings_free(c.s);
    return is_good ? 0 : 2;
}
