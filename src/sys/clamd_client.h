/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/span.h"
#include "base/status.h"

/* The few words of clamd's protocol that a door (overt-icap, overt-milter)
 * needs to have a file scanned by a daemon on this machine: it sends the
 * descriptor, not the bytes. One question per connection. clamd(8), "COMMANDS".
 */

enum ov_clamd_verdict {
    OV_CLAMD_CLEAN,
    OV_CLAMD_FOUND,
    OV_CLAMD_ERROR, /* not, or not in full, looked at: never clean */
};

struct ov_clamd_reply {
    enum ov_clamd_verdict verdict;
    struct ov_span name; /* if found; else the daemon's words. Hostile. */
};

/* No line of a reply is longer. */
#define OV_CLAMD_REPLY_MAX 4096

/* Connects to a socket in the file system. is_blocking: calls on it wait,
 * at most so many seconds each. Returns -1 and errno; EAGAIN: the daemon is
 * busy, try again. */
int ov_clamd_connect(const char *path, unsigned blocking_seconds);

/* Asks for a scan of a regular or memory file; fd is borrowed. OV_LIMIT_COUNT:
 * try again; OV_PEER_GONE, OV_IO. */
OV_MUST_USE enum ov_status ov_clamd_send_file(int socket, int fd);

/* Asks which rules there are: the answer is one line. */
OV_MUST_USE enum ov_status ov_clamd_send_version(int socket);

/* A whole line, without what ended it. OV_MALFORMED: no reply of clamd's. */
OV_MUST_USE enum ov_status ov_clamd_read_reply(struct ov_span line,
                                               struct ov_clamd_reply *ret);
