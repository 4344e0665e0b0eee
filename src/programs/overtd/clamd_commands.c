/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "clamd_front.h"

/* What the commands do, each as clamd 1.4.6 answers it. Differences, all on
 * purpose: SHUTDOWN and QUIT do nothing unless they are allowed, and then say
 * so. */

static void put_stats(struct clamd_session *s)
{
    struct desk_state d = desk_state(s->front->desk);
    unsigned n = d.pool.n_workers;
    size_t n_busy = d.n_running < n ? d.n_running : n;

    ov_put_format(&s->out,
                  "POOLS: 1\n\nSTATE: VALID PRIMARY\n"
                  "THREADS: live %u  idle %zu max %u idle-timeout 30\n"
                  "QUEUE: %zu items\n\n"
                  "MEMSTATS: heap N/A mmap N/A used N/A free N/A releasable N/A"
                  " pools 1 pools_used 0.000M pools_total 0.000M\nEND\n",
                  n, n - n_busy, d.n_workers, d.n_waiting);
    s->out.len--; /* the reply's own end */
}

static void begin_session(struct clamd_session *s)
{
    s->is_session = true;
    s->n_commands = 0;
}

static void shut_down(struct clamd_session *s, struct clamd_tag tag)
{
    struct clamd_front *f = s->front;

    if (f->options.allow_shutdown)
        f->options.shutdown(f->options.data);
    else
        clamd_reply(s, tag, "COMMAND UNAVAILABLE");
}

static void tell_version(struct clamd_session *s, struct clamd_tag tag,
                         bool has_commands)
{
    clamd_reply_begin(s, tag);
    s->front->options.put_version(s->front->options.data, &s->out);
    if (has_commands) {
        ov_put_str(&s->out, "| COMMANDS: ");
        ov_put_str(&s->out, clamd_words);
        s->out.len--; /* the blank behind the last */
    }
    clamd_reply_end(s, tag);
}

static void do_command(struct clamd_session *s, const struct clamd_line *line,
                       struct clamd_tag tag)
{
    switch (line->command) {
    case CLAMD_PING:
        clamd_reply(s, tag, "PONG");
        break;
    case CLAMD_VERSION:
        tell_version(s, tag, false);
        break;
    case CLAMD_VERSIONCOMMANDS:
        tell_version(s, tag, true);
        break;
    case CLAMD_STATS:
        clamd_reply_begin(s, tag);
        put_stats(s);
        ov_put_str(&s->out, tag.end == '\n' ? "" : "\n");
        clamd_reply_end(s, tag);
        break;
    case CLAMD_RELOAD:
        clamd_reply(s, tag, "RELOADING");
        s->front->options.reload(s->front->options.data);
        break;
    case CLAMD_QUIT:
    case CLAMD_SHUTDOWN:
        shut_down(s, tag);
        break;
    case CLAMD_SCAN:
    case CLAMD_CONTSCAN:
    case CLAMD_MULTISCAN:
    case CLAMD_ALLMATCHSCAN:
        clamd_scan_path(s, tag, line->command, line->argument);
        break;
    case CLAMD_INSTREAM:
        s->chunk_left = 0;
        s->state = CLAMD_AT_STREAM;
        break;
    case CLAMD_FILDES:
        s->state = CLAMD_AT_FILDES;
        break;
    case CLAMD_IDSESSION:
        begin_session(s);
        break;
    case CLAMD_DETSTATS:
    case CLAMD_DETSTATSCLEAR:
    case CLAMD_END:
        break;
    case CLAMD_UNKNOWN:
    default:
        clamd_reply(s, tag, "UNKNOWN COMMAND");
        break;
    }
}

void clamd_execute(struct clamd_session *s, const struct clamd_line *line)
{
    struct clamd_tag tag = {0, line->end};
    bool is_open;

    if (s->is_session && line->is_old) {
        clamd_reply(s, tag, "UNKNOWN COMMAND");
        clamd_session_end(s);
        return;
    }
    if (s->is_session && line->command != CLAMD_END) {
        tag.id = ++s->n_commands;
        if (!clamd_is_in_session(line->command)) {
            clamd_reply(s, tag, "Command invalid inside IDSESSION. ERROR");
            clamd_session_end(s);
            return;
        }
    } else if (line->command == CLAMD_END && !s->is_session) {
        clamd_reply(s, tag, "UNKNOWN COMMAND");
    }
    do_command(s, line, tag);
    is_open = s->is_session ? line->command != CLAMD_END
                            : s->state != CLAMD_AT_COMMAND;
    if (!is_open)
        clamd_session_end(s);
}

static struct clamd_tag tag_of(const struct clamd_session *s)
{
    return (struct clamd_tag){s->is_session ? s->n_commands : 0, s->end};
}

void clamd_execute_stream(struct clamd_session *s)
{
    uint64_t len = 0;
    int fd = stream_body_take(&s->body, &len);

    if (fd < 0)
        clamd_reply(s, tag_of(s), "INSTREAM: no room for it. ERROR");
    else
        clamd_scan_fd(s, tag_of(s), fd, "stream");
    if (!s->is_session)
        clamd_session_end(s);
}

void clamd_execute_fildes(struct clamd_session *s, int fd)
{
    char name[32];

    (void)snprintf(name, sizeof(name), "fd[%d]", fd);
    if (fd >= 0)
        clamd_scan_fd(s, tag_of(s), fd, name);
    else
        clamd_reply(s, tag_of(s), "No file descriptor received. ERROR");
    if (!s->is_session || fd < 0)
        clamd_session_end(s);
}
