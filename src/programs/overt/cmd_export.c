/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "host/option.h"
#include "host/output.h"
#include "host/state_place.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/judge_client.h"
#include "sys/spawn.h"

/* overt export: the rules of a release in others' formats, so that leaving is
 * easy. A jailed process reads the release and says what is to be in which
 * file; this one only makes the files, in a folder that is new. */

static const char *const names[] = {"records.0", "delta"};

struct exporter {
    const char *release;
    unsigned spawn_flags;
    int folder;
    bool has_failed;
};

static const char *set_release(void *data, const char *value)
{
    ((struct exporter *)data)->release = value;
    return NULL;
}

static const char *set_best_effort(void *data, const char *value)
{
    (void)value;
    ((struct exporter *)data)->spawn_flags |= OV_SPAWN_BEST_EFFORT;
    return NULL;
}

static const struct option_row rows[] = {
    {"state", 0, "DIR", "where the installed rules are", state_place_option},
    {"release", 0, "FOLDER", "a release, in place of the installed one",
     set_release},
    {"best-effort-jail", 0, NULL, "go on where a jail step is not possible",
     set_best_effort},
};

static const struct option_list options = {
    "overt export",
    "clamav|yara DIR\n"
    "Writes the installed rules to the new folder DIR, for clamscan -d DIR or\n"
    "for yara; not-exported.txt there lists what the format has no words for.",
    rows, sizeof(rows) / sizeof(rows[0])};

/* Each file is only ever added to: the folder was empty at first. */
static bool on_file(void *data, struct ov_span name, struct ov_span piece)
{
    struct exporter *x = data;
    char path[NAME_MAX + 1];
    OV_AUTO_FD fd = -1;

    (void)snprintf(path, sizeof(path), "%.*s", (int)name.len,
                   (const char *)name.ptr);
    fd = openat(x->folder, path,
                O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd >= 0 && ov_write_all(fd, piece) == OV_OK)
        return true;
    out_error("%s: %s", path, strerror(errno));
    x->has_failed = true;
    return false;
}

static bool make_folder(struct exporter *x, const char *path)
{
    if (mkdir(path, 0755) == 0)
        x->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (x->folder < 0)
        out_error("%s: %s", path, strerror(errno));
    return x->folder >= 0;
}

static bool open_in(const char *folder, const char *name, int *ret_fd,
                    uint64_t *ret_len)
{
    OV_AUTO_FD dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    OV_AUTO_FD fd =
        dir < 0 ? -1 : openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0) {
        out_error("%s: %s: %s", folder, name, strerror(errno));
        return false;
    }
    *ret_len = (uint64_t)st.st_size;
    *ret_fd = ov_fd_steal(&fd);
    return true;
}

/* Of the release in use. */
static bool open_installed(struct ov_judge_export *job)
{
    OV_AUTO(state) s = NULL;
    struct ov_diag diag = {0};
    uint64_t seq = 0;
    enum ov_status status = state_place_open(&s, &diag);

    if (status == OV_OK)
        status = ov_state_current(s, &seq);
    for (size_t i = 0; status == OV_OK && i < 2; i++)
        status =
            ov_state_open_file(s, seq, names[i], &job->fds[i], &job->lens[i]);
    if (status == OV_OK)
        return true;
    if (status == OV_NOT_FOUND)
        out_error("no publisher's rules are installed: see overt update");
    else
        out_error("installed rules: %s",
                  diag.text[0] != '\0' ? diag.text : ov_status_name(status));
    return false;
}

static bool open_release(const struct exporter *x, struct ov_judge_export *job)
{
    if (x->release == NULL)
        return open_installed(job);
    return open_in(x->release, names[0], &job->fds[0], &job->lens[0]) &&
           open_in(x->release, names[1], &job->fds[1], &job->lens[1]);
}

static int run(struct exporter *x, const struct ov_judge_export *job)
{
    struct ov_judge_refusal refusal;
    uint64_t n_exported;
    uint64_t n_left;

    if (ov_judge_export(job, &n_exported, &n_left, &refusal) != OV_OK) {
        if (!x->has_failed)
            out_error("%s%s%s", refusal.source, refusal.source[0] ? ": " : "",
                      refusal.text);
        return EXIT_ERROR;
    }
    out_format(out_standard(), "%llu exported, %llu not: not-exported.txt\n",
               (unsigned long long)n_exported, (unsigned long long)n_left);
    return out_flush(out_standard()) ? EXIT_CLEAN : EXIT_ERROR;
}

static int export_as(struct exporter *x, enum ov_judge_format format,
                     const char *path)
{
    struct ov_judge_export job = {
        .format = format,
        .fds = {-1, -1},
        .spawn_flags = x->spawn_flags,
        .file = on_file,
        .data = x,
    };
    int code = EXIT_ERROR;

    if (open_release(x, &job) && make_folder(x, path))
        code = run(x, &job);
    ov_fd_cleanup(&job.fds[0]);
    ov_fd_cleanup(&job.fds[1]);
    return code;
}

int cmd_export(int argc, char **argv)
{
    struct exporter x = {.folder = -1};
    bool is_help = false;
    int code = EXIT_ERROR;

    if (!options_parse(&options, &argc, argv, &x, &is_help))
        return EXIT_ERROR;
    if (is_help)
        return EXIT_CLEAN;
    if (argc != 3)
        out_error("export: say which format and where to; see overt export "
                  "--help");
    else if (strcmp(argv[1], "clamav") == 0)
        code = export_as(&x, OV_JUDGE_CLAMAV, argv[2]);
    else if (strcmp(argv[1], "yara") == 0)
        code = export_as(&x, OV_JUDGE_YARA, argv[2]);
    else
        out_error("export: no such format: %s; there are clamav and yara",
                  argv[1]);
    ov_fd_cleanup(&x.folder);
    return code;
}
