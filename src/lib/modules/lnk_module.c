/* SPDX-License-Identifier: Apache-2.0
 *
 * The module "lnk" (YARA-X documentation, "lnk"): what a Windows shortcut says
 * of itself and of its target, as formats/lnk.c reads it.
 *
 * As there, a link of which any part is damaged is none (is_lnk false). Times
 * are seconds since 1970; texts are UTF-8, those of a code page as they are.
 * Of an item's fields those are told that a fixed place holds; items that
 * belong together only by a property store are left as bytes (data). */
#include "formats/lnk.h"
#include "modules/module.h"

#define EPOCH UINT64_C(11644473600) /* seconds from 1601 to 1970 */
#define MAX_TARGETS 4096u
#define TEXT_MAX (1u << 20)

/* ---- tables ---- */

static const struct ov_field show_fields[] = {
    OV_FIELD_CONSTANT("NORMAL", 1),
    OV_FIELD_CONSTANT("MAXIMIZED", 3),
    OV_FIELD_CONSTANT("MIN_NO_ACTIVE", 7),
};
static const struct ov_structure show_command = OV_STRUCTURE(show_fields);

static const struct ov_field drive_fields[] = {
    OV_FIELD_CONSTANT("UNKNOWN", 0),   OV_FIELD_CONSTANT("NO_ROOT_DIR", 1),
    OV_FIELD_CONSTANT("REMOVABLE", 2), OV_FIELD_CONSTANT("FIXED", 3),
    OV_FIELD_CONSTANT("REMOTE", 4),    OV_FIELD_CONSTANT("CDROM", 5),
    OV_FIELD_CONSTANT("RAMDISK", 6),
};
static const struct ov_structure drive_type = OV_STRUCTURE(drive_fields);

enum item_type {
    ITEM_CPL = 0x00,
    ITEM_ROOT_FOLDER = 0x1f,
    ITEM_VOLUME = 0x20,
    ITEM_FILE_ENTRY = 0x30,
    ITEM_NETWORK = 0x40
};

static const struct ov_field item_type_fields[] = {
    OV_FIELD_CONSTANT("CONTROL_PANEL_CPL", ITEM_CPL),
    OV_FIELD_CONSTANT("CONTROL_PANEL_CATEGORY", 0x01),
    OV_FIELD_CONSTANT("ROOT_FOLDER", ITEM_ROOT_FOLDER),
    OV_FIELD_CONSTANT("VOLUME", ITEM_VOLUME),
    OV_FIELD_CONSTANT("FILE_ENTRY", ITEM_FILE_ENTRY),
    OV_FIELD_CONSTANT("NETWORK_LOCATION", ITEM_NETWORK),
    OV_FIELD_CONSTANT("COMPRESSED_FOLDER", 0x52),
    OV_FIELD_CONSTANT("URI", 0x61),
    OV_FIELD_CONSTANT("CONTROL_PANEL", 0x71),
    OV_FIELD_CONSTANT("PRINTERS", 0x72),
    OV_FIELD_CONSTANT("COMMON_PLACES_FOLDER", 0x73),
    OV_FIELD_CONSTANT("USERS_FILES_FOLDER", 0x74),
};
static const struct ov_structure item_types = OV_STRUCTURE(item_type_fields);

enum item_field {
    ITEM_TYPE,
    ITEM_DATA,
    ITEM_CPL_FILE_PATH,
    ITEM_ROOT_FOLDER_ID,
    ITEM_VOLUME_NAME,
    ITEM_VOLUME_ID,
    ITEM_FILE_ENTRY_NAME,
    ITEM_NETWORK_LOCATION
};

static const struct ov_field item_fields[] = {
    [ITEM_TYPE] = OV_FIELD_INTEGER("item_type"),
    [ITEM_DATA] = OV_FIELD_TEXT("data"),
    [ITEM_CPL_FILE_PATH] = OV_FIELD_TEXT("cpl_file_path"),
    [ITEM_ROOT_FOLDER_ID] = OV_FIELD_TEXT("root_folder_id"),
    [ITEM_VOLUME_NAME] = OV_FIELD_TEXT("volume_name"),
    [ITEM_VOLUME_ID] = OV_FIELD_TEXT("volume_id"),
    [ITEM_FILE_ENTRY_NAME] = OV_FIELD_TEXT("file_entry_name"),
    [ITEM_NETWORK_LOCATION] = OV_FIELD_TEXT("network_location"),
};
static const struct ov_structure item = OV_STRUCTURE(item_fields);

enum tracker_field {
    TRACKER_VERSION,
    TRACKER_MACHINE_ID,
    TRACKER_DROID_VOLUME_ID,
    TRACKER_DROID_FILE_ID,
    TRACKER_BIRTH_VOLUME_ID,
    TRACKER_BIRTH_FILE_ID
};

static const struct ov_field tracker_fields[] = {
    [TRACKER_VERSION] = OV_FIELD_INTEGER("version"),
    [TRACKER_MACHINE_ID] = OV_FIELD_TEXT("machine_id"),
    [TRACKER_DROID_VOLUME_ID] = OV_FIELD_TEXT("droid_volume_id"),
    [TRACKER_DROID_FILE_ID] = OV_FIELD_TEXT("droid_file_id"),
    [TRACKER_BIRTH_VOLUME_ID] = OV_FIELD_TEXT("droid_birth_volume_id"),
    [TRACKER_BIRTH_FILE_ID] = OV_FIELD_TEXT("droid_birth_file_id"),
};
static const struct ov_structure tracker_data = OV_STRUCTURE(tracker_fields);

enum root_field {
    ROOT_IS_LNK,
    ROOT_NAME,
    ROOT_CREATION_TIME,
    ROOT_ACCESS_TIME,
    ROOT_WRITE_TIME,
    ROOT_FILE_SIZE,
    ROOT_FILE_ATTRIBUTES,
    ROOT_ICON_LOCATION,
    ROOT_ICON_INDEX,
    ROOT_SHOW_COMMAND,
    ROOT_DRIVE_TYPE,
    ROOT_DRIVE_SERIAL_NUMBER,
    ROOT_VOLUME_LABEL,
    ROOT_LOCAL_BASE_PATH,
    ROOT_COMMON_PATH_SUFFIX,
    ROOT_RELATIVE_PATH,
    ROOT_WORKING_DIR,
    ROOT_CMD_LINE_ARGS,
    ROOT_OVERLAY_SIZE,
    ROOT_OVERLAY_OFFSET,
    ROOT_TRACKER_DATA,
    ROOT_TARGET_ID_LIST
};

static const struct ov_field fields[] = {
    [ROOT_IS_LNK] = OV_FIELD_INTEGER("is_lnk"),
    [ROOT_NAME] = OV_FIELD_TEXT("name"),
    [ROOT_CREATION_TIME] = OV_FIELD_INTEGER("creation_time"),
    [ROOT_ACCESS_TIME] = OV_FIELD_INTEGER("access_time"),
    [ROOT_WRITE_TIME] = OV_FIELD_INTEGER("write_time"),
    [ROOT_FILE_SIZE] = OV_FIELD_INTEGER("file_size"),
    [ROOT_FILE_ATTRIBUTES] = OV_FIELD_INTEGER("file_attributes"),
    [ROOT_ICON_LOCATION] = OV_FIELD_TEXT("icon_location"),
    [ROOT_ICON_INDEX] = OV_FIELD_INTEGER("icon_index"),
    [ROOT_SHOW_COMMAND] = OV_FIELD_INTEGER("show_command"),
    [ROOT_DRIVE_TYPE] = OV_FIELD_INTEGER("drive_type"),
    [ROOT_DRIVE_SERIAL_NUMBER] = OV_FIELD_INTEGER("drive_serial_number"),
    [ROOT_VOLUME_LABEL] = OV_FIELD_TEXT("volume_label"),
    [ROOT_LOCAL_BASE_PATH] = OV_FIELD_TEXT("local_base_path"),
    [ROOT_COMMON_PATH_SUFFIX] = OV_FIELD_TEXT("common_path_suffix"),
    [ROOT_RELATIVE_PATH] = OV_FIELD_TEXT("relative_path"),
    [ROOT_WORKING_DIR] = OV_FIELD_TEXT("working_dir"),
    [ROOT_CMD_LINE_ARGS] = OV_FIELD_TEXT("cmd_line_args"),
    [ROOT_OVERLAY_SIZE] = OV_FIELD_INTEGER("overlay_size"),
    [ROOT_OVERLAY_OFFSET] = OV_FIELD_INTEGER("overlay_offset"),
    [ROOT_TRACKER_DATA] = OV_FIELD_STRUCTURE("tracker_data", &tracker_data),
    [ROOT_TARGET_ID_LIST] = OV_FIELD_ARRAY("target_id_list", &item),
    OV_FIELD_STRUCTURE("ShowCommand", &show_command),
    OV_FIELD_STRUCTURE("DriveType", &drive_type),
    OV_FIELD_STRUCTURE("ShellItemType", &item_types),
    OV_FIELD_CONSTANT("FILE_ATTRIBUTE_READONLY", 0x1),
    OV_FIELD_CONSTANT("FILE_ATTRIBUTE_HIDDEN", 0x2),
    OV_FIELD_CONSTANT("FILE_ATTRIBUTE_SYSTEM", 0x4),
    OV_FIELD_CONSTANT("RESERVED_1", 0x8),
    OV_FIELD_CONSTANT("FILE_ATTRIBUTE_DIRECTORY", 0x10),
    OV_FIELD_CONSTANT("FILE_ATTRIBUTE_ARCHIVE", 0x20),
    OV_FIELD_CONSTANT("RESERVED_2", 0x40),
    OV_FIELD_CONSTANT("FILE_ATTRIBUTE_NORMAL", 0x80),
    OV_FIELD_CONSTANT("FILE_ATTRIBUTE_TEMPORARY", 0x100),
    OV_FIELD_CONSTANT("FILE_ATTRIBUTE_SPARSE_FILE", 0x200),
    OV_FIELD_CONSTANT("FILE_ATTRIBUTE_REPARSE_POINT", 0x400),
    OV_FIELD_CONSTANT("FILE_ATTRIBUTE_COMPRESSED", 0x800),
    OV_FIELD_CONSTANT("FILE_ATTRIBUTE_OFFLINE", 0x1000),
    OV_FIELD_CONSTANT("FILE_ATTRIBUTE_NOT_CONTENT_INDEXED", 0x2000),
    OV_FIELD_CONSTANT("FILE_ATTRIBUTE_ENCRYPTED", 0x4000),
};

/* ---- values ---- */

/* A text as UTF-8 in the arena; undefined if there is none. */
static enum ov_status give_text(struct ov_module_run *run,
                                const struct ov_lnk_text *text,
                                struct ov_datum *ret)
{
    OV_AUTO_DONE(buf) out = ov_buf_with_max(TEXT_MAX);
    struct ov_span kept;

    if (!text->is_there)
        return OV_OK;
    OV_TRY(ov_budget_spend(run->in->budget, OV_COST_STEPS, text->bytes.len));
    if (!text->is_wide) {
        *ret = ov_datum_text(text->bytes);
        return OV_OK;
    }
    ov_lnk_put_text(&out, text);
    if (ov_buf_status(&out) == OV_LIMIT_SIZE)
        return OV_OK;
    OV_TRY(ov_buf_status(&out));
    if (!ov_arena_copy(run->in->arena, ov_buf_span(&out), &kept))
        return OV_NO_MEMORY;
    *ret = ov_datum_text(kept);
    return OV_OK;
}

static enum ov_status give_guid(struct ov_module_run *run, struct ov_span bytes,
                                uint64_t at, struct ov_datum *ret)
{
    OV_AUTO_DONE(buf) out = ov_buf_with_max(64);
    struct ov_span guid, kept;

    if (!ov_span_sub(bytes, at, 16, &guid))
        return OV_OK;
    ov_lnk_put_guid(&out, guid);
    OV_TRY(ov_buf_status(&out));
    if (!ov_arena_copy(run->in->arena, ov_buf_span(&out), &kept))
        return OV_NO_MEMORY;
    *ret = ov_datum_text(kept);
    return OV_OK;
}

/* From 100 ns since 1601; undefined before 1970. */
static struct ov_datum give_time(uint64_t filetime)
{
    uint64_t seconds = filetime / 10000000;

    return seconds < EPOCH ? (struct ov_datum){0}
                           : ov_datum_integer((int64_t)(seconds - EPOCH));
}

/* TrackerDataBlock, section 2.5.10, from Length on. */
static enum ov_status fill_tracker(struct ov_module_run *run,
                                   struct ov_span bytes)
{
    struct ov_datum *f = run->fields[ROOT_TRACKER_DATA].fields;
    struct ov_lnk_text machine;
    uint32_t version = 0;

    if (bytes.len < 8 + 16 + 4 * 16 || !ov_span_u32le(bytes, 4, &version))
        return OV_OK;
    machine = ov_lnk_text_at(ov_span_clip(bytes, 8, 16), 0, false);
    f[TRACKER_VERSION] = ov_datum_integer(version);
    OV_TRY(give_text(run, &machine, &f[TRACKER_MACHINE_ID]));
    for (unsigned i = 0; i < 4; i++)
        OV_TRY(give_guid(run, bytes, 24 + 16 * (uint64_t)i,
                         &f[TRACKER_DROID_VOLUME_ID + i]));
    return OV_OK;
}

/* What an item of the target list is: its class type indicator, of those that
 * are a range the first. */
static unsigned type_of(unsigned indicator)
{
    unsigned range = indicator & 0x70;

    if (indicator == ITEM_ROOT_FOLDER)
        return indicator;
    return range == ITEM_VOLUME || range == ITEM_FILE_ENTRY ||
                   range == ITEM_NETWORK
               ? range
               : indicator;
}

/* bytes: the item from its class type indicator on. A root folder has an order
 * and an identifier; a volume a name, or flags and an identifier; a file entry
 * size, time and attributes in front of its name, which is UTF-16 if bit 2 of
 * the indicator is set; a network location two flags. */
static enum ov_status fill_item(struct ov_module_run *run, struct ov_span bytes,
                                struct ov_datum *f)
{
    unsigned indicator = (unsigned)ov_span_byte(bytes, 0);
    unsigned type = type_of(indicator);
    struct ov_lnk_text text;

    f[ITEM_TYPE] = ov_datum_integer(type);
    f[ITEM_DATA] = ov_datum_text(ov_span_clip(bytes, 1, UINT64_MAX));
    if (type == ITEM_ROOT_FOLDER)
        return give_guid(run, bytes, 2, &f[ITEM_ROOT_FOLDER_ID]);
    if (type == ITEM_VOLUME && (indicator & 1) == 0)
        return give_guid(run, bytes, 2, &f[ITEM_VOLUME_ID]);
    if (type == ITEM_VOLUME) {
        text = ov_lnk_text_at(bytes, 1, false);
        return give_text(run, &text, &f[ITEM_VOLUME_NAME]);
    }
    if (type == ITEM_FILE_ENTRY) {
        text = ov_lnk_text_at(bytes, 12, (indicator & 4) != 0);
        return give_text(run, &text, &f[ITEM_FILE_ENTRY_NAME]);
    }
    if (type == ITEM_NETWORK) {
        text = ov_lnk_text_at(bytes, 3, false);
        return give_text(run, &text, &f[ITEM_NETWORK_LOCATION]);
    }
    /* Section "Control panel CPL file": UTF-16 behind three offsets. */
    if (type == ITEM_CPL && bytes.len > 22) {
        text = ov_lnk_text_at(bytes, 22, true);
        return give_text(run, &text, &f[ITEM_CPL_FILE_PATH]);
    }
    return OV_OK;
}

static enum ov_status fill_targets(struct ov_module_run *run,
                                   struct ov_span targets)
{
    struct ov_span rest = targets, bytes;
    struct ov_datum *values;
    uint32_t n = 0;

    while (n < MAX_TARGETS && ov_lnk_next_target(&rest, &bytes))
        n++;
    OV_TRY(ov_datum_array(run, &item, n, &run->fields[ROOT_TARGET_ID_LIST],
                          &values));
    rest = targets;
    for (uint32_t i = 0; i < n && ov_lnk_next_target(&rest, &bytes); i++) {
        if (bytes.len > 0)
            OV_TRY(fill_item(run, bytes, values[i].fields));
    }
    return OV_OK;
}

static enum ov_status fill_texts(struct ov_module_run *run,
                                 const struct ov_lnk *l)
{
    struct ov_datum *f = run->fields;

    OV_TRY(give_text(run, &l->volume_label, &f[ROOT_VOLUME_LABEL]));
    OV_TRY(give_text(run, &l->local_path, &f[ROOT_LOCAL_BASE_PATH]));
    OV_TRY(give_text(run, &l->path_suffix, &f[ROOT_COMMON_PATH_SUFFIX]));
    OV_TRY(give_text(run, &l->strings[OV_LNK_NAME], &f[ROOT_NAME]));
    OV_TRY(give_text(run, &l->strings[OV_LNK_RELATIVE_PATH],
                     &f[ROOT_RELATIVE_PATH]));
    OV_TRY(
        give_text(run, &l->strings[OV_LNK_WORKING_DIR], &f[ROOT_WORKING_DIR]));
    OV_TRY(
        give_text(run, &l->strings[OV_LNK_ARGUMENTS], &f[ROOT_CMD_LINE_ARGS]));
    return give_text(run, &l->strings[OV_LNK_ICON_LOCATION],
                     &f[ROOT_ICON_LOCATION]);
}

static enum ov_status fill(struct ov_module_run *run, unsigned group)
{
    struct ov_span bytes = run->in->bytes;
    struct ov_datum *f = run->fields;
    struct ov_lnk l;

    (void)group;
    f[ROOT_IS_LNK] = ov_datum_integer(0);
    if (ov_lnk_read(bytes, &l) != OV_OK)
        return OV_OK;
    f[ROOT_IS_LNK] = ov_datum_integer(1);
    f[ROOT_CREATION_TIME] = give_time(l.created);
    f[ROOT_ACCESS_TIME] = give_time(l.accessed);
    f[ROOT_WRITE_TIME] = give_time(l.written);
    f[ROOT_FILE_SIZE] = ov_datum_integer(l.file_size);
    f[ROOT_FILE_ATTRIBUTES] = ov_datum_integer(l.attributes);
    f[ROOT_ICON_INDEX] = ov_datum_integer(l.icon_index);
    f[ROOT_SHOW_COMMAND] = ov_datum_integer(l.show_command);
    if (l.has_volume) {
        f[ROOT_DRIVE_TYPE] = ov_datum_integer(l.drive_type);
        f[ROOT_DRIVE_SERIAL_NUMBER] = ov_datum_integer(l.drive_serial);
    }
    f[ROOT_OVERLAY_SIZE] =
        ov_datum_integer((int64_t)(bytes.len - l.overlay_at));
    if (l.overlay_at < bytes.len)
        f[ROOT_OVERLAY_OFFSET] = ov_datum_integer((int64_t)l.overlay_at);
    OV_TRY(fill_texts(run, &l));
    OV_TRY(fill_tracker(run, l.tracker));
    return fill_targets(run, l.targets);
}

extern const struct ov_module ov_module_lnk;
const struct ov_module ov_module_lnk = {
    .name = "lnk",
    .root = OV_STRUCTURE(fields),
    .fill = fill,
};
