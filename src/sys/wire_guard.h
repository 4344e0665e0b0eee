/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "sys/ipc.h"

/* What the daemon and overt-guard say to each other; see wire.h. */

/* When a file is checked; a set. */
enum ov_guard_when {
    OV_GUARD_EXEC = 1,    /* before it is executed */
    OV_GUARD_OPEN = 2,    /* before it is opened */
    OV_GUARD_WRITTEN = 4, /* after it was written; nobody waits */
};

#define OV_GUARD_ALL_WHEN (OV_GUARD_EXEC | OV_GUARD_OPEN | OV_GUARD_WRITTEN)
#define OV_GUARD_DEADLINE_MIN 100u
#define OV_GUARD_DEADLINE_MAX 600000u

/* guard-settings */
struct ov_wire_guard_settings {
    uint32_t when;     /* of enum ov_guard_when; 0 is malformed */
    uint32_t deadline; /* ms: how long somebody waits at most */
    bool denies_late;  /* else who has waited so long may go on */
    bool guards_all;   /* every file system of this machine, also later ones */
};

void ov_wire_put_guard_settings(struct ov_buf *b,
                                const struct ov_wire_guard_settings *s);
OV_MUST_USE enum ov_status
ov_wire_read_guard_settings(struct ov_span body,
                            struct ov_wire_guard_settings *ret);

/* guard-place */
enum ov_guard_place {
    OV_GUARD_PATH,         /* guard the file system this is on, and below it */
    OV_GUARD_SKIP_PATH,    /* what is at or below this path */
    OV_GUARD_SKIP_USER,    /* a number: what this user's processes open */
    OV_GUARD_SKIP_PROCESS, /* what processes of this executable open */
    OV_N_GUARD_PLACE
};

#define OV_WIRE_MAX_GUARD_PATH 4096

struct ov_wire_guard_place {
    uint32_t kind;
    struct ov_span text; /* no NUL in it */
};

void ov_wire_put_guard_place(struct ov_buf *b,
                             const struct ov_wire_guard_place *p);
OV_MUST_USE enum ov_status
ov_wire_read_guard_place(struct ov_span body, struct ov_wire_guard_place *ret);

/* guard-answer; its task is the question's. */
struct ov_wire_guard_answer {
    bool denies;
    bool may_remember; /* no more questions until the file changes */
};

void ov_wire_put_guard_answer(struct ov_buf *b,
                              const struct ov_wire_guard_answer *a);
OV_MUST_USE enum ov_status
ov_wire_read_guard_answer(struct ov_span body,
                          struct ov_wire_guard_answer *ret);

/* guard-ask (with the file), guard-late. */
struct ov_wire_guard_file {
    uint32_t when;       /* one of enum ov_guard_when */
    uint32_t pid;        /* 0: not of this machine's process namespace */
    uint32_t uid;        /* effective; UINT32_MAX: unknown */
    bool is_here;        /* the path leads to the file in our namespace */
    uint64_t len;        /* bytes, when it was opened */
    struct ov_span path; /* cut, if it is longer than OV_WIRE_MAX_GUARD_PATH */
};

void ov_wire_put_guard_file(struct ov_buf *b,
                            const struct ov_wire_guard_file *f);
OV_MUST_USE enum ov_status
ov_wire_read_guard_file(struct ov_span body, struct ov_wire_guard_file *ret);

/* guard-counts: since the guard began, of what the kernel has told it. What the
 * kernel lets go because the guard has said that it is clean is not in it. */
struct ov_wire_guard_counts {
    uint64_t n_ignored; /* openings: excluded, empty, no files, our own */
    uint64_t n_allowed; /* openings that went on after an answer */
    uint64_t n_denied;  /* or not; both also where none came in time */
    uint64_t n_written; /* files that were looked at after a change */
};

void ov_wire_put_guard_counts(struct ov_buf *b,
                              const struct ov_wire_guard_counts *c);
OV_MUST_USE enum ov_status
ov_wire_read_guard_counts(struct ov_span body,
                          struct ov_wire_guard_counts *ret);

/* guard-told, guard-failed (path empty). */
struct ov_wire_guard_told {
    uint32_t status; /* enum ov_status, unchecked */
    struct ov_span path;
    struct ov_span text;
};

void ov_wire_put_guard_told(struct ov_buf *b,
                            const struct ov_wire_guard_told *t);
OV_MUST_USE enum ov_status
ov_wire_read_guard_told(struct ov_span body, struct ov_wire_guard_told *ret);
