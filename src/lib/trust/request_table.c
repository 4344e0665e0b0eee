/* SPDX-License-Identifier: Apache-2.0 */
#include "trust/request_table.h"

/* Counting. One pass over the requests; a row for each pair of country and kind
 * that has one, found by a place of its own in a table of all pairs, which also
 * gives their order. */

#define DAY UINT64_C(86400)
#define N_LETTERS 26
#define FIRST_KIND OV_WORD_USER_DATA
#define N_KINDS (OV_WORD_CHANGE_OF_PRODUCT - OV_WORD_USER_DATA + 1)
#define N_PLACES ((size_t)N_LETTERS * N_LETTERS * N_KINDS)

const char *ov_request_kind_name(enum ov_request_word kind)
{
    return kind == OV_N_REQUEST_WORD ? "*" : ov_request_words[kind].word;
}

bool ov_request_is_in(const struct ov_request *r, struct ov_span period)
{
    uint64_t from;
    uint64_t to;

    return ov_period_parse(period, &from, &to) && r->duplicate_of.len == 0 &&
           r->received >= from && r->received < to;
}

static size_t place_of(const struct ov_request *r)
{
    size_t a = (size_t)(ov_span_byte(r->country, 0) - 'A');
    size_t b = (size_t)(ov_span_byte(r->country, 1) - 'A');
    enum ov_request_word kind =
        ov_request_word_of(r->words, OV_LIST_REQUEST_KIND);

    return (a * N_LETTERS + b) * N_KINDS + (size_t)(kind - FIRST_KIND);
}

/* -- one request -- */

static void count_outcome(struct ov_request_row *row,
                          const struct ov_request *r)
{
    enum ov_request_word decision =
        r->is_decided ? ov_request_word_of(r->decision, OV_LIST_DECISION)
                      : OV_N_REQUEST_WORD;

    row->counts[OV_COUNT_PENDING] += decision == OV_N_REQUEST_WORD;
    row->counts[OV_COUNT_PROCESSED] +=
        decision == OV_WORD_PROVIDED || decision == OV_WORD_PARTLY;
    row->counts[OV_COUNT_REJECTED] +=
        decision == OV_WORD_REJECTED || decision == OV_WORD_NO_DATA;
    row->counts[OV_COUNT_WITHDRAWN] += decision == OV_WORD_WITHDRAWN;
}

static void count_decision(struct ov_request_row *row,
                           const struct ov_request *r)
{
    uint64_t days = (r->decided - r->received) / DAY;

    row->counts[OV_COUNT_ACCOUNTS] += r->accounts;
    row->counts[OV_COUNT_DAYS_SUM] += days;
    if (days > row->counts[OV_COUNT_DAYS_MAX])
        row->counts[OV_COUNT_DAYS_MAX] = days;
    if (ov_span_equal(r->notified, OV_SPAN_LIT("yes")))
        row->counts[OV_COUNT_NOTIFIED_YES]++;
    else if (ov_span_equal(r->notified, OV_SPAN_LIT("no")))
        row->counts[OV_COUNT_NOTIFIED_NO]++;
    else
        row->counts[OV_COUNT_NOTIFIED_BARRED]++;
}

static void count(struct ov_request_row *row, const struct ov_request *r)
{
    uint64_t words = r->words | r->decision | r->given;

    row->counts[OV_COUNT_REQUESTS]++;
    row->counts[OV_COUNT_SUBJECTS] += r->subjects;
    row->counts[OV_COUNT_CHALLENGED] += r->is_challenged;
    row->counts[OV_COUNT_CLOSED] += r->is_closed;
    row->counts[OV_COUNT_CORRECTED] += r->n_corrections > 0;
    row->counts[OV_COUNT_SEALED] += r->is_sealed;
    count_outcome(row, r);
    if (r->is_decided)
        count_decision(row, r);
    for (size_t i = 0; i < OV_N_REQUEST_WORD; i++)
        row->words[i] += (words & OV_REQUEST_BIT(i)) != 0;
}

/* -- the table -- */

static enum ov_status make_totals(struct ov_arena *a,
                                  struct ov_request_table *t)
{
    t->n_totals = N_KINDS + 1;
    t->totals = ov_arena_array(a, t->n_totals, sizeof(*t->totals));
    if (t->totals == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < t->n_totals; i++) {
        t->totals[i].country[0] = '*';
        t->totals[i].kind = i < N_KINDS ? (enum ov_request_word)(FIRST_KIND + i)
                                        : OV_N_REQUEST_WORD;
    }
    return OV_OK;
}

static enum ov_status count_into(struct ov_arena *a,
                                 struct ov_request_row **places,
                                 const struct ov_request *r,
                                 struct ov_request_table *t)
{
    size_t at = place_of(r);

    if (places[at] == NULL) {
        places[at] = ov_arena_alloc(a, sizeof(**places));
        if (places[at] == NULL)
            return OV_NO_MEMORY;
        places[at]->country[0] = (char)ov_span_byte(r->country, 0);
        places[at]->country[1] = (char)ov_span_byte(r->country, 1);
        places[at]->kind = (enum ov_request_word)(FIRST_KIND + at % N_KINDS);
        t->n_rows++;
    }
    count(places[at], r);
    count(&t->totals[at % N_KINDS], r);
    count(&t->totals[N_KINDS], r);
    return OV_OK;
}

enum ov_status ov_request_table_make(struct ov_arena *a,
                                     const struct ov_request_ledger *l,
                                     struct ov_span period,
                                     struct ov_request_table *ret)
{
    struct ov_request_table t = {.period = period};
    struct ov_request_row **places =
        ov_arena_array(a, N_PLACES, sizeof(struct ov_request_row *));
    uint64_t from;
    uint64_t to;
    size_t n = 0;

    if (!ov_period_parse(period, &from, &to))
        return OV_MALFORMED;
    if (places == NULL)
        return OV_NO_MEMORY;
    OV_TRY(make_totals(a, &t));
    for (size_t i = 0; i < l->n_requests; i++) {
        if (ov_request_is_in(l->requests[i], period))
            OV_TRY(count_into(a, places, l->requests[i], &t));
    }
    t.rows = ov_arena_array(a, t.n_rows, sizeof(*t.rows));
    if (t.rows == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < N_PLACES; i++) {
        if (places[i] != NULL)
            t.rows[n++] = *places[i];
    }
    *ret = t;
    return OV_OK;
}

/* -- columns -- */

/* Where a column's number is: in counts, or of a word. */
static const struct column {
    bool is_list;
    unsigned which; /* count, or list */
    const char *name;
} columns[] = {

#define COLUMN(id, name) {false, OV_COUNT_##id, name},
#define WORDS(list, prefix) {true, OV_LIST_##list, prefix},
#include "trust/request_columns.def"
#undef COLUMN
#undef WORDS
};
#define N_COLUMNS (sizeof(columns) / sizeof(columns[0]))

/* The next word of a list of columns; false: there is no more. */
static bool next_word(const struct ov_request_row *row, const struct column *c,
                      struct ov_request_cursor *at, struct ov_request_cell *ret)
{
    while (at->word < OV_N_REQUEST_WORD) {
        size_t w = at->word++;

        if ((unsigned)ov_request_words[w].list != c->which)
            continue;
        *ret = (struct ov_request_cell){c->name, ov_request_words[w].word,
                                        row->words[w]};
        return true;
    }
    at->word = 0;
    return false;
}

bool ov_request_next_cell(const struct ov_request_row *row,
                          struct ov_request_cursor *at,
                          struct ov_request_cell *ret)
{
    for (; at->column < N_COLUMNS; at->column++) {
        const struct column *c = &columns[at->column];

        if (c->is_list) {
            if (next_word(row, c, at, ret))
                return true;
            continue;
        }
        *ret = (struct ov_request_cell){"", c->name, row->counts[c->which]};
        at->column++;
        return true;
    }
    return false;
}

static void put_row(struct ov_buf *b, const struct ov_request_table *t,
                    const struct ov_request_row *row)
{
    struct ov_request_cursor at = {0};
    struct ov_request_cell cell;

    ov_put_span(b, t->period);
    ov_put_format(b, ",%s,%s", row->country, ov_request_kind_name(row->kind));
    while (ov_request_next_cell(row, &at, &cell))
        ov_put_format(b, ",%llu", (unsigned long long)cell.number);
    ov_put_u8(b, '\n');
}

void ov_put_request_csv(struct ov_buf *b, const struct ov_request_table *t)
{
    struct ov_request_cursor at = {0};
    struct ov_request_cell cell;

    ov_put_str(b, "period,country,kind");
    while (ov_request_next_cell(&t->totals[0], &at, &cell))
        ov_put_format(b, ",%s%s", cell.prefix, cell.name);
    ov_put_u8(b, '\n');
    for (size_t i = 0; i < t->n_rows; i++)
        put_row(b, t, &t->rows[i]);
    for (size_t i = 0; i < t->n_totals; i++)
        put_row(b, t, &t->totals[i]);
}
