/* SPDX-License-Identifier: Apache-2.0 */
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "guard_front.h"
#include "sys/channel.h"
#include "sys/fd.h"
#include "sys/wire.h"

/* The guard's process: started when there are rules, and again whenever it has
 * ended, after a pause that doubles while it does not stay. While it is away
 * nothing is guarded, and the journal says so.
 *
 * It is told once a second (or more often, by its deadline) that the daemon
 * lives; else it lets everybody go. */

#define PAUSE_MIN_MS 200
#define PAUSE_MAX_MS 60000
#define STAYS_MS 60000
#define ALIVE_MS 1000
#define MESSAGES_A_TURN 64

void guard_link_say(struct guard_front *f, enum event_id id,
                    struct ov_span path, const char *detail)
{
    struct event e = event_of(id);

    if (path.len > 0)
        event_span(&e, EVENT_PATH, path);
    event_text(&e, EVENT_DETAIL, detail);
    f->tell(f->data, &e);
}

/* ---- what is said to it ---- */

static enum ov_status post(struct guard_front *f)
{
    OV_TRY(ov_msg_end(&f->out));
    return ov_channel_send(f->child.socket, &f->out, -1);
}

static enum ov_status say(struct guard_front *f, enum ov_msg type)
{
    ov_msg_begin(&f->out, type, 0);
    return post(f);
}

enum ov_status guard_link_answer(struct guard_front *f, uint32_t name,
                                 const struct ov_wire_guard_answer *a)
{
    ov_msg_begin(&f->out, OV_MSG_GUARD_ANSWER, name);
    ov_wire_put_guard_answer(&f->out, a);
    return post(f);
}

static enum ov_status say_place(struct guard_front *f, enum ov_guard_place kind,
                                const char *text)
{
    const struct ov_wire_guard_place place = {(uint32_t)kind,
                                              ov_span_str(text)};

    ov_msg_begin(&f->out, OV_MSG_GUARD_PLACE, 0);
    ov_wire_put_guard_place(&f->out, &place);
    return post(f);
}

static bool is_all(const char *place)
{
    return place[0] != '/';
}

static enum ov_status say_places(struct guard_front *f,
                                 enum ov_guard_place kind,
                                 const struct setting_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        if (!is_all(list->items[i]))
            OV_TRY(say_place(f, kind, list->items[i]));
    return OV_OK;
}

static enum ov_status say_users(struct guard_front *f)
{
    char number[16];

    for (size_t i = 0; i < f->n_users; i++) {
        (void)!snprintf(number, sizeof(number), "%u", f->users[i]); /* fits */
        OV_TRY(say_place(f, OV_GUARD_SKIP_USER, number));
    }
    return OV_OK;
}

static uint32_t when_of(unsigned mode)
{
    static const uint32_t table[] = {
        [GUARD_EXEC] = OV_GUARD_EXEC,
        [GUARD_EXEC_WRITE] = OV_GUARD_EXEC | OV_GUARD_WRITTEN,
        [GUARD_ALL] = OV_GUARD_ALL_WHEN,
        [GUARD_OPEN] = OV_GUARD_EXEC | OV_GUARD_OPEN,
    };

    return table[mode];
}

static uint32_t deadline_of(const struct guard_section *s)
{
    if (s->deadline_ms < OV_GUARD_DEADLINE_MIN)
        return OV_GUARD_DEADLINE_MIN;
    return s->deadline_ms < OV_GUARD_DEADLINE_MAX ? (uint32_t)s->deadline_ms
                                                  : OV_GUARD_DEADLINE_MAX;
}

enum ov_status guard_link_set_up(struct guard_front *f)
{
    const struct guard_section *s = f->settings;
    struct ov_wire_guard_settings settings = {
        .when = when_of(s->mode),
        .deadline = deadline_of(s),
        .denies_late = s->on_deadline == DEADLINE_DENY,
    };

    for (size_t i = 0; i < s->filesystems.n; i++)
        settings.guards_all |= is_all(s->filesystems.items[i]);
    ov_msg_begin(&f->out, OV_MSG_GUARD_SETTINGS, 0);
    ov_wire_put_guard_settings(&f->out, &settings);
    OV_TRY(post(f));
    OV_TRY(say_places(f, OV_GUARD_PATH, &s->filesystems));
    OV_TRY(say_places(f, OV_GUARD_PATH, &s->mounts));
    OV_TRY(say_places(f, OV_GUARD_SKIP_PATH, &s->exclude_paths));
    OV_TRY(say_places(f, OV_GUARD_SKIP_PROCESS, &s->exclude_processes));
    OV_TRY(say_users(f));
    return say(f, OV_MSG_GUARD_START);
}

/* ---- its life ---- */

void guard_link_watch(struct guard_front *f)
{
    unsigned events = guard_front_has_room(f) ? OV_LOOP_READ : 0;

    if (f->n_unsent > 0)
        events |= OV_LOOP_WRITE;
    ov_loop_change(f->loop, &f->watch, events);
}

static void end_child(struct guard_front *f)
{
    ov_loop_remove(f->loop, &f->watch);
    ov_loop_timer_stop(f->loop, &f->alive);
    guard_front_drop(f);
    (void)ov_child_end(&f->child, true);
    f->state = OV_PEER_STARTING;
}

static void try_later(struct guard_front *f)
{
    if (ov_loop_now(f->loop) - f->started_ms > STAYS_MS)
        f->pause_ms = 0;
    f->pause_ms = f->pause_ms == 0 ? PAUSE_MIN_MS : 2 * f->pause_ms;
    if (f->pause_ms > PAUSE_MAX_MS)
        f->pause_ms = PAUSE_MAX_MS;
    ov_loop_timer_set(f->loop, &f->restart, f->pause_ms);
}

static void on_end(struct guard_front *f, enum ov_status status)
{
    end_child(f);
    guard_link_say(f, EVENT_ID_GUARD_STOPPED, OV_SPAN_LIT(""),
                   status == OV_PEER_GONE
                       ? "it ended; it is started again"
                       : "it said what it must not; it is started again");
    try_later(f);
}

static enum ov_status take_one(struct guard_front *f)
{
    OV_AUTO_FD fd = -1;
    struct ov_span packet;
    struct ov_message m;

    OV_TRY(ov_channel_receive(f->child.socket, f->packet, &packet, &fd));
    OV_TRY(ov_msg_decode(packet, fd >= 0, OV_FROM_GUARD, f->state, &m));
    return guard_front_handle(f, &m, &fd);
}

static void on_socket(struct ov_loop_watch *w, unsigned events)
{
    struct guard_front *f = w->data;
    enum ov_status status = OV_OK;

    if ((events & OV_LOOP_WRITE) != 0)
        guard_front_flush(f);
    for (int i = 0; status == OV_OK && i < MESSAGES_A_TURN; i++)
        status = guard_front_has_room(f) ? take_one(f) : OV_NOT_FOUND;
    if (status == OV_OK || status == OV_NOT_FOUND)
        guard_link_watch(f);
    else
        on_end(f, status);
}

static void on_alive(struct ov_loop_timer *t)
{
    struct guard_front *f = t->data;
    uint64_t every = deadline_of(f->settings) / 4;

    if (f->state == OV_PEER_OPEN)
        (void)!say(f, OV_MSG_GUARD_ALIVE); /* a full socket tells as much */
    ov_loop_timer_set(f->loop, t, every < ALIVE_MS ? every : ALIVE_MS);
}

static void begin(struct guard_front *f)
{
    struct ov_diag diag = {0};

    f->n_begun++;
    f->before = f->counts;
    f->started_ms = ov_loop_now(f->loop);
    if (ov_spawn("guard", OV_SPAWN_NONBLOCKING, &f->child, &diag) != OV_OK) {
        guard_link_say(f, EVENT_ID_GUARD_STOPPED, OV_SPAN_LIT(""), diag.text);
        try_later(f);
        return;
    }
    f->state = OV_PEER_STARTING;
    f->watch = (struct ov_loop_watch){.fd = f->child.socket,
                                      .events = OV_LOOP_READ,
                                      .data = f,
                                      .ready = on_socket};
    if (ov_loop_add(f->loop, &f->watch) != OV_OK)
        on_end(f, OV_PEER_GONE);
    else
        ov_loop_timer_set(f->loop, &f->alive, 0);
}

static void on_restart(struct ov_loop_timer *t)
{
    begin(t->data);
}

void guard_front_start(struct guard_front *f)
{
    if (f->is_wanted && f->child.pid == 0)
        begin(f);
}

void guard_front_forget(struct guard_front *f)
{
    f->rules++;
    if (f->state == OV_PEER_OPEN && say(f, OV_MSG_GUARD_FORGET) != OV_OK)
        on_end(f, OV_PEER_GONE); /* it must not go on with the old ones */
}

/* Reads names of users once: what looks them up may open files that are
 * guarded, and wait. */
static enum ov_status find_users(const struct setting_list *names,
                                 uint32_t *users)
{
    for (size_t i = 0; i < names->n; i++) {
        const struct passwd *user = getpwnam(names->items[i]);

        if (user == NULL)
            return OV_NOT_FOUND;
        users[i] = (uint32_t)user->pw_uid;
    }
    return OV_OK;
}

static enum ov_status become_wanted(struct guard_front *f)
{
    if (getsid(0) != getpid() && setsid() < 0)
        return OV_USAGE;
    if (f->packet == NULL)
        f->packet = ov_alloc(OV_MSG_MAX);
    if (f->packet == NULL)
        return OV_NO_MEMORY;
    f->peer.source = DESK_GUARD;
    f->out = ov_buf_with_max(OV_MSG_MAX);
    f->alive = (struct ov_loop_timer){.data = f, .due = on_alive};
    f->restart = (struct ov_loop_timer){.data = f, .due = on_restart};
    OV_TRY(ov_loop_timer_add(f->loop, &f->alive));
    OV_TRY(ov_loop_timer_add(f->loop, &f->restart));
    f->is_wanted = true;
    return OV_OK;
}

enum ov_status guard_front_set(struct guard_front *f,
                               const struct guard_section *s)
{
    uint32_t users[SETTING_MAX_LIST];
    bool is_wanted = s->filesystems.n + s->mounts.n > 0;

    OV_TRY(find_users(&s->exclude_users, users));
    if (is_wanted && !f->is_wanted)
        OV_TRY(become_wanted(f));
    if (!is_wanted)
        guard_front_done(f);
    f->settings = s;
    f->n_users = s->exclude_users.n;
    memcpy(f->users, users, sizeof(users));
    if (!f->is_wanted || f->n_begun == 0)
        return OV_OK;
    if (f->child.pid != 0)
        end_child(f);
    f->pause_ms = 0;
    ov_loop_timer_stop(f->loop, &f->restart);
    begin(f);
    return OV_OK;
}

void guard_front_done(struct guard_front *f)
{
    if (!f->is_wanted)
        return;
    if (f->child.pid != 0)
        end_child(f);
    ov_loop_timer_remove(f->loop, &f->alive);
    ov_loop_timer_remove(f->loop, &f->restart);
    ov_buf_done(&f->out);
    ov_free(OV_STEAL(f->packet));
    f->is_wanted = false;
}
