/* SPDX-License-Identifier: Apache-2.0 */

/* overt-judge: compiles rule sources to an image, and prints images, with
 * nothing but descriptors that its parent gives.
 *
 *   compile: options, and a memory file to write the image into
 *   source:  name and descriptor of each source, read whole into own memory
 *   end:     parse in parallel, compile, write, tell
 *   update:  decide whether to believe an update, see update_job.c
 *
 * Sources are cut into pieces at line boundaries, pieces are parsed by all
 * threads, parts are put in the order of pieces: the image does not depend on
 * the number of threads. The parent gets no descriptor back: it made the
 * memory file, and seals it when this process is gone. */

#include <limits.h>
#include <malloc.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "cloud_job.h"
#include "crypto/digest.h"
#include "crypto/ed25519.h"
#include "export_job.h"
#include "judge_crew.h"
#include "judge_proof.h"
#include "rules/compile.h"
#include "rules/image.h"
#include "rules/sources.h"
#include "show.h"
#include "sys/channel.h"
#include "sys/charset.h"
#include "sys/fd.h"
#include "sys/sandbox.h"
#include "sys/wire.h"
#include "tier_job.h"
#include "update_job.h"

#define MAX_THREADS 32
#define MAX_SOURCE ((uint64_t)4 << 30)
#define PIECE ((size_t)1 << 20)
#define MAX_EXTERNALS ((size_t)1 << 20)
/* More faults than anybody reads: the rest is only counted. */
#define MAX_ERRORS_TOLD 1000

struct text {
    struct ov_buf name;
    struct ov_buf space;
    struct ov_buf bytes;
};

struct judge {
    uint8_t *packet; /* OV_MSG_MAX */
    struct ov_buf out;
    enum ov_peer_state state;
    bool is_broken; /* the parent is gone */
    int image_fd;
    struct ov_wire_compile options;
    bool is_export;
    uint32_t export_as;
    struct ov_buf key;
    struct ov_buf defines;
    struct ov_arena *arena; /* external variables */
    struct ov_external *externals;
    size_t n_externals;
    OV_LIST(struct text *, texts);
    struct ov_sources *sources;
    const struct ov_piece *pieces;
    size_t n_pieces;
    struct ov_part **parts;
    struct ov_diag *diags;
    enum ov_status *statuses;
    uint64_t n_errors;
};

static void post(struct judge *j)
{
    if (ov_msg_end(&j->out) != OV_OK ||
        ov_channel_send(OV_PARENT_FD, &j->out, -1) != OV_OK)
        j->is_broken = true;
}

static enum ov_status refuse(struct judge *j, enum ov_status status,
                             struct ov_span source, const struct ov_diag *diag)
{
    const char *text = diag != NULL && diag->text[0] != '\0'
                           ? diag->text
                           : ov_status_name(status);
    struct ov_wire_failure f = {.status = (uint32_t)status,
                                .line = diag != NULL ? diag->line : 0,
                                .source = source,
                                .text = ov_span_str(text)};

    ov_msg_begin(&j->out, OV_MSG_REFUSED, 0);
    ov_wire_put_failure(&j->out, &f);
    post(j);
    return status;
}

static void post_progress(void *data, uint64_t done, uint64_t total)
{
    struct judge *j = data;

    ov_msg_begin(&j->out, OV_MSG_PROGRESS, 0);
    ov_wire_put_two(&j->out, done, total);
    post(j);
}

static enum ov_status on_compile(struct judge *j, const struct ov_message *m,
                                 int *fd)
{
    OV_TRY(ov_wire_read_compile(m->body, &j->options));
    ov_put_span(&j->key, j->options.key); /* the packet is used again */
    ov_put_span(&j->defines, j->options.defines);
    OV_TRY(ov_buf_status(&j->key));
    OV_TRY(ov_buf_status(&j->defines));
    j->options.key = ov_buf_span(&j->key);
    j->options.defines = ov_buf_span(&j->defines);
    j->image_fd = ov_fd_steal(fd);
    j->state = OV_PEER_OPEN;
    return OV_OK;
}

static enum ov_status read_whole(int fd, uint64_t len, struct ov_buf *into)
{
    while (into->len < len) {
        uint8_t *room = ov_buf_room(into, (size_t)len - into->len);
        ssize_t got;

        if (room == NULL)
            return ov_buf_status(into);
        got = pread64(fd, room, (size_t)len - into->len, (off64_t)into->len);
        if (got < 0)
            return OV_IO;
        if (got == 0)
            return OV_TRUNCATED;
        ov_buf_added(into, (size_t)got);
    }
    return OV_OK;
}

static enum ov_status on_source(struct judge *j, const struct ov_message *m,
                                int fd)
{
    struct ov_wire_source source;
    struct text **place;
    struct text *t;
    enum ov_status status;

    OV_TRY(ov_wire_read_source(m->body, &source));
    place = ov_part_add(&j->texts);
    t = ov_alloc(sizeof(*t));
    if (place == NULL || t == NULL)
        return refuse(j, OV_NO_MEMORY, source.name, NULL);
    *place = t;
    t->name = ov_buf_with_max(OV_MSG_MAX);
    t->space = ov_buf_with_max(OV_MSG_MAX);
    t->bytes = ov_buf_with_max(MAX_SOURCE);
    ov_put_span(&t->name, source.name);
    ov_put_span(&t->space, source.space);
    OV_TRY(ov_buf_status(&t->space));
    status = read_whole(fd, source.len, &t->bytes);
    if (status != OV_OK)
        return refuse(j, status, source.name, NULL);
    return ov_buf_status(&t->name);
}

/* What answers an include: a source, or nothing. */
static enum ov_status take_include(struct judge *j)
{
    OV_AUTO_FD fd = -1;
    struct ov_span packet;
    struct ov_message m;

    OV_TRY(ov_channel_receive(OV_PARENT_FD, j->packet, &packet, &fd));
    OV_TRY(ov_msg_decode(packet, fd >= 0, OV_TO_JUDGE, j->state, &m));
    if (m.type == OV_MSG_ANSWER)
        return OV_OK;
    return m.type == OV_MSG_SOURCE ? on_source(j, &m, fd) : OV_MALFORMED;
}

static void parse_piece(void *data, size_t i)
{
    struct judge *j = data;

    j->statuses[i] =
        ov_sources_parse(j->sources, &j->pieces[i], &j->parts[i], &j->diags[i]);
}

static void tell_parsed(void *data, size_t done)
{
    struct judge *j = data;

    post_progress(j, done, j->n_pieces * 2);
}

static struct ov_span source_name(const struct judge *j, uint32_t source)
{
    size_t n;
    const struct ov_source *list = ov_sources_list(j->sources, &n);

    return source < n ? list[source].name : OV_SPAN_LIT("?");
}

static void tell_errors(struct judge *j, const struct ov_part *part)
{
    for (size_t i = 0; i < part->skips.n; i++) {
        const struct ov_skip *skip = &part->skips.items[i];
        const struct ov_wire_skip s = {
            source_name(j, ov_part_source(part, skip->source)),
            skip->line,
            skip->n,
            skip->is_error,
            skip->why,
            skip->what};

        if (!skip->is_error || ++j->n_errors > MAX_ERRORS_TOLD)
            continue;
        ov_msg_begin(&j->out, OV_MSG_SKIP, 0);
        ov_wire_put_skip(&j->out, &s);
        post(j);
    }
}

static void tell_warnings(struct judge *j, const struct ov_part *part)
{
    for (size_t i = 0; i < part->warnings.n; i++) {
        const struct ov_warning *w = &part->warnings.items[i];
        const struct ov_wire_skip s = {
            .source = source_name(j, ov_part_source(part, w->source)),
            .line = w->line,
            .why = w->rule,
            .what = w->text};

        ov_msg_begin(&j->out, OV_MSG_WARNING, 0);
        ov_wire_put_skip(&j->out, &s);
        post(j);
    }
}

/* Faults are told in the order of sources, whoever found them first. */
static enum ov_status judge_parts(struct judge *j)
{
    size_t first_bad = SIZE_MAX;
    uint32_t source;

    for (size_t i = 0; i < j->n_pieces; i++) {
        struct ov_span name = source_name(j, j->pieces[i].source);

        if (j->statuses[i] != OV_OK && j->statuses[i] != OV_MALFORMED)
            return refuse(j, j->statuses[i], name, &j->diags[i]);
        if (j->parts[i] == NULL)
            return refuse(j, OV_MALFORMED, name, &j->diags[i]);
        tell_warnings(j, j->parts[i]);
        tell_errors(j, j->parts[i]);
        if (j->statuses[i] != OV_OK && first_bad == SIZE_MAX)
            first_bad = i;
    }
    if (first_bad == SIZE_MAX || j->options.skip_errors)
        return OV_OK;
    source = ov_part_fault_source(j->parts[first_bad]);
    return refuse(j, OV_MALFORMED, source_name(j, source),
                  &j->diags[first_bad]);
}

static enum ov_status parse(struct judge *j)
{
    struct crew_job job = {parse_piece, tell_parsed, j, 0,
                           j->options.n_threads};
    enum ov_status status =
        ov_sources_cut(j->sources, PIECE, &j->pieces, &j->n_pieces);

    if (status != OV_OK)
        return refuse(j, status, (struct ov_span){0}, NULL);
    j->parts = ov_alloc_array(j->n_pieces, sizeof(struct ov_part *));
    j->diags = ov_alloc_array(j->n_pieces, sizeof(*j->diags));
    j->statuses = ov_alloc_array(j->n_pieces, sizeof(*j->statuses));
    if (j->parts == NULL || j->diags == NULL || j->statuses == NULL)
        return refuse(j, OV_NO_MEMORY, (struct ov_span){0}, NULL);
    job.n = j->n_pieces;
    crew_run(&job);
    return judge_parts(j);
}

static void tell_compiled(void *data, uint64_t done, uint64_t total)
{
    post_progress(data, total + done, total * 2);
}

static enum ov_status write_image(int fd, struct ov_span image)
{
    size_t at = 0;

    while (at < image.len) {
        ssize_t put = pwrite64(fd, image.ptr + at, image.len - at, (off64_t)at);

        if (put <= 0)
            return OV_IO;
        at += (size_t)put;
    }
    return OV_OK;
}

static enum ov_status post_compiled(struct judge *j, struct ov_span bytes,
                                    const struct ov_compile_report *report)
{
    OV_AUTO(image) image = NULL;
    struct ov_wire_compiled c = {.image_len = bytes.len,
                                 .n_rules = report->n_rules,
                                 .n_hashes = report->n_hashes,
                                 .n_patterns = report->n_patterns,
                                 .n_skipped = report->n_skipped,
                                 .n_ignored = report->n_ignored,
                                 .n_weak = report->n_weak};

    OV_TRY(ov_image_open(bytes, &image, NULL));
    memcpy(c.digest, image->digest, sizeof(c.digest));
    ov_msg_begin(&j->out, OV_MSG_COMPILED, 0);
    ov_wire_put_compiled(&j->out, &c);
    post(j);
    return OV_OK;
}

static enum ov_status compile(struct judge *j)
{
    struct ov_compile_job job = {.parts = j->parts,
                                 .n_parts = j->n_pieces,
                                 .externals = j->externals,
                                 .n_externals = j->n_externals,
                                 .progress = tell_compiled,
                                 .progress_data = j};
    OV_AUTO_DONE(buf) image = ov_buf_with_max(SIZE_MAX);
    struct ov_compile_report report = {0};
    struct ov_diag diag = {0};
    enum ov_status status;

    job.sources = ov_sources_list(j->sources, &job.n_sources);
    status = ov_compile(&job, &image, &report, &diag);
    if (status == OV_OK)
        status = write_image(j->image_fd, ov_buf_span(&image));
    if (status == OV_OK)
        status = post_compiled(j, ov_buf_span(&image), &report);
    if (status != OV_OK)
        return refuse(j, status, (struct ov_span){0}, &diag);
    return OV_OK;
}

/* A tier of a release: the first text is its records, the second the IDs that
 * it withdraws. */
static enum ov_status compile_tier(struct judge *j)
{
    OV_AUTO_DONE(buf) image = ov_buf_with_max(SIZE_MAX);
    struct ov_compile_report report = {0};
    struct ov_diag diag = {0};
    enum ov_status status = OV_USAGE;

    if (j->texts.n == 2)
        status = tier_job_compile(ov_buf_span(&j->texts.items[0]->bytes),
                                  ov_buf_span(&j->texts.items[1]->bytes),
                                  &image, &report, &diag);
    if (status == OV_OK)
        status = write_image(j->image_fd, ov_buf_span(&image));
    if (status == OV_OK)
        status = post_compiled(j, ov_buf_span(&image), &report);
    if (status != OV_OK)
        return refuse(j, status, (struct ov_span){0}, &diag);
    return OV_OK;
}

static enum ov_status on_export(struct judge *j, const struct ov_message *m)
{
    OV_TRY(ov_wire_read_export(m->body, &j->export_as));
    j->is_export = true;
    j->state = OV_PEER_OPEN;
    return j->export_as < OV_N_EXPORTS ? OV_OK : OV_MALFORMED;
}

static enum ov_status post_file(void *data, struct ov_span name,
                                struct ov_span text)
{
    struct judge *j = data;

    while (text.len > 0 && !j->is_broken) {
        const struct ov_wire_file f = {
            name, ov_span_clip(text, 0, OV_WIRE_MAX_PIECE)};

        ov_msg_begin(&j->out, OV_MSG_FILE, 0);
        ov_wire_put_file(&j->out, &f);
        post(j);
        text = ov_span_clip(text, f.piece.len, text.len);
    }
    return j->is_broken ? OV_PEER_GONE : OV_OK;
}

static enum ov_status run_export(struct judge *j)
{
    struct ov_export x = {
        .as = (enum ov_export_as)j->export_as, .write = post_file, .data = j};
    struct ov_wire_compiled c = {0};
    enum ov_status status = OV_USAGE;

    if (j->texts.n == 2)
        status = export_job_run(ov_buf_span(&j->texts.items[0]->bytes),
                                ov_buf_span(&j->texts.items[1]->bytes), &x);
    if (status != OV_OK)
        return refuse(j, status, (struct ov_span){0}, NULL);
    c.n_rules = x.n_exported;
    c.n_skipped = x.n_left;
    ov_msg_begin(&j->out, OV_MSG_COMPILED, 0);
    ov_wire_put_compiled(&j->out, &c);
    post(j);
    return OV_OK;
}

/* The files that sources include: each is asked for, and given or not. */
static enum ov_status ask_for_includes(struct judge *j)
{
    struct ov_sources_wanted wanted;
    bool is_wanted;

    for (;;) {
        struct ov_wire_include what;
        size_t before = j->texts.n;

        OV_TRY(ov_sources_wants(j->sources, &wanted, &is_wanted));
        if (!is_wanted)
            return OV_OK;
        what = (struct ov_wire_include){wanted.file, wanted.path};
        ov_msg_begin(&j->out, OV_MSG_INCLUDE, 0);
        ov_wire_put_include(&j->out, &what);
        post(j);
        if (j->is_broken)
            return OV_PEER_GONE;
        OV_TRY(take_include(j));
        if (j->texts.n == before)
            ov_sources_refuse(j->sources);
        else
            OV_TRY(ov_sources_give(
                j->sources, ov_buf_span(&j->texts.items[before]->bytes)));
    }
}

static enum ov_status add_text(struct judge *j, const struct text *t,
                               struct ov_diag *diag)
{
    if (t->space.len > 0)
        return ov_sources_add_yara(j->sources, ov_buf_span(&t->name),
                                   ov_buf_span(&t->space),
                                   ov_buf_span(&t->bytes));
    return ov_sources_add(j->sources, ov_buf_span(&t->name),
                          ov_buf_span(&t->bytes), diag);
}

static enum ov_status read_externals(struct judge *j)
{
    struct ov_diag diag = {0};
    enum ov_status status = OV_NO_MEMORY;

    j->arena = ov_arena_new(MAX_EXTERNALS);
    if (j->arena != NULL)
        status = ov_externals_parse(j->options.defines, j->arena, &j->externals,
                                    &j->n_externals, &diag);
    if (status != OV_OK)
        return refuse(j, status, (struct ov_span){0}, &diag);
    ov_sources_set_externals(j->sources, j->externals, j->n_externals);
    if (j->options.has_file_values)
        ov_sources_allow_file_values(j->sources);
    if (j->options.wants_warnings)
        ov_sources_want_warnings(j->sources);
    return OV_OK;
}

static enum ov_status on_end(struct judge *j)
{
    const struct ov_clamav_trust trust = {j->options.key,
                                          j->options.allow_unsigned};

    if (j->is_export)
        return run_export(j);
    if (j->options.is_tier)
        return compile_tier(j);
    j->sources = ov_sources_new(&trust);
    if (j->sources == NULL)
        return refuse(j, OV_NO_MEMORY, (struct ov_span){0}, NULL);
    OV_TRY(read_externals(j));
    for (size_t i = 0; i < j->texts.n; i++) {
        const struct text *t = j->texts.items[i];
        struct ov_diag diag = {0};
        enum ov_status status = add_text(j, t, &diag);

        if (status != OV_OK)
            return refuse(j, status, ov_buf_span(&t->name), &diag);
    }
    OV_TRY(ask_for_includes(j));
    OV_TRY(parse(j));
    return compile(j);
}

static bool post_text(void *data, struct ov_span text)
{
    struct judge *j = data;

    while (text.len > 0 && !j->is_broken) {
        ov_msg_begin(&j->out, OV_MSG_TEXT, 0);
        ov_put_span(&j->out, ov_span_clip(text, 0, OV_MSG_MAX_BODY));
        post(j);
        text = ov_span_clip(text, OV_MSG_MAX_BODY, text.len);
    }
    return !j->is_broken;
}

static enum ov_status on_show(struct judge *j, const struct ov_message *m,
                              int fd)
{
    const struct ov_text_out out = {post_text, j};
    OV_AUTO_DONE(buf) name = ov_buf_with_max(OV_MSG_MAX);
    struct ov_wire_show what;
    struct ov_diag diag = {0};
    enum ov_status status;

    OV_TRY(ov_wire_read_show(m->body, &what));
    ov_put_span(&name, what.name); /* the packet is used again */
    what.name = ov_buf_span(&name);
    j->state = OV_PEER_OPEN;
    if (what.what == OV_JUDGE_PROOF)
        status = judge_proof(fd, what.image_len, &out, &diag);
    else if (what.what == OV_JUDGE_FORMAT)
        status = show_formatted(fd, what.image_len, &out, &diag);
    else if (what.what == OV_JUDGE_MADE)
        status = show_made(fd, &out, &diag);
    else
        status = show_image(fd, &what, &out, &diag);
    if (status != OV_OK)
        return refuse(j, status, (struct ov_span){0}, &diag);
    ov_msg_begin(&j->out, OV_MSG_TEXT, 0);
    post(j);
    return OV_OK;
}

static enum ov_status on_update(struct judge *j, const struct ov_message *m,
                                int fd)
{
    OV_AUTO_DONE(buf) body = ov_buf_with_max(OV_MSG_MAX);
    struct ov_wire_update task;
    const struct update_job job = {&task, fd, j->packet, &j->out};

    ov_put_span(&body, m->body); /* the packet is used again */
    OV_TRY(ov_buf_status(&body));
    OV_TRY(ov_wire_read_update(ov_buf_span(&body), &task));
    j->state = OV_PEER_OPEN;
    return cloud_job_is(task.task) ? cloud_job_run(&job) : update_job_run(&job);
}

static enum ov_status serve_one(struct judge *j)
{
    OV_AUTO_FD fd = -1;
    struct ov_span packet;
    struct ov_message m;

    OV_TRY(ov_channel_receive(OV_PARENT_FD, j->packet, &packet, &fd));
    OV_TRY(ov_msg_decode(packet, fd >= 0, OV_TO_JUDGE, j->state, &m));
    if (m.type == OV_MSG_COMPILE)
        OV_TRY(on_compile(j, &m, &fd));
    else if (m.type == OV_MSG_EXPORT)
        OV_TRY(on_export(j, &m));
    else if (m.type == OV_MSG_SOURCE)
        OV_TRY(on_source(j, &m, fd));
    else if (m.type == OV_MSG_END)
        OV_TRY(on_end(j));
    else if (m.type == OV_MSG_UPDATE)
        OV_TRY(on_update(j, &m, fd));
    else
        OV_TRY(on_show(j, &m, fd));
    return j->is_broken ? OV_PEER_GONE : OV_OK;
}

/* Libraries open files when they are first used; afterwards they do not. */
static bool warm_up(void)
{
    static const uint8_t key[OV_ED25519_KEY] = {1};
    static const uint8_t sig[OV_ED25519_SIG] = {1};
    uint8_t digest[OV_DIGEST_MAX];

    tzset();
    ov_charset_prepare();
    (void)!ov_digest(OV_MD5, OV_SPAN_LIT("x"), digest);   /* may be forbidden */
    (void)!ov_digest(OV_SHA1, OV_SPAN_LIT("x"), digest);  /* may be forbidden */
    (void)!ov_ed25519_verify(key, OV_SPAN_LIT("x"), sig); /* it is wrong */
    return ov_digest(OV_SHA256, OV_SPAN_LIT("x"), digest) == OV_OK;
}

/* One thread less than there are processors: the main thread works too. */
static bool start_threads(void *unused)
{
    cpu_set_t set;
    int n = 1;

    (void)unused;
    if (sched_getaffinity(0, sizeof(set), &set) == 0)
        n = CPU_COUNT(&set);
    if (n > MAX_THREADS)
        n = MAX_THREADS;
    /* Otherwise the allocator asks the kernel how many to make. */
    (void)mallopt(M_ARENA_MAX, n + 1);
    /* Before a thread's arena shrinks, it reads a file of /proc to see how; in
     * the jail that is death. So it never shrinks. */
    (void)mallopt(M_TRIM_THRESHOLD, INT_MAX);
    return crew_start(n > 1 ? (unsigned)n - 1 : 0);
}

static bool go_to_jail(struct judge *j, bool is_best_effort)
{
    const struct ov_confine how = {.profile = OV_PROFILE_JUDGE,
                                   .is_best_effort = is_best_effort,
                                   .start_threads = start_threads};
    struct ov_diag diag = {0};
    struct ov_jail jail;

    if (ov_confine(&how, &jail, &diag) != OV_OK) {
        (void)!refuse(j, OV_DENIED, (struct ov_span){0}, &diag);
        return false;
    }
    ov_msg_begin(&j->out, OV_MSG_JUDGE_READY, 0);
    ov_wire_put_jail(&j->out, &jail);
    post(j);
    j->state = OV_PEER_READY;
    return true;
}

int main(int argc, char **argv)
{
    struct judge *j = ov_alloc(sizeof(*j));
    enum ov_status status = OV_OK;

    if (j == NULL)
        return 1;
    j->packet = ov_alloc(OV_MSG_MAX);
    j->out = ov_buf_with_max(OV_MSG_MAX);
    j->key = ov_buf_with_max(OV_MSG_MAX);
    j->defines = ov_buf_with_max(OV_MSG_MAX);
    j->state = OV_PEER_STARTING;
    if (j->packet == NULL || !warm_up() ||
        !go_to_jail(j, argc > 1 && strcmp(argv[1], "--best-effort") == 0))
        return 1;
    while (status == OV_OK)
        status = serve_one(j);
    return status == OV_PEER_GONE ? 0 : 1;
}
