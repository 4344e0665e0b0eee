/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "rules/ruleset.h"

/* Writes the rules of which there are few: .cdb, .ftm and .pwdb entries.
 * docs/protocol-image.md, "members", "magics", "passwords". Each is appended to
 * its section; ov_lookup_members and so on read them back. */

void ov_few_put_member(struct ov_buf *b, uint32_t source,
                       const struct ov_member_rule *m);
void ov_few_put_magic(struct ov_buf *b, uint32_t source,
                      const struct ov_magic_rule *m);
void ov_few_put_password(struct ov_buf *b, uint32_t source,
                         const struct ov_password *p);
