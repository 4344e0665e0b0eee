/* SPDX-License-Identifier: Apache-2.0 */
#include "feed_intel.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "intel/intel_left_out.h"
#include "tell.h"
#include "trust/feed.h"

/* Runs in the jail of feed_import.c. Lines are sorted, and of several about the
 * same bytes the first name counts: so the same documents, in whatever order
 * they or what they hold comes, give the same records, and the second person's
 * copy can be compared. Where somebody says a file's size and somebody else
 * says none, both lines stay.
 *
 * Limits: rules have the sources' names, cut to what a name can have; of
 * suspicious files there are rules as of malicious ones, of unwanted ones with
 * "PUA." before the name. */

#define ANY_SIZE_LEVEL 73 /* from which ClamAV knows hashes of any size */
#define MAX_ITEMS ((size_t)8 << 20)
#define MAX_TEXT ((size_t)1 << 30)
#define LINE_MAX_LEN 8192

struct rule {
    enum ov_digest_kind kind;
    uint8_t digest[OV_DIGEST_MAX];
    uint64_t size;
    struct ov_span name;
};

struct taker {
    struct ov_arena *arena;
    struct rule *rules;
    size_t n;
    size_t room;
    struct ov_intel_left_out left_out;
};

bool feed_intel_is(struct ov_span name)
{
    return ov_span_ends(name, OV_SPAN_LIT(".json"));
}

static enum ov_status make_room(struct taker *t)
{
    size_t room = t->room == 0 ? 1024 : 2 * t->room;
    struct rule *more;

    if (t->n < t->room)
        return OV_OK;
    if (room > MAX_ITEMS)
        return OV_LIMIT_SIZE;
    more = ov_realloc_array(t->rules, room, sizeof(*more));
    if (more == NULL)
        return OV_NO_MEMORY;
    t->rules = more;
    t->room = room;
    return OV_OK;
}

static enum ov_status take_item(void *data, const struct ov_intel_item *item)
{
    OV_AUTO_DONE(buf) name = ov_buf_with_max(256);
    struct taker *t = data;
    struct rule *r;

    OV_TRY(make_room(t));
    r = &t->rules[t->n];
    *r = (struct rule){.kind = item->kind, .size = item->size};
    memcpy(r->digest, item->digest, sizeof(r->digest));
    if (item->reputation == OV_REPUTATION_UNWANTED)
        ov_put_str(&name, "PUA.");
    ov_put_intel_name(&name, item->name);
    OV_TRY(ov_buf_status(&name));
    if (!ov_arena_copy(t->arena, ov_buf_span(&name), &r->name))
        return OV_NO_MEMORY;
    t->n++;
    return OV_OK;
}

static void leave_out(void *data, enum ov_intel_skip why, struct ov_span id)
{
    ov_intel_left_out_add(&((struct taker *)data)->left_out, why, id);
}

static int compare_rules(const void *a, const void *b)
{
    const struct rule *left = a;
    const struct rule *right = b;
    int order;

    if (left->kind != right->kind)
        return left->kind < right->kind ? -1 : 1;
    order = memcmp(left->digest, right->digest, sizeof(left->digest));
    if (order != 0)
        return order;
    if (left->size != right->size)
        return left->size < right->size ? -1 : 1;
    return ov_span_compare(left->name, right->name);
}

/* ---- databases ---- */

static void put_rule(struct ov_buf *b, const struct rule *r)
{
    ov_put_hex(b, ov_span_of(r->digest, ov_digest_len(r->kind)));
    if (r->size > 0)
        ov_put_format(b, ":%llu:", (unsigned long long)r->size);
    else
        ov_put_str(b, ":*:");
    ov_put_span(b, r->name);
    if (r->size == 0)
        ov_put_format(b, ":%d", ANY_SIZE_LEVEL);
    ov_put_u8(b, '\n');
}

static bool is_same_file(const struct rule *a, const struct rule *b)
{
    return a->kind == b->kind && a->size == b->size &&
           memcmp(a->digest, b->digest, sizeof(a->digest)) == 0;
}

/* One database: of MD5 alone, or of the others. */
static enum ov_status add_database(struct ov_record_set *set, struct taker *t,
                                   struct ov_span feed, bool is_md5,
                                   size_t *ret_n)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX_TEXT);
    struct ov_record database = {
        .id = is_md5 ? OV_SPAN_LIT("intel.hdb") : OV_SPAN_LIT("intel.hsb"),
        .rev = 1,
        .kind = is_md5 ? OV_SPAN_LIT("hdb") : OV_SPAN_LIT("hsb")};

    for (size_t i = 0; i < t->n; i++) {
        const struct rule *r = &t->rules[i];

        if ((r->kind == OV_MD5) != is_md5 || (i > 0 && is_same_file(r - 1, r)))
            continue;
        put_rule(&b, r);
        ++*ret_n;
    }
    OV_TRY(ov_buf_status(&b));
    if (b.len == 0)
        return OV_OK;
    if (!ov_arena_copy(t->arena, ov_buf_span(&b), &database.source))
        return OV_NO_MEMORY;
    return ov_feed_add(set, t->arena, feed, &database);
}

static void tell_all(const struct taker *t, size_t n)
{
    (void)tell_error("intelligence: %zu hash rules", n);
    for (unsigned i = 0; i < OV_N_INTEL_SKIP; i++) {
        OV_AUTO_DONE(buf) line = ov_buf_with_max(LINE_MAX_LEN);

        if (ov_intel_left_out_put(&t->left_out, i, &line))
            (void)tell_error("%.*s", (int)line.len, (const char *)line.ptr);
    }
}

static enum ov_status run(struct ov_record_set *set, struct taker *t,
                          struct ov_span feed, struct ov_intel_import *import)
{
    const struct ov_intel_sink sink = {take_item, leave_out, t};
    size_t n = 0;

    OV_TRY(ov_intel_import_run(import, &sink));
    if (t->n > 0)
        qsort(t->rules, t->n, sizeof(*t->rules), compare_rules);
    OV_TRY(add_database(set, t, feed, true, &n));
    OV_TRY(add_database(set, t, feed, false, &n));
    tell_all(t, n);
    return OV_OK;
}

enum ov_status feed_intel_add(struct ov_record_set *set, struct ov_arena *arena,
                              struct ov_span feed,
                              const struct ov_intel_options *options,
                              const struct ov_span *documents, size_t n)
{
    struct ov_intel_import *import = ov_intel_import_new(arena, options);
    struct taker t = {.arena = arena};
    enum ov_status status = OV_OK;

    if (import == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        OV_TRY(ov_intel_import_add(import, documents[i]));
    ov_intel_left_out_init(&t.left_out, NULL);
    status = run(set, &t, feed, import);
    ov_intel_left_out_done(&t.left_out);
    ov_free(t.rules);
    return status;
}
