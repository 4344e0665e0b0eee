/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/status.h"

/* A copy of a process's memory, for ov_pool_submit_process: a sealed memory
 * file with the bytes of all regions and behind them the regions themselves
 * (wire.h). */
struct ov_process_memory {
    int fd;
    uint64_t len;
    uint32_t n_regions;
    bool is_cut; /* there was more of it than is read */
};

#define OV_PROCESS_MEMORY_MAX ((uint64_t)16 << 30)

/* Reads what can be read of the process's memory, with the caller's rights,
 * while it runs: what it changes meanwhile may be seen before or after.
 * max_chunk: the longest region; longer ones are told in pieces (0: 1 GiB).
 * OV_NOT_FOUND: there is no such process; OV_DENIED; OV_PEER_GONE: it ended
 * meanwhile; OV_USAGE: it has no memory of its own (kernel threads, zombies);
 * words in diag. Returns owned: the descriptor. */
OV_MUST_USE enum ov_status ov_process_memory_read(int pid, uint64_t max_chunk,
                                                  struct ov_process_memory *ret,
                                                  struct ov_diag *diag);
