/* SPDX-License-Identifier: Apache-2.0 */
#include "host/output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"

/* Output gathers in memory and is written whole lines at a time, when there is
 * much of it or nothing else to do. */

#define FLUSH_AT ((size_t)64 << 10)
#define MAX_LINE 1024

static struct out standard = {.text = {.max = (size_t)64 << 20},
                              .fd = STDOUT_FILENO};
static bool is_progress_shown;
static const char *program = "overt";

void out_set_program(const char *name)
{
    program = name;
}

struct out *out_standard(void)
{
    const char *terminal = getenv("TERM");

    standard.has_color = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL &&
                         terminal != NULL && strcmp(terminal, "dumb") != 0;
    return &standard;
}

bool out_flush(struct out *o)
{
    size_t at = 0;

    if (o->text.len > 0 && is_progress_shown && isatty(o->fd))
        out_progress(NULL);
    while (at < o->text.len && !o->is_broken) {
        ssize_t put = write(o->fd, o->text.ptr + at, o->text.len - at);

        if (put < 0 && errno != EINTR)
            o->is_broken = true;
        else if (put > 0)
            at += (size_t)put;
    }
    ov_buf_clear(&o->text);
    return !o->is_broken;
}

static void flush_if_much(struct out *o)
{
    if (o->text.len > FLUSH_AT)
        (void)!out_flush(o); /* is_broken tells */
}

void out_format(struct out *o, const char *format, ...)
{
    char line[MAX_LINE];
    va_list arguments;

    va_start(arguments, format);
    (void)!vsnprintf(line, sizeof(line), format, arguments); /* cut is fine */
    va_end(arguments);
    ov_put_str(&o->text, line);
    flush_if_much(o);
}

void out_escaped(struct out *o, struct ov_span text)
{
    ov_put_escaped(&o->text, text);
}

void out_json(struct out *o, struct ov_span text)
{
    ov_put_u8(&o->text, '"');
    ov_put_json(&o->text, text);
    ov_put_u8(&o->text, '"');
}

void out_color(struct out *o, const char *code)
{
    if (o->has_color)
        out_format(o, "\033[%sm", code);
}

static void write_error(const char *text, size_t len)
{
    while (len > 0) {
        ssize_t put = write(STDERR_FILENO, text, len);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return; /* there is nobody to tell */
        text += put;
        len -= (size_t)put;
    }
}

/* format is a literal of who called. */
__attribute__((format(printf, 2, 0))) static void
write_line(const char *name, const char *format, va_list arguments)
{
    OV_AUTO_DONE(buf) line = ov_buf_with_max(8 * MAX_LINE);
    char text[MAX_LINE];

    (void)!vsnprintf(text, sizeof(text), format, arguments); /* cut is fine */
    if (is_progress_shown)
        out_progress(NULL);
    ov_put_str(&line, name);
    if (name[0] != '\0')
        ov_put_str(&line, ": ");
    ov_put_escaped(&line, ov_span_str(text));
    ov_put_u8(&line, '\n');
    if (ov_buf_status(&line) == OV_OK)
        write_error((char *)line.ptr, line.len);
}

void out_error(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    write_line(program, format, arguments);
    va_end(arguments);
}

void out_bare_error(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    write_line("", format, arguments);
    va_end(arguments);
}

void out_told(const char *text)
{
    OV_AUTO_DONE(buf) line = ov_buf_with_max((size_t)64 << 10);

    ov_put_str(&line, program);
    ov_put_str(&line, ": ");
    ov_put_str(&line, text);
    ov_put_u8(&line, '\n');
    if (ov_buf_status(&line) == OV_OK)
        write_error((char *)line.ptr, line.len);
}

bool out_has_progress(void)
{
    static int answer = -1;

    if (answer < 0)
        answer = isatty(STDERR_FILENO);
    return answer == 1;
}

void out_progress(const char *line)
{
    char text[MAX_LINE];

    if (!out_has_progress() || (line == NULL && !is_progress_shown))
        return;
    is_progress_shown = line != NULL;
    (void)!snprintf(text, sizeof(text), "\r\033[K%s",
                    line != NULL ? line : ""); /* cut is fine */
    write_error(text, strlen(text));
}
