/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "formats/alert.h"

/* Alerts about text that holds many numbers of people: of payment cards, and of
 * social security in the United States.
 *
 * A card's number: its first six digits are of a range that is given out, it
 * has as many digits as cards of that range, and the last one is Luhn's. Blanks
 * and dashes may be anywhere among them, eight at most; as many digits are
 * taken as there may be. A social security number is three digits, two and
 * four, with dashes between or with none. No digit may be before or behind.
 *
 * Sources: ISO/IEC 7812-1 annex B (Luhn); ranges and the rest: clamscan 1.4.6
 * with --detect-structured (tests/oracle/alerts.py). It looks at stretches of
 * 8,191 bytes, and does not find what lies on a border of two. */

#define BREAKS_MAX 8
#define ISSUER_DIGITS 6
#define STEP_BYTES 4

static const struct range {
    uint32_t first;
    uint32_t last;
    uint8_t min_digits;
    uint8_t max_digits;
    bool is_credit;
} ranges[] = {
    {100000, 199999, 13, 15, false}, {222100, 272099, 16, 16, true},
    {300000, 305999, 14, 16, true},  {309500, 309599, 14, 16, true},
    {340000, 349999, 15, 15, true},  {352800, 358999, 16, 16, true},
    {360000, 369999, 14, 16, true},  {370000, 379999, 15, 15, true},
    {380000, 499999, 16, 16, true},  {500000, 509999, 16, 16, false},
    {510000, 559999, 16, 16, true},  {601100, 601199, 16, 16, true},
    {622126, 622926, 16, 16, true},  {624000, 626999, 16, 16, true},
    {628200, 628899, 16, 16, true},  {644000, 659999, 16, 16, true},
};

/* Numbers that have been read so far, from one place on. */
struct digits {
    struct ov_span text;
    size_t at; /* behind what was read */
    unsigned n_breaks;
    unsigned n;
    uint32_t issuer;  /* the first six digits */
    unsigned sums[2]; /* Luhn's, for an even and an odd number of digits */
};

static bool is_digit_at(struct ov_span s, size_t at)
{
    int c = ov_span_byte(s, at);

    return c >= '0' && c <= '9';
}

/* Doubled, and its digits added. */
static unsigned doubled(unsigned digit)
{
    return digit < 5 ? 2 * digit : 2 * digit - 9;
}

static void add_digit(struct digits *d, unsigned digit)
{
    d->sums[d->n % 2] += digit;
    d->sums[(d->n + 1) % 2] += doubled(digit);
    if (d->n < ISSUER_DIGITS)
        d->issuer = d->issuer * 10 + digit;
    d->n++;
}

/* Reads until there are n digits, or no more. */
static void read_digits(struct digits *d, unsigned n)
{
    for (; d->n < n; d->at++) {
        int c = ov_span_byte(d->text, d->at);

        if (is_digit_at(d->text, d->at))
            add_digit(d, (unsigned)(c - '0'));
        else if ((c != ' ' && c != '-') || d->n_breaks++ == BREAKS_MAX)
            return;
    }
}

static const struct range *range_of(uint32_t issuer)
{
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
        if (issuer >= ranges[i].first && issuer <= ranges[i].last)
            return &ranges[i];
    return NULL;
}

static bool is_card_at(struct ov_span text, size_t at, bool is_credit_only)
{
    struct digits d = {.text = text, .at = at};
    const struct range *range;

    read_digits(&d, ISSUER_DIGITS);
    range = d.n == ISSUER_DIGITS ? range_of(d.issuer) : NULL;
    if (range == NULL || (is_credit_only && !range->is_credit))
        return false;
    read_digits(&d, range->max_digits);
    /* the last digit is not doubled */
    return d.n >= range->min_digits && !is_digit_at(text, d.at) &&
           d.sums[(d.n - 1) % 2] % 10 == 0;
}

/* A number begins here. */
static bool is_start(struct ov_span text, size_t at)
{
    return is_digit_at(text, at) && (at == 0 || !is_digit_at(text, at - 1));
}

static uint64_t count_cards(struct ov_span text, bool is_credit_only,
                            uint64_t enough)
{
    uint64_t n = 0;

    for (size_t at = 0; at < text.len && n < enough; at++)
        if (is_start(text, at) && is_card_at(text, at, is_credit_only)) {
            n++;
            at += 15;
        }
    return n;
}

/* n digits at `at`, which goes past them; -1 if there are fewer. */
static int number_at(struct ov_span text, size_t *at, int n)
{
    int value = 0;

    for (; n > 0; n--, *at += 1) {
        if (!is_digit_at(text, *at))
            return -1;
        value = value * 10 + (ov_span_byte(text, *at) - '0');
    }
    return value;
}

static bool is_security_at(struct ov_span text, size_t at, bool has_dashes)
{
    int area = number_at(text, &at, 3);
    int group, serial;

    if (has_dashes && ov_span_byte(text, at++) != '-')
        return false;
    group = number_at(text, &at, 2);
    if (has_dashes && ov_span_byte(text, at++) != '-')
        return false;
    serial = number_at(text, &at, 4);
    return area > 0 && area <= 772 && area != 666 && group > 0 && serial > 0 &&
           !is_digit_at(text, at);
}

static uint64_t count_security(struct ov_span text, bool has_dashes,
                               uint64_t enough)
{
    uint64_t n = 0;

    for (size_t at = 0; at < text.len && n < enough; at++)
        n += is_start(text, at) && is_security_at(text, at, has_dashes);
    return n;
}

static bool is_wanted(const struct ov_alert_job *job, enum ov_alert alert)
{
    return (job->wanted & 1u << alert) != 0;
}

static enum ov_status pay(const struct ov_alert_job *job)
{
    return ov_budget_spend(job->budget, OV_COST_STEPS,
                           job->bytes.len / STEP_BYTES);
}

enum ov_status ov_alert_cards(const struct ov_alert_job *job, const char **ret)
{
    uint64_t enough = job->bounds[OV_BOUND_CARDS];

    *ret = NULL;
    OV_TRY(pay(job));
    if (count_cards(job->bytes, is_wanted(job, OV_ALERT_CREDIT_CARDS),
                    enough) >= enough)
        *ret = "Heuristics.Structured.CreditCardNumber";
    return OV_OK;
}

enum ov_status ov_alert_security(const struct ov_alert_job *job,
                                 const char **ret)
{
    uint64_t enough = job->bounds[OV_BOUND_SECURITY];
    uint64_t n = 0;

    *ret = NULL;
    OV_TRY(pay(job));
    if (is_wanted(job, OV_ALERT_SECURITY_DASHES))
        n = count_security(job->bytes, true, enough);
    if (is_wanted(job, OV_ALERT_SECURITY_PLAIN))
        n += count_security(job->bytes, false, enough);
    if (n >= enough)
        *ret = "Heuristics.Structured.SSN";
    return OV_OK;
}
