/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/serving.h"

#include <signal.h>
#include <stddef.h>

#include "sys/deny.h"

/* A handler can only set a flag, and a process has one set of handlers: hence
 * the variable. */

static volatile sig_atomic_t is_ended;

static void on_end(int number)
{
    (void)number;
    is_ended = 1;
}

bool ov_serving_catch_signals(void)
{
    const struct sigaction end = {.sa_handler = on_end};
    const struct sigaction ignore = {.sa_handler = SIG_IGN};

    return sigaction(SIGTERM, &end, NULL) == 0 &&
           sigaction(SIGINT, &end, NULL) == 0 &&
           sigaction(SIGPIPE, &ignore, NULL) == 0 &&
           sigaction(SIGXFSZ, &ignore, NULL) == 0;
}

bool ov_serving_is_ended(void)
{
    return is_ended != 0;
}

enum ov_status ov_serving_jail(const struct ov_landlock_places *places,
                               struct ov_diag *diag)
{
    enum ov_status status = ov_landlock_service(places);

    if (status != OV_OK)
        return ov_diag_set(diag, status, 0, "cannot jail itself: %s",
                           ov_status_name(status));
    return ov_deny(OV_DENY_SERVICE, diag);
}
