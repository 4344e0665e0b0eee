/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "instance.h"
#include "trust/record_set.h"

/* Another publisher's rules as records: a ClamAV container (.cvd .cld .cud), a
 * database, or a folder of databases and YARA files; and documents of STIX,
 * TAXII and MISP (.json), of which the hashes are taken. */

struct feed_import {
    struct ov_record_set *set; /* owned: ov_record_set_free */
    struct ov_buf manifest;    /* "ID KIND sha256:HEX SIZE", a line each */
    const char *upstream;      /* "sha256:HEX SIZE" of what was read */
};

/* id: of the feed, what the records' ids begin with. now: seconds; what is
 * valid then is taken. Hostile bytes are unpacked in a jailed process. */
bool feed_import_run(struct instance *in, const char *id, const char *source,
                     uint64_t now, struct feed_import *ret);
void feed_import_done(struct feed_import *f);
