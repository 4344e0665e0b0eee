/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "host/option.h"
#include "host/setting_value.h"

/* What may be asked of the cloud, and where: the section [cloud] of overt.conf,
 * and the mode, which the owner sets by a command. */

enum cloud_mode {
#define CLOUD_MODE(id, word, what, sends) CLOUD_##id,
#include "host/cloud_mode.def"
#undef CLOUD_MODE
    CLOUD_N_MODES
};

struct cloud_settings {
    struct setting_list servers; /* addresses, folders or bundles */
    struct setting_list relays;  /* who stands between us and them */
    struct setting_list own;     /* of the owner's own cloud */
    const char *own_state;       /* which trusts its publisher; NULL: none */
    const char *tier;            /* "std" */
    enum cloud_mode mode;        /* of overt.conf: until the owner has said */
};

extern const struct option_list cloud_options;

/* Reads overt.conf. False after a line of error. */
bool cloud_settings_load(struct cloud_settings *s);

const char *cloud_mode_word(enum cloud_mode m);
const char *cloud_mode_what(enum cloud_mode m);
/* What it sends, field by field. */
const char *cloud_mode_sends(enum cloud_mode m);
bool cloud_mode_parse(const char *word, enum cloud_mode *ret);

/* The mode of a state: what the owner said last, else that of overt.conf.
 * state: the folder. */
enum cloud_mode cloud_mode_of(const struct cloud_settings *s,
                              const char *state);

/* The places that a mode asks. */
const struct setting_list *cloud_places(const struct cloud_settings *s,
                                        enum cloud_mode mode);
