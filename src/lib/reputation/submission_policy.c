/* SPDX-License-Identifier: Apache-2.0 */
#include "reputation/submission_policy.h"

/* The policy of docs/privacy.md, "Submissions".
 *
 * The rule of thumb is: what runs may be offered, what somebody wrote may not.
 * So a class that is offered is a list of types, and everything else, also what
 * is unknown, is not: a type that is added later is safe until somebody says
 * otherwise. A program with an archive behind it is an archive (installers and
 * self-extracting ones carry what their owner put in), and one with a private
 * key in it is a key. Both are looked for by their marks alone: who is wrongly
 * asked to name a file has lost a line of typing. */

struct class_row {
    const char *word;
    const char *words;
    bool is_offered;
};

static const struct class_row classes[] = {
#define OV_SUBMISSION_CLASS(id, word, is_offered, words)                       \
    [OV_SUBMISSION_##id] = {word, words, is_offered},
#include "reputation/submission_class.def"
#undef OV_SUBMISSION_CLASS
};

enum weight {
    HARD,
    NAMED,
};

struct reason_row {
    const char *words;
    enum weight weight;
};

static const struct reason_row reasons[] = {
#define OV_SUBMISSION_REASON(id, weight, words)                                \
    [OV_SUBMISSION_BECAUSE_##id] = {words, weight},
#include "reputation/submission_reason.def"
#undef OV_SUBMISSION_REASON
};

const char *ov_submission_class_word(enum ov_submission_class c)
{
    return c < OV_N_SUBMISSION_CLASSES ? classes[c].word : "?";
}

const char *ov_submission_class_words(enum ov_submission_class c)
{
    return c < OV_N_SUBMISSION_CLASSES ? classes[c].words : "?";
}

bool ov_submission_class_is_offered(enum ov_submission_class c)
{
    return c < OV_N_SUBMISSION_CLASSES && classes[c].is_offered;
}

bool ov_submission_class_from_word(struct ov_span word,
                                   enum ov_submission_class *ret)
{
    for (unsigned i = 0; i < OV_N_SUBMISSION_CLASSES; i++) {
        if (ov_span_equal(word, ov_span_str(classes[i].word))) {
            *ret = (enum ov_submission_class)i;
            return true;
        }
    }
    return false;
}

const char *ov_submission_reason_words(enum ov_submission_reason r)
{
    return r < OV_N_SUBMISSION_REASONS ? reasons[r].words : "?";
}

/* ---- the decision ---- */

static uint64_t or_default(uint64_t limit, uint64_t usual)
{
    return limit == 0 ? usual : limit;
}

static void add_reason(struct ov_submission_decision *d,
                       enum ov_submission_reason r, bool is_so)
{
    if (is_so)
        d->reasons |= UINT32_C(1) << r;
}

static void add_limits(struct ov_submission_decision *d,
                       const struct ov_submission_policy *p,
                       const struct ov_submission_item *i)
{
    uint64_t size = or_default(p->max_size, OV_SUBMISSION_MAX_SIZE);
    uint64_t count = or_default(p->max_count_a_day, OV_SUBMISSION_MAX_COUNT);
    uint64_t all = or_default(p->max_bytes_a_day, OV_SUBMISSION_MAX_BYTES);

    add_reason(d, OV_SUBMISSION_BECAUSE_NEVER, p->mode == OV_SUBMIT_NEVER);
    add_reason(d, OV_SUBMISSION_BECAUSE_EMPTY, i->facts.size == 0);
    add_reason(d, OV_SUBMISSION_BECAUSE_SIZE,
               i->facts.size > size || i->facts.size > OV_SAMPLE_MAX);
    add_reason(d, OV_SUBMISSION_BECAUSE_COUNT_TODAY, i->count_today >= count);
    add_reason(d, OV_SUBMISSION_BECAUSE_BYTES_TODAY,
               i->bytes_today > all || i->facts.size > all - i->bytes_today);
}

static bool has_weight(uint32_t bits, enum weight weight)
{
    for (unsigned i = 0; i < OV_N_SUBMISSION_REASONS; i++) {
        if ((bits & UINT32_C(1) << i) != 0 && reasons[i].weight == weight)
            return true;
    }
    return false;
}

static bool goes_unasked(const struct ov_submission_policy *p,
                         const struct ov_submission_item *i,
                         enum ov_submission_class class)
{
    return i->is_named || i->is_approved_rule ||
           (p->mode == OV_SUBMIT_AUTO &&
            (p->auto_classes & UINT32_C(1) << class) != 0);
}

struct ov_submission_decision
ov_submission_decide(const struct ov_submission_policy *policy,
                     const struct ov_submission_item *item)
{
    struct ov_submission_decision d = {.answer = OV_SUBMISSION_ASK};

    d.class = item->facts.class < OV_N_SUBMISSION_CLASSES ? item->facts.class
                                                          : OV_SUBMISSION_OTHER;
    add_limits(&d, policy, item);
    add_reason(&d, OV_SUBMISSION_BECAUSE_CLASS, !classes[d.class].is_offered);
    add_reason(&d, OV_SUBMISSION_BECAUSE_MARKER, item->facts.has_marker);
    add_reason(&d, OV_SUBMISSION_BECAUSE_PRIVATE, item->is_in_private_place);
    add_reason(&d, OV_SUBMISSION_BECAUSE_OTHERS, item->is_of_others);
    if (has_weight(d.reasons, HARD))
        d.answer = OV_SUBMISSION_REFUSE;
    else if (has_weight(d.reasons, NAMED) && !item->is_named)
        d.answer = OV_SUBMISSION_NAME;
    else if (goes_unasked(policy, item, d.class))
        d.answer = OV_SUBMISSION_SEND;
    return d;
}
