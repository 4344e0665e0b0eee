/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Tells which files in quarantine the cloud has called bad by mistake, and how
 * they come back. state: the folder. Says nothing if there are none. */
void cloud_tell_recalled(const char *state);
