/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "desk.h"
#include "host/event.h"
#include "settings.h"
#include "sys/spawn.h"
#include "sys/wire_guard.h"

/* The front of overt-guard: starts it, has the desk look at what it asks
 * about, and answers. guard_front.c holds the questions, guard_link.c the
 * process and what is said to it. */

struct guard_question;

struct guard_front {
    struct ov_loop *loop;
    struct desk *desk;
    void *data;
    void (*tell)(void *data, const struct event *e);

    /* The front's, from here on; all-zero at first. */
    const struct guard_section *settings;
    bool is_wanted; /* by the settings */
    struct ov_child child;
    enum ov_peer_state state;
    struct ov_loop_watch watch;
    struct ov_loop_timer alive;   /* a sign of life is due */
    struct ov_loop_timer restart; /* the guard is to be started again */
    uint64_t pause_ms;            /* before that */
    uint64_t started_ms;
    uint32_t users[SETTING_MAX_LIST]; /* numbers of the excluded */
    size_t n_users;
    struct ov_buf out;
    uint8_t *packet; /* OV_MSG_MAX */
    struct desk_peer peer;
    struct guard_question *questions; /* the newest first */
    size_t n_questions;
    size_t n_unsent;  /* questions that are answered, but not told yet */
    uint64_t rules;   /* how often the rules have changed */
    uint64_t n_asked; /* and the following: for metrics */
    uint64_t n_denied;
    uint64_t n_late;
    uint64_t n_begun;                   /* guards that were started */
    struct ov_wire_guard_counts counts; /* of all guards */
    struct ov_wire_guard_counts before; /* of those before this one */
};

/* What to guard: at first, to be called before any other process is started, as
 * it makes this one the leader of its session, by which the guard knows its
 * own; and again for others, which the guard then starts anew with. Borrows s.
 * OV_USAGE: it cannot lead a session; OV_NOT_FOUND: an excluded user is not
 * there; OV_NO_MEMORY; nothing has changed then. */
OV_MUST_USE enum ov_status guard_front_set(struct guard_front *f,
                                           const struct guard_section *s);
void guard_front_done(struct guard_front *f);

/* There are rules: it starts guarding. */
void guard_front_start(struct guard_front *f);
/* There are others now: files are asked about again. */
void guard_front_forget(struct guard_front *f);

/* ---- between its files ---- */

/* What the guard says. OV_MALFORMED: it is not to be believed any more. */
OV_MUST_USE enum ov_status
guard_front_handle(struct guard_front *f, const struct ov_message *m, int *fd);
/* All questions are void. */
void guard_front_drop(struct guard_front *f);
/* Tells answers that were left over. */
void guard_front_flush(struct guard_front *f);
/* Whether more may be taken. */
bool guard_front_has_room(const struct guard_front *f);

/* guard_link.c. OV_LIMIT_COUNT: no room now. */
OV_MUST_USE enum ov_status
guard_link_answer(struct guard_front *f, uint32_t name,
                  const struct ov_wire_guard_answer *a);
/* Settings, places, start: once it is ready. */
OV_MUST_USE enum ov_status guard_link_set_up(struct guard_front *f);
/* What is waited for has changed. */
void guard_link_watch(struct guard_front *f);
void guard_link_say(struct guard_front *f, enum event_id id,
                    struct ov_span path, const char *detail);
