/* SPDX-License-Identifier: Apache-2.0 */
#include "observer.h"

#include <limits.h>
#include <string.h>
#include <time.h>

#include "sys/process_info.h"

/* Which program asked is found out when its request ends, and only where it is
 * needed: /proc is not free. A program that has ended by then is told by its
 * number. What is not told: clean files; they are counted. */

#define TICK_MS 1000
#define TICKS_TO_AGE 10
#define LIMIT_EVERY_MS 60000
#define US_A_MS 1000
#define STEPS_A_US 1000 /* a step is about a nanosecond */

/* ---- who, where ---- */

static void put_program(struct ov_buf *b, const struct desk_request *r)
{
    if (r->pid <= 0)
        ov_put_str(b, metrics_source_name(r->peer->source));
    else if (ov_process_program(r->pid, b) != OV_OK)
        ov_put_format(b, "process %ld", (long)r->pid);
}

static struct ov_span folder_of(const char *path)
{
    const char *slash = path != NULL ? strrchr(path, '/') : NULL;

    if (path == NULL)
        return OV_SPAN_LIT("streams");
    if (slash == NULL || path[0] != '/')
        return OV_SPAN_LIT("descriptors");
    return ov_span_of((const uint8_t *)path,
                      slash == path ? 1 : (size_t)(slash - path));
}

static void count(struct observer *o, const struct desk_request *r,
                  const struct desk_result *result)
{
    OV_AUTO_DONE(buf) program = ov_buf_with_max(PATH_MAX);
    const struct top_cost cost = {
        .n = 1,
        .bytes = r->len,
        .us = (uint64_t)(result->took_ms - result->waited_ms) * US_A_MS,
    };

    metrics_count(&o->metrics, r, result);
    put_program(&program, r);
    top_count(&o->top, TOP_PROCESS, ov_buf_span(&program), &cost);
    top_count(&o->top, TOP_FOLDER, folder_of(r->path), &cost);
    if (!result->is_cached) /* else nobody has looked */
        top_count(&o->top, TOP_FORMAT, result->type, &cost);
}

/* ---- events ---- */

static void fill(struct event *e, const struct desk_request *r,
                 const struct desk_result *result, struct ov_buf *program)
{
    event_text(e, EVENT_PATH, r->path != NULL ? r->path : "a stream");
    event_number(e, EVENT_SIZE, r->len);
    event_text(e, EVENT_SOURCE, metrics_source_name(r->peer->source));
    if (result->rule.len > 0)
        event_span(e, EVENT_RULE, result->rule);
    if (result->reason.len > 0)
        event_span(e, EVENT_REASON, result->reason);
    if (result->detail.len > 0)
        event_span(e, EVENT_DETAIL, result->detail);
    if (r->uid != (uid_t)-1)
        event_number(e, EVENT_UID, r->uid);
    if (r->pid <= 0)
        return;
    event_number(e, EVENT_PID, (uint64_t)r->pid);
    if (ov_process_program(r->pid, program) == OV_OK)
        event_span(e, EVENT_PROCESS, ov_buf_span(program));
}

static bool is_word(struct ov_span s, const char *word)
{
    return ov_span_equal(s, ov_span_str(word));
}

static void on_done(void *data, const struct desk_request *r,
                    const struct desk_result *result)
{
    OV_AUTO_DONE(buf) program = ov_buf_with_max(PATH_MAX);
    struct observer *o = data;
    struct event e;

    count(o, r, result);
    if (result->verdict == OV_DETECTED || result->verdict == OV_UNWANTED)
        e = event_of(EVENT_ID_DETECTION);
    else if (result->verdict != OV_INCONCLUSIVE)
        return;
    else if (is_word(result->reason, "crashed"))
        e = event_of(EVENT_ID_WORKER_CRASHED);
    else
        e = event_of(EVENT_ID_INCONCLUSIVE);
    fill(&e, r, result, &program);
    observer_tell(o, &e);
}

static void on_cost(void *data, const struct ov_rule_cost *c)
{
    struct observer *o = data;
    const struct top_cost cost = {.n = c->n_evaluated,
                                  .us = c->steps / STEPS_A_US};

    top_count(&o->top, TOP_RULE, c->rule, &cost);
}

void observer_tell(struct observer *o, const struct event *e)
{
    event_tell(o->log, e);
}

void observer_say(struct observer *o, enum event_id id, const char *detail)
{
    struct event e = event_of(id);

    event_text(&e, EVENT_DETAIL, detail);
    observer_tell(o, &e);
}

/* ---- the clock ---- */

static void look_at_limits(struct observer *o)
{
    uint64_t now = ov_loop_now(o->loop);
    struct event e;

    if (*o->n_connections < o->max_connections ||
        (o->limit_ms != 0 && now - o->limit_ms < LIMIT_EVERY_MS))
        return;
    o->limit_ms = now;
    e = event_of(EVENT_ID_LIMIT_REACHED);
    event_text(&e, EVENT_LIMIT, "max-connections");
    event_number(&e, EVENT_COUNT, *o->n_connections);
    observer_tell(o, &e);
}

static void on_tick(struct ov_loop_timer *t)
{
    struct observer *o = t->data;

    if (o->log != NULL)
        event_log_tick(o->log);
    look_at_limits(o);
    if (++o->n_ticks % TICKS_TO_AGE == 0)
        top_age(&o->top);
    ov_loop_timer_set(o->loop, &o->tick, TICK_MS);
}

bool observer_settings(struct observer *o, const struct daemon_settings *s)
{
    struct event_options options;
    struct event_log *log;

    settings_events(s, &options);
    log = event_log_new(&options);
    if (log == NULL)
        return false;
    event_log_free(o->log);
    o->log = log;
    o->max_connections = s->clamd.max_connections;
    return true;
}

enum ov_status observer_init(struct observer *o,
                             const struct daemon_settings *s)
{
    struct timespec now;

    (void)!clock_gettime(CLOCK_REALTIME, &now); /* cannot fail */
    o->started = (int64_t)now.tv_sec;
    o->hook = (struct desk_hook){.data = o, .done = on_done, .cost = on_cost};
    o->tick = (struct ov_loop_timer){.data = o, .due = on_tick};
    if (!observer_settings(o, s))
        return OV_NO_MEMORY;
    OV_TRY(ov_loop_timer_add(o->loop, &o->tick));
    ov_loop_timer_set(o->loop, &o->tick, TICK_MS);
    desk_add_hook(o->desk, &o->hook);
    return OV_OK;
}

void observer_done(struct observer *o)
{
    if (o->loop != NULL)
        ov_loop_timer_remove(o->loop, &o->tick);
    event_log_free(o->log);
    o->log = NULL;
}
