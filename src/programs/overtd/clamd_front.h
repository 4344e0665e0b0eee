/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <sys/socket.h>

#include "base/buf.h"
#include "clamd_parse.h"
#include "clamd_peer.h"
#include "desk.h"
#include "stream_body.h"
#include "sys/walk.h"

/* The front that speaks clamd's protocol, and what its files share:
 * clamd_session.c holds connections, clamd_commands.c does what is asked,
 * clamd_scan.c has files scanned and answers. */

struct clamd_session;

enum clamd_inconclusive {
    CLAMD_INCONCLUSIVE_ERROR, /* "... ERROR" */
    CLAMD_INCONCLUSIVE_FOUND, /* "Heuristics.Limits.Exceeded.X FOUND" */
};

/* Whose connection it is. */
enum clamd_origin {
    CLAMD_REMOTE, /* by TCP */
    CLAMD_LOCAL,  /* by a UNIX socket */
};

struct clamd_options {
    uint64_t stream_max;
    uint64_t idle_ms;
    unsigned max_connections;
    unsigned max_per_peer; /* of one user or address; 0: any */
    unsigned inconclusive; /* enum clamd_inconclusive */
    bool allow_shutdown;
    const char *spool; /* where large INSTREAM bodies lie; NULL: memory */
    void *data;
    void (*put_version)(void *data, struct ov_buf *b);
    void (*reload)(void *data);
    void (*shutdown)(void *data);
};

struct clamd_front {
    struct ov_loop *loop;
    struct desk *desk;
    struct clamd_options options;
    struct clamd_session *sessions;
    struct clamd_peer *peers;
    unsigned n_sessions;
    bool is_ending;   /* takes no more commands */
    uint8_t *scratch; /* CLAMD_SCRATCH bytes, for whoever reads right now */
    /* Called when a connection has gone; may be NULL. */
    void (*has_room)(void *data);
};

#define CLAMD_SCRATCH ((size_t)64 << 10)

/* Fills *f but for has_room. */
OV_MUST_USE enum ov_status clamd_front_init(struct clamd_front *f,
                                            struct ov_loop *loop,
                                            struct desk *desk,
                                            const struct clamd_options *o);
/* Closes all connections. */
void clamd_front_done(struct clamd_front *f);

/* From now on takes no commands; what is asked already, or half asked, is
 * answered, and connections close as they have nothing to wait for. */
void clamd_front_end(struct clamd_front *f);

/* A connection that another front serves counts with these: while it is there;
 * and when it has gone. */
void clamd_front_join(struct clamd_front *f);
void clamd_front_part(struct clamd_front *f);

/* Serves a connection; takes fd. */
void clamd_front_accept(struct clamd_front *f, int fd,
                        enum clamd_origin origin);

/* ---- between its files ---- */

#define CLAMD_MAX_FDS 16

enum clamd_session_state {
    CLAMD_AT_COMMAND,
    CLAMD_AT_STREAM, /* INSTREAM: lengths and chunks */
    CLAMD_AT_FILDES, /* the byte that a descriptor comes with */
    CLAMD_AT_END,    /* no more is taken; closed when all is answered */
    CLAMD_AT_LINGER, /* all is answered; what still comes is thrown away */
};

struct clamd_session {
    struct clamd_front *front;
    struct clamd_session *next;
    struct clamd_session *previous;
    struct ov_loop_watch watch;
    struct ov_loop_timer timer;
    struct clamd_peer *peer;
    struct ucred who; /* pid 0: not known */
    struct ov_buf in;
    struct ov_buf out;
    size_t n_sent; /* of out */
    int fds[CLAMD_MAX_FDS];
    unsigned n_fds;
    enum clamd_session_state state;
    bool is_local; /* a UNIX socket */
    bool is_at_eof;
    bool is_refused;   /* there were too many of its peer */
    bool is_lingering; /* and its time runs out */
    bool is_maybe;     /* the timer is for an old command without an end */
    bool has_early;    /* a descriptor came before its byte, and was taken */
    bool is_session;   /* IDSESSION */
    uint8_t end;       /* of replies to the command that is taken now */
    uint32_t n_commands;
    uint32_t chunk_left;
    uint64_t n_thrown;
    struct stream_body body;
    struct clamd_job *jobs;
    unsigned n_jobs;
};

/* Which reply: its number in a session, and how it ends. */
struct clamd_tag {
    uint32_t id; /* 0: none */
    uint8_t end;
};

/* The reply's beginning and end; text is put into s->out between them. */
void clamd_reply_begin(struct clamd_session *s, struct clamd_tag tag);
void clamd_reply_end(struct clamd_session *s, struct clamd_tag tag);
void clamd_reply(struct clamd_session *s, struct clamd_tag tag,
                 const char *text);

/* Takes no more commands; what is asked already is answered. */
void clamd_session_end(struct clamd_session *s);
/* A job has ended, or something is to be sent. May close s. */
void clamd_session_go_on(struct clamd_session *s);

/* Does a command. */
void clamd_execute(struct clamd_session *s, const struct clamd_line *line);
/* The stream's last chunk is there; or a descriptor. */
void clamd_execute_stream(struct clamd_session *s);
void clamd_execute_fildes(struct clamd_session *s, int fd);

struct clamd_job;

void clamd_scan_path(struct clamd_session *s, struct clamd_tag tag,
                     enum clamd_command command, struct ov_span path);
/* Takes fd. */
void clamd_scan_fd(struct clamd_session *s, struct clamd_tag tag, int fd,
                   const char *name);
/* Nobody waits for it any more. */
void clamd_job_cancel(struct clamd_job *job);
