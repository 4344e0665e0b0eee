/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "host/outbound.h"
#include "sys/fetch_client.h"

/* The outbound ledger of a state: FOLDER/outbound/NUMBER.jsonl, each file named
 * by its first line. Any number of programs may write; each line that announces
 * something is on disk before that is done. */

struct outbound_log;

/* state: the folder; made if it is missing. process: "overt update", borrowed.
 * OV_DENIED, OV_IO with words in diag. Returns owned. */
OV_MUST_USE enum ov_status outbound_log_open(const char *state,
                                             const char *process,
                                             struct outbound_log **ret,
                                             struct ov_diag *diag);
void outbound_log_close(struct outbound_log *log);

/* Appends a line, durably; fills in its number, time and process. OV_IO,
 * OV_TIMED_OUT (another program holds it) with words in diag: then the line is
 * not there, and what it was to announce must not be done. */
OV_MUST_USE enum ov_status outbound_log_add(struct outbound_log *log,
                                            struct outbound_line *line,
                                            struct ov_diag *diag);

/* The same, but on disk with the next sync only (one of another line, or
 * outbound_log_close, will do). What it announces waits for that. */
OV_MUST_USE enum ov_status outbound_log_put(struct outbound_log *log,
                                            struct outbound_line *line,
                                            struct ov_diag *diag);
OV_MUST_USE enum ov_status outbound_log_sync(struct outbound_log *log,
                                             struct ov_diag *diag);

/* In place of a purpose: which it is follows from the path, one of a cloud's.
 */
#define OUTBOUND_CLOUD "cloud"

/* What ov_fetch asks for: a line before each request and one after it. Borrows
 * the log. */
struct ov_fetch_book outbound_log_book(struct outbound_log *log);

/* ---- reading ---- */

/* Calls for each line of the ledger, oldest first, from line number `from` on
 * (0: all; else from the beginning of the file that holds it). A last line that
 * is torn comes with is_whole false. Stops when the call says no. OV_NOT_FOUND:
 * nothing was ever written. */
OV_MUST_USE enum ov_status
outbound_log_walk(const char *state, uint64_t from,
                  bool (*line)(void *data, struct ov_span text, bool is_whole),
                  void *data, struct ov_diag *diag);
