/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

/* What the cloud says of programs in which rules have found nothing. */

struct scan_cloud;

enum scan_cloud_when {
    SCAN_CLOUD_AS_SET, /* if the owner has set a mode, and data is here */
    SCAN_CLOUD_WANTED,
    SCAN_CLOUD_NEVER
};

/* *ret stays NULL if the cloud is not asked. program: for the ledger, "overt
 * scan". False after a line of error. Returns owned. */
bool scan_cloud_open(enum scan_cloud_when when, const char *program,
                     unsigned spawn_flags, struct scan_cloud **ret);
void scan_cloud_close(struct scan_cloud *c);

/* Appends bytes that change whenever what is known here does. */
void scan_cloud_put_identity(const struct scan_cloud *c, struct ov_buf *b);

#define SCAN_CLOUD_RULE_MAX 160

enum scan_cloud_word {
    SCAN_CLOUD_NOT_BAD, /* no program, or in no list, or proven */
    SCAN_CLOUD_BAD,
    SCAN_CLOUD_UNKNOWN /* may be bad, and no answer that holds came */
};

/* Whether it is one that is looked up, by its first bytes. */
bool scan_cloud_is_program(int fd);

/* The two halves of scan_cloud_look_up for a program. The first reads all of
 * the file, and asks nobody: SCAN_CLOUD_UNKNOWN, it may be bad (ret_digest is
 * set), or it cannot be read (*ret_has_digest is false). */
enum scan_cloud_word scan_cloud_first_look(struct scan_cloud *c, int fd,
                                           uint8_t ret_digest[static 32],
                                           bool *ret_has_digest);
enum scan_cloud_word scan_cloud_ask(struct scan_cloud *c,
                                    const uint8_t digest[static 32],
                                    char ret_rule[static SCAN_CLOUD_RULE_MAX],
                                    bool *ret_is_unwanted);

/* Whether the file is a program that is known to be bad; then the name under
 * which that is told, as "Cloud.malicious.Family". Waits for the cloud if only
 * that knows. */
enum scan_cloud_word
scan_cloud_look_up(struct scan_cloud *c, int fd,
                   char ret_rule[static SCAN_CLOUD_RULE_MAX],
                   bool *ret_is_unwanted);
