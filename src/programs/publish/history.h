/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "instance.h"
#include "log/policy.h"

/* The instance's log, read from what the sequencer has published
 * (DIR/logd/log), and believed only as far as a client would: policy, quorum,
 * and every entry hashed into the root. */

struct history {
    struct ov_span *entries; /* whole notes */
    uint64_t n;
    struct ov_span checkpoint; /* the signed note; empty: no log yet */
    uint8_t root[32];
};

bool history_read(struct instance *in, struct history *ret);

/* Index of the entry with exactly these bytes; false if it is not there. */
bool history_find(const struct history *h, struct ov_span note,
                  uint64_t *ret_index);

/* The newest entry of a type that has all its signatures, about this id unless
 * that is NULL; false: there is none. */
bool history_newest(struct instance *in, const struct history *h,
                    enum ov_entry_type type, const char *id,
                    struct ov_opened *ret, uint64_t *ret_index);

/* Copies tiles to DIR/repo/log, and writes the proofs of what is in the log
 * (docs/protocol-update.md says which), and consistency proofs from the last
 * checkpoints. */
bool history_publish_tiles(struct instance *in, const struct history *h);
/* The checkpoint, last of all but the timestamp. */
bool history_publish_checkpoint(struct instance *in, const struct history *h);
