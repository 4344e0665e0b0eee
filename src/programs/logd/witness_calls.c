/* SPDX-License-Identifier: Apache-2.0 */
#include "witness_calls.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* The log's side of c2sp.org/tlog-witness, with libcurl.
 *
 * A request names the size that the witness cosigned last. We remember what it
 * said; a witness that knows another one answers 409 with that size, and is
 * asked again with the proof from there. A size above ours, a second 409 for
 * the size it named, or a 422 means that it has seen another tree than ours:
 * either it is wrong, or this log was restored from a backup or has a twin.
 * That is not decided here (log_service.c).
 *
 * Answers are hostile: at most 64 KiB, in a limited time, from no other place
 * than the one asked (no redirects), and nothing of them is kept but lines
 * whose cosignature by the configured key verifies. */

#define MAX_RESPONSE ((size_t)64 << 10)
#define MAX_ATTEMPTS 3
#define CONNECT_MS 5000L
#define TIMEOUT_MS 10000

enum ov_status witness_calls_open(struct witness_calls *c)
{
    memset(c, 0, sizeof(*c));
    c->timeout_ms = TIMEOUT_MS;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return OV_NO_MEMORY;
    c->multi = curl_multi_init();
    c->headers = curl_slist_append(NULL, "Content-Type: text/plain");
    return c->multi != NULL && c->headers != NULL ? OV_OK : OV_NO_MEMORY;
}

void witness_calls_close(struct witness_calls *c)
{
    for (size_t i = 0; i < c->n; i++) {
        struct witness_call *w = &c->w[i];

        if (w->is_busy)
            (void)curl_multi_remove_handle(c->multi, w->easy);
        curl_easy_cleanup(w->easy);
        ov_buf_done(&w->request);
        ov_buf_done(&w->response);
        ov_buf_done(&w->line);
    }
    if (c->multi != NULL)
        (void)curl_multi_cleanup(c->multi);
    curl_slist_free_all(c->headers);
    c->n = 0;
}

static size_t take_bytes(char *bytes, size_t one, size_t n, void *data)
{
    struct witness_call *w = data;

    ov_put_span(&w->response, ov_span_of(bytes, one * n));
    /* Any other number than n ends the transfer. */
    return ov_buf_status(&w->response) == OV_OK ? n : 0;
}

static bool set_up(const struct witness_calls *c, struct witness_call *w)
{
    CURL *e = w->easy;

    return curl_easy_setopt(e, CURLOPT_URL, w->url) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https") ==
               CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_HTTPHEADER, c->headers) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_USERAGENT, "overt-logd") == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS) ==
               CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)c->timeout_ms) ==
               CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take_bytes) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_WRITEDATA, w) == CURLE_OK &&
           curl_easy_setopt(e, CURLOPT_PRIVATE, w) == CURLE_OK;
}

enum ov_status witness_calls_add(struct witness_calls *c,
                                 const struct ov_vkey *key, struct ov_span url)
{
    struct witness_call *w = &c->w[c->n];
    int len;

    for (size_t i = 0; i < c->n; i++) {
        if (ov_vkey_same_key(&c->w[i].key, key))
            return OV_OK; /* asked already */
    }
    if (c->n == WITNESS_MAX)
        return OV_LIMIT_COUNT;
    while (url.len > 0 && url.ptr[url.len - 1] == '/')
        url.len--;
    len = snprintf(w->url, sizeof(w->url), "%.*s/add-checkpoint", (int)url.len,
                   (const char *)url.ptr);
    if (len < 0 || (size_t)len >= sizeof(w->url))
        return OV_USAGE;
    w->key = *key;
    w->key.long_key = (struct ov_span){0};
    w->request = ov_buf_with_max(OV_WITNESS_MAX_BODY);
    w->response = ov_buf_with_max(MAX_RESPONSE);
    w->line = ov_buf_with_max(MAX_RESPONSE);
    w->easy = curl_easy_init();
    if (w->easy == NULL)
        return OV_NO_MEMORY;
    c->n++;
    return set_up(c, w) ? OV_OK : OV_USAGE;
}

/* Writes the request from what w is known to have. */
static enum ov_status put_request(struct witness_call *w,
                                  const struct witness_round *round)
{
    struct ov_add_checkpoint request = {.old = w->known,
                                        .checkpoint = round->checkpoint};
    uint8_t proof[OV_MERKLE_MAX_PROOF][OV_MERKLE_HASH];

    OV_TRY(ov_merkle_prove_consistency(&round->source, w->known, round->size,
                                       proof, &request.n));
    if (request.n > OV_WITNESS_MAX_PROOF)
        return OV_LIMIT_COUNT;
    memcpy(request.proof, proof, request.n * OV_MERKLE_HASH);
    ov_buf_clear(&w->request);
    ov_put_add_checkpoint(&w->request, &request);
    return ov_buf_status(&w->request);
}

static void ask(struct witness_calls *c, struct witness_call *w,
                const struct witness_round *round)
{
    if (put_request(w, round) != OV_OK)
        return; /* the next round tries again */
    ov_buf_clear(&w->response);
    w->asked = round->size;
    w->attempts++;
    if (curl_easy_setopt(w->easy, CURLOPT_POSTFIELDSIZE,
                         (long)w->request.len) != CURLE_OK ||
        curl_easy_setopt(w->easy, CURLOPT_POSTFIELDS, w->request.ptr) !=
            CURLE_OK ||
        curl_multi_add_handle(c->multi, w->easy) != CURLM_OK)
        return;
    w->is_busy = true;
}

void witness_calls_begin(struct witness_calls *c,
                         const struct witness_round *round)
{
    for (size_t i = 0; i < c->n; i++) {
        struct witness_call *w = &c->w[i];

        if (w->is_busy)
            continue;
        w->attempts = 0;
        w->conflict = WITNESS_FINE;
        if (w->known > round->size)
            w->known = round->size;
        ask(c, w, round);
    }
}

/* Keeps the first line of the answer that is w's and verifies. */
static bool take_cosignature(struct witness_call *w,
                             const struct witness_round *round)
{
    OV_AUTO(arena) a = ov_arena_new((size_t)1 << 20);
    OV_AUTO_DONE(buf) all = ov_buf_with_max(OV_NOTE_MAX_SIZE);
    struct ov_note n;

    ov_put_span(&all, round->checkpoint);
    ov_put_span(&all, ov_buf_span(&w->response));
    if (a == NULL || ov_buf_status(&all) != OV_OK ||
        ov_note_parse(a, ov_buf_span(&all), &n) != OV_OK)
        return false;
    for (size_t i = 0; i < n.n_sigs; i++) {
        enum ov_status s;
        uint64_t time;

        if (!ov_note_signature_is_of(&n.sigs[i], &w->key))
            continue;
        s = ov_cosignature_verify(n.text, &n.sigs[i], &w->key, &time);
        /* ML-DSA-44 is carried for those who can verify it. */
        if (s != OV_OK && s != OV_UNSUPPORTED)
            continue;
        ov_buf_clear(&w->line);
        ov_put_span(&w->line, n.sigs[i].line);
        w->line_size = round->size;
        w->known = round->size;
        return ov_buf_status(&w->line) == OV_OK;
    }
    return false;
}

/* tlog-witness: the body is the size that the witness cosigned last. */
static bool take_size(struct witness_call *w)
{
    struct ov_span body = ov_buf_span(&w->response);
    const char *type = NULL;
    uint64_t size;

    if (curl_easy_getinfo(w->easy, CURLINFO_CONTENT_TYPE, &type) != CURLE_OK ||
        type == NULL || strcmp(type, "text/x.tlog.size") != 0 ||
        !ov_span_ends(body, OV_SPAN_LIT("\n")) ||
        !ov_parse_uint(ov_span_clip(body, 0, body.len - 1), OV_MERKLE_MAX_SIZE,
                       &size))
        return false;
    if (size > w->asked)
        w->conflict = WITNESS_AHEAD;
    else if (size == w->known)
        w->conflict = WITNESS_REFUSES;
    w->known = size;
    return w->conflict == WITNESS_FINE;
}

/* One finished transfer; true for a new cosignature. */
static bool take_answer(struct witness_calls *c, struct witness_call *w,
                        const struct witness_round *round, CURLcode result)
{
    bool is_old = w->asked != round->size;
    long code = 0;

    (void)curl_multi_remove_handle(c->multi, w->easy);
    w->is_busy = false;
    if (result != CURLE_OK ||
        curl_easy_getinfo(w->easy, CURLINFO_RESPONSE_CODE, &code) != CURLE_OK)
        return false;
    if (code == OV_WITNESS_COSIGN && !is_old)
        return take_cosignature(w, round);
    if (code == OV_WITNESS_COSIGN)
        w->known = w->asked;
    if (code == OV_WITNESS_INCONSISTENT)
        w->conflict = WITNESS_REFUSES;
    if (code == OV_WITNESS_CONFLICT && !take_size(w)) {
        /* With equal sizes there is no size to name: the roots differ. */
        if (w->conflict == WITNESS_FINE && w->known == w->asked)
            w->conflict = WITNESS_REFUSES;
        return false;
    }
    if (code == OV_WITNESS_CONFLICT && !is_old && w->attempts < MAX_ATTEMPTS)
        ask(c, w, round);
    return false;
}

bool witness_calls_advance(struct witness_calls *c,
                           const struct witness_round *round)
{
    bool is_new = false;
    int running;
    int left;
    CURLMsg *m;

    if (curl_multi_perform(c->multi, &running) != CURLM_OK)
        return false;
    while ((m = curl_multi_info_read(c->multi, &left)) != NULL) {
        CURLcode result = m->data.result;
        struct witness_call *w = NULL;

        if (m->msg != CURLMSG_DONE ||
            curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &w) != CURLE_OK)
            continue;
        is_new |= take_answer(c, w, round, result);
    }
    return is_new;
}

void witness_calls_forget(struct witness_calls *c)
{
    for (size_t i = 0; i < c->n; i++)
        ov_buf_clear(&c->w[i].line);
}

bool witness_calls_pending(const struct witness_calls *c, uint64_t size)
{
    for (size_t i = 0; i < c->n; i++) {
        if (c->w[i].is_busy && c->w[i].asked == size)
            return true;
    }
    return false;
}

void witness_calls_put(const struct witness_calls *c, uint64_t size,
                       struct ov_buf *note)
{
    for (size_t i = 0; i < c->n; i++) {
        if (c->w[i].line_size == size)
            ov_put_span(note, ov_buf_span(&c->w[i].line));
    }
}
