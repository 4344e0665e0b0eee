/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "formats/textcodec.h"

/* What the header of a mail or of a part of one says about what follows. The
 * spans lie in text. */
struct ov_mail_header {
    struct ov_buf text;
    struct ov_span type;     /* "multipart/mixed"; empty: not said */
    struct ov_span boundary; /* empty: none */
    struct ov_span name;     /* file name; may be empty */
    enum ov_textcodec encoding;
    bool is_binhex;
    bool is_any; /* there was at least one field */
};

void ov_mail_header_done(struct ov_mail_header *h);

/* Reads header fields from *rest up to the empty line behind them (or the first
 * line that can't be one), and cuts them off it. Fields are unfolded, comments
 * dropped, parameters put together (RFC 2231). */
OV_MUST_USE enum ov_status ov_mail_header_read(struct ov_span *rest,
                                               struct ov_mail_header *ret);
