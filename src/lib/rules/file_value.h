/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/span.h"
#include "formats/type.h"

/* Names that rules use as external variables (YARA documentation, "External
 * variables") and that scanners which walk file systems are expected to fill
 * in for each file: "filename" and so on. All are texts. Where the file has no
 * such value, and where no file is scanned, they are empty. docs/rules.md says
 * what is in them. */

enum ov_file_value {
#define OV_FILE_VALUE(id, word) id,
#include "rules/file_value.def"
#undef OV_FILE_VALUE
    OV_N_FILE_VALUES
};

/* The value of this name; OV_N_FILE_VALUES: there is none. */
enum ov_file_value ov_file_value_find(struct ov_span name);

/* What is behind the last slash of either kind. */
struct ov_span ov_file_value_name(struct ov_span path);

/* What is before it, and before the slashes there; "/" is the root. */
struct ov_span ov_file_value_folder(struct ov_span path);

/* From the last dot of the name on, which must not be its first byte. */
struct ov_span ov_file_value_extension(struct ov_span path);

/* "EXE", "ZIP", "PDF" ...; empty for plain text and for what is not known. */
const char *ov_file_value_type(enum ov_type type);
