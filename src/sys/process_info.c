/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/process_info.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/file.h"

/* proc(5): /proc/PID/exe, /proc/PID/status, /proc/PID/task/PID/children. The
 * files are small, and made by the kernel while they are read. */

#define MAX_STATUS ((size_t)1 << 20)

enum ov_status ov_process_program(pid_t pid, struct ov_buf *b)
{
    char link[64];
    char path[PATH_MAX];
    ssize_t len;

    (void)!snprintf(link, sizeof(link), "/proc/%ld/exe", (long)pid); /* fits */
    len = readlink(link, path, sizeof(path));
    if (len <= 0)
        return OV_NOT_FOUND;
    ov_put_span(b, ov_span_of((const uint8_t *)path, (size_t)len));
    return ov_buf_status(b);
}

/* "RssAnon:	    1234 kB": bytes; text ends with a NUL. */
static uint64_t field(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    uint64_t kib;
    size_t len;

    if (at == NULL)
        return 0;
    at += strlen(name);
    at += strspn(at, " \t");
    len = strspn(at, "0123456789");
    if (!ov_parse_uint(ov_span_of((const uint8_t *)at, len), UINT64_MAX >> 10,
                       &kib))
        return 0;
    return kib << 10;
}

static bool read_text(const char *path, struct ov_buf *b)
{
    if (ov_file_read(path, b) != OV_OK)
        return false;
    ov_put_u8(b, 0);
    return ov_buf_status(b) == OV_OK;
}

uint64_t ov_process_memory(pid_t pid)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(MAX_STATUS);
    char path[64];

    (void)!snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
    if (!read_text(path, &text))
        return 0;
    return field((char *)text.ptr, "\nRssAnon:") +
           field((char *)text.ptr, "\nRssShmem:");
}

uint64_t ov_process_children_memory(void)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(MAX_STATUS);
    uint64_t sum = 0;
    char path[64];
    const char *at;

    (void)!snprintf(path, sizeof(path), "/proc/self/task/%ld/children",
                    (long)getpid());
    if (!read_text(path, &text))
        return 0;
    at = (char *)text.ptr;
    while (*at != '\0') {
        size_t len = strspn(at, "0123456789");
        uint64_t pid;

        if (ov_parse_uint(ov_span_of((const uint8_t *)at, len), INT_MAX, &pid))
            sum += ov_process_memory((pid_t)pid);
        at += len;
        at += strspn(at, " \n");
        if (len == 0)
            break;
    }
    return sum;
}
