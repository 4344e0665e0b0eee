/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"

/* What to watch: options, or lines of a file with the same names. */

#define WATCH_MAX_PLACES 128 /* a witness: one for each log */

enum place_kind {
    PLACE_LOG,
    PLACE_MIRROR,
    PLACE_WITNESS
};

struct watch_place {
    enum place_kind kind;
    const char *url;
    size_t log; /* of the policy's logs; for witnesses */
};

struct watch_options {
    struct watch_place places[WATCH_MAX_PLACES]; /* the log is the first */
    size_t n_places;
    const char *policy;
    const char *people;
    const char *state;
    const char *repo;
    const char *root;
    const char *build_code;
    const char *cosigner; /* state of an overt-witness --checked */
    uint64_t interval;    /* seconds between rounds */
    uint64_t max_age;     /* of cosignatures, seconds */
    uint64_t max_delay;   /* of a place behind another, seconds */
    bool is_once;
    bool is_json;
    bool has_blobs;
    bool is_help;
};

/* Strings live in argv or the arena. False after a line of error on stderr. */
bool watch_options_read(int argc, char **argv, struct ov_arena *arena,
                        struct watch_options *ret);

void watch_options_help(void);
