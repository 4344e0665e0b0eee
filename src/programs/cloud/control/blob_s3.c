/* SPDX-License-Identifier: Apache-2.0 */
#include "blob_s3.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "s3_sign.h"
#include "sys/file.h"
#include "trust/entry.h"

/* Four requests, each signed (s3_sign.h): PUT, GET, DELETE of an object whose
 * name is the digest in hexadecimal, and ListObjectsV2, of whose XML the three
 * elements are looked for that are needed: a store that sends other XML sends
 * names that are no digests, which are left alone.
 *
 * Limits: one request after the other, path-style addresses, no session tokens,
 * no redirects, no proxy. */

#define PLACE_MAX 512
#define URL_MAX 2048
#define ACCOUNT_MAX ((size_t)1 << 20)
#define LIST_MAX ((size_t)4 << 20)
#define CONNECT_MS 5000L
#define REQUEST_MS 30000L

/* The process's own. */
static struct blob_s3 {
    CURL *curl;
    struct s3_account account;
    char base[PLACE_MAX];   /* "https://HOST" */
    char host[PLACE_MAX];   /* with its port */
    char bucket[PLACE_MAX]; /* "/BUCKET" */
    char prefix[PLACE_MAX]; /* of names: "" or "PREFIX/" */
} s3;

bool blob_s3_is(const char *place)
{
    return ov_span_starts(ov_span_str(place), OV_SPAN_LIT("s3:"));
}

/* ---- the account, the place ---- */

static bool take_word(struct ov_span line, const char *name, char *to)
{
    struct ov_span own = ov_span_str(name);
    struct ov_span value = ov_span_clip(line, own.len, line.len);

    if (!ov_span_starts(line, own) || value.len == 0 || value.len > S3_WORD_MAX)
        return false;
    memcpy(to, value.ptr, value.len);
    to[value.len] = '\0';
    return true;
}

static enum ov_status read_account(const char *path, struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(ACCOUNT_MAX);
    struct ov_span left;
    struct ov_span line;
    enum ov_status status = ov_file_read(path, &text);
    unsigned n = 0;

    if (status != OV_OK)
        return ov_diag_set(diag, status, 0, "%s: %s", path,
                           ov_status_name(status));
    left = ov_buf_span(&text);
    while (left.len > 0) {
        (void)ov_span_cut(&left, '\n', &line);
        n += take_word(line, "access-key ", s3.account.access_key) ||
             take_word(line, "secret-key ", s3.account.secret_key) ||
             take_word(line, "region ", s3.account.region);
    }
    explicit_bzero(text.ptr, text.len);
    return n == 3
               ? OV_OK
               : ov_diag_set(diag, OV_MALFORMED, 0,
                             "%s: say access-key, secret-key and region", path);
}

static bool copy(char to[static PLACE_MAX], struct ov_span text)
{
    if (text.len >= PLACE_MAX)
        return false;
    memcpy(to, text.len > 0 ? (const char *)text.ptr : "", text.len);
    to[text.len] = '\0';
    return true;
}

/* What is behind "s3:" into its parts; all of letters that need no escape. */
static bool read_place(const char *place)
{
    struct ov_span all = ov_span_str(place + 3);
    size_t at = ov_span_find(all, OV_SPAN_LIT("://"), 0);
    size_t slash = ov_span_find_byte(all, '/', at == SIZE_MAX ? 0 : at + 3);
    struct ov_span path = ov_span_clip(all, slash, all.len);
    struct ov_span bucket;
    struct ov_span rest = ov_span_clip(path, 1, path.len);

    if (at == SIZE_MAX || slash == SIZE_MAX ||
        (!ov_span_starts(all, OV_SPAN_LIT("https://")) &&
         !ov_span_starts(all, OV_SPAN_LIT("http://"))))
        return false;
    for (size_t i = 0; i < path.len; i++) {
        int c = ov_span_byte(path, i);

        if (!ov_is_alnum((uint8_t)c) && c != '/' && c != '-' && c != '.')
            return false;
    }
    (void)ov_span_cut(&rest, '/', &bucket);
    if (bucket.len == 0 || !copy(s3.base, ov_span_clip(all, 0, slash)) ||
        !copy(s3.host, ov_span_clip(all, at + 3, slash - at - 3)) ||
        !copy(s3.bucket, ov_span_clip(path, 0, bucket.len + 1)) ||
        rest.len > PLACE_MAX - 2 || !copy(s3.prefix, rest))
        return false;
    if (rest.len > 0 && ov_span_byte(rest, rest.len - 1) != '/')
        memcpy(s3.prefix + rest.len, "/", 2);
    return true;
}

enum ov_status blob_s3_open(const char *place, const char *account_file,
                            struct ov_diag *diag)
{
    if (!read_place(place))
        return ov_diag_set(diag, OV_USAGE, 0, "%s: not s3:https://HOST/BUCKET",
                           place);
    OV_TRY(read_account(account_file, diag));
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return ov_diag_set(diag, OV_NO_MEMORY, 0, "libcurl does not start");
    s3.curl = curl_easy_init();
    return s3.curl != NULL
               ? OV_OK
               : ov_diag_set(diag, OV_NO_MEMORY, 0, "out of memory");
}

void blob_s3_close(void)
{
    curl_easy_cleanup(s3.curl);
    explicit_bzero(&s3, sizeof(s3));
}

/* ---- a request ---- */

struct answer {
    struct ov_buf *body;
    long code;
};

static size_t on_bytes(char *bytes, size_t size, size_t n, void *data)
{
    struct answer *a = data;

    ov_put_span(a->body, ov_span_of((const uint8_t *)bytes, size * n));
    return ov_buf_status(a->body) == OV_OK ? size * n : 0;
}

static void slist_cleanup(struct curl_slist **l)
{
    curl_slist_free_all(*l);
}

static bool add_header(struct curl_slist **to, const char *name,
                       const char *value)
{
    char line[1024];
    struct curl_slist *more;

    (void)snprintf(line, sizeof(line), "%s: %s", name, value); /* has room */
    more = curl_slist_append(*to, line);
    if (more != NULL)
        *to = more;
    return more != NULL;
}

static bool add_headers(struct curl_slist **to, const struct s3_signed *sig)
{
    struct curl_slist *more;

    if (!add_header(to, "Host", s3.host) ||
        !add_header(to, "Authorization", sig->authorization) ||
        !add_header(to, "x-amz-date", sig->date) ||
        !add_header(to, "x-amz-content-sha256", sig->digest) ||
        !add_header(to, "Content-Type", "application/octet-stream"))
        return false;
    more = curl_slist_append(*to, "Expect:");
    if (more != NULL)
        *to = more;
    return more != NULL;
}

static bool set_up(const struct s3_request *r, const char *url,
                   struct curl_slist *headers, struct answer *a)
{
    CURL *c = s3.curl;

    curl_easy_reset(c); /* keeps the connection */
    return curl_easy_setopt(c, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https") ==
               CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS) ==
               CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, REQUEST_MS) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_bytes) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_WRITEDATA, a) == CURLE_OK &&
           (strcmp(r->method, "PUT") != 0 ||
            (curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE,
                              (curl_off_t)r->body.len) == CURLE_OK &&
             curl_easy_setopt(c, CURLOPT_POSTFIELDS,
                              (const char *)r->body.ptr) == CURLE_OK)) &&
           curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, r->method) == CURLE_OK;
}

/* Fills in host and time of r. OV_NOT_FOUND: 404. */
static enum ov_status ask(struct s3_request *r, struct ov_buf *body,
                          struct ov_diag *diag)
{
    __attribute__((cleanup(slist_cleanup))) struct curl_slist *headers = NULL;
    OV_AUTO_DONE(buf) url = ov_buf_with_max(URL_MAX);
    struct answer a = {.body = body};
    struct s3_signed sig;
    CURLcode code;

    r->host = ov_span_str(s3.host);
    r->now = (uint64_t)time(NULL);
    OV_TRY(s3_sign(&s3.account, r, &sig));
    ov_put_str(&url, s3.base);
    ov_put_span(&url, r->path);
    if (r->query.len > 0)
        ov_put_u8(&url, '?');
    ov_put_span(&url, r->query);
    ov_put_u8(&url, 0);
    if (ov_buf_status(&url) != OV_OK || !add_headers(&headers, &sig) ||
        !set_up(r, (const char *)url.ptr, headers, &a))
        return ov_diag_set(diag, OV_NO_MEMORY, 0, "out of memory");
    code = curl_easy_perform(s3.curl);
    if (code != CURLE_OK)
        return ov_diag_set(diag, OV_IO, 0, "the store of blobs: %s",
                           curl_easy_strerror(code));
    (void)curl_easy_getinfo(s3.curl, CURLINFO_RESPONSE_CODE, &a.code);
    if (a.code == 404)
        return ov_diag_set(diag, OV_NOT_FOUND, 0, "no such blob");
    return a.code == 200 || a.code == 204
               ? OV_OK
               : ov_diag_set(diag, OV_IO, 0, "the store of blobs says %ld",
                             a.code);
}

static enum ov_status ask_object(const char *method, const uint8_t *digest,
                                 struct ov_span bytes, struct ov_buf *body,
                                 struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(URL_MAX);
    struct s3_request r = {.method = method, .body = bytes};

    ov_put_format(&path, "%s/%s", s3.bucket, s3.prefix);
    ov_put_hex(&path, ov_span_of(digest, 32));
    OV_TRY(ov_buf_status(&path));
    r.path = ov_buf_span(&path);
    return ask(&r, body, diag);
}

enum ov_status blob_s3_put(const uint8_t digest[static 32],
                           struct ov_span bytes, struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) words = ov_buf_with_max(LIST_MAX);

    return ask_object("PUT", digest, bytes, &words, diag);
}

enum ov_status blob_s3_get(const uint8_t digest[static 32], struct ov_buf *into,
                           struct ov_diag *diag)
{
    return ask_object("GET", digest, ov_span_of(NULL, 0), into, diag);
}

enum ov_status blob_s3_remove(const uint8_t digest[static 32],
                              struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) words = ov_buf_with_max(LIST_MAX);
    enum ov_status status =
        ask_object("DELETE", digest, ov_span_of(NULL, 0), &words, diag);

    return status == OV_NOT_FOUND ? OV_OK : status;
}

/* ---- the list ---- */

/* What stands between <NAME> and </NAME>, the first time. */
static bool find_element(struct ov_span xml, const char *open,
                         const char *close, struct ov_span *ret)
{
    size_t from = ov_span_find(xml, ov_span_str(open), 0);
    size_t len = strlen(open);
    size_t to = from == SIZE_MAX
                    ? SIZE_MAX
                    : ov_span_find(xml, ov_span_str(close), from + len);

    if (to == SIZE_MAX)
        return false;
    *ret = ov_span_clip(xml, from + len, to - from - len);
    return true;
}

/* "2026-11-23T20:30:44.000Z", with any fraction. */
static bool is_before(struct ov_span text, uint64_t before)
{
    char whole[21];
    uint64_t then;

    if (text.len < 20)
        return false;
    memcpy(whole, text.ptr, 19);
    memcpy(whole + 19, "Z", 2);
    return ov_time_parse(ov_span_str(whole), &then) && then <= before;
}

struct listing {
    uint64_t before;
    enum ov_status (*each)(void *data, const uint8_t digest[static 32]);
    void *data;
};

static enum ov_status look_at(const struct listing *l, struct ov_span object)
{
    struct ov_span prefix = ov_span_str(s3.prefix);
    struct ov_span key;
    struct ov_span time;
    uint8_t digest[32];

    if (!find_element(object, "<Key>", "</Key>", &key) ||
        !find_element(object, "<LastModified>", "</LastModified>", &time) ||
        !ov_span_starts(key, prefix) ||
        !ov_hex_decode(ov_span_clip(key, prefix.len, key.len), digest, 32) ||
        !is_before(time, l->before))
        return OV_OK;
    return l->each(l->data, digest);
}

static enum ov_status get_page(struct ov_span token, struct ov_buf *page,
                               struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) query = ov_buf_with_max(URL_MAX);
    struct s3_request r = {.method = "GET", .path = ov_span_str(s3.bucket)};

    if (token.len > 0) {
        ov_put_str(&query, "continuation-token=");
        s3_put_encoded(&query, token);
        ov_put_u8(&query, '&');
    }
    ov_put_str(&query, "list-type=2&prefix=");
    s3_put_encoded(&query, ov_span_str(s3.prefix));
    OV_TRY(ov_buf_status(&query));
    r.query = ov_buf_span(&query);
    return ask(&r, page, diag);
}

static enum ov_status read_page(const struct listing *l, struct ov_span page)
{
    struct ov_span object;

    while (find_element(page, "<Contents>", "</Contents>", &object)) {
        size_t behind = (size_t)(object.ptr - page.ptr) + object.len;

        OV_TRY(look_at(l, object));
        page = ov_span_clip(page, behind, page.len);
    }
    return OV_OK;
}

enum ov_status blob_s3_each(
    uint64_t before,
    enum ov_status (*each)(void *data, const uint8_t digest[static 32]),
    void *data, struct ov_diag *diag)
{
    const struct listing l = {before, each, data};
    OV_AUTO_DONE(buf) token = ov_buf_with_max(URL_MAX);
    struct ov_span next;

    do {
        OV_AUTO_DONE(buf) page = ov_buf_with_max(LIST_MAX);

        OV_TRY(get_page(ov_buf_span(&token), &page, diag));
        OV_TRY(read_page(&l, ov_buf_span(&page)));
        ov_buf_clear(&token);
        if (find_element(ov_buf_span(&page), "<NextContinuationToken>",
                         "</NextContinuationToken>", &next))
            ov_put_span(&token, next);
        OV_TRY(ov_buf_status(&token));
    } while (token.len > 0);
    return OV_OK;
}
