/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "staged.h"
#include "trust/request_ledger.h"

/* Requests of authorities as the publisher's folder knows them: those of the
 * log, of what waits for it, and the sealed ones in DIR/requests, which may not
 * be told yet:
 *
 *   waiting/NAME.note   signed, to be in the next day's commitments
 *   sealed/NAME.note    has a commitment
 *   nonces/DATE         "COMMITMENT NONCE NAME" a line; NAME - is nothing */

struct request_desk {
    struct instance *in;
    struct history history;
    struct ov_request_ledger *ledger; /* signatures are not looked at */
};

/* Reads all of it; request_desk_done in any case. */
bool request_desk_open(struct instance *in, struct request_desk *ret);
void request_desk_done(struct request_desk *d);

/* Whether events of that request are sealed. */
bool request_is_sealed(struct instance *in, const char *id, bool *ret);

/* The number at the end of a folder's request-ID-NNN-WORD.note; false if it is
 * not of that request. */
bool request_name_is_of(const char *name, const char *id);

/* "add": checks that the event can follow, says what it says, signs it with
 * --as, and stages it: in the open, or sealed. word is that of its name. */
bool request_stage(struct request_desk *d, const char *id, const char *word,
                   const struct ov_buf *text, bool is_sealed);

bool request_random(uint8_t *to, size_t len);

/* The lines author and time. */
void request_put_end(struct instance *in, struct ov_buf *b);
/* A line with an option's value, if it is given. */
void request_put_option(struct instance *in, struct ov_buf *b, const char *name,
                        enum option o);
/* A line with the date that an option gives, or today. */
void request_put_day(struct instance *in, struct ov_buf *b, const char *name,
                     enum option o);

/* In words, beside tell_entry's lines; nothing for other entries. */
void request_tell(const struct ov_entry *e);
