/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cloud.h"

/* Other people's intelligence (STIX, TAXII, MISP) as lines of verdicts. */

/* Whether a path is such a document, or a folder of them. */
bool verdict_documents_are(const char *path);

/* Reads them in a jail, and appends to lines "HASH REPUTATION [FAMILY]" for
 * each SHA-256, sorted, each hash once; tells on stderr what was not taken.
 * Appends to why where that came from: which document, and its digest. False
 * after words. */
bool verdict_documents_read(const struct cloud *c, const char *path,
                            struct ov_buf *lines, struct ov_buf *why);
