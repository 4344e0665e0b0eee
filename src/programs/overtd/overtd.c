/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon.h"
#include "host/output.h"
#include "host/state_place.h"
#include "sys/file.h"
#include "sys/locate.h"
#include "sys/notify.h"

/* overtd: answers clamd's clients. It opens files and looks into none: what is
 * in them is for overt-worker, in its jail. Stays in the foreground; systemd,
 * or whoever starts it, does the rest. */

#define EXIT_WRONG 2

struct arguments {
    const char *config;
    bool is_check;
    bool is_version;
};

static const char *set_config(void *data, const char *value)
{
    ((struct arguments *)data)->config = value;
    return NULL;
}

static const char *set_check(void *data, const char *value)
{
    (void)value;
    ((struct arguments *)data)->is_check = true;
    return NULL;
}

static const char *set_version(void *data, const char *value)
{
    (void)value;
    ((struct arguments *)data)->is_version = true;
    return NULL;
}

static const struct option_row rows[] = {
    {"config", 'c', "FILE", "instead of " CONFIG_SYSTEM_PATH, set_config},
    {"check", 0, NULL, "say what is wrong with the configuration, and end",
     set_check},
    {"version", 'V', NULL, "print the version, and end", set_version},
};

static const struct option_list options = {"overtd", "[OPTION]...", rows,
                                           sizeof(rows) / sizeof(rows[0])};

/* ---- the end ---- */

/* Requests that are under way get their answers, for so long at most; whoever
 * is idle is let go at once. A second signal ends it at once. What went through
 * overt-tls needs a moment more to be out; overt-http ends by itself. */
#define LEAVE_MS 10000
#define PASS_ON_MS 500

static void on_last(struct ov_loop_timer *t)
{
    ((struct daemon *)t->data)->is_ending = true;
}

void daemon_end_if_idle(void *daemon)
{
    struct daemon *d = daemon;
    bool has_tls = d->tls.pid != 0 || d->api_tls.pid != 0;

    if (d->is_leaving && d->clamd.n_sessions == 0 && d->http.child.pid == 0 &&
        d->http_admin.child.pid == 0)
        ov_loop_timer_set(d->loop, &d->last, has_tls ? PASS_ON_MS : 0);
}

static void leave(struct daemon *d)
{
    if (d->is_leaving || !d->is_ready) {
        d->is_ending = true;
        return;
    }
    d->is_leaving = true;
    ov_notify("STOPPING=1");
    ov_loop_timer_set(d->loop, &d->last, LEAVE_MS);
    doors_close(&d->doors);
    clamd_front_end(&d->clamd);
    http_child_leave(&d->http);
    http_child_leave(&d->http_admin);
    daemon_end_if_idle(d);
}

/* ---- signals ---- */

static void on_signal(void *data, int signal_number)
{
    struct daemon *d = data;

    if (signal_number != SIGHUP)
        leave(d);
    else if (!d->is_leaving)
        (void)daemon_reload_all(d); /* it has told */
}

static bool catch_signals(struct daemon *d)
{
    static const int caught[] = {SIGTERM, SIGINT, SIGHUP};
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    const struct sigaction usual = {.sa_handler = SIG_DFL};

    /* A closed connection and a full disk are errors, not the end. */
    return sigaction(SIGPIPE, &ignore, NULL) == 0 &&
           sigaction(SIGXFSZ, &ignore, NULL) == 0 &&
           sigaction(SIGCHLD, &usual, NULL) == 0 &&
           ov_loop_catch(d->loop, caught, sizeof(caught) / sizeof(caught[0]),
                         on_signal, d) == OV_OK;
}

/* Each client, file and stream is a descriptor. */
/* ---- beginning and end ---- */

static void on_tell(void *data, const char *words)
{
    (void)data;
    out_error("%s", words);
}

/* A client has asked for it, and waits inside of its session. */
static void on_shutdown(void *data)
{
    struct daemon *d = data;

    d->wants_to_leave = true;
}

static void on_room(void *data)
{
    struct daemon *d = data;

    doors_has_room(&d->doors);
    daemon_end_if_idle(d);
}

static void on_self_check(struct ov_loop_timer *t)
{
    struct daemon *d = t->data;

    if (d->is_ready)
        daemon_reload(d);
    desk_look_at_cloud(d->desk);
    ov_loop_timer_set(d->loop, t, d->settings->daemon.self_check_ms);
}

static void on_cloud_changed(void *data)
{
    guard_front_forget(&((struct daemon *)data)->guard);
}

static bool make_desk(struct daemon *d)
{
    struct desk_options o = {
        .loop = d->loop,
        .open = d->settings->scan.open,
        .n_workers = d->settings->daemon.workers,
        .timeout_ms = d->settings->scan.timeout_ms,
        .spawn_flags = d->settings->scan.spawn_flags,
        .recycle_after = d->settings->daemon.recycle_after,
        .idle_after_ms = d->settings->daemon.idle_after_ms,
        .memory_max = d->settings->daemon.memory_ceiling,
        .remember = d->settings->daemon.remember,
        .data = d,
        .rules_changed = daemon_rules_changed,
        .tell = on_tell,
        .cloud_changed = on_cloud_changed,
    };

    if (d->settings->daemon.asks_cloud) {
        const struct cloud_link_options cloud = {
            .loop = d->loop,
            .config = d->config_path,
            .state = d->settings->scan.state,
            .spawn_flags = d->settings->scan.spawn_flags,
            .wait_ms = d->settings->daemon.cloud_wait_ms};

        d->cloud = cloud_link_new(&cloud);
        if (d->cloud == NULL)
            return false;
        o.cloud = d->cloud;
    }
    /* Kept with what is moved to quarantine. */
    if (d->settings->daemon.on_detection == ACTION_QUARANTINE)
        o.open.flags |= OV_SCAN_EXPLAIN;
    return desk_new(&o, &d->desk) == OV_OK;
}

/* Where streams lie that are large: beside the state, which is on a disk. */
static const char *find_spool(struct daemon *d)
{
    const char *state = d->settings->scan.state;
    struct stat st;

    d->spool = ov_buf_with_max(PATH_MAX);
    if (state != NULL) {
        ov_put_str(&d->spool, state);
        ov_put_u8(&d->spool, 0);
    } else if (ov_locate_state(&d->spool) != OV_OK) {
        return NULL;
    }
    if (ov_buf_status(&d->spool) != OV_OK ||
        stat((char *)d->spool.ptr, &st) != 0 || !S_ISDIR(st.st_mode))
        return NULL;
    return (char *)d->spool.ptr;
}

static bool make_front(struct daemon *d)
{
    const struct clamd_section *s = &d->settings->clamd;
    const struct clamd_options o = {
        .stream_max = s->stream_max,
        .idle_ms = s->idle_timeout_ms,
        .max_connections = s->max_connections,
        .max_per_peer = s->max_per_peer,
        .inconclusive = d->settings->daemon.inconclusive == INCONCLUSIVE_FOUND
                            ? CLAMD_INCONCLUSIVE_FOUND
                            : CLAMD_INCONCLUSIVE_ERROR,
        .allow_shutdown = s->allow_shutdown,
        .spool = find_spool(d),
        .data = d,
        .put_version = daemon_put_version,
        .reload = daemon_reload,
        .shutdown = on_shutdown,
    };

    if (clamd_front_init(&d->clamd, d->loop, d->desk, &o) != OV_OK ||
        doors_init(&d->doors, &d->clamd) != OV_OK)
        return false;
    d->clamd.has_room = on_room;
    return true;
}

static void on_keeper(void *data, const struct event *e)
{
    observer_tell(&((struct daemon *)data)->observer, e);
}

static bool make_keeper(struct daemon *d)
{
    d->keeper = (struct keeper){
        .loop = d->loop, .desk = d->desk, .data = d, .tell = on_keeper};
    return keeper_init(&d->keeper, d->settings) == OV_OK;
}

static void on_guard(void *data, const struct event *e)
{
    observer_tell(&((struct daemon *)data)->observer, e);
}

static bool make_guard(struct daemon *d)
{
    enum ov_status status;

    d->guard = (struct guard_front){
        .loop = d->loop, .desk = d->desk, .data = d, .tell = on_guard};
    status = guard_front_set(&d->guard, &d->settings->guard);
    if (status == OV_USAGE)
        out_error("[guard] wants a session of its own for the daemon: start it "
                  "by systemd, or with setsid(1)");
    else if (status == OV_NOT_FOUND)
        out_error("[guard] exclude-user names a user that is not there");
    else if (status != OV_OK)
        out_error("[guard] %s", ov_status_name(status));
    return status == OV_OK;
}

static void on_updater(void *data, const struct event *e)
{
    observer_tell(&((struct daemon *)data)->observer, e);
}

static bool make_updater(struct daemon *d)
{
    d->updater = (struct updater){.loop = d->loop,
                                  .config = d->config_path,
                                  .data = d,
                                  .tell = on_updater,
                                  .ended = daemon_reload};
    return updater_init(&d->updater, d->settings) == OV_OK;
}

/* systemd ends a service that has not said for so long that it turns. */
static void on_watchdog(struct ov_loop_timer *t)
{
    struct daemon *d = t->data;

    ov_notify("WATCHDOG=1");
    ov_loop_timer_set(d->loop, t, ov_notify_watchdog_ms() / 3);
}

static bool start_timers(struct daemon *d)
{
    uint64_t self_check_ms = d->settings->daemon.self_check_ms;

    d->self_check = (struct ov_loop_timer){.data = d, .due = on_self_check};
    d->watchdog = (struct ov_loop_timer){.data = d, .due = on_watchdog};
    d->last = (struct ov_loop_timer){.data = d, .due = on_last};
    if (ov_loop_timer_add(d->loop, &d->self_check) != OV_OK ||
        ov_loop_timer_add(d->loop, &d->watchdog) != OV_OK ||
        ov_loop_timer_add(d->loop, &d->last) != OV_OK)
        return false;
    if (self_check_ms > 0)
        ov_loop_timer_set(d->loop, &d->self_check, self_check_ms);
    if (ov_notify_watchdog_ms() > 0)
        ov_loop_timer_set(d->loop, &d->watchdog, 0);
    return true;
}

static bool begin(struct daemon *d)
{
    d->loop = ov_loop_new();
    if (d->loop == NULL || !catch_signals(d) || !make_desk(d) ||
        !make_front(d)) {
        out_error("no memory, or no descriptors");
        return false;
    }
    d->observer = (struct observer){.loop = d->loop,
                                    .desk = d->desk,
                                    .n_connections = &d->clamd.n_sessions};
    if (observer_init(&d->observer, d->settings) != OV_OK)
        return false;
    d->tls = (struct tls_child){.loop = d->loop, .config = d->config_path};
    d->api_tls = (struct tls_child){
        .loop = d->loop, .config = d->config_path, .is_api = true};
    if (!make_keeper(d))
        return false;
    d->loader = (struct loader){
        .loop = d->loop, .data = d, .done = daemon_rules_loaded};
    return start_timers(d) && make_updater(d) && make_guard(d) &&
           daemon_listen(d) && daemon_control(d) && daemon_api(d) &&
           daemon_load_rules(d, 0);
}

static void end(struct daemon *d)
{
    if (d->loader.loop != NULL)
        loader_stop(&d->loader);
    tls_child_stop(&d->tls);
    updater_done(&d->updater);
    if (d->doors.front != NULL)
        doors_done(&d->doors);
    guard_front_done(&d->guard);
    daemon_api_stop(d);
    quarantine_pages_done(&d->pages);
    control_done(&d->control);
    clamd_front_done(&d->clamd);
    desk_free(d->desk);
    cloud_link_free(d->cloud);
    keeper_done(&d->keeper);
    observer_done(&d->observer);
    if (d->loop != NULL) {
        ov_loop_timer_remove(d->loop, &d->self_check);
        ov_loop_timer_remove(d->loop, &d->watchdog);
        ov_loop_timer_remove(d->loop, &d->last);
    }
    ov_loop_free(d->loop);
    ov_buf_done(&d->spool);
    if (d->guarded_with != d->made_with && d->guarded_with != d->settings)
        settings_free(d->guarded_with);
    if (d->settings != d->made_with)
        settings_free(d->settings);
    settings_free(d->made_with);
}

static void tell_start(struct daemon *d)
{
    struct event e = event_of(EVENT_ID_START);

    event_text(&e, EVENT_VERSION, OV_VERSION);
    observer_tell(&d->observer, &e);
}

static int serve(const char *config)
{
    static struct daemon d; /* large */

    d.config_path = config;
    d.settings = settings_read(config, false);
    if (d.settings == NULL)
        return EXIT_WRONG;
    d.made_with = d.settings;
    d.guarded_with = d.settings;
    if (d.settings->scan.state != NULL)
        state_place_set(d.settings->scan.state);
    ov_allow_open_files();
    if (!begin(&d))
        d.exit_code = EXIT_WRONG;
    else
        tell_start(&d);
    while (d.exit_code == 0 && !d.is_ending) {
        if (ov_loop_turn(d.loop) != OV_OK) {
            out_error("cannot wait for events: %s", strerror(errno));
            d.exit_code = EXIT_WRONG;
        }
        if (d.wants_to_leave && !d.is_leaving)
            leave(&d);
    }
    ov_notify("STOPPING=1");
    observer_say(&d.observer, EVENT_ID_STOP, NULL);
    end(&d);
    return d.exit_code;
}

int main(int argc, char **argv)
{
    struct arguments a = {.config = CONFIG_SYSTEM_PATH};
    bool is_help = false;

    out_set_program("overtd");
    if (!options_parse(&options, &argc, argv, &a, &is_help))
        return EXIT_WRONG;
    if (is_help)
        return 0;
    if (argc > 1) {
        out_error("takes options only; see overtd --help");
        return EXIT_WRONG;
    }
    if (a.is_version) {
        out_format(out_standard(), "overtd %s\n", OV_VERSION);
        return out_flush(out_standard()) ? 0 : EXIT_WRONG;
    }
    return a.is_check ? settings_check(a.config) : serve(a.config);
}
