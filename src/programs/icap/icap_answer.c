/* SPDX-License-Identifier: Apache-2.0 */
#include "icap_answer.h"

#include "base/text.h"

/* Names of rules are hostile (who writes rules is not who reads pages): in
 * fields they are escaped, in the page their markup, too. The fields that tell
 * what was found are those that proxies know: X-Infection-Found and X-Virus-ID
 * (draft-stecher-icap-subid-00). */

#define PREVIEW 4096
#define OPTIONS_TTL 300

static void put_head(struct ov_buf *out, const struct icap_server *server,
                     unsigned code, const char *words, bool closes)
{
    ov_put_format(out,
                  "ICAP/1.0 %u %s\r\nServer: Overt/" OV_VERSION
                  "\r\nISTag: \"%s\"\r\n",
                  code, words, server->tag);
    if (closes)
        ov_put_str(out, "Connection: close\r\n");
}

void icap_put_plain(struct ov_buf *out, const struct icap_server *server,
                    unsigned code, const char *words, bool closes)
{
    put_head(out, server, code, words, closes);
    ov_put_str(out, "Encapsulated: null-body=0\r\n\r\n");
}

void icap_put_continue(struct ov_buf *out)
{
    ov_put_str(out, "ICAP/1.0 100 Continue\r\n\r\n");
}

void icap_put_options(struct ov_buf *out, const struct icap_server *server,
                      bool closes)
{
    put_head(out, server, 200, "OK", closes);
    ov_put_format(out,
                  "Methods: REQMOD, RESPMOD\r\nService: Overt\r\n"
                  "Allow: 204\r\nPreview: %d\r\nTransfer-Preview: *\r\n"
                  "Options-TTL: %d\r\nMax-Connections: %u\r\n"
                  "Encapsulated: null-body=0\r\n\r\n",
                  PREVIEW, OPTIONS_TTL, server->options->max_sessions);
}

void icap_put_echo(struct ov_buf *out, const struct icap_server *server,
                   const struct icap_head *head, struct ov_span http)
{
    bool is_request = head->method == ICAP_REQMOD;
    const char *what = is_request ? "req" : "res";
    struct ov_span part =
        is_request ? ov_span_clip(http, 0, head->request_len)
                   : ov_span_clip(http, head->request_len, head->response_len);

    put_head(out, server, 200, "OK", head->closes);
    ov_put_str(out, "Encapsulated: ");
    if (part.len > 0)
        ov_put_format(out, "%s-hdr=0, ", what);
    if (head->has_body)
        ov_put_format(out, "%s-body=%zu\r\n\r\n", what, part.len);
    else
        ov_put_format(out, "null-body=%zu\r\n\r\n", part.len);
    ov_put_span(out, part);
}

static void put_html(struct ov_buf *out, struct ov_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        int c = ov_span_byte(text, i);

        if (c == '&' || c == '<' || c == '>' || c == '"' || c == '\'')
            ov_put_format(out, "&#%d;", c);
        else
            ov_put_u8(out, (uint8_t)c);
    }
}

static void put_page(struct ov_buf *page, const struct ov_clamd_reply *reply,
                     struct ov_span words)
{
    bool is_found = reply->verdict == OV_CLAMD_FOUND;

    ov_put_str(page, "<!DOCTYPE html>\n<html lang=\"en\">\n<title>Blocked"
                     "</title>\n<h1>This was not let through</h1>\n<p>");
    ov_put_str(page, is_found ? "Malware was found in it: <b>"
                              : "It could not be checked: <b>");
    put_html(page, words);
    ov_put_str(page, "</b>\n</html>\n");
}

void icap_put_blocked(struct ov_buf *out, const struct icap_server *server,
                      const struct ov_clamd_reply *reply, bool closes)
{
    OV_AUTO_DONE(buf) words = ov_buf_with_max((size_t)16 << 10);
    OV_AUTO_DONE(buf) page = ov_buf_with_max((size_t)64 << 10);
    OV_AUTO_DONE(buf) http = ov_buf_with_max((size_t)4 << 10);
    struct ov_span name;

    ov_put_escaped(&words, reply->name);
    name = ov_buf_span(&words);
    put_page(&page, reply, name);
    ov_put_format(&http,
                  "HTTP/1.1 403 Forbidden\r\nContent-Type: text/html; "
                  "charset=utf-8\r\nContent-Length: %zu\r\n"
                  "Cache-Control: no-store\r\nConnection: close\r\n\r\n",
                  page.len);
    put_head(out, server, 200, "OK", closes);
    if (reply->verdict == OV_CLAMD_FOUND) {
        ov_put_str(out, "X-Infection-Found: Type=0; Resolution=2; Threat=");
        ov_put_span(out, name);
        ov_put_str(out, ";\r\nX-Virus-ID: ");
    } else {
        ov_put_str(out, "X-Overt-Inconclusive: ");
    }
    ov_put_span(out, name);
    ov_put_format(out, "\r\nEncapsulated: res-hdr=0, res-body=%zu\r\n\r\n",
                  http.len);
    ov_put_span(out, ov_buf_span(&http));
    ov_put_format(out, "%zx\r\n", page.len);
    ov_put_span(out, ov_buf_span(&page));
    ov_put_str(out, "\r\n0\r\n\r\n");
    if (out->status == OV_OK)
        out->status = page.status != OV_OK ? page.status : words.status;
}
