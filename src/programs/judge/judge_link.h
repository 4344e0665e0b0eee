/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "update_job.h"

/* Questions to the parent, each with one answer. What comes is copied out of
 * the parent's descriptor at once; what goes is written into the memory file
 * first. */

struct link {
    const struct update_job *job;
    enum ov_status broken; /* nothing works any more */
};

/* Sends the message that is in job->out. */
OV_MUST_USE enum ov_status link_post(struct link *l);

/* Appends a file. The parent's status, or OV_LIMIT_SIZE of the buffer. */
OV_MUST_USE enum ov_status
link_need(struct link *l, const struct ov_wire_need *n, struct ov_buf *into);

/* Says that the file of a mirror is needed next. */
void link_expect(struct link *l, const struct ov_wire_need *n);

OV_MUST_USE enum ov_status link_persist(struct link *l,
                                        const struct ov_wire_persist *p,
                                        struct ov_diag *diag);
OV_MUST_USE enum ov_status link_persist_bytes(struct link *l,
                                              enum ov_persist what,
                                              const char *name,
                                              struct ov_span bytes);
OV_MUST_USE enum ov_status
link_persist_name(struct link *l, enum ov_persist what, const char *name);

/* What procedures ask of their owner (trust/update.h,
 * reputation/cloud_client.h); data is the link. */
OV_MUST_USE enum ov_status link_get(void *data, size_t mirror, const char *path,
                                    uint64_t max, struct ov_buf *into);
OV_MUST_USE enum ov_status link_state_get(void *data, const char *name,
                                          struct ov_buf *into);
OV_MUST_USE enum ov_status link_state_put(void *data, const char *name,
                                          struct ov_span bytes);
OV_MUST_USE enum ov_status link_state_remove(void *data, const char *name);

OV_MUST_USE enum ov_status link_tell_text(struct link *l, struct ov_span text);
