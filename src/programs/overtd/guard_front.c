/* SPDX-License-Identifier: Apache-2.0 */
#include "guard_front.h"

#include <limits.h>
#include <string.h>

#include "sys/fd.h"
#include "sys/process_info.h"

/* A question becomes a request of the desk, and its end an answer. Who opens
 * the file waits all the while, so a finding is answered at once, not at the
 * end.
 *
 * A file may be remembered as clean by the guard only if it was looked at with
 * the rules of now, and if another look would find the same: not after a crash
 * or a deadline. What could not be looked at in full goes on, and the journal
 * has it (the desk's hooks tell).
 *
 * The guard is as good as its jail; still what it says is read like a
 * stranger's, and the path it gives is only told, never opened: whoever moves
 * the file away compares what is there with the descriptor. */

#define MAX_QUESTIONS 1024

struct guard_question {
    struct guard_front *front;
    struct guard_question *next;
    struct guard_question *previous;
    struct desk_request request;
    uint32_t name;
    enum ov_guard_when when;
    uint64_t rules;
    bool is_open;     /* with the desk */
    bool is_answered; /* or nobody waits */
    bool is_unsent;   /* answered, but the socket had no room */
    struct ov_wire_guard_answer answer;
    char path[]; /* with a NUL */
};

/* ---- a question's life ---- */

static void question_free(struct guard_question *q)
{
    struct guard_front *f = q->front;

    if (q->previous != NULL)
        q->previous->next = q->next;
    else
        f->questions = q->next;
    if (q->next != NULL)
        q->next->previous = q->previous;
    f->n_questions--;
    f->n_unsent -= q->is_unsent;
    ov_free(q);
}

static void send_answer(struct guard_question *q)
{
    struct guard_front *f = q->front;
    bool is_sent;

    /* It may have waited for room while the rules changed. */
    if (q->rules != f->rules)
        q->answer.may_remember = false;
    /* Any other failure is the guard's end, and the watch will tell. */
    is_sent = guard_link_answer(f, q->name, &q->answer) != OV_LIMIT_COUNT;

    f->n_unsent -= q->is_unsent;
    q->is_unsent = !is_sent;
    f->n_unsent += q->is_unsent;
    guard_link_watch(f);
}

static void answer(struct guard_question *q, bool denies, bool may_remember)
{
    if (q->is_answered)
        return;
    q->is_answered = true;
    if (q->when == OV_GUARD_WRITTEN)
        return;
    q->front->n_denied += denies;
    q->answer = (struct ov_wire_guard_answer){denies, may_remember};
    send_answer(q);
}

static void settle(struct guard_question *q)
{
    struct guard_front *f = q->front;

    if (q->is_open || !q->is_answered || q->is_unsent)
        return;
    question_free(q);
    guard_link_watch(f); /* there is room again */
}

void guard_front_flush(struct guard_front *f)
{
    struct guard_question *next;

    for (struct guard_question *q = f->questions; q != NULL && f->n_unsent > 0;
         q = next) {
        next = q->next;
        if (!q->is_unsent)
            continue;
        send_answer(q);
        if (q->is_unsent)
            return; /* still no room */
        settle(q);
    }
}

void guard_front_drop(struct guard_front *f)
{
    while (f->questions != NULL) {
        if (f->questions->is_open)
            desk_cancel(f->desk, &f->questions->request);
        question_free(f->questions);
    }
}

bool guard_front_has_room(const struct guard_front *f)
{
    return f->n_questions < MAX_QUESTIONS;
}

/* ---- what the desk says ---- */

/* Who it was, as far as it can be known. */
static void put_who(struct event *e, pid_t pid, uid_t uid,
                    struct ov_buf *program)
{
    if (uid != (uid_t)-1)
        event_number(e, EVENT_UID, uid);
    if (pid <= 0)
        return;
    event_number(e, EVENT_PID, (uint64_t)pid);
    if (ov_process_program(pid, program) == OV_OK)
        event_span(e, EVENT_PROCESS, ov_buf_span(program));
}

static void on_detection(struct desk_request *r,
                         const struct ov_wire_detection *d)
{
    OV_AUTO_DONE(buf) program = ov_buf_with_max(PATH_MAX);
    struct guard_question *q = r->data;
    struct event e = event_of(EVENT_ID_GUARD_DENIED);

    if (q->is_answered)
        return;
    put_who(&e, r->pid, r->uid, &program); /* as long as it waits */
    answer(q, true, false);
    if (q->when == OV_GUARD_WRITTEN)
        return;
    event_text(&e, EVENT_PATH, q->path);
    event_span(&e, EVENT_RULE, d->rule);
    q->front->tell(q->front->data, &e);
}

/* Whether another look at the same bytes, by the same rules, would end alike.
 */
static bool is_lasting(const struct desk_result *result)
{
    static const char *const lasting[] = {"limit", "encrypted", "damaged",
                                          "unsupported"};

    /* The next who opens it may be somebody whom no entry lets pass. */
    if (result->n_allowed > 0)
        return false;
    if (result->verdict == OV_CLEAN)
        return true;
    if (result->verdict != OV_INCONCLUSIVE)
        return false;
    for (size_t i = 0; i < sizeof(lasting) / sizeof(lasting[0]); i++)
        if (ov_span_equal(result->reason, ov_span_str(lasting[i])))
            return true;
    return false;
}

static void on_done(struct desk_request *r, const struct desk_result *result)
{
    struct guard_question *q = r->data;

    q->is_open = false;
    answer(q, result->n_detections > 0,
           q->rules == q->front->rules && is_lasting(result));
    settle(q);
}

/* ---- what the guard says ---- */

static struct guard_question *find(const struct guard_front *f, uint32_t name)
{
    struct guard_question *q = f->questions;

    while (q != NULL && (q->name != name || q->when == OV_GUARD_WRITTEN))
        q = q->next;
    return q;
}

static struct guard_question *
question_new(struct guard_front *f, uint32_t name,
             const struct ov_wire_guard_file *file)
{
    struct guard_question *q = ov_alloc(sizeof(*q) + file->path.len + 1);

    if (q == NULL)
        return NULL;
    q->front = f;
    q->name = name;
    q->when = (enum ov_guard_when)file->when;
    q->rules = f->rules;
    if (file->path.len > 0)
        memcpy(q->path, file->path.ptr, file->path.len);
    q->request = (struct desk_request){
        .peer = &f->peer,
        .fd = -1,
        .len = file->len,
        .path = q->path,
        .pid = (pid_t)file->pid,
        .uid = file->uid == UINT32_MAX ? (uid_t)-1 : (uid_t)file->uid,
        .data = q,
        .detection = on_detection,
        .done = on_done,
    };
    q->next = f->questions;
    if (q->next != NULL)
        q->next->previous = q;
    f->questions = q;
    f->n_questions++;
    return q;
}

static enum ov_status read_file(const struct ov_message *m,
                                struct ov_wire_guard_file *ret)
{
    OV_TRY(ov_wire_read_guard_file(m->body, ret));
    return (ret->when == OV_GUARD_EXEC || ret->when == OV_GUARD_OPEN ||
            ret->when == OV_GUARD_WRITTEN) &&
                   ret->pid <= INT32_MAX &&
                   ov_span_find_byte(ret->path, 0, 0) == SIZE_MAX
               ? OV_OK
               : OV_MALFORMED;
}

static enum ov_status on_ask(struct guard_front *f, const struct ov_message *m,
                             int *fd)
{
    struct ov_wire_guard_file file;
    struct guard_question *q;

    OV_TRY(read_file(m, &file));
    q = question_new(f, m->task, &file);
    if (q == NULL)
        return OV_OK; /* its deadline will come */
    f->n_asked++;
    q->is_open = true;
    q->request.fd = ov_fd_steal(fd);
    desk_submit(f->desk, &q->request);
    return OV_OK;
}

static enum ov_status on_late(struct guard_front *f, const struct ov_message *m)
{
    OV_AUTO_DONE(buf) program = ov_buf_with_max(PATH_MAX);
    struct ov_wire_guard_file file;
    struct guard_question *q = find(f, m->task);
    bool denies = f->settings->on_deadline == DEADLINE_DENY;
    struct event e =
        event_of(denies ? EVENT_ID_GUARD_DENIED : EVENT_ID_GUARD_UNCHECKED);

    OV_TRY(read_file(m, &file));
    f->n_late++;
    if (q != NULL)
        q->is_answered = true; /* what is found later is told as such */
    event_span(&e, EVENT_PATH, file.path);
    event_text(&e, EVENT_REASON, "deadline");
    put_who(&e, (pid_t)file.pid,
            file.uid == UINT32_MAX ? (uid_t)-1 : (uid_t)file.uid, &program);
    f->tell(f->data, &e);
    if (q != NULL)
        settle(q);
    return OV_OK;
}

/* What the guard says in words, as an event. */
static enum ov_status tell_words(struct guard_front *f, enum event_id id,
                                 const struct ov_wire_guard_told *told)
{
    OV_AUTO_DONE(buf) words = ov_buf_with_max(1024);

    ov_put_span(&words, told->text);
    if (id == EVENT_ID_GUARD_REFUSED && told->status < OV_N_STATUS)
        ov_put_format(&words, ": %s",
                      ov_status_name((enum ov_status)told->status));
    ov_put_u8(&words, 0);
    OV_TRY(ov_buf_status(&words));
    guard_link_say(f, id, told->path, (char *)words.ptr);
    return OV_OK;
}

static enum ov_status on_told(struct guard_front *f, const struct ov_message *m)
{
    struct ov_wire_guard_told told;

    OV_TRY(ov_wire_read_guard_told(m->body, &told));
    if (told.status != OV_OK)
        return tell_words(f,
                          told.status == OV_TIMED_OUT ? EVENT_ID_GUARD_BEHIND
                                                      : EVENT_ID_GUARD_REFUSED,
                          &told);
    guard_link_say(f, EVENT_ID_GUARD_STARTED, told.path, NULL);
    return OV_OK;
}

static enum ov_status on_failed(struct guard_front *f,
                                const struct ov_message *m)
{
    struct ov_wire_guard_told told;

    OV_TRY(ov_wire_read_guard_told(m->body, &told));
    OV_TRY(tell_words(f, EVENT_ID_GUARD_REFUSED, &told));
    return OV_PEER_GONE;
}

static enum ov_status on_ready(struct guard_front *f,
                               const struct ov_message *m)
{
    struct ov_jail jail;

    OV_TRY(ov_wire_read_jail(m->body, &jail));
    if (jail.fingerprint != ov_profile_fingerprint(OV_PROFILE_GUARD) ||
        !ov_jail_is_whole(&jail))
        return OV_MALFORMED;
    f->state = OV_PEER_READY;
    return guard_link_set_up(f);
}

static enum ov_status on_counts(struct guard_front *f,
                                const struct ov_message *m)
{
    const struct ov_wire_guard_counts *before = &f->before;
    struct ov_wire_guard_counts c;

    OV_TRY(ov_wire_read_guard_counts(m->body, &c));
    f->counts = (struct ov_wire_guard_counts){
        .n_ignored = before->n_ignored + c.n_ignored,
        .n_allowed = before->n_allowed + c.n_allowed,
        .n_denied = before->n_denied + c.n_denied,
        .n_written = before->n_written + c.n_written,
    };
    return OV_OK;
}

enum ov_status guard_front_handle(struct guard_front *f,
                                  const struct ov_message *m, int *fd)
{
    switch ((unsigned)m->type) {
    case OV_MSG_GUARD_READY:
        return on_ready(f, m);
    case OV_MSG_GUARD_STARTED:
        f->state = OV_PEER_OPEN;
        return OV_OK;
    case OV_MSG_GUARD_ASK:
        return on_ask(f, m, fd);
    case OV_MSG_GUARD_LATE:
        return on_late(f, m);
    case OV_MSG_GUARD_COUNTS:
        return on_counts(f, m);
    case OV_MSG_GUARD_TOLD:
        return on_told(f, m);
    case OV_MSG_GUARD_FAILED:
        return on_failed(f, m);
    default:
        return OV_MALFORMED;
    }
}
