/* SPDX-License-Identifier: Apache-2.0 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "engine/evaluate_terms.h"
#include "match/place.h"

/* PCRE subsignatures, run by PCRE2's interpreter: a worker may not make memory
 * executable, so there is no JIT. Expressions are compiled when a rule first
 * needs them and kept, keyed by their place in the image. Bounded by counted
 * match and depth limits (clamscan's PCREMatchLimit and PCRERecMatchLimit), so
 * that a result does not depend on the machine's speed. */
#define MATCH_LIMIT 100000
#define DEPTH_LIMIT 2000
#define TABLE_LOG 9
#define MAX_REGEXES 384
#define STEPS_PER_MATCH_CALL 1000

struct entry {
    const uint8_t *key;
    uint32_t flags;
    pcre2_code *code; /* NULL: it does not compile here, or memory is out */
};

struct ov_regex_cache {
    struct entry table[1 << TABLE_LOG];
    size_t n;
    pcre2_match_context *context;
    pcre2_match_data *data;
};

struct ov_regex_cache *ov_regex_cache_new(void)
{
    struct ov_regex_cache *c = ov_alloc(sizeof(*c));

    if (c == NULL)
        return NULL;
    c->context = pcre2_match_context_create(NULL);
    c->data = pcre2_match_data_create(1, NULL);
    if (c->context == NULL || c->data == NULL) {
        ov_regex_cache_free(c);
        return NULL;
    }
    (void)pcre2_set_match_limit(c->context, MATCH_LIMIT);
    (void)pcre2_set_depth_limit(c->context, DEPTH_LIMIT);
    return c;
}

void ov_regex_cache_limit(struct ov_regex_cache *c, uint64_t max_calls,
                          uint64_t max_depth)
{
    (void)pcre2_set_match_limit(
        c->context, max_calls > UINT32_MAX ? UINT32_MAX : (uint32_t)max_calls);
    (void)pcre2_set_depth_limit(
        c->context, max_depth > UINT32_MAX ? UINT32_MAX : (uint32_t)max_depth);
}

static void forget_all(struct ov_regex_cache *c)
{
    for (size_t i = 0; i < sizeof(c->table) / sizeof(c->table[0]); i++)
        pcre2_code_free(c->table[i].code);
    memset(c->table, 0, sizeof(c->table));
    c->n = 0;
}

void ov_regex_cache_free(struct ov_regex_cache *c)
{
    if (c == NULL)
        return;
    forget_all(c);
    pcre2_match_context_free(c->context);
    pcre2_match_data_free(c->data);
    ov_free(c);
}

static uint32_t pcre_options(uint32_t flags)
{
    static const struct {
        uint32_t flag;
        uint32_t option;
    } table[] = {
        {OV_REGEX_CASELESS, PCRE2_CASELESS},
        {OV_REGEX_DOTALL, PCRE2_DOTALL},
        {OV_REGEX_MULTILINE, PCRE2_MULTILINE},
        {OV_REGEX_EXTENDED, PCRE2_EXTENDED},
        {OV_REGEX_ANCHORED, PCRE2_ANCHORED},
        {OV_REGEX_DOLLAR_ENDONLY, PCRE2_DOLLAR_ENDONLY},
        {OV_REGEX_UNGREEDY, PCRE2_UNGREEDY},
    };

    uint32_t options = 0;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (flags & table[i].flag)
            options |= table[i].option;
    return options;
}

static const pcre2_code *compiled(struct ov_regex_cache *c,
                                  const struct ov_regex *regex)
{
    size_t mask = ((size_t)1 << TABLE_LOG) - 1;
    size_t at = ((size_t)(uintptr_t)regex->source.ptr * 0x9e3779b97f4a7c15u) >>
                (64 - TABLE_LOG);
    int error;
    PCRE2_SIZE error_at;

    if (c->n == MAX_REGEXES)
        forget_all(c);
    while (c->table[at].key != NULL) {
        if (c->table[at].key == regex->source.ptr &&
            c->table[at].flags == regex->flags)
            return c->table[at].code;
        at = (at + 1) & mask;
    }
    c->table[at].key = regex->source.ptr;
    c->table[at].flags = regex->flags;
    c->table[at].code =
        pcre2_compile(regex->source.ptr, regex->source.len,
                      pcre_options(regex->flags), &error, &error_at, NULL);
    c->n++;
    return c->table[at].code;
}

/* The layout that a place refers to; NULL if none is needed. */
static enum ov_status layout_for(const struct ov_evaluation *e,
                                 const struct ov_place *place,
                                 const struct ov_layout **ret)
{
    const struct ov_facts *facts = NULL;

    *ret = NULL;
    if (!ov_place_needs_layout(place))
        return OV_OK;
    OV_TRY(ov_object_facts(e->object, e->arena, e->budget, &facts));
    *ret = &facts->layout;
    return OV_OK;
}

/* Where the expression is tried: ClamAV manual, "PCRE subsignatures". With an
 * offset it must match right there, or with the flag r anywhere behind it. A
 * maxshift lets it begin so many bytes later; with the flag e it is where the
 * subject ends. An EOF-n one byte before the start is no offset at all, and a
 * whole section or the version information is none either: so clamscan. Empty:
 * nowhere. */
static enum ov_status find_subject(const struct ov_evaluation *e,
                                   const struct ov_regex *regex,
                                   struct ov_span *ret)
{
    const struct ov_place *place = &regex->place;
    struct ov_place_range range = {0};
    const struct ov_layout *layout;
    uint64_t len = UINT64_MAX;

    *ret = ov_span_clip(e->view->bytes, 0, 0);
    if (place->kind == OV_PLACE_IN_SECTION ||
        place->kind == OV_PLACE_VERSION_INFO || place->kind == OV_PLACE_MACRO)
        return OV_OK;
    OV_TRY(layout_for(e, place, &layout));
    if (!ov_place_range(place, e->view->bytes.len, layout, 0, &range))
        return OV_OK;
    if (regex->flags & OV_REGEX_ENCOMPASS && place->shift > 0)
        len = place->shift;
    *ret = ov_span_clip(e->view->bytes, range.first, len);
    return OV_OK;
}

struct run {
    struct ov_regex_cache *cache;
    const pcre2_code *code;
    struct ov_span subject;
    uint32_t options;
    size_t from;
    size_t last; /* where a match may begin */
};

/* The next match at or behind run->from. */
static enum ov_status next_match(struct run *run, bool *ret_found)
{
    PCRE2_SIZE *ends = pcre2_get_ovector_pointer(run->cache->data);
    int n =
        pcre2_match(run->code, run->subject.ptr, run->subject.len, run->from,
                    run->options, run->cache->data, run->cache->context);

    *ret_found = n >= 0;
    if (n == PCRE2_ERROR_NOMATCH)
        return OV_OK;
    if (n < 0)
        return n == PCRE2_ERROR_NOMEMORY ? OV_NO_MEMORY : OV_LIMIT_WORK;
    if (ends[0] > run->last) {
        *ret_found = false;
        return OV_OK;
    }
    run->from = ends[1] > ends[0] ? ends[1] : ends[1] + 1;
    return OV_OK;
}

enum ov_status ov_regex_count(struct ov_regex_cache *c,
                              const struct ov_regex *regex,
                              struct ov_span subject, struct ov_budget *budget,
                              uint64_t *ret)
{
    struct run run = {.cache = c, .subject = subject, .last = SIZE_MAX};
    bool found = true;

    *ret = 0;
    run.code = compiled(c, regex);
    if (run.code == NULL)
        return OV_UNSUPPORTED;
    if (subject.len == 0)
        return OV_OK;
    if (regex->place.shift > 0 && (regex->flags & OV_REGEX_ENCOMPASS) == 0)
        run.last = regex->place.shift;
    else if (regex->place.kind != OV_PLACE_ANY && regex->place.shift == 0 &&
             (regex->flags & OV_REGEX_ROLLING) == 0)
        run.options = PCRE2_ANCHORED;
    while (found && run.from <= subject.len) {
        OV_TRY(ov_budget_spend(budget, OV_COST_STEPS,
                               STEPS_PER_MATCH_CALL + subject.len - run.from));
        OV_TRY(next_match(&run, &found));
        *ret += found;
        if ((regex->flags & OV_REGEX_GLOBAL) == 0)
            break;
    }
    return OV_OK;
}

enum ov_status ov_regex_term_count(const struct ov_evaluation *e,
                                   const struct ov_regex *regex, uint64_t *ret)
{
    struct ov_regex here = *regex;
    struct ov_span subject;

    if (here.place.kind == OV_PLACE_END &&
        (uint64_t)here.place.at == e->view->bytes.len + 1)
        here.place = (struct ov_place){.kind = OV_PLACE_ANY};
    OV_TRY(find_subject(e, &here, &subject));
    return ov_regex_count(e->regexes, &here, subject, e->budget, ret);
}
