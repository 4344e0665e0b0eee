/* SPDX-License-Identifier: Apache-2.0 */

/* A GET or POST that gives nothing away and takes no more than it was told.
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

#include "base/base64.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "sockets.h"
#include "sys/file.h"

#define MAX_HEADER ((size_t)64 << 10)
#define MAX_CERTIFICATES ((size_t)8 << 20)
#define MAX_ADDRESSES 8
#define CONNECT_MS 15000L
#define SLOW_SECONDS 10L
#define MAX_CERTIFICATE ((size_t)64 << 10)

struct request {
    CURL *curl;
    struct ov_buf certificates;
    struct curl_slist *headers;
    struct curl_slist *body_headers;
    struct sockets sockets;
    char known_host[300]; /* "host:port" that addresses is for */
    struct curl_slist *addresses;
    /* of the request under way */
    const struct ov_wire_get *get;
    int fd;
    int body; /* -1: none */
    uint64_t body_at;
    uint64_t len;
    size_t header_len;
    enum ov_status refusal; /* why a callback ended it */
    const char *words;
    char text[OV_WIRE_MAX_URL + 1]; /* the address, later words */
    char range[48];
    char peer[64];
    char certificate[SOCKETS_DIGEST_SIZE];
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
    /* libcurl would ask whether the body is wanted, and wait. */
    r->body_headers = curl_slist_append(NULL, "Accept-Encoding: identity");
    if (r->body_headers != NULL)
        r->body_headers = curl_slist_append(r->body_headers, "Expect:");
    if (r->body_headers != NULL)
        r->body_headers = curl_slist_append(
            r->body_headers, "Content-Type: application/octet-stream");
    sockets_init(&r->sockets);
    r->curl = curl_easy_init();
    if (r->headers == NULL || r->body_headers == NULL || r->curl == NULL)
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

/* The next part of what is sent. */
static size_t on_body(char *to, size_t one, size_t room, void *data)
{
    struct request *r = data;
    uint64_t left = r->get->body_len - r->body_at;
    ssize_t got;

    (void)one; /* is 1 */
    if (room > left)
        room = (size_t)left;
    if (room == 0)
        return 0;
    got = pread(r->body, to, room, (off_t)r->body_at);
    if (got <= 0)
        return CURL_READFUNC_ABORT;
    r->body_at += (uint64_t)got;
    return (size_t)got;
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

#define SET(option, value)                                                     \
    is_good &= curl_easy_setopt(c, CURLOPT_##option, value) == CURLE_OK

static bool set_up_sockets(struct request *r)
{
    CURL *c = r->curl;
    bool is_good = true;

    SET(OPENSOCKETFUNCTION, sockets_open);
    SET(OPENSOCKETDATA, &r->sockets);
    SET(CLOSESOCKETFUNCTION, sockets_close);
    SET(CLOSESOCKETDATA, &r->sockets);
    SET(MAXCONNECTS, (long)SOCKETS_MAX / 2);
    SET(CERTINFO, 1L);
    return is_good;
}

/* What is asked for: all of a file, a part of it, or that a body be taken. */
static bool set_up_kind(struct request *r)
{
    const struct ov_wire_get *g = r->get;
    CURL *c = r->curl;
    bool is_good = true;

    SET(HTTPHEADER, g->is_post ? r->body_headers : r->headers);
    if (g->is_post) {
        SET(POST, 1L);
        SET(POSTFIELDSIZE_LARGE, (curl_off_t)g->body_len);
        SET(READFUNCTION, on_body);
        SET(READDATA, r);
    } else if (g->range_len > 0) {
        /* As long for every part of a file as for any other. */
        (void)!snprintf(r->range, sizeof(r->range), "%020llu-%020llu",
                        (unsigned long long)g->range_at,
                        (unsigned long long)(g->range_at + g->range_len - 1));
        SET(RANGE, r->range);
    }
    return is_good;
}

static bool set_up(struct request *r, const char *url)
{
    struct curl_blob blob = {r->certificates.ptr, r->certificates.len,
                             CURL_BLOB_NOCOPY};
    CURL *c = r->curl;
    bool is_good = true;

    if (c == NULL)
        return false;
    curl_easy_reset(c); /* keeps connections */
    is_good = set_up_kind(r) && set_up_sockets(r);
    SET(URL, url);
    SET(PROTOCOLS_STR, "http,https");
    SET(RESOLVE, r->addresses);
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
    return is_good;
}

#undef SET

/* Whether the answer is the one that was asked for. */
static bool is_wanted(const struct request *r, long code)
{
    if (r->get->is_post)
        return code >= 200 && code < 300;
    return code == (r->get->range_len > 0 ? 206 : 200);
}

/* What a server's code means. */
static enum ov_status judge_code(struct request *r, long code)
{
    if (is_wanted(r, code))
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
    if (*ret_code != 0 && !is_wanted(r, *ret_code))
        return judge_code(r, *ret_code);
    return done == CURLE_OK ? judge_code(r, *ret_code) : judge_failure(r, done);
}

/* ---- with whom, and how much ---- */

/* Which server it was. */
static void note_peer(struct request *r)
{
    char *ip = NULL;
    long port = 0;

    r->peer[0] = '\0';
    if (curl_easy_getinfo(r->curl, CURLINFO_PRIMARY_IP, &ip) != CURLE_OK ||
        curl_easy_getinfo(r->curl, CURLINFO_PRIMARY_PORT, &port) != CURLE_OK ||
        ip == NULL || ip[0] == '\0')
        return;
    (void)!snprintf(r->peer, sizeof(r->peer),
                    strchr(ip, ':') != NULL ? "[%s]:%ld" : "%s:%ld", ip, port);
}

/* The digest of a certificate in PEM (RFC 7468). */
static bool digest_pem(const char *pem, char ret[static SOCKETS_DIGEST_SIZE])
{
    OV_AUTO_DONE(buf) digits = ov_buf_with_max(MAX_CERTIFICATE);
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(MAX_CERTIFICATE);
    struct ov_span rest = ov_span_str(pem);
    struct ov_span line;
    uint8_t digest[OV_DIGEST_MAX];
    size_t len;
    uint8_t *room;

    while (rest.len > 0) {
        (void)ov_span_cut(&rest, '\n', &line);
        if (line.len > 0 && line.ptr[0] != '-')
            ov_put_span(&digits, line);
    }
    if (ov_buf_status(&digits) != OV_OK ||
        !ov_base64_len(ov_buf_span(&digits), &len) ||
        (room = ov_buf_room(&bytes, len)) == NULL ||
        !ov_base64_decode(ov_buf_span(&digits), room, len) ||
        ov_digest(OV_SHA256, ov_span_of(room, len), digest) != OV_OK)
        return false;
    ov_buf_clear(&digits);
    ov_put_hex(&digits, ov_span_of(digest, sizeof(digest)));
    memcpy(ret, digits.ptr, digits.len);
    ret[digits.len] = '\0';
    return true;
}

/* libcurl tells it once per connection; the socket keeps it. */
static void note_certificate(struct request *r)
{
    static const char key[] = "Cert:";
    struct curl_certinfo *info = NULL;
    curl_socket_t fd = -1;
    char *kept;

    r->certificate[0] = '\0';
    (void)curl_easy_getinfo(r->curl, CURLINFO_ACTIVESOCKET, &fd);
    (void)curl_easy_getinfo(r->curl, CURLINFO_CERTINFO, &info);
    kept = sockets_certificate(&r->sockets, fd);
    if (info != NULL && info->num_of_certs > 0)
        for (struct curl_slist *l = info->certinfo[0]; l != NULL; l = l->next)
            if (strncmp(l->data, key, sizeof(key) - 1) == 0)
                (void)digest_pem(l->data + sizeof(key) - 1, r->certificate);
    if (kept != NULL && r->certificate[0] != '\0')
        memcpy(kept, r->certificate, sizeof(r->certificate));
    else if (kept != NULL)
        memcpy(r->certificate, kept, sizeof(r->certificate));
}

static void begin(struct request *r, const struct ov_wire_get *g, int fd,
                  int body)
{
    r->get = g;
    r->fd = fd;
    r->body = body;
    r->body_at = 0;
    r->len = 0;
    r->header_len = 0;
    r->refusal = OV_OK;
    r->words = "this is no address";
    r->peer[0] = '\0';
    r->certificate[0] = '\0';
    sockets_begin(&r->sockets);
}

void request_run(struct request *r, const struct ov_wire_get *g, int fd,
                 int body, struct ov_wire_got *ret)
{
    long code = 0;
    enum ov_status status = OV_USAGE;

    begin(r, g, fd, body);
    if (g->url.len < sizeof(r->text) &&
        memchr(g->url.ptr, 0, g->url.len) == NULL &&
        (!g->is_post || body >= 0)) {
        memcpy(r->text, g->url.ptr, g->url.len);
        r->text[g->url.len] = '\0';
        status = run(r, &code);
    }
    if (code != 0) {
        note_peer(r);
        note_certificate(r);
    }
    sockets_count(&r->sockets);
    *ret = (struct ov_wire_got){.status = (uint32_t)status,
                                .code = (uint32_t)code,
                                .len = r->len,
                                .up = r->sockets.up,
                                .down = r->sockets.down,
                                .n_connections = r->sockets.n_opened,
                                .address = ov_span_str(r->peer),
                                .certificate = ov_span_str(r->certificate),
                                .words = ov_span_str(r->words)};
}

void request_hang_up(struct request *r, struct ov_wire_got *ret)
{
    sockets_begin(&r->sockets);
    curl_easy_cleanup(r->curl);
    r->curl = curl_easy_init();
    *ret = (struct ov_wire_got){
        .status = (uint32_t)(r->curl != NULL ? OV_OK : OV_NO_MEMORY),
        .up = r->sockets.up,
        .down = r->sockets.down,
        .words = ov_span_str("")};
}
