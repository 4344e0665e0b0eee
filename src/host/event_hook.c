/* SPDX-License-Identifier: Apache-2.0 */
#include "host/event_hook.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/start.h"

/* The command gets the event twice: as JSON on its standard input and as
 * variables, OVERT_PATH and so on. There is no shell, so that a file's name is
 * never read as anything but a name. A storm of detections starts no more than
 * so many commands a minute, and sends one mail; what was left out is counted
 * and told. */

#define MINUTE_MS 60000
#define MAX_VARIABLES 64
#define MAX_EVENT ((size_t)256 << 10)

static void tell(struct event_hook *h, enum event_id id, const char *path,
                 const char *detail)
{
    struct event e = event_of(id);

    event_text(&e, EVENT_PATH, path);
    event_text(&e, EVENT_DETAIL, detail);
    h->tell(h->data, &e);
}

static void tell_skipped(struct event_hook *h)
{
    struct event e = event_of(EVENT_ID_HOOK_SKIPPED);

    event_text(&e, EVENT_PATH, h->options->command);
    event_number(&e, EVENT_COUNT, h->n_skipped);
    event_text(&e, EVENT_DETAIL,
               "more than command-max a minute, or too many "
               "that have not ended");
    h->n_skipped = 0;
    h->tell(h->data, &e);
}

/* A file in memory holding bytes, from its start. */
static enum ov_status input_of(struct ov_span bytes, int *ret_fd)
{
    OV_AUTO_FD fd = -1;

    OV_TRY(ov_memory_file("overt-event", &fd));
    while (bytes.len > 0) {
        ssize_t put = write(fd, bytes.ptr, bytes.len);

        if (put <= 0)
            return OV_IO;
        bytes = ov_span_clip(bytes, (size_t)put, bytes.len);
    }
    if (lseek(fd, 0, SEEK_SET) != 0)
        return OV_IO;
    *ret_fd = ov_fd_steal(&fd);
    return OV_OK;
}

static struct hook_run *free_run(struct event_hook *h)
{
    for (size_t i = 0; i < HOOK_MAX_RUNNING; i++)
        if (h->running[i].pid == 0)
            return &h->running[i];
    return NULL;
}

static bool start(struct event_hook *h, struct ov_program *p,
                  struct ov_span input, uint64_t now_ms)
{
    struct hook_run *run = free_run(h);
    struct ov_diag diag = {0};
    OV_AUTO_FD fd = -1;

    if (run == NULL)
        return false;
    if (input_of(input, &fd) != OV_OK) {
        tell(h, EVENT_ID_HOOK_FAILED, p->path, "no memory for its input");
        return true;
    }
    p->input = fd;
    if (ov_program_start(p, &run->pid, &diag) != OV_OK) {
        run->pid = 0;
        tell(h, EVENT_ID_HOOK_FAILED, p->path, diag.text);
        return true;
    }
    run->end_ms = now_ms + h->options->command_timeout_ms;
    run->path = p->path;
    return true;
}

/* ---- the command ---- */

static bool may_start(struct event_hook *h, uint64_t now_ms)
{
    if (now_ms - h->minute_ms >= MINUTE_MS) {
        h->minute_ms = now_ms;
        h->n_started = 0;
    }
    return h->n_started < h->options->command_max;
}

/* The words of b, each with its NUL, as execve wants them. */
static bool split(struct ov_buf *b, char **words, size_t max)
{
    size_t n = 0;

    for (size_t at = 0; at < b->len && n + 1 < max;) {
        words[n++] = (char *)b->ptr + at;
        at += strlen((char *)b->ptr + at) + 1;
    }
    words[n] = NULL;
    return ov_buf_status(b) == OV_OK;
}

static void run_command(struct event_hook *h, const struct event *e,
                        uint64_t now_ms)
{
    OV_AUTO_DONE(buf) json = ov_buf_with_max(MAX_EVENT);
    OV_AUTO_DONE(buf) text = ov_buf_with_max(MAX_EVENT);
    OV_AUTO_DONE(buf) name = ov_buf_with_max(MAX_EVENT);
    char *environment[MAX_VARIABLES];
    char *arguments[] = {NULL, NULL};
    struct ov_program p = {.path = h->options->command,
                           .arguments = arguments,
                           .environment = environment};

    if (!may_start(h, now_ms)) {
        h->n_skipped++;
        return;
    }
    event_put_json(&json, h->teller, e);
    ov_put_u8(&json, '\n');
    ov_put_str(&text, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
                      "/sbin:/bin");
    ov_put_u8(&text, 0);
    ov_put_str(&text, "LANG=C.UTF-8");
    ov_put_u8(&text, 0);
    event_put_environment(&text, e);
    ov_put_str(&name, h->options->command);
    ov_put_u8(&name, 0);
    if (!split(&text, environment, MAX_VARIABLES) ||
        ov_buf_status(&json) != OV_OK || ov_buf_status(&name) != OV_OK) {
        tell(h, EVENT_ID_HOOK_FAILED, h->options->command, "no memory");
        return;
    }
    arguments[0] = (char *)name.ptr;
    if (start(h, &p, ov_buf_span(&json), now_ms))
        h->n_started++;
    else
        h->n_skipped++;
}

/* ---- mail ---- */

static void gather(struct event_hook *h, const struct event *e)
{
    size_t before = h->mail.len;

    h->n_mail++;
    event_put_time(&h->mail, e->time_ms);
    ov_put_u8(&h->mail, ' ');
    event_put_sentence(&h->mail, e);
    ov_put_u8(&h->mail, '\n');
    if (ov_buf_status(&h->mail) != OV_OK) {
        h->mail.len = before; /* the number tells that there are more */
        h->mail.status = OV_OK;
    }
}

static void put_mail(struct event_hook *h, struct ov_buf *b)
{
    const struct event_options *o = h->options;

    if (o->mail_from != NULL)
        ov_put_format(b, "From: %s\n", o->mail_from);
    for (size_t i = 0; i < o->n_mail_to; i++)
        ov_put_format(b, "%s%s", i == 0 ? "To: " : ",\n ", o->mail_to[i]);
    ov_put_format(b,
                  "\nSubject: Overt on %s: %u found\n"
                  "Auto-Submitted: auto-generated\nMIME-Version: 1.0\n"
                  "Content-Type: text/plain; charset=utf-8\n"
                  "Content-Transfer-Encoding: 8bit\n\n",
                  h->teller->host, h->n_mail);
    ov_put_span(b, ov_buf_span(&h->mail));
    ov_put_format(b, "\nWhat is kept in quarantine: overt quarantine list\n"
                     "A false alarm: overt allow --help\n");
}

/* sendmail -i [-f FROM] -- TO...; lines are short enough for it because names
 * are cut (RFC 5321 section 4.5.3.1.6 is its business: it folds). */
static void send_mail(struct event_hook *h, uint64_t now_ms)
{
    const struct event_options *o = h->options;
    OV_AUTO_DONE(buf) letter = ov_buf_with_max(2 * HOOK_MAX_MAIL);
    OV_AUTO_DONE(buf) words = ov_buf_with_max(MAX_EVENT);
    char *arguments[EVENT_MAX_MAIL_TO + 8];
    static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    char *environment[] = {path, NULL};
    struct ov_program p = {.path = o->mail_program,
                           .arguments = arguments,
                           .environment = environment};

    put_mail(h, &letter);
    ov_put_span(&words, OV_SPAN_LIT("sendmail\0-i\0"));
    if (o->mail_from != NULL) {
        ov_put_span(&words, OV_SPAN_LIT("-f\0"));
        ov_put_span(&words, ov_span_of(o->mail_from, strlen(o->mail_from) + 1));
    }
    ov_put_span(&words, OV_SPAN_LIT("--\0"));
    for (size_t i = 0; i < o->n_mail_to && i < EVENT_MAX_MAIL_TO; i++)
        ov_put_span(&words,
                    ov_span_of(o->mail_to[i], strlen(o->mail_to[i]) + 1));
    if (!split(&words, arguments, sizeof(arguments) / sizeof(arguments[0])) ||
        ov_buf_status(&letter) != OV_OK) {
        tell(h, EVENT_ID_HOOK_FAILED, o->mail_program, "no memory");
        return;
    }
    if (!start(h, &p, ov_buf_span(&letter), now_ms))
        return; /* the next tick tries again */
    ov_buf_clear(&h->mail);
    h->n_mail = 0;
    h->mail_ms = now_ms;
}

static bool is_mail_due(const struct event_hook *h, uint64_t now_ms)
{
    return h->n_mail > 0 && (h->mail_ms == 0 ||
                             now_ms - h->mail_ms >= h->options->mail_every_ms);
}

void hook_take(struct event_hook *h, const struct event *e, uint64_t now_ms)
{
    if (h->options->command != NULL)
        run_command(h, e, now_ms);
    if (h->options->n_mail_to > 0)
        gather(h, e);
    if (is_mail_due(h, now_ms))
        send_mail(h, now_ms);
}

static void look_after(struct event_hook *h, struct hook_run *run,
                       uint64_t now_ms)
{
    int how;

    if (ov_program_has_ended(run->pid, &how)) {
        run->pid = 0;
        if (WIFSIGNALED(how))
            tell(h, EVENT_ID_HOOK_FAILED, run->path, "was ended by a signal");
        else if (WEXITSTATUS(how) != 0)
            tell(h, EVENT_ID_HOOK_FAILED, run->path,
                 "ended with another code than 0");
    } else if (run->end_ms != UINT64_MAX && now_ms >= run->end_ms) {
        run->end_ms = UINT64_MAX; /* told once */
        ov_program_kill(run->pid);
        tell(h, EVENT_ID_HOOK_FAILED, run->path,
             "took longer than command-timeout and was ended");
    }
}

void hook_tick(struct event_hook *h, uint64_t now_ms)
{
    for (size_t i = 0; i < HOOK_MAX_RUNNING; i++)
        if (h->running[i].pid != 0)
            look_after(h, &h->running[i], now_ms);
    if (h->n_skipped > 0 && now_ms - h->minute_ms >= MINUTE_MS)
        tell_skipped(h);
    if (is_mail_due(h, now_ms))
        send_mail(h, now_ms);
}

void hook_done(struct event_hook *h)
{
    if (h->n_mail > 0)
        send_mail(h, h->mail_ms);
    if (h->n_skipped > 0)
        tell_skipped(h);
    ov_buf_done(&h->mail);
}
