/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/admin_service.h"
#include "region_files.h"
#include "service_run.h"
#include "sys/fd.h"
#include "sys/locate.h"
#include "sys/notify.h"
#include "sys/start.h"

/*
 * overt-cloud admin DIR: a region's administration by network. There are two
 * processes. overt-tls has the port, the key and the certificates, which it
 * reads from DIR/admin.conf, and lets in whom an authority of ours has signed
 * and admin.conf names; it reads no HTTP and no file after that. This one reads
 * HTTP of those who were let in, at a socket in DIR/state that only its user
 * can open, and has the database. It ends when overt-tls does, and overt-tls
 * when it does.
 */

#define IDLE_SECONDS 30
#define MAX_CONNECTIONS 64
#define MAX_BODIES ((size_t)1 << 20)
#define WAKE_MILLISECONDS 500

struct places {
    char config[CLOUD_PATH_MAX];
    char socket[CLOUD_PATH_MAX];
    char state[CLOUD_PATH_MAX];
    char trust[CLOUD_PATH_MAX]; /* the folder of the people file */
    char people[CLOUD_PATH_MAX];
};

struct door {
    pid_t pid;
    int lifeline; /* its stdin */
};

static bool start_door(const char *config, const char *socket, struct door *ret)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(CLOUD_PATH_MAX);
    char words[2][CLOUD_PATH_MAX];
    char *const arguments[] = {(char[]){"overt-tls"},
                               (char[]){"--config"},
                               words[0],
                               (char[]){"--admins"},
                               words[1],
                               NULL};
    char *environment[] = {NULL};
    struct ov_diag diag = {.text = ""};
    int ends[2];

    (void)snprintf(words[0], sizeof(words[0]), "%s", config); /* both fit */
    (void)snprintf(words[1], sizeof(words[1]), "%s", socket);
    if (ov_locate_program("tls", &path) != OV_OK ||
        pipe2(ends, O_CLOEXEC) != 0) {
        (void)cloud_say("overt-tls cannot be started: install overt again");
        return false;
    }
    OV_AUTO_FD theirs = ends[0];
    OV_AUTO_FD ours = ends[1];
    const struct ov_program program = {(char *)path.ptr, arguments, environment,
                                       theirs};

    if (ov_program_start(&program, &ret->pid, &diag) != OV_OK) {
        (void)cloud_say("overt-tls: %s", diag.text);
        return false;
    }
    ret->lifeline = ov_fd_steal(&ours);
    return true;
}

static int run(struct admin_service *s, const struct places *p)
{
    const struct ov_http_options how = {
        .local = p->socket,
        .max_body = ADMIN_BODY_MAX,
        .max_bodies = MAX_BODIES,
        .max_answer = ADMIN_ANSWER_MAX,
        .max_connections = MAX_CONNECTIONS,
        .idle_seconds = IDLE_SECONDS,
        .data = s,
        .admit = admin_service_admit,
        .handle = admin_service_handle,
    };
    OV_AUTO(http_server) server = NULL;
    struct ov_diag diag = {.text = ""};
    enum ov_status status = OV_OK;
    struct door door = {.lifeline = -1};
    bool has_door = true;
    int how_ended;

    if (ov_http_server_new(&how, &server, &diag) != OV_OK)
        return cloud_say("%s", diag.text);
    if (!service_catch_signals() || !start_door(p->config, p->socket, &door) ||
        !service_enter_jail_with(p->state, p->trust))
        return CLOUD_FAILED;
    ov_notify("READY=1");
    while (status == OV_OK && has_door && !ov_serving_is_ended()) {
        status = ov_http_server_run(server, WAKE_MILLISECONDS);
        has_door = !ov_program_has_ended(door.pid, &how_ended);
    }
    ov_fd_cleanup(&door.lifeline);
    if (!has_door)
        return cloud_say("overt-tls has ended");
    return status == OV_OK ? CLOUD_OK : cloud_say("the server failed");
}

/* Absolute, as overt-tls wants it. */
static bool find_state(struct cloud *c, char ret[static CLOUD_PATH_MAX])
{
    OV_AUTO_DONE(buf) room = ov_buf_with_max(PATH_MAX);
    char *real = (char *)ov_buf_room(&room, PATH_MAX);
    char path[CLOUD_PATH_MAX];

    if (real == NULL || !cloud_path(c, path, "state"))
        return false;
    if (realpath(path, real) == NULL ||
        strlen(real) >= CLOUD_PATH_MAX - sizeof("/admin")) {
        (void)cloud_say("%s: %s", path, strerror(errno));
        return false;
    }
    memcpy(ret, real, strlen(real) + 1);
    return true;
}

int cmd_admin(struct cloud *c)
{
    OV_AUTO(arena) a = ov_arena_new((size_t)1 << 20);
    __attribute__((cleanup(region_files_done))) struct region_files r = {
        .keys = NULL};
    struct admin_service s = {.now = service_now, .note = service_note};
    AUTO_CONTROL_STORE store = NULL;
    const char *where = cloud_option(c, "store");
    struct ov_diag diag = {.text = ""};
    char file[CLOUD_PATH_MAX];
    static struct places p; /* large */

    if (a == NULL || c->n_words != 1)
        return cloud_say("say the region's folder; see --help");
    c->dir = c->words[0];
    if (!region_read(c, a, &r) || !cloud_path(c, file, "state/store.db") ||
        !cloud_path(c, p.config, "admin.conf") || !find_state(c, p.state) ||
        !cloud_path(c, p.trust, "trust") ||
        !cloud_path(c, p.people, "trust/people"))
        return CLOUD_FAILED;
    (void)snprintf(p.socket, sizeof(p.socket), "%.*s/admin", CLOUD_PATH_MAX - 8,
                   p.state);
    if (control_store_open(where != NULL ? where : file, r.keys->region, &store,
                           &diag) != OV_OK)
        return cloud_say("%s", diag.text);
    s.store = store;
    s.region = r.keys->region;
    s.people = p.people;
    return run(&s, &p);
}
