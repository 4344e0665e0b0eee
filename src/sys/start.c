/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/start.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

/* By posix_spawn: the parent may be large, and its memory is not copied. */

static int set_files(posix_spawn_file_actions_t *files, int input)
{
    int error = posix_spawn_file_actions_adddup2(files, input, 0);

    if (error == 0)
        error = posix_spawn_file_actions_addopen(files, 1, "/dev/null",
                                                 O_WRONLY, 0);
    if (error == 0)
        error = posix_spawn_file_actions_addclosefrom_np(files, 3);
    return error;
}

static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t all;
    sigset_t none;
    int error;

    sigfillset(&all);
    sigemptyset(&none);
    error = posix_spawnattr_setsigdefault(attributes, &all);
    if (error == 0)
        error = posix_spawnattr_setsigmask(attributes, &none);
    if (error == 0)
        error = posix_spawnattr_setpgroup(attributes, 0);
    if (error == 0)
        error = posix_spawnattr_setflags(
            attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
                            POSIX_SPAWN_SETPGROUP);
    return error;
}

enum ov_status ov_program_start(const struct ov_program *p, pid_t *ret,
                                struct ov_diag *diag)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&files);

    if (error != 0)
        return OV_NO_MEMORY;
    error = posix_spawnattr_init(&attributes);
    if (error == 0) {
        error = set_files(&files, p->input);
        if (error == 0)
            error = set_attributes(&attributes);
        if (error == 0)
            error = posix_spawn(ret, p->path, &files, &attributes, p->arguments,
                                p->environment);
        (void)posix_spawnattr_destroy(&attributes); /* cannot fail */
    }
    (void)posix_spawn_file_actions_destroy(&files); /* cannot fail */
    if (error == 0)
        return OV_OK;
    return ov_diag_set(diag, OV_IO, 0, "cannot be started: %s",
                       strerror(error));
}

bool ov_program_has_ended(pid_t pid, int *ret_how)
{
    int how = 0;
    pid_t got;

    do {
        got = waitpid(pid, &how, WNOHANG);
    } while (got < 0 && errno == EINTR);
    if (got == 0)
        return false;
    *ret_how = got > 0 ? how : 0; /* somebody else has waited for it */
    return true;
}

void ov_program_kill(pid_t pid)
{
    (void)!kill(-pid, SIGKILL); /* it may be gone already */
}
