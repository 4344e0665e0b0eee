/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "host/cloud_settings.h"
#include "host/outbound_log.h"
#include "sys/trust_client.h"

/* Asks the judge, and the judge the cloud: bytes of servers are believed there
 * (reputation/cloud_client.h). Each request is in the outbound ledger. */

struct cloud_ask;

/* state: the folder, borrowed as settings are. places: whom to ask; NULL or
 * empty: nobody, and the answer is what is known here. command: for the ledger,
 * "overt scan". False after a line of error. */
bool cloud_ask_new(const char *state, const struct setting_list *places,
                   const char *command, unsigned spawn_flags,
                   struct cloud_ask **ret);
/* The same with the requests in the ledger of another state. */
bool cloud_ask_new_noted(const char *state, const char *ledger,
                         const struct setting_list *places, const char *command,
                         unsigned spawn_flags, struct cloud_ask **ret);
void cloud_ask_free(struct cloud_ask *a);

#define CLOUD_MAX_TEXT 4096

/* What the judge said, line by line "name value". */
struct cloud_said {
    enum ov_status status;
    char text[CLOUD_MAX_TEXT];
};

/* Runs OV_TRUST_CLOUD (argument: tier), OV_TRUST_CLOUD_STATUS or
 * OV_TRUST_CLOUD_LOOKUP (64 digits). OV_OK: the judge came to an end; what it
 * came to is ret->status. Else words in diag. */
OV_MUST_USE enum ov_status cloud_ask_run(struct cloud_ask *a,
                                         enum ov_trust_task task,
                                         const char *argument,
                                         struct cloud_said *ret,
                                         struct ov_diag *diag);

/* The value of a name; an empty span if there is none. */
struct ov_span cloud_said_value(const struct cloud_said *s, const char *name);
uint64_t cloud_said_number(const struct cloud_said *s, const char *name);
