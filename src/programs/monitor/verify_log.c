/* SPDX-License-Identifier: Apache-2.0 */
#include "verify_log.h"

#include <getopt.h>
#include <stdio.h>
#include <time.h>

#include "base/text.h"
#include "log/policy.h"
#include "log_view.h"
#include "sys/file.h"

/* Reads a log whole: the checkpoint, its signatures, every entry, every tile of
 * every level; and says whether they are one tree. */

#define ARENA_SIZE ((size_t)4 << 20)

static const char usage[] =
    "usage: overt-monitor verify-log [--json] [--max-age SECONDS] LOG POLICY\n"
    "\n"
    "LOG is the address or folder that has the file \"checkpoint\"; POLICY "
    "says "
    "whose\nsignatures it needs (c2sp.org/tlog-policy).\n";

struct job {
    const char *log;
    const char *policy_file;
    bool is_json;
    uint64_t max_age;
    struct ov_arena *arena;
    struct ov_buf policy_text;
    struct ov_policy policy;
    struct ov_buf note_text;
    struct ov_policy_result result;
    uint64_t n_bytes;
};

static enum ov_status read_policy(struct job *job, struct ov_diag *diag)
{
    enum ov_status status = ov_file_read(job->policy_file, &job->policy_text);

    if (status != OV_OK)
        return ov_diag_set(diag, OV_USAGE, 0, "%s: %s", job->policy_file,
                           ov_status_name(status));
    status = ov_policy_parse(job->arena, ov_buf_span(&job->policy_text),
                             &job->policy, diag);
    return status == OV_OK ? OV_OK : OV_USAGE;
}

static uint64_t clock_now(void)
{
    return (uint64_t)time(NULL);
}

static enum ov_status read_checkpoint(struct job *job, const struct log_view *v,
                                      struct ov_diag *diag)
{
    const struct ov_policy_clock clock = {clock_now(), job->max_age};
    struct ov_note *note = ov_arena_alloc(job->arena, sizeof(*note));
    enum ov_status status;

    if (note == NULL)
        return OV_NO_MEMORY;
    OV_TRY(view_read(v, "checkpoint", OV_NOTE_MAX_SIZE, &job->note_text, diag));
    status = ov_note_parse(job->arena, ov_buf_span(&job->note_text), note);
    if (status == OV_OK)
        status = ov_policy_check(&job->policy, note, &clock, &job->result);
    if (status != OV_OK)
        return ov_diag_set(diag, status, 0, "checkpoint: %s",
                           status == OV_BAD_PROOF ? "no quorum of cosignatures"
                                                  : ov_status_name(status));
    return OV_OK;
}

static enum ov_status count_entry(void *data, uint64_t index,
                                  struct ov_span entry)
{
    struct job *job = data;

    (void)index;
    job->n_bytes += entry.len;
    return OV_OK;
}

static enum ov_status verify(struct job *job, struct ov_diag *diag)
{
    OV_AUTO(mirrors) mirrors = ov_mirrors_new(0);
    OV_AUTO_PTR struct ov_frontier *frontier = ov_alloc(sizeof(*frontier));
    struct walk w = {.frontier = frontier, .data = job, .entry = count_entry};
    struct log_view v = {.mirrors = mirrors};

    if (mirrors == NULL || frontier == NULL)
        return OV_NO_MEMORY;
    OV_TRY(read_policy(job, diag));
    OV_TRY(ov_mirrors_add(mirrors, job->log, diag));
    OV_TRY(read_checkpoint(job, &v, diag));
    return walk_to(&w, &v, job->result.checkpoint.size,
                   job->result.checkpoint.root, diag);
}

static int exit_code(enum ov_status status)
{
    if (status == OV_OK)
        return 0;
    if (status == OV_USAGE || status == OV_NO_MEMORY)
        return 2;
    if (status == OV_TIMED_OUT)
        return 3;
    if (ov_status_class(status) == OV_CLASS_MACHINE && status != OV_NOT_FOUND)
        return 3;
    return 1;
}

static void put_result(struct ov_buf *b, const struct job *job,
                       enum ov_status status, const struct ov_diag *diag)
{
    const struct ov_checkpoint *c = &job->result.checkpoint;
    const char *why =
        diag->text[0] != '\0' ? diag->text : ov_status_name(status);

    if (job->is_json) {
        ov_put_format(b, "{\"ok\":%s,\"origin\":\"",
                      status == OV_OK ? "true" : "false");
        ov_put_json(b, c->origin);
        ov_put_format(b,
                      "\",\"size\":%llu,\"bytes\":%llu,\"cosigners\":%u,"
                      "\"root\":\"",
                      (unsigned long long)c->size,
                      (unsigned long long)job->n_bytes,
                      (unsigned)__builtin_popcountll(job->result.cosigners));
        ov_put_hex(b, ov_span_of(c->root, sizeof(c->root)));
        ov_put_str(b, "\",\"error\":\"");
        ov_put_json(b, ov_span_str(status == OV_OK ? "" : why));
        ov_put_str(b, "\"}\n");
    } else if (status == OV_OK) {
        ov_put_escaped(b, c->origin);
        ov_put_format(b, ": %llu entries, %u cosignatures, all of one tree\n",
                      (unsigned long long)c->size,
                      (unsigned)__builtin_popcountll(job->result.cosigners));
    } else {
        ov_put_escaped(b, ov_span_str(job->log));
        ov_put_str(b, ": ");
        ov_put_escaped(b, ov_span_str(why));
        ov_put_u8(b, '\n');
    }
}

static int run(struct job *job)
{
    OV_AUTO_DONE(buf) out = ov_buf_with_max(64 << 10);
    struct ov_diag diag = {0};
    enum ov_status status;

    status = verify(job, &diag);
    put_result(&out, job, status, &diag);
    if (ov_buf_status(&out) != OV_OK ||
        fwrite(out.ptr, 1, out.len, stdout) != out.len || fflush(stdout) != 0)
        return 2;
    return exit_code(status);
}

static bool read_options(int argc, char **argv, struct job *job)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {"max-age", required_argument, NULL, 'a'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'j')
            job->is_json = true;
        else if (option != 'a' ||
                 !ov_parse_uint(ov_span_str(optarg), INT64_MAX, &job->max_age))
            return false;
    }
    if (argc - optind != 2)
        return false;
    job->log = argv[optind];
    job->policy_file = argv[optind + 1];
    return true;
}

int verify_log(int argc, char **argv)
{
    OV_AUTO(arena) arena = ov_arena_new(ARENA_SIZE);
    OV_AUTO_PTR struct job *job = ov_alloc(sizeof(*job));
    int code;

    if (arena == NULL || job == NULL)
        return 2;
    job->arena = arena;
    job->policy_text = ov_buf_with_max((size_t)1 << 20);
    job->note_text = ov_buf_with_max(OV_NOTE_MAX_SIZE);
    if (!read_options(argc, argv, job)) {
        (void)fputs(usage, stderr);
        return 2;
    }
    code = run(job);
    ov_buf_done(&job->policy_text);
    ov_buf_done(&job->note_text);
    return code;
}
