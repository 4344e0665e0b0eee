/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cloud.h"

/* Lets the log take a signed note, waits until witnesses have cosigned it, and
 * appends its proof to *ret. path: the note as a file. By the socket of a log
 * that runs, else by overt-logd, as a program. False after words. */
bool log_note(const struct cloud *c, const char *path, struct ov_span note,
              struct ov_buf *ret);

/* Signs text (an entry, without its blank line) with all builders' keys of the
 * cloud's folder of keys. */
bool sign_entry(const struct cloud *c, struct ov_span text, struct ov_buf *ret);
