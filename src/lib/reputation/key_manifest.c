/* SPDX-License-Identifier: Apache-2.0 */
#include "reputation/key_manifest.h"

#include "base/text.h"
#include "reputation/fields.h"
#include "trust/entry.h"

/* A client is pinned to one region, and takes key and address from here: it
 * seals to no key that is not in a manifest that everybody else sees too. */

#define FIRST_LINE "overt-key-manifest/1"

static void put_block(struct ov_buf *b, const struct ov_region_keys *k)
{
    ov_put_format(b, "region %s\njurisdiction ", k->region);
    ov_put_span(b, k->jurisdiction);
    ov_put_str(b, "\noperator ");
    ov_put_span(b, k->operator_name);
    ov_put_str(b, "\nendpoint ");
    ov_put_span(b, k->endpoint);
    ov_put_str(b, "\nseal-key ");
    ov_put_hex(b, ov_span_of(k->seal_key, sizeof(k->seal_key)));
    ov_put_str(b, "\nreceipt-key ");
    ov_put_vkey(b, &k->receipt_key);
    ov_put_str(b, "\nvalid-from ");
    ov_put_time(b, k->valid_from);
    ov_put_str(b, "\nvalid-until ");
    ov_put_time(b, k->valid_until);
    ov_put_str(b, "\n");
}

void ov_put_key_manifest(struct ov_buf *b, const struct ov_key_manifest *m)
{
    ov_put_format(b, FIRST_LINE "\nversion %llu\n",
                  (unsigned long long)m->version);
    for (size_t i = 0; i < m->n; i++)
        put_block(b, &m->blocks[i]);
}

static bool is_endpoint(struct ov_span s)
{
    return (ov_span_starts(s, OV_SPAN_LIT("https://")) ||
            ov_span_starts(s, OV_SPAN_LIT("http://"))) &&
           ov_span_ends(s, OV_SPAN_LIT("/"));
}

static void read_receipt_key(struct ov_fields *f, struct ov_vkey *ret)
{
    struct ov_span text = ov_field_text(f, "receipt-key");
    struct ov_vkey key;

    if (f->status != OV_OK)
        return;
    ov_fields_require(f, ov_vkey_parse(text, &key) == OV_OK, OV_MALFORMED);
    ov_fields_require(f, f->status != OV_OK || key.alg == OV_NOTE_ED25519,
                      OV_UNSUPPORTED);
    if (f->status == OV_OK)
        *ret = key;
}

static enum ov_status read_block(struct ov_fields *f, struct ov_region_keys *k)
{
    struct ov_span region = ov_field_word(f, "region");

    ov_fields_require(f, ov_region_is_valid(region), OV_MALFORMED);
    if (f->status == OV_OK)
        memcpy(k->region, region.ptr, region.len);
    k->jurisdiction = ov_field_word(f, "jurisdiction");
    k->operator_name = ov_field_text(f, "operator");
    k->endpoint = ov_field_word(f, "endpoint");
    ov_fields_require(f, is_endpoint(k->endpoint), OV_MALFORMED);
    ov_field_hex(f, "seal-key", k->seal_key, sizeof(k->seal_key));
    read_receipt_key(f, &k->receipt_key);
    k->valid_from = ov_field_time(f, "valid-from");
    k->valid_until = ov_field_time(f, "valid-until");
    ov_fields_require(f, k->valid_from < k->valid_until, OV_MALFORMED);
    return f->status == OV_OK ? ov_envelope_key_id(k->seal_key, k->key_id)
                              : OV_OK;
}

static bool is_before(const struct ov_region_keys *a,
                      const struct ov_region_keys *b)
{
    int order = strcmp(a->region, b->region);

    return order < 0 || (order == 0 && a->valid_from < b->valid_from);
}

enum ov_status ov_key_manifest_parse(struct ov_arena *a, struct ov_span text,
                                     struct ov_key_manifest *ret,
                                     struct ov_diag *diag)
{
    struct ov_fields f = ov_fields_over(text);
    struct ov_key_manifest m = {.n = 0};

    if (text.len > OV_KEY_MANIFEST_MAX)
        return ov_diag_set(diag, OV_LIMIT_SIZE, 0, "too long for a manifest");
    m.blocks =
        ov_arena_alloc(a, OV_KEY_MANIFEST_MAX_BLOCKS * sizeof(*m.blocks));
    if (m.blocks == NULL)
        return ov_diag_set(diag, OV_NO_MEMORY, 0, "out of memory");
    ov_field_line(&f, FIRST_LINE);
    m.version = ov_field_number(&f, "version", INT64_MAX);
    while (f.status == OV_OK && f.rest.len > 0) {
        struct ov_region_keys *k = &m.blocks[m.n];

        if (m.n == OV_KEY_MANIFEST_MAX_BLOCKS)
            return ov_diag_set(diag, OV_LIMIT_COUNT, f.line,
                               "too many regions");
        OV_TRY(read_block(&f, k));
        ov_fields_require(&f, m.n == 0 || is_before(k - 1, k), OV_MALFORMED);
        m.n++;
    }
    OV_TRY(ov_fields_end(&f, diag));
    *ret = m;
    return OV_OK;
}

const struct ov_region_keys *
ov_key_manifest_find(const struct ov_key_manifest *m, struct ov_span region,
                     uint64_t now)
{
    const struct ov_region_keys *found = NULL;

    for (size_t i = 0; i < m->n; i++) {
        const struct ov_region_keys *k = &m->blocks[i];

        if (ov_span_equal(region, ov_span_str(k->region)) &&
            k->valid_from <= now && now < k->valid_until)
            found = k;
    }
    return found;
}
