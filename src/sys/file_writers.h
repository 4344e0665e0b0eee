/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Whether somebody could be changing a file just now: has it open to write, or
 * has a shared mapping of it that may be written to. What is written through a
 * mapping shows in the file's times only when its page was clean before, so
 * that a file is known to be as it was only if there was no such mapping. */

enum ov_file_writers {
    OV_WRITERS_NONE,
    OV_WRITERS_SOME,   /* or whoever opened this descriptor may write with it */
    OV_WRITERS_UNKNOWN /* another's file, and no CAP_LEASE; or the file system
                          knows no leases */
};

/* Of a regular file. ov_file_writers_prepare comes before. On a stacked file
 * system (overlay) mappings are not seen. */
enum ov_file_writers ov_file_writers(int fd);

/* Once a process: the signal of a lease that somebody broke, which would end
 * it, is ignored. */
void ov_file_writers_prepare(void);
