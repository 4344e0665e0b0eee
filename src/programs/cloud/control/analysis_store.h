/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "control_store.h"

/* The queue of what is to be analysed: submissions in the order in which they
 * came. Who takes one has it for a time, and then it is somebody else's: an
 * analyser that is killed costs a try, not a sample. Statuses as of
 * control_store.h. */

struct control_job {
    struct control_submission submission;
    uint64_t tries; /* this one counted; also says whose turn it is */
};

/* Takes the next one for lease seconds. OV_NOT_FOUND: there is none. */
OV_MUST_USE enum ov_status control_job_take(struct control_store *s,
                                            uint64_t now, uint64_t lease,
                                            struct control_job *ret,
                                            struct ov_diag *diag);

/* It is to be tried again, at once. */
OV_MUST_USE enum ov_status control_job_give_back(struct control_store *s,
                                                 const struct control_job *j,
                                                 struct ov_diag *diag);

/* What came of it: a case (found: its lines), or words why there is none. */
struct control_finding {
    const uint8_t *sample; /* SHA-256; NULL: no case */
    const char *found;     /* of a case */
    const char *words;     /* kept with the submission */
    uint64_t now;
};

/* Ends the job: the submission is analysed, and the case is there, in one
 * transaction. Again, or when others have it now, or when it was deleted
 * meanwhile: changes nothing, *ret_is_ours is false. */
OV_MUST_USE enum ov_status control_job_end(struct control_store *s,
                                           const struct control_job *j,
                                           const struct control_finding *f,
                                           bool *ret_is_ours,
                                           struct ov_diag *diag);

/* How many wait, and how many were analysed and not deleted. */
struct control_queue {
    uint64_t n_waiting;
    uint64_t n_tried; /* of these, at least once */
    uint64_t n_done;
};
OV_MUST_USE enum ov_status control_queue_look(struct control_store *s,
                                              struct control_queue *ret,
                                              struct ov_diag *diag);
