/* SPDX-License-Identifier: Apache-2.0 */
#include "verify_log.h"

#include <getopt.h>
#include <stdio.h>

#include "base/text.h"
#include "whole_log.h"

/* Reads a log whole: the checkpoint, its signatures, every entry, every tile of
 * every level; and says whether they are one tree. */

static const char usage[] =
    "usage: overt-monitor verify-log [--json] [--max-age SECONDS] LOG POLICY\n"
    "\n"
    "LOG is the address or folder that has the file \"checkpoint\"; POLICY "
    "says "
    "whose\nsignatures it needs (c2sp.org/tlog-policy).\n";

struct job {
    struct whole_log log;
    bool is_json;
    uint64_t n_bytes;
};

static enum ov_status count_entry(void *data, uint64_t index,
                                  struct ov_span entry)
{
    struct job *job = data;

    (void)index;
    job->n_bytes += entry.len;
    return OV_OK;
}

static void put_result(struct ov_buf *b, const struct job *job,
                       enum ov_status status, const struct ov_diag *diag)
{
    const struct ov_checkpoint *c = &job->log.result.checkpoint;
    const char *why =
        diag->text[0] != '\0' ? diag->text : ov_status_name(status);

    if (job->is_json) {
        ov_put_format(b, "{\"ok\":%s,\"origin\":\"",
                      status == OV_OK ? "true" : "false");
        ov_put_json(b, c->origin);
        ov_put_format(
            b,
            "\",\"size\":%llu,\"bytes\":%llu,\"cosigners\":%u,"
            "\"root\":\"",
            (unsigned long long)c->size, (unsigned long long)job->n_bytes,
            (unsigned)__builtin_popcountll(job->log.result.cosigners));
        ov_put_hex(b, ov_span_of(c->root, sizeof(c->root)));
        ov_put_str(b, "\",\"error\":\"");
        ov_put_json(b, ov_span_str(status == OV_OK ? "" : why));
        ov_put_str(b, "\"}\n");
    } else if (status == OV_OK) {
        ov_put_escaped(b, c->origin);
        ov_put_format(
            b, ": %llu entries, %u cosignatures, all of one tree\n",
            (unsigned long long)c->size,
            (unsigned)__builtin_popcountll(job->log.result.cosigners));
    } else {
        ov_put_escaped(b, ov_span_str(job->log.place));
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

    status = whole_log_read(&job->log, count_entry, job, &diag);
    put_result(&out, job, status, &diag);
    if (ov_buf_status(&out) != OV_OK ||
        fwrite(out.ptr, 1, out.len, stdout) != out.len || fflush(stdout) != 0)
        return 2;
    return whole_log_exit_code(status);
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
        else if (option != 'a' || !ov_parse_uint(ov_span_str(optarg), INT64_MAX,
                                                 &job->log.max_age))
            return false;
    }
    if (argc - optind != 2)
        return false;
    job->log.place = argv[optind];
    job->log.policy_file = argv[optind + 1];
    return true;
}

int verify_log(int argc, char **argv)
{
    OV_AUTO_PTR struct job *job = ov_alloc(sizeof(*job));
    int code = 2;

    if (job == NULL)
        return 2;
    if (!read_options(argc, argv, job))
        (void)fputs(usage, stderr);
    else if (whole_log_begin(&job->log))
        code = run(job);
    whole_log_done(&job->log);
    return code;
}
