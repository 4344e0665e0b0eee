/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "intel/stix_write.h"

/* What a request of TAXII 2.1 (OASIS standard, 10 June 2021) asks for. No
 * files, no sockets. */

#define OV_TAXII_MEDIA "application/taxii+json;version=2.1"
#define OV_TAXII_STIX_MEDIA "application/stix+json;version=2.1"
#define OV_TAXII_ROOT "/taxii2/public/"

/* Whether an Accept header (section 1.6.8) lets us answer in our media type. */
bool ov_taxii_is_acceptable(struct ov_span accept);

enum ov_taxii_what {
    OV_TAXII_DISCOVERY,   /* /taxii2/ */
    OV_TAXII_API_ROOT,    /* /taxii2/public/ */
    OV_TAXII_STATUS,      /* .../status/ID/ */
    OV_TAXII_COLLECTIONS, /* .../collections/ */
    OV_TAXII_COLLECTION,  /* .../collections/ID/ */
    OV_TAXII_MANIFEST,    /* .../collections/ID/manifest/ */
    OV_TAXII_OBJECTS,     /* .../collections/ID/objects/ */
    OV_TAXII_OBJECT,      /* .../collections/ID/objects/ID/ */
    OV_TAXII_VERSIONS,    /* .../collections/ID/objects/ID/versions/ */
};

struct ov_taxii_path {
    enum ov_taxii_what what;
    struct ov_span collection; /* borrowed from the path */
    struct ov_span object;
};

/* false: there is no such thing. */
bool ov_taxii_path_parse(struct ov_span path, struct ov_taxii_path *ret);

#define OV_TAXII_IDS_MAX 128
#define OV_TAXII_TIMES_MAX 16

struct ov_taxii_object_id {
    enum ov_stix_type type;
    struct ov_uuid id;
};

/* "indicator--UUID"; false if it is not one of a type of ours. */
bool ov_taxii_id_parse(struct ov_span text, struct ov_taxii_object_id *ret);

/* What is wanted of a collection. Zeroed: all objects, their last versions. */
struct ov_taxii_query {
    bool has_after;
    uint64_t after; /* microseconds: added later than that */
    bool has_next;
    uint64_t next;  /* a position */
    uint32_t limit; /* 0: not said */
    bool has_types;
    uint32_t types; /* a bit for each enum ov_stix_type */
    bool has_ids;
    struct ov_taxii_object_id ids[OV_TAXII_IDS_MAX];
    size_t n_ids;
    bool has_versions;
    bool is_all;
    bool is_first;
    bool is_last;
    uint64_t times[OV_TAXII_TIMES_MAX]; /* versions by their times */
    size_t n_times;
    bool is_nothing; /* of another specification's version */
};

/* Takes one parameter of the query. Unknown ones are left alone, unknown
 * filters aren't: OV_UNSUPPORTED. OV_MALFORMED for a value that is none,
 * OV_LIMIT_SIZE for too many. */
OV_MUST_USE enum ov_status ov_taxii_query_add(struct ov_taxii_query *q,
                                              struct ov_span name,
                                              struct ov_span value);

/* Whether a version of an object is wanted; flags as in the index. */
bool ov_taxii_is_wanted(const struct ov_taxii_query *q, unsigned type,
                        unsigned flags, uint64_t version);
