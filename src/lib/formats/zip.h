/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/budget.h"
#include "base/buf.h"

/* Between zip.c, which finds members, and zip_read.c, which decodes one. */

enum ov_zip_method {
    OV_ZIP_STORE = 0,
    OV_ZIP_IMPLODE = 6,
    OV_ZIP_DEFLATE = 8,
    OV_ZIP_DEFLATE64 = 9,
    OV_ZIP_BZIP2 = 12,
    OV_ZIP_LZMA = 14,
    OV_ZIP_ZSTD = 93,
    OV_ZIP_XZ = 95,
    OV_ZIP_AES = 99,
};

enum ov_zip_flag {
    OV_ZIP_ENCRYPTED = 1 << 0,
    OV_ZIP_DESCRIBED = 1 << 3, /* sizes and CRC follow the data */
    OV_ZIP_STRONG = 1 << 6,    /* PKWARE's strong encryption */
};

struct ov_zip_entry {
    uint64_t local_at;    /* of the local header in the file */
    struct ov_span data;  /* packed; as much of it as there is */
    uint64_t packed_size; /* as declared */
    uint64_t real_size;
    struct ov_span name;
    struct ov_span extra; /* extra fields */
    uint32_t crc;
    uint16_t method; /* enum ov_zip_method, or what is not known */
    uint16_t flags;  /* enum ov_zip_flag */
    uint16_t time;
    bool is_lost;    /* there is no local header where it should be */
    bool is_unsized; /* data ends somewhere in data: sizes are not known */
    bool is_local;   /* not in the central directory */
};

struct ov_zip_keys {
    const struct ov_span *passwords;
    size_t n_passwords;
    size_t right;      /* index of the one that fitted last: tried first */
    unsigned n_sealed; /* members that none fitted */
};

/* Unpacks the entry. OV_ENCRYPTED if no password fits. */
OV_MUST_USE enum ov_status ov_zip_read(const struct ov_zip_entry *e,
                                       struct ov_zip_keys *keys,
                                       struct ov_budget *budget,
                                       struct ov_buf *into);
