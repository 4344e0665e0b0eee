/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "base/reader.h"

/* Shell links (Windows shortcuts): header, target list, link information,
 * strings, extra data. Values are as they stand in the file; texts are borrowed
 * from it and are either bytes of some code page or UTF-16.
 *
 * Source: [MS-SHLLINK] "Shell Link (.LNK) Binary File Format", sections 2.1 to
 * 2.5; items of the target list by J. Metz, "Windows Shell Item format". */

/* LinkFlags, section 2.1.1. */
#define OV_LNK_HAS_TARGETS 0x01u
#define OV_LNK_HAS_INFO 0x02u
#define OV_LNK_HAS_NAME 0x04u
#define OV_LNK_HAS_RELATIVE_PATH 0x08u
#define OV_LNK_HAS_WORKING_DIR 0x10u
#define OV_LNK_HAS_ARGUMENTS 0x20u
#define OV_LNK_HAS_ICON 0x40u
#define OV_LNK_IS_UNICODE 0x80u

/* Without its terminating zero. */
struct ov_lnk_text {
    bool is_there;
    bool is_wide; /* UTF-16, little-endian */
    struct ov_span bytes;
};

/* StringData, section 2.4, in the order of the file. */
enum ov_lnk_string {
    OV_LNK_NAME,
    OV_LNK_RELATIVE_PATH,
    OV_LNK_WORKING_DIR,
    OV_LNK_ARGUMENTS,
    OV_LNK_ICON_LOCATION,
    OV_N_LNK_STRING
};

struct ov_lnk {
    uint32_t flags;
    uint32_t attributes;
    uint64_t created; /* FILETIME: 100 ns since 1601 */
    uint64_t accessed;
    uint64_t written;
    uint32_t file_size;
    uint32_t icon_index;
    uint32_t show_command;
    struct ov_span targets; /* IDList without its size: items, then two zeros */
    bool has_volume;
    uint32_t drive_type;
    uint32_t drive_serial;
    struct ov_lnk_text volume_label;
    struct ov_lnk_text local_path;
    struct ov_lnk_text path_suffix;
    struct ov_lnk_text strings[OV_N_LNK_STRING];
    struct ov_span tracker; /* TrackerDataBlock from its Length on, or empty */
    uint64_t overlay_at;    /* where what is behind the link begins */
};

/* OV_MALFORMED if this is no link; OV_TRUNCATED or OV_MALFORMED with *ret
 * untouched if one of its parts is damaged. */
OV_MUST_USE enum ov_status ov_lnk_read(struct ov_span bytes,
                                       struct ov_lnk *ret);

/* The next item of the target list, without its size, cut off *rest; false at
 * the end. */
bool ov_lnk_next_target(struct ov_span *rest, struct ov_span *ret);

/* Bytes up to the first zero (one, or two of UTF-16) or the end. */
struct ov_lnk_text ov_lnk_text_at(struct ov_span bytes, uint64_t at,
                                  bool is_wide);

/* Appends a text as UTF-8: lone surrogates become U+FFFD; a code page's bytes
 * stay as they are. */
void ov_lnk_put_text(struct ov_buf *out, const struct ov_lnk_text *text);

/* Appends a GUID's 16 bytes as text: 8-4-4-4-12 lower-case digits. */
void ov_lnk_put_guid(struct ov_buf *out, struct ov_span guid);
