/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/base64.h"
#include "base/text.h"
#include "host/outbound_log.h"

/* What overt-fetch is asked for, as lines of the ledger. */

/* "https://mirror.example:8443" and "/path?query". */
static void split_url(const char *url, struct ov_span *to, struct ov_span *path)
{
    struct ov_span s = ov_span_str(url);
    size_t at = ov_span_find(s, OV_SPAN_LIT("://"), 0);
    size_t slash =
        at == SIZE_MAX ? SIZE_MAX : ov_span_find_byte(s, '/', at + 3);

    *to = ov_span_clip(s, 0, slash == SIZE_MAX ? s.len : slash);
    *path =
        slash == SIZE_MAX ? OV_SPAN_LIT("/") : ov_span_clip(s, slash, s.len);
}

/* A cloud's files are for several purposes: their names tell. */
static const char *purpose_of(const char *purpose, struct ov_span path)
{
    static const struct {
        const char *part;
        const char *purpose;
    } cloud[] = {{"/v1/delta/", "delta"},
                 {"/v1/keys/", "keys"},
                 {"/v1/submissions-log", "receipt"},
                 {"/buckets.pack", "bucket"},
                 {"/f/", "filter"}};

    if (strcmp(purpose, OUTBOUND_CLOUD) != 0)
        return purpose;
    for (size_t i = 0; i < sizeof(cloud) / sizeof(cloud[0]); i++)
        if (ov_span_find(path, ov_span_str(cloud[i].part), 0) != SIZE_MAX)
            return cloud[i].purpose;
    return "snapshot";
}

struct body {
    struct ov_buf digest;
    struct ov_buf base64;
};

static enum ov_status put_body(struct body *b, struct ov_span body,
                               struct outbound_line *l)
{
    uint8_t digest[OV_DIGEST_MAX];

    OV_TRY(ov_digest(OV_SHA256, body, digest));
    ov_put_hex(&b->digest, ov_span_of(digest, sizeof(digest)));
    if (body.len <= OUTBOUND_MAX_BODY)
        ov_put_base64(&b->base64, body);
    l->body_len = body.len;
    l->body_sha256 = ov_buf_span(&b->digest);
    l->body = ov_buf_span(&b->base64);
    OV_TRY(ov_buf_status(&b->digest));
    return ov_buf_status(&b->base64);
}

static enum ov_status add_request(struct outbound_log *log,
                                  const struct ov_fetch_request *r,
                                  struct body *b, uint64_t *ret_id,
                                  struct ov_diag *diag)
{
    struct outbound_line l;
    char range[48];

    outbound_begin(&l, OUTBOUND_REQUEST);
    l.method = r->is_post ? OV_SPAN_LIT("POST") : OV_SPAN_LIT("GET");
    l.max = r->max_len;
    split_url(r->url, &l.to, &l.path);
    l.purpose = ov_span_str(purpose_of(r->purpose, l.path));
    if (r->consent != NULL)
        l.consent = ov_span_str(r->consent);
    if (r->is_post)
        OV_TRY(put_body(b, r->body, &l));
    if (r->range_len > 0) {
        (void)snprintf(range, sizeof(range), "%llu-%llu",
                       (unsigned long long)r->range_at,
                       (unsigned long long)(r->range_at + r->range_len - 1));
        l.range = ov_span_str(range);
    }
    OV_TRY(outbound_log_put(log, &l, diag));
    *ret_id = l.seq;
    return OV_OK;
}

static enum ov_status begin(void *data, const struct ov_fetch_request *r,
                            uint64_t *ret_id, struct ov_diag *diag)
{
    struct body b = {ov_buf_with_max((size_t)2 * OV_DIGEST_MAX),
                     ov_buf_with_max(OUTBOUND_MAX_BODY * 2)};
    enum ov_status status = add_request(data, r, &b, ret_id, diag);

    ov_buf_done(&b.digest);
    ov_buf_done(&b.base64);
    return status;
}

static void put_counts(struct outbound_line *l, uint64_t id,
                       const struct ov_fetch_sent *sent)
{
    l->of = id;
    if (sent->is_counted) {
        l->up = sent->up;
        l->down = sent->down;
    }
}

static enum ov_status end(void *data, uint64_t id,
                          const struct ov_fetch_sent *sent,
                          struct ov_diag *diag)
{
    struct outbound_line l;

    outbound_begin(&l, OUTBOUND_RESULT);
    put_counts(&l, id, sent);
    if (sent->is_counted)
        l.connections = sent->n_connections;
    if (sent->code != 0)
        l.code = sent->code;
    l.len = sent->len;
    l.address = sent->address;
    l.certificate = sent->certificate;
    l.result = ov_span_str(ov_status_name(sent->status));
    l.words = sent->words;
    return outbound_log_put(data, &l, diag);
}

static void closed(void *data, uint64_t last_id,
                   const struct ov_fetch_sent *sent)
{
    struct outbound_line l;
    struct ov_diag diag = {0};

    outbound_begin(&l, OUTBOUND_CLOSED);
    put_counts(&l, last_id, sent);
    (void)!outbound_log_put(data, &l, &diag); /* nobody is there to be told */
}

static enum ov_status sync_all(void *data, struct ov_diag *diag)
{
    return outbound_log_sync(data, diag);
}

struct ov_fetch_book outbound_log_book(struct outbound_log *log)
{
    return (struct ov_fetch_book){begin, sync_all, end, closed, log};
}
