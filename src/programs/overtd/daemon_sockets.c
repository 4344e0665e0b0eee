/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon.h"
#include "host/output.h"
#include "sys/listen.h"
#include "sys/notify.h"

/* Which sockets, as overt.conf has them. */

static bool add(struct daemon *d, enum ov_status status, int fd, bool is_local,
                const struct ov_diag *diag)
{
    if (status != OV_OK) {
        out_error("%s", diag->text);
        return false;
    }
    if (doors_add(&d->doors, fd, is_local) == OV_OK)
        return true;
    out_error("too many sockets");
    return false;
}

static bool listen_on_tcp(struct daemon *d, const char *address)
{
    struct ov_diag diag = {0};
    unsigned port = 0;
    int fd = -1;
    enum ov_status status = ov_listen_tcp(address, &fd, &port, &diag);

    if (status == OV_OK)
        out_error("listening on %s (port %u)", address, port);
    if (status == OV_OK && ov_listen_is_public(address))
        out_error("warning: whoever reaches %s may use it: clamd's protocol "
                  "has no passwords; see tls in overt.conf(5)",
                  address);
    return add(d, status, fd, false, &diag);
}

/* Those that systemd has opened take the place of those in overt.conf. */
static bool listen_on_given(struct daemon *d, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        int fd = OV_NOTIFY_FIRST_SOCKET + (int)i;
        struct ov_diag diag = {0};
        struct sockaddr a = {.sa_family = AF_UNSPEC};
        socklen_t len = sizeof(a);

        if (getsockname(fd, &a, &len) != 0) {
            out_error("what systemd has opened is no socket");
            return false;
        }
        if (!add(d, OV_OK, fd, a.sa_family == AF_UNIX, &diag))
            return false;
    }
    return true;
}

bool daemon_listen(struct daemon *d)
{
    unsigned n_given = ov_notify_sockets();

    const struct clamd_section *s = &d->settings->clamd;
    struct ov_diag diag = {0};
    int fd = -1;

    if (n_given > 0)
        return listen_on_given(d, n_given);
    if (s->socket != NULL) {
        enum ov_status status = ov_listen_local(s->socket, s->socket_mode,
                                                s->socket_group, &fd, &diag);

        if (!add(d, status, fd, true, &diag))
            return false;
    }
    for (size_t i = 0; i < s->tcp.n; i++)
        if (!listen_on_tcp(d, s->tcp.items[i]))
            return false;
    return true;
}
