/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* overt-monitor report: its exit code. */
int count_requests(int argc, char **argv);
