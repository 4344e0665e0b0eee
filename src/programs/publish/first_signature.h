/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "instance.h"

/* Signatures of the first root in the formats of minisign and signify, by the
 * key "first": so that two tools that are not ours vouch for first contact.
 * Writes DIR/repo/first/{1.root.json.minisig,1.root.json.sig,
 * minisign.pub,signify.pub}. */
bool first_signature_write(struct instance *in, struct ov_span root);
