/* SPDX-License-Identifier: Apache-2.0 */
#include "updater.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "host/output.h"
#include "sys/fd.h"
#include "sys/locate.h"
#include "sys/start.h"
#include "sys/state_store.h"
#include "trust/update.h"

/* From one update to the next it is half to one and a half of the interval, by
 * chance: machines that were started together do not ask together, and who
 * watches the network cannot wait for the moment. The clock of the loop stands
 * still while the machine sleeps, and no one can set it.
 *
 * The daemon sees how the program has ended, and what it left in
 * STATE/last-run; a result is told when it is another than before, and once a
 * day. A machine that is offline says so once. */

#define FIRST_MS 60000
#define MAX_RUN_MS 3600000
#define TELL_EVERY_MS 86400000
#define MAX_LAST_RUN 16384
#define NICE 10

static int64_t clock_now(void)
{
    struct timespec now;

    (void)!clock_gettime(CLOCK_REALTIME, &now); /* cannot fail */
    return (int64_t)now.tv_sec;
}

/* ---- the state ---- */

static bool put_state(const struct updater *u, struct ov_buf *b)
{
    const char *state = u->settings->update.state != NULL
                            ? u->settings->update.state
                            : u->settings->scan.state;

    if (state == NULL)
        return ov_locate_state(b) == OV_OK;
    ov_put_str(b, state);
    ov_put_u8(b, 0);
    return ov_buf_status(b) == OV_OK;
}

struct last_run {
    int64_t time;
    char result[METRICS_MAX_WORD];
    char detail[1024];
    uint64_t release; /* installed; 0: none */
};

static void copy(char *to, size_t size, struct ov_span from)
{
    size_t n = from.len < size - 1 ? from.len : size - 1;

    memcpy(to, from.ptr, n);
    to[n] = '\0';
}

/* A result is one of our own words, or none. */
static const struct ov_refusal_text *find_result(struct ov_span word)
{
    for (unsigned i = 0; i < OV_N_REFUSALS; i++)
        if (ov_span_equal(word, ov_span_str(ov_refusal_text(i)->word)))
            return ov_refusal_text(i);
    return NULL;
}

static void take_line(struct last_run *l, struct ov_span name,
                      struct ov_span value)
{
    uint64_t n;

    if (ov_span_equal(name, OV_SPAN_LIT("time")) &&
        ov_parse_plain(value, INT64_MAX, &n))
        l->time = (int64_t)n;
    else if (ov_span_equal(name, OV_SPAN_LIT("result")) &&
             find_result(value) != NULL)
        copy(l->result, sizeof(l->result), value);
    else if (ov_span_equal(name, OV_SPAN_LIT("detail")))
        copy(l->detail, sizeof(l->detail), value);
}

/* What is not there stays zero. */
static void look(const struct updater *u, struct last_run *ret)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(PATH_MAX);
    OV_AUTO_DONE(buf) text = ov_buf_with_max(MAX_LAST_RUN);
    OV_AUTO(state) state = NULL;
    struct ov_span rest;

    *ret = (struct last_run){0};
    if (!put_state(u, &path) ||
        ov_state_open((char *)path.ptr, 0, &state, NULL) != OV_OK)
        return;
    (void)!ov_state_current(state, &ret->release); /* there may be none */
    if (ov_state_get(state, "last-run", &text) != OV_OK)
        return;
    rest = ov_buf_span(&text);
    while (rest.len > 0) {
        struct ov_span line;
        struct ov_span name;

        (void)ov_span_cut(&rest, '\n', &line);
        name = ov_line_word(&line);
        take_line(ret, name, line);
    }
}

/* ---- when ---- */

/* Below n, which is not 0; not secret, only spread. */
static uint64_t random_below(uint64_t n)
{
    uint64_t r = 0;

    (void)!getrandom(&r, sizeof(r), 0); /* then all ask at once */
    return r % n;
}

static bool is_on(const struct updater *u)
{
    return u->settings->update.from.n > 0 &&
           u->settings->update.interval_ms > 0;
}

static void plan(struct updater *u, uint64_t after_ms)
{
    u->counts.every = (u->settings->update.interval_ms + 999) / 1000;
    if (is_on(u)) {
        u->counts.next = clock_now() + (int64_t)(after_ms / 1000);
        ov_loop_timer_set(u->loop, &u->timer, after_ms);
        return;
    }
    u->counts.every = 0;
    u->counts.next = 0;
    ov_loop_timer_stop(u->loop, &u->timer);
}

static void plan_next(struct updater *u)
{
    uint64_t interval = u->settings->update.interval_ms;

    plan(u, is_on(u) ? interval / 2 + random_below(interval) : 0);
}

/* A daemon that is started again and again asks no more often for that. */
static void plan_first(struct updater *u)
{
    uint64_t interval = u->settings->update.interval_ms;
    int64_t now = clock_now();
    uint64_t age_ms = 0;

    if (!is_on(u)) {
        plan(u, 0);
        return;
    }
    if (u->counts.last > 0 && u->counts.last <= now)
        age_ms = (uint64_t)(now - u->counts.last) * 1000;
    if (u->counts.last > 0 && u->counts.last <= now && age_ms < interval)
        plan(u, interval - age_ms + random_below(interval) / 2);
    else
        plan(u, random_below(interval < FIRST_MS ? interval : FIRST_MS));
}

/* ---- what came of it ---- */

static void tell(struct updater *u, enum event_id id, const struct last_run *l)
{
    const struct ov_refusal_text *t = find_result(ov_span_str(l->result));
    struct event e = event_of(id);
    char words[2048];

    if (id == EVENT_ID_UPDATED)
        event_number(&e, EVENT_RELEASE, l->release);
    if (id == EVENT_ID_UPDATE_REFUSED || id == EVENT_ID_UPDATE_FAILED) {
        event_text(&e, EVENT_REASON, l->result[0] != '\0' ? l->result : NULL);
        (void)snprintf(words, sizeof(words), "%s%s%s%s",
                       t != NULL ? t->sentence : "",
                       t != NULL && l->detail[0] != '\0' ? " (" : "", l->detail,
                       t != NULL && l->detail[0] != '\0' ? ")" : "");
        event_text(&e, EVENT_DETAIL, words[0] != '\0' ? words : NULL);
    }
    u->tell(u->data, &e);
}

/* The same again is told once a day. */
static void tell_trouble(struct updater *u, enum event_id id,
                         const struct last_run *l)
{
    uint64_t now = ov_loop_now(u->loop);
    char told[sizeof(u->told)];

    (void)snprintf(told, sizeof(told), "%c%s",
                   id == EVENT_ID_UPDATE_REFUSED ? 'r' : 'f', l->result);
    if (strcmp(told, u->told) == 0 && now - u->told_ms < TELL_EVERY_MS)
        return;
    memcpy(u->told, told, sizeof(told));
    u->told_ms = now;
    tell(u, id, l);
}

static void tell_good(struct updater *u, const struct last_run *l)
{
    bool is_new = l->release != 0 && l->release != u->release;

    u->counts.n[is_new ? METRICS_UPDATE_INSTALLED : METRICS_UPDATE_CURRENT]++;
    u->counts.good = u->counts.last;
    if (u->told[0] != '\0')
        tell(u, EVENT_ID_UPDATE_RECOVERED, l);
    u->told[0] = '\0';
    if (is_new)
        tell(u, EVENT_ID_UPDATED, l);
}

/* The program says how it went by its exit code, and with which word in the
 * state, if it came so far. */
static void judge(struct updater *u, int how)
{
    struct last_run l;
    int code = WIFEXITED(how) ? WEXITSTATUS(how) : -1;

    look(u, &l);
    u->counts.last = clock_now();
    if (l.time < u->began) {
        l.result[0] = '\0';
        copy(l.detail, sizeof(l.detail),
             u->is_late ? OV_SPAN_LIT("overt update took more than an hour")
             : code < 0 ? OV_SPAN_LIT("overt update was ended")
                        : OV_SPAN_LIT("overt update has said why"));
    }
    memcpy(u->counts.result, l.result, sizeof(l.result));
    if (code == 0) {
        tell_good(u, &l);
        return;
    }
    u->counts.n[code == 1 ? METRICS_UPDATE_REFUSED : METRICS_UPDATE_FAILED]++;
    tell_trouble(
        u, code == 1 ? EVENT_ID_UPDATE_REFUSED : EVENT_ID_UPDATE_FAILED, &l);
}

/* ---- the program ---- */

static void forget(struct updater *u)
{
    ov_loop_remove(u->loop, &u->watch);
    ov_fd_cleanup(&u->watch.fd);
    u->pid = 0;
}

static void on_end(struct ov_loop_watch *w, unsigned events)
{
    struct updater *u = w->data;
    int how;

    (void)events;
    ov_program_kill(u->pid); /* what it may have left */
    if (!ov_program_has_ended(u->pid, &how))
        return;
    forget(u);
    judge(u, how);
    plan_next(u);
    u->ended(u->data);
}

/* What it writes everybody may read, as it is public; and it has time. */
static enum ov_status start_gently(const struct ov_program *p, pid_t *ret,
                                   struct ov_diag *diag)
{
    mode_t old = umask(022);
    enum ov_status status = ov_program_start(p, ret, diag);

    (void)umask(old);
    if (status == OV_OK)
        (void)!setpriority(PRIO_PROCESS, (id_t)*ret, NICE); /* it goes, too */
    return status;
}

static enum ov_status start(struct updater *u, struct ov_diag *diag)
{
    static char words[][16] = {"overt", "--config", "update", "--quiet",
                               "--state"};
    OV_AUTO_DONE(buf) path = ov_buf_with_max(PATH_MAX);
    OV_AUTO_DONE(buf) config = ov_buf_with_max(PATH_MAX);
    OV_AUTO_DONE(buf) state = ov_buf_with_max(PATH_MAX);
    OV_AUTO_FD input = open("/dev/null", O_RDONLY | O_CLOEXEC);
    char *environment[] = {NULL};

    ov_put_str(&config, u->config);
    ov_put_u8(&config, 0);
    if (input < 0 || ov_buf_status(&config) != OV_OK || !put_state(u, &state))
        return OV_IO;
    OV_TRY(ov_locate_command("overt", &path));
    char *arguments[] = {words[0], words[1], (char *)config.ptr, words[2],
                         words[3], words[4], (char *)state.ptr,  NULL};
    const struct ov_program program = {(char *)path.ptr, arguments, environment,
                                       input};

    return start_gently(&program, &u->pid, diag);
}

static bool watch(struct updater *u)
{
    u->watch = (struct ov_loop_watch){.fd = pidfd_open(u->pid, 0),
                                      .events = OV_LOOP_READ,
                                      .data = u,
                                      .ready = on_end};
    return u->watch.fd >= 0 && ov_loop_add(u->loop, &u->watch) == OV_OK;
}

static void stop(struct updater *u)
{
    pid_t pid = u->pid;

    if (pid == 0)
        return;
    ov_program_kill(pid);
    forget(u);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}

static void begin(struct updater *u)
{
    struct last_run l;
    struct ov_diag diag = {0};

    look(u, &l);
    u->release = l.release;
    u->began = clock_now();
    u->is_late = false;
    if (start(u, &diag) == OV_OK && watch(u)) {
        ov_loop_timer_set(u->loop, &u->timer, MAX_RUN_MS);
        return;
    }
    stop(u);
    l = (struct last_run){0};
    copy(l.detail, sizeof(l.detail),
         ov_span_str(diag.text[0] != '\0' ? diag.text
                                          : "overt cannot be started"));
    u->counts.n[METRICS_UPDATE_FAILED]++;
    tell_trouble(u, EVENT_ID_UPDATE_FAILED, &l);
    plan_next(u);
}

static void on_timer(struct ov_loop_timer *t)
{
    struct updater *u = t->data;

    if (u->pid == 0) {
        begin(u);
        return;
    }
    u->is_late = true;
    ov_program_kill(u->pid); /* its end is told as any other */
}

enum ov_status updater_init(struct updater *u, const struct daemon_settings *s)
{
    struct last_run l;

    u->settings = s;
    u->watch.fd = -1;
    u->timer = (struct ov_loop_timer){.data = u, .due = on_timer};
    OV_TRY(ov_loop_timer_add(u->loop, &u->timer));
    u->has_timer = true;
    look(u, &l);
    u->counts.last = l.time;
    memcpy(u->counts.result, l.result, sizeof(l.result));
    if (strcmp(l.result, ov_refusal_text(OV_REFUSED_NOT)->word) == 0)
        u->counts.good = l.time;
    plan_first(u);
    return OV_OK;
}

void updater_settings(struct updater *u, const struct daemon_settings *s)
{
    bool was_on = is_on(u);
    uint64_t old = u->settings->update.interval_ms;

    u->settings = s;
    if (u->pid == 0 && (is_on(u) != was_on || s->update.interval_ms != old))
        plan_first(u);
}

void updater_done(struct updater *u)
{
    if (!u->has_timer)
        return;
    stop(u);
    ov_loop_timer_remove(u->loop, &u->timer);
    u->has_timer = false;
}
