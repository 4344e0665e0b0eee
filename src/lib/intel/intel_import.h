/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "crypto/digest.h"
#include "reputation/reputation.h"

/* Other people's intelligence, read for what a hash rule can express: MD5,
 * SHA-1 and SHA-256 of files, in indicators of STIX 2.0 and 2.1 (bundles, TAXII
 * envelopes, single objects) and in events of MISP's. What the source has
 * revoked, ended or marked as not for us is not taken; whatever is not taken is
 * counted and named. */

/* How much one document may be. */
#define OV_INTEL_DOCUMENT_MAX ((size_t)64 << 20)
#define OV_INTEL_NAME_MAX 80

enum ov_tlp {
#define OV_TLP(id, name, marking, older) OV_TLP_##id,
#include "intel/tlp.def"
#undef OV_TLP
    OV_N_TLP
};

/* "amber+strict", "white" too; false if there is none of that name. */
bool ov_tlp_parse(struct ov_span name, enum ov_tlp *ret);

enum ov_intel_skip {
#define OV_INTEL_SKIP(id, words) OV_INTEL_SKIP_##id,
#include "intel/intel_skip.def"
#undef OV_INTEL_SKIP
    OV_N_INTEL_SKIP
};

const char *ov_intel_skip_words(enum ov_intel_skip s);

/* A file that is said to be bad. */
struct ov_intel_item {
    enum ov_digest_kind kind;
    uint8_t digest[OV_DIGEST_MAX];
    uint64_t size; /* 0: any */
    enum ov_reputation reputation;
    struct ov_span name; /* as the source has it: any bytes */
    struct ov_span id;   /* of the object that says it: any bytes */
};

struct ov_intel_sink {
    /* Borrowed until it returns. */
    enum ov_status (*take)(void *data, const struct ov_intel_item *item);
    void (*skip)(void *data, enum ov_intel_skip why, struct ov_span id);
    void *data;
};

struct ov_intel_options {
    uint64_t now;     /* microseconds: what is valid */
    enum ov_tlp most; /* what is marked above that is not taken; what is not
                         marked at all is */
};

struct ov_intel_import;

/* Borrows arena and options for its life. NULL if memory is out. */
struct ov_intel_import *ov_intel_import_new(struct ov_arena *arena,
                                            const struct ov_intel_options *o);

/* Adds one document, which must outlive the import. All documents of a source
 * belong to one import, as the newest version of an object counts. OV_MALFORMED
 * for bytes that are no JSON, OV_UNSUPPORTED for JSON that is neither STIX nor
 * MISP, OV_LIMIT_SIZE, OV_NO_MEMORY (also when the arena is full). */
OV_MUST_USE enum ov_status ov_intel_import_add(struct ov_intel_import *i,
                                               struct ov_span document);

/* Tells all of it. */
OV_MUST_USE enum ov_status
ov_intel_import_run(struct ov_intel_import *i,
                    const struct ov_intel_sink *sink);

/* Appends a name that a rule and a family can have: letters, digits, ".", "-"
 * and "_" of it, OV_INTEL_NAME_MAX bytes at most, "Unnamed" if nothing is
 * left. */
void ov_put_intel_name(struct ov_buf *b, struct ov_span name);
