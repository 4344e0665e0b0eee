/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "desk.h"
#include "sys/wire_guard.h"

/* Counters of the daemon's life, and their text for Prometheus. */

#define METRICS_N_SOURCES 3 /* of enum desk_source */
#define METRICS_N_BUCKETS 15

struct metrics {
    uint64_t scans[METRICS_N_SOURCES][OV_N_VERDICTS];
    uint64_t bytes[METRICS_N_SOURCES];
    uint64_t cached[METRICS_N_SOURCES];
    uint64_t latency[METRICS_N_BUCKETS]; /* in all: waiting, too */
    uint64_t latency_ms;                 /* sum */
    uint64_t reloads;
    uint64_t refused_reloads;
};

#define METRICS_MAX_WORD 32

enum metrics_update {
    METRICS_UPDATE_INSTALLED,
    METRICS_UPDATE_CURRENT, /* nothing new */
    METRICS_UPDATE_REFUSED,
    METRICS_UPDATE_FAILED,
    METRICS_N_UPDATES
};

/* Of updates that the daemon makes. Times are seconds since 1970; 0: never. */
struct metrics_updates {
    uint64_t n[METRICS_N_UPDATES];
    uint64_t every; /* seconds, about; 0: it makes none */
    int64_t last;
    int64_t good; /* the last one in which all was well */
    int64_t next;
    char result[METRICS_MAX_WORD]; /* of the last one; empty: not known */
};

/* What is as it is right now. */
/* Of the guard: what came from it, and what was answered. What the kernel lets
 * go on because the guard remembers it is not known. */
struct metrics_guard {
    struct ov_wire_guard_counts openings; /* up to a second old */
    uint64_t n_asked;                     /* questions */
    uint64_t n_denied;                    /* of those */
    uint64_t n_late;                      /* no answer in time */
    uint64_t n_forgets; /* it was told to forget what is clean */
    uint64_t n_starts;
    size_t n_waiting; /* questions that are open now */
};

/* Look-ups in the cloud. */
struct metrics_cloud {
    uint64_t n_good; /* nobody calls it bad */
    uint64_t n_bad;
    uint64_t n_unknown; /* no answer that holds */
    uint64_t n_late;    /* of those */
};

struct metrics_now {
    int64_t now; /* seconds since 1970, as the following */
    int64_t started;
    int64_t rules_time; /* 0: not known */
    uint64_t release;
    const uint8_t *digest; /* 32 bytes */
    const char *version;
    struct desk_state desk;
    unsigned n_connections;
    uint64_t n_events_lost;
    uint64_t own_memory; /* bytes */
    uint64_t workers_memory;
    bool is_ready;
    const struct metrics_updates *updates;
    struct metrics_guard guard;
    struct metrics_cloud cloud;
};

const char *metrics_source_name(enum desk_source s);

void metrics_count(struct metrics *m, const struct desk_request *r,
                   const struct desk_result *result);

/* Text exposition format 0.0.4. */
void metrics_put(struct ov_buf *b, const struct metrics *m,
                 const struct metrics_now *now);
/* The same as one JSON object: GET /status. */
void metrics_put_json(struct ov_buf *b, const struct metrics *m,
                      const struct metrics_now *now);
