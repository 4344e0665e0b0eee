/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon.h"
#include "host/output.h"
#include "sys/listen.h"
#include "sys/process_info.h"

/* What the control socket shows, and settings that are read anew. Some hold
 * from the moment they are read; others are what the daemon was made of:
 * sockets, workers, limits of a scan. A change of those is told, and waits for
 * a restart. */

#define CONTROL_MODE 0600
#define CONTROL_GROUP_MODE 0660

/* ---- pages ---- */

static struct metrics_cloud look_at_cloud(const struct cloud_link *l)
{
    struct cloud_link_counts c = {.n_late = 0};

    if (l != NULL)
        c = cloud_link_counts(l);
    return (struct metrics_cloud){c.n[SCAN_CLOUD_NOT_BAD], c.n[SCAN_CLOUD_BAD],
                                  c.n[SCAN_CLOUD_UNKNOWN], c.n_late};
}

static struct metrics_guard look_at_guard(const struct guard_front *f)
{
    return (struct metrics_guard){
        .openings = f->counts,
        .n_asked = f->n_asked,
        .n_denied = f->n_denied,
        .n_late = f->n_late,
        .n_forgets = f->rules,
        .n_starts = f->n_begun,
        .n_waiting = f->n_questions,
    };
}

static struct metrics_now look(const struct daemon *d)
{
    struct timespec now;

    (void)!clock_gettime(CLOCK_REALTIME, &now); /* cannot fail */
    return (struct metrics_now){
        .now = (int64_t)now.tv_sec,
        .started = d->observer.started,
        .rules_time = d->rules_time,
        .release = d->release,
        .digest = desk_rules_digest(d->desk),
        .version = OV_VERSION,
        .desk = desk_state(d->desk),
        .n_connections = d->clamd.n_sessions,
        .n_events_lost = event_log_n_lost(d->observer.log),
        .own_memory = ov_process_memory(getpid()),
        .workers_memory = ov_process_children_memory(),
        .is_ready = d->is_ready,
        .updates = &d->updater.counts,
        .guard = look_at_guard(&d->guard),
        .cloud = look_at_cloud(d->cloud),
    };
}

static void put_page(void *daemon, enum control_page page, struct ov_buf *b)
{
    struct daemon *d = daemon;
    struct metrics_now now = look(d);

    switch (page) {
    case CONTROL_METRICS:
        metrics_put(b, &d->observer.metrics, &now);
        break;
    case CONTROL_TOP:
        top_put_json(b, &d->observer.top, &d->guard.counts);
        break;
    case CONTROL_RELOAD:
        ov_put_format(b, "{\"reloaded\":%s}\n",
                      daemon_reload_all(d) ? "true" : "false");
        break;
    case CONTROL_STATUS:
    case CONTROL_ITEMS: /* these are not asked for here */
    case CONTROL_ITEM:
    case CONTROL_RESTORE:
    case CONTROL_REPLACE:
    case CONTROL_COPY:
    case CONTROL_PURGE:
    default:
        metrics_put_json(b, &d->observer.metrics, &now);
    }
}

static bool start_page(void *daemon, const struct control_request *request,
                       struct control_client *client)
{
    struct daemon *d = daemon;

    return quarantine_pages_start(&d->pages, &d->settings->quarantine, request,
                                  client);
}

static void on_gone(void *daemon, struct control_client *client)
{
    quarantine_pages_forget(&((struct daemon *)daemon)->pages, client);
}

static void on_page_event(void *daemon, const struct event *e)
{
    observer_tell(&((struct daemon *)daemon)->observer, e);
}

static void on_refused(void *daemon, uid_t uid)
{
    struct daemon *d = daemon;
    struct event e = event_of(EVENT_ID_CLIENT_REFUSED);

    if (uid == (uid_t)-1) {
        event_text(&e, EVENT_PEER, "a client of the HTTP API");
        event_text(&e, EVENT_DETAIL, "admin-socket is for changes");
    } else {
        event_text(&e, EVENT_PEER, "a user of the control socket");
        event_number(&e, EVENT_UID, uid);
        event_text(&e, EVENT_DETAIL, "only root may change something");
    }
    observer_tell(&d->observer, &e);
}

bool daemon_control(struct daemon *d)
{
    const struct daemon_section *s = &d->settings->daemon;
    struct ov_diag diag = {0};
    int fd = -1;

    if (ov_listen_local(s->control,
                        s->control_group != NULL ? CONTROL_GROUP_MODE
                                                 : CONTROL_MODE,
                        s->control_group, &fd, &diag) != OV_OK) {
        out_error("%s", diag.text);
        return false;
    }
    d->control = (struct control){.loop = d->loop,
                                  .data = d,
                                  .put = put_page,
                                  .start = start_page,
                                  .gone = on_gone,
                                  .refused = on_refused};
    d->pages = (struct quarantine_pages){
        .loop = d->loop, .data = d, .tell = on_page_event};
    return control_init(&d->control, fd) == OV_OK;
}

/* ---- the HTTP API ---- */

static bool start_http(struct daemon *d, struct http_child *h, const char *path,
                       unsigned mode, const char *group, bool may_change)
{
    *h = (struct http_child){.loop = d->loop,
                             .scans = {.desk = d->desk, .clamd = &d->clamd},
                             .control = &d->control,
                             .settings = &d->made_with->api,
                             .may_change = may_change,
                             .data = d,
                             .left = daemon_end_if_idle,
                             .listener = -1};
    return path == NULL || http_child_start(h, path, mode, group);
}

bool daemon_api(struct daemon *d)
{
    const struct api_section *s = &d->made_with->api;

    return start_http(d, &d->http, s->socket, s->socket_mode, s->socket_group,
                      false) &&
           start_http(d, &d->http_admin, s->admin_socket, CONTROL_MODE, NULL,
                      true);
}

void daemon_api_stop(struct daemon *d)
{
    tls_child_stop(&d->api_tls);
    http_child_stop(&d->http);
    http_child_stop(&d->http_admin);
}

/* ---- settings ---- */

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_list(const struct setting_list *a,
                      const struct setting_list *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (strcmp(a->items[i], b->items[i]) != 0)
            return false;
    return true;
}

static bool same_scan(const struct scan_section *a,
                      const struct scan_section *b)
{
    return a->open.flags == b->open.flags && a->open.alerts == b->open.alerts &&
           a->open.max_depth == b->open.max_depth &&
           a->open.max_object == b->open.max_object &&
           memcmp(a->open.limits, b->open.limits, sizeof(a->open.limits)) ==
               0 &&
           ov_span_equal(ov_buf_span(&a->defines), ov_buf_span(&b->defines)) &&
           a->timeout_ms == b->timeout_ms && a->spawn_flags == b->spawn_flags &&
           same_text(a->state, b->state);
}

static bool same_sockets(const struct clamd_section *a,
                         const struct clamd_section *b)
{
    return same_text(a->socket, b->socket) &&
           a->socket_mode == b->socket_mode &&
           same_text(a->socket_group, b->socket_group) &&
           same_list(&a->tcp, &b->tcp) && same_list(&a->tls, &b->tls) &&
           same_text(a->tls_cert, b->tls_cert) &&
           same_text(a->tls_key, b->tls_key) &&
           same_text(a->tls_client_ca, b->tls_client_ca);
}

static bool same_guard(const struct guard_section *a,
                       const struct guard_section *b)
{
    return same_list(&a->filesystems, &b->filesystems) &&
           same_list(&a->mounts, &b->mounts) && a->mode == b->mode &&
           a->deadline_ms == b->deadline_ms &&
           a->on_deadline == b->on_deadline &&
           same_list(&a->exclude_paths, &b->exclude_paths) &&
           same_list(&a->exclude_users, &b->exclude_users) &&
           same_list(&a->exclude_processes, &b->exclude_processes);
}

/* Which sections wait for a restart; in words. */
static const char *changed_for_restart(const struct daemon_settings *a,
                                       const struct daemon_settings *b)
{
    if (!same_scan(&a->scan, &b->scan))
        return "what [scan] says beside its rules holds from the next start";
    if (!same_sockets(&a->clamd, &b->clamd))
        return "sockets and certificates of [clamd] hold from the next start";
    if (!same_text(a->daemon.control, b->daemon.control) ||
        !same_text(a->daemon.control_group, b->daemon.control_group) ||
        a->daemon.workers != b->daemon.workers ||
        a->daemon.memory_ceiling != b->daemon.memory_ceiling ||
        a->daemon.recycle_after != b->daemon.recycle_after ||
        a->daemon.idle_after_ms != b->daemon.idle_after_ms ||
        a->daemon.remember != b->daemon.remember ||
        a->daemon.alerts != b->daemon.alerts)
        return "control, workers, memory-ceiling, recycle-after, idle-after, "
               "remember and alert hold from the next start";
    return NULL;
}

static void apply(struct daemon *d, const struct daemon_settings *s)
{
    struct clamd_options *o = &d->clamd.options;

    keeper_settings(&d->keeper, s);
    updater_settings(&d->updater, s);
    o->stream_max = s->clamd.stream_max;
    o->idle_ms = s->clamd.idle_timeout_ms;
    o->max_connections = s->clamd.max_connections;
    o->inconclusive = s->daemon.inconclusive == INCONCLUSIVE_FOUND
                          ? CLAMD_INCONCLUSIVE_FOUND
                          : CLAMD_INCONCLUSIVE_ERROR;
    o->allow_shutdown = s->clamd.allow_shutdown;
    if (s->daemon.self_check_ms > 0)
        ov_loop_timer_set(d->loop, &d->self_check, s->daemon.self_check_ms);
    else
        ov_loop_timer_stop(d->loop, &d->self_check);
}

static void tell_settings(struct daemon *d, enum event_id id,
                          const char *detail)
{
    struct event e = event_of(id);

    event_text(&e, EVENT_PATH, d->config_path);
    event_text(&e, EVENT_DETAIL, detail);
    observer_tell(&d->observer, &e);
}

void daemon_release(const struct daemon *d, struct daemon_settings *s)
{
    if (s != d->settings && s != d->made_with && s != d->guarded_with)
        settings_free(s);
}

/* NULL, or in words why the guard stays as it was. */
static const char *change_guard(struct daemon *d, struct daemon_settings *next)
{
    if (same_guard(&d->guarded_with->guard, &next->guard))
        return NULL;
    if (guard_front_set(&d->guard, &next->guard) != OV_OK)
        return "[guard] stays as it was: a user is not there, or the daemon "
               "leads no session";
    d->guarded_with = next;
    if (d->is_ready)
        guard_front_start(&d->guard); /* if it was not wanted so far */
    return NULL;
}

bool daemon_reload_all(struct daemon *d)
{
    struct daemon_settings *next = settings_read(d->config_path, true);
    struct daemon_settings *old = d->settings;
    struct daemon_settings *guarded = d->guarded_with;
    const char *wrong;

    if (next == NULL || !observer_settings(&d->observer, next)) {
        settings_free(next);
        tell_settings(d, EVENT_ID_SETTINGS_REFUSED,
                      "overtd --check tells what is wrong");
        return false;
    }
    apply(d, next);
    d->settings = next;
    wrong = change_guard(d, next);
    daemon_release(d, old);
    if (guarded != old)
        daemon_release(d, guarded);
    tell_settings(d, EVENT_ID_RELOADED,
                  wrong != NULL ? wrong
                                : changed_for_restart(d->made_with, next));
    daemon_reload(d);
    return true;
}
