/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/http_deadline.h"

#include <sys/socket.h>
#include <time.h>

#include "base/alloc.h"

/* A list of connections, each with the time at which it has to be done. The
 * sweep reads them all, twice a second: they are some thousands at most. What
 * is late is shut down and not closed: the library finds an end and cleans up.
 * A sweep comes when the server's loop comes by, so that a client may have a
 * second more. */

#define SLOWEST 4096u /* bytes a second */
#define SWEEP_MS 500

struct ov_http_deadline {
    struct ov_http_deadlines *all;
    struct ov_http_deadline *next;
    struct ov_http_deadline *previous;
    int fd; /* the library's */
    bool is_shut;
    uint64_t until_ms;
    char name[OV_HTTP_NAME_SIZE];
};

static uint64_t now_ms(void)
{
    struct timespec t;

    (void)!clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail */
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static uint64_t time_for(uint64_t bytes)
{
    return bytes / SLOWEST * 1000;
}

static int fd_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    return info != NULL ? info->connect_fd : -1;
}

static struct ov_http_deadline *of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info != NULL ? info->socket_context : NULL;
}

static void forget(struct ov_http_deadline *one)
{
    if (one->previous != NULL)
        one->previous->next = one->next;
    else
        one->all->first = one->next;
    if (one->next != NULL)
        one->next->previous = one->previous;
    ov_free(one);
}

void ov_http_deadlines_notify(void *cls, struct MHD_Connection *connection,
                              void **context,
                              enum MHD_ConnectionNotificationCode code)
{
    struct ov_http_deadlines *d = cls;
    struct ov_http_deadline *one = *context;

    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (one != NULL)
            forget(one);
        *context = NULL;
        return;
    }
    one = ov_alloc(sizeof(*one));
    if (one == NULL)
        return;
    *one = (struct ov_http_deadline){.all = d,
                                     .next = d->first,
                                     .fd = fd_of(connection),
                                     .until_ms = now_ms() + d->idle_ms};
    if (one->next != NULL)
        one->next->previous = one;
    d->first = one;
    *context = one;
}

char *ov_http_deadline_name(struct MHD_Connection *connection)
{
    struct ov_http_deadline *one = of(connection);

    return one != NULL ? one->name : NULL;
}

bool ov_http_deadline_start(struct ov_http_deadlines *d,
                            struct MHD_Connection *connection, uint64_t bytes)
{
    struct ov_http_deadline *one = of(connection);

    if (one == NULL)
        return false;
    one->until_ms = now_ms() + d->idle_ms + time_for(bytes);
    return true;
}

void ov_http_deadline_more(struct MHD_Connection *connection, uint64_t bytes)
{
    struct ov_http_deadline *one = of(connection);

    if (one != NULL)
        one->until_ms += bytes * 1000 / SLOWEST;
}

void ov_http_deadlines_sweep(struct ov_http_deadlines *d)
{
    uint64_t now = now_ms();

    if (now - d->swept_ms < SWEEP_MS)
        return;
    d->swept_ms = now;
    for (struct ov_http_deadline *one = d->first; one != NULL; one = one->next)
        if (!one->is_shut && one->until_ms < now) {
            (void)!shutdown(one->fd, SHUT_RDWR);
            one->is_shut = true;
        }
}
