/* SPDX-License-Identifier: Apache-2.0 */
#include "host/quarantine_place.h"

#include <limits.h>
#include <time.h>

#include "host/output.h"
#include "host/setting_value.h"
#include "host/state_place.h"

/* The usual place is below the state's: /var/lib/overt/quarantine for root, and
 * a user's own for a user. */

SETTING(set_folder, quarantine_settings, setting_path(&s->folder, value))
SETTING(set_max_age, quarantine_settings, setting_time(&s->max_age_ms, value))
SETTING(set_max_size, quarantine_settings, setting_size(&s->max_size, value))

static const struct option_row rows[] = {
    {"folder", 0, "DIR", "where it is kept", set_folder},
    {"max-age", 0, "TIME", "then it is purged; 0: never", set_max_age},
    {"max-size", 0, "SIZE", "above it the oldest are purged; 0: any",
     set_max_size},
};

const struct option_list quarantine_options = {"[quarantine]", "", rows,
                                               sizeof(rows) / sizeof(rows[0])};

static bool put_folder(const struct quarantine_settings *s, struct ov_buf *b)
{
    if (s->folder != NULL) {
        ov_put_str(b, s->folder);
    } else {
        if (!state_place_put(b))
            return false;
        b->len--; /* its NUL */
        ov_put_str(b, "/quarantine");
    }
    ov_put_u8(b, 0);
    return ov_buf_status(b) == OV_OK;
}

enum ov_status quarantine_place_open(const struct quarantine_settings *s,
                                     unsigned flags, struct quarantine **ret)
{
    OV_AUTO_DONE(buf) folder = ov_buf_with_max(PATH_MAX);
    struct ov_diag diag = {0};
    enum ov_status status;

    if (!put_folder(s, &folder))
        return OV_USAGE;
    status = quarantine_open((const char *)folder.ptr, flags, ret, &diag);
    if (status != OV_OK && status != OV_NOT_FOUND)
        out_error("quarantine: %s",
                  diag.text[0] != '\0' ? diag.text : ov_status_name(status));
    else if (status == OV_NOT_FOUND && (flags & QUARANTINE_WRITE) != 0)
        out_error("quarantine: %s: cannot be made", (const char *)folder.ptr);
    return status;
}

void quarantine_place_retain(const struct quarantine_settings *s,
                             struct quarantine *q)
{
    const struct quarantine_keep keep = {(int64_t)(s->max_age_ms / 1000),
                                         s->max_size};
    size_t n = 0;

    if (keep.max_age == 0 && keep.max_size == 0)
        return;
    if (quarantine_retain(q, &keep, (int64_t)time(NULL), &n) != OV_OK)
        out_error("quarantine: what is too old could not be purged");
    else if (n > 0)
        out_error("quarantine: %zu items purged, as max-age and max-size say",
                  n);
}
