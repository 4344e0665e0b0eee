/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* All of standard input in a sealed memory file, of at most 4 GiB: workers map
 * what they scan, and who writes to a pipe may not change it meanwhile. The
 * caller closes it. -1 with errno: EFBIG if there is more, EINTR if the user
 * ends the scan. */
int scan_stdin_spool(void);
