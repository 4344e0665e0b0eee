/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "sys/state_store.h"

/* Which logged code-release this installation is, once `overt verify --self`
 * has found that: the file "engine" of the state, with the identity of the
 * files that it was found for. */

/* Nothing is kept where the state cannot be written. */
void engine_index_keep(uint64_t index);

/* 0: not known, or other programs are installed since. */
uint64_t engine_index_of(const struct ov_state *s);
