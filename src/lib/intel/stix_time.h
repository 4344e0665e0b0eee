/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

/* Times as STIX and TAXII write them (STIX 2.1 section 2.17): RFC 3339 in UTC
 * with a fraction of a second. Ours are in microseconds since 1970. */

/* With milliseconds, as objects have them; what is finer is cut off. */
void ov_put_stix_time(struct ov_buf *b, uint64_t us);
/* With microseconds, as TAXII wants them. */
void ov_put_taxii_time(struct ov_buf *b, uint64_t us);

/* "2026-11-22T10:00:00Z", with a fraction of any length or none; what is finer
 * than a microsecond is cut off. False if it is no such time. */
bool ov_stix_time_parse(struct ov_span text, uint64_t *ret_us);
