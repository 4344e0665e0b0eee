/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_child.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/output.h"
#include "sys/fd.h"
#include "sys/locate.h"
#include "sys/start.h"

/* It is a client of the daemon like others, with a certificate. If it ends
 * though nobody asked it to, it is started again after a moment; so a port that
 * is taken or a key that is wrong are told again and again, and mended without
 * a restart of the daemon. */

#define AGAIN_MS 5000

static void forget(struct tls_child *t)
{
    ov_loop_remove(t->loop, &t->watch);
    ov_fd_cleanup(&t->watch.fd);
    ov_fd_cleanup(&t->lifeline);
    t->watch.fd = t->lifeline = -1;
    t->pid = 0;
}

static void on_end(struct ov_loop_watch *w, unsigned events)
{
    struct tls_child *t = w->data;
    int how;

    (void)events;
    if (!ov_program_has_ended(t->pid, &how))
        return;
    out_error("overt-tls has ended; it is started again");
    forget(t);
    ov_loop_timer_set(t->loop, &t->again, AGAIN_MS);
}

static bool start(struct tls_child *t)
{
    static char name[] = "overt-tls";
    static char option[] = "--config";
    static char api[] = "--api";
    OV_AUTO_DONE(buf) path = ov_buf_with_max(PATH_MAX);
    OV_AUTO_DONE(buf) config = ov_buf_with_max(PATH_MAX);
    char *environment[] = {NULL};
    struct ov_diag diag = {0};
    int ends[2];

    ov_put_str(&config, t->config);
    ov_put_u8(&config, 0);
    if (ov_buf_status(&config) != OV_OK ||
        ov_locate_program("tls", &path) != OV_OK || pipe2(ends, O_CLOEXEC) != 0)
        return false;
    OV_AUTO_FD theirs = ends[0];
    OV_AUTO_FD ours = ends[1];
    char *arguments[] = {name, option, (char *)config.ptr,
                         t->is_api ? api : NULL, NULL};
    const struct ov_program program = {(char *)path.ptr, arguments, environment,
                                       theirs};

    if (ov_program_start(&program, &t->pid, &diag) != OV_OK) {
        out_error("overt-tls: %s", diag.text);
        return false;
    }
    t->lifeline = ov_fd_steal(&ours);
    t->watch = (struct ov_loop_watch){.fd = pidfd_open(t->pid, 0),
                                      .events = OV_LOOP_READ,
                                      .data = t,
                                      .ready = on_end};
    return t->watch.fd >= 0 && ov_loop_add(t->loop, &t->watch) == OV_OK;
}

static void on_again(struct ov_loop_timer *timer)
{
    struct tls_child *t = timer->data;

    if (!start(t))
        ov_loop_timer_set(t->loop, &t->again, AGAIN_MS);
}

bool tls_child_start(struct tls_child *t)
{
    t->watch.fd = t->lifeline = -1;
    t->again = (struct ov_loop_timer){.data = t, .due = on_again};
    if (ov_loop_timer_add(t->loop, &t->again) == OV_OK && start(t))
        return true;
    out_error("overt-tls cannot be started: install overt again");
    return false;
}

void tls_child_stop(struct tls_child *t)
{
    pid_t pid = t->pid;

    if (t->loop == NULL)
        return;
    ov_loop_timer_remove(t->loop, &t->again);
    if (pid == 0)
        return;
    ov_program_kill(pid);
    forget(t);
    (void)waitpid(pid, NULL, 0); /* it has been killed */
}
