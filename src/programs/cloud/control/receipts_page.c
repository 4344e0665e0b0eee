/* SPDX-License-Identifier: Apache-2.0 */
#include "receipts_page.h"

#include <limits.h>
#include <stdio.h>

#include "base/text.h"
#include "log/proof.h"
#include "sys/file.h"
#include "trust/record.h"

/* Leaves only come, so what was read of them holds for ever: the stack that the
 * root follows from, and of each full group of 64 leaves its top. With these a
 * proof costs two small reads of the database for each of six levels, and
 * hashing the tops once or twice, whatever anybody asks. */

#define LOG_PATH "/v1/submissions-log"
#define LEAVES_PER_PAGE 1000
#define GROUP_LEVEL 6U
#define GROUP (UINT64_C(1) << GROUP_LEVEL)
#define MAX_TOPS ((size_t)64 << 20) /* 130 million receipts */

enum {
    HTTP_OK = 200,
    HTTP_NOT_FOUND = 404,
    HTTP_AWAY = 503,
};

static void say(struct ov_http_answer *a, unsigned code, const char *words)
{
    ov_buf_clear(&a->body);
    a->code = code;
    ov_put_str(&a->body, words);
}

static void say_away(struct submit_service *s, struct ov_http_answer *a,
                     const char *words)
{
    s->note("failed", ov_span_str(words));
    say(a, HTTP_AWAY, "not now; try again later\n");
}

static void put_leaf(void *data, const uint8_t hash[static 32])
{
    ov_put_hex(data, ov_span_of(hash, 32));
    ov_put_u8(data, '\n');
}

static void get_leaves(struct submit_service *s, uint64_t from,
                       struct ov_http_answer *a)
{
    struct ov_diag diag = {.text = ""};

    if (control_log_leaves(s->store, from, LEAVES_PER_PAGE, put_leaf, &a->body,
                           &diag) != OV_OK)
        say_away(s, a, diag.text);
    else
        a->code = HTTP_OK;
}

/* ---- the root ---- */

static void add_leaf(void *data, const uint8_t hash[static 32])
{
    ov_merkle_stack_add(data, hash);
}

static enum ov_status read_all(struct control_store *store,
                               struct ov_merkle_stack *stack,
                               struct ov_diag *diag)
{
    uint64_t before;

    do {
        before = stack->size;
        OV_TRY(control_log_leaves(store, before, LEAVES_PER_PAGE, add_leaf,
                                  stack, diag));
    } while (stack->size - before == LEAVES_PER_PAGE);
    return OV_OK;
}

enum ov_status receipts_root(struct control_store *store, uint64_t *ret_size,
                             uint8_t ret[static OV_MERKLE_HASH],
                             struct ov_diag *diag)
{
    struct ov_merkle_stack stack = {.size = 0};

    OV_TRY(read_all(store, &stack, diag));
    ov_merkle_stack_root(&stack, ret);
    *ret_size = stack.size;
    return OV_OK;
}

/* The newest size that the public log has; 0: none. */
static uint64_t newest(const struct submit_service *s)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max((size_t)1 << 20);
    char path[PATH_MAX];
    struct ov_span line;
    struct ov_span all;
    uint64_t size = 0;

    if (s->logged == NULL ||
        snprintf(path, sizeof(path), "%s/newest", s->logged) >=
            (int)sizeof(path) ||
        ov_file_read(path, &text) != OV_OK)
        return 0;
    all = ov_buf_span(&text);
    return ov_span_cut(&all, '\n', &line) &&
                   ov_parse_uint(line, INT64_MAX, &size)
               ? size
               : 0;
}

static void get_root(struct submit_service *s, struct ov_http_answer *a)
{
    struct ov_diag diag = {.text = ""};
    uint8_t root[OV_MERKLE_HASH];
    uint64_t logged = newest(s);

    if (read_all(s->store, &s->log, &diag) != OV_OK) {
        say_away(s, a, diag.text);
        return;
    }
    ov_merkle_stack_root(&s->log, root);
    a->code = HTTP_OK;
    ov_put_format(&a->body, "overt-submissions/1\nregion %s\nsize %llu\nroot ",
                  s->region, (unsigned long long)s->log.size);
    ov_put_hex(&a->body, ov_span_of(root, sizeof(root)));
    ov_put_u8(&a->body, '\n');
    if (logged > 0)
        ov_put_format(&a->body, "logged %llu\n", (unsigned long long)logged);
}

/* ---- proofs ---- */

struct leaves {
    uint8_t hashes[GROUP][OV_MERKLE_HASH];
    size_t n;
};

static void keep_leaf(void *data, const uint8_t hash[static 32])
{
    struct leaves *l = data;

    if (l->n < GROUP)
        memcpy(l->hashes[l->n++], hash, OV_MERKLE_HASH);
}

/* The top of n full hashes, n a power of two. They are used up. */
static void fold(uint8_t (*hashes)[OV_MERKLE_HASH], size_t n,
                 uint8_t ret[static OV_MERKLE_HASH])
{
    for (; n > 1; n /= 2)
        for (size_t i = 0; i < n / 2; i++)
            ov_merkle_node(hashes[2 * i], hashes[2 * i + 1], hashes[i]);
    memcpy(ret, hashes[0], OV_MERKLE_HASH);
}

static enum ov_status read_group(struct submit_service *s, unsigned level,
                                 uint64_t index,
                                 uint8_t ret[static OV_MERKLE_HASH])
{
    OV_AUTO_PTR struct leaves *l = ov_alloc(sizeof(*l));
    uint64_t n = UINT64_C(1) << level;
    struct ov_diag diag = {.text = ""};

    if (l == NULL)
        return OV_NO_MEMORY;
    OV_TRY(
        control_log_leaves(s->store, index << level, n, keep_leaf, l, &diag));
    if (l->n != n)
        return OV_IO;
    fold(l->hashes, l->n, ret);
    return OV_OK;
}

static enum ov_status read_tops(struct submit_service *s, uint64_t n)
{
    if (s->tops.max == 0)
        s->tops = ov_buf_with_max(MAX_TOPS);
    while (s->tops.len / OV_MERKLE_HASH < n) {
        uint8_t top[OV_MERKLE_HASH];

        OV_TRY(read_group(s, GROUP_LEVEL, s->tops.len / OV_MERKLE_HASH, top));
        ov_put_span(&s->tops, ov_span_of(top, sizeof(top)));
        OV_TRY(ov_buf_status(&s->tops));
    }
    return OV_OK;
}

static enum ov_status node(void *data, unsigned level, uint64_t index,
                           uint8_t ret[static OV_MERKLE_HASH])
{
    struct submit_service *s = data;
    struct ov_merkle_stack stack = {.size = 0};
    uint64_t n;

    if (level < GROUP_LEVEL)
        return read_group(s, level, index, ret);
    n = UINT64_C(1) << (level - GROUP_LEVEL);
    OV_TRY(read_tops(s, (index + 1) * n));
    for (uint64_t i = index * n; i < (index + 1) * n; i++)
        ov_merkle_stack_add(&stack, s->tops.ptr + i * OV_MERKLE_HASH);
    ov_merkle_stack_root(&stack, ret);
    return OV_OK;
}

static void get_proof(struct submit_service *s, uint64_t index, uint64_t size,
                      struct ov_http_answer *a)
{
    const struct ov_merkle_source source = {s, node};
    uint8_t proof[OV_MERKLE_MAX_PROOF][OV_MERKLE_HASH];
    struct ov_diag diag = {.text = ""};
    uint64_t have = 0;
    size_t n = 0;

    if (control_log_size(s->store, &have, &diag) != OV_OK) {
        say_away(s, a, diag.text);
    } else if (size > have || index >= size) {
        say(a, HTTP_NOT_FOUND, "no such page\n");
    } else if (ov_merkle_prove_inclusion(&source, index, size, proof, &n) !=
               OV_OK) {
        say_away(s, a, "a proof cannot be made");
    } else {
        a->code = HTTP_OK;
        for (size_t i = 0; i < n; i++)
            put_leaf(&a->body, proof[i]);
    }
}

/* ---- what the public log has ---- */

/* rest: "SIZE.entry" or "SIZE.proof". */
static void get_file(struct submit_service *s, struct ov_span rest,
                     struct ov_http_answer *a)
{
    const struct ov_span suffixes[] = {OV_SPAN_LIT(".entry"),
                                       OV_SPAN_LIT(".proof")};
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max((size_t)1 << 20);
    char path[PATH_MAX];
    uint64_t size;

    for (size_t i = 0; i < 2; i++) {
        if (!ov_span_ends(rest, suffixes[i]) || s->logged == NULL ||
            !ov_parse_plain(ov_span_clip(rest, 0, rest.len - suffixes[i].len),
                            INT64_MAX, &size) ||
            snprintf(path, sizeof(path), "%s/%llu%s", s->logged,
                     (unsigned long long)size,
                     (const char *)suffixes[i].ptr) >= (int)sizeof(path) ||
            ov_file_read(path, &bytes) != OV_OK)
            continue;
        a->code = HTTP_OK;
        ov_put_span(&a->body, ov_buf_span(&bytes));
        return;
    }
    say(a, HTTP_NOT_FOUND, "no such page\n");
}

bool receipts_page_is(struct ov_span path)
{
    return ov_span_starts(path, OV_SPAN_LIT(LOG_PATH));
}

void receipts_page_get(struct submit_service *s, struct ov_span path,
                       struct ov_http_answer *a)
{
    struct ov_span rest = ov_span_clip(path, sizeof(LOG_PATH) - 1, path.len);
    struct ov_span word;
    uint64_t from;
    uint64_t size;

    if (rest.len == 0) {
        get_root(s, a);
        return;
    }
    rest = ov_span_clip(rest, 1, rest.len);
    if (ov_span_byte(path, sizeof(LOG_PATH) - 1) != '/')
        say(a, HTTP_NOT_FOUND, "no such page\n");
    else if (ov_parse_uint(rest, INT64_MAX, &from))
        get_leaves(s, from, a);
    else if (!ov_span_cut(&rest, '/', &word))
        get_file(s, word, a);
    else if (ov_parse_uint(word, INT64_MAX, &from) &&
             ov_parse_uint(rest, INT64_MAX, &size))
        get_proof(s, from, size, a);
    else
        say(a, HTTP_NOT_FOUND, "no such page\n");
}
