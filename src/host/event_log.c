/* SPDX-License-Identifier: Apache-2.0 */
#include "host/event_log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "host/event_hook.h"
#include "host/output.h"
#include "sys/datagram.h"
#include "sys/fd.h"

/* Where events go. The journal is reached by its own protocol, one datagram an
 * event, and not by libsystemd: it is thirty lines, and a program that guards a
 * machine links no more than it needs. They go to stderr, too, unless that is
 * the journal itself.
 *
 * A file is opened once, appended to with one write an event, and opened anew
 * when somebody has moved it away, so that logrotate needs to tell nobody. */

#define JOURNAL "/run/systemd/journal/socket"
#define FILE_MODE 0640
#define MAX_EVENT ((size_t)256 << 10)
#define LOST_EVERY_MS 60000
#define MAX_NOTICES 100 /* a second; detections are all told */

struct event_place {
    const char *path; /* of a file or a UNIX socket; NULL: neither */
    const char *address;
    bool is_file;
    int fd;       /* -1: not open */
    dev_t device; /* of the file that is open */
    ino_t inode;
};

enum {
    PLACE_JSON,
    PLACE_CEF,
    PLACE_ECS,
    N_PLACES
};

struct event_log {
    struct event_options options;
    struct event_teller teller;
    char host[HOST_NAME_MAX + 1];
    struct event_place journal;
    struct event_place places[N_PLACES];
    struct event_hook hook;
    bool is_stderr_journal;
    int64_t second; /* in which notices are counted */
    unsigned n_second;
    uint64_t n_lost;
    uint64_t n_lost_told;
    uint64_t lost_ms; /* when it was told */
};

static uint64_t now_ms(void)
{
    struct timespec now;

    (void)!clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail */
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static struct event_place place_of(const char *text)
{
    struct event_place p = {.fd = -1};

    if (text == NULL)
        return p;
    if (strncmp(text, "unix:", 5) == 0) {
        p.path = text + 5;
    } else if (strncmp(text, "udp:", 4) == 0) {
        p.address = text + 4;
    } else {
        p.path = text;
        p.is_file = true;
    }
    return p;
}

static void close_place(struct event_place *p)
{
    ov_fd_cleanup(&p->fd);
    p->fd = -1;
}

/* ---- files ---- */

static bool open_file(struct event_place *p)
{
    struct stat st;

    p->fd = open(p->path,
                 O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW |
                     O_NONBLOCK | O_NOCTTY,
                 FILE_MODE);
    if (p->fd < 0)
        return false;
    if (fstat(p->fd, &st) != 0) {
        close_place(p);
        return false;
    }
    p->device = st.st_dev;
    p->inode = st.st_ino;
    return true;
}

/* Still the file of that name? */
static bool is_current(const struct event_place *p)
{
    struct stat st;

    return stat(p->path, &st) == 0 && st.st_dev == p->device &&
           st.st_ino == p->inode;
}

static bool write_file(struct event_place *p, struct ov_span line)
{
    ssize_t put;

    if (p->fd >= 0 && !is_current(p))
        close_place(p);
    if (p->fd < 0 && !open_file(p))
        return false;
    do {
        put = write(p->fd, line.ptr, line.len);
    } while (put < 0 && errno == EINTR);
    if (put >= 0 && (size_t)put < line.len)
        /* A full disk: end the line, so that the next is whole. */
        (void)!write(p->fd, "\n", 1);
    return put >= 0 && (size_t)put == line.len;
}

/* ---- sockets ---- */

static bool send_datagram(struct event_place *p, struct ov_span bytes)
{
    enum ov_status status = OV_OK;

    if (p->fd < 0)
        status = p->path != NULL ? ov_datagram_to_path(p->path, &p->fd)
                                 : ov_datagram_to_address(p->address, &p->fd);
    return status == OV_OK && ov_datagram_send(p->fd, p->path, bytes) == OV_OK;
}

/* A line to one of the places; whether it was told, or is not to be. */
static bool tell_place(struct event_log *log, unsigned which,
                       const struct event *e)
{
    struct event_place *p = &log->places[which];
    OV_AUTO_DONE(buf) line = ov_buf_with_max(MAX_EVENT);

    if (p->path == NULL && p->address == NULL)
        return true;
    if (which == PLACE_JSON)
        event_put_json(&line, &log->teller, e);
    if (which == PLACE_ECS)
        event_put_ecs(&line, &log->teller, e);
    if (which == PLACE_CEF) {
        if (!p->is_file)
            event_put_syslog(&line, &log->teller, e, p->address != NULL);
        event_put_cef(&line, &log->teller, e);
    }
    if (p->is_file)
        ov_put_u8(&line, '\n');
    if (ov_buf_status(&line) != OV_OK)
        return false;
    return p->is_file ? write_file(p, ov_buf_span(&line))
                      : send_datagram(p, ov_buf_span(&line));
}

static void tell_stderr(const struct event *e)
{
    OV_AUTO_DONE(buf) line = ov_buf_with_max(MAX_EVENT);

    event_put_sentence(&line, e);
    ov_put_u8(&line, 0);
    if (ov_buf_status(&line) == OV_OK)
        out_told((char *)line.ptr);
}

/* systemd.exec(5), "JOURNAL_STREAM": what stderr is, if the journal reads it.
 */
static bool is_stderr_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    char mine[64];
    struct stat st;

    if (stream == NULL || fstat(STDERR_FILENO, &st) != 0)
        return false;
    (void)!snprintf(mine, sizeof(mine), "%llu:%llu",
                    (unsigned long long)st.st_dev,
                    (unsigned long long)st.st_ino); /* fits */
    return strcmp(mine, stream) == 0;
}

static bool tell_journal(struct event_log *log, const struct event *e)
{
    OV_AUTO_DONE(buf) fields = ov_buf_with_max(MAX_EVENT);

    event_put_journal(&fields, &log->teller, e);
    return ov_buf_status(&fields) == OV_OK &&
           send_datagram(&log->journal, ov_buf_span(&fields));
}

/* A client may make as many of these as it likes. */
static bool is_flood(struct event_log *log, const struct event *e)
{
    int64_t second = e->time_ms / 1000;

    if (event_about(e->id)->severity > EVENT_NOTICE)
        return false;
    if (second != log->second) {
        log->second = second;
        log->n_second = 0;
    }
    return log->n_second++ >= MAX_NOTICES;
}

static bool is_for_hook(const struct event *e)
{
    return event_about(e->id)->severity == EVENT_ALERT;
}

static void tell_all(struct event_log *log, const struct event *e)
{
    bool is_journaled = log->options.journal && tell_journal(log, e);
    bool is_told = true;

    if (!log->is_stderr_journal || (log->options.journal && !is_journaled))
        tell_stderr(e);
    for (unsigned i = 0; i < N_PLACES; i++)
        is_told &= tell_place(log, i, e);
    if (!is_told)
        log->n_lost++;
}

void event_tell(struct event_log *log, const struct event *e)
{
    if (log == NULL) {
        tell_stderr(e);
        return;
    }
    if (is_flood(log, e)) {
        log->n_lost++;
        return;
    }
    tell_all(log, e);
    if (is_for_hook(e))
        hook_take(&log->hook, e, now_ms());
}

static void tell_for_hook(void *data, const struct event *e)
{
    tell_all(data, e);
}

static void tell_lost(struct event_log *log, uint64_t now)
{
    struct event e = event_of(EVENT_ID_EVENTS_LOST);

    if (log->n_lost == log->n_lost_told ||
        (log->lost_ms != 0 && now - log->lost_ms < LOST_EVERY_MS))
        return;
    event_number(&e, EVENT_COUNT, log->n_lost - log->n_lost_told);
    event_text(&e, EVENT_DETAIL,
               "a place of [events] cannot be written to, or more than 100 "
               "notices a second");
    log->lost_ms = now;
    tell_all(log, &e);
    log->n_lost_told = log->n_lost; /* this one, too, may be lost */
}

struct event_log *event_log_new(const struct event_options *options)
{
    struct event_log *log = ov_alloc(sizeof(*log));

    if (log == NULL)
        return NULL;
    log->options = *options;
    if (gethostname(log->host, sizeof(log->host) - 1) != 0)
        log->host[0] = '\0';
    log->teller = (struct event_teller){options->program, options->version,
                                        log->host, (unsigned)getpid()};
    log->is_stderr_journal = is_stderr_journal();
    log->journal = (struct event_place){.path = JOURNAL, .fd = -1};
    log->places[PLACE_JSON] = place_of(options->json);
    log->places[PLACE_CEF] = place_of(options->cef);
    log->places[PLACE_ECS] = place_of(options->ecs);
    log->hook = (struct event_hook){.options = &log->options,
                                    .teller = &log->teller,
                                    .mail = ov_buf_with_max(HOOK_MAX_MAIL),
                                    .tell = tell_for_hook,
                                    .data = log};
    return log;
}

void event_log_free(struct event_log *log)
{
    if (log == NULL)
        return;
    hook_done(&log->hook);
    close_place(&log->journal);
    for (unsigned i = 0; i < N_PLACES; i++)
        close_place(&log->places[i]);
    ov_free(log);
}

void event_log_tick(struct event_log *log)
{
    uint64_t now = now_ms();

    hook_tick(&log->hook, now);
    tell_lost(log, now);
}

uint64_t event_log_n_lost(const struct event_log *log)
{
    return log->n_lost;
}
