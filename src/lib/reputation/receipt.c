/* SPDX-License-Identifier: Apache-2.0 */
#include "reputation/receipt.h"

#include "base/text.h"
#include "log/merkle.h"
#include "reputation/fields.h"
#include "trust/entry.h"

/* A receipt is the record of consent on both sides: the owner keeps it, and
 * whoever analyses a sample can show one for it or cannot say that it was
 * given. It holds nothing of the sample, not even its digest: that of the
 * envelope tells only those who have the envelope. */

#define FIRST_LINE "overt-receipt/1"

static const char *const kinds[] = {
    [OV_RECEIPT_SUBMISSION] = "submission",
    [OV_RECEIPT_DELETION] = "deletion",
};

void ov_put_receipt(struct ov_buf *b, const struct ov_receipt *r)
{
    ov_put_format(b, FIRST_LINE "\nkind %s\nregion %s\nname ", kinds[r->kind],
                  r->region);
    ov_put_hex(b, ov_span_of(r->name, sizeof(r->name)));
    ov_put_str(b, "\nenvelope ");
    ov_put_hex(b, ov_span_of(r->envelope, sizeof(r->envelope)));
    ov_put_format(b, "\nsize %llu\nindex %llu\ntime ",
                  (unsigned long long)r->size, (unsigned long long)r->index);
    ov_put_time(b, r->time);
    ov_put_str(b, "\nkeep-until ");
    ov_put_time(b, r->keep_until);
    ov_put_str(b, "\n");
}

static void read_kind(struct ov_fields *f, struct ov_receipt *r)
{
    struct ov_span word = ov_field_word(f, "kind");

    if (ov_span_equal(word, ov_span_str(kinds[OV_RECEIPT_DELETION])))
        r->kind = OV_RECEIPT_DELETION;
    else
        ov_fields_require(
            f, ov_span_equal(word, ov_span_str(kinds[OV_RECEIPT_SUBMISSION])),
            OV_MALFORMED);
}

enum ov_status ov_receipt_parse(struct ov_span text, struct ov_receipt *ret,
                                struct ov_diag *diag)
{
    struct ov_fields f = ov_fields_over(text);
    struct ov_receipt r = {.kind = OV_RECEIPT_SUBMISSION};
    struct ov_span region;

    ov_field_line(&f, FIRST_LINE);
    read_kind(&f, &r);
    region = ov_field_word(&f, "region");
    ov_fields_require(&f, ov_region_is_valid(region), OV_MALFORMED);
    if (f.status == OV_OK)
        memcpy(r.region, region.ptr, region.len);
    ov_field_hex(&f, "name", r.name, sizeof(r.name));
    ov_field_hex(&f, "envelope", r.envelope, sizeof(r.envelope));
    r.size = ov_field_number(&f, "size", OV_ENVELOPE_MAX);
    r.index = ov_field_number(&f, "index", INT64_MAX);
    r.time = ov_field_time(&f, "time");
    r.keep_until = ov_field_time(&f, "keep-until");
    ov_fields_require(&f, r.keep_until >= r.time, OV_MALFORMED);
    OV_TRY(ov_fields_end(&f, diag));
    *ret = r;
    return OV_OK;
}

enum ov_status ov_receipt_sign(struct ov_buf *b, const struct ov_receipt *r,
                               const struct ov_vkey *key,
                               const uint8_t seed[static OV_ED25519_SEED])
{
    OV_AUTO_DONE(buf) note = ov_buf_with_max(OV_RECEIPT_MAX);

    ov_put_receipt(&note, r);
    ov_put_u8(&note, '\n');
    OV_TRY(ov_put_note_signature(&note, key, seed));
    ov_put_span(b, ov_buf_span(&note));
    return ov_buf_status(b);
}

enum ov_status ov_receipt_verify(struct ov_span note, const struct ov_vkey *key,
                                 struct ov_receipt *ret, struct ov_diag *diag)
{
    OV_AUTO(arena) a = ov_arena_new((size_t)1 << 20);
    struct ov_note *n = a != NULL ? ov_arena_alloc(a, sizeof(*n)) : NULL;
    uint64_t which;

    if (n == NULL)
        return ov_diag_set(diag, OV_NO_MEMORY, 0, "out of memory");
    if (note.len > OV_RECEIPT_MAX)
        return ov_diag_set(diag, OV_LIMIT_SIZE, 0, "too long for a receipt");
    OV_TRY(ov_note_parse(a, note, n));
    OV_TRY(ov_note_verify(n, key, 1, &which));
    return ov_receipt_parse(n->text, ret, diag);
}

enum ov_status ov_receipt_leaf(const struct ov_receipt *r,
                               uint8_t ret[static 32])
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(OV_RECEIPT_MAX);

    ov_put_receipt(&text, r);
    OV_TRY(ov_buf_status(&text));
    ov_merkle_leaf(ov_buf_span(&text), ret);
    return OV_OK;
}
