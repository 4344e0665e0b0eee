/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

/* What was found, told once each: lines for people, or JSON lines. */

enum finding_severity {
    FINDING_INFO,
    FINDING_UNKNOWN,
    FINDING_ALARM
};

enum finding_kind {
#define FINDING(id, word, severity, meaning) FINDING_##id,
#include "told.def"
#undef FINDING
    N_FINDING
};

#define NO_INDEX UINT64_MAX

struct findings;

/* Returns owned; NULL if memory is out. */
struct findings *findings_new(bool is_json, uint64_t (*now)(void));
void findings_free(struct findings *f);

/* where: a place's address, or "log"; index: of an entry, or NO_INDEX. Tells it
 * unless the same was told before. */
void finding(struct findings *f, enum finding_kind kind, const char *where,
             uint64_t index, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* From now on findings are kept back, until they are told, or dropped because
 * what they were found in turned out to be no part of the log. */
void findings_hold(struct findings *f);
void findings_release(struct findings *f);
void findings_drop(struct findings *f);

/* 0: nothing; 1: an alarm; 3: no alarm, but not all could be looked at. Since
 * the last findings_begin_round. */
int findings_exit_code(const struct findings *f);
void findings_begin_round(struct findings *f);
uint64_t findings_count(const struct findings *f,
                        enum finding_severity severity);

/* How many of a kind since the start, told or told before. */
uint64_t findings_total(const struct findings *f, enum finding_kind kind);

/* For --help and the manual. */
void findings_list(void);
