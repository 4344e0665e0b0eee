/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "host/outbound.h"
#include "host/output.h"

/* How lines of the outbound ledger are told to people. */

/* In one row. */
void outbound_print_row(struct out *o, const struct outbound_line *l);

/* Each field in a row, with what it is. */
void outbound_print_fields(struct out *o, const struct outbound_line *l);

/* In sentences. */
void outbound_print_words(struct out *o, const struct outbound_line *l);

/* What verify came to. */
void outbound_print_chain(struct out *o, const struct outbound_chain *c,
                          bool is_good, uint64_t n_bad, uint64_t torn_len,
                          bool is_json);
