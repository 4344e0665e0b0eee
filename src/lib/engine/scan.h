/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <overt/findings.h>

#include "base/crew.h"
#include "rules/image.h"

/* One whole scan: identify, hash, match, evaluate, unpack, decide. Pure: bytes
 * and image in, findings out. */

struct ov_scanner;

#define OV_MAX_TIERS 4

/* A scanner over images, which it borrows; with its own scratch memory, so one
 * per thread or worker. Several images (tiers, 1 to OV_MAX_TIERS; else
 * OV_USAGE) find what one would that is compiled from all of their sources in
 * order, less the sources that a later one withdraws: what is allowed or
 * silenced by one is so for all. Returns owned. */
OV_MUST_USE enum ov_status ov_scanner_new(struct ov_image *const *images,
                                          size_t n, struct ov_scanner **ret,
                                          struct ov_diag *diag);
void ov_scanner_free(struct ov_scanner *s);
OV_DEFINE_AUTO(scanner)

/* Who helps from now on with what is large (borrowed; NULL: nobody). What is
 * found, and in which order, is the same. */
void ov_scanner_set_crew(struct ov_scanner *s, struct ov_crew *crew);

/* Gives other values to the external variables of YARA's rules, from the next
 * scan on: a list as ov_externals_parse takes it, copied. Names that the rules
 * do not know are passed over. OV_MALFORMED, or OV_USAGE for a value of another
 * kind, with diag. */
OV_MUST_USE enum ov_status ov_scanner_define(struct ov_scanner *s,
                                             struct ov_span list,
                                             struct ov_diag *diag);

/* Scans bytes as one file. Always gives an outcome: what went wrong is a
 * reason in findings, and then the verdict is inconclusive or worse. */
void ov_scanner_scan(struct ov_scanner *s, struct ov_span bytes,
                     const struct ov_scan_options *options,
                     const struct ov_findings *findings,
                     struct ov_outcome *ret);
