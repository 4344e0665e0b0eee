/* SPDX-License-Identifier: Apache-2.0
 *
 * The module "pe" (YARA 4.5 documentation, "PE module"): its tables. The values
 * come in groups, each of which is filled in when a rule first asks for one of
 * them: a rule that reads pe.timestamp costs a look at the headers, and not at
 * imports or signatures. Of a file that is no PE only is_pe is known.
 *
 * The order is that of YARA's table, so that what we print is what `yara -D`
 * prints; IMPORT_* stand where YARA 4.2 has them. */
#include "modules/pe_module.h"

enum group {
    GROUP_HEADERS,
    GROUP_RICH,
    GROUP_DEBUG,
    GROUP_RESOURCES,
    GROUP_IMPORTS,
    GROUP_DELAYED,
    GROUP_EXPORTS,
    GROUP_SIGNATURES,
};

#define INTEGER(of_group, word)                                                \
    {                                                                          \
        .name = (word), .kind = OV_DATUM_INTEGER, .group = (of_group)          \
    }
#define TEXT(of_group, word)                                                   \
    {                                                                          \
        .name = (word), .kind = OV_DATUM_STRING, .group = (of_group)           \
    }
#define STRUCTURE(of_group, word, of)                                          \
    {                                                                          \
        .name = (word), .kind = OV_DATUM_STRUCTURE, .structure = (of),         \
        .group = (of_group)                                                    \
    }
#define ARRAY(of_group, word, of)                                              \
    {                                                                          \
        .name = (word), .kind = OV_DATUM_ARRAY, .item = OV_DATUM_STRUCTURE,    \
        .structure = (of), .group = (of_group)                                 \
    }

static const struct ov_field version_fields[] = {
    [PE_VERSION_MAJOR] = OV_FIELD_INTEGER("major"),
    [PE_VERSION_MINOR] = OV_FIELD_INTEGER("minor"),
};
static const struct ov_structure version = OV_STRUCTURE(version_fields);

static const struct ov_field info_fields[] = {
    [PE_INFO_KEY] = OV_FIELD_TEXT("key"),
    [PE_INFO_VALUE] = OV_FIELD_TEXT("value"),
};
const struct ov_structure ov_pe_info_item = OV_STRUCTURE(info_fields);

static const struct ov_field directory_fields[] = {
    [PE_DIRECTORY_ADDRESS] = OV_FIELD_INTEGER("virtual_address"),
    [PE_DIRECTORY_SIZE] = OV_FIELD_INTEGER("size"),
};
const struct ov_structure ov_pe_directory_item = OV_STRUCTURE(directory_fields);

static const struct ov_field section_fields[] = {
    [PE_SECTION_NAME] = OV_FIELD_TEXT("name"),
    [PE_SECTION_FULL_NAME] = OV_FIELD_TEXT("full_name"),
    [PE_SECTION_CHARACTERISTICS] = OV_FIELD_INTEGER("characteristics"),
    [PE_SECTION_VIRTUAL_ADDRESS] = OV_FIELD_INTEGER("virtual_address"),
    [PE_SECTION_VIRTUAL_SIZE] = OV_FIELD_INTEGER("virtual_size"),
    [PE_SECTION_RAW_DATA_OFFSET] = OV_FIELD_INTEGER("raw_data_offset"),
    [PE_SECTION_RAW_DATA_SIZE] = OV_FIELD_INTEGER("raw_data_size"),
    [PE_SECTION_POINTER_TO_RELOCATIONS] =
        OV_FIELD_INTEGER("pointer_to_relocations"),
    [PE_SECTION_POINTER_TO_LINE_NUMBERS] =
        OV_FIELD_INTEGER("pointer_to_line_numbers"),
    [PE_SECTION_NUMBER_OF_RELOCATIONS] =
        OV_FIELD_INTEGER("number_of_relocations"),
    [PE_SECTION_NUMBER_OF_LINE_NUMBERS] =
        OV_FIELD_INTEGER("number_of_line_numbers"),
};
const struct ov_structure ov_pe_section_item = OV_STRUCTURE(section_fields);

static const struct ov_field overlay_fields[] = {
    [PE_OVERLAY_OFFSET] = OV_FIELD_INTEGER("offset"),
    [PE_OVERLAY_SIZE] = OV_FIELD_INTEGER("size"),
};
static const struct ov_structure overlay = OV_STRUCTURE(overlay_fields);

static const struct ov_field tool_fields[] = {
    [PE_TOOL_TOOLID] = OV_FIELD_INTEGER("toolid"),
    [PE_TOOL_VERSION] = OV_FIELD_INTEGER("version"),
    [PE_TOOL_TIMES] = OV_FIELD_INTEGER("times"),
};
const struct ov_structure ov_pe_tool_item = OV_STRUCTURE(tool_fields);

static const struct ov_field rich_fields[] = {
    [PE_RICH_OFFSET] = OV_FIELD_INTEGER("offset"),
    [PE_RICH_LENGTH] = OV_FIELD_INTEGER("length"),
    [PE_RICH_KEY] = OV_FIELD_INTEGER("key"),
    [PE_RICH_RAW_DATA] = OV_FIELD_TEXT("raw_data"),
    [PE_RICH_CLEAR_DATA] = OV_FIELD_TEXT("clear_data"),
    [PE_RICH_VERSION_DATA] = OV_FIELD_TEXT("version_data"),
    [PE_RICH_TOOLS] = OV_FIELD_ARRAY("tools", &ov_pe_tool_item),
    [PE_RICH_VERSION] = OV_FIELD_FUNCTION("version", ov_pe_rich_version),
    [PE_RICH_TOOLID] = OV_FIELD_FUNCTION("toolid", ov_pe_rich_toolid),
};
static const struct ov_structure rich = OV_STRUCTURE(rich_fields);

static const struct ov_field export_fields[] = {
    [PE_EXPORT_OFFSET] = OV_FIELD_INTEGER("offset"),
    [PE_EXPORT_NAME] = OV_FIELD_TEXT("name"),
    [PE_EXPORT_FORWARD_NAME] = OV_FIELD_TEXT("forward_name"),
    [PE_EXPORT_ORDINAL] = OV_FIELD_INTEGER("ordinal"),
    [PE_EXPORT_RVA] = OV_FIELD_INTEGER("rva"),
};
const struct ov_structure ov_pe_export_item = OV_STRUCTURE(export_fields);

static const struct ov_field import_fields[] = {
    [PE_IMPORT_NAME] = OV_FIELD_TEXT("name"),
    [PE_IMPORT_ORDINAL] = OV_FIELD_INTEGER("ordinal"),
    [PE_IMPORT_ADDRESS] = OV_FIELD_INTEGER("rva"),
};
const struct ov_structure ov_pe_import_item = OV_STRUCTURE(import_fields);

static const struct ov_field library_fields[] = {
    [PE_LIBRARY_NAME] = OV_FIELD_TEXT("library_name"),
    [PE_LIBRARY_NUMBER_OF_FUNCTIONS] = OV_FIELD_INTEGER("number_of_functions"),
    [PE_LIBRARY_FUNCTIONS] = OV_FIELD_ARRAY("functions", &ov_pe_import_item),
};
const struct ov_structure ov_pe_library_item = OV_STRUCTURE(library_fields);

static const struct ov_field resource_fields[] = {
    [PE_RESOURCE_RVA] = OV_FIELD_INTEGER("rva"),
    [PE_RESOURCE_OFFSET] = OV_FIELD_INTEGER("offset"),
    [PE_RESOURCE_LENGTH] = OV_FIELD_INTEGER("length"),
    [PE_RESOURCE_TYPE] = OV_FIELD_INTEGER("type"),
    [PE_RESOURCE_ID] = OV_FIELD_INTEGER("id"),
    [PE_RESOURCE_LANGUAGE] = OV_FIELD_INTEGER("language"),
    [PE_RESOURCE_TYPE_STRING] = OV_FIELD_TEXT("type_string"),
    [PE_RESOURCE_NAME_STRING] = OV_FIELD_TEXT("name_string"),
    [PE_RESOURCE_LANGUAGE_STRING] = OV_FIELD_TEXT("language_string"),
};
const struct ov_structure ov_pe_resource_item = OV_STRUCTURE(resource_fields);

static const struct ov_field root_fields[] = {
#define OV_PE_CONSTANT(name, value)                                            \
    [PE_CONSTANT_##name] = OV_FIELD_CONSTANT(#name, value),
#include "modules/pe_constants.def"
#undef OV_PE_CONSTANT
    [PE_IS_PE] = OV_FIELD_INTEGER("is_pe"),
    [PE_MACHINE] = OV_FIELD_INTEGER("machine"),
    [PE_NUMBER_OF_SECTIONS] = OV_FIELD_INTEGER("number_of_sections"),
    [PE_TIMESTAMP] = OV_FIELD_INTEGER("timestamp"),
    [PE_POINTER_TO_SYMBOL_TABLE] = OV_FIELD_INTEGER("pointer_to_symbol_table"),
    [PE_NUMBER_OF_SYMBOLS] = OV_FIELD_INTEGER("number_of_symbols"),
    [PE_SIZE_OF_OPTIONAL_HEADER] = OV_FIELD_INTEGER("size_of_optional_header"),
    [PE_CHARACTERISTICS] = OV_FIELD_INTEGER("characteristics"),
    [PE_ENTRY_POINT] = OV_FIELD_INTEGER("entry_point"),
    [PE_ENTRY_POINT_RAW] = OV_FIELD_INTEGER("entry_point_raw"),
    [PE_IMAGE_BASE] = OV_FIELD_INTEGER("image_base"),
    [PE_NUMBER_OF_RVA_AND_SIZES] = OV_FIELD_INTEGER("number_of_rva_and_sizes"),
    [PE_NUMBER_OF_VERSION_INFOS] =
        INTEGER(GROUP_RESOURCES, "number_of_version_infos"),
    [PE_VERSION_INFO] = {.name = "version_info",
                         .kind = OV_DATUM_DICTIONARY,
                         .item = OV_DATUM_STRING,
                         .group = GROUP_RESOURCES},
    [PE_VERSION_INFO_LIST] =
        ARRAY(GROUP_RESOURCES, "version_info_list", &ov_pe_info_item),
    [PE_OPTHDR_MAGIC] = OV_FIELD_INTEGER("opthdr_magic"),
    [PE_SIZE_OF_CODE] = OV_FIELD_INTEGER("size_of_code"),
    [PE_SIZE_OF_INITIALIZED_DATA] =
        OV_FIELD_INTEGER("size_of_initialized_data"),
    [PE_SIZE_OF_UNINITIALIZED_DATA] =
        OV_FIELD_INTEGER("size_of_uninitialized_data"),
    [PE_BASE_OF_CODE] = OV_FIELD_INTEGER("base_of_code"),
    [PE_BASE_OF_DATA] = OV_FIELD_INTEGER("base_of_data"),
    [PE_SECTION_ALIGNMENT] = OV_FIELD_INTEGER("section_alignment"),
    [PE_FILE_ALIGNMENT] = OV_FIELD_INTEGER("file_alignment"),
    [PE_LINKER_VERSION] = OV_FIELD_STRUCTURE("linker_version", &version),
    [PE_OS_VERSION] = OV_FIELD_STRUCTURE("os_version", &version),
    [PE_IMAGE_VERSION] = OV_FIELD_STRUCTURE("image_version", &version),
    [PE_SUBSYSTEM_VERSION] = OV_FIELD_STRUCTURE("subsystem_version", &version),
    [PE_WIN32_VERSION_VALUE] = OV_FIELD_INTEGER("win32_version_value"),
    [PE_SIZE_OF_IMAGE] = OV_FIELD_INTEGER("size_of_image"),
    [PE_SIZE_OF_HEADERS] = OV_FIELD_INTEGER("size_of_headers"),
    [PE_CHECKSUM] = OV_FIELD_INTEGER("checksum"),
    [PE_CALCULATE_CHECKSUM] =
        OV_FIELD_FUNCTION("calculate_checksum", ov_pe_calculate_checksum),
    [PE_SUBSYSTEM] = OV_FIELD_INTEGER("subsystem"),
    [PE_DLL_CHARACTERISTICS] = OV_FIELD_INTEGER("dll_characteristics"),
    [PE_SIZE_OF_STACK_RESERVE] = OV_FIELD_INTEGER("size_of_stack_reserve"),
    [PE_SIZE_OF_STACK_COMMIT] = OV_FIELD_INTEGER("size_of_stack_commit"),
    [PE_SIZE_OF_HEAP_RESERVE] = OV_FIELD_INTEGER("size_of_heap_reserve"),
    [PE_SIZE_OF_HEAP_COMMIT] = OV_FIELD_INTEGER("size_of_heap_commit"),
    [PE_LOADER_FLAGS] = OV_FIELD_INTEGER("loader_flags"),
    [PE_DATA_DIRECTORIES] =
        OV_FIELD_ARRAY("data_directories", &ov_pe_directory_item),
    [PE_SECTIONS] = OV_FIELD_ARRAY("sections", &ov_pe_section_item),
    [PE_OVERLAY] = OV_FIELD_STRUCTURE("overlay", &overlay),
    [PE_RICH_SIGNATURE] = STRUCTURE(GROUP_RICH, "rich_signature", &rich),
    [PE_IMPORT_DELAYED] = OV_FIELD_CONSTANT("IMPORT_DELAYED", 2),
    [PE_IMPORT_STANDARD] = OV_FIELD_CONSTANT("IMPORT_STANDARD", 1),
    [PE_IMPORT_ANY] = OV_FIELD_CONSTANT("IMPORT_ANY", -1),
    [PE_IMPHASH] = OV_FIELD_FUNCTION("imphash", ov_pe_imphash),
    [PE_SECTION_INDEX] =
        OV_FIELD_FUNCTION("section_index", ov_pe_section_index),
    [PE_EXPORTS] = OV_FIELD_FUNCTION("exports", ov_pe_exports),
    [PE_EXPORTS_INDEX] =
        OV_FIELD_FUNCTION("exports_index", ov_pe_exports_index),
    [PE_IMPORTS] = OV_FIELD_FUNCTION("imports", ov_pe_imports),
    [PE_IMPORT_RVA] = OV_FIELD_FUNCTION("import_rva", ov_pe_import_rva),
    [PE_DELAYED_IMPORT_RVA] =
        OV_FIELD_FUNCTION("delayed_import_rva", ov_pe_delayed_import_rva),
    [PE_LOCALE] = OV_FIELD_FUNCTION("locale", ov_pe_locale),
    [PE_LANGUAGE] = OV_FIELD_FUNCTION("language", ov_pe_language),
    [PE_IS_DLL] = OV_FIELD_FUNCTION("is_dll", ov_pe_is_dll),
    [PE_IS_32BIT] = OV_FIELD_FUNCTION("is_32bit", ov_pe_is_32bit),
    [PE_IS_64BIT] = OV_FIELD_FUNCTION("is_64bit", ov_pe_is_64bit),
    [PE_NUMBER_OF_IMPORTS] = INTEGER(GROUP_IMPORTS, "number_of_imports"),
    [PE_NUMBER_OF_IMPORTED_FUNCTIONS] =
        INTEGER(GROUP_IMPORTS, "number_of_imported_functions"),
    [PE_NUMBER_OF_DELAYED_IMPORTS] =
        INTEGER(GROUP_DELAYED, "number_of_delayed_imports"),
    [PE_NUMBER_OF_DELAYED_IMPORTED_FUNCTIONS] =
        INTEGER(GROUP_DELAYED, "number_of_delayed_imported_functions"),
    [PE_NUMBER_OF_EXPORTS] = INTEGER(GROUP_EXPORTS, "number_of_exports"),
    [PE_DLL_NAME] = TEXT(GROUP_EXPORTS, "dll_name"),
    [PE_EXPORT_TIMESTAMP] = INTEGER(GROUP_EXPORTS, "export_timestamp"),
    [PE_EXPORT_DETAILS] =
        ARRAY(GROUP_EXPORTS, "export_details", &ov_pe_export_item),
    [PE_IMPORT_DETAILS] =
        ARRAY(GROUP_IMPORTS, "import_details", &ov_pe_library_item),
    [PE_DELAYED_IMPORT_DETAILS] =
        ARRAY(GROUP_DELAYED, "delayed_import_details", &ov_pe_library_item),
    [PE_RESOURCE_TIMESTAMP] = INTEGER(GROUP_RESOURCES, "resource_timestamp"),
    [PE_RESOURCE_VERSION] =
        STRUCTURE(GROUP_RESOURCES, "resource_version", &version),
    [PE_RESOURCES] = ARRAY(GROUP_RESOURCES, "resources", &ov_pe_resource_item),
    [PE_NUMBER_OF_RESOURCES] = INTEGER(GROUP_RESOURCES, "number_of_resources"),
    [PE_PDB_PATH] = TEXT(GROUP_DEBUG, "pdb_path"),
    [PE_SIGNATURES] =
        ARRAY(GROUP_SIGNATURES, "signatures", &ov_pe_signature_item),
    [PE_IS_SIGNED] = INTEGER(GROUP_SIGNATURES, "is_signed"),
    [PE_NUMBER_OF_SIGNATURES] =
        INTEGER(GROUP_SIGNATURES, "number_of_signatures"),
    [PE_RVA_TO_OFFSET] =
        OV_FIELD_FUNCTION("rva_to_offset", ov_pe_rva_to_offset),
};

enum ov_status ov_pe_state(struct ov_module_run *run, struct pe_state **ret)
{
    struct pe_state *state = run->state;

    if (state == NULL) {
        state = ov_arena_alloc(run->in->arena, sizeof(*state));
        if (state == NULL)
            return OV_NO_MEMORY;
        state->is_pe = ov_pe_open(run->in->bytes, &state->pe) == OV_OK;
        run->state = state;
    }
    *ret = state;
    return OV_OK;
}

struct ov_span ov_pe_text_at(const struct ov_pe *pe, uint64_t at, size_t max)
{
    struct ov_span rest = ov_span_clip(pe->bytes, at, max);
    struct ov_span text;

    (void)ov_span_cut(&rest, '\0', &text);
    return text;
}

static enum ov_status fill(struct ov_module_run *run, unsigned group)
{
    static enum ov_status (*const fills[])(struct ov_module_run *,
                                           const struct ov_pe *) = {
        [GROUP_HEADERS] = ov_pe_fill_headers,
        [GROUP_RICH] = ov_pe_fill_rich,
        [GROUP_DEBUG] = ov_pe_fill_debug,
        [GROUP_RESOURCES] = ov_pe_fill_resources,
        [GROUP_IMPORTS] = ov_pe_fill_imports,
        [GROUP_DELAYED] = ov_pe_fill_delayed,
        [GROUP_EXPORTS] = ov_pe_fill_exports,
        [GROUP_SIGNATURES] = ov_pe_fill_signatures,
    };
    struct pe_state *state;

    OV_TRY(ov_pe_state(run, &state));
    if (group == GROUP_HEADERS)
        run->fields[PE_IS_PE] = ov_datum_integer(state->is_pe);
    return state->is_pe ? fills[group](run, &state->pe) : OV_OK;
}

extern const struct ov_module ov_module_pe;
const struct ov_module ov_module_pe = {
    .name = "pe",
    .root = OV_STRUCTURE(root_fields),
    .fill = fill,
};
