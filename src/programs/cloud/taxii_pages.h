/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "intel.h"
#include "intel/taxii_request.h"

/* What is published, as a TAXII server reads it: indexes and bundles of the
 * newest edition. Nothing is mapped: a file that shrinks is an error. */

#define TAXII_PAGE 1000 /* objects in an answer, at most */

struct taxii_store;

/* DIR. Returns owned; NULL if memory is out. */
struct taxii_store *taxii_store_new(int dir) OV_ALLOC;
void taxii_store_free(struct taxii_store *s);

/* Looks for the newest edition; OV_NOT_FOUND: there is none yet. */
OV_MUST_USE enum ov_status taxii_store_turn(struct taxii_store *s);

struct taxii_page {
    struct ov_intel_record all[TAXII_PAGE];
    size_t n;
    bool has_more;
    uint64_t next;
    bool is_known; /* of a query for ids: one of them is in the collection */
};

/* What q wants of a collection. A page may have less than was asked for and yet
 * more to come: so much is looked at for an answer, and no more. */
OV_MUST_USE enum ov_status taxii_store_find(struct taxii_store *s,
                                            enum intel_collection c,
                                            const struct ov_taxii_query *q,
                                            struct taxii_page *ret);

/* Appends the object's bytes. */
OV_MUST_USE enum ov_status taxii_store_put(struct taxii_store *s,
                                           const struct ov_intel_record *r,
                                           struct ov_buf *b);
