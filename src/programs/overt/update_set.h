/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "option.h"
#include "sys/mirrors.h"
#include "sys/trust_client.h"

/* What commands about updates share: their options, the mirrors they name, and
 * how they say what came of it. */

#define UPDATE_MAX_PLACES 64

struct update_set {
    const char *places[UPDATE_MAX_PLACES];
    size_t n_places;
    bool has_own_places; /* given on the command line: overt.conf's do not count
                          */
    const char *root;
    const char *channel;
    const char *corpus;
    uint64_t hold; /* seconds */
    bool is_check;
    bool is_json;
    bool is_quiet;
    unsigned spawn_flags;
};

extern const struct option_list update_options;

/* Reads overt.conf and the command line. False after a line of error, or after
 * the help (*ret_is_help). No operands are taken. */
bool update_set_parse(struct update_set *u, int *argc, char **argv,
                      bool *ret_is_help);

/* Opens the mirrors, in random order. False after a line of error. */
bool update_set_mirrors(const struct update_set *u, struct ov_mirrors **ret);

/* "4h", "30m", "2d", "90s" or seconds. */
bool update_parse_time(const char *text, uint64_t *ret);
