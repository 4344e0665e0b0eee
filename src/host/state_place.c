/* SPDX-License-Identifier: Apache-2.0 */
#include "host/state_place.h"

#include <limits.h>

#include "host/config.h"
#include "host/output.h"
#include "sys/locate.h"

static const char *given;

void state_place_set(const char *path)
{
    given = path;
}

const char *state_place_option(void *data, const char *value)
{
    (void)data;
    /* overt --state DIR, before the command, goes before the file, too. */
    if (given == NULL || !config_is_applying())
        state_place_set(value);
    return NULL;
}

static enum ov_status put_place(struct ov_buf *b)
{
    if (given == NULL)
        return ov_locate_state(b);
    ov_put_str(b, given);
    ov_put_u8(b, 0);
    return ov_buf_status(b);
}

bool state_place_has(struct ov_buf *b)
{
    return put_place(b) == OV_OK;
}

bool state_place_is_given(void)
{
    return given != NULL;
}

bool state_place_put(struct ov_buf *b)
{
    if (put_place(b) == OV_OK)
        return true;
    out_error("nowhere to keep a state: give --state DIR");
    return false;
}

enum ov_status state_place_open(struct ov_state **ret, struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(PATH_MAX);
    enum ov_status status = put_place(&path);

    if (status == OV_OK)
        status = ov_state_open((char *)path.ptr, 0, ret, diag);
    if (status != OV_NOT_FOUND || given != NULL)
        return status;
    ov_buf_clear(&path);
    ov_put_system_state(&path);
    OV_TRY(ov_buf_status(&path));
    return ov_state_open((char *)path.ptr, 0, ret, diag);
}
