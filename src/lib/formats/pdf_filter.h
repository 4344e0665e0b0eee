/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/budget.h"
#include "base/buf.h"

/* Undoes the filters of a PDF stream, by the names in its dictionary ("/Filter
 * [/A85 /Fl]"), as far as they are codecs: a picture's filter (DCTDecode)
 * ends the work, what is there then is a picture. Appends to into. Damaged
 * streams give what came before: OV_MALFORMED, OV_TRUNCATED. */
OV_MUST_USE enum ov_status ov_pdf_unfilter(struct ov_span dictionary,
                                           struct ov_span packed,
                                           struct ov_budget *budget,
                                           struct ov_buf *into);

/* The value of a name in a dictionary: what follows "/Name", without leading
 * white space; empty if there is none. Names may be written with #XX. */
struct ov_span ov_pdf_value(struct ov_span dictionary, const char *name);

/* A literal string "(...)" or "<...>" that begins text, decoded. *ret_len: how
 * many bytes of text it took; 0 if none begins there. */
OV_MUST_USE enum ov_status ov_pdf_string(struct ov_span text,
                                         struct ov_budget *budget,
                                         struct ov_buf *into, size_t *ret_len);
