/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "tuf/tuf_metadata.h"

/* A client's persisted metadata for one run that keeps nothing: behind
 * state_get, state_put and state_remove of struct ov_tuf_io. */

#define OV_TUF_MEMORY_MAX 32
#define OV_TUF_MEMORY_FILE ((size_t)4 << 20)

struct ov_tuf_kept {
    char name[OV_TUF_MAX_NAME + 16];
    struct ov_buf bytes;
};

/* Zeroed is empty. */
struct ov_tuf_memory {
    struct ov_tuf_kept files[OV_TUF_MEMORY_MAX];
    size_t n;
};

/* As struct ov_tuf_io says. put: OV_LIMIT_COUNT for too many files or too long
 * a name, OV_LIMIT_SIZE for too large a one. */
OV_MUST_USE enum ov_status ov_tuf_memory_get(const struct ov_tuf_memory *m,
                                             const char *name,
                                             struct ov_buf *ret);
OV_MUST_USE enum ov_status ov_tuf_memory_put(struct ov_tuf_memory *m,
                                             const char *name,
                                             struct ov_span bytes);
void ov_tuf_memory_remove(struct ov_tuf_memory *m, const char *name);

void ov_tuf_memory_done(struct ov_tuf_memory *m);
