/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "sys/ipc.h"

/* Bodies of the messages that updates need, as wire.h has them for scans: put
 * appends to a message that ov_msg_begin started; read takes a whole body and
 * is OV_MALFORMED unless it ends where it should. */

#define OV_WIRE_MAX_URL 2000
#define OV_WIRE_MAX_WORDS 400
#define OV_WIRE_MAX_WORD 64

/* get */
struct ov_wire_get {
    uint64_t max_len;    /* no byte more is taken */
    uint32_t min_speed;  /* bytes a second, over ten seconds */
    uint32_t total_time; /* milliseconds, from name look-up to last byte */
    bool is_post;        /* with what the message body brought before */
    uint64_t range_at;
    uint64_t range_len; /* 0: the whole file */
    uint64_t body_len;
    struct ov_span url;
};

void ov_wire_put_get(struct ov_buf *b, const struct ov_wire_get *g);
OV_MUST_USE enum ov_status ov_wire_read_get(struct ov_span body,
                                            struct ov_wire_get *ret);

/* fetch-start, with the socket of the one that is to be */
struct ov_wire_fetch_start {
    bool is_best_effort; /* its jail; OV_SPAWN_BEST_EFFORT */
};

void ov_wire_put_fetch_start(struct ov_buf *b,
                             const struct ov_wire_fetch_start *s);
OV_MUST_USE enum ov_status
ov_wire_read_fetch_start(struct ov_span body, struct ov_wire_fetch_start *ret);

/* fetch-started */
struct ov_wire_fetch_started {
    uint32_t pid;
};

void ov_wire_put_fetch_started(struct ov_buf *b,
                               const struct ov_wire_fetch_started *s);
OV_MUST_USE enum ov_status
ov_wire_read_fetch_started(struct ov_span body,
                           struct ov_wire_fetch_started *ret);

/* got; also the answer to hang-up, with counts only. OV_NOT_FOUND: the server
 * has no such file (403, 404, 410). */
struct ov_wire_got {
    uint32_t status; /* enum ov_status, unchecked */
    uint32_t code;   /* of HTTP; 0: none came */
    uint64_t len;    /* bytes in the memory file */
    uint64_t up;     /* bytes on sockets */
    uint64_t down;
    uint32_t n_connections;     /* that were opened */
    struct ov_span address;     /* of the server, with its port */
    struct ov_span certificate; /* SHA-256 in digits, of TLS */
    struct ov_span words;
};

void ov_wire_put_got(struct ov_buf *b, const struct ov_wire_got *g);
OV_MUST_USE enum ov_status ov_wire_read_got(struct ov_span body,
                                            struct ov_wire_got *ret);

/* ---- updates: the judge asks, its parent answers ---- */

#define OV_WIRE_MAX_NAME 256
#define OV_WIRE_ROLLOUT_ID 16

/* What is asked of the judge. */
enum ov_trust_task {
    OV_TRUST_UPDATE,
    OV_TRUST_CHECK,  /* believe, but install nothing */
    OV_TRUST_REPORT, /* what is installed, as text */
    OV_TRUST_VERIFY, /* whether it still is what was made public, as text */
    OV_TRUST_DEEP,   /* the same, and each rule's entry */
    OV_TRUST_WHY,    /* where the rule `argument` comes from, as text */
    OV_TRUST_CODE,   /* which programs were made public, as text */
    OV_TRUST_CLOUD,  /* bring the cloud's data, of the tier `argument` */
    OV_TRUST_CLOUD_STATUS, /* what of it is here, as text */
    OV_TRUST_CLOUD_LOOKUP, /* what it says of the SHA-256 `argument`, as text */
    OV_TRUST_CLOUD_KEYS, /* whether mirror 0's manifest `argument` is logged */
    OV_TRUST_CLOUD_RECEIPT, /* whether a receipt is; `argument`: MANIFEST FILE
                             */
    OV_N_TRUST_TASKS
};

/* update. The memory file that comes with it carries bytes to the parent. */
struct ov_wire_update {
    uint32_t task; /* enum ov_trust_task, unchecked */
    uint32_t n_mirrors;
    uint64_t now;
    uint64_t hold;
    uint64_t engine;
    uint8_t rollout_id[OV_WIRE_ROLLOUT_ID];
    struct ov_span channel;
    struct ov_span argument;
};

void ov_wire_put_update(struct ov_buf *b, const struct ov_wire_update *u);
OV_MUST_USE enum ov_status ov_wire_read_update(struct ov_span body,
                                               struct ov_wire_update *ret);

/* Where a file is asked from. */
enum ov_need {
    OV_NEED_MIRROR,
    OV_NEED_STATE,
    OV_NEED_RELEASE, /* the installed one */
    OV_NEED_ROOT,    /* the first root; no name */
    OV_N_NEEDS
};

/* need */
struct ov_wire_need {
    uint32_t from;   /* enum ov_need, unchecked */
    uint32_t mirror; /* OV_NEED_MIRROR */
    uint64_t max_len;
    uint64_t part_at;  /* of a mirror's file, from there */
    uint64_t part_len; /* so many bytes; 0: all of it */
    struct ov_span name;
};

void ov_wire_put_need(struct ov_buf *b, const struct ov_wire_need *n);
OV_MUST_USE enum ov_status ov_wire_read_need(struct ov_span body,
                                             struct ov_wire_need *ret);

/* What the parent is to do. */
enum ov_persist {
    OV_PERSIST_STATE,   /* the first len bytes as that file */
    OV_PERSIST_REMOVE,  /* that file of the state */
    OV_PERSIST_STAGE,   /* begin the next release */
    OV_PERSIST_FILE,    /* the first len bytes as that file of it */
    OV_PERSIST_REUSE,   /* that file of the installed release */
    OV_PERSIST_TEST,    /* try what was staged */
    OV_PERSIST_INSTALL, /* make it release number len */
    OV_N_PERSISTS
};

/* persist */
struct ov_wire_persist {
    uint32_t what; /* enum ov_persist, unchecked */
    uint64_t len;
    struct ov_span name;
};

void ov_wire_put_persist(struct ov_buf *b, const struct ov_wire_persist *p);
OV_MUST_USE enum ov_status ov_wire_read_persist(struct ov_span body,
                                                struct ov_wire_persist *ret);

/* have: a length; step: a number. */
void ov_wire_put_number(struct ov_buf *b, uint64_t n);
OV_MUST_USE enum ov_status ov_wire_read_number(struct ov_span body,
                                               uint64_t *ret);

/* answer */
struct ov_wire_answer {
    uint32_t status; /* enum ov_status, unchecked */
    struct ov_span words;
};

void ov_wire_put_answer(struct ov_buf *b, const struct ov_wire_answer *a);
OV_MUST_USE enum ov_status ov_wire_read_answer(struct ov_span body,
                                               struct ov_wire_answer *ret);

/* updated: as struct ov_update_result of trust/update.h. */
struct ov_wire_updated {
    uint32_t refusal;
    uint32_t step;
    bool is_installed;
    bool is_current;
    bool is_recalled;
    uint64_t installed_seq;
    uint64_t offered_seq;
    struct ov_span detail;
};

void ov_wire_put_updated(struct ov_buf *b, const struct ov_wire_updated *u);
OV_MUST_USE enum ov_status ov_wire_read_updated(struct ov_span body,
                                                struct ov_wire_updated *ret);
