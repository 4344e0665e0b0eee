/* SPDX-License-Identifier: Apache-2.0 */
#include "log_act.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log/note.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/key_file.h"
#include "sys/locate.h"
#include "sys/log_client.h"

/*
 * Signing, and the way into the log. A log that runs has a socket; one that
 * does not is opened for one entry by overt-logd (add, once, prove).
 */

#define WAIT_SECONDS 120
#define MAX_KEYS 16
#define MAX_PASSPHRASE 1024
#define MAX_OUTPUT 1024
#define MAX_PROOF ((size_t)256 << 10)

/* ---- keys ---- */

static bool read_key(const struct cloud *c, const char *path,
                     struct ov_key *ret)
{
    char passphrase[MAX_PASSPHRASE];
    struct ov_diag diag = {0};
    size_t len = 0;
    enum ov_status s = ov_key_file_read(path, ov_span_of(NULL, 0), ret, &diag);

    if (s == OV_ENCRYPTED) {
        s = ov_passphrase_get(cloud_option(c, "passphrase-file"), path,
                              passphrase, sizeof(passphrase), &len);
        if (s == OV_OK)
            s = ov_key_file_read(path, ov_span_of(passphrase, len), ret, &diag);
        explicit_bzero(passphrase, sizeof(passphrase));
    }
    if (s != OV_OK)
        (void)cloud_say("%s", diag.text[0] != '\0' ? diag.text : path);
    return s == OV_OK;
}

static bool sign_with(const struct cloud *c, const char *path,
                      struct ov_buf *note)
{
    OV_AUTO_DONE(key) key = {0};
    struct ov_vkey vkey;

    if (!read_key(c, path, &key))
        return false;
    if (ov_vkey_make(key.name, OV_NOTE_ED25519, key.public_key, &vkey) !=
            OV_OK ||
        ov_put_note_signature(note, &vkey, key.seed) != OV_OK) {
        (void)cloud_say("%s: cannot sign with this key", path);
        return false;
    }
    return true;
}

static int is_builders(const struct dirent *d)
{
    struct ov_span name = ov_span_str(d->d_name);

    return ov_span_starts(name, OV_SPAN_LIT("build")) &&
           ov_span_ends(name, OV_SPAN_LIT(".key"));
}

bool sign_entry(const struct cloud *c, struct ov_span text, struct ov_buf *ret)
{
    struct dirent **list = NULL;
    int n = scandir(c->keys, &list, is_builders, alphasort);
    bool ok = n > 0;

    ov_put_span(ret, text);
    ov_put_u8(ret, '\n');
    for (int i = 0; i < n; i++) {
        char path[2 * CLOUD_PATH_MAX];

        (void)snprintf(path, sizeof(path), "%s/%s", c->keys, list[i]->d_name);
        ok = ok && i < MAX_KEYS && sign_with(c, path, ret);
    }
    /* scandir's memory is the C library's */
    for (int i = 0; i < n; i++)
        (free)(list[i]);
    (free)(list);
    if (n <= 0)
        (void)cloud_say("%s: no builders' keys (build*.key) are here", c->keys);
    return ok && ov_buf_status(ret) == OV_OK;
}

/* ---- a log that runs ---- */

static bool ask_log(struct ov_log_client *log, struct ov_span note,
                    struct ov_buf *ret)
{
    struct ov_diag diag = {0};
    uint64_t index;

    if (ov_log_client_add(log, &note, 1, &index, &diag) == OV_OK &&
        ov_log_client_wait(log, index, WAIT_SECONDS, &diag) == OV_OK &&
        ov_log_client_prove(log, index, ret, &diag) == OV_OK)
        return true;
    (void)cloud_say("log: %s", diag.text);
    return false;
}

/* ---- one that does not ---- */

static void become(const char *path, const char *const *words, int out)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null >= 0)
        (void)dup2(null, STDIN_FILENO); /* nothing of ours is its to read */
    (void)dup2(out, STDOUT_FILENO);
    (void)execv(path, (char *const *)(uintptr_t)words);
    _exit(127);
}

/* What it prints, as far as there is room. */
static void read_output(int fd, char *to, size_t size)
{
    size_t len = 0;
    ssize_t got;

    while ((got = read(fd, to + len, size - 1 - len)) != 0 && len + 1 < size) {
        if (got > 0)
            len += (size_t)got;
        else if (errno != EINTR)
            break;
    }
    to[len] = '\0';
}

/* words[0] is its path, to be filled in here. */
static bool run_logd(const char **words, char *output, size_t size)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(CLOUD_PATH_MAX);
    int ends[2];
    int status;
    pid_t pid;

    if (ov_locate_command("overt-logd", &path) != OV_OK ||
        pipe2(ends, O_CLOEXEC) != 0) {
        (void)cloud_say("overt-logd is not installed beside overt-cloud");
        return false;
    }
    words[0] = (const char *)path.ptr;
    pid = fork();
    if (pid == 0)
        become((const char *)path.ptr, words, ends[1]);
    (void)!close(ends[1]);
    read_output(ends[0], output, size);
    (void)!close(ends[0]);
    while (pid > 0 && waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            pid = -1;
    }
    if (pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    (void)cloud_say("overt-logd %s has failed: what it was to log stays "
                    "pending, give the command again",
                    words[1]);
    return false;
}

static bool run_once(const struct cloud *c, const char *path,
                     struct ov_buf *ret)
{
    const char *passphrase = cloud_option(c, "passphrase-file");
    char output[MAX_OUTPUT];
    struct ov_span left;
    struct ov_span word;
    uint64_t index;
    const char *add[] = {NULL, "add", c->log, path, NULL};
    const char *once[] = {
        NULL,       "once",    c->log,
        "--policy", c->policy, passphrase != NULL ? "--passphrase-file" : NULL,
        passphrase, NULL};
    const char *prove[] = {NULL, "prove", c->log, output, NULL};
    OV_AUTO_PTR char *proof = ov_alloc(MAX_PROOF);

    if (proof == NULL || !run_logd(add, output, sizeof(output)))
        return false;
    left = ov_span_str(output);
    (void)ov_span_cut(&left, ' ', &word);
    if (!ov_parse_uint(word, UINT64_MAX, &index)) {
        (void)cloud_say("overt-logd add: \"%s\" is no index", output);
        return false;
    }
    if (!run_logd(once, proof, MAX_PROOF))
        return false;
    (void)snprintf(output, sizeof(output), "%llu", (unsigned long long)index);
    if (!run_logd(prove, proof, MAX_PROOF))
        return false;
    ov_put_str(ret, proof);
    return ov_buf_status(ret) == OV_OK;
}

bool log_note(const struct cloud *c, const char *path, struct ov_span note,
              struct ov_buf *ret)
{
    struct ov_log_client *log = NULL;
    struct ov_diag diag = {0};
    bool ok;

    if (c->log[0] == '\0') {
        (void)cloud_say("cloud.conf names no log");
        return false;
    }
    if (ov_log_client_new(c->log, &log, &diag) != OV_OK)
        return run_once(c, path, ret);
    ok = ask_log(log, note, ret);
    ov_log_client_free(log);
    return ok;
}
