/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdio.h>

#include "base/buf.h"

/* All of a file, appended to into; false if it cannot be read. */
static inline bool read_file(const char *path, struct ov_buf *into)
{
    FILE *f = fopen(path, "rb");
    size_t n;

    if (f == NULL)
        return false;
    do {
        uint8_t *room = ov_buf_room(into, 1 << 16);

        if (room == NULL)
            break;
        n = fread(room, 1, 1 << 16, f);
        ov_buf_added(into, n);
    } while (n > 0);
    (void)fclose(f);
    return ov_buf_status(into) == OV_OK;
}
