/* SPDX-License-Identifier: Apache-2.0 */
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "host/option.h"
#include "host/output.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/judge_client.h"

/* overt verify-proof: whether an entry is in a transparency log, by files alone
 * (c2sp.org/tlog-proof, tlog-policy). The jailed judge reads them. */

#define MAX_FILE ((size_t)1 << 19)

/* The exit codes of this command; docs/man/overt.1. */
enum {
    EXIT_PROVEN = 0,
    EXIT_REFUSED = 1,
};

static const char *set_max_age(void *data, const char *value)
{
    return option_number(value, UINT32_MAX, data) ? NULL
                                                  : "not a number of seconds";
}

static const struct option_row rows[] = {
    {"max-age", 0, "SECONDS", "refuse a quorum of cosignatures that is older",
     set_max_age},
};

static const struct option_list options = {
    "overt verify-proof", "[OPTION]... PROOF ENTRY POLICY", rows,
    sizeof(rows) / sizeof(rows[0])};

static bool read_file(const char *path, struct ov_buf *into)
{
    enum ov_status s = ov_file_read(path, into);

    if (s != OV_OK)
        out_error("%s: %s", path, ov_status_name(s));
    return s == OV_OK;
}

static bool write_text(void *data, struct ov_span text)
{
    (void)data;
    out_format(out_standard(), "%.*s", (int)text.len, (const char *)text.ptr);
    return true;
}

static int verify(const struct ov_wire_proof *parts)
{
    OV_AUTO_DONE(buf) all = ov_buf_with_max(OV_WIRE_PROOF_MAX);
    struct ov_judge_view view = {.what = OV_JUDGE_PROOF, .write = write_text};
    struct ov_judge_refusal refusal = {0};
    enum ov_status s;
    OV_AUTO_FD fd = -1;

    ov_wire_put_proof(&all, parts);
    s = ov_buf_status(&all);
    if (s == OV_OK)
        s = ov_memory_file("overt-proof", &fd);
    if (s == OV_OK && write(fd, all.ptr, all.len) != (ssize_t)all.len)
        s = OV_IO;
    if (s != OV_OK) {
        out_error("%s", ov_status_name(s));
        return EXIT_ERROR;
    }
    view.image_fd = fd;
    view.image_len = all.len;
    s = ov_judge_show(&view, &refusal);
    if (s == OV_OK)
        return out_flush(out_standard()) ? EXIT_PROVEN : EXIT_ERROR;
    if (refusal.line != 0)
        out_error("policy, line %u: %s", (unsigned)refusal.line, refusal.text);
    else
        out_error("%s", refusal.text);
    return ov_status_class(s) == OV_CLASS_MACHINE ? EXIT_ERROR : EXIT_REFUSED;
}

int cmd_verify_proof(int argc, char **argv)
{
    OV_AUTO_DONE(buf) proof = ov_buf_with_max(MAX_FILE);
    OV_AUTO_DONE(buf) entry = ov_buf_with_max(MAX_FILE);
    OV_AUTO_DONE(buf) policy = ov_buf_with_max(MAX_FILE);
    struct ov_wire_proof parts = {0};
    bool is_help = false;
    struct timespec now;

    if (!options_parse(&options, &argc, argv, &parts.max_age, &is_help))
        return EXIT_ERROR;
    if (is_help)
        return EXIT_PROVEN;
    if (argc != 4) {
        out_error("verify-proof takes a proof, an entry and a policy");
        return EXIT_ERROR;
    }
    if (!read_file(argv[1], &proof) || !read_file(argv[2], &entry) ||
        !read_file(argv[3], &policy) ||
        clock_gettime(CLOCK_REALTIME, &now) != 0)
        return EXIT_ERROR;
    parts.now = (uint64_t)now.tv_sec;
    parts.proof = ov_buf_span(&proof);
    parts.entry = ov_buf_span(&entry);
    parts.policy = ov_buf_span(&policy);
    return verify(&parts);
}
