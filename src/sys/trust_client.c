/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/trust_client.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/text.h"
#include "sys/channel.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/spawn.h"
#include "sys/wire.h"

/* One judge for one job, one question at a time. The judge reads hostile bytes:
 * what it asks for goes through the rules of mirrors.h and state_store.h, which
 * keep it inside of the mirrors' trees and the state's folder. */

struct session {
    const struct ov_trust_job *job;
    struct ov_child child;
    enum ov_peer_state state;
    int memory; /* what the judge writes */
    struct ov_buf out;
    uint8_t *packet;
    char network[256]; /* what a mirror failed with last */
};

static enum ov_status post(struct session *s, int fd)
{
    OV_TRY(ov_msg_end(&s->out));
    return ov_channel_send(s->child.socket, &s->out, fd);
}

static enum ov_status answer(struct session *s, enum ov_status status,
                             const char *words)
{
    const struct ov_wire_answer a = {(uint32_t)status, ov_span_str(words)};

    ov_msg_begin(&s->out, OV_MSG_ANSWER, 0);
    ov_wire_put_answer(&s->out, &a);
    return post(s, -1);
}

static enum ov_status give(struct session *s, int fd, uint64_t len)
{
    ov_msg_begin(&s->out, OV_MSG_HAVE, 0);
    ov_wire_put_number(&s->out, len);
    return post(s, fd);
}

/* A NUL-terminated copy; false if there is a NUL inside. */
static bool copy_name(struct ov_span name, char to[OV_WIRE_MAX_NAME + 1])
{
    if (name.len > OV_WIRE_MAX_NAME || ov_span_find_byte(name, 0, 0) < name.len)
        return false;
    if (name.len > 0)
        memcpy(to, name.ptr, name.len);
    to[name.len] = '\0';
    return true;
}

/* ---- what the judge needs ---- */

static enum ov_status open_root(const char *path, int *ret_fd,
                                uint64_t *ret_len)
{
    OV_AUTO_FD fd = -1;
    struct stat st;

    if (path == NULL)
        return OV_NOT_FOUND;
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return OV_IO;
    *ret_len = (uint64_t)st.st_size;
    *ret_fd = ov_fd_steal(&fd);
    return OV_OK;
}

static enum ov_status open_release(const struct ov_trust_job *job,
                                   const char *name, int *ret_fd,
                                   uint64_t *ret_len)
{
    uint64_t seq;

    if (job->state == NULL || job->is_release_broken)
        return OV_NOT_FOUND;
    OV_TRY(ov_state_current(job->state, &seq));
    return ov_state_open_file(job->state, seq, name, ret_fd, ret_len);
}

/* Small files are copied: their folder is the state's business. */
static enum ov_status open_state(const struct ov_trust_job *job,
                                 const char *name, uint64_t max, int *ret_fd,
                                 uint64_t *ret_len)
{
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(max);
    OV_AUTO_FD fd = -1;

    if (job->state == NULL)
        return OV_NOT_FOUND;
    OV_TRY(ov_state_get(job->state, name, &bytes));
    OV_TRY(ov_memory_file("overt-state", &fd));
    if (write(fd, bytes.ptr, bytes.len) != (ssize_t)bytes.len)
        return OV_IO;
    *ret_len = bytes.len;
    *ret_fd = ov_fd_steal(&fd);
    return OV_OK;
}

static enum ov_status open_needed(const struct session *s,
                                  const struct ov_wire_need *n, int *ret_fd,
                                  uint64_t *ret_len, struct ov_diag *diag)
{
    const struct ov_trust_job *job = s->job;
    struct ov_mirror_file got = {-1, 0};
    char name[OV_WIRE_MAX_NAME + 1];
    const struct ov_mirror_part part = {name, n->part_at, n->part_len};

    if (!copy_name(n->name, name))
        return OV_USAGE;
    switch (n->from) {
    case OV_NEED_MIRROR:
        if (job->mirrors == NULL)
            return OV_NOT_FOUND;
        if (n->part_len > 0)
            OV_TRY(ov_mirrors_get_part(job->mirrors, n->mirror, &part, &got,
                                       diag));
        else
            OV_TRY(ov_mirrors_get(job->mirrors, n->mirror, name, n->max_len,
                                  &got, diag));
        *ret_fd = got.fd;
        *ret_len = got.len;
        return OV_OK;
    case OV_NEED_STATE:
        return open_state(job, name, n->max_len, ret_fd, ret_len);
    case OV_NEED_RELEASE:
        return open_release(job, name, ret_fd, ret_len);
    case OV_NEED_ROOT:
        return open_root(job->root_path, ret_fd, ret_len);
    default:
        return OV_MALFORMED;
    }
}

/* For people: the judge hears the status only. */
static void keep_words(struct session *s, const char *words)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(sizeof(s->network) - 1);

    ov_put_escaped(&text, ov_span_str(words));
    if (ov_buf_status(&text) != OV_OK)
        return;
    memset(s->network, 0, sizeof(s->network));
    if (text.len > 0)
        memcpy(s->network, text.ptr, text.len);
}

static enum ov_status on_need(struct session *s, struct ov_span body)
{
    OV_AUTO_FD fd = -1;
    struct ov_wire_need n;
    struct ov_diag diag = {0};
    uint64_t len = 0;
    enum ov_status status;

    OV_TRY(ov_wire_read_need(body, &n));
    status = open_needed(s, &n, &fd, &len, &diag);
    if (status == OV_MALFORMED)
        return status;
    if (status == OV_OK && len > n.max_len)
        status = OV_LIMIT_SIZE;
    if (n.from == OV_NEED_MIRROR && status != OV_OK && status != OV_NOT_FOUND)
        keep_words(s, diag.text);
    if (status != OV_OK)
        return answer(s, status, diag.text);
    return give(s, fd, len);
}

/* It will be asked for: what does not fit the rules is refused then. */
static enum ov_status on_expect(struct session *s, struct ov_span body)
{
    char name[OV_WIRE_MAX_NAME + 1];
    struct ov_wire_need n;

    OV_TRY(ov_wire_read_need(body, &n));
    if (s->job->mirrors != NULL && n.from == OV_NEED_MIRROR &&
        n.part_len == 0 && copy_name(n.name, name))
        ov_mirrors_expect(s->job->mirrors, n.mirror, name, n.max_len);
    return OV_OK;
}

/* ---- what it wants done ---- */

static enum ov_status read_memory(const struct session *s, uint64_t len,
                                  struct ov_buf *into)
{
    uint8_t *room = ov_buf_room(into, (size_t)len);

    if (room == NULL)
        return ov_buf_status(into);
    if (pread(s->memory, room, (size_t)len, 0) != (ssize_t)len)
        return OV_MALFORMED;
    ov_buf_added(into, (size_t)len);
    return OV_OK;
}

#define MAX_STATE_FILE ((size_t)1 << 30)

static enum ov_status put_state(struct session *s, struct ov_state *state,
                                const char *name, uint64_t len)
{
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(MAX_STATE_FILE);

    OV_TRY(read_memory(s, len, &bytes));
    return ov_state_put(state, name, ov_buf_span(&bytes));
}

/* The lock is held for the moment of writing, not while servers are waited
 * for: somebody else's update goes on. */
static enum ov_status put_evidence(struct session *s,
                                   const struct ov_wire_persist *p,
                                   const char *name, struct ov_diag *diag)
{
    OV_AUTO(state) state = NULL;

    if (p->what != OV_PERSIST_STATE ||
        !ov_span_starts(ov_span_str(name), OV_SPAN_LIT("evidence/")))
        return OV_DENIED;
    OV_TRY(ov_state_open(s->job->evidence, OV_STATE_WRITE, &state, diag));
    return put_state(s, state, name, p->len);
}

static enum ov_status install(struct session *s, uint64_t seq)
{
    OV_TRY(ov_state_keep(s->job->state, seq));
    return ov_state_switch(s->job->state, seq);
}

static enum ov_status do_persist(struct session *s,
                                 const struct ov_wire_persist *p,
                                 struct ov_diag *diag)
{
    struct ov_state *state = s->job->state;
    char name[OV_WIRE_MAX_NAME + 1];

    if (state == NULL || !copy_name(p->name, name))
        return OV_USAGE;
    if (s->job->evidence != NULL)
        return put_evidence(s, p, name, diag);
    switch (p->what) {
    case OV_PERSIST_STATE:
        return put_state(s, state, name, p->len);
    case OV_PERSIST_REMOVE:
        return ov_state_remove(state, name);
    case OV_PERSIST_STAGE:
        return ov_state_stage(state);
    case OV_PERSIST_FILE:
        return ov_state_stage_file(state, name, s->memory, p->len);
    case OV_PERSIST_REUSE:
        return ov_state_stage_reuse(state, name);
    case OV_PERSIST_TEST:
        return s->job->self_test(s->job->data, state, diag);
    case OV_PERSIST_INSTALL:
        return install(s, p->len);
    default:
        return OV_MALFORMED;
    }
}

static bool may_write(enum ov_trust_task task)
{
    return task == OV_TRUST_UPDATE || task == OV_TRUST_CHECK ||
           task == OV_TRUST_CODE || task == OV_TRUST_CLOUD ||
           task == OV_TRUST_CLOUD_LOOKUP || /* from here on: evidence */
           task == OV_TRUST_CLOUD_KEYS || task == OV_TRUST_CLOUD_RECEIPT;
}

static enum ov_status on_persist(struct session *s, struct ov_span body)
{
    struct ov_wire_persist p;
    struct ov_diag diag = {0};
    enum ov_status status;

    OV_TRY(ov_wire_read_persist(body, &p));
    if (!may_write(s->job->task) || p.what >= OV_N_PERSISTS)
        return OV_MALFORMED;
    status = do_persist(s, &p, &diag);
    return answer(s, status, diag.text);
}

/* ---- the conversation ---- */

static enum ov_status on_updated(struct ov_span body,
                                 struct ov_trust_result *ret)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(sizeof(ret->detail) - 1);

    OV_TRY(ov_wire_read_updated(body, &ret->updated));
    ov_put_escaped(&text, ret->updated.detail);
    OV_TRY(ov_buf_status(&text));
    if (text.len > 0)
        memcpy(ret->detail, text.ptr, text.len);
    ret->detail[text.len] = '\0';
    ret->updated.detail = (struct ov_span){0};
    return OV_OK;
}

static enum ov_status on_step(const struct ov_trust_job *job,
                              struct ov_span body)
{
    uint64_t step;

    OV_TRY(ov_wire_read_number(body, &step));
    if (job->step != NULL)
        job->step(job->data, step < UINT32_MAX ? (uint32_t)step : UINT32_MAX);
    return OV_OK;
}

static enum ov_status take(struct session *s, struct ov_message *ret)
{
    OV_AUTO_FD fd = -1;
    struct ov_span packet;

    OV_TRY(ov_channel_receive(s->child.socket, s->packet, &packet, &fd));
    return ov_msg_decode(packet, fd >= 0, OV_FROM_JUDGE, s->state, ret);
}

static enum ov_status serve(struct session *s, struct ov_trust_result *ret,
                            bool *ret_is_over)
{
    struct ov_message m;

    OV_TRY(take(s, &m));
    switch ((int)m.type) {
    case OV_MSG_NEED:
        return on_need(s, m.body);
    case OV_MSG_EXPECT:
        return on_expect(s, m.body);
    case OV_MSG_PERSIST:
        return on_persist(s, m.body);
    case OV_MSG_STEP:
        return on_step(s->job, m.body);
    case OV_MSG_TEXT:
        if (s->job->write == NULL || !s->job->write(s->job->data, m.body))
            return OV_IO;
        return OV_OK;
    case OV_MSG_UPDATED:
        *ret_is_over = true;
        return on_updated(m.body, ret);
    default:
        return OV_MALFORMED;
    }
}

static enum ov_status begin(struct session *s, struct ov_diag *diag)
{
    const struct ov_trust_job *job = s->job;
    struct ov_wire_update u = {
        .task = job->task,
        .n_mirrors =
            job->mirrors != NULL ? (uint32_t)ov_mirrors_n(job->mirrors) : 0,
        .now = job->now,
        .hold = job->hold,
        .engine = job->engine,
        .channel = ov_span_str(job->channel),
        .argument = ov_span_str(job->argument != NULL ? job->argument : ""),
    };
    struct ov_message m;
    struct ov_jail jail;

    memcpy(u.rollout_id, job->rollout_id, sizeof(u.rollout_id));
    OV_TRY(ov_memory_file("overt-judged", &s->memory));
    OV_TRY(ov_spawn("judge", job->spawn_flags, &s->child, diag));
    s->state = OV_PEER_STARTING;
    OV_TRY(take(s, &m));
    if (m.type != OV_MSG_JUDGE_READY ||
        ov_wire_read_jail(m.body, &jail) != OV_OK ||
        jail.fingerprint != ov_profile_fingerprint(OV_PROFILE_JUDGE))
        return ov_diag_set(diag, OV_DENIED, 0,
                           "overt-judge cannot be jailed, or is of another "
                           "build than overt");
    s->state = OV_PEER_READY;
    ov_msg_begin(&s->out, OV_MSG_UPDATE, 0);
    ov_wire_put_update(&s->out, &u);
    OV_TRY(post(s, s->memory));
    s->state = OV_PEER_OPEN;
    return OV_OK;
}

enum ov_status ov_trust_run(const struct ov_trust_job *job,
                            struct ov_trust_result *ret, struct ov_diag *diag)
{
    struct session s = {.job = job,
                        .child = {0, -1},
                        .memory = -1,
                        .out = ov_buf_with_max(OV_MSG_MAX),
                        .packet = ov_alloc(OV_MSG_MAX)};
    bool is_over = false;
    enum ov_status status = s.packet != NULL ? begin(&s, diag) : OV_NO_MEMORY;

    *ret = (struct ov_trust_result){0};
    while (status == OV_OK && !is_over)
        status = serve(&s, ret, &is_over);
    memcpy(ret->network, s.network, sizeof(ret->network));
    (void)ov_child_end(&s.child, true); /* it has said all it had to */
    ov_fd_cleanup(&s.memory);
    ov_buf_done(&s.out);
    ov_free(s.packet);
    if (status != OV_OK && diag->text[0] == '\0')
        return ov_diag_set(diag, status, 0,
                           "the judge died or talks nonsense: %s",
                           ov_status_name(status));
    return status;
}
