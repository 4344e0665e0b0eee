/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/alloc.h"
#include "base/buf.h"
#include "base/store.h"
#include "crypto/digest.h"

/* A rule image: one file with everything a scan needs, position-independent,
 * little-endian, the same bytes for the same sources. docs/protocol-image.md
 * has the layout: a header with a table of sections, the sections (64-byte
 * aligned), and a SHA-256 of each 16 KiB page of them. The image's digest is
 * SHA-256 over the header, which holds the digest of the table of page digests:
 * a tree of two levels, so that a mapped image can be checked page by page as
 * it is used. */

enum ov_section {
#define OV_SECTION(id, word) id,
#include "rules/sections.def"
#undef OV_SECTION
    OV_N_SECTIONS
};

const char *ov_section_name(enum ov_section s);

/* Where the file has a section's length, a u64, little-endian. */
#define OV_IMAGE_SECTION_LEN_AT(section) (64 + 16 * (section) + 8)

/* ---- writing ---- */

/* Lays out sections (n == OV_N_SECTIONS; empty ones are fine) into ret. */
OV_MUST_USE enum ov_status ov_image_write(const struct ov_buf *sections,
                                          struct ov_buf *ret);

/* ---- reading ---- */

/* An opened image: immutable bytes, plus the private notes which of its pages
 * were checked. Not thread-safe; many may lie over the same bytes. */
struct ov_image {
    struct ov_store store;
    uint8_t digest[OV_DIGEST_MAX];

    struct {
        uint64_t at;
        uint64_t len;
    } sections[OV_N_SECTIONS];

    uint8_t page_digests_root[OV_DIGEST_MAX];
    struct ov_span page_digests;
};

/* Checks header, section table and page digest table; borrows bytes, which
 * must stay as they are. OV_MALFORMED (not an image), OV_UNSUPPORTED (another
 * version), OV_TRUNCATED, OV_BAD_DIGEST, with words in diag. Returns owned. */
OV_MUST_USE enum ov_status ov_image_open(struct ov_span bytes,
                                         struct ov_image **ret,
                                         struct ov_diag *diag);
void ov_image_free(struct ov_image *image);
OV_DEFINE_AUTO(image)

/* Names what a scan with these images uses: for one its digest, for several the
 * SHA-256 of all digests in order. */
OV_MUST_USE enum ov_status ov_images_digest(struct ov_image *const *images,
                                            size_t n,
                                            uint8_t ret[static OV_DIGEST_MAX]);

/* Checks every page now: OV_BAD_DIGEST with the first bad page's offset. */
OV_MUST_USE enum ov_status ov_image_check(struct ov_image *image,
                                          struct ov_diag *diag);

/* Bytes [off, off + len) of a section, checked; false if outside or damaged. */
static inline bool ov_image_at(struct ov_image *image, enum ov_section s,
                               uint64_t off, uint64_t len, struct ov_span *ret)
{
    if (off > image->sections[s].len || len > image->sections[s].len - off)
        return false;
    return ov_store_at(&image->store, image->sections[s].at + off, len, ret);
}
