/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/power.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/span.h"
#include "sys/file.h"

#define MAX_VALUE ((size_t)1 << 20) /* an attribute is a page at most */

/* True if the supply's attribute is that word. */
static bool is(const char *folder, const char *supply, const char *attribute,
               const char *word)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(MAX_VALUE);
    char path[PATH_MAX];
    struct ov_span value;

    if (snprintf(path, sizeof(path), "%s/%s/%s", folder, supply, attribute) >=
            (int)sizeof(path) ||
        ov_file_read(path, &text) != OV_OK)
        return false;
    value = ov_buf_span(&text);
    if (value.len > 0 && value.ptr[value.len - 1] == '\n')
        value.len--;
    return ov_span_equal(value, ov_span_str(word));
}

bool ov_power_is_battery(const char *folder)
{
    DIR *d = opendir(folder);
    bool is_discharged = false, has_mains = false;

    if (d == NULL)
        return false;
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        if (e->d_name[0] == '.' || is(folder, e->d_name, "scope", "Device"))
            continue;
        if (is(folder, e->d_name, "type", "Battery"))
            is_discharged |= is(folder, e->d_name, "status", "Discharging");
        else /* Mains, USB, Wireless, UPS: what feeds the machine */
            has_mains |= is(folder, e->d_name, "online", "1");
    }
    (void)closedir(d);
    return is_discharged && !has_mains;
}
