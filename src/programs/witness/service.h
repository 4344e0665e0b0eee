/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "log/add_checkpoint.h"
#include "sys/http_server.h"
#include "sys/ledger.h"

/* What a witness does with requests: decides (log/add_checkpoint.h), stores,
 * answers. */

#define WITNESS_MAX_LOGS 4096
#define WITNESS_MAX_CONNECTIONS 64

struct witness_service;

/* Who cosigns, and the time. The seed is borrowed for the service's life. */
struct witness_signer {
    struct ov_vkey key; /* OV_NOTE_COSIGN_ED25519 */
    const uint8_t *seed;
    bool is_gated;         /* cosign only what somebody else has checked */
    uint64_t (*now)(void); /* POSIX seconds */
    void (*note)(const char *what, struct ov_span origin, uint64_t size);
};

/* A service without a log. Borrows all. */
OV_MUST_USE enum ov_status
witness_service_new(const struct witness_signer *signer,
                    const struct ov_ledger *folder,
                    struct witness_service **ret);
void witness_service_free(struct witness_service *s);

/* Takes "VKEY" or "VKEY ORIGIN" (without one, the key's name is the origin).
 * Several keys of one origin add up. Returns NULL, or what is wrong. */
const char *witness_service_add(struct witness_service *s, struct ov_span text);

/* Reads what was cosigned before. Fails rather than to begin anew where there
 * was something: with words in diag. */
OV_MUST_USE enum ov_status witness_service_load(struct witness_service *s,
                                                struct ov_diag *diag);

size_t witness_service_n_logs(const struct witness_service *s);

/* For struct ov_http_options; data is the service. */
void witness_service_handle(void *data, const struct ov_http_request *request,
                            struct ov_http_answer *answer);
void witness_service_settle(void *data);
