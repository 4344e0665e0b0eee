/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cloud.h"
#include "family_names.h"
#include "intel/intel_index.h"
#include "intel/stix_write.h"

/* Intelligence: what a cloud's tree says of files, as objects of STIX and as a
 * feed of MISP's. It is published in editions, of which each adds to those
 * before (docs/intelligence.md).
 *
 *     DIR/intel/editions        a line for each: intel_edition
 *     DIR/intel/E/NAME          index of a collection, edition E
 *     DIR/intel/E/NAME.ids      its ids
 *     DIR/tree/intel/head       which edition is the newest, digests of bundles
 *     DIR/tree/intel/stix/E-P.json  objects: part P of what edition E adds
 *     DIR/tree/intel/misp/      a feed of MISP's
 *
 * All but the line is written under names that nobody looks for yet; the line
 * comes last. From the journal, the families and the editions all else
 * follows, byte for byte. */

enum intel_collection {
#define INTEL_COLLECTION(id, name, title, description) INTEL_##id,
#include "intel_collection.def"
#undef INTEL_COLLECTION
    INTEL_N_COLLECTIONS
};

/* "indicators". */
const char *intel_collection_name(enum intel_collection c);
/* Whether a version of an object is in a collection. */
bool intel_is_in(enum intel_collection c, const struct ov_intel_record *r);

struct intel_edition {
    uint32_t number;  /* from 1; 0: none */
    uint64_t journal; /* up to where it has told the journal */
    uint64_t time;    /* microseconds: when its first object was added */
    uint64_t objects; /* each a microsecond after the one before */
};

/* "edition E journal J time T objects N"; strict. */
bool intel_edition_parse(struct ov_span line, struct intel_edition *ret);
void intel_put_edition(struct ov_buf *b, const struct intel_edition *e);

/* The last line of the text of DIR/intel/editions, and the time of the first;
 * false if it is damaged. No text: number 0. */
bool intel_editions_read(struct ov_span text, struct intel_edition *ret_last,
                         uint64_t *ret_created);

/* ---- making one; all below: false after words ---- */

/* A file of the edition before, mapped; empty if there is none. */
struct intel_view {
    struct ov_span bytes;
};

bool intel_view_open(const char *path, struct intel_view *ret);
void intel_view_done(struct intel_view *v);

struct intel {
    const struct cloud *c;
    struct ov_stix_producer producer;
    struct family_names families;
    struct ov_buf editions; /* the text, with a line for the one in the making
                               at its end */
    struct intel_edition last;
    struct intel_view index; /* of INTEL_INDICATORS in the last edition */
    struct intel_view ids;
    /* in the making */
    struct intel_edition now;
    struct ov_intel_record *records;
    size_t n_records;
    size_t room;
    struct ov_buf bundle; /* the part in the making */
    uint32_t part;
    uint32_t in_part;
    uint8_t *told; /* families of which a malware object exists: a bit each */
};

/* A verdict of the journal, the last in this edition. */
struct intel_change {
    uint8_t hash[32];
    uint64_t time; /* microseconds */
    uint32_t order;
    uint32_t family;
    uint32_t reputation; /* or JOURNAL_WITHDRAWN */
};

/* intel_objects.c: adds what changes, and ends the last part. */
bool intel_add_changes(struct intel *i, const struct intel_change *all,
                       size_t n);
/* intel_index_files.c: DIR/intel/E/... of all collections. */
bool intel_write_indexes(struct intel *i);
/* intel_misp.c: the feed of the last edition, whose indexes are there. */
bool intel_write_misp(struct intel *i);
