/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rules/describe.h"
#include "sys/judge_client.h"

/* Maps the image behind fd, checks every page of it, and writes the text that
 * is asked for. Words in diag. */
OV_MUST_USE enum ov_status show_image(int fd, const struct ov_wire_show *what,
                                      const struct ov_text_out *out,
                                      struct ov_diag *diag);

/* Writes when a ClamAV container was made. */
OV_MUST_USE enum ov_status show_made(int fd, const struct ov_text_out *out,
                                     struct ov_diag *diag);

/* Writes a YARA source of this length in its canonical form. */
OV_MUST_USE enum ov_status show_formatted(int fd, uint64_t len,
                                          const struct ov_text_out *out,
                                          struct ov_diag *diag);
