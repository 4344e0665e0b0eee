/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "formats/pe.h"
#include "modules/module.h"

/* What the parts of YARA's module "pe" share: the places of fields in their
 * tables, and the functions that fill in one group of them each. */

enum pe_field {
#define OV_PE_CONSTANT(name, value) PE_CONSTANT_##name,
#include "modules/pe_constants.def"
#undef OV_PE_CONSTANT
    PE_IS_PE,
    PE_MACHINE,
    PE_NUMBER_OF_SECTIONS,
    PE_TIMESTAMP,
    PE_POINTER_TO_SYMBOL_TABLE,
    PE_NUMBER_OF_SYMBOLS,
    PE_SIZE_OF_OPTIONAL_HEADER,
    PE_CHARACTERISTICS,
    PE_ENTRY_POINT,
    PE_ENTRY_POINT_RAW,
    PE_IMAGE_BASE,
    PE_NUMBER_OF_RVA_AND_SIZES,
    PE_NUMBER_OF_VERSION_INFOS,
    PE_VERSION_INFO,
    PE_VERSION_INFO_LIST,
    PE_OPTHDR_MAGIC,
    PE_SIZE_OF_CODE,
    PE_SIZE_OF_INITIALIZED_DATA,
    PE_SIZE_OF_UNINITIALIZED_DATA,
    PE_BASE_OF_CODE,
    PE_BASE_OF_DATA,
    PE_SECTION_ALIGNMENT,
    PE_FILE_ALIGNMENT,
    PE_LINKER_VERSION,
    PE_OS_VERSION,
    PE_IMAGE_VERSION,
    PE_SUBSYSTEM_VERSION,
    PE_WIN32_VERSION_VALUE,
    PE_SIZE_OF_IMAGE,
    PE_SIZE_OF_HEADERS,
    PE_CHECKSUM,
    PE_CALCULATE_CHECKSUM,
    PE_SUBSYSTEM,
    PE_DLL_CHARACTERISTICS,
    PE_SIZE_OF_STACK_RESERVE,
    PE_SIZE_OF_STACK_COMMIT,
    PE_SIZE_OF_HEAP_RESERVE,
    PE_SIZE_OF_HEAP_COMMIT,
    PE_LOADER_FLAGS,
    PE_DATA_DIRECTORIES,
    PE_SECTIONS,
    PE_OVERLAY,
    PE_RICH_SIGNATURE,
    PE_IMPORT_DELAYED,
    PE_IMPORT_STANDARD,
    PE_IMPORT_ANY,
    PE_IMPHASH,
    PE_SECTION_INDEX,
    PE_EXPORTS,
    PE_EXPORTS_INDEX,
    PE_IMPORTS,
    PE_IMPORT_RVA,
    PE_DELAYED_IMPORT_RVA,
    PE_LOCALE,
    PE_LANGUAGE,
    PE_IS_DLL,
    PE_IS_32BIT,
    PE_IS_64BIT,
    PE_NUMBER_OF_IMPORTS,
    PE_NUMBER_OF_IMPORTED_FUNCTIONS,
    PE_NUMBER_OF_DELAYED_IMPORTS,
    PE_NUMBER_OF_DELAYED_IMPORTED_FUNCTIONS,
    PE_NUMBER_OF_EXPORTS,
    PE_DLL_NAME,
    PE_EXPORT_TIMESTAMP,
    PE_EXPORT_DETAILS,
    PE_IMPORT_DETAILS,
    PE_DELAYED_IMPORT_DETAILS,
    PE_RESOURCE_TIMESTAMP,
    PE_RESOURCE_VERSION,
    PE_RESOURCES,
    PE_NUMBER_OF_RESOURCES,
    PE_PDB_PATH,
    PE_SIGNATURES,
    PE_IS_SIGNED,
    PE_NUMBER_OF_SIGNATURES,
    PE_RVA_TO_OFFSET,
    PE_N_FIELDS
};

/* Of linker_version, os_version, image_version, subsystem_version and
 * resource_version. */
enum pe_version_field {
    PE_VERSION_MAJOR,
    PE_VERSION_MINOR
};

enum pe_info_field {
    PE_INFO_KEY,
    PE_INFO_VALUE
};

enum pe_directory_field {
    PE_DIRECTORY_ADDRESS,
    PE_DIRECTORY_SIZE
};

enum pe_section_field {
    PE_SECTION_NAME,
    PE_SECTION_FULL_NAME,
    PE_SECTION_CHARACTERISTICS,
    PE_SECTION_VIRTUAL_ADDRESS,
    PE_SECTION_VIRTUAL_SIZE,
    PE_SECTION_RAW_DATA_OFFSET,
    PE_SECTION_RAW_DATA_SIZE,
    PE_SECTION_POINTER_TO_RELOCATIONS,
    PE_SECTION_POINTER_TO_LINE_NUMBERS,
    PE_SECTION_NUMBER_OF_RELOCATIONS,
    PE_SECTION_NUMBER_OF_LINE_NUMBERS
};

enum pe_overlay_field {
    PE_OVERLAY_OFFSET,
    PE_OVERLAY_SIZE
};

enum pe_rich_field {
    PE_RICH_OFFSET,
    PE_RICH_LENGTH,
    PE_RICH_KEY,
    PE_RICH_RAW_DATA,
    PE_RICH_CLEAR_DATA,
    PE_RICH_VERSION_DATA,
    PE_RICH_TOOLS,
    PE_RICH_VERSION,
    PE_RICH_TOOLID
};

enum pe_tool_field {
    PE_TOOL_TOOLID,
    PE_TOOL_VERSION,
    PE_TOOL_TIMES
};

enum pe_export_field {
    PE_EXPORT_OFFSET,
    PE_EXPORT_NAME,
    PE_EXPORT_FORWARD_NAME,
    PE_EXPORT_ORDINAL,
    PE_EXPORT_RVA
};

enum pe_library_field {
    PE_LIBRARY_NAME,
    PE_LIBRARY_NUMBER_OF_FUNCTIONS,
    PE_LIBRARY_FUNCTIONS
};

enum pe_import_field {
    PE_IMPORT_NAME,
    PE_IMPORT_ORDINAL,
    PE_IMPORT_ADDRESS
};

enum pe_resource_field {
    PE_RESOURCE_RVA,
    PE_RESOURCE_OFFSET,
    PE_RESOURCE_LENGTH,
    PE_RESOURCE_TYPE,
    PE_RESOURCE_ID,
    PE_RESOURCE_LANGUAGE,
    PE_RESOURCE_TYPE_STRING,
    PE_RESOURCE_NAME_STRING,
    PE_RESOURCE_LANGUAGE_STRING
};

extern const struct ov_structure ov_pe_info_item;
extern const struct ov_structure ov_pe_directory_item;
extern const struct ov_structure ov_pe_section_item;
extern const struct ov_structure ov_pe_tool_item;
extern const struct ov_structure ov_pe_export_item;
extern const struct ov_structure ov_pe_library_item;
extern const struct ov_structure ov_pe_import_item;
extern const struct ov_structure ov_pe_resource_item;
extern const struct ov_structure ov_pe_signature_item;

/* The module's state. */
struct pe_state {
    struct ov_pe pe;
    bool is_pe;
    bool has_checksum;
    int64_t checksum; /* what calculate_checksum() gave */
};

/* Reads the headers if that is not done yet; OV_OK also if it is no PE, then
 * (*ret)->is_pe is false. */
OV_MUST_USE enum ov_status ov_pe_state(struct ov_module_run *run,
                                       struct pe_state **ret);

/* One group each; only called for a PE. */
OV_MUST_USE enum ov_status ov_pe_fill_headers(struct ov_module_run *run,
                                              const struct ov_pe *pe);
OV_MUST_USE enum ov_status ov_pe_fill_rich(struct ov_module_run *run,
                                           const struct ov_pe *pe);
OV_MUST_USE enum ov_status ov_pe_fill_debug(struct ov_module_run *run,
                                            const struct ov_pe *pe);
OV_MUST_USE enum ov_status ov_pe_fill_resources(struct ov_module_run *run,
                                                const struct ov_pe *pe);
OV_MUST_USE enum ov_status ov_pe_fill_imports(struct ov_module_run *run,
                                              const struct ov_pe *pe);
OV_MUST_USE enum ov_status ov_pe_fill_delayed(struct ov_module_run *run,
                                              const struct ov_pe *pe);
OV_MUST_USE enum ov_status ov_pe_fill_exports(struct ov_module_run *run,
                                              const struct ov_pe *pe);

OV_MUST_USE enum ov_status ov_pe_fill_signatures(struct ov_module_run *run,
                                                 const struct ov_pe *pe);

/* The text at `at` up to its NUL, the end of the file, or max bytes. */
struct ov_span ov_pe_text_at(const struct ov_pe *pe, uint64_t at, size_t max);

/* The forms of functions. */
extern const struct ov_function ov_pe_imports[8];
extern const struct ov_function ov_pe_import_rva[2];
extern const struct ov_function ov_pe_delayed_import_rva[2];
extern const struct ov_function ov_pe_imphash[1];
extern const struct ov_function ov_pe_exports[3];
extern const struct ov_function ov_pe_exports_index[3];
extern const struct ov_function ov_pe_section_index[2];
extern const struct ov_function ov_pe_calculate_checksum[1];
extern const struct ov_function ov_pe_locale[1];
extern const struct ov_function ov_pe_language[1];
extern const struct ov_function ov_pe_is_dll[1];
extern const struct ov_function ov_pe_is_32bit[1];
extern const struct ov_function ov_pe_is_64bit[1];
extern const struct ov_function ov_pe_rva_to_offset[1];
extern const struct ov_function ov_pe_rich_version[2];
extern const struct ov_function ov_pe_rich_toolid[2];
