/* SPDX-License-Identifier: Apache-2.0 */
#include "own_network.h"

#include "host/output.h"
#include "sys/deny.h"
#include "sys/fetch_starter.h"

/* A kernel that can't filter can't jail a helper either; who scans there has
 * asked for it (--best-effort-jail), so that a command that never uses the
 * network goes on, and says so. */

bool own_network_settle(enum own_network n)
{
    struct ov_diag diag = {0};

    if (n == ASKED)
        return true;
    if (n == FETCHED)
        ov_fetch_starter_begin();
    if (ov_deny(OV_DENY_COMMAND, &diag) == OV_OK)
        return true;
    out_error(n == NONE ? "overt keeps its own sockets: %s"
                        : "overt cannot give up its own sockets: %s",
              diag.text);
    return n == NONE;
}
