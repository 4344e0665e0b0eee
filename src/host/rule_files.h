/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "sys/judge_client.h"

/* The list of rule files that a user's paths stand for. */
struct rule_files {
    struct ov_judge_source *items; /* path and name are owned */
    size_t n;
    size_t cap;
};

void rule_files_done(struct rule_files *f);

/* Adds a file as it is, or all of a folder's files whose names tell of a rule
 * language, sorted. In the image a file is named relative to the folder that
 * was given, so that the image does not depend on where it lies. False after
 * one line of error. */
bool rule_files_add(struct rule_files *f, const char *path);

/* Adds a file of YARA rules, whatever its name, to a namespace (which is not
 * empty); "space:path" given to rule_files_add does the same. */
bool rule_files_add_to(struct rule_files *f, const char *path,
                       struct ov_span space);
