/* SPDX-License-Identifier: Apache-2.0 */
#include <curl/curl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "tuf/tuf_client.h"
#include "tuf/tuf_name.h"

/* Our TUF client behind the command line of the public conformance suite
 * (theupdateframework/tuf-conformance, CLIENT-CLI.md), so that strangers can
 * test it:
 *
 *   overt-tuf-client --metadata-dir DIR init ROOT
 *   overt-tuf-client --metadata-dir DIR --metadata-url URL refresh
 *   overt-tuf-client --metadata-dir DIR --metadata-url URL --target-name PATH
 *       --target-base-url URL --target-dir DIR download
 *
 * It is a test program: it fetches in its own process, and it also verifies the
 * ECDSA and RSA signatures that the suite's repositories have. The product does
 * neither. Exits 0 or 1. */

#define MAX_TARGET (64u << 20)
#define MAX_URL 2048

struct args {
    const char *metadata_dir;
    const char *metadata_url;
    const char *target_name;
    const char *target_base_url;
    const char *target_dir;
    const char *command;
    const char *file;
};

static const struct {
    const char *name;
    size_t at;
} options[] = {
    {"--metadata-dir", offsetof(struct args, metadata_dir)},
    {"--metadata-url", offsetof(struct args, metadata_url)},
    {"--target-name", offsetof(struct args, target_name)},
    {"--target-base-url", offsetof(struct args, target_base_url)},
    {"--target-dir", offsetof(struct args, target_dir)},
};

static bool set_option(struct args *a, const char *name, const char *value)
{
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        if (strcmp(options[i].name, name) == 0) {
            memcpy((char *)a + options[i].at, &value, sizeof(value));
            return true;
        }
    return false;
}

static bool parse_args(int argc, char **argv, struct args *ret)
{
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '-') {
            if (i + 1 == argc || !set_option(ret, argv[i], argv[i + 1]))
                return false;
            i++;
        } else if (ret->command == NULL) {
            ret->command = argv[i];
        } else {
            ret->file = argv[i];
        }
    }
    return ret->command != NULL && ret->metadata_dir != NULL;
}

static size_t take_bytes(char *bytes, size_t size, size_t n, void *data)
{
    struct ov_buf *b = data;

    ov_put_span(b, ov_span_of(bytes, size * n));
    return ov_buf_status(b) == OV_OK ? size * n : 0;
}

/* What the server's answer means. 403 is how some storage says "not there". */
static enum ov_status fetch_status(CURL *curl, CURLcode code,
                                   const struct ov_buf *b)
{
    long answer = 0;

    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer);
    if (answer == 404 || answer == 403)
        return OV_NOT_FOUND;
    if (ov_buf_status(b) != OV_OK)
        return ov_buf_status(b);
    return code == CURLE_OK && answer == 200 ? OV_OK : OV_IO;
}

/* base and name, with one '/' between them. Redirects are not followed. */
static enum ov_status fetch(const char *base, const char *name,
                            struct ov_buf *ret)
{
    char url[MAX_URL];
    size_t len = strlen(base);
    CURL *curl = curl_easy_init();
    enum ov_status status;

    if (curl == NULL)
        return OV_NO_MEMORY;
    (void)snprintf(url, sizeof(url), "%s%s%s", base,
                   len > 0 && base[len - 1] == '/' ? "" : "/", name);
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, 20L);
    (void)curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_bytes);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, ret);
    status = fetch_status(curl, curl_easy_perform(curl), ret);
    curl_easy_cleanup(curl);
    return status;
}

static enum ov_status get(void *data, const char *name, size_t max,
                          struct ov_buf *ret)
{
    (void)max;
    return fetch(((const struct args *)data)->metadata_url, name, ret);
}

static enum ov_status read_file(const char *dir, const char *name,
                                struct ov_buf *ret)
{
    char path[MAX_URL];
    char part[4096];
    FILE *f;
    size_t n;

    (void)snprintf(path, sizeof(path), "%s%s%s", dir, dir[0] ? "/" : "", name);
    f = fopen(path, "re");
    if (f == NULL)
        return OV_NOT_FOUND;
    while ((n = fread(part, 1, sizeof(part), f)) > 0)
        ov_put_span(ret, ov_span_of(part, n));
    (void)fclose(f);
    return ov_buf_status(ret);
}

/* Under another name first, so that what is there is whole. */
static enum ov_status write_file(const char *dir, const char *name,
                                 struct ov_span bytes)
{
    char path[MAX_URL];
    char temp[MAX_URL];
    FILE *f;
    bool is_good;

    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    (void)snprintf(temp, sizeof(temp), "%s/.new", dir);
    f = fopen(temp, "we");
    if (f == NULL)
        return OV_IO;
    is_good = fwrite(bytes.ptr, 1, bytes.len, f) == bytes.len;
    is_good = fclose(f) == 0 && is_good;
    return is_good && rename(temp, path) == 0 ? OV_OK : OV_IO;
}

static enum ov_status state_get(void *data, const char *name,
                                struct ov_buf *ret)
{
    return read_file(((const struct args *)data)->metadata_dir, name, ret);
}

static enum ov_status state_put(void *data, const char *name,
                                struct ov_span bytes)
{
    return write_file(((const struct args *)data)->metadata_dir, name, bytes);
}

static enum ov_status state_remove(void *data, const char *name)
{
    char path[MAX_URL];

    (void)snprintf(path, sizeof(path), "%s/%s",
                   ((const struct args *)data)->metadata_dir, name);
    (void)unlink(path);
    return OV_OK;
}

static struct ov_span member(const struct ov_json *v, const char *name)
{
    const struct ov_json *m = ov_json_get(v, ov_span_str(name));

    return m != NULL ? m->text : (struct ov_span){NULL, 0};
}

/* The padding that an RSA scheme has; -1: not a scheme of this key. */
static int padding_of(int type, struct ov_span scheme)
{
    if (type == EVP_PKEY_EC &&
        ov_span_equal(scheme, OV_SPAN_LIT("ecdsa-sha2-nistp256")))
        return 0;
    if (type == EVP_PKEY_RSA &&
        ov_span_equal(scheme, OV_SPAN_LIT("rsassa-pss-sha256")))
        return RSA_PKCS1_PSS_PADDING;
    if (type == EVP_PKEY_RSA &&
        ov_span_equal(scheme, OV_SPAN_LIT("rsa-pkcs1v15-sha256")))
        return RSA_PKCS1_PADDING;
    return -1;
}

static bool verify_with(EVP_PKEY *key, struct ov_span scheme,
                        struct ov_span message, struct ov_span sig)
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    EVP_PKEY_CTX *ctx = NULL;
    int padding = padding_of(EVP_PKEY_get_base_id(key), scheme);
    bool is_good;

    is_good =
        padding >= 0 && md != NULL &&
        EVP_DigestVerifyInit(md, &ctx, EVP_sha256(), NULL, key) == 1 &&
        (padding == 0 || EVP_PKEY_CTX_set_rsa_padding(ctx, padding) == 1) &&
        EVP_DigestVerify(md, sig.ptr, sig.len, message.ptr, message.len) == 1;
    EVP_MD_CTX_free(md);
    return is_good;
}

static enum ov_status verify_other(const struct ov_tuf_key *key,
                                   struct ov_span message, struct ov_span sig)
{
    struct ov_span pem =
        member(ov_json_get(key->value, OV_SPAN_LIT("keyval")), "public");
    uint8_t bytes[1024];
    BIO *bio;
    EVP_PKEY *pkey;
    bool is_good;

    if (sig.len / 2 > sizeof(bytes) || !ov_hex_decode(sig, bytes, sig.len / 2))
        return OV_BAD_SIGNATURE;
    bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    pkey = bio != NULL ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
    is_good =
        pkey != NULL && verify_with(pkey, member(key->value, "scheme"), message,
                                    ov_span_of(bytes, sig.len / 2));
    EVP_PKEY_free(pkey);
    (void)BIO_free(bio);
    return is_good ? OV_OK : OV_BAD_SIGNATURE;
}

static bool has_digest(struct ov_span bytes, const struct ov_tuf_target *t)
{
    uint8_t digest[OV_DIGEST_MAX];

    return bytes.len == (uint64_t)t->length &&
           ov_digest(OV_SHA256, bytes, digest) == OV_OK &&
           memcmp(digest, t->sha256, sizeof(t->sha256)) == 0;
}

/* 5.7, but for what is there already. */
static enum ov_status fetch_target(const struct args *a,
                                   const struct ov_tuf_client *c,
                                   const struct ov_tuf_target *t)
{
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(MAX_TARGET);
    OV_AUTO_DONE(buf) url = ov_buf_with_max(MAX_URL);
    struct ov_tuf_name name;

    /* A flat file name of the path; its ending does not matter. */
    OV_TRY(ov_tuf_file_name(ov_span_str(a->target_name), 0, &name));
    if (read_file(a->target_dir, name.text, &bytes) == OV_OK &&
        has_digest(ov_buf_span(&bytes), t))
        return OV_OK;
    ov_buf_done(&bytes);
    bytes = ov_buf_with_max((size_t)t->length + 1);
    ov_put_tuf_target_url(&url, c, ov_span_str(a->target_name), t->sha256);
    ov_put_u8(&url, 0);
    OV_TRY(ov_buf_status(&url));
    OV_TRY(fetch(a->target_base_url, (const char *)url.ptr, &bytes));
    if (!has_digest(ov_buf_span(&bytes), t))
        return OV_BAD_DIGEST;
    return write_file(a->target_dir, name.text, ov_buf_span(&bytes));
}

static enum ov_status update(struct args *a, struct ov_diag *diag)
{
    static const struct ov_tuf_schemes others = {verify_other};
    const struct ov_tuf_options limits = {.max_root = 512000,
                                          .max_timestamp = 16384,
                                          .max_snapshot = 2000000,
                                          .max_targets = 5000000,
                                          .others = &others};
    struct ov_tuf_io io = {.data = a,
                           .get = get,
                           .state_get = state_get,
                           .state_put = state_put,
                           .state_remove = state_remove};
    OV_AUTO(tuf_client) c = NULL;
    struct ov_tuf_target target = {0};

    if (a->metadata_url == NULL)
        return OV_USAGE;
    OV_TRY(ov_tuf_update(&io, (int64_t)time(NULL), &limits, diag, &c));
    if (strcmp(a->command, "refresh") == 0)
        return OV_OK;
    if (a->target_name == NULL || a->target_dir == NULL ||
        a->target_base_url == NULL)
        return OV_USAGE;
    OV_TRY(ov_tuf_find_target(c, ov_span_str(a->target_name), diag, &target));
    return fetch_target(a, c, &target);
}

static enum ov_status init(const struct args *a)
{
    OV_AUTO_DONE(buf) root = ov_buf_with_max(OV_TUF_MAX_FILE);

    if (a->file == NULL)
        return OV_USAGE;
    OV_TRY(read_file("", a->file, &root));
    return write_file(a->metadata_dir, "root.json", ov_buf_span(&root));
}

static enum ov_status run(struct args *a, struct ov_diag *diag)
{
    if (strcmp(a->command, "init") == 0)
        return init(a);
    if (strcmp(a->command, "refresh") == 0 ||
        strcmp(a->command, "download") == 0)
        return update(a, diag);
    return OV_USAGE;
}

int main(int argc, char **argv)
{
    struct args a = {0};
    struct ov_diag diag = {0};
    enum ov_status status = OV_USAGE;

    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    if (parse_args(argc, argv, &a))
        status = run(&a, &diag);
    curl_global_cleanup();
    if (status == OV_OK)
        return 0;
    (void)fprintf(stderr, "overt-tuf-client: %s (%s)\n", ov_status_name(status),
                  diag.text);
    return 1;
}
