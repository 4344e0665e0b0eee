/* SPDX-License-Identifier: Apache-2.0 */
#include "rebuild_code.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "crypto/digest.h"
#include "rebuild.h"
#include "sys/fd.h"
#include "sys/file.h"

/* The source archive that the entry names by digest goes into a new folder
 * STATE/code-INDEX, the owner's builder (tools/rebuild-code) makes a release of
 * it there, and each file of it must have the digest of the entry's line.
 *
 * A build runs what the source says. So it only happens where the owner named a
 * builder, with an empty environment, and it may write below STATE only, as the
 * monitor itself (watch.c). */

#define MAX_SOURCE ((size_t)256 << 20)
#define MAX_SECONDS 7200
#define POLL_MS 100

struct build {
    struct rounds *rounds;
    uint64_t index;
    char folder[PATH_MAX - 256];
    char source[PATH_MAX];
    char out[PATH_MAX];
    char log[PATH_MAX];
    char home[PATH_MAX + 16];
};

static bool join(char into[static PATH_MAX], const struct build *b,
                 const char *name)
{
    int n = snprintf(into, PATH_MAX, "%s/%s", b->folder, name);

    return n > 0 && n < PATH_MAX;
}

static enum ov_status read_source(struct build *b, const struct ov_entry *e,
                                  struct ov_buf *into)
{
    struct audit_file file = {.index = b->index};

    if (!ov_entry_digest(e, "source", file.digest, &file.size))
        return OV_MALFORMED;
    return rebuild_read_blob(b->rounds, &file, into);
}

static enum ov_status make_folder(struct build *b, const struct ov_entry *e)
{
    OV_AUTO_DONE(buf) source = ov_buf_with_max(MAX_SOURCE);
    const char *state = b->rounds->options->state;
    char full[PATH_MAX];
    int n;

    OV_TRY(read_source(b, e, &source));
    if (realpath(state, full) == NULL)
        return OV_IO;
    n = snprintf(b->folder, sizeof(b->folder), "%.3500s/code-%llu.%lld", full,
                 (unsigned long long)b->index, (long long)time(NULL));
    if (n < 0 || (size_t)n >= sizeof(b->folder) ||
        !join(b->source, b, "source.tar") || !join(b->out, b, "out") ||
        !join(b->log, b, "log"))
        return OV_USAGE;
    if (mkdir(b->folder, 0700) != 0)
        return OV_IO;
    return ov_file_write(b->source, ov_buf_span(&source), 0600, NULL);
}

/* In the child: nothing of ours but the builder's three words. */
static void be_builder(struct build *b)
{
    char temporary[PATH_MAX + 16];
    char path[] = "PATH=/usr/local/bin:/usr/bin:/bin";
    char locale[] = "LC_ALL=C";
    char *environment[] = {path, locale, b->home, temporary, NULL};
    const char *program = b->rounds->options->build_code;
    char *const words[] = {(char *)(uintptr_t)program,
                           (char *)(uintptr_t)b->source,
                           (char *)(uintptr_t)b->out, NULL};
    int log = open(b->log, O_WRONLY | O_CREAT | O_EXCL, 0600);
    int null = open("/dev/null", O_RDONLY);

    (void)snprintf(b->home, sizeof(b->home), "HOME=%s", b->folder);
    (void)snprintf(temporary, sizeof(temporary), "TMPDIR=%s", b->folder);
    if (setpgid(0, 0) != 0 || null < 0 || log < 0 || dup2(null, 0) != 0 ||
        dup2(log, 1) != 1 || dup2(log, 2) != 2)
        _exit(125);
    (void)close_range(3, ~0U, 0);
    (void)execve(program, words, environment);
    _exit(126);
}

/* Its exit code; a build that takes too long is ended. */
static enum ov_status await(pid_t pid, int *ret_code)
{
    const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
    time_t end = time(NULL) + MAX_SECONDS;
    bool is_late = false;
    int status;

    for (;;) {
        pid_t done = waitpid(pid, &status, WNOHANG);

        if (done < 0 && errno != EINTR)
            return OV_IO;
        if (done == pid)
            break;
        if (!is_late && time(NULL) > end) {
            (void)kill(-pid, SIGKILL);
            is_late = true;
        }
        (void)nanosleep(&pause, NULL);
    }
    *ret_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
    return is_late ? OV_TIMED_OUT : OV_OK;
}

static enum ov_status run(struct build *b)
{
    pid_t pid = fork();
    int code = 0;

    if (pid < 0)
        return OV_NO_MEMORY;
    if (pid == 0)
        be_builder(b);
    OV_TRY(await(pid, &code));
    return code == 0 ? OV_OK : OV_MISMATCH;
}

/* "NAME sha256:HEX SIZE" of the entry against the file in out. */
static bool is_same(const struct build *b, struct ov_span value,
                    struct ov_span *ret_name)
{
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(MAX_SOURCE);
    uint8_t said[32];
    uint8_t have[OV_DIGEST_MAX];
    struct ov_span word;
    char path[PATH_MAX];
    char name[256];

    (void)ov_span_cut(&value, ' ', ret_name);
    (void)ov_span_cut(&value, ' ', &word);
    if (snprintf(name, sizeof(name), "out/%.*s", (int)ret_name->len,
                 (const char *)ret_name->ptr) >= (int)sizeof(name) ||
        !join(path, b, name) || ov_file_read(path, &bytes) != OV_OK)
        return false;
    return ov_entry_parse_digest(word, said) &&
           ov_digest(OV_SHA256, ov_buf_span(&bytes), have) == OV_OK &&
           memcmp(said, have, sizeof(said)) == 0;
}

static void compare(const struct build *b, const struct ov_entry *e)
{
    struct findings *f = b->rounds->found;
    bool is_all_same = true;
    struct ov_span value;
    struct ov_span name;

    for (size_t i = 0; ov_entry_value(e, "file", i, &value); i++) {
        if (is_same(b, value, &name))
            continue;
        is_all_same = false;
        finding(f, FINDING_DIFFERENT, "log", b->index,
                "%.*s, built here from the logged source, is another one; "
                "kept: %s",
                (int)name.len, (const char *)name.ptr, b->out);
    }
    if (is_all_same)
        finding(f, FINDING_REBUILT, "log", b->index,
                "the programs, built again, are the same");
}

enum ov_status rebuild_code(struct rounds *r, const struct ov_entry *e,
                            uint64_t index)
{
    OV_AUTO_PTR struct build *b = ov_alloc(sizeof(*b));
    enum ov_status status;

    if (b == NULL)
        return OV_NO_MEMORY;
    b->rounds = r;
    b->index = index;
    status = make_folder(b, e);
    if (status == OV_OK)
        status = run(b);
    if (status == OV_OK)
        compare(b, e);
    else if (status == OV_NOT_FOUND || status == OV_BAD_DIGEST)
        finding(r->found,
                status == OV_NOT_FOUND ? FINDING_MISSING : FINDING_DIFFERENT,
                r->options->repo, index, "the programs' source: %s",
                ov_status_name(status));
    else
        finding(r->found, FINDING_UNREACHABLE, "log", index,
                "the programs could not be built (%s); see %s",
                ov_status_name(status), b->log);
    return OV_OK;
}
