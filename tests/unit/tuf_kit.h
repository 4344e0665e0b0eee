/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "test.h"
#include "tuf/tuf_build.h"
#include "tuf/tuf_client.h"
#include "tuf/tuf_name.h"

/* A TUF repository in memory, its server and a client's state, for tests that
 * change one thing and look what the client says. Keys are numbers: key 7 is
 * the one of the seed 7, 0, 0 ... */

#define KIT_NOW INT64_C(1800000000)
#define KIT_DAY INT64_C(86400)
#define KIT_MAX_FILES 700
#define KIT_MAX_ROLES 12
#define KIT_MAX_KEYS 12

struct kit_file {
    char name[sizeof(struct ov_tuf_name)];
    uint8_t *bytes;
    size_t len;
};

/* Files by name; also a client's state. */
struct kit_store {
    struct kit_file files[KIT_MAX_FILES];
    size_t n;
};

struct kit_keys {
    unsigned keys[KIT_MAX_KEYS]; /* ends with 0 */
    int64_t threshold;
    unsigned signers[KIT_MAX_KEYS]; /* who signs; none: the keys */
};

struct kit_delegation {
    const char *name;
    const char *path;
    bool is_terminating;
    struct kit_keys by; /* whom the delegator trusts; the role's own signers
                           are those of its struct kit_targets */
};

struct kit_targets {
    const char *name;
    int64_t version;
    int64_t expires;
    unsigned signers[KIT_MAX_KEYS];
    const char *paths[8]; /* targets; their content is their path */
    struct kit_delegation delegations[8];
};

struct kit {
    struct kit_keys roles[OV_TUF_N_TYPE];
    int64_t version[OV_TUF_N_TYPE]; /* but of targets */
    int64_t expires[OV_TUF_N_TYPE];
    struct kit_targets targets[KIT_MAX_ROLES]; /* [0]: the top-level one */
    size_t n_targets;
    bool without_hashes; /* in the snapshot and timestamp */
    struct kit_store server;
    struct kit_store state;
    char asked[8192]; /* for what the client asked: "2.root timestamp ..." */
    int64_t now;
    struct ov_tuf_options options;
    struct ov_diag diag;
    /* What goes wrong: a name and a status for it. */
    const char *bad_get;
    enum ov_status bad_get_status;
    const char *bad_put;
    int64_t refused_root; /* new_root refuses this version */
};

void kit_seed(unsigned key, uint8_t ret[static 32]);

struct kit_file *kit_find(struct kit_store *s, const char *name);

/* A file that must be there. */
struct kit_file *kit_need(struct kit_store *s, const char *name);

struct ov_span kit_bytes(struct kit_store *s, const char *name);

void kit_put(struct kit_store *s, const char *name, struct ov_span bytes);

void kit_remove(struct kit_store *s, const char *name);

void kit_clear(struct kit_store *s);

/* A file around part, signed by the keys in signers, under name. */
void kit_sign(struct kit *k, const char *name, struct ov_span part,
              const unsigned *signers);

void kit_publish_root(struct kit *k);

void kit_publish_targets(struct kit *k, const struct kit_targets *t);

void kit_publish_snapshot(struct kit *k);

void kit_publish_timestamp(struct kit *k);

/* All but the root. */
void kit_publish(struct kit *k);

/* Next versions of the snapshot, the timestamp and the top-level targets. */
void kit_publish_next(struct kit *k);

void kit_publish_next_root(struct kit *k);

/* A delegated role, known to the snapshot. */
struct kit_targets *kit_add_role(struct kit *k, const char *name, unsigned key);

void kit_delegate(struct kit_targets *from, const char *to, const char *path,
                  unsigned key);

/* A repository of version 1 with keys 1 to 4, and a client that trusts it. */
struct kit *kit_new(void);

void kit_free(struct kit *k);

struct ov_tuf_io kit_io(struct kit *k);

enum ov_status kit_update(struct kit *k);

/* An update, and a search for path. */
enum ov_status kit_search(struct kit *k, const char *path);

/* The version of what is persisted, 0 if nothing is. */
int64_t kit_state_version(struct kit *k, const char *name);

/* What the client has: versions of root, timestamp, snapshot, targets. */
void kit_expect_state(struct kit *k, int root, int timestamp, int snapshot,
                      int targets);
