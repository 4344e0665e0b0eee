/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "formats/pe.h"

/* The import hash: facts->imphash and imports_size. A file without a readable
 * import table has none; that is OV_OK. */
OV_MUST_USE enum ov_status ov_pe_read_imports(const struct ov_pe *pe,
                                              const struct ov_exe_job *job);

/* The name of a function that library exports by number, or NULL. library in
 * any case, with its extension. */
const char *ov_pe_ordinal_name(struct ov_span library, uint16_t ordinal);
