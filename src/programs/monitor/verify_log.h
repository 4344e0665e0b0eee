/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* overt-monitor verify-log LOG POLICY: argc, argv behind the command's word.
 * Returns the exit code. */
int verify_log(int argc, char **argv);
