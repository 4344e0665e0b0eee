/* SPDX-License-Identifier: Apache-2.0 */
#include "reputation/envelope.h"

#include "base/reader.h"
#include "crypto/digest.h"

/* The length of an envelope tells its sample's size to within a factor of two
 * and nothing else; 4 KiB is the least. Who carries it can tell region, key and
 * purpose, and a name that was drawn for this one envelope.
 *
 * HPKE and not libsodium's sealed box: HPKE binds what is outside (region, key,
 * purpose, name) into the encryption itself, is a standard with test vectors,
 * and needs no library that is not there anyway. */

#define MAGIC "OVE1"
#define LABEL "overt-envelope/1"
#define HEAD_LEN 48
#define SEALED_AT (HEAD_LEN + OV_HPKE_KEY)
#define LENGTHS 12 /* of note and sample */
#define BESIDE (SEALED_AT + LENGTHS + OV_HPKE_TAG)

_Static_assert(BESIDE + OV_SAMPLE_NOTE_MAX + OV_SAMPLE_MAX <= OV_ENVELOPE_MAX,
               "the largest sample fits");

const char *ov_purpose_name(enum ov_envelope_purpose p)
{
    return p == OV_PURPOSE_FALSE_POSITIVE ? "false-positive" : "sample";
}

bool ov_purpose_parse(struct ov_span word, enum ov_envelope_purpose *ret)
{
    static const enum ov_envelope_purpose all[] = {OV_PURPOSE_SAMPLE,
                                                   OV_PURPOSE_FALSE_POSITIVE};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (ov_span_equal(word, ov_span_str(ov_purpose_name(all[i])))) {
            *ret = all[i];
            return true;
        }
    }
    return false;
}

bool ov_region_is_valid(struct ov_span region)
{
    if (region.len == 0 || region.len > OV_REGION_MAX)
        return false;
    for (size_t i = 0; i < region.len; i++) {
        int c = ov_span_byte(region, i);
        bool is_letter = c >= 'a' && c <= 'z';

        if (!is_letter && (i == 0 || (!ov_is_digit((uint8_t)c) && c != '-')))
            return false;
    }
    return true;
}

enum ov_status ov_envelope_key_id(const uint8_t public_key[static OV_HPKE_KEY],
                                  uint8_t ret[static OV_ENVELOPE_KEY_ID])
{
    uint8_t digest[OV_DIGEST_MAX];

    OV_TRY(ov_digest(OV_SHA256, ov_span_of(public_key, OV_HPKE_KEY), digest));
    memcpy(ret, digest, OV_ENVELOPE_KEY_ID);
    return OV_OK;
}

static void put_head(struct ov_buf *b, const struct ov_envelope_head *h,
                     const uint8_t key_id[static OV_ENVELOPE_KEY_ID])
{
    static const uint8_t zeros[OV_REGION_MAX + 1];
    const size_t len = strlen(h->region);

    ov_put_str(b, MAGIC);
    ov_put_u8(b, (uint8_t)h->purpose);
    ov_put_span(b, ov_span_of(zeros, 3));
    ov_put_span(b, ov_span_of(h->region, len));
    ov_put_span(b, ov_span_of(zeros, sizeof(zeros) - len));
    ov_put_span(b, ov_span_of(key_id, OV_ENVELOPE_KEY_ID));
    ov_put_span(b, ov_span_of(h->name, OV_ENVELOPE_NAME));
}

static void put_info(struct ov_buf *b, struct ov_span head)
{
    ov_put_str(b, LABEL);
    ov_put_span(b, head);
}

static void put_number(struct ov_buf *b, uint64_t v, unsigned bytes)
{
    for (unsigned i = bytes; i > 0; i--)
        ov_put_u8(b, (uint8_t)(v >> 8 * (i - 1)));
}

static size_t padded(size_t len)
{
    size_t n = OV_ENVELOPE_MIN;

    while (n < len)
        n *= 2;
    return n;
}

static enum ov_status seal(struct ov_buf *b, size_t at,
                           const struct ov_hpke_to *to,
                           const struct ov_buf *plain)
{
    OV_AUTO_DONE(buf) info = ov_buf_with_max(256);
    uint8_t enc[OV_HPKE_KEY];
    uint8_t *sealed;

    OV_TRY(ov_buf_status(plain));
    put_info(&info, ov_span_clip(ov_buf_span(b), at, HEAD_LEN));
    OV_TRY(ov_buf_status(&info));
    sealed = ov_buf_room(b, OV_HPKE_KEY + plain->len + OV_HPKE_TAG);
    if (sealed == NULL)
        return ov_buf_status(b);
    OV_TRY(ov_hpke_seal(to, ov_buf_span(&info), ov_buf_span(plain), enc,
                        sealed + OV_HPKE_KEY));
    memcpy(sealed, enc, sizeof(enc));
    ov_buf_added(b, OV_HPKE_KEY + plain->len + OV_HPKE_TAG);
    return OV_OK;
}

enum ov_status ov_put_envelope(struct ov_buf *b,
                               const struct ov_envelope_head *head,
                               const struct ov_hpke_to *to, struct ov_span note,
                               struct ov_span sample)
{
    const size_t len = padded(BESIDE + note.len + sample.len);
    OV_AUTO_DONE(buf) plain = ov_buf_with_max(len);
    uint8_t key_id[OV_ENVELOPE_KEY_ID];
    const size_t at = b->len;
    uint8_t *rest;
    size_t n_rest;

    if (sample.len > OV_SAMPLE_MAX || note.len > OV_SAMPLE_NOTE_MAX)
        return OV_LIMIT_SIZE;
    if (!ov_region_is_valid(ov_span_str(head->region)))
        return OV_USAGE;
    OV_TRY(ov_envelope_key_id(to->public_key, key_id));
    put_head(b, head, key_id);
    OV_TRY(ov_buf_status(b));
    put_number(&plain, note.len, 4);
    put_number(&plain, sample.len, 8);
    ov_put_span(&plain, note);
    ov_put_span(&plain, sample);
    OV_TRY(ov_buf_status(&plain));
    n_rest = len - SEALED_AT - OV_HPKE_TAG - plain.len;
    rest = ov_buf_room(&plain, n_rest);
    if (rest == NULL)
        return ov_buf_status(&plain);
    memset(rest, 0, n_rest);
    ov_buf_added(&plain, n_rest);
    return seal(b, at, to, &plain);
}

static void copy_bytes(struct ov_reader *r, uint8_t *to, size_t len)
{
    struct ov_span s = ov_read_span(r, len);

    if (s.len == len)
        memcpy(to, s.ptr, len);
}

static bool are_zeros(struct ov_span s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (ov_span_byte(s, i) != 0)
            return false;
    }
    return true;
}

static void read_region(struct ov_reader *r, struct ov_envelope_head *h)
{
    struct ov_span rest = ov_read_span(r, sizeof(h->region));
    struct ov_span region;

    (void)ov_span_cut(&rest, 0, &region);
    ov_reader_require(r, ov_region_is_valid(region) && are_zeros(rest),
                      OV_MALFORMED);
    if (ov_reader_status(r) != OV_OK)
        return;
    memset(h->region, 0, sizeof(h->region));
    memcpy(h->region, region.ptr, region.len);
}

enum ov_status ov_envelope_read(struct ov_span envelope,
                                struct ov_envelope_head *ret)
{
    struct ov_reader r = ov_reader_over(envelope);
    struct ov_envelope_head h = {.region = ""};
    uint8_t purpose;

    if (envelope.len > OV_ENVELOPE_MAX)
        return OV_LIMIT_SIZE;
    ov_reader_require(&r,
                      ov_span_equal(ov_read_span(&r, 4), OV_SPAN_LIT(MAGIC)),
                      OV_UNSUPPORTED);
    purpose = ov_read_u8(&r);
    ov_reader_require(&r,
                      purpose == OV_PURPOSE_SAMPLE ||
                          purpose == OV_PURPOSE_FALSE_POSITIVE,
                      OV_UNSUPPORTED);
    ov_reader_require(&r, are_zeros(ov_read_span(&r, 3)), OV_MALFORMED);
    read_region(&r, &h);
    copy_bytes(&r, h.key_id, sizeof(h.key_id));
    copy_bytes(&r, h.name, sizeof(h.name));
    OV_TRY(ov_reader_status(&r));
    if (envelope.len < OV_ENVELOPE_MIN)
        return OV_TRUNCATED;
    if ((envelope.len & (envelope.len - 1)) != 0)
        return OV_MALFORMED;
    h.purpose = (enum ov_envelope_purpose)purpose;
    *ret = h;
    return OV_OK;
}

/* Note, sample, and only zeros behind: bytes that nobody reads would be a way
 * to send what nobody was shown. */
static enum ov_status read_plain(struct ov_span plain, struct ov_span *ret_note,
                                 struct ov_span *ret_sample)
{
    struct ov_reader r = ov_reader_over(plain);
    uint32_t note_len = ov_read_u32be(&r);
    uint64_t sample_len = ov_read_u64be(&r);
    struct ov_span note;
    struct ov_span sample;

    if (note_len > OV_SAMPLE_NOTE_MAX || sample_len > OV_SAMPLE_MAX)
        return OV_LIMIT_SIZE;
    note = ov_read_span(&r, note_len);
    sample = ov_read_span(&r, sample_len);
    ov_reader_require(&r, are_zeros(ov_reader_rest(&r)), OV_MALFORMED);
    OV_TRY(ov_reader_status(&r));
    if (padded(BESIDE + note.len + sample.len) !=
        plain.len + SEALED_AT + OV_HPKE_TAG)
        return OV_MALFORMED;
    *ret_note = note;
    *ret_sample = sample;
    return OV_OK;
}

enum ov_status ov_envelope_open(struct ov_span envelope,
                                const uint8_t key[static OV_HPKE_KEY],
                                struct ov_buf *plain, struct ov_span *ret_note,
                                struct ov_span *ret_sample)
{
    OV_AUTO_DONE(buf) info = ov_buf_with_max(256);
    struct ov_span enc = ov_span_clip(envelope, HEAD_LEN, OV_HPKE_KEY);
    struct ov_span sealed = ov_span_clip(envelope, SEALED_AT, envelope.len);
    uint8_t enc_bytes[OV_HPKE_KEY];
    struct ov_envelope_head head;
    uint8_t *to;

    OV_TRY(ov_envelope_read(envelope, &head));
    for (size_t i = 0; i < sizeof(enc_bytes); i++)
        enc_bytes[i] = (uint8_t)ov_span_byte(enc, i);
    put_info(&info, ov_span_clip(envelope, 0, HEAD_LEN));
    OV_TRY(ov_buf_status(&info));
    ov_buf_clear(plain);
    to = ov_buf_room(plain, sealed.len - OV_HPKE_TAG);
    if (to == NULL)
        return ov_buf_status(plain);
    OV_TRY(ov_hpke_open(key, enc_bytes, ov_buf_span(&info), sealed, to));
    ov_buf_added(plain, sealed.len - OV_HPKE_TAG);
    return read_plain(ov_buf_span(plain), ret_note, ret_sample);
}
