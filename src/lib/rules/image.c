/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/image.h"

#include "base/assert.h"
#include "base/reader.h"
#include "rules/layout_digest.h"

/* Layout (docs/protocol-image.md):
 *
 *   0      magic "OVERTIMG"
 *   8      u64 fingerprint of everything behind the header: OV_LAYOUT_DIGEST,
 *          made by tools/layout-digest from the code that knows the layout
 *   16     u64 length of the whole file
 *   24     u64 place of the table of page digests, which ends the file
 *   32     SHA-256 of that table
 *   64     per section: u64 place, u64 length
 *   ...    SHA-256 of all header bytes before it: the image's digest
 *   4096   sections, each 64-byte aligned
 *   ...    page digests: 32 bytes for each 16 KiB page from 0 up to here; of
 *          page 0 only the bytes behind the header count
 */
#define MAGIC "OVERTIMG"
#define HEADER_LEN ((size_t)4096)
#define TABLE_AT ((size_t)64)
#define DIGEST_AT (TABLE_AT + (size_t)OV_N_SECTIONS * 16)
#define SECTION_ALIGN ((size_t)64)
#define SHA256_LEN ((size_t)32)

_Static_assert(DIGEST_AT + 32 <= HEADER_LEN, "the section table fits");

const char *ov_section_name(enum ov_section s)
{
    static const char *const names[OV_N_SECTIONS] = {
#define OV_SECTION(id, word) [id] = word,
#include "rules/sections.def"
#undef OV_SECTION
    };

    OV_ASSERT(s < OV_N_SECTIONS);
    return names[s];
}

/* What page digest number `page` is taken over. */
static struct ov_span page_bytes(struct ov_span body, size_t page)
{
    uint64_t at = (uint64_t)page << OV_STORE_PAGE_LOG;
    uint64_t skip = page == 0 ? HEADER_LEN : 0;

    return ov_span_clip(body, at + skip, OV_STORE_PAGE - skip);
}

static size_t count_pages(uint64_t body_len)
{
    return (size_t)((body_len + OV_STORE_PAGE - 1) >> OV_STORE_PAGE_LOG);
}

static enum ov_status put_page_digests(struct ov_buf *b)
{
    struct ov_span body = ov_buf_span(b);
    size_t n = count_pages(body.len);

    for (size_t i = 0; i < n; i++) {
        uint8_t digest[OV_DIGEST_MAX];

        /* putting may move the bytes */
        body = ov_span_of(b->ptr, body.len);
        OV_TRY(ov_digest(OV_SHA256, page_bytes(body, i), digest));
        ov_put_span(b, ov_span_of(digest, SHA256_LEN));
    }
    return ov_buf_status(b);
}

static void put_header(const struct ov_image *layout, uint64_t digests_at,
                       uint64_t total, struct ov_buf *b)
{
    ov_put_span(b, OV_SPAN_LIT(MAGIC));
    ov_put_u64(b, OV_LAYOUT_DIGEST);
    ov_put_u64(b, total);
    ov_put_u64(b, digests_at);
    ov_put_span(b, ov_span_of(layout->page_digests_root, SHA256_LEN));
    for (int i = 0; i < OV_N_SECTIONS; i++) {
        ov_put_u64(b, layout->sections[i].at);
        ov_put_u64(b, layout->sections[i].len);
    }
}

enum ov_status ov_image_write(const struct ov_buf *sections, struct ov_buf *ret)
{
    struct ov_image layout = {0};
    OV_AUTO_DONE(buf) header = ov_buf_with_max(HEADER_LEN);
    uint8_t digest[OV_DIGEST_MAX];
    size_t digests_at;

    ov_buf_clear(ret);
    if (ov_buf_room(ret, HEADER_LEN) == NULL)
        return ov_buf_status(ret);
    memset(ret->ptr, 0, HEADER_LEN);
    ov_buf_added(ret, HEADER_LEN);
    for (int i = 0; i < OV_N_SECTIONS; i++) {
        ov_put_align(ret, SECTION_ALIGN);
        layout.sections[i].at = ret->len;
        layout.sections[i].len = sections[i].len;
        ov_put_span(ret, ov_buf_span(&sections[i]));
    }
    ov_put_align(ret, SECTION_ALIGN);
    OV_TRY(ov_buf_status(ret));
    digests_at = ret->len;
    OV_TRY(put_page_digests(ret));
    OV_TRY(ov_digest(OV_SHA256,
                     ov_span_clip(ov_buf_span(ret), digests_at, ret->len),
                     layout.page_digests_root));
    put_header(&layout, digests_at, ret->len, &header);
    OV_TRY(ov_buf_status(&header));
    OV_ASSERT(header.len == DIGEST_AT);
    OV_TRY(ov_digest(OV_SHA256, ov_buf_span(&header), digest));
    ov_put_span(&header, ov_span_of(digest, SHA256_LEN));
    OV_TRY(ov_buf_status(&header));
    memcpy(ret->ptr, header.ptr, header.len);
    return OV_OK;
}

static bool check_page(const struct ov_store *s, size_t page)
{
    const struct ov_image *image = s->check_data;
    uint8_t digest[OV_DIGEST_MAX];
    struct ov_span want;

    if (!ov_span_array(image->page_digests, (uint64_t)page * SHA256_LEN, 1,
                       SHA256_LEN, &want))
        return false;
    return ov_digest(OV_SHA256, page_bytes(s->all, page), digest) == OV_OK &&
           ov_span_equal(want, ov_span_of(digest, SHA256_LEN));
}

/* Page 0 is not all digested: its header is covered by the image's digest. */
static enum ov_status check_header_padding(struct ov_span bytes,
                                           struct ov_diag *diag)
{
    for (size_t i = DIGEST_AT + SHA256_LEN; i < HEADER_LEN; i++)
        if (ov_span_byte(bytes, i) != 0)
            return ov_diag_set(diag, OV_MALFORMED, 0,
                               "the image's header is damaged at byte %zu", i);
    return OV_OK;
}

static enum ov_status read_header(struct ov_span bytes, struct ov_image *image,
                                  struct ov_diag *diag)
{
    struct ov_reader r = ov_reader_over(bytes);
    uint64_t total;
    uint64_t digests_at;

    if (!ov_span_starts(bytes, OV_SPAN_LIT(MAGIC)))
        return ov_diag_set(diag, OV_MALFORMED, 0, "this is not a rule image");
    ov_reader_skip(&r, sizeof(MAGIC) - 1);
    if (ov_read_u64le(&r) != OV_LAYOUT_DIGEST)
        return ov_diag_set(diag, OV_UNSUPPORTED, 0,
                           "the image was made by another version of overt: "
                           "build it again with overt rules build");
    total = ov_read_u64le(&r);
    digests_at = ov_read_u64le(&r);
    if (ov_reader_status(&r) != OV_OK || total != bytes.len)
        return ov_diag_set(diag, OV_TRUNCATED, 0,
                           "the image is cut off: %zu bytes of %llu", bytes.len,
                           (unsigned long long)total);
    ov_reader_seek(&r, 32);
    memcpy(image->page_digests_root, ov_read_span(&r, SHA256_LEN).ptr,
           SHA256_LEN);
    for (int i = 0; i < OV_N_SECTIONS; i++) {
        image->sections[i].at = ov_read_u64le(&r);
        image->sections[i].len = ov_read_u64le(&r);
    }
    if (digests_at < HEADER_LEN || digests_at > total ||
        !ov_span_sub(bytes, digests_at, total - digests_at,
                     &image->page_digests) ||
        image->page_digests.len != count_pages(digests_at) * SHA256_LEN)
        return ov_diag_set(diag, OV_MALFORMED, 0,
                           "the image's table of digests is damaged");
    image->store.all = ov_span_clip(bytes, 0, digests_at);
    return OV_OK;
}

static enum ov_status check_tables(struct ov_span bytes, struct ov_image *image,
                                   struct ov_diag *diag)
{
    uint8_t root[OV_DIGEST_MAX];

    OV_TRY(
        ov_digest(OV_SHA256, ov_span_clip(bytes, 0, DIGEST_AT), image->digest));
    if (!ov_span_has_at(bytes, DIGEST_AT,
                        ov_span_of(image->digest, SHA256_LEN)))
        return ov_diag_set(diag, OV_BAD_DIGEST, 0,
                           "the image's header does not match its digest");
    OV_TRY(check_header_padding(bytes, diag));
    OV_TRY(ov_digest(OV_SHA256, image->page_digests, root));
    if (memcmp(root, image->page_digests_root, SHA256_LEN) != 0)
        return ov_diag_set(diag, OV_BAD_DIGEST, 0,
                           "the image's table of digests does not match");
    for (int i = 0; i < OV_N_SECTIONS; i++) {
        struct ov_span part;

        if (!ov_span_sub(image->store.all, image->sections[i].at,
                         image->sections[i].len, &part))
            return ov_diag_set(diag, OV_MALFORMED, 0,
                               "section %s is outside the image",
                               ov_section_name((enum ov_section)i));
    }
    return OV_OK;
}

enum ov_status ov_image_open(struct ov_span bytes, struct ov_image **ret,
                             struct ov_diag *diag)
{
    OV_AUTO(image) image = ov_alloc(sizeof(*image));

    if (image == NULL)
        return OV_NO_MEMORY;
    if (bytes.len < HEADER_LEN)
        return ov_diag_set(diag, OV_MALFORMED, 0, "this is not a rule image");
    OV_TRY(read_header(bytes, image, diag));
    OV_TRY(check_tables(bytes, image, diag));
    image->store.is_checked = ov_alloc(count_pages(image->store.all.len) + 1);
    if (image->store.is_checked == NULL)
        return OV_NO_MEMORY;
    image->store.check = check_page;
    image->store.check_data = image;
    *ret = OV_STEAL(image);
    return OV_OK;
}

void ov_image_free(struct ov_image *image)
{
    if (image == NULL)
        return;
    ov_free(image->store.is_checked);
    ov_free(image);
}

enum ov_status ov_images_digest(struct ov_image *const *images, size_t n,
                                uint8_t ret[static OV_DIGEST_MAX])
{
    OV_AUTO_DONE(buf) all = ov_buf_with_max(n * OV_DIGEST_MAX);

    if (n == 1) {
        memcpy(ret, images[0]->digest, OV_DIGEST_MAX);
        return OV_OK;
    }
    for (size_t i = 0; i < n; i++)
        ov_put_span(&all, ov_span_of(images[i]->digest, OV_DIGEST_MAX));
    OV_TRY(ov_buf_status(&all));
    return ov_digest(OV_SHA256, ov_buf_span(&all), ret);
}

enum ov_status ov_image_check(struct ov_image *image, struct ov_diag *diag)
{
    size_t n = count_pages(image->store.all.len);

    for (size_t i = 0; i < n; i++) {
        if (check_page(&image->store, i)) {
            image->store.is_checked[i] = 1;
            continue;
        }
        if (diag != NULL)
            diag->offset = i << OV_STORE_PAGE_LOG;
        return ov_diag_set(diag, OV_BAD_DIGEST, 0,
                           "the image is damaged: the page at byte %zu does "
                           "not match its digest",
                           i << OV_STORE_PAGE_LOG);
    }
    return OV_OK;
}
