/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "base/text.h"

/* What all commands of overt-cloud share. A command has read its words when it
 * begins, says what is wrong on stderr, and returns the exit code. */

enum {
    CLOUD_OK = 0,
    CLOUD_FAILED = 1,
    CLOUD_USAGE = 2,
};

#define CLOUD_PATH_MAX 1024
#define CLOUD_WORDS_MAX 16

struct cloud_option {
    const char *name;
    const char *value; /* "" for one that takes none */
};

struct cloud {
    const char *words[CLOUD_WORDS_MAX]; /* behind the command */
    size_t n_words;
    struct cloud_option options[CLOUD_WORDS_MAX];
    size_t n_options;
    uint64_t now; /* seconds since 1970: --now, or the clock's */
    /* DIR/cloud.conf, after cloud_open */
    const char *dir;
    char name[128];              /* instance, as in entries */
    char log[CLOUD_PATH_MAX];    /* folder of overt-logd */
    char policy[CLOUD_PATH_MAX]; /* of its witnesses */
    char keys[CLOUD_PATH_MAX];   /* folder with builders' keys */
    char trust[CLOUD_PATH_MAX];  /* of a private cloud: a state that trusts the
                                    public one's publisher */
    uint64_t days;               /* a statement is good for */
    const char *also; /* another folder that cloud_lock lets be written */
};

#define CLOUD_COMMAND(word, function, words, options, help)                    \
    int function(struct cloud *c);
#include "cloud_commands.def"
#undef CLOUD_COMMAND

/* "overt-cloud: ..." on stderr; returns CLOUD_FAILED. */
int cloud_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The option's value, NULL if it was not given. */
const char *cloud_option(const struct cloud *c, const char *name);
/* A number that an option gives, or the other; false after words, also for one
 * above UINT32_MAX. */
bool cloud_number(const struct cloud *c, const char *name, uint64_t other,
                  uint64_t *ret);
/* The same for bytes, which may be more: up to INT64_MAX. */
bool cloud_bytes(const struct cloud *c, const char *name, uint64_t other,
                 uint64_t *ret);

/* Opens the folder that word n names; false after words. */
bool cloud_open(struct cloud *c, size_t n);
/* DIR/... into ret; false after words if it is too long. */
bool cloud_path(const struct cloud *c, char ret[static CLOUD_PATH_MAX],
                const char *format, ...) __attribute__((format(printf, 3, 4)));
/* For commands that write: takes DIR/lock until the process ends, so that there
 * is one writer at a time, and enters the jail. */
bool cloud_lock(const struct cloud *c);
