/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

/* Talking to overt-logd over its Unix socket: docs/protocol-log.md. Messages
 * are packets (SOCK_SEQPACKET): a byte for the type, then numbers of 64 bits in
 * little-endian, or bytes. */

#define OV_LOG_SOCKET "socket"

enum ov_log_message {
    OV_LOG_ADD = 'A',    /* entry -> its index, once it is on disk */
    OV_LOG_WAIT = 'W',   /* index -> the size published, when it is above */
    OV_LOG_PROOF = 'P',  /* index -> a proof file */
    OV_LOG_STATUS = 'S', /* -> sizes: promised, committed, published */
    OV_LOG_ERROR = 'E',  /* <- words */
};

struct ov_log_client;

/* Connects to the log in folder. OV_NOT_FOUND if nobody runs it. Returns
 * owned. */
OV_MUST_USE enum ov_status ov_log_client_new(const char *folder,
                                             struct ov_log_client **ret,
                                             struct ov_diag *diag);
void ov_log_client_free(struct ov_log_client *c);

/* Adds n entries of 1 to 65535 bytes. On OV_OK ret_indices has the index of
 * each: the log has promised them, and a crash does not lose them. On failure
 * some may have been added. */
OV_MUST_USE enum ov_status ov_log_client_add(struct ov_log_client *c,
                                             const struct ov_span *entries,
                                             size_t n, uint64_t *ret_indices,
                                             struct ov_diag *diag);

/* Waits until the entry at index is in a checkpoint that a quorum cosigned and
 * that is published. OV_TIMED_OUT after seconds. */
OV_MUST_USE enum ov_status ov_log_client_wait(struct ov_log_client *c,
                                              uint64_t index, unsigned seconds,
                                              struct ov_diag *diag);

/* Appends the c2sp.org/tlog-proof@v1 file of a published entry. */
OV_MUST_USE enum ov_status ov_log_client_prove(struct ov_log_client *c,
                                               uint64_t index,
                                               struct ov_buf *ret,
                                               struct ov_diag *diag);

struct ov_log_sizes {
    uint64_t promised;
    uint64_t committed;
    uint64_t published;
};

OV_MUST_USE enum ov_status ov_log_client_sizes(struct ov_log_client *c,
                                               struct ov_log_sizes *ret,
                                               struct ov_diag *diag);
