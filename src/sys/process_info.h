/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <sys/types.h>

#include "base/buf.h"

/* What /proc tells of a process; it may be gone, or another's. */

/* Appends the path of its program, as the kernel has it. OV_NOT_FOUND. */
OV_MUST_USE enum ov_status ov_process_program(pid_t pid, struct ov_buf *b);

/* Bytes of its private memory (RssAnon and RssShmem), 0 if it is not known. */
uint64_t ov_process_memory(pid_t pid);

/* The same of all direct children of this process. */
uint64_t ov_process_children_memory(void);
