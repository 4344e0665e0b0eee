/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/arena.h"
#include "base/budget.h"
#include "base/regions.h"
#include "crypto/digest.h"
#include "formats/facts.h"
#include "formats/icon.h"
#include "formats/image_hash.h"
#include "formats/type.h"
#include "formats/unpack.h"
#include "modules/module.h"

/* What the scan knows besides the object. All is borrowed. */
struct ov_surroundings {
    struct ov_arena *arena; /* of the object's examination */
    struct ov_budget *budget;
    int64_t now;            /* seconds since 1970 */
    struct ov_span reports; /* for the module "cuckoo" */
    struct ov_buf *console; /* what rules print; may be NULL */
    /* For the module "magic": as in the scan's options. */
    bool (*identify)(void *data, struct ov_span bytes, bool is_mime,
                     struct ov_span *ret);
    void *identify_data;
    const struct ov_datum *externals;
    size_t n_externals;
    struct ov_span path; /* of the file */
    struct ov_span owner;
};

/* Parts of a process that modules look at as if they were files. */
enum ov_process_part {
    OV_PROCESS_START, /* its first region */
    OV_PROCESS_PE,    /* a program */
    OV_PROCESS_ELF,
    OV_N_PROCESS_PARTS
};

/* One thing that is scanned: the file, or a member of a container in it. What
 * can be known about it is computed on the first request and kept. */
struct ov_object {
    struct ov_span bytes;
    uint32_t head; /* its first four bytes, the first the lowest; then zeros */
    enum ov_type type;
    struct ov_span name;            /* in its container; empty for the file */
    const struct ov_object *parent; /* its container, or NULL */
    uint32_t depth;                 /* 0 for the file */

    bool has_html;    /* text with the words of HTML in it */
    bool has_handler; /* a rule asks to look at it as another type, too */
    enum ov_type handler;
    bool is_again; /* this is that other look at it */

    uint32_t known_digests; /* bit enum ov_digest_kind */
    uint8_t digests[OV_N_DIGEST][OV_DIGEST_MAX];

    bool has_facts;
    struct ov_facts facts;

    bool has_icons;
    struct ov_icon_list icons;

    struct ov_object_modules *modules; /* in the arena; NULL: none was asked */

    const struct ov_regions *regions; /* a process's memory; NULL: a file */
    struct ov_object *parts[OV_N_PROCESS_PARTS]; /* of it, in the arena */
    uint64_t address; /* of a part: where its bytes begin; else 0 */

    bool has_image_hash;
    enum ov_status image_hash_status;
    uint8_t image_hash[OV_IMAGE_HASH_SIZE];
};

/* The first four bytes, as struct ov_object has them. */
uint32_t ov_object_head(struct ov_span bytes);

/* Whether it has so many bytes and begins so. A process has no size and no
 * begin, and whoever asks for some does not mean it. */
bool ov_object_fits(const struct ov_object *o, uint64_t min, uint64_t max,
                    uint32_t mask, uint32_t head);

/* The bytes where a match is: a place in the view, or an address. Cut at the
 * end. */
struct ov_span ov_object_bytes_at(const struct ov_object *o,
                                  struct ov_span view, uint64_t at,
                                  uint64_t len);

/* The digest of all of the object's bytes; NULL if it cannot be had. */
const uint8_t *ov_object_digest(struct ov_object *o, enum ov_digest_kind kind);

/* The object's facts, in the arena on the first request; the arena must not be
 * reset while the object is examined. OV_NO_MEMORY, or the budget's status. */
OV_MUST_USE enum ov_status ov_object_facts(struct ov_object *o,
                                           struct ov_arena *arena,
                                           struct ov_budget *budget,
                                           const struct ov_facts **ret);

/* What the icons of a PE look like, of at most max entries of its icon group;
 * none for other objects. As ov_object_facts. */
OV_MUST_USE enum ov_status ov_object_icons(struct ov_object *o,
                                           struct ov_arena *arena,
                                           struct ov_budget *budget,
                                           uint64_t max,
                                           const struct ov_icon_list **ret);

/* What module i says about the object, begun on the first request; lives in the
 * arena. OV_NO_MEMORY, or the budget's status. */
OV_MUST_USE enum ov_status
ov_object_module(struct ov_object *o, uint32_t i,
                 const struct ov_surroundings *around,
                 struct ov_module_run **ret);

/* process.c: the object that a module looks at: o itself, or of a process the
 * program that it runs. OV_NO_MEMORY. */
OV_MUST_USE enum ov_status ov_process_object(struct ov_object *o, uint32_t i,
                                             struct ov_arena *arena,
                                             struct ov_object **ret);

/* What is known of a process without a module: where its program begins to
 * run, as YARA has it. */
void ov_process_facts(const struct ov_object *o, struct ov_facts *ret);

/* The perceptual hash of a picture. OV_NO_MEMORY and spent budgets are errors;
 * OV_OK with NULL if there is none. */
OV_MUST_USE enum ov_status ov_object_image_hash(struct ov_object *o,
                                                struct ov_budget *budget,
                                                const uint8_t **ret);
