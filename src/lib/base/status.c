/* SPDX-License-Identifier: Apache-2.0 */
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>

/* Names and classes of all statuses, from the one list in status.def. */

static const struct {
    const char *text;
    enum ov_status_class class;
} table[OV_N_STATUS] = {

#define OV_STATUS(name, text, class) [name] = {text, class},
#include <overt/status.def>
#undef OV_STATUS
};

const char *ov_status_name(enum ov_status s)
{
    if ((unsigned)s >= OV_N_STATUS)
        return "unknown status";
    return table[s].text;
}

enum ov_status_class ov_status_class(enum ov_status s)
{
    if ((unsigned)s >= OV_N_STATUS)
        return OV_CLASS_MACHINE;
    return table[s].class;
}

enum ov_status ov_diag_set(struct ov_diag *diag, enum ov_status status,
                           unsigned line, const char *format, ...)
{
    va_list args;

    if (diag == NULL)
        return status;
    diag->status = status;
    diag->line = line;
    va_start(args, format);
    (void)vsnprintf(diag->text, sizeof(diag->text), format, args);
    va_end(args);
    return status;
}
