/* SPDX-License-Identifier: Apache-2.0 */

/* A GET that gives nothing away and takes no more than it was told.
 *
 * The same words to every server from every client: no cookie, no user, no
 * version, no language. No redirect is followed, no compressed body taken (a
 * compressed one could be of any size once inflated, and digests are of plain
 * bytes). Length, speed and time are limited while bytes stream in; so is what
 * the server may say in its header.
 *
 * Names are looked up with getaddrinfo(3) and handed to libcurl: its own
 * resolver wants threads, which the jail does not have. What is fetched is not
 * believed for having come over TLS, so a machine without certificates only
 * loses privacy by using http.
 *
 * Limits: HTTP/1.1 and addresses of http and https only; no proxy.
 * Source: libcurl's manual pages; RFC 9110, 9112. */
#include "request.h"

#include <curl/curl.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "sys/file.h"

#define MAX_HEADER ((size_t)64 << 10)
#define MAX_CERTIFICATES ((size_t)8 << 20)
#define MAX_ADDRESSES 8
#define CONNECT_MS 15000L
#define SLOW_SECONDS 10L

struct request {
    CURL *curl;
    struct ov_buf certificates;
    struct curl_slist *headers;
    char known_host[300]; /* "host:port" that addresses is for */
    struct curl_slist *addresses;
    /* of the request under way */
    const struct ov_wire_get *get;
    int fd;
    uint64_t len;
    size_t header_len;
    enum ov_status refusal; /* why a callback ended it */
    const char *words;
    char text[OV_WIRE_MAX_URL + 1]; /* the address, later words */
};

static void read_certificates(struct ov_buf *into)
{
    static const char *const places[] = {
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/cert.pem",
    };

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (ov_file_read(places[i], into) == OV_OK && into->len > 0)
            return;
        ov_buf_clear(into);
    }
}

/* A look-up before the jail makes the resolver load what it loads. */
static void warm_resolver(void)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;

    if (getaddrinfo("localhost", "80", &hints, &list) == 0)
        freeaddrinfo(list);
}

struct request *request_new(void)
{
    struct request *r = ov_alloc(sizeof(*r));

    if (r == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return NULL;
    r->certificates = ov_buf_with_max(MAX_CERTIFICATES);
    read_certificates(&r->certificates);
    r->headers = curl_slist_append(NULL, "Accept-Encoding: identity");
    r->curl = curl_easy_init();
    if (r->headers == NULL || r->curl == NULL)
        return NULL;
    warm_resolver();
    return r;
}

static size_t refuse(struct request *r, enum ov_status status,
                     const char *words)
{
    r->refusal = status;
    r->words = words;
    return 0; /* fewer bytes than came: libcurl ends the transfer */
}

static size_t on_header(char *line, size_t one, size_t len, void *data)
{
    struct request *r = data;
    struct ov_span name;
    struct ov_span rest = ov_span_of(line, len);

    (void)one; /* is 1 */
    r->header_len += len;
    if (r->header_len > MAX_HEADER)
        return refuse(r, OV_LIMIT_SIZE, "the server's header has no end");
    if (ov_span_cut(&rest, ':', &name) &&
        ov_span_equal_nocase(name, OV_SPAN_LIT("content-encoding")) &&
        ov_span_find(rest, OV_SPAN_LIT("identity"), 0) == SIZE_MAX)
        return refuse(r, OV_UNSUPPORTED,
                      "the server compresses though it was asked not to");
    return len;
}

static size_t on_bytes(char *bytes, size_t one, size_t len, void *data)
{
    struct request *r = data;
    size_t done = 0;

    (void)one; /* is 1 */
    if (len > r->get->max_len - r->len)
        return refuse(r, OV_LIMIT_SIZE, "more bytes than the file may have");
    while (done < len) {
        ssize_t put =
            pwrite(r->fd, bytes + done, len - done, (off_t)(r->len + done));

        if (put <= 0)
            return refuse(r, OV_IO, "no room for what came");
        done += (size_t)put;
    }
    r->len += len;
    return len;
}

/* Appends "[a:b]" or "1.2.3.4" for CURLOPT_RESOLVE. */
static void put_address(struct ov_buf *b, const struct addrinfo *a)
{
    char text[64];

    if (getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof(text), NULL, 0,
                    NI_NUMERICHOST) != 0)
        return;
    ov_put_str(b, b->ptr[b->len - 1] == ':' ? "" : ",");
    ov_put_format(b, a->ai_family == AF_INET6 ? "[%s]" : "%s", text);
}

static bool look_up(struct request *r, const char *host, const char *port)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    OV_AUTO_DONE(buf) entry = ov_buf_with_max(4096);
    struct addrinfo *list = NULL;
    unsigned n = 0;

    if (getaddrinfo(host, port, &hints, &list) != 0)
        return false;
    ov_put_format(&entry, "%s:%s:", host, port);
    for (struct addrinfo *a = list; a != NULL && n < MAX_ADDRESSES;
         a = a->ai_next, n++)
        put_address(&entry, a);
    freeaddrinfo(list);
    ov_put_u8(&entry, 0);
    if (ov_buf_status(&entry) != OV_OK || n == 0)
        return false;
    curl_slist_free_all(r->addresses);
    r->addresses = curl_slist_append(NULL, (char *)entry.ptr);
    return r->addresses != NULL;
}

static bool find_host(struct request *r, CURLU *url)
{
    char *host = NULL;
    char *port = NULL;
    char name[sizeof(r->known_host)];
    bool is_good = false;

    if (curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
        curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) ==
            CURLUE_OK &&
        snprintf(name, sizeof(name), "%s:%s", host, port) < (int)sizeof(name))
        is_good = host[0] == '[' || strcmp(name, r->known_host) == 0 ||
                  look_up(r, host, port);
    if (is_good)
        memcpy(r->known_host, name, sizeof(name));
    curl_free(host);
    curl_free(port);
    return is_good;
}

static bool set_up(struct request *r, const char *url)
{
    struct curl_blob blob = {r->certificates.ptr, r->certificates.len,
                             CURL_BLOB_NOCOPY};
    CURL *c = r->curl;
    bool is_good = true;

    curl_easy_reset(c); /* keeps connections */
#define SET(option, value)                                                     \
    is_good &= curl_easy_setopt(c, CURLOPT_##option, value) == CURLE_OK
    SET(URL, url);
    SET(PROTOCOLS_STR, "http,https");
    SET(RESOLVE, r->addresses);
    SET(HTTPHEADER, r->headers);
    SET(USERAGENT, "overt");
    SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(FOLLOWLOCATION, 0L);
    SET(HTTP_CONTENT_DECODING, 0L);
    SET(NOSIGNAL, 1L);
    SET(PROXY, "");
    SET(TIMEOUT_MS, (long)r->get->total_time);
    SET(CONNECTTIMEOUT_MS, CONNECT_MS);
    SET(LOW_SPEED_LIMIT, (long)r->get->min_speed);
    SET(LOW_SPEED_TIME, SLOW_SECONDS);
    SET(MAXFILESIZE_LARGE, (curl_off_t)r->get->max_len);
    SET(HEADERFUNCTION, on_header);
    SET(HEADERDATA, r);
    SET(WRITEFUNCTION, on_bytes);
    SET(WRITEDATA, r);
    if (r->certificates.len > 0)
        SET(CAINFO_BLOB, &blob);
#undef SET
    return is_good;
}

/* What a server's code means. */
static enum ov_status judge_code(struct request *r, long code)
{
    if (code == 200)
        return OV_OK;
    (void)!snprintf(r->text, sizeof(r->text), "the server answered %ld",
                    code); /* short */
    r->words = r->text;
    if (code >= 300 && code < 400)
        r->words = "the server sends us elsewhere, and we do not go";
    return code == 403 || code == 404 || code == 410 ? OV_NOT_FOUND : OV_IO;
}

static enum ov_status judge_failure(struct request *r, CURLcode code)
{
    if (r->refusal != OV_OK)
        return r->refusal;
    r->words = curl_easy_strerror(code);
    if (code == CURLE_FILESIZE_EXCEEDED) {
        r->words = "more bytes than the file may have";
        return OV_LIMIT_SIZE;
    }
    if (code == CURLE_PARTIAL_FILE)
        return OV_TRUNCATED;
    return code == CURLE_OPERATION_TIMEDOUT ? OV_TIMED_OUT : OV_IO;
}

static enum ov_status run(struct request *r, long *ret_code)
{
    CURLU *url = curl_url();
    char *text = NULL;
    bool is_url = false;
    bool is_known = false;
    CURLcode done;

    if (url != NULL &&
        curl_url_set(url, CURLUPART_URL, r->text, 0) == CURLUE_OK)
        is_url = curl_url_get(url, CURLUPART_URL, &text, 0) == CURLUE_OK;
    is_known = is_url && find_host(r, url);
    curl_url_cleanup(url);
    r->words =
        is_url ? "the mirror's name cannot be looked up" : "this is no address";
    if (!is_known || !set_up(r, text)) {
        curl_free(text);
        return is_url ? OV_IO : OV_USAGE;
    }
    r->words = "";
    done = curl_easy_perform(r->curl);
    curl_free(text);
    (void)curl_easy_getinfo(r->curl, CURLINFO_RESPONSE_CODE, ret_code);
    /* An answer with another code may have any body: the code counts. */
    if (*ret_code != 0 && *ret_code != 200)
        return judge_code(r, *ret_code);
    return done == CURLE_OK ? judge_code(r, *ret_code) : judge_failure(r, done);
}

void request_run(struct request *r, const struct ov_wire_get *g, int fd,
                 struct ov_wire_got *ret)
{
    long code = 0;
    enum ov_status status = OV_USAGE;

    r->get = g;
    r->fd = fd;
    r->len = 0;
    r->header_len = 0;
    r->refusal = OV_OK;
    r->words = "this is no address";
    if (g->url.len < sizeof(r->text) &&
        memchr(g->url.ptr, 0, g->url.len) == NULL) {
        memcpy(r->text, g->url.ptr, g->url.len);
        r->text[g->url.len] = '\0';
        status = run(r, &code);
    }
    *ret = (struct ov_wire_got){(uint32_t)status, (uint32_t)code, r->len,
                                ov_span_str(r->words)};
}
