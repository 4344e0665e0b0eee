/* SPDX-License-Identifier: Apache-2.0 */

/* Reading an event opens its file. Where that depends on others (an overlay
 * opens a file of the file system below it, FUSE asks a program, NFS another
 * machine), whoever reads can be made to wait: for an answer that only we can
 * give, if the opening below is itself a question to us. So these file systems
 * have groups of their own, which this thread reads; the main thread never
 * waits, answers what comes from below, and takes what was read from a pipe in
 * packets, one for each read. */
#include "guard_pump.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "guard_clock.h"

static void carry(struct guard_pump *p, enum pump_kind kind)
{
    struct pump_packet packet = {.kind = kind};
    ssize_t got;

    atomic_store(&p->busy_since, now_ms());
    got = read(p->groups[kind], packet.events, PUMP_ROOM);
    atomic_store(&p->busy_since, 0);
    if (got > 0)
        (void)!write(p->in, &packet,
                     offsetof(struct pump_packet, events) + (size_t)got);
}

static void *run(void *data)
{
    struct guard_pump *p = data;
    struct pollfd fds[N_PUMP] = {{.fd = p->groups[0], .events = POLLIN},
                                 {.fd = p->groups[1], .events = POLLIN}};

    /* What a thread asks of the kernel as it starts is over: the filter may
     * close now. */
    (void)!write(p->in, "", 1);
    while (p->in >= 0) { /* for ever */
        if (ppoll(fds, N_PUMP, NULL, NULL) < 0)
            continue;
        for (unsigned i = 0; i < N_PUMP; i++)
            if (fds[i].revents != 0)
                carry(p, (enum pump_kind)i);
    }
    return NULL;
}

bool pump_start(struct guard_pump *p, int openings, int written)
{
    pthread_t thread;
    int ends[2];
    char first;

    if (pipe2(ends, O_CLOEXEC | O_DIRECT) != 0)
        return false;
    p->groups[PUMP_OPENINGS] = openings;
    p->groups[PUMP_WRITTEN] = written;
    p->out = ends[0];
    p->in = ends[1];
    atomic_init(&p->busy_since, 0);
    return pthread_create(&thread, NULL, run, p) == 0 &&
           read(p->out, &first, 1) == 1 &&
           fcntl(p->out, F_SETFL, O_NONBLOCK | O_DIRECT) == 0;
}

bool pump_take(struct guard_pump *p, struct pump_packet *ret, size_t *ret_len)
{
    ssize_t got = read(p->out, ret, sizeof(*ret));

    if (got <= (ssize_t)offsetof(struct pump_packet, events))
        return false;
    *ret_len = (size_t)got - offsetof(struct pump_packet, events);
    return true;
}
