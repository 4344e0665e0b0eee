/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/trace.h"

#include "base/text.h"
#include "trust/delta.h"
#include "trust/entry.h"

/*
 * Form (docs/protocol-rules.md, "Trace"):
 *
 *     overt-trace/v1 FROM TO
 *     node LEVEL HEX        hash of the full subtree of 2^LEVEL entries here
 *     entry LENGTH          and as many bytes: the entry here
 *     lines INDEX LENGTH    and as many bytes: of the manifest of feed INDEX
 *
 * The items cover FROM to TO without a gap. Only full, aligned subtrees stand
 * for what is left out (RFC 6962 section 2.1): they are parts of every larger
 * tree, so that a trace never has to be made again when the log grows, and two
 * that follow each other are one.
 */

#define MAX_HEAD 64

static unsigned fitting_level(uint64_t at, uint64_t end)
{
    unsigned level = 0;

    while ((at >> level & 1) == 0 && (UINT64_C(2) << level) <= end - at)
        level++;
    return level;
}

static void put_node(struct ov_buf *b, unsigned level,
                     const struct ov_span *entries)
{
    struct ov_merkle_stack tree = {0};
    uint8_t hash[OV_MERKLE_HASH];

    for (uint64_t i = 0; i < UINT64_C(1) << level; i++) {
        ov_merkle_leaf(entries[i], hash);
        ov_merkle_stack_add(&tree, hash);
    }
    ov_merkle_stack_root(&tree, hash);
    ov_put_format(b, "node %u ", level);
    ov_put_hex(b, ov_span_of(hash, sizeof(hash)));
    ov_put_u8(b, '\n');
}

static void put_lines(struct ov_buf *b, const struct ov_trace_source *s,
                      uint64_t due, size_t *next)
{
    for (; *next < s->n_lines && s->lines[*next].due == due; ++*next) {
        const struct ov_trace_lines *l = &s->lines[*next];

        ov_put_format(b, "lines %llu %zu\n", (unsigned long long)l->index,
                      l->bytes.len);
        ov_put_span(b, l->bytes);
    }
}

/* Where the run of entries that are left out ends. */
static uint64_t gap_end(const struct ov_trace_source *s, uint64_t at)
{
    while (at < s->to && !s->is_kept[at - s->from])
        at++;
    return at;
}

enum ov_status ov_put_trace(struct ov_buf *b, const struct ov_trace_source *s)
{
    uint64_t at = s->from;
    size_t next = 0;

    ov_put_format(b, "overt-trace/v1 %llu %llu\n", (unsigned long long)s->from,
                  (unsigned long long)s->to);
    while (at < s->to) {
        const struct ov_span *here = &s->entries[at - s->from];
        unsigned level;

        if (s->is_kept[at - s->from]) {
            ov_put_format(b, "entry %zu\n", here->len);
            ov_put_span(b, *here);
            put_lines(b, s, at, &next);
            at++;
            continue;
        }
        level = fitting_level(at, gap_end(s, at));
        put_node(b, level, here);
        at += UINT64_C(1) << level;
    }
    return ov_buf_status(b);
}

struct ov_trace_reader ov_trace_over(struct ov_span bytes, uint64_t from)
{
    return (struct ov_trace_reader){.rest = bytes, .at = from, .to = from};
}

static enum ov_status read_head(struct ov_trace_reader *r)
{
    struct ov_span line;
    uint64_t from;
    uint64_t to;

    if (!ov_span_cut(&r->rest, '\n', &line) || line.len > MAX_HEAD ||
        !ov_span_equal(ov_line_word(&line), OV_SPAN_LIT("overt-trace/v1")) ||
        !ov_parse_plain(ov_line_word(&line), OV_MERKLE_MAX_SIZE, &from) ||
        !ov_parse_plain(line, OV_MERKLE_MAX_SIZE, &to) || to < from)
        return OV_MALFORMED;
    if (from != r->at)
        return OV_BAD_PROOF;
    r->to = to;
    return OV_OK;
}

static enum ov_status read_entry(struct ov_trace_reader *r, struct ov_span rest,
                                 struct ov_trace_item *i)
{
    uint64_t len;

    if (!ov_parse_plain(rest, OV_ENTRY_MAX, &len) || r->at == r->to ||
        !ov_span_sub(r->rest, 0, len, &i->bytes))
        return OV_MALFORMED;
    r->rest = ov_span_clip(r->rest, len, r->rest.len);
    i->kind = OV_TRACE_ENTRY;
    r->at++;
    return OV_OK;
}

static enum ov_status read_lines(struct ov_trace_reader *r, struct ov_span rest,
                                 struct ov_trace_item *i)
{
    uint64_t len;

    if (!ov_parse_plain(ov_line_word(&rest), OV_MERKLE_MAX_SIZE, &i->index) ||
        !ov_parse_plain(rest, OV_TRACE_MAX, &len) ||
        !ov_span_sub(r->rest, 0, len, &i->bytes))
        return OV_MALFORMED;
    r->rest = ov_span_clip(r->rest, len, r->rest.len);
    i->kind = OV_TRACE_LINES;
    return OV_OK;
}

static enum ov_status read_node(struct ov_trace_reader *r, struct ov_span rest,
                                struct ov_trace_item *i)
{
    uint64_t level;
    uint64_t count;

    if (!ov_parse_plain(ov_line_word(&rest), 62, &level) ||
        !ov_hex_decode(rest, i->hash, sizeof(i->hash)))
        return OV_MALFORMED;
    count = UINT64_C(1) << level;
    if (r->at % count != 0 || r->to - r->at < count)
        return OV_MALFORMED;
    i->level = (unsigned)level;
    r->at += count;
    return OV_OK;
}

enum ov_status ov_trace_next(struct ov_trace_reader *r,
                             struct ov_trace_item *ret)
{
    struct ov_trace_item item = {0};
    struct ov_span line;
    struct ov_span word;

    /* Behind the last entry only lines may follow, then the next trace. */
    while (r->at == r->to && !ov_span_starts(r->rest, OV_SPAN_LIT("lines "))) {
        if (r->rest.len == 0)
            return OV_NOT_FOUND;
        OV_TRY(read_head(r));
    }
    item.index = r->at;
    if (!ov_span_cut(&r->rest, '\n', &line))
        return OV_MALFORMED;
    word = ov_line_word(&line);
    if (ov_span_equal(word, OV_SPAN_LIT("entry")))
        OV_TRY(read_entry(r, line, &item));
    else if (ov_span_equal(word, OV_SPAN_LIT("node")))
        OV_TRY(read_node(r, line, &item));
    else if (ov_span_equal(word, OV_SPAN_LIT("lines")))
        OV_TRY(read_lines(r, line, &item));
    else
        return OV_MALFORMED;
    *ret = item;
    return OV_OK;
}

enum ov_status ov_trace_add(struct ov_merkle_stack *tree, struct ov_span bytes)
{
    struct ov_trace_reader r = ov_trace_over(bytes, tree->size);
    struct ov_trace_item item;
    enum ov_status status;

    while ((status = ov_trace_next(&r, &item)) == OV_OK) {
        if (item.kind == OV_TRACE_LINES)
            continue;
        if (item.kind == OV_TRACE_ENTRY)
            ov_merkle_leaf(item.bytes, item.hash);
        status = ov_merkle_stack_add_full(tree, item.level, item.hash);
        if (status != OV_OK)
            return OV_MALFORMED;
    }
    return status == OV_NOT_FOUND ? OV_OK : status;
}

void ov_put_trace_path(struct ov_buf *b, const char *channel,
                       const struct ov_delta_tile *t)
{
    ov_put_format(b, "trace/%s/%u/%llu", channel, t->level,
                  (unsigned long long)t->n);
}

void ov_put_trace_base_path(struct ov_buf *b, const char *channel, uint64_t seq)
{
    ov_put_format(b, "trace/%s/base/%llu", channel, (unsigned long long)seq);
}
