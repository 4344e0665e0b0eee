/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include "cloud_link.h"
#include "host/finding.h"
#include "sys/loop.h"
#include "sys/pool.h"

/* Where all of the daemon's fronts hand in what is to be scanned. Requests
 * wait in a line per peer; the peers take turns, so that one with a thousand
 * files does not keep away one with a single file. Few are with the workers at
 * a time; the others cost nothing but their descriptor.
 *
 * Nothing is called back from inside desk_submit and desk_cancel. */

struct desk;
struct desk_request;

enum desk_source {
    DESK_CLAMD,
    DESK_GUARD,
    DESK_HTTP /* the API */
};

/* Whose turn it is: one per connection or front, embedded, all-zero at first.
 * May go when none of its requests is open. */
struct desk_peer {
    enum desk_source source;
    struct desk_peer *next; /* the desk's, from here on */
    struct desk_request *first;
    struct desk_request *last;
    size_t n_waiting;
};

struct desk_result {
    enum ov_verdict verdict; /* never better than what was found */
    struct ov_span type;     /* of the file: "zip" */
    uint64_t n_objects;
    uint64_t n_bytes;
    /* Of the first of each; empty if there was none. Hostile. */
    struct ov_span rule;
    bool is_official;      /* that rule: its name has no ".UNOFFICIAL" */
    struct ov_span reason; /* why inconclusive: include/overt/reason.def */
    struct ov_span detail;
    unsigned n_detections;
    unsigned n_allowed; /* detections that a hook let pass, for this asker */
    bool is_changed; /* during the scan: what was found is not what is there */
    const struct finding *finding; /* the first; NULL: there was none */
    unsigned waited_ms;            /* in line */
    unsigned took_ms;              /* in all */
    int fd;         /* the request's, borrowed: closed after the call */
    bool is_cached; /* known as clean, not scanned again */
};

/* Owned by the front, embedded in its own; stays where it is until done or
 * desk_cancel. All-zero but for what is set. */
struct desk_request {
    struct desk_peer *peer;
    int fd; /* taken by desk_submit: a regular file, a memory file */
    uint64_t len;
    const char *path; /* as told to people; NULL: a stream */
    pid_t pid;        /* who asked or opened; 0: unknown */
    uid_t uid;        /* (uid_t)-1: unknown */
    bool all_matches; /* every rule, not only the first that holds */
    void *data;       /* the front's */
    /* What is found, as it is found; may be NULL. */
    void (*detection)(struct desk_request *r,
                      const struct ov_wire_detection *d);
    void (*inconclusive)(struct desk_request *r,
                         const struct ov_wire_inconclusive *i);
    /* The end; r is the front's again. */
    void (*done)(struct desk_request *r, const struct desk_result *result);

    struct desk_request *next; /* the desk's, from here on */
    struct desk_ticket *ticket;
    int scan_fd; /* while it is with the workers: the file, for hooks */
    bool tries_all_rules; /* as desk_try_all_rules said when it went there */
    uint64_t since_ms;
};

/* What is done for all fronts alike: quarantine, events, metrics. Not called
 * for a request that was cancelled. */
struct desk_hook {
    void *data;
    /* True: this detection does not count (an allow list); nobody is told. */
    bool (*allows)(void *data, const struct desk_request *r,
                   const struct ov_wire_detection *d);
    /* Before the front's own. */
    void (*done)(void *data, const struct desk_request *r,
                 const struct desk_result *result);
    /* What a rule cost, if the scan's flags have OV_SCAN_PROFILE. */
    void (*cost)(void *data, const struct ov_rule_cost *c);
    struct desk_hook *next; /* the desk's */
};

struct desk_options {
    struct ov_loop *loop;
    struct ov_wire_open open; /* limits and flags of a scan */
    unsigned n_workers;       /* 0: one per processor */
    unsigned timeout_ms;      /* of a worker per file; 0: 120 s */
    unsigned spawn_flags;
    unsigned recycle_after;   /* files per worker; 0: any number */
    uint64_t idle_after_ms;   /* without a file a worker ends; 0: never */
    uint64_t memory_max;      /* bytes of one worker; 0: its jail's */
    unsigned remember;        /* clean files, about; 0: none */
    struct cloud_link *cloud; /* what knows programs; NULL: nobody */
    void *data;
    /* The first rules are open: requests are being served from now on. Or
     * others are; or, with another status, could not be opened, and the old
     * ones stay. */
    void (*rules_changed)(void *data, enum ov_status status);
    /* What is kept of the cloud is another one: what was clean may not be. */
    void (*cloud_changed)(void *data);
    /* One line that the owner of the machine should see. */
    void (*tell)(void *data, const char *words);
};

/* Returns owned. */
OV_MUST_USE enum ov_status desk_new(const struct desk_options *options,
                                    struct desk **ret);
/* All requests must be done or cancelled. */
void desk_free(struct desk *desk);

/* From now on files are tried with every rule, as one that is found first may
 * be allowed; who did not ask for all is told of the first that counts. */
void desk_try_all_rules(struct desk *desk, bool tries_all);

static inline bool desk_tries_all_rules(const struct desk_request *r)
{
    return r->tries_all_rules;
}

/* Borrows hook for the desk's life. */
void desk_add_hook(struct desk *desk, struct desk_hook *hook);

/* From now on these rules. Takes the descriptors. A file is scanned with the
 * old or the new ones, and nothing waits for the change. */
void desk_set_rules(struct desk *desk, struct ov_pool_images *images);
bool desk_has_rules(const struct desk *desk);
/* Whether rules that were set are still to come into use: better set no others
 * before. */
bool desk_is_changing(const struct desk *desk);
/* SHA-256 of the rules in use; zeros before there are any. */
const uint8_t *desk_rules_digest(const struct desk *desk);

/* Looks whether what is kept of the cloud has changed. */
void desk_look_at_cloud(struct desk *desk);

/* Takes r->fd. */
void desk_submit(struct desk *desk, struct desk_request *r);

/* Forgets an open request: it is the front's again, and nothing of it is told
 * any more. No effect on one that is done. */
void desk_cancel(struct desk *desk, struct desk_request *r);

struct desk_state {
    size_t n_waiting;
    size_t n_running; /* with the workers */
    uint64_t n_done;
    uint64_t by_verdict[OV_N_VERDICTS];
    uint64_t n_bytes;
    unsigned n_workers; /* at most */
    struct ov_pool_state pool;
};
struct desk_state desk_state(const struct desk *desk);
