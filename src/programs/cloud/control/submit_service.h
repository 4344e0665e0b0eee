/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "control_store.h"
#include "log/merkle.h"
#include "sys/http_server.h"

/* The control plane's answers (docs/protocol-submissions.md, "Submissions"):
 *
 *   POST /v1/submissions/NAME          an envelope; its receipt
 *   GET  /v1/submissions/NAME          its receipts
 *   POST /v1/submissions/NAME/delete   deletes; a deletion receipt
 *   GET  /v1/submissions-log...        the log of receipts: receipts_page.h
 *
 * NAME is the envelope's random one in hexadecimal, known to who sent it and to
 * the region. This process has no key that opens an envelope: it takes it for
 * its region and looks no further. */

#define SUBMIT_KEYS_MAX 8

struct submit_service {
    struct control_store *store;
    const char *blobs; /* folder */
    char region[OV_REGION_MAX + 1];
    uint8_t key_ids[SUBMIT_KEYS_MAX][OV_ENVELOPE_KEY_ID]; /* of the region */
    size_t n_key_ids;
    struct control_signer signer;
    uint64_t keep_seconds;
    uint64_t (*now)(void);
    void (*note)(const char *what, struct ov_span detail); /* one line each */
    const char *logged;         /* folder of what the public log has; or NULL */
    struct ov_merkle_stack log; /* all zero at first: as far as it was read */
    struct ov_buf tops;         /* the same, for receipts_page.c; owned */
};

/* For ov_http_options; data is the service. */
unsigned submit_service_admit(void *data, const struct ov_http_request *head,
                              size_t *ret_max);
void submit_service_handle(void *data, const struct ov_http_request *request,
                           struct ov_http_answer *answer);

/* Deletes what has been kept for its time; a receipt for each. At most so many,
 * so that requests come between: call again if there were as many. */
#define SUBMIT_EXPIRE_MAX 16
OV_MUST_USE enum ov_status submit_service_expire(struct submit_service *s,
                                                 uint64_t *ret_n,
                                                 struct ov_diag *diag);

/* Removes files of an hour ago or more that no submission has: what a crash or
 * a failed transaction left. The folder is this region's alone. */
OV_MUST_USE enum ov_status submit_service_sweep(struct submit_service *s,
                                                uint64_t *ret_n,
                                                struct ov_diag *diag);
