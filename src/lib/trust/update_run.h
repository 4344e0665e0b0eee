/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "log/proof.h"
#include "log/tile.h"
#include "trust/delta.h"
#include "trust/head.h"
#include "trust/people.h"
#include "trust/update.h"
#include "tuf/tuf_client.h"

/* What the parts of the procedure share; only for update*.c. */

#define OV_UPDATE_MAX_PROOF (192u << 10)
#define OV_UPDATE_MAX_TRUST (256u << 10)
#define OV_UPDATE_MAX_CHECKPOINT (128u << 10)
#define OV_UPDATE_MAX_AGE 86400
#define OV_UPDATE_MAX_BAD 8
#define OV_UPDATE_MAX_ENDED 8

/* A log that was followed and has ended with that many entries. */
struct ov_ended_log {
    char origin[OV_NOTE_MAX_NAME + 1];
    uint64_t size;
};

/* The file trust/client. */
struct ov_client_state {
    char origin[OV_NOTE_MAX_NAME + 1]; /* empty: no checkpoint yet */
    uint64_t size;
    uint8_t root[32];
    uint64_t witnessed;    /* when a quorum vouched for that checkpoint */
    uint64_t vouched;      /* latest time that a quorum vouched for, ever */
    uint64_t cosigners;    /* how many, of that checkpoint */
    uint64_t highest;      /* release */
    uint64_t seen;         /* the release that was offered first ... */
    uint64_t seen_time;    /* ... at this time */
    uint64_t root_version; /* whose publication was proven */
    uint64_t good_time;    /* of the last run that ended well */
    uint64_t notices_time; /* when it was last known which there are */
    uint64_t bad[OV_UPDATE_MAX_BAD]; /* releases that failed their test here */
    size_t n_bad;
    struct ov_ended_log ended[OV_UPDATE_MAX_ENDED]; /* the oldest first */
    size_t n_ended;
};

/* A release note, read. */
struct ov_release {
    uint64_t seq;
    uint64_t base;
    uint64_t n_records;
    uint64_t compiler;
    uint64_t from; /* changes: log indices */
    uint64_t to;
    bool has_prev;
    uint8_t prev[32];
    uint8_t set_root[32];
    struct ov_blob tiers[2];
    struct ov_span rollout; /* empty: at once */
};

/* Of each level the tile, and the bundle, that was fetched last. */
#define OV_UPDATE_KEPT_TILES 8

struct ov_kept_tile {
    struct ov_tile tile;
    size_t mirror;
    bool is_there;
    struct ov_buf bytes;
};

/* An entry of the installed trace. */
struct ov_traced {
    uint64_t index;
    struct ov_span note;
};

/* A rule that a recall names. */
struct ov_recalled {
    struct ov_span rule; /* a record's ID */
    uint64_t index;      /* of the recall: later versions are not meant */
    const struct ov_entry *entry;
};

struct ov_update {
    const struct ov_update_io *io;
    const struct ov_update_options *options;
    struct ov_update_result *result;
    struct ov_arena *arena;
    uint64_t now;
    size_t mirror; /* the one to ask first */
    bool is_state_broken;
    bool is_asking_root; /* what TUF asked for last */
    struct ov_client_state client;
    struct ov_tuf_io tuf_io;
    struct ov_tuf_client *tuf;
    struct ov_buf policy_text;
    struct ov_buf people_text;
    struct ov_policy policy;
    struct ov_people people;
    bool has_policy;            /* policy and people were believed before */
    bool is_catching_up;        /* update_catch_up.c */
    struct ov_buf history_text; /* trust/history */
    struct ov_span history;     /* what was not looked at yet */
    uint64_t catching[2];       /* entries of the policy, of the people */
    uint64_t max_age;
    struct ov_buf head_bytes;
    struct ov_head head;
    uint8_t note_digest[32];
    struct ov_buf proof_bytes;
    struct ov_recalled *recalled; /* in the order of the list */
    size_t n_recalled;
    uint8_t recall_list[32]; /* digest of the list; zero: there is none */
    uint64_t index;          /* of the release's entry */
    uint64_t vouched;        /* of the proof's checkpoint */
    struct ov_release release;
    struct ov_buf old_head_bytes; /* installed */
    struct ov_head old_head;
    struct ov_release old;
    bool has_old;
    struct ov_buf manifest; /* of the feed that was asked for last */
    uint8_t manifest_digest[32];
    bool has_manifest;
    struct ov_buf trace_bytes[2];
    struct ov_traced *trace; /* by index, rising */
    size_t n_trace;
    struct ov_traced *lines; /* of manifests, by their entries' indices */
    size_t n_lines;
    const struct ov_record_set *known[2]; /* borrowed: base's, this release's */
    bool has_read_trace;
    enum ov_status trace_status;
    struct ov_kept_tile kept_tiles[OV_UPDATE_KEPT_TILES];
    struct ov_arena *entry_arena; /* of the entry that was opened last */
    struct ov_opened *opened;     /* NULL: none */
    uint64_t opened_index;
};

struct ov_update *ov_update_new(const struct ov_update_io *io,
                                const struct ov_update_options *options,
                                struct ov_update_result *result) OV_ALLOC;
void ov_update_free(struct ov_update *u);
OV_DEFINE_AUTO(update)

/* Ends the run: what is refused, and the particulars in words. Returns status,
 * or OV_MALFORMED where that is OV_OK. */
enum ov_status ov_update_refuse(struct ov_update *u, enum ov_refusal why,
                                enum ov_status status, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Takes a refusal back: another way is tried. */
void ov_update_allow(struct ov_update *u);

void ov_update_step(struct ov_update *u, enum ov_update_step step);

/* Gets path from the first mirror that gives what check finds good; the buffer
 * holds it then. The status of the last that failed; OV_NOT_FOUND only if all
 * say so. check may be NULL. */
struct ov_update_check {
    enum ov_status (*check)(struct ov_update *u, void *data,
                            struct ov_span bytes);
    void *data;
};
OV_MUST_USE enum ov_status ov_update_get(struct ov_update *u, const char *path,
                                         uint64_t max, struct ov_buf *into,
                                         const struct ov_update_check *check);

/* A check of bytes whose SHA-256 is known: data, 32 bytes. */
OV_MUST_USE enum ov_status
ov_update_check_digest(struct ov_update *u, void *data, struct ov_span bytes);

/* Whether the status says that bytes did not come, rather than that wrong ones
 * did. */
bool ov_update_is_absence(enum ov_status status);

/* update_state.c */
OV_MUST_USE enum ov_status ov_client_state_read(struct ov_span text,
                                                struct ov_client_state *ret);
void ov_put_client_state(struct ov_buf *b, const struct ov_client_state *s);
OV_MUST_USE enum ov_status ov_update_load(struct ov_update *u);
OV_MUST_USE enum ov_status ov_update_save(struct ov_update *u);
/* The note of a head, whose signatures were believed once. */
OV_MUST_USE enum ov_status ov_release_read(struct ov_arena *a,
                                           const struct ov_head *head,
                                           struct ov_release *ret,
                                           struct ov_diag *diag);
OV_MUST_USE enum ov_status ov_release_of(const struct ov_entry *e,
                                         struct ov_release *ret);

/* update_meta.c: steps root to head */
OV_MUST_USE enum ov_status ov_update_metadata(struct ov_update *u);
OV_MUST_USE enum ov_status ov_update_policy(struct ov_update *u);
OV_MUST_USE enum ov_status ov_update_head(struct ov_update *u);
void ov_update_set_tuf_io(struct ov_update *u);
/* From the state's copy of trust/limits. */
void ov_update_read_limits(struct ov_update *u);
/* Where a target is and what it must be; OV_NOT_FOUND only if it is signed that
 * there is none. */
struct ov_tuf_target;
OV_MUST_USE enum ov_status ov_update_find(struct ov_update *u, const char *path,
                                          struct ov_tuf_target *ret);
OV_MUST_USE enum ov_status ov_update_target(struct ov_update *u,
                                            const char *path, uint64_t max,
                                            struct ov_buf *into);

/* update_log.c: steps proof to roll-out; recalls: update_recall.c */
/* Appends "proof/HEX.tlog-proof" with its NUL; false if memory is out. */
bool ov_update_put_proof_path(struct ov_buf *b,
                              const uint8_t digest[static 32]);
OV_MUST_USE enum ov_status ov_update_proof(struct ov_update *u);
OV_MUST_USE enum ov_status ov_update_history(struct ov_update *u);
OV_MUST_USE enum ov_status ov_update_note(struct ov_update *u);
OV_MUST_USE enum ov_status ov_update_recall(struct ov_update *u);
OV_MUST_USE enum ov_status ov_update_rollout(struct ov_update *u);
/* That a file of this digest was made public as role, and where, by the policy
 * and people believed so far. */
OV_MUST_USE enum ov_status ov_update_public_at(struct ov_update *u,
                                               const char *role,
                                               const uint8_t digest[static 32],
                                               uint64_t *ret);
/* The recall whose entry has this digest, and where it is. */
OV_MUST_USE enum ov_status
ov_update_public_recall(struct ov_update *u, const uint8_t digest[static 32],
                        struct ov_opened **ret, uint64_t *ret_index);
/* The notice whose file has this digest. */
OV_MUST_USE enum ov_status
ov_update_public_notice(struct ov_update *u, const uint8_t digest[static 32],
                        struct ov_opened **ret);

/* update_recall.c: rules that were recalled */
/* Silences those of them that the release in use has. OV_OK also if that was
 * done before. */
OV_MUST_USE enum ov_status ov_update_silence(struct ov_update *u);

/* update_notice.c: what the publisher tells owners. Stands in no rule's way. */
OV_MUST_USE enum ov_status ov_update_notices(struct ov_update *u);
/* Appends what is known as lines for ov_update_report. */
void ov_put_notices(struct ov_buf *b, struct ov_update *u);

/* A tree of the log: it need not be believed yet. */
struct ov_update_tree {
    uint64_t size;
    uint8_t root[32];
};

/* update_entry.c: the log's entries, by tiles of one mirror */

struct ov_update_tiles {
    struct ov_update *u;
    size_t mirror;
};
/* For struct ov_tile_tree. */
OV_MUST_USE enum ov_status
ov_update_get_tile(void *data, const struct ov_tile *tile, struct ov_span *ret);
/* The entry at index of the log as this machine saw it last, proven; in a. */
OV_MUST_USE enum ov_status ov_update_entry(struct ov_update *u, uint64_t index,
                                           struct ov_arena *a,
                                           struct ov_span *ret);
/* The same by tiles only, of a tree that need not be believed yet. */
OV_MUST_USE enum ov_status
ov_update_entry_of(struct ov_update *u, const struct ov_update_tree *tree,
                   uint64_t index, struct ov_arena *a, struct ov_span *ret);
/* The entry that a record names: proven, signed by those who may, and about
 * just this record. */
OV_MUST_USE enum ov_status ov_update_record_entry(struct ov_update *u,
                                                  const struct ov_record *r,
                                                  struct ov_opened **ret,
                                                  struct ov_diag *diag);

/* update_trace.c: the entries that stay here */
/* Stages the trace of the release that is staged; without one, nothing. */
void ov_update_fetch_trace(struct ov_update *u, bool is_same_base);
/* The entry at index, of the installed trace: proven. Borrowed from u.
 * OV_NOT_FOUND: it is not in it, or there is no trace; others: it is damaged.
 */
OV_MUST_USE enum ov_status ov_update_traced(struct ov_update *u, uint64_t index,
                                            struct ov_span *ret);

/* Appends the manifest of the feed entry at index, put together from the known
 * records and the trace: whoever asks compares its digest. */
OV_MUST_USE enum ov_status ov_update_traced_manifest(struct ov_update *u,
                                                     uint64_t index,
                                                     struct ov_buf *into);

/* update_rules.c: content */
/* Records one behind the other, as a sealed set that borrows bytes. */
OV_MUST_USE enum ov_status ov_records_read(struct ov_span bytes,
                                           struct ov_record_set **ret);
OV_MUST_USE enum ov_status ov_update_content(struct ov_update *u);
