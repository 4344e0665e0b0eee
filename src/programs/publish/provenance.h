/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "instance.h"
#include "trust/pack.h"

/* How a release was made: an in-toto Statement v1 with SLSA provenance, in a
 * DSSE envelope signed by the key "attest-1". */
struct provenance {
    const char *channel;
    uint64_t seq;
    struct ov_blob images[2];
    uint64_t from; /* of the log: [from, to) */
    uint64_t to;
    const uint8_t *set_root; /* 32 bytes */
    const char *log_root;    /* of the tree of `to` entries, 64 digits */
};

/* Puts the envelope among the blobs, and gives "sha256:HEX SIZE". */
bool provenance_make(struct instance *in, const struct provenance *p,
                     const char **ret_name);

/* The same for programs: files[0] is the source, the others came out. */
struct provenance_file {
    const char *name;
    const char *blob; /* "sha256:HEX SIZE" */
};

bool provenance_of_code(struct instance *in,
                        const struct provenance_file *files, size_t n,
                        const char **ret_name);
