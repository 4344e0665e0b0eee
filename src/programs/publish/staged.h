/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "history.h"

/* Entries on their way into the log: DIR/staging/NAME/note gathers signatures;
 * when it has all that its type needs, it goes to DIR/log-queue/NAME.note. */

/* Checks the text against the grammar, says in words what it says, asks, signs
 * it with the key, and stages it; queues it if that was enough. */
bool staged_new(struct instance *in, const char *name,
                const struct ov_buf *text, const char *key);

/* Reads a staged note: its bytes, and what it says. Its signatures hold. */
struct staged {
    const char *name;
    struct ov_span note;
    struct ov_opened opened;
};

bool staged_read(struct instance *in, const char *name, struct staged *ret);

/* Adds a signature, after saying and asking. The same public key twice is
 * refused, and so is one that does not count. */
bool staged_sign(struct instance *in, const char *name, const char *key);

/* In an instance whose machine of tests is this one, it signs at once. */
bool staged_sign_as_ci(struct instance *in, const char *name);

/* What an entry says, in words, a line each. */
void tell_entry(const struct ov_entry *e);

/* Signs a text with these keys at once and queues it: for builders, whose keys
 * are machines'. */
bool staged_queue(struct instance *in, const char *name,
                  const struct ov_buf *note);

/* Lets the log take all that is queued, and publishes its tiles and proofs (not
 * the checkpoint). */
bool log_take(struct instance *in, struct history *ret);
