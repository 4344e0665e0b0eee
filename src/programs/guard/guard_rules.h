/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <sys/types.h>

#include "sys/wire_guard.h"

/* What the daemon has said before the start: what to guard, what to leave
 * alone. */

#define MAX_PLACES 320

struct place {
    enum ov_guard_place kind;
    char *text; /* owned; a path has no slash at its end */
    uint32_t uid;
};

struct guard_rules {
    struct ov_wire_guard_settings settings;
    struct place places[MAX_PLACES];
    size_t n_places;
    pid_t self;
    pid_t daemon;
    pid_t session; /* of the daemon and all it starts */
};

/* OV_LIMIT_COUNT, OV_MALFORMED, OV_NO_MEMORY. */
OV_MUST_USE enum ov_status guard_rules_add(struct guard_rules *r,
                                           const struct ov_wire_guard_place *p);

/* Whether path is place, or below it. */
bool path_is_below(struct ov_span path, const char *place);

/* Whether a process is the daemon's: never to be kept waiting by itself. */
bool is_own_process(const struct guard_rules *r, pid_t pid);

/* Whether what this process opens is left alone by user or executable.
 * *ret_uid: its effective user, UINT32_MAX if that cannot be known. */
bool is_skipped_process(const struct guard_rules *r, pid_t pid,
                        uint32_t *ret_uid);

/* Whether a file with this path is left alone. is_here as in struct
 * ov_wire_guard_file: a path of another mount namespace may look like any. */
bool is_skipped_path(const struct guard_rules *r, struct ov_span path,
                     bool is_here);
