/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "instance.h"

/* TUF metadata of an instance (specification 1.0.34): each function makes the
 * next version of one file, signs it with all keys of its role that are here,
 * and puts it into DIR/repo. Too few keys is an error. */

/* The newest version there is; 0: none. */
int64_t metadata_version(struct instance *in, const char *role);

/* The newest file of a role. */
bool metadata_read(struct instance *in, const char *role, struct ov_span *ret);

/* Version 1 is published; a later one is pending until it is in the log. */
bool metadata_root(struct instance *in, struct ov_span *ret_file);

/* A target that is new, other, or gone (bytes.ptr NULL). */
struct target_change {
    const char *path; /* "db/stable/head" */
    struct ov_span bytes;
};

/* Of targets or a delegated role; the other targets stay. Writes the targets,
 * too. */
bool metadata_targets(struct instance *in, enum role role,
                      const struct target_change *changes, size_t n);

bool metadata_snapshot(struct instance *in);
bool metadata_timestamp(struct instance *in);

/* The bytes of a target as it is published now. */
bool target_read(struct instance *in, enum role role, const char *path,
                 struct ov_span *ret, bool *ret_is_there);
