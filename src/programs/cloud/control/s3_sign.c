/* SPDX-License-Identifier: Apache-2.0 */
#include "s3_sign.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "crypto/digest.h"

/* A key for one day, region and service is made of the secret by four HMACs;
 * with it the digest of the request in its canonical form is signed. Three
 * headers are in it: host, the body's digest, the time. */

#define SIGNED_HEADERS "host;x-amz-content-sha256;x-amz-date"
#define CANONICAL_MAX ((size_t)16 << 10)

static bool hmac(const uint8_t *key, size_t key_len, struct ov_span text,
                 uint8_t ret[static 32])
{
    unsigned len = 0;

    return HMAC(EVP_sha256(), key, (int)key_len, text.ptr, text.len, ret,
                &len) != NULL &&
           len == 32;
}

static enum ov_status digest_text(struct ov_span bytes, char ret[static 65])
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(65);
    uint8_t digest[OV_DIGEST_MAX];

    OV_TRY(ov_digest(OV_SHA256, bytes, digest));
    ov_put_hex(&text, ov_span_of(digest, 32));
    ov_put_u8(&text, 0);
    OV_TRY(ov_buf_status(&text));
    memcpy(ret, text.ptr, 65);
    return OV_OK;
}

/* key: that of the day. */
static bool make_key(const struct s3_account *account, const char *day,
                     uint8_t key[static 32])
{
    char first[S3_WORD_MAX + 5];
    bool is_made;

    (void)snprintf(first, sizeof(first), "AWS4%s", account->secret_key);
    is_made =
        hmac((const uint8_t *)first, strlen(first), ov_span_str(day), key) &&
        hmac(key, 32, ov_span_str(account->region), key) &&
        hmac(key, 32, OV_SPAN_LIT("s3"), key) &&
        hmac(key, 32, OV_SPAN_LIT("aws4_request"), key);
    explicit_bzero(first, sizeof(first));
    return is_made;
}

/* SHA-256 of the canonical request. */
static enum ov_status digest_request(const struct s3_request *r,
                                     const struct s3_signed *s,
                                     char ret[static 65])
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(CANONICAL_MAX);

    ov_put_format(&b, "%s\n", r->method);
    ov_put_span(&b, r->path);
    ov_put_u8(&b, '\n');
    ov_put_span(&b, r->query);
    ov_put_str(&b, "\nhost:");
    ov_put_span(&b, r->host);
    ov_put_format(&b,
                  "\nx-amz-content-sha256:%s\nx-amz-date:%s\n\n" SIGNED_HEADERS
                  "\n%s",
                  s->digest, s->date, s->digest);
    OV_TRY(ov_buf_status(&b));
    return digest_text(ov_buf_span(&b), ret);
}

enum ov_status s3_sign(const struct s3_account *account,
                       const struct s3_request *r, struct s3_signed *ret)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(CANONICAL_MAX);
    OV_AUTO_DONE(buf) hex = ov_buf_with_max(65);
    time_t seconds = (time_t)r->now;
    struct s3_signed s;
    char digest[65];
    char day[9];
    uint8_t key[32];
    struct tm tm;

    if (gmtime_r(&seconds, &tm) == NULL ||
        strftime(s.date, sizeof(s.date), "%Y%m%dT%H%M%SZ", &tm) != 16 ||
        strftime(day, sizeof(day), "%Y%m%d", &tm) != 8)
        return OV_USAGE;
    OV_TRY(digest_text(r->body, s.digest));
    OV_TRY(digest_request(r, &s, digest));
    ov_put_format(&text, "AWS4-HMAC-SHA256\n%s\n%s/%s/s3/aws4_request\n%s",
                  s.date, day, account->region, digest);
    OV_TRY(ov_buf_status(&text));
    if (!make_key(account, day, key) ||
        !hmac(key, sizeof(key), ov_buf_span(&text), key))
        return OV_NO_MEMORY;
    ov_put_hex(&hex, ov_span_of(key, sizeof(key)));
    ov_put_u8(&hex, 0);
    OV_TRY(ov_buf_status(&hex));
    (void)snprintf(s.authorization, sizeof(s.authorization),
                   "AWS4-HMAC-SHA256 Credential=%s/%s/%s/s3/aws4_request,"
                   "SignedHeaders=" SIGNED_HEADERS ",Signature=%s",
                   account->access_key, day, account->region,
                   (const char *)hex.ptr); /* has room */
    *ret = s;
    return OV_OK;
}

void s3_put_encoded(struct ov_buf *b, struct ov_span text)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < text.len; i++) {
        unsigned c = (unsigned)ov_span_byte(text, i);

        if (ov_is_alnum((uint8_t)c) || c == '-' || c == '.' || c == '_' ||
            c == '~') {
            ov_put_u8(b, (uint8_t)c);
        } else {
            ov_put_u8(b, '%');
            ov_put_u8(b, (uint8_t)digits[c >> 4 & 15]);
            ov_put_u8(b, (uint8_t)digits[c & 15]);
        }
    }
}
