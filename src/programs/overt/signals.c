/* SPDX-License-Identifier: Apache-2.0 */
#include "signals.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t stop;

static void on_signal(int which)
{
    stop = which;
}

void signals_catch(void)
{
    /* Once: a second Ctrl-C ends the program as if it caught none. */
    struct sigaction once = {.sa_handler = on_signal,
                             .sa_flags = (int)SA_RESETHAND};
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    (void)!sigaction(SIGINT, &once, NULL);    /* cannot fail */
    (void)!sigaction(SIGTERM, &once, NULL);   /* cannot fail */
    (void)!sigaction(SIGHUP, &once, NULL);    /* cannot fail */
    (void)!sigaction(SIGPIPE, &ignore, NULL); /* cannot fail */
}

int signals_stop(void)
{
    return stop;
}
