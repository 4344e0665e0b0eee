/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "trust/recalled.h"
#include "trust/record.h"

/* How a client comes to believe an update: a procedure without files, network
 * or clock. docs/protocol-update.md tells the steps and why each is there. What
 * fails never lowers a check and never takes away what is installed. */

enum ov_update_step {
#define OV_UPDATE_STEP(id, word, what) OV_STEP_##id,
#include "trust/update_step.def"
#undef OV_UPDATE_STEP
    OV_N_UPDATE_STEPS
};

enum ov_refusal {
    OV_REFUSED_NOT, /* all went well */
#define OV_REFUSAL(id, word, step, class, sentence, remedy) OV_REFUSED_##id,
#include "trust/recalled.h"
#include "trust/update_refusal.def"
#undef OV_REFUSAL
    OV_N_REFUSALS
};

enum ov_refusal_class {
    OV_REFUSAL_NONE,
    OV_REFUSAL_WAIT,
    OV_REFUSAL_STALE,
    OV_REFUSAL_ALARM,
    OV_REFUSAL_MACHINE,
};

struct ov_refusal_text {
    const char *word;
    enum ov_update_step step;
    enum ov_refusal_class class;
    const char *sentence;
    const char *remedy;
};

const char *ov_update_step_word(enum ov_update_step step);
/* Never NULL; for a number that is none, one that says so. */
const struct ov_refusal_text *ov_refusal_text(unsigned refusal);

/* One tier to compile: 0 from all records of the base, 1 from what has changed
 * since; 2 has no records, and takes away what was recalled. */
struct ov_update_tier {
    unsigned number;
    const struct ov_record *records; /* by ID, rising */
    size_t n;
    const struct ov_span *withdrawn; /* IDs whose rules in tier 0 are off */
    size_t n_withdrawn;
};

/* Files of the state with checkpoints that were believed beside the updates,
 * and that the next ones compare with the log they follow. */
#define OV_UPDATE_CLOUD_CHECKPOINT "reputation/checkpoint-%u"
#define OV_UPDATE_CLOUD_CHECKPOINTS 8U

/* Who does what the procedure cannot. Buffers that are filled have their
 * maximum; OV_NOT_FOUND is "there is none". */
struct ov_update_io {
    void *data;

    /* Appends the file at path of a mirror, max bytes at most.
     * OV_LIMIT_SIZE, OV_TIMED_OUT, OV_IO, ...: this mirror does not have it. */
    enum ov_status (*get)(void *data, size_t mirror, const char *path,
                          uint64_t max, struct ov_buf *into);

    /* Small files, durable and atomic. */
    enum ov_status (*state_get)(void *data, const char *name,
                                struct ov_buf *into);
    enum ov_status (*state_put)(void *data, const char *name,
                                struct ov_span bytes);
    enum ov_status (*state_remove)(void *data, const char *name);

    /* A file of the installed release. */
    enum ov_status (*release_get)(void *data, const char *name,
                                  struct ov_buf *into);

    /* The next release, put together beside the installed one: empty it, write
     * a file, take one over from the installed release, compile a tier to the
     * file image.N. OV_MALFORMED from compile: the rules are at fault. */
    enum ov_status (*stage)(void *data);
    enum ov_status (*stage_put)(void *data, const char *name,
                                struct ov_span bytes);
    enum ov_status (*stage_reuse)(void *data, const char *name);
    enum ov_status (*compile)(void *data, const struct ov_update_tier *tier,
                              uint8_t ret_digest[static 32], uint64_t *ret_len,
                              struct ov_diag *diag);

    /* Tries what was staged: OV_MISMATCH if it must not be used, with words. */
    enum ov_status (*self_test)(void *data, struct ov_diag *diag);

    /* Compiles a tier, of which nothing but withdrawn IDs is there, to the file
     * recalled.image, which is used beside the installed release; without any,
     * removes that file. May be NULL: then recalled rules stay in use. */
    enum ov_status (*silence)(void *data, const struct ov_update_tier *tier,
                              uint8_t ret_digest[static 32], uint64_t *ret_len,
                              struct ov_diag *diag);

    /* What such a tier compiles to, with no file of it. May be NULL: then a
     * list of recalled rules is believed. */
    enum ov_status (*compile_only)(void *data,
                                   const struct ov_update_tier *tier,
                                   uint8_t ret_digest[static 32],
                                   uint64_t *ret_len, struct ov_diag *diag);

    /* Makes it the release in use. */
    enum ov_status (*install)(void *data, uint64_t seq);

    /* May be NULL. */
    void (*progress)(void *data, enum ov_update_step step);
};

enum ov_update_flag {
    OV_UPDATE_CHECK = 1, /* believe, but install nothing */
    OV_UPDATE_DEEP = 2,  /* ov_update_verify: each record's entry, too */
};

struct ov_update_options {
    uint64_t now;              /* the machine's clock, seconds since 1970 */
    struct ov_span first_root; /* if nothing is trusted yet; may be empty */
    const char *channel;       /* "stable" */
    size_t n_mirrors;          /* in the order in which to ask them */
    unsigned flags;
    uint64_t hold;          /* seconds that a release must be known */
    uint8_t rollout_id[16]; /* random, kept, never sent */
    uint64_t engine;        /* log index of these programs; 0: not known */
};

#define OV_UPDATE_DETAIL 320

struct ov_update_result {
    enum ov_refusal refusal;
    enum ov_update_step step; /* the last that was begun */
    char detail[OV_UPDATE_DETAIL];
    bool is_installed;      /* a release was installed in this run */
    bool is_current;        /* what is installed is what the publisher offers */
    bool is_recalled;       /* what is installed was withdrawn: go back */
    uint64_t installed_seq; /* 0: nothing */
    uint64_t offered_seq;   /* 0: it did not come so far */
};

/* OV_OK unless refusal says something; then the status behind it. */
OV_MUST_USE enum ov_status
ov_update_run(const struct ov_update_io *io,
              const struct ov_update_options *options,
              struct ov_update_result *ret);

/* Appends what is known here as lines "name value": release, images, ages,
 * quorum. Uses state_get and release_get only. OV_NOT_FOUND if nothing is
 * installed; what is known is appended all the same. */
OV_MUST_USE enum ov_status ov_update_report(const struct ov_update_io *io,
                                            uint64_t now, struct ov_buf *into);

/* Checks all that is installed and remembered against what vouches for it, and
 * appends a line for each thing looked at: "ok ...", "stale ...", "BAD ...".
 * Uses get only for OV_UPDATE_DEEP. As ov_update_run. */
OV_MUST_USE enum ov_status
ov_update_verify(const struct ov_update_io *io,
                 const struct ov_update_options *options,
                 struct ov_update_result *ret, struct ov_buf *into);

/* Which programs the publisher has released: appends a line "ok programs ...",
 * and the lines of their manifest (tools/release). Uses get. */
OV_MUST_USE enum ov_status
ov_update_code(const struct ov_update_io *io,
               const struct ov_update_options *options,
               struct ov_update_result *ret, struct ov_buf *into);

/* Tells where the rule of this name (of a detection, a rule or a record) comes
 * from: source, place in the release and the log, who signed it; all of it
 * verified. Uses get only if the installed trace does not have the log's entry;
 * without it the rest is told, and the refusal is UNREACHABLE. */
OV_MUST_USE enum ov_status
ov_update_why(const struct ov_update_io *io,
              const struct ov_update_options *options, struct ov_span name,
              struct ov_update_result *ret, struct ov_buf *into);
