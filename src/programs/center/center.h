/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "log/policy.h"
#include "trust/people.h"
#include "tuf/tuf_client.h"
#include "tuf/tuf_memory.h"

/* What the parts of overt-center share. */

enum center_exit {
    CENTER_OK = 0,
    CENTER_WRONG = 1, /* something does not verify: nothing was made */
    CENTER_FAILED = 2 /* this machine, or how it was called */
};

#define SITE_PATH_MAX 2048
#define SITE_MAX_METADATA ((size_t)4 << 20)

/* What a published tree says, verified. */
struct site {
    const char *repo; /* the tree */
    const char *out;  /* where the site goes */
    const char *root; /* the first root; NULL: the tree's own */
    const char *web;  /* what the pages are made with */
    uint64_t now;     /* POSIX seconds, fixed for the run */
    struct ov_arena *arena;
    struct ov_tuf_memory kept; /* TUF's state, for one run */
    struct ov_tuf_client *client;
    struct ov_buf first_root;
    struct ov_buf policy_text;
    struct ov_buf people_text;
    struct ov_buf limits_text;
    struct ov_buf checkpoint;
    struct ov_policy policy;
    struct ov_people people;
    struct ov_policy_result seen; /* of checkpoint */
    uint64_t max_age;             /* that cosignatures may have */
    struct ov_buf problems; /* items of a JSON array: what is old, not wrong */
};

/* One line on stderr; returns CENTER_FAILED. */
int center_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Adds {"what":"WHAT","text":"TEXT"} to s->problems. */
void site_problem(struct site *s, const char *what, const char *text);

/* Metadata, the files that say whose word counts, the checkpoint. What is only
 * too old becomes a problem; all else ends it, with words in diag. */
OV_MUST_USE enum ov_status site_trust(struct site *s, struct ov_diag *diag);

/* Reads every entry below the checkpoint, compares each tile with them, and the
 * root; writes data/log/NNN.json for each bundle. */
OV_MUST_USE enum ov_status site_log(struct site *s, struct ov_diag *diag);

/* data/site.json. */
OV_MUST_USE enum ov_status site_facts(struct site *s, struct ov_diag *diag);

/* What browsers need of the tree, as SITE/repo: links to the same files where
 * that goes, else copies. */
OV_MUST_USE enum ov_status site_tree(const struct site *s,
                                     struct ov_diag *diag);

/* Appends a file of the tree. */
OV_MUST_USE enum ov_status site_read(const struct site *s, const char *path,
                                     struct ov_buf *into, struct ov_diag *diag);
/* Replaces a file of the site. */
OV_MUST_USE enum ov_status site_write(const struct site *s, const char *path,
                                      const struct ov_buf *bytes,
                                      struct ov_diag *diag);

/* JSON: a comma unless it is the first, "name": and a string, or a number. */
void site_put_text(struct ov_buf *b, const char *name, struct ov_span value);
void site_put_number(struct ov_buf *b, const char *name, uint64_t value);
void site_put_hex(struct ov_buf *b, const char *name, struct ov_span bytes);

/* The commands; argv[0] is the command's word. */
int cmd_build(int argc, char **argv);
int cmd_serve(int argc, char **argv);
