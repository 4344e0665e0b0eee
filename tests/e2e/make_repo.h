/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "log/note.h"
#include "trust/record.h"

/* What the parts of make_repo share. All of it ends the program when it cannot
 * go on. */

#define INSTANCE "demo.example"
#define ORIGIN INSTANCE "/log/2026"
#define BEGIN UINT64_C(1760000000)
#define MAX_ENTRIES 600
#define MAX_RELEASES 250
#define BASE_EVERY 8
#define N_WITNESSES 3

#define P1 "p-1.people." INSTANCE
#define P2 "p-2.people." INSTANCE
#define CI "ci." INSTANCE
#define B1 "build-1." INSTANCE
#define B2 "build-2." INSTANCE

struct repo {
    const char *folder;
    uint64_t n_releases;
    uint64_t now;
    uint64_t wanted; /* bit i: faults[i] */
    struct ov_arena *arena;
    struct ov_span entries[MAX_ENTRIES];
    size_t n;
    struct ov_record records[MAX_RELEASES + 4];
    struct ov_span heads[MAX_RELEASES + 1];
    uint8_t note_digest[32]; /* of the last release */
    uint64_t note_index;
    uint64_t release_size; /* of the log behind it */
    struct ov_buf targets; /* JSON of the top-level targets */
    struct ov_buf rules;   /* of the role "rules" */
};

void fail(const char *what);
void must(enum ov_status status, const char *what);
bool has(const struct repo *r, const char *fault);
void write_file(const struct repo *r, const char *name, struct ov_span bytes);
struct ov_span keep(struct repo *r, struct ov_buf *b);
struct ov_buf text(void);
void digest_of(struct ov_span bytes, uint8_t ret[static 32]);
void seed_of(const char *name, uint8_t seed[static 32]);
struct ov_vkey vkey_of(const char *name, enum ov_note_alg alg);
void sign_note(struct ov_buf *note, const char *name);
uint64_t add_entry(struct repo *r, struct ov_buf *note);
void put_when(struct ov_buf *b, const char *name, uint64_t time);
uint64_t add_key_event(struct repo *r, const char *role, unsigned version,
                       struct ov_span file);
uint64_t add_rule_change(struct repo *r, const struct ov_record *record,
                         uint64_t time);
void write_proof(struct repo *r, struct ov_span name, uint64_t index,
                 bool has_extra, uint64_t size);
void write_log(struct repo *r);
struct ov_span make_root(struct repo *r, unsigned version);
void write_metadata(struct repo *r, const char *name, struct ov_span bytes);
void write_tuf(struct repo *r, struct ov_span recall_targets);

/* The bit of a fault; ends the program for an unknown one. */
uint64_t fault_bit(const char *fault);
