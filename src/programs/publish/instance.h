/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "arguments.h"
#include "base/arena.h"
#include "disk.h"
#include "sys/key_file.h"
#include "tell.h"
#include "trust/people.h"

/* An instance's folder, and what every command needs of it. The program runs
 * for one command: what it reads lives in one arena until its end. Functions
 * that return bool have said on stderr what is wrong. */

enum role_kind {
    KIND_TUF,
    KIND_DELEGATED,
    KIND_PERSON,
    KIND_BUILDER,
    KIND_CI,
    KIND_LEGAL,
    KIND_TRUSTEE,
    KIND_ATTEST,
    KIND_LOG,
    KIND_FIRST
};

enum role {
#define ROLE(name, kind, days, full, small, solo) ROLE_##name,
#include "roles.def"
#undef ROLE
    N_ROLES
};

enum preset {
    PRESET_FULL,
    PRESET_SMALL,
    PRESET_SOLO,
    N_PRESETS
};

struct role_row {
    const char *name;
    enum role_kind kind;
    unsigned days;

    struct {
        unsigned n;
        unsigned threshold;
    } keys[N_PRESETS];
};
extern const struct role_row roles[N_ROLES];
extern const char *const preset_names[N_PRESETS];

struct instance {
    struct arguments args;
    const char *dir;
    struct ov_arena *arena;
    uint64_t now; /* seconds since 1970, fixed for the run */
    /* instance.json */
    const char *name;   /* "overt.example" */
    const char *origin; /* "overt.example/log/2026" */
    enum preset preset;
    char passphrase[256];
    size_t passphrase_len;
    bool has_passphrase;
};

/* A string in the arena; "" if memory is out, which no file is called. */
const char *text(struct instance *in, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A span's copy with a NUL. */
const char *text_of(struct instance *in, struct ov_span s);
/* DIR/... */
const char *path_in(struct instance *in, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A file's bytes in the arena. */
bool read_in(struct instance *in, const char *path, struct ov_span *ret);

/* Reads DIR/instance.json. */
bool instance_open(struct instance *in);
bool instance_write(struct instance *in);

/* Puts bytes where their digest says, DIR/blobs/AB/ABCD..., and gives
 * "sha256:HEX SIZE". They are nobody else's before blob_publish. */
bool blob_put(struct instance *in, struct ov_span bytes, const char **ret_name);
/* The same, on disk only after disk_sync. */
bool blob_put_soon(struct instance *in, struct ov_span bytes,
                   const char **ret_name);
/* Reads "sha256:HEX SIZE" (or "sha256:HEX") back, and compares. */
bool blob_get(struct instance *in, struct ov_span name, struct ov_span *ret);
/* Gives it to all, as DIR/repo/cas/sha256/AB/ABCD...; disk_sync afterwards. */
bool blob_publish(struct instance *in, struct ov_span name);
bool blob_is_public(struct instance *in, struct ov_span name, bool *ret);
/* 64 digits. */
const char *hex_of(struct instance *in, const uint8_t digest[static 32]);
bool digest_of(struct ov_span bytes, uint8_t ret[static 32]);

/* -- keys: DIR/keys/NAME.key, and NAME.pub with one verifier key -- */

/* Makes a key of that file name; key_name goes into its signatures. */
bool key_make(struct instance *in, const char *name, const char *key_name,
              struct ov_vkey *ret);
/* Asks for the passphrase if the key is encrypted. */
bool key_read(struct instance *in, const char *name, struct ov_key *ret);
/* To keys/retired. */
bool key_retire(struct instance *in, const char *name);
bool key_has_private(struct instance *in, const char *name);
bool key_read_public(struct instance *in, const char *name,
                     struct ov_vkey *ret);
/* Names of the role's public keys in the keys folder, "root-1" and so on, in
 * their order. */
bool role_keys(struct instance *in, enum role role, struct disk_names *ret);
unsigned role_threshold(const struct instance *in, enum role role);

/* Signs a note's text (which is there with its blank line) with a key file. */
bool note_sign(struct instance *in, struct ov_buf *note, const char *key);

/* Says what will be signed and by whom, and asks unless --yes. */
bool confirm(struct instance *in, const char *question);

/* The people file in force. */
bool people_read(struct instance *in, struct ov_people *ret);
