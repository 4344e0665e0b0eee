/* SPDX-License-Identifier: Apache-2.0 */
#include "tell.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"

/* Every line passes through ov_put_escaped: a rule's name from a proposal can't
 * move the cursor of the reviewer's terminal. */

static void put_line(FILE *to, const char *prefix, const char *format,
                     va_list list) __attribute__((format(printf, 3, 0)));

static void put_line(FILE *to, const char *prefix, const char *format,
                     va_list list)
{
    char text[4096];
    OV_AUTO_DONE(buf) shown = ov_buf_with_max(5 * sizeof(text));

    (void)vsnprintf(text, sizeof(text), format, list); /* cut if longer */
    ov_put_str(&shown, prefix);
    ov_put_escaped(&shown, ov_span_str(text));
    ov_put_u8(&shown, '\n');
    if (ov_buf_status(&shown) == OV_OK)
        (void)fwrite(shown.ptr, 1, shown.len, to);
    (void)fflush(to); /* in the order of what others print */
}

void tell(const char *format, ...)
{
    va_list list;

    va_start(list, format);
    put_line(stdout, "", format, list);
    va_end(list);
}

bool tell_error(const char *format, ...)
{
    va_list list;

    va_start(list, format);
    put_line(stderr, "overt-publish: ", format, list);
    va_end(list);
    return false;
}
