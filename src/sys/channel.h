/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "sys/ipc.h"

/* A socket that carries messages: the few lines that hold the descriptor. */

/* Sends what ov_msg_end finished, with fd if it is not -1 (borrowed).
 * OV_LIMIT_COUNT: no room now, try later (a non-blocking socket, or too many
 * descriptors under way). OV_PEER_GONE, OV_IO. */
OV_MUST_USE enum ov_status
ov_channel_send(int socket, const struct ov_buf *message, int fd);

/* One packet into buffer (of OV_MSG_MAX bytes at least); *ret_fd is -1 or
 * owned. More than one descriptor, or a cut packet, is OV_MALFORMED.
 * OV_NOT_FOUND: nothing there now (a non-blocking socket). */
OV_MUST_USE enum ov_status ov_channel_receive(int socket, uint8_t *buffer,
                                              struct ov_span *ret_packet,
                                              int *ret_fd);

/* The same, and waits for nobody, whatever the socket's flags are. */
OV_MUST_USE enum ov_status ov_channel_receive_now(int socket, uint8_t *buffer,
                                                  struct ov_span *ret_packet,
                                                  int *ret_fd);
