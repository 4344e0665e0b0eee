/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/status.h"

/* Listens on "ADDRESS:PORT" with a numeric address ("127.0.0.1:80",
 * "[::1]:80"; port 0: any, *ret_port tells). The socket does not block.
 * OV_USAGE for text that is no address, OV_IO, with words in diag. */
OV_MUST_USE enum ov_status ov_listen_tcp(const char *text, int *ret_fd,
                                         unsigned *ret_port,
                                         struct ov_diag *diag);

/* Whether others than this machine can reach such an address. */
bool ov_listen_is_public(const char *text);

/* Listens at a path, which is replaced if nobody listens there any more. group:
 * a name, or NULL for the process's own. The socket does not block. OV_USAGE,
 * OV_NOT_FOUND (the group), OV_DENIED, OV_IO, with words in diag. */
OV_MUST_USE enum ov_status ov_listen_local(const char *path, unsigned mode,
                                           const char *group, int *ret_fd,
                                           struct ov_diag *diag);
