/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/span.h"
#include "base/status.h"

/* One-way messages to a local or a remote receiver that may be gone, come back
 * or be too slow: nothing is waited for. */

/* A UNIX socket's path. The receiver is looked for at each message. OV_USAGE: a
 * path that is too long. Returns owned. */
OV_MUST_USE enum ov_status ov_datagram_to_path(const char *path, int *ret_fd);

/* "127.0.0.1:514", "[::1]:514"; numbers only. OV_USAGE, OV_IO. */
OV_MUST_USE enum ov_status ov_datagram_to_address(const char *address,
                                                  int *ret_fd);

/* path: of a socket from ov_datagram_to_path, else NULL. OV_IO: it is lost. */
OV_MUST_USE enum ov_status ov_datagram_send(int fd, const char *path,
                                            struct ov_span bytes);
