/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/judge_client.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/reader.h"
#include "base/text.h"
#include "sys/channel.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/spawn.h"
#include "sys/wire_trust.h"

/* One judge for one job. Messages are taken one at a time, the socket blocks:
 * there is nothing else to do meanwhile. The judge is hostile from its first
 * byte on; what it can do is to give a wrong image, as its sources could. It
 * tells how far it is, so one that says nothing for long is given up. */
#define DEFAULT_SILENCE 300

struct session {
    struct ov_child child;
    enum ov_peer_state state;
    struct ov_buf out;
    uint8_t *packet;
    struct ov_judge_refusal *refusal;
    unsigned max_silence; /* seconds */
    char **included;      /* paths of files that were included, owned */
    size_t n_included;
};

static enum ov_status refuse(struct ov_judge_refusal *r, enum ov_status status,
                             const char *source, const char *text)
{
    *r = (struct ov_judge_refusal){.status = status};
    ov_escape_words(r->source, sizeof(r->source), ov_span_str(source));
    ov_escape_words(r->text, sizeof(r->text), ov_span_str(text));
    return status;
}

static enum ov_status gone(struct session *s)
{
    return refuse(s->refusal, OV_PEER_GONE, "",
                  "the judge died: its input is too large, or hostile");
}

static enum ov_status silent(struct session *s)
{
    char text[100];

    (void)!snprintf(
        text, sizeof(text),
        "the judge said nothing for %u s: a rule takes too long, or "
        "the machine is too slow",
        s->max_silence); /* short */
    return refuse(s->refusal, OV_TIMED_OUT, "", text);
}

/* The socket itself keeps the time. */
static bool limit_silence(const struct session *s)
{
    const struct timeval time = {.tv_sec = s->max_silence};

    return setsockopt(s->child.socket, SOL_SOCKET, SO_RCVTIMEO, &time,
                      sizeof(time)) == 0 &&
           setsockopt(s->child.socket, SOL_SOCKET, SO_SNDTIMEO, &time,
                      sizeof(time)) == 0;
}

static enum ov_status on_refused(struct session *s, struct ov_span body)
{
    struct ov_wire_failure f;

    if (ov_wire_read_failure(body, &f) != OV_OK)
        return gone(s);
    *s->refusal = (struct ov_judge_refusal){
        .status = f.status > OV_OK && f.status < OV_N_STATUS
                      ? (enum ov_status)f.status
                      : OV_MALFORMED,
        .line = f.line,
    };
    ov_escape_words(s->refusal->source, sizeof(s->refusal->source), f.source);
    ov_escape_words(s->refusal->text, sizeof(s->refusal->text), f.text);
    return s->refusal->status;
}

/* The next message; a refusal is a status. */
static enum ov_status take(struct session *s, struct ov_message *ret)
{
    OV_AUTO_FD fd = -1;
    struct ov_span packet;

    enum ov_status status =
        ov_channel_receive(s->child.socket, s->packet, &packet, &fd);

    if (status == OV_NOT_FOUND)
        return silent(s);
    if (status != OV_OK ||
        ov_msg_decode(packet, fd >= 0, OV_FROM_JUDGE, s->state, ret) != OV_OK)
        return gone(s);
    return ret->type == OV_MSG_REFUSED ? on_refused(s, ret->body) : OV_OK;
}

static enum ov_status post(struct session *s, int fd)
{
    enum ov_status status;

    OV_TRY(ov_msg_end(&s->out));
    status = ov_channel_send(s->child.socket, &s->out, fd);
    if (status == OV_LIMIT_COUNT)
        return silent(s);
    return status == OV_OK ? OV_OK : gone(s);
}

static enum ov_status begin(struct session *s, unsigned spawn_flags)
{
    struct ov_diag diag = {0};
    struct ov_message m;
    struct ov_jail jail;
    enum ov_status status;

    s->packet = ov_alloc(OV_MSG_MAX);
    s->out = ov_buf_with_max(OV_MSG_MAX);
    if (s->max_silence == 0)
        s->max_silence = DEFAULT_SILENCE;
    if (s->packet == NULL)
        return refuse(s->refusal, OV_NO_MEMORY, "", "out of memory");
    status = ov_spawn("judge", spawn_flags, &s->child, &diag);
    if (status != OV_OK)
        return refuse(s->refusal, status, "", diag.text);
    if (!limit_silence(s))
        return refuse(s->refusal, OV_IO, "", strerror(errno));
    s->state = OV_PEER_STARTING;
    OV_TRY(take(s, &m));
    if (m.type != OV_MSG_JUDGE_READY ||
        ov_wire_read_jail(m.body, &jail) != OV_OK ||
        jail.fingerprint != ov_profile_fingerprint(OV_PROFILE_JUDGE))
        return refuse(s->refusal, OV_DENIED, "",
                      "overt-judge is of another build than overt: install "
                      "both again");
    s->state = OV_PEER_READY;
    return OV_OK;
}

static void session_done(struct session *s)
{
    (void)ov_child_end(&s->child, true); /* it has said all it had to */
    for (size_t i = 0; i < s->n_included; i++)
        ov_free(s->included[i]);
    ov_free(s->included);
    ov_buf_done(&s->out);
    ov_free(s->packet);
}

static enum ov_status send_file(struct session *s, int fd, const char *path,
                                struct ov_wire_source *w)
{
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0)
        return refuse(s->refusal, OV_IO, path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return refuse(s->refusal, OV_USAGE, path, "not a regular file");
    w->len = (uint64_t)st.st_size;
    ov_msg_begin(&s->out, OV_MSG_SOURCE, 0);
    ov_wire_put_source(&s->out, w);
    return post(s, fd);
}

static enum ov_status send_source(struct session *s,
                                  const struct ov_judge_source *source)
{
    OV_AUTO_FD fd = open(source->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct ov_wire_source w = {
        .name = ov_span_str(source->name),
        .space = ov_span_str(source->space != NULL ? source->space : ""),
    };

    return send_file(s, fd, source->path, &w);
}

static enum ov_status send_job(struct session *s,
                               const struct ov_judge_job *job, int image_fd)
{
    const struct ov_wire_compile c = {
        .n_threads = job->n_threads != 0 ? job->n_threads : UINT32_MAX,
        .allow_unsigned = job->allow_unsigned,
        .skip_errors = job->skip_errors,
        .wants_warnings = job->wants_warnings,
        .has_file_values = job->has_file_values,
        .is_tier = job->is_tier,
        .key = job->key,
        .defines = job->defines,
    };

    ov_msg_begin(&s->out, OV_MSG_COMPILE, 0);
    ov_wire_put_compile(&s->out, &c);
    OV_TRY(post(s, image_fd));
    s->state = OV_PEER_OPEN;
    for (size_t i = 0; i < job->n_sources; i++) {
        enum ov_status status = send_source(s, &job->sources[i]);
        struct ov_message m;

        if (status == OV_PEER_GONE) /* it may have said why */
            (void)!take(s, &m);
        if (status != OV_OK)
            return status;
    }
    ov_msg_begin(&s->out, OV_MSG_END, 0);
    return post(s, -1);
}

static enum ov_status on_report(const struct ov_judge_job *job,
                                const struct ov_message *m)
{
    struct ov_wire_skip skip;
    uint64_t two[2];

    if (m->type == OV_MSG_PROGRESS) {
        OV_TRY(ov_wire_read_two(m->body, two));
        if (job->progress != NULL)
            job->progress(job->data, two[0], two[1]);
        return OV_OK;
    }
    if (m->type == OV_MSG_SKIP || m->type == OV_MSG_WARNING) {
        void (*tell)(void *data, const struct ov_wire_skip *s) =
            m->type == OV_MSG_SKIP ? job->skip : job->warning;

        OV_TRY(ov_wire_read_skip(m->body, &skip));
        if (tell != NULL)
            tell(job->data, &skip);
        return OV_OK;
    }
    return OV_MALFORMED;
}

/* ---- includes ---- */

/* Where the file lies that the judge asks for, with a NUL: beside the one that
 * includes it. False if there is no such file, or its name is not one that rule
 * files have. The judge read these names in rules, which may be anybody's. */
static bool locate_include(const struct session *s,
                           const struct ov_judge_job *job,
                           const struct ov_wire_include *what,
                           struct ov_buf *path)
{
    static const char *const endings[] = {".yar", ".yara", ".rule", ".rules",
                                          ".inc"};
    const char *from = NULL;
    bool is_named = false;

    if (what->file < job->n_sources)
        from = job->sources[what->file].path;
    else if (what->file - job->n_sources < s->n_included)
        from = s->included[what->file - job->n_sources];
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
        is_named |= ov_span_ends(what->path, ov_span_str(endings[i]));
    if (from == NULL || !is_named ||
        ov_span_find_byte(what->path, 0, 0) != SIZE_MAX)
        return false;
    if (ov_span_byte(what->path, 0) != '/' && strrchr(from, '/') != NULL)
        ov_put_span(path,
                    ov_span_of(from, (size_t)(strrchr(from, '/') + 1 - from)));
    ov_put_span(path, what->path);
    ov_put_u8(path, 0);
    return ov_buf_status(path) == OV_OK;
}

/* Keeps the path of what was given: it may include others. */
static bool note_include(struct session *s, struct ov_buf *path)
{
    char **more;

    if (s->n_included % 64 == 0) {
        more = ov_realloc_array(s->included, s->n_included + 64, sizeof(*more));
        if (more == NULL)
            return false;
        s->included = more;
    }
    s->included[s->n_included++] = (char *)path->ptr;
    path->ptr = NULL;
    return true;
}

static enum ov_status on_include(struct session *s,
                                 const struct ov_judge_job *job,
                                 const struct ov_message *m)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(PATH_MAX);
    const struct ov_wire_answer no = {.status = OV_NOT_FOUND};
    struct ov_wire_source w = {0};
    struct ov_wire_include what;
    OV_AUTO_FD fd = -1;
    struct stat st;

    if (ov_wire_read_include(m->body, &what) != OV_OK)
        return gone(s);
    if (locate_include(s, job, &what, &path))
        fd = open((char *)path.ptr, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
        note_include(s, &path))
        return send_file(s, fd, s->included[s->n_included - 1], &w);
    ov_msg_begin(&s->out, OV_MSG_ANSWER, 0);
    ov_wire_put_answer(&s->out, &no);
    return post(s, -1);
}

static enum ov_status await_image(struct session *s,
                                  const struct ov_judge_job *job,
                                  struct ov_wire_compiled *ret)
{
    struct ov_message m;

    for (;;) {
        OV_TRY(take(s, &m));
        if (m.type == OV_MSG_INCLUDE) {
            OV_TRY(on_include(s, job, &m));
            continue;
        }
        if (m.type == OV_MSG_COMPILED) {
            if (ov_wire_read_compiled(m.body, ret) != OV_OK)
                return gone(s);
            ret->n_included = s->n_included;
            return OV_OK;
        }
        if (on_report(job, &m) != OV_OK)
            return gone(s);
    }
}

static enum ov_status compile(struct session *s, const struct ov_judge_job *job,
                              int image_fd, struct ov_wire_compiled *ret)
{
    OV_TRY(begin(s, job->spawn_flags));
    OV_TRY(send_job(s, job, image_fd));
    return await_image(s, job, ret);
}

enum ov_status ov_judge_compile(const struct ov_judge_job *job, int *ret_fd,
                                struct ov_wire_compiled *ret,
                                struct ov_judge_refusal *refusal)
{
    struct session s = {
        .refusal = refusal, .child = {0, -1}, .max_silence = job->max_silence};
    struct ov_wire_compiled c;
    OV_AUTO_FD fd = -1;
    enum ov_status status;
    struct stat st;

    if (ov_memory_file("overt-image", &fd) != OV_OK)
        return refuse(refusal, OV_IO, "", strerror(errno));
    status = compile(&s, job, fd, &c);
    /* Only when the judge is gone is the file sealed and measured. */
    session_done(&s);
    OV_TRY(status);
    if (ov_memory_seal(fd) != OV_OK || fstat(fd, &st) != 0 ||
        (uint64_t)st.st_size != c.image_len)
        return refuse(refusal, OV_IO, "", "the image cannot be kept");
    *ret = c;
    *ret_fd = ov_fd_steal(&fd);
    return OV_OK;
}

static enum ov_status show(struct session *s, const struct ov_judge_view *view)
{
    const struct ov_wire_show w = {
        view->what, view->image_len,
        ov_span_str(view->name != NULL ? view->name : "")};
    struct ov_message m;

    OV_TRY(begin(s, view->spawn_flags));
    ov_msg_begin(&s->out, OV_MSG_SHOW, 0);
    ov_wire_put_show(&s->out, &w);
    OV_TRY(post(s, view->image_fd));
    s->state = OV_PEER_OPEN;
    for (;;) {
        OV_TRY(take(s, &m));
        if (m.type != OV_MSG_TEXT)
            return gone(s);
        if (m.body.len == 0)
            return OV_OK;
        if (!view->write(view->data, m.body))
            return OV_OK;
    }
}

enum ov_status ov_judge_show(const struct ov_judge_view *view,
                             struct ov_judge_refusal *refusal)
{
    struct session s = {
        .refusal = refusal, .child = {0, -1}, .max_silence = view->max_silence};
    enum ov_status status = show(&s, view);

    session_done(&s);
    return status;
}

/* A name that cannot lead out of a folder. */
static bool is_file_name(struct ov_span name)
{
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = (uint8_t)ov_span_byte(name, i);

        if (!ov_is_digit(c) && (c < 'a' || c > 'z') && c != '-' && c != '.')
            return false;
    }
    return name.len > 0 && name.len < 64 && ov_span_byte(name, 0) != '.';
}

static enum ov_status take_files(struct session *s,
                                 const struct ov_judge_export *job,
                                 struct ov_wire_compiled *ret)
{
    for (;;) {
        struct ov_wire_file f;
        struct ov_message m;

        OV_TRY(take(s, &m));
        if (m.type == OV_MSG_COMPILED)
            return ov_wire_read_compiled(m.body, ret) == OV_OK ? OV_OK
                                                               : gone(s);
        if (m.type != OV_MSG_FILE || ov_wire_read_file(m.body, &f) != OV_OK ||
            !is_file_name(f.name))
            return gone(s);
        if (!job->file(job->data, f.name, f.piece))
            return refuse(s->refusal, OV_IO, "", "stopped");
    }
}

static enum ov_status send_release(struct session *s,
                                   const struct ov_judge_export *job)
{
    static const char *const names[] = {"records.0", "delta"};

    for (size_t i = 0; i < 2; i++) {
        const struct ov_wire_source w = {.name = ov_span_str(names[i]),
                                         .len = job->lens[i]};

        ov_msg_begin(&s->out, OV_MSG_SOURCE, 0);
        ov_wire_put_source(&s->out, &w);
        OV_TRY(post(s, job->fds[i]));
    }
    ov_msg_begin(&s->out, OV_MSG_END, 0);
    return post(s, -1);
}

static enum ov_status export_release(struct session *s,
                                     const struct ov_judge_export *job,
                                     struct ov_wire_compiled *ret)
{
    OV_TRY(begin(s, job->spawn_flags));
    ov_msg_begin(&s->out, OV_MSG_EXPORT, 0);
    ov_wire_put_export(&s->out, job->format);
    OV_TRY(post(s, -1));
    s->state = OV_PEER_OPEN;
    OV_TRY(send_release(s, job));
    return take_files(s, job, ret);
}

enum ov_status ov_judge_export(const struct ov_judge_export *job,
                               uint64_t *ret_n_exported, uint64_t *ret_n_left,
                               struct ov_judge_refusal *refusal)
{
    struct session s = {.refusal = refusal, .child = {0, -1}};
    struct ov_wire_compiled c;
    enum ov_status status = export_release(&s, job, &c);

    session_done(&s);
    OV_TRY(status);
    *ret_n_exported = c.n_rules;
    *ret_n_left = c.n_skipped;
    return OV_OK;
}
