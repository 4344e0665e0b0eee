/* SPDX-License-Identifier: Apache-2.0 */
#include "host/outbound.h"

#include <stdio.h>

#include "base/text.h"
#include "json/json.h"

/* A line is one JSON object, printed by the table outbound.def and read by it.
 * It names the digest of the line before it, so that none can be changed, left
 * out or put between without all behind it being made anew.
 *
 * Limits: whoever may write the file can make all of it anew, or cut its end;
 * a head that was noted elsewhere tells (overt outbound verify --head). */

#define ANY UINT32_MAX
#define BIT(kind) (1u << OUTBOUND_##kind)
#define REQUESTS BIT(REQUEST)
#define ENDS (BIT(RESULT) | BIT(CLOSED))
#define NOTES (BIT(SETTING) | BIT(NOTE))
#define REPAIRS BIT(REPAIR)

enum type {
    NUMBER,
    TEXT
};

static const struct field {
    const char *name;
    uint32_t kinds;
    enum type type;
    size_t at;
    const char *what;
} fields[] = {

#define OUTBOUND_FIELD(kinds, member, type, what)                              \
    {#member, kinds, type, offsetof(struct outbound_line, member), what},
#include "host/outbound.def"
#undef OUTBOUND_FIELD
};

#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

static const struct {
    const char *word;
    const char *what;
} kinds[] = {

#define OUTBOUND_KIND(id, word, what) {word, what},
#include "host/outbound.def"
#undef OUTBOUND_KIND
    {"other", "a line of a later version"}};

static const struct {
    const char *word;
    const char *what;
} purposes[] = {

#define OUTBOUND_PURPOSE(word, what) {word, what},
#include "host/outbound.def"
#undef OUTBOUND_PURPOSE
};

const char *outbound_kind_word(enum outbound_kind kind)
{
    return kinds[kind < OUTBOUND_N_KINDS ? kind : OUTBOUND_OTHER].word;
}

const char *outbound_kind_what(enum outbound_kind kind)
{
    return kinds[kind < OUTBOUND_N_KINDS ? kind : OUTBOUND_OTHER].what;
}

const char *outbound_purpose_what(struct ov_span purpose)
{
    for (size_t i = 0; i < sizeof(purposes) / sizeof(purposes[0]); i++)
        if (ov_span_equal(purpose, ov_span_str(purposes[i].word)))
            return purposes[i].what;
    return "a purpose that this version does not know";
}

static uint64_t *number_of(struct outbound_line *l, const struct field *f)
{
    return (uint64_t *)(void *)((uint8_t *)l + f->at);
}

static struct ov_span *text_of(struct outbound_line *l, const struct field *f)
{
    return (struct ov_span *)(void *)((uint8_t *)l + f->at);
}

static uint64_t get_number(const struct outbound_line *l, const struct field *f)
{
    return *(const uint64_t *)(const void *)((const uint8_t *)l + f->at);
}

static struct ov_span get_text(const struct outbound_line *l,
                               const struct field *f)
{
    return *(const struct ov_span *)(const void *)((const uint8_t *)l + f->at);
}

void outbound_begin(struct outbound_line *l, enum outbound_kind kind)
{
    *l = (struct outbound_line){.kind = kind};
    for (size_t i = 0; i < N_FIELDS; i++)
        if (fields[i].type == NUMBER)
            *number_of(l, &fields[i]) = OUTBOUND_NONE;
}

static bool has_field(const struct outbound_line *l, const struct field *f)
{
    if ((f->kinds & 1u << l->kind) == 0)
        return false;
    return f->type == NUMBER ? get_number(l, f) != OUTBOUND_NONE
                             : get_text(l, f).len > 0;
}

void outbound_put(struct ov_buf *b, const struct outbound_line *l,
                  const uint8_t prev[static OV_DIGEST_MAX])
{
    ov_put_format(b, "{\"seq\":%llu,\"time\":%lld,\"kind\":\"%s\"",
                  (unsigned long long)l->seq, (long long)l->time,
                  outbound_kind_word(l->kind));
    for (size_t i = 0; i < N_FIELDS; i++) {
        const struct field *f = &fields[i];

        if (!has_field(l, f))
            continue;
        ov_put_format(b, ",\"%s\":", f->name);
        if (f->type == NUMBER) {
            ov_put_format(b, "%llu", (unsigned long long)get_number(l, f));
            continue;
        }
        ov_put_u8(b, '"');
        ov_put_json(b, get_text(l, f));
        ov_put_u8(b, '"');
    }
    ov_put_str(b, ",\"prev\":\"");
    ov_put_hex(b, ov_span_of(prev, OV_DIGEST_MAX));
    ov_put_str(b, "\"}\n");
}

static enum outbound_kind find_kind(struct ov_span word)
{
    for (unsigned i = 0; i < OUTBOUND_OTHER; i++)
        if (ov_span_equal(word, ov_span_str(kinds[i].word)))
            return (enum outbound_kind)i;
    return OUTBOUND_OTHER;
}

static enum ov_status read_field(const struct ov_json *v, const struct field *f,
                                 struct outbound_line *l)
{
    const struct ov_json *member = ov_json_get(v, ov_span_str(f->name));
    int64_t n;

    if ((f->kinds & 1u << l->kind) == 0 || member == NULL)
        return OV_OK;
    if (f->type == TEXT)
        return ov_json_string(member, text_of(l, f));
    OV_TRY(ov_json_int(member, 0, OV_JSON_MAX_INT, &n));
    *number_of(l, f) = (uint64_t)n;
    return OV_OK;
}

enum ov_status outbound_read(struct ov_arena *arena, struct ov_span line,
                             struct outbound_line *ret,
                             uint8_t ret_prev[static OV_DIGEST_MAX])
{
    const struct ov_json *v;
    struct outbound_line l;
    struct ov_span word;
    struct ov_span prev;
    int64_t seq;
    int64_t time;

    OV_TRY(ov_json_parse(arena, line, OUTBOUND_MAX_LINE, &v));
    OV_TRY(ov_json_int(ov_json_get(v, OV_SPAN_LIT("seq")), 1, OV_JSON_MAX_INT,
                       &seq));
    OV_TRY(ov_json_int(ov_json_get(v, OV_SPAN_LIT("time")), 0, OV_JSON_MAX_INT,
                       &time));
    OV_TRY(ov_json_string(ov_json_get(v, OV_SPAN_LIT("kind")), &word));
    OV_TRY(ov_json_string(ov_json_get(v, OV_SPAN_LIT("prev")), &prev));
    if (!ov_hex_decode(prev, ret_prev, OV_DIGEST_MAX))
        return OV_MALFORMED;
    outbound_begin(&l, find_kind(word));
    l.seq = (uint64_t)seq;
    l.time = time;
    for (size_t i = 0; i < N_FIELDS; i++)
        OV_TRY(read_field(v, &fields[i], &l));
    *ret = l;
    return OV_OK;
}

void outbound_each_field(const struct outbound_line *l,
                         void (*field)(void *data, const char *name,
                                       struct ov_span value, const char *what),
                         void *data)
{
    for (size_t i = 0; i < N_FIELDS; i++) {
        const struct field *f = &fields[i];
        char number[24];

        if (!has_field(l, f))
            continue;
        if (f->type == TEXT) {
            field(data, f->name, get_text(l, f), f->what);
            continue;
        }
        (void)snprintf(number, sizeof(number), "%llu",
                       (unsigned long long)get_number(l, f)); /* is short */
        field(data, f->name, ov_span_str(number), f->what);
    }
}

/* ---- the chain ---- */

static void count(struct outbound_chain *c, const struct outbound_line *l)
{
    c->n_requests += l->kind == OUTBOUND_REQUEST;
    c->n_results += l->kind == OUTBOUND_RESULT;
    c->n_repairs += l->kind == OUTBOUND_REPAIR;
    if (l->kind != OUTBOUND_RESULT && l->kind != OUTBOUND_CLOSED)
        return;
    c->n_unknown += l->up == OUTBOUND_NONE;
    c->up += l->up == OUTBOUND_NONE ? 0 : l->up;
    c->down += l->down == OUTBOUND_NONE ? 0 : l->down;
}

enum ov_status outbound_follow(struct outbound_chain *c, struct ov_arena *arena,
                               struct ov_span line, struct outbound_line *ret)
{
    uint8_t prev[OV_DIGEST_MAX];
    enum ov_status status = outbound_read(arena, line, ret, prev);
    bool follows = false;

    if (status == OV_OK) {
        /* head is zero at first, and is what the first line ever names. A
         * ledger whose old part the owner put away begins later. */
        follows = memcmp(prev, c->head, sizeof(prev)) == 0 &&
                  (!c->has_begun || ret->seq == c->next_seq);
        follows |= !c->has_begun && ret->seq > 1;
        count(c, ret);
        c->next_seq = ret->seq;
        if (!c->has_begun)
            c->first_seq = ret->seq;
    }
    c->has_begun = true;
    c->next_seq++;
    OV_TRY(ov_digest(OV_SHA256, line, c->head));
    if (status != OV_OK)
        return status;
    return follows ? OV_OK : OV_BAD_DIGEST;
}
