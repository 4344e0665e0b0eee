/* SPDX-License-Identifier: Apache-2.0 */
#include "http_answer.h"

#include "base/text.h"

/* The words behind a status are fixed, so that a program can ask for them; the
 * message is for people. A body that could not be looked at is an answer
 * (inconclusive), not an error: the request was served. */

static const struct {
    unsigned code;
    const char *word;
    const char *message;
} errors[] = {
    {400, "bad-request", "the request cannot be understood"},
    {403, "forbidden", "not for this client"},
    {404, "not-found", "there is no such thing"},
    {405, "method-not-allowed", "another method is for this path"},
    {408, "timed-out", "the request took too long"},
    {409, "conflict", "something is in the way"},
    {413, "too-large", "the body is larger than max-body"},
    {500, "failed", "it could not be done"},
    {503, "unavailable", "no room for it now; try again"},
};

#define N_ERRORS (sizeof(errors) / sizeof(errors[0]))

static void put_pair(struct ov_buf *b, const char *name, struct ov_span text)
{
    ov_put_format(b, "\"%s\":\"", name);
    ov_put_json(b, text);
    ov_put_u8(b, '"');
}

void http_answer_error(struct http_answer *a, unsigned code,
                       struct ov_span words)
{
    size_t i = 0;

    while (i + 1 < N_ERRORS && errors[i].code != code)
        i++;
    if (words.len == 0)
        words = ov_span_str(errors[i].message);
    a->code = errors[i].code;
    a->type = "application/json";
    ov_buf_clear(&a->body);
    ov_put_u8(&a->body, '{');
    put_pair(&a->body, "error", ov_span_str(errors[i].word));
    ov_put_u8(&a->body, ',');
    put_pair(&a->body, "message", words);
    ov_put_str(&a->body, "}\n");
}

void http_answer_scan(struct http_answer *a, struct ov_span json)
{
    if (!ov_span_starts(json, OV_SPAN_LIT("{")) ||
        !ov_span_ends(json, OV_SPAN_LIT("}\n"))) {
        http_answer_error(a, 500, OV_SPAN_LIT("the daemon gave no verdict"));
        return;
    }
    a->code = 200;
    a->type = "application/json";
    ov_buf_clear(&a->body);
    ov_put_span(&a->body, json);
}

/* The number behind "HTTP/1.0 ", or 0. */
static unsigned code_of(struct ov_span page)
{
    uint64_t code = 0;

    if (!ov_span_starts(page, OV_SPAN_LIT("HTTP/1.0 ")) ||
        !ov_parse_uint(ov_span_clip(page, 9, 3), 599, &code))
        return 0;
    return (unsigned)code;
}

void http_answer_page(struct http_answer *a, struct ov_span page)
{
    const struct ov_span json = OV_SPAN_LIT("Content-Type: application/json");
    size_t end = ov_span_find(page, OV_SPAN_LIT("\r\n\r\n"), 0);
    unsigned code = code_of(page);
    struct ov_span head;
    bool is_json;

    if (end == SIZE_MAX || code < 200) {
        http_answer_error(a, 500, OV_SPAN_LIT("the daemon gave no answer"));
        return;
    }
    head = ov_span_clip(page, 0, end);
    is_json = ov_span_find(head, json, 0) != SIZE_MAX;
    if (code != 200 && !is_json) {
        http_answer_error(a, code, ov_span_of(NULL, 0));
        return;
    }
    a->code = code;
    a->type = is_json ? "application/json"
                      : "text/plain; version=0.0.4; charset=utf-8";
    ov_buf_clear(&a->body);
    ov_put_span(&a->body, ov_span_clip(page, end + 4, page.len));
}
