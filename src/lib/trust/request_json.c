/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "trust/request_report.h"

/* The report as JSON (docs/protocol-entries.md, "What overt-monitor report
 * gives"). A line for each row and request, so that two of them can be
 * compared. */

static void put_string(struct ov_buf *b, const char *name, struct ov_span value)
{
    ov_put_format(b, "\"%s\": \"", name);
    ov_put_json(b, value);
    ov_put_u8(b, '"');
}

static void put_number(struct ov_buf *b, const char *name, uint64_t value)
{
    ov_put_format(b, "\"%s\": %llu", name, (unsigned long long)value);
}

static void put_date(struct ov_buf *b, const char *name, bool is_there,
                     uint64_t date)
{
    ov_put_format(b, "\"%s\": \"", name);
    if (is_there)
        ov_put_date(b, date);
    ov_put_u8(b, '"');
}

/* The word of a list in the set; "" if there is none. */
static void put_word(struct ov_buf *b, const char *name, uint64_t set,
                     enum ov_request_list list)
{
    enum ov_request_word w = ov_request_word_of(set, list);

    put_string(
        b, name,
        ov_span_str(w == OV_N_REQUEST_WORD ? "" : ov_request_words[w].word));
}

static void put_words(struct ov_buf *b, const char *name, uint64_t set)
{
    const char *comma = "";

    ov_put_format(b, "\"%s\": [", name);
    for (size_t i = 0; i < OV_N_REQUEST_WORD; i++) {
        if ((set & OV_REQUEST_BIT(i)) == 0)
            continue;
        ov_put_format(b, "%s\"%s\"", comma, ov_request_words[i].word);
        comma = ", ";
    }
    ov_put_u8(b, ']');
}

/* -- rows -- */

static void put_row(struct ov_buf *b, const struct ov_request_row *row)
{
    struct ov_request_cursor at = {0};
    struct ov_request_cell cell;

    ov_put_format(b, "    {\"country\": \"%s\", \"kind\": \"%s\"", row->country,
                  ov_request_kind_name(row->kind));
    while (ov_request_next_cell(row, &at, &cell))
        ov_put_format(b, ", \"%s%s\": %llu", cell.prefix, cell.name,
                      (unsigned long long)cell.number);
    ov_put_u8(b, '}');
}

static void put_rows(struct ov_buf *b, const char *name,
                     const struct ov_request_row *rows, size_t n)
{
    ov_put_format(b, "  \"%s\": [", name);
    for (size_t i = 0; i < n; i++) {
        ov_put_str(b, i == 0 ? "\n" : ",\n");
        put_row(b, &rows[i]);
    }
    ov_put_str(b, n == 0 ? "],\n" : "\n  ],\n");
}

/* -- requests -- */

static void put_facts(struct ov_buf *b, const struct ov_request *r)
{
    put_string(b, "id", r->id);
    ov_put_str(b, ", ");
    put_date(b, "received", true, r->received);
    ov_put_str(b, ", ");
    put_string(b, "country", r->country);
    ov_put_str(b, ", ");
    put_word(b, "authority", r->words, OV_LIST_AUTHORITY);
    ov_put_str(b, ", ");
    put_word(b, "via", r->words, OV_LIST_VIA);
    ov_put_str(b, ", ");
    put_word(b, "kind", r->words, OV_LIST_REQUEST_KIND);
    ov_put_str(b, ", ");
    put_words(b, "data", r->asked);
    ov_put_str(b, ", ");
    put_string(b, "basis", r->basis);
    ov_put_str(b, ", ");
    put_number(b, "subjects", r->subjects);
}

static void put_decision(struct ov_buf *b, const struct ov_request *r)
{
    put_word(b, "decision", r->decision, OV_LIST_DECISION);
    ov_put_str(b, ", ");
    put_date(b, "decided", r->is_decided, r->decided);
    if (r->is_decided)
        ov_put_format(b, ", \"days\": %llu, ",
                      (unsigned long long)((r->decided - r->received) / 86400));
    else
        ov_put_str(b, ", \"days\": null, ");
    put_word(b, "review", r->decision, OV_LIST_REVIEW);
    ov_put_str(b, ", ");
    put_word(b, "reason", r->decision, OV_LIST_REASON);
    ov_put_str(b, ", ");
    put_string(b, "disclosed", r->disclosed);
    ov_put_str(b, ", ");
    put_words(b, "disclosed_data", r->given);
    ov_put_str(b, ", ");
    put_number(b, "accounts", r->accounts);
    ov_put_str(b, ", ");
    put_string(b, "notified", r->notified);
}

static void put_request(struct ov_buf *b, const struct ov_request *r)
{
    const char *comma = "";

    ov_put_str(b, "    {");
    put_facts(b, r);
    ov_put_str(b, ",\n     ");
    put_decision(b, r);
    ov_put_str(b, ",\n     ");
    put_date(b, "challenged", r->is_challenged, r->challenged);
    ov_put_str(b, ", ");
    put_date(b, "closed", r->is_closed, r->closed);
    ov_put_str(b, ", ");
    put_number(b, "corrections", r->n_corrections);
    ov_put_str(b, ", ");
    put_string(b, "duplicate_of", r->duplicate_of);
    ov_put_str(b, ", ");
    put_date(b, "sealed_since", r->is_sealed, r->sealed_since);
    ov_put_str(b, ",\n     \"events\": [");
    for (const struct ov_request_event *e = r->events; e != NULL; e = e->next) {
        ov_put_format(b, "%s{\"index\": %llu, \"type\": \"%s\"}", comma,
                      (unsigned long long)e->index,
                      ov_entry_type_name(e->type));
        comma = ", ";
    }
    ov_put_str(b, "]}");
}

/* Those of the half-year, also such as count no more. */
static bool is_of(const struct ov_request *r, struct ov_span period)
{
    uint64_t from;
    uint64_t to;

    return ov_period_parse(period, &from, &to) && r->received >= from &&
           r->received < to;
}

static void put_requests(struct ov_buf *b, const struct ov_request_ledger *l,
                         struct ov_span period)
{
    const char *comma = "\n";

    ov_put_str(b, "  \"requests\": [");
    for (size_t i = 0; i < l->n_requests; i++) {
        if (!is_of(l->requests[i], period))
            continue;
        ov_put_str(b, comma);
        put_request(b, l->requests[i]);
        comma = ",\n";
    }
    ov_put_str(b, *comma == ',' ? "\n  ],\n" : "],\n");
}

/* -- the rest -- */

static void put_commitments(struct ov_buf *b, const struct ov_request_ledger *l,
                            const struct ov_request_report *r)
{
    ov_put_str(b, "  \"commitments\": {");
    put_number(b, "daily", l->daily);
    ov_put_str(b, ", ");
    put_number(b, "days", l->n_days);
    ov_put_str(b, ", ");
    put_number(b, "missing_days", l->missing_days);
    ov_put_str(b, ", ");
    put_date(b, "first", l->n_days > 0, l->first_day);
    ov_put_str(b, ", ");
    put_date(b, "last", l->n_days > 0, l->last_day);
    ov_put_str(b, ",\n    ");
    put_number(b, "made", l->n_commitments);
    ov_put_str(b, ", ");
    put_number(b, "opened_empty", r->n_empty);
    ov_put_str(b, ", ");
    put_number(b, "opened_events", r->n_told);
    ov_put_str(b, ", ");
    put_number(b, "unopened", r->n_unopened);
    ov_put_str(b, ", ");
    put_number(b, "overdue", r->n_overdue);
    ov_put_str(b, ", ");
    put_date(b, "oldest", r->n_unopened > 0, r->oldest);
    ov_put_str(b, "},\n");
}

static void put_value(struct ov_buf *b, const struct ov_entry *e,
                      const char *name)
{
    struct ov_span value = {0};

    (void)ov_entry_value(e, name, 0, &value);
    ov_put_str(b, ", ");
    put_string(b, name, value);
}

static enum ov_status put_history(struct ov_buf *b, struct ov_request_ledger *l)
{
    ov_put_str(b, "  \"history\": [");
    for (size_t i = 0; i < l->n_histories; i++) {
        const struct ov_entry *e = NULL;
        uint64_t n = 0;

        OV_TRY(ov_request_leaf_open(l, &l->histories[i], &e, NULL));
        ov_put_format(b, "%s    {\"index\": %llu", i == 0 ? "\n" : ",\n",
                      (unsigned long long)l->histories[i].index);
        put_value(b, e, "of");
        put_value(b, e, "source");
        put_value(b, e, "period");
        put_value(b, e, "country");
        put_value(b, e, "kind");
        (void)ov_entry_number(e, "requests", &n);
        ov_put_format(
            b, ", \"requests\": %llu, \"rejected\": ", (unsigned long long)n);
        if (ov_entry_number(e, "rejected", &n))
            ov_put_format(b, "%llu}", (unsigned long long)n);
        else
            ov_put_str(b, "null}");
    }
    ov_put_str(b, l->n_histories == 0 ? "],\n" : "\n  ],\n");
    return OV_OK;
}

static void put_published(struct ov_buf *b, const struct ov_request_report *r)
{
    ov_put_str(b, "  \"published\": [");
    for (size_t i = 0; i < r->n_published; i++) {
        const struct ov_request_published *p = &r->published[i];

        ov_put_format(b,
                      "%s    {\"index\": %llu, \"size\": %llu, \"table\": \"",
                      i == 0 ? "\n" : ",\n", (unsigned long long)p->index,
                      (unsigned long long)p->size);
        ov_put_entry_digest(b, p->digest);
        ov_put_format(b, "\", \"same\": %s}", p->is_same ? "true" : "false");
    }
    ov_put_str(b, r->n_published == 0 ? "],\n" : "\n  ],\n");
}

static void put_problems(struct ov_buf *b, const struct ov_request_ledger *l)
{
    size_t n = l->n_problems < OV_REQUEST_MAX_PROBLEMS
                   ? l->n_problems
                   : OV_REQUEST_MAX_PROBLEMS;

    ov_put_str(b, "  \"problems\": [");
    for (size_t i = 0; i < n; i++) {
        ov_put_format(b, "%s    {\"index\": %llu, ", i == 0 ? "\n" : ",\n",
                      (unsigned long long)l->problems[i].index);
        put_string(b, "what", ov_span_str(l->problems[i].what));
        ov_put_u8(b, '}');
    }
    ov_put_str(b, n == 0 ? "]\n" : "\n  ]\n");
}

enum ov_status ov_put_request_json(struct ov_buf *b,
                                   struct ov_request_ledger *l,
                                   const struct ov_request_report *r,
                                   const struct ov_request_log *log)
{
    ov_put_str(b, "{\n  \"format\": \"overt-request-report/1\",\n  ");
    put_string(b, "period", r->table.period);
    ov_put_str(b, ",\n  ");
    put_string(b, "origin", log->origin);
    ov_put_str(b, ",\n  ");
    put_number(b, "size", log->size);
    ov_put_str(b, ",\n  \"root\": \"");
    ov_put_hex(b, ov_span_of(log->root, sizeof(log->root)));
    ov_put_format(b, "\",\n  \"signatures\": %s,\n",
                  l->people != NULL ? "true" : "false");
    put_rows(b, "rows", r->table.rows, r->table.n_rows);
    put_rows(b, "totals", r->table.totals, r->table.n_totals);
    put_requests(b, l, r->table.period);
    put_commitments(b, l, r);
    OV_TRY(put_history(b, l));
    put_published(b, r);
    put_problems(b, l);
    ov_put_str(b, "}\n");
    return ov_buf_status(b);
}
