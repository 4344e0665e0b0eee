/* SPDX-License-Identifier: Apache-2.0 */
#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One write to descriptor 2: stdio may need system calls a jail forbids. */
void ov_assert_failed(const char *expression, const char *file, int line)
{
    char text[256];
    int len = snprintf(text, sizeof(text), "%s:%d: assertion failed: %s\n",
                       file, line, expression);

    if (len > 0 && write(2, text, strnlen(text, sizeof(text))) < 0)
        abort();
    abort();
}
