/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/clamav_sign.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "base/alloc.h"
#include "base/text.h"

/* Verifying ClamAV's digital signatures with OpenSSL's numbers.
 *
 * The header's is RSA without any padding over an MD5: it holds exactly if the
 * recovered number is the digest's. An .info file's is today's RSASSA-PSS. The
 * public keys are those in ClamAV's library; the first was checked against two
 * published headers of daily.cvd (versions 25784 and 25934; the unit test has
 * them).
 *
 * Source: ClamAV manual, "CVD format"; RFC 8017 sections 5.2.2 and 8.1. */

#define MAX_DIGITS 1400 /* of a base-64 number: 8400 bits */
#define MAX_KEY 6000
#define MD5_LEN 16
#define SALT_LEN 32

static const char header_key[] =
    "118640995551645342603070001658453189751527774412027743746599405743243142"
    "607464144767361060640655844749760788890022283424922762488917565551002467"
    "771109669598189410434699034532232228621591089508178591428456220796841621"
    "637175567590476666928698770143328137383952820383197532047771780196576957"
    "695822641224262693037:100001027";

static const char info_key[] =
    "110888949830485454736595561066271949239289417917950476205916586974135810"
    "433227159121724968065253810558809645206184002243333205346602992339837553"
    "417406795028668299096799557343913926683783612215242053966310901051516412"
    "708572770803107343209516537005089417174191687239425078907029047027075874"
    "516216910507543078503833998653464872037984641785373922114027864813598244"
    "611972311028954150937703942166663244845939357624084685168266331921408266"
    "679234948220458053478099328484548458869717064243605586678627758760720594"
    "377033653802091016977385775154769350854694552799941131459779940846183284"
    "82151013142393373316337519977244732747977:100002049";

static void free_number(BIGNUM **n)
{
    BN_free(*n);
}

static void free_key(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

#define AUTO_NUMBER __attribute__((cleanup(free_number))) BIGNUM *
#define AUTO_KEY __attribute__((cleanup(free_key))) EVP_PKEY *

/* Decimal digits; NULL if they are none, or memory is out. */
static BIGNUM *read_decimal(struct ov_span s)
{
    char text[MAX_KEY + 1];
    BIGNUM *n = NULL;

    if (s.len == 0 || s.len > MAX_KEY)
        return NULL;
    for (size_t i = 0; i < s.len; i++) {
        int c = ov_span_byte(s, i);

        if (c < '0' || c > '9')
            return NULL;
        text[i] = (char)c;
    }
    text[s.len] = 0;
    return BN_dec2bn(&n, text) != 0 ? n : NULL;
}

static enum ov_status read_key(struct ov_span key, const char *own,
                               BIGNUM **ret_n, BIGNUM **ret_e)
{
    struct ov_span n;

    if (key.len == 0)
        key = ov_span_str(own);
    if (!ov_span_cut(&key, ':', &n))
        return OV_USAGE;
    *ret_n = read_decimal(n);
    *ret_e = read_decimal(key);
    if (*ret_n == NULL || *ret_e == NULL || BN_num_bits(*ret_n) < 512 ||
        BN_is_zero(*ret_e))
        return OV_USAGE;
    return OV_OK;
}

static int digit_of(int c)
{
    if (c >= 'a' && c <= 'z')
        return c - 'a';
    if (c >= 'A' && c <= 'Z')
        return c - 'A' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* A base-64 number, lowest digit first. */
static enum ov_status read_number(struct ov_span s, BIGNUM **ret)
{
    uint8_t bytes[MAX_DIGITS * 6 / 8 + 1] = {0};
    unsigned waiting = 0;
    unsigned n_waiting = 0;
    size_t n = 0;

    if (s.len == 0 || s.len > MAX_DIGITS)
        return OV_BAD_SIGNATURE;
    for (size_t i = 0; i < s.len; i++) {
        int digit = digit_of(ov_span_byte(s, i));

        if (digit < 0)
            return OV_BAD_SIGNATURE;
        waiting |= (unsigned)digit << n_waiting;
        n_waiting += 6;
        if (n_waiting >= 8) {
            bytes[n++] = (uint8_t)waiting;
            waiting >>= 8;
            n_waiting -= 8;
        }
    }
    bytes[n++] = (uint8_t)waiting;
    *ret = BN_lebin2bn(bytes, (int)n, NULL);
    return *ret == NULL ? OV_NO_MEMORY : OV_OK;
}

static enum ov_status power(const BIGNUM *base, const BIGNUM *e,
                            const BIGNUM *n, BIGNUM **ret)
{
    BN_CTX *context = BN_CTX_new();
    BIGNUM *result = BN_new();
    bool is_done = context != NULL && result != NULL &&
                   BN_mod_exp(result, base, e, n, context) == 1;

    BN_CTX_free(context);
    if (!is_done) {
        BN_free(result);
        return OV_NO_MEMORY;
    }
    *ret = result;
    return OV_OK;
}

enum ov_status ov_clam_verify_md5(struct ov_span key, struct ov_span md5_digits,
                                  struct ov_span signature)
{
    AUTO_NUMBER n = NULL;
    AUTO_NUMBER e = NULL;
    AUTO_NUMBER number = NULL;
    AUTO_NUMBER plain = NULL;
    uint8_t wanted[MD5_LEN];
    uint8_t found[MD5_LEN];

    OV_TRY(read_key(key, header_key, &n, &e));
    if (!ov_hex_decode(md5_digits, wanted, MD5_LEN))
        return OV_BAD_SIGNATURE;
    OV_TRY(read_number(signature, &number));
    if (BN_cmp(number, n) >= 0)
        return OV_BAD_SIGNATURE;
    /* With an even modulus there is no such power. */
    if (!BN_is_odd(n))
        return OV_USAGE;
    OV_TRY(power(number, e, n, &plain));
    if (BN_bn2binpad(plain, found, MD5_LEN) != MD5_LEN ||
        memcmp(found, wanted, MD5_LEN) != 0)
        return OV_BAD_SIGNATURE;
    return OV_OK;
}

static EVP_PKEY *make_key(const BIGNUM *n, const BIGNUM *e)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    EVP_PKEY *key = NULL;

    if (builder != NULL &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1)
        params = OSSL_PARAM_BLD_to_param(builder);
    if (context == NULL || params == NULL ||
        EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        key = NULL;
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(context);
    return key;
}

static bool holds(EVP_PKEY *key, struct ov_span signature, struct ov_span text)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *options = NULL;
    bool is_good =
        context != NULL &&
        EVP_DigestVerifyInit(context, &options, EVP_sha256(), NULL, key) == 1 &&
        EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1 &&
        EVP_PKEY_CTX_set_rsa_pss_saltlen(options, SALT_LEN) == 1 &&
        EVP_DigestVerify(context, signature.ptr, signature.len, text.ptr,
                         text.len) == 1;

    EVP_MD_CTX_free(context);
    return is_good;
}

enum ov_status ov_clam_verify_info(struct ov_span key, struct ov_span text,
                                   struct ov_span signature)
{
    AUTO_NUMBER n = NULL;
    AUTO_NUMBER e = NULL;
    AUTO_NUMBER number = NULL;
    AUTO_KEY public_key = NULL;
    OV_AUTO_PTR uint8_t *bytes = NULL;
    int len;

    OV_TRY(read_key(key, info_key, &n, &e));
    OV_TRY(read_number(signature, &number));
    len = BN_num_bytes(n);
    bytes = ov_alloc((size_t)len);
    if (bytes == NULL)
        return OV_NO_MEMORY;
    if (BN_bn2binpad(number, bytes, len) != len)
        return OV_BAD_SIGNATURE;
    public_key = make_key(n, e);
    if (public_key == NULL)
        return OV_USAGE;
    return holds(public_key, ov_span_of(bytes, (size_t)len), text)
               ? OV_OK
               : OV_BAD_SIGNATURE;
}
