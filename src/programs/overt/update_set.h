/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "host/option.h"
#include "host/outbound_log.h"
#include "host/output.h"
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
    bool is_deep;
    bool is_self;
    bool is_json;
    bool is_quiet;
    unsigned spawn_flags;
};

extern const struct option_list update_options;
extern const struct option_list verify_options;
extern const struct option_list why_options;

/* Reads the section [update] of overt.conf and the command line; False
 * after a line of error. */
bool update_set_parse(const struct option_list *list, struct update_set *u,
                      int *argc, char **argv, bool *ret_is_help);
/* Whether there are just so many. False after a line of error. */
bool update_set_operands(const struct option_list *list, int argc, char **argv,
                         int n_operands);

/* What a judgment means for the exit code, and how it is told: a refusal's
 * word, sentence, particulars and remedy. */
int update_exit_code(const struct ov_trust_result *r);
void update_print_refusal(struct out *o, const struct ov_trust_result *r);
void update_print_refusal_json(struct out *o, const struct ov_trust_result *r);

/* Mirrors, and the ledger that they write to. */
struct update_sources {
    struct ov_mirrors *mirrors;
    struct outbound_log *log; /* NULL: none of them is asked over a network */
};

void update_sources_done(struct update_sources *s);

/* Opens the mirrors, in random order, and for those on a network the outbound
 * ledger: command ("overt update") and purpose, borrowed, are in its lines.
 * False after a line of error. */
bool update_set_sources(const struct update_set *u, const char *command,
                        const char *purpose, struct update_sources *ret);

/* "4h", "30m", "2d", "90s" or seconds. */
bool update_parse_time(const char *text, uint64_t *ret);
