/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

/* Asks overtd at its control socket: docs/protocol-control.md. */

/* Appends the body of the answer. method and page as "GET", "/status". Waits no
 * longer than some seconds. OV_NOT_FOUND: nobody listens there; OV_DENIED: not
 * for this user; OV_IO, OV_MALFORMED: no answer, or another than 200; words in
 * diag. */
OV_MUST_USE enum ov_status ov_control_ask(const char *socket,
                                          const char *method, const char *page,
                                          struct ov_buf *into,
                                          struct ov_diag *diag);
