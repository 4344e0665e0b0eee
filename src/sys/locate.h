/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"

/* Where things live: found from the place of the running program, never from
 * the environment or the working directory. An installed tree may be moved as
 * a whole; in a build tree programs are found beside each other. */

/* Appends the absolute path of a helper, NUL-terminated (the NUL is counted in
 * len): ov_locate_program("worker", b) is /usr/lib/overt/overt-worker. */
OV_MUST_USE enum ov_status ov_locate_program(const char *role,
                                             struct ov_buf *b);

/* Appends the absolute path of another command, NUL-terminated: "overt" or
 * "overt-logd", which are installed beside each other. */
OV_MUST_USE enum ov_status ov_locate_command(const char *name,
                                             struct ov_buf *b);

/* Appends the folder of the rules that the project ships, as above. */
OV_MUST_USE enum ov_status ov_locate_rules(struct ov_buf *b);

/* Appends the folder for what can be made again: /var/cache/overt for root,
 * else $XDG_CACHE_HOME/overt or ~/.cache/overt. Makes it if it is missing (mode
 * 0700). OV_DENIED if it is not ours, or others may write to it. */
OV_MUST_USE enum ov_status ov_locate_cache(struct ov_buf *b);

/* Appends the folder of what updates have installed and remember:
 * /var/lib/overt for root, else $XDG_STATE_HOME/overt or ~/.local/state/overt.
 * It need not be there. OV_NOT_FOUND if the environment names no such place. */
OV_MUST_USE enum ov_status ov_locate_state(struct ov_buf *b);

/* Appends root's, whoever asks. */
void ov_put_system_state(struct ov_buf *b);
