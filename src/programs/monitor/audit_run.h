/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "audit.h"
#include "crypto/digest.h"
#include "index_table.h"
#include "log/merkle.h"

/* What the parts of the audit share; only for audit*.c. */

#define MAX_CHANNELS 64
#define AUDIT_MAX_ENDED 64

struct embargo {
    uint64_t index;
    uint64_t until;
    uint8_t source[32];
    bool is_over;
};

struct feed {
    struct audit_file manifest;
    bool is_learned;
};

struct channel {
    struct audit_release last;
    uint64_t to; /* of its range */
};

/* What the cloud said last. */
struct audit_cloud {
    uint64_t epoch;
    uint8_t snapshot[32]; /* SHA-256 of its note */
    uint64_t seq;
    uint8_t delta[32]; /* of its note */
    uint8_t file[32];  /* the delta itself */
    uint64_t version;  /* of the manifest of regions' keys */
    uint8_t manifest[32];
};

struct audit {
    struct findings *found;
    const struct ov_people *people;
    struct ov_arena *arena; /* of one entry */
    struct index_table *table;
    struct channel channels[MAX_CHANNELS];
    size_t n_channels;
    struct embargo *embargoes;
    size_t n_embargoes;
    struct audit_file *files;
    size_t n_files;
    struct feed *feeds; /* by index, rising */
    size_t n_feeds;
    struct audit_recall *recalls;
    size_t n_recalls;
    uint8_t digest[OV_DIGEST_MAX];     /* of the entry that is read */
    uint64_t n_live;                   /* rules that are not retired */
    uint64_t last_change;              /* index of the last rule-change */
    struct ov_merkle_stack tree;       /* of the entries so far */
    char origin[OV_NOTE_MAX_NAME + 1]; /* of the log they are in now */
    bool is_ended;                     /* by the entry before */
    char next[OV_NOTE_MAX_NAME + 1];   /* the log that log-end names */

    struct {
        char origin[OV_NOTE_MAX_NAME + 1];
        uint64_t size;
    } ended[AUDIT_MAX_ENDED];

    size_t n_ended;
    struct audit_cloud cloud;
};

/* Spaces of the table. */
#define RULE 'r'    /* id: index, revision */
#define FEED 'f'    /* id: index, revision */
#define ENTRY 'e'   /* SHA-256 of the bytes: index */
#define TYPE 't'    /* index: type */
#define SHA 'd'     /* a file that an entry names: index */
#define RELEASE 's' /* "CHANNEL SEQ": index; is_gone: recalled */
#define RECORD 'c'  /* what a rule-change or manifest says of a record */
#define DELTA 'v'   /* " SEQ SHA-256" of a cloud's delta */
#define REGION 'g'  /* a region's name: index, receipts */
#define TREE 'm'    /* "REGION SIZE ROOT" of its receipts */

/* Room for one more at the end of a list that doubles; NULL if memory is out.
 */
void *audit_grow(void *list, size_t n, size_t size);

/* audit_cover.c */
OV_MUST_USE enum ov_status
audit_learn_change(struct audit *a, const struct ov_entry *e, uint64_t index);

/* audit_turn.c: what log-start and log-end say fits where they stand */
void audit_place(struct audit *a, const struct ov_entry *e, uint64_t index);

/* audit_recall.c */
OV_MUST_USE enum ov_status
audit_on_recall(struct audit *a, const struct ov_entry *e, uint64_t index);

/* audit_cloud.c: what a cloud says follows from what it said before */
OV_MUST_USE enum ov_status
audit_on_snapshot(struct audit *a, const struct ov_entry *e, uint64_t index);
OV_MUST_USE enum ov_status
audit_on_delta(struct audit *a, const struct ov_entry *e, uint64_t index);
OV_MUST_USE enum ov_status
audit_on_keys(struct audit *a, const struct ov_entry *e, uint64_t index);
OV_MUST_USE enum ov_status
audit_on_submissions(struct audit *a, const struct ov_entry *e, uint64_t index);
