/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <overt/base.h>

/* What the program says. Values from outside are escaped by the caller
 * (shown). */

/* A line on stdout. */
void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A line on stderr, "overt-publish: ..."; always false, so that it can be
 * returned. Say file, place and remedy. */
bool tell_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
