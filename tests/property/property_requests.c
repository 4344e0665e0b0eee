/* SPDX-License-Identifier: Apache-2.0 */
#include "random.h"
#include "request_kit.h"

/* The table of a half-year against a plain recount: a model that keeps words as
 * they were written, and for each cell of the table goes through all requests
 * again. Names of columns are taken from the table's own first line. */

#define ROUNDS 60
#define MAX_REQUESTS 60
#define N_WORDS(list) (sizeof(list) / sizeof((list)[0]))

static const char *const authorities[] = {"police",       "prosecutor", "court",
                                          "intelligence", "regulator",  "cert",
                                          "other"};
static const char *const vias[] = {"direct", "mlat", "interpol", "europol"};
static const char *const kinds[] = {"user_data",      "technical_expertise",
                                    "removal",        "preservation",
                                    "source_or_keys", "change_of_product"};
static const char *const data_types[] = {
    "licence", "account",          "telemetry",     "sample",
    "ioc",     "malware_analysis", "expert_opinion"};
static const char *const reviews[] = {"valid", "invalid", "not_applicable"};
static const char *const decisions[] = {"provided", "partly", "rejected",
                                        "no_data", "withdrawn"};
static const char *const reasons[] = {"no_data", "not_valid", "out_of_scope",
                                      "overbroad", "conflict_of_laws"};
static const char *const countries[] = {"CH", "DE", "FR", "ZA", "AA"};

/* With the number of the day, to count days without a calendar. */
static const struct {
    const char *text;
    unsigned day;
} days[] = {{"2026-06-30", 181},
            {"2026-07-01", 182},
            {"2026-08-15", 227},
            {"2026-12-31", 365},
            {"2027-01-01", 366}};

struct plain {
    char id[16];
    const char *country;
    const char *authority;
    const char *via;
    const char *kind;
    const char *review; /* NULL: no decision */
    const char *decision;
    const char *reason; /* or NULL */
    bool given[N_WORDS(data_types)];
    const char *notified;
    unsigned received; /* of days */
    unsigned decided;
    unsigned subjects;
    unsigned accounts;
    bool is_challenged;
    bool is_closed;
    bool is_corrected;
    bool is_duplicate;
    uint8_t last[32];
};

struct model {
    struct ov_random random;
    struct request_log log;
    struct plain list[MAX_REQUESTS];
    unsigned n;
};

static unsigned below(struct model *m, size_t n)
{
    return (unsigned)ov_random_below(&m->random, n);
}

#define PICK(m, list) ((list)[below(m, N_WORDS(list))])

static void put_facts(struct model *m, struct plain *p, struct ov_buf *b)
{
    p->country = PICK(m, countries);
    p->authority = PICK(m, authorities);
    p->via = PICK(m, vias);
    p->kind = PICK(m, kinds);
    p->subjects = below(m, 1000);
    ov_put_format(b, "received %s\ncountry %s\nauthority %s\nvia %s\nkind %s\n",
                  days[p->received].text, p->country, p->authority, p->via,
                  p->kind);
    ov_put_format(b, "basis A code\nsubjects %u\n", p->subjects);
}

static void add(struct model *m, struct plain *p, const char *type,
                struct ov_buf *lines)
{
    ov_put_u8(lines, 0);
    assert_int_equal(ov_buf_status(lines), OV_OK);
    request_log_add(&m->log, type, (const char *)lines->ptr);
    memcpy(p->last, m->log.last, sizeof(p->last));
}

static void receive(struct model *m)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(OV_ENTRY_MAX);
    struct plain *p = &m->list[m->n++];

    (void)snprintf(p->id, sizeof(p->id), "Q-%u", m->n);
    p->received = below(m, N_WORDS(days));
    ov_put_format(&b, "id %s\n", p->id);
    put_facts(m, p, &b);
    add(m, p, "request", &b);
}

static void put_given(struct model *m, struct plain *p, struct ov_buf *b)
{
    memset(p->given, 0, sizeof(p->given));
    p->accounts = 0;
    if (p->decision != decisions[0] && p->decision != decisions[1])
        return;
    ov_put_str(b, "disclosed Something\n");
    for (size_t i = 0; i < N_WORDS(data_types); i++) {
        p->given[i] = below(m, 3) == 0;
        if (p->given[i])
            ov_put_format(b, "data %s\n", data_types[i]);
    }
    p->accounts = below(m, 500);
}

static void decide(struct model *m, struct plain *p, struct ov_buf *b)
{
    p->decided = p->received + below(m, N_WORDS(days) - p->received);
    p->review = PICK(m, reviews);
    p->decision = PICK(m, decisions);
    p->reason = p->decision == decisions[0] || p->decision == decisions[4]
                    ? NULL
                    : PICK(m, reasons);
    p->notified = below(m, 2) == 0   ? "yes"
                  : below(m, 2) == 0 ? "no"
                                     : "barred_until:2030-01-01";
    ov_put_format(b, "decided %s\nreview %s\ndecision %s\n",
                  days[p->decided].text, p->review, p->decision);
    if (p->reason != NULL)
        ov_put_format(b, "reason %s\n", p->reason);
    put_given(m, p, b);
    ov_put_format(b, "accounts %u\nnotified %s\n", p->accounts, p->notified);
    add(m, p, "request-decision", b);
}

/* An event that cannot be: nothing of it may show. */
static void add_nonsense(struct model *m, struct plain *p, struct ov_buf *b)
{
    uint8_t before[32];

    memcpy(before, p->last, sizeof(before));
    ov_put_str(b, "decided 1999-01-01\nreview valid\ndecision no_data\n"
                  "accounts 0\nnotified yes\n");
    add(m, p, "request-decision", b);
    memcpy(p->last, before, sizeof(before));
}

static void end(struct model *m, struct plain *p, bool is_closing,
                struct ov_buf *b)
{
    ov_put_str(b, "date 2027-06-01\n");
    if (!is_closing)
        ov_put_str(b, "court A court\n");
    p->is_closed |= is_closing;
    p->is_challenged |= !is_closing;
    add(m, p, is_closing ? "request-closing" : "request-challenge", b);
}

static void correct(struct model *m, struct plain *p, struct ov_buf *b)
{
    put_facts(m, p, b);
    p->is_corrected = true;
    p->is_duplicate = p != &m->list[0] && below(m, 3) == 0;
    if (p->is_duplicate)
        ov_put_format(b, "duplicate-of %s\n", m->list[0].id);
    ov_put_str(b, "why A slip.\n");
    add(m, p, "request-correction", b);
}

static void happen(struct model *m)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(OV_ENTRY_MAX);
    struct plain *p = &m->list[below(m, m->n)];

    ov_put_format(&b, "id %s\n", p->id);
    put_prev(&b, p->last);
    switch (below(m, 6)) {
    case 0:
        correct(m, p, &b);
        return;
    case 1:
        if (!p->is_closed)
            end(m, p, below(m, 2) == 0, &b);
        return;
    case 2:
        add_nonsense(m, p, &b);
        return;
    default:
        if (!p->is_closed)
            decide(m, p, &b);
        return;
    }
}

/* -- the plain recount -- */

static bool is_word(const char *column, const char *prefix, const char *word)
{
    size_t len = strlen(prefix);

    return word != NULL && strncmp(column, prefix, len) == 0 &&
           strcmp(column + len, word) == 0;
}

static bool is_one_of(const struct plain *p, const char *first,
                      const char *second)
{
    return p->decision != NULL && (strcmp(p->decision, first) == 0 ||
                                   strcmp(p->decision, second) == 0);
}

/* What a request adds to a column of numbers; false: another kind of column. */
static bool plain_number(const struct plain *p, const char *column,
                         unsigned *ret)
{
    bool is_decided = p->decision != NULL;

    if (strcmp(column, "requests") == 0)
        *ret = 1;
    else if (strcmp(column, "pending") == 0)
        *ret = !is_decided;
    else if (strcmp(column, "processed") == 0)
        *ret = is_one_of(p, "provided", "partly");
    else if (strcmp(column, "rejected") == 0)
        *ret = is_one_of(p, "rejected", "no_data");
    else if (strcmp(column, "withdrawn") == 0)
        *ret = is_one_of(p, "withdrawn", "withdrawn");
    else if (strcmp(column, "subjects") == 0)
        *ret = p->subjects;
    else if (strcmp(column, "accounts") == 0)
        *ret = p->accounts;
    else if (strcmp(column, "days_sum") == 0 || strcmp(column, "days_max") == 0)
        *ret = is_decided ? days[p->decided].day - days[p->received].day : 0;
    else
        return false;
    return true;
}

static bool plain_flag(const struct plain *p, const char *column)
{
    for (size_t i = 0; i < N_WORDS(data_types); i++) {
        if (p->given[i] && is_word(column, "data_", data_types[i]))
            return true;
    }
    if (strcmp(column, "notified_barred") == 0)
        return p->notified != NULL && strlen(p->notified) > 3;
    return is_word(column, "decision_", p->decision) ||
           is_word(column, "reason_", p->reason) ||
           is_word(column, "review_", p->review) ||
           is_word(column, "authority_", p->authority) ||
           is_word(column, "via_", p->via) ||
           is_word(column, "notified_", p->notified) ||
           (p->is_challenged && strcmp(column, "challenged") == 0) ||
           (p->is_closed && strcmp(column, "closed") == 0) ||
           (p->is_corrected && strcmp(column, "corrected") == 0);
}

static unsigned plain_cell(const struct model *m, const char *column,
                           const char *country, const char *kind)
{
    unsigned sum = 0;

    for (unsigned i = 0; i < m->n; i++) {
        const struct plain *p = &m->list[i];
        unsigned value;

        if (p->is_duplicate || p->received == 0 || p->received == 4 ||
            (*country != '*' && strcmp(p->country, country) != 0) ||
            (*kind != '*' && strcmp(p->kind, kind) != 0))
            continue;
        if (!plain_number(p, column, &value))
            value = plain_flag(p, column);
        if (strcmp(column, "days_max") == 0)
            sum = value > sum ? value : sum;
        else
            sum += value;
    }
    return sum;
}

/* "a,b,c": a NUL for each comma; the number of fields. */
static size_t split(struct ov_span line, char *text, size_t size,
                    const char **fields, size_t max)
{
    size_t n = 0;

    assert_true(line.len < size);
    memcpy(text, line.ptr, line.len);
    text[line.len] = '\0';
    for (char *at = text; at != NULL && n < max; n++) {
        fields[n] = at;
        at = strchr(at, ',');
        if (at != NULL)
            *at++ = '\0';
    }
    return n;
}

#define MAX_FIELDS 80

static unsigned check_rows(const struct model *m, struct ov_span csv)
{
    char head_text[2048];
    char row_text[2048];
    const char *head[MAX_FIELDS];
    const char *row[MAX_FIELDS];
    struct ov_span line;
    size_t n_columns;
    unsigned n = 0;

    assert_true(ov_span_cut(&csv, '\n', &line));
    n_columns = split(line, head_text, sizeof(head_text), head, MAX_FIELDS);
    for (; csv.len > 0; n++) {
        assert_true(ov_span_cut(&csv, '\n', &line));
        assert_int_equal(
            split(line, row_text, sizeof(row_text), row, MAX_FIELDS),
            n_columns);
        assert_string_equal(row[0], "2026H2");
        for (size_t i = 3; i < n_columns; i++) {
            char plain[32];

            (void)snprintf(plain, sizeof(plain), "%u",
                           plain_cell(m, head[i], row[1], row[2]));
            assert_string_equal(row[i], plain);
        }
    }
    return n;
}

/* How many rows there should be: pairs that have a request, and totals. */
static unsigned count_rows(const struct model *m)
{
    unsigned n = N_WORDS(kinds) + 1;

    for (size_t i = 0; i < N_WORDS(countries); i++) {
        for (size_t j = 0; j < N_WORDS(kinds); j++)
            n += plain_cell(m, "requests", countries[i], kinds[j]) > 0;
    }
    return n;
}

static void a_table_is_what_a_plain_recount_gives(void **state)
{
    struct ov_random seeded = ov_random_seeded();

    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        OV_AUTO(arena) a = ov_arena_new(64 << 20);
        OV_AUTO_DONE(buf) csv = ov_buf_with_max(1 << 20);
        OV_AUTO_PTR struct model *m = ov_alloc(sizeof(*m));
        struct ov_request_report r;

        assert_non_null(m);
        m->random = seeded;
        request_log_begin(&m->log);
        while (m->n < 2 || (m->n < MAX_REQUESTS && below(m, 200) > 0)) {
            if (m->n < 2 || below(m, 3) == 0)
                receive(m);
            else
                happen(m);
        }
        assert_int_equal(ov_request_report_make(a, m->log.ledger,
                                                OV_SPAN_LIT("2026H2"),
                                                m->log.size, &r),
                         OV_OK);
        ov_put_request_csv(&csv, &r.table);
        assert_int_equal(check_rows(m, ov_buf_span(&csv)), count_rows(m));
        ov_request_ledger_free(m->log.ledger);
        seeded = m->random;
    }
}

OV_TEST_MAIN(OV_TEST(a_table_is_what_a_plain_recount_gives))
