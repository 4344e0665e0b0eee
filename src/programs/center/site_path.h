/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/span.h"

/* What a request's path means for a site, and what its answer says of itself.
 */

#define SITE_NAME_MAX 512

/* "/rules/" gives "rules/index.html", "/log/" and so on alike; a file's name is
 * what stands there. False: no file of a site has such a name ("..", hidden
 * files, other characters than letters, digits and "-._/"). */
bool site_path_parse(struct ov_span path, char ret_name[static SITE_NAME_MAX]);

/* Content-Type by the end of the name. */
const char *site_path_type(const char *name);

/* Whether there is a packed twin, NAME.gz, beside it. */
bool site_path_is_packed(const char *name);

/* Seconds that it may be kept: what is named by its content for a year, what
 * changes for a minute. */
unsigned site_path_age(const char *name);
