/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/evaluate_terms.h"

#include "base/text.h"

/* Terms that are more than a pattern: numbers near a match, members of a macro
 * group near a match, PCREs (regex.c), fuzzy image hashes. Formats: ClamAV
 * manual, "Logical signatures", its subsignature kinds. */
#define BYTECMP_MAX 32
#define MAX_NESTED_TRIGGERS 4

enum ov_status ov_terms_init(const struct ov_evaluation *e,
                             const struct ov_rule_view *rule,
                             struct ov_terms *ret)
{
    struct ov_terms t = {.e = e, .rule = rule};

    t.states = ov_arena_array(e->arena, rule->n_terms, sizeof(*t.states));
    if (t.states == NULL)
        return OV_NO_MEMORY;
    /* A rule of patterns alone needs no decoding of its terms. */
    if (rule->n_patterns == rule->n_terms) {
        for (uint32_t i = 0; i < rule->n_terms; i++) {
            t.states[i].is_known = true;
            t.states[i].hit = ov_hits_find(e->hits, rule->first_pattern + i);
        }
    } else {
        uint32_t pattern = rule->first_pattern;

        t.terms = ov_lookup_terms(e->image, rule, e->arena);
        if (t.terms == NULL)
            return e->image->store.is_damaged ? OV_BAD_DIGEST : OV_NO_MEMORY;
        for (uint32_t i = 0; i < rule->n_terms; i++) {
            if (t.terms[i].kind != OV_TERM_PATTERN)
                continue;
            t.states[i].is_known = true;
            t.states[i].hit = ov_hits_find(e->hits, pattern++);
        }
    }
    for (uint32_t i = 0; i < rule->n_terms; i++)
        if (t.states[i].hit != NULL)
            t.states[i].count = t.states[i].hit->n_matches;
    *ret = t;
    return OV_OK;
}

static bool has_hex_prefix(struct ov_span text)
{
    int x = ov_span_byte(text, 1);

    return text.len > 2 && ov_span_byte(text, 0) == '0' &&
           (x == 'x' || x == 'X');
}

/* As strtol does it: "0x" for base 16, then digits; none are 0. */
static bool parse_number(struct ov_span text, unsigned base, bool is_exact,
                         uint64_t *ret)
{
    bool is_negative = ov_span_byte(text, 0) == '-';
    uint64_t value = 0;
    size_t n;

    if (is_negative || ov_span_byte(text, 0) == '+')
        text = ov_span_clip(text, 1, text.len);
    if (base == 16 && has_hex_prefix(text))
        text = ov_span_clip(text, 2, text.len);
    for (n = 0; n < text.len; n++) {
        int digit = ov_hex_digit((uint8_t)ov_span_byte(text, n));

        if (digit < 0 || (unsigned)digit >= base)
            break;
        if (__builtin_mul_overflow(value, base, &value) ||
            __builtin_add_overflow(value, (uint64_t)digit, &value))
            return false;
    }
    if (is_exact && n < text.len)
        return false;
    *ret = is_negative ? 0 - value : value;
    return true;
}

static bool is_hex_or_x(int c)
{
    return c == 'x' || c == 'X' || (c >= 0 && ov_hex_digit((uint8_t)c) >= 0);
}

/* Little-endian hexadecimal text, pair by pair from the end: "0000BA" becomes
 * "BA0000". An odd one gets a zero in front; a pair that is not hexadecimal
 * makes all before it zeros, as in clamscan. */
static struct ov_span turn_pairs(struct ov_span text, char *ret)
{
    size_t odd = text.len % 2;
    size_t len = text.len + odd;

    memset(ret, '0', len);
    for (size_t i = 0; i + 1 < len; i += 2) {
        size_t at = len - i - 2;
        int high = at < odd ? '0' : ov_span_byte(text, at - odd);
        int low = ov_span_byte(text, at + 1 - odd);

        if (!is_hex_or_x(high) || !is_hex_or_x(low)) {
            memset(ret, '0', len);
            continue;
        }
        ret[i] = (char)high;
        ret[i + 1] = (char)low;
    }
    return ov_span_of(ret, len);
}

static uint64_t binary_number(struct ov_span bytes, bool is_little)
{
    uint64_t value = 0;

    for (size_t i = 0; i < bytes.len; i++) {
        size_t at = is_little ? bytes.len - 1 - i : i;

        value = value << 8 | (uint64_t)ov_span_byte(bytes, at);
    }
    return value;
}

static struct ov_span skip_blanks(struct ov_span text)
{
    size_t n = 0;
    int c;

    while ((c = ov_span_byte(text, n)) == ' ' || (c >= '\t' && c <= '\r'))
        n++;
    return ov_span_clip(text, n, text.len);
}

static bool read_number(const struct ov_bytecmp *b, struct ov_span bytes,
                        uint64_t *ret)
{
    char turned[BYTECMP_MAX + 1];
    struct ov_span text;
    uint8_t base = b->base;

    if (base == 'i') {
        *ret = binary_number(bytes, b->is_little);
        return bytes.len == 1 || bytes.len == 2 || bytes.len == 4 ||
               bytes.len == 8;
    }
    text = skip_blanks(bytes);
    if ((b->is_exact || base == 'a') && text.len < bytes.len)
        return false;
    if (base == 'a')
        base = has_hex_prefix(text) ? 'h' : 'd';
    if (base == 'd')
        return !b->is_little && parse_number(text, 10, b->is_exact, ret);
    if (b->is_little && text.len > 1)
        text = turn_pairs(text, turned);
    return parse_number(text, 16, b->is_exact, ret);
}

static bool compares(const struct ov_bytecmp *b, uint64_t value)
{
    for (unsigned i = 0; i < b->n_compare && i < 2; i++) {
        int64_t want = b->compare[i].value;
        int64_t have = (int64_t)value;
        char op = b->compare[i].op;

        if ((op == '<' && have >= want) || (op == '>' && have <= want) ||
            (op == '=' && have != want))
            return false;
    }
    return true;
}

/* The number is read relative to the trigger's last match, as clamscan does;
 * like clamscan not at the very start of the file, unless the offset is
 * positive. */
static uint64_t count_bytecmp(const struct ov_terms *t,
                              const struct ov_bytecmp *b)
{
    const struct ov_hit *hit = NULL;
    struct ov_span bytes;
    uint64_t value;
    int64_t at;

    if (b->trigger < t->rule->n_terms)
        hit = t->states[b->trigger].hit;
    if (hit == NULL || hit->last == NULL || b->n_bytes == 0 ||
        b->n_bytes > BYTECMP_MAX ||
        __builtin_add_overflow((int64_t)hit->last_at, b->offset, &at) ||
        at < 0 || (at == 0 && b->offset <= 0) ||
        (bytes = ov_object_bytes_at(t->e->object, t->e->view->bytes,
                                    (uint64_t)at, b->n_bytes))
                .len < b->n_bytes)
        return 0;
    return read_number(b, bytes, &value) && compares(b, value) ? 1 : 0;
}

/* For each lead match but the last: where hit's last match before the next lead
 * match begins, plus 1, if that is behind what latest has. */
static void follow(const struct ov_hit *lead, const struct ov_hit *hit,
                   uint64_t *latest)
{
    const struct ov_match *m = hit->first;
    uint64_t last = 0;
    size_t i = 0;

    for (const struct ov_match *l = lead->first; l->next != NULL; l = l->next) {
        for (; m != NULL && m->at < l->next->at; m = m->next)
            last = m->at + 1;
        if (last > latest[i])
            latest[i] = last;
        i++;
    }
}

/* clamscan looks whether a member followed a lead match when the lead matches
 * again, and then only at the last member that it has seen. */
static enum ov_status count_macro(const struct ov_terms *t,
                                  const struct ov_macro *macro, uint64_t *ret)
{
    const struct ov_hit *lead = NULL;
    struct ov_span members;
    uint64_t *latest;
    size_t i = 0;

    *ret = 0;
    if (macro->lead < t->rule->n_terms)
        lead = t->states[macro->lead].hit;
    if (lead == NULL || lead->first == NULL ||
        !ov_lookup_macro(t->e->image, macro->group, &members))
        return OV_OK;
    if (!ov_hit_is_whole(lead))
        return OV_LIMIT_COUNT;
    latest = ov_arena_array(t->e->arena, lead->n_matches, sizeof(*latest));
    if (latest == NULL)
        return OV_NO_MEMORY;
    for (size_t at = 0; at + 4 <= members.len; at += 4) {
        const struct ov_hit *hit = NULL;
        uint32_t id;

        if (ov_span_u32le(members, at, &id))
            hit = ov_hits_find(t->e->hits, id);
        OV_TRY(ov_budget_spend(t->e->budget, OV_COST_STEPS,
                               hit ? lead->n_matches + hit->n_matches : 1));
        if (hit != NULL && !ov_hit_is_whole(hit))
            return OV_LIMIT_COUNT;
        if (hit != NULL)
            follow(lead, hit, latest);
    }
    for (const struct ov_match *m = lead->first; m->next != NULL; m = m->next) {
        uint64_t last = latest[i++];

        *ret += last > 0 && last - 1 >= m->at + macro->min &&
                last - 1 <= m->at + macro->max;
    }
    return OV_OK;
}

static enum ov_status count_regex(struct ov_terms *t,
                                  const struct ov_regex *regex, uint64_t *ret)
{
    struct ov_evaluation_result trigger;

    *ret = 0;
    if (t->e->object->bytes.len > t->e->bounds[OV_BOUND_PCRE_FILE])
        return OV_OK;
    if (regex->trigger.len > 0) {
        if (t->n_nested == MAX_NESTED_TRIGGERS)
            return OV_MALFORMED;
        t->n_nested++;
        OV_TRY(ov_condition_run(t, regex->trigger, &trigger));
        t->n_nested--;
        if (!trigger.holds)
            return OV_OK;
    }
    return ov_regex_term_count(t->e, regex, ret);
}

static enum ov_status count_fuzzy(struct ov_terms *t,
                                  const struct ov_fuzzy *fuzzy, uint64_t *ret)
{
    const uint8_t *hash = NULL;
    int distance = 0;

    *ret = 0;
    if (!t->e->view->is_raw || (t->e->flags & OV_SCAN_NO_IMAGE_HASH) != 0)
        return OV_OK;
    OV_TRY(ov_object_image_hash(t->e->object, t->e->budget, &hash));
    if (hash == NULL)
        return OV_OK;
    for (size_t i = 0; i < OV_IMAGE_HASH_SIZE; i++)
        distance += __builtin_popcount(hash[i] ^ fuzzy->hash[i]);
    *ret = distance <= fuzzy->distance;
    return OV_OK;
}

static enum ov_status work_out(struct ov_terms *t, const struct ov_term *term,
                               uint64_t *ret)
{
    switch (term->kind) {
    case OV_TERM_REGEX:
        return count_regex(t, &term->regex, ret);
    case OV_TERM_BYTECMP:
        *ret = count_bytecmp(t, &term->bytecmp);
        return OV_OK;
    case OV_TERM_MACRO:
        return count_macro(t, &term->macro, ret);
    case OV_TERM_FUZZY:
        return count_fuzzy(t, &term->fuzzy, ret);
    case OV_TERM_PATTERN:
        break;
    }
    return OV_MALFORMED;
}

enum ov_status ov_terms_count(struct ov_terms *t, uint64_t i, uint64_t *ret)
{
    struct ov_term_state *state;

    if (i >= t->rule->n_terms)
        return OV_MALFORMED;
    state = &t->states[i];
    if (!state->is_known) {
        if (state->is_busy)
            return OV_MALFORMED;
        state->is_busy = true;
        OV_TRY(work_out(t, &t->terms[i], &state->count));
        state->is_busy = false;
        state->is_known = true;
    }
    *ret = state->count;
    return OV_OK;
}

bool ov_terms_is_unsure(const struct ov_terms *t, uint64_t i)
{
    return i < t->rule->n_terms && t->states[i].hit != NULL &&
           t->states[i].hit->is_count_unsure;
}
