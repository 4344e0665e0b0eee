/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/budget.h"
#include "base/buf.h"

/* Bytes written as text, as mails and documents carry them. What belongs to no
 * alphabet is passed over, and nothing is an error but a limit: a reader of
 * mail shows what it can, so must we. Appends to into as formats/codec.h does
 * and spends the same. */

enum ov_textcodec {
    OV_TEXT_PLAIN,
    OV_TEXT_BASE64,   /* RFC 4648, section 4; padding may be anywhere */
    OV_TEXT_QUOTED,   /* quoted-printable, RFC 2045, section 6.7 */
    OV_TEXT_UUENCODE, /* POSIX uuencode; up to "end", from "begin" if there */
    OV_TEXT_HEX,      /* pairs of digits, up to ">" */
    OV_TEXT_ASCII85,  /* as in PDF: up to "~>" */
    OV_N_TEXTCODECS
};

OV_MUST_USE enum ov_status ov_decode_text(enum ov_textcodec codec,
                                          struct ov_span in,
                                          struct ov_budget *budget,
                                          struct ov_buf *into);

/* The next line of *rest without its end (LF, CRLF), cut off it; false if none
 * is left. */
bool ov_next_line(struct ov_span *rest, struct ov_span *ret_line);

/* Whether the line opens uuencoded bytes: "begin 644 name". */
bool ov_is_uu_begin(struct ov_span line, struct ov_span *ret_name);
