/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "sys/channel.h"
#include "sys/fd.h"
#include "sys/pool_state.h"

/* What workers say. A worker is believed nothing but verdicts about the head
 * of its own queue: any message out of order ends it. */

#define MESSAGES_A_TURN 64
/* More about one file is no help to anybody. */
#define MAX_FINDINGS 65536

void ov_pool_fail(struct ov_pool *p, enum ov_status status, const char *text)
{
    if (p->fatal != OV_OK)
        return;
    p->fatal = status;
    if (text != NULL)
        (void)ov_diag_set(&p->diag, status, 0, "%s", text);
    p->diag.status = status;
}

void ov_pool_queue_pop(struct ov_pool_worker *w)
{
    w->first = (w->first + 1) % OV_POOL_DEPTH;
    w->n--;
    w->n_findings = 0;
    w->since_ms = ov_pool_now_ms();
}

static enum ov_status on_ready(struct ov_pool *p, struct ov_pool_worker *w,
                               struct ov_span body)
{
    struct ov_jail jail;

    OV_TRY(ov_wire_read_jail(body, &jail));
    if (jail.fingerprint != ov_profile_fingerprint(OV_PROFILE_WORKER)) {
        ov_pool_fail(
            p, OV_DENIED,
            "overt-worker is of another build than overt: install both again");
        return OV_DENIED;
    }
    p->state.jail = jail;
    w->state = OV_PEER_READY;
    return ov_pool_send_images(p, w);
}

static enum ov_status on_opened(struct ov_pool *p, struct ov_pool_worker *w,
                                struct ov_span body)
{
    OV_TRY(ov_wire_read_digest(body, p->state.digest));
    p->state.is_open = true;
    p->failed_starts = 0;
    w->state = OV_PEER_OPEN;
    ov_pool_opened_images(p, w);
    return OV_OK;
}

static enum ov_status on_failed(struct ov_pool *p, struct ov_pool_worker *w,
                                struct ov_span body)
{
    struct ov_wire_failure f;
    char words[sizeof(p->diag.text)];
    enum ov_status why;

    OV_TRY(ov_wire_read_failure(body, &f));
    why = f.status < OV_N_STATUS ? (enum ov_status)f.status : OV_IO;
    if (w->state == OV_PEER_READY && ov_pool_refused_images(p, w, why))
        return OV_PEER_GONE;
    ov_escape_words(words, sizeof(words), f.text);
    ov_pool_fail(p, why, words);
    return OV_PEER_GONE;
}

static enum ov_status on_outcome(struct ov_pool *p, struct ov_pool_worker *w,
                                 struct ov_pool_task *t, struct ov_span body)
{
    struct ov_wire_outcome o;

    OV_TRY(ov_wire_read_outcome(body, &o));
    if (o.verdict >= OV_N_VERDICTS)
        return OV_MALFORMED;
    ov_pool_queue_pop(w);
    w->n_done++;
    if (t == NULL)
        return OV_OK;
    w->queued_bytes -= t->len;
    ov_pool_finish(p, t, &o);
    return OV_OK;
}

static enum ov_status on_finding(struct ov_pool *p, struct ov_pool_worker *w,
                                 const struct ov_message *m)
{
    struct ov_pool_task *t = w->queue[w->first].task;

    if (w->n == 0 || m->task != w->queue[w->first].serial)
        return OV_MALFORMED;
    if (m->type == OV_MSG_OUTCOME)
        return on_outcome(p, w, t, m->body);
    if (m->type == OV_MSG_SPLIT)
        return t != NULL ? ov_pool_split(p, t) : OV_OK;
    if (++w->n_findings > MAX_FINDINGS)
        return OV_LIMIT_COUNT;
    return ov_pool_take_finding(p, t, m->type, m->body);
}

static enum ov_status take_message(struct ov_pool *p, struct ov_pool_worker *w)
{
    OV_AUTO_FD fd = -1;
    struct ov_span packet;
    struct ov_message m;

    OV_TRY(ov_channel_receive(w->child.socket, p->packet, &packet, &fd));
    OV_TRY(ov_msg_decode(packet, fd >= 0, OV_FROM_WORKER, w->state, &m));
    if (m.type == OV_MSG_READY)
        return on_ready(p, w, m.body);
    if (m.type == OV_MSG_OPENED)
        return on_opened(p, w, m.body);
    if (m.type == OV_MSG_FAILED)
        return on_failed(p, w, m.body);
    return on_finding(p, w, &m);
}

void ov_pool_take_messages(struct ov_pool *p, struct ov_pool_worker *w)
{
    for (unsigned i = 0; i < MESSAGES_A_TURN; i++) {
        enum ov_status status = take_message(p, w);

        if (status == OV_NOT_FOUND)
            return;
        if (status != OV_OK) {
            w->is_to_end = true;
            return;
        }
    }
}
