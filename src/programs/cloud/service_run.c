/* SPDX-License-Identifier: Apache-2.0 */
#include "service_run.h"

#include <string.h>
#include <time.h>

#include "control/blob_s3.h"

/* The database's client reads the system's name service, time zones and
 * authorities, and its own settings below /etc: hence what is readable. */

uint64_t service_now(void)
{
    time_t t = time(NULL);

    return t > 0 ? (uint64_t)t : 0;
}

void service_note(const char *what, struct ov_span detail)
{
    (void)cloud_say("%s: %.*s", what, (int)detail.len,
                    (const char *)detail.ptr);
}

bool service_catch_signals(void)
{
    return ov_serving_catch_signals() ||
           cloud_say("signals cannot be caught") == CLOUD_OK;
}

bool service_jail(const struct ov_landlock_places *places)
{
    struct ov_diag diag = {.text = ""};

    return ov_serving_jail(places, &diag) == OV_OK ||
           cloud_say("%s", diag.text) == CLOUD_OK;
}

bool service_enter_jail_with(const char *state, const char *more)
{
    const char *const readable[] = {
        "/etc",         "/usr", "/lib", "/lib64", "/run/systemd/resolve",
        "/dev/urandom", more};
    const char *const own[] = {state, "/dev/null"};
    const struct ov_landlock_places places = {
        own, sizeof(own) / sizeof(own[0]), readable,
        sizeof(readable) / sizeof(readable[0])};

    return service_jail(&places);
}

bool service_enter_jail(const char *state)
{
    return service_enter_jail_with(state, state);
}

bool service_find_blobs(struct cloud *c, char ret[static CLOUD_PATH_MAX])
{
    const char *given = cloud_option(c, "blobs");
    char account[CLOUD_PATH_MAX];
    struct ov_diag diag = {.text = ""};

    if (given == NULL)
        return cloud_path(c, ret, "state/blobs");
    if (strlen(given) >= CLOUD_PATH_MAX || !blob_s3_is(given)) {
        (void)cloud_say("--blobs %s: not s3:https://HOST/BUCKET", given);
        return false;
    }
    memcpy(ret, given, strlen(given) + 1);
    if (!cloud_path(c, account, "keys/s3"))
        return false;
    if (blob_s3_open(given, account, &diag) == OV_OK)
        return true;
    (void)cloud_say("%s", diag.text);
    return false;
}
