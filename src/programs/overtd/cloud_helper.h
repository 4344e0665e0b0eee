/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <sys/stat.h>

#include "cloud_link.h"

/* What the daemon and its two forks say to each other: one packet, one packet.
 * A question with a descriptor is for the first look, one without it is about
 * the digest. */

struct cloud_question {
    uint64_t id;
    uint8_t digest[32];
};

struct cloud_answer {
    uint64_t id;
    uint8_t digest[32];
    bool has_digest; /* of a first look */
    struct cloud_word word;
};

struct cloud_helper {
    const char *config;
    const char *state;
    unsigned spawn_flags;
};

/* In a fork: answers until the socket is closed. */
_Noreturn void cloud_helper_run(int socket, const struct cloud_helper *how);

/* What is kept of the cloud, as a file; false, and zeros, if nothing is. */
bool cloud_current(const char *state, struct stat *ret);
