/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

/* The ledger's files in their folder. */

#define OUTBOUND_FOLDER "outbound"
#define OUTBOUND_NAME_SIZE 32

/* "000000000001.jsonl" */
void outbound_file_name(uint64_t first_seq,
                        char ret[static OUTBOUND_NAME_SIZE]);

/* The newest file that begins at or before line `last`; 0: the oldest.
 * OV_NOT_FOUND. */
OV_MUST_USE enum ov_status outbound_file_find(int folder, uint64_t last,
                                              uint64_t *ret_first_seq);

/* The file behind the one that begins at `first_seq`. OV_NOT_FOUND. */
OV_MUST_USE enum ov_status outbound_file_next(int folder, uint64_t first_seq,
                                              uint64_t *ret_first_seq);
