/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* overt-monitor run: argc, argv behind the command's word. Returns the exit
 * code. */
int watch(int argc, char **argv);
