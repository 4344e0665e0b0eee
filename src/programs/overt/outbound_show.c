/* SPDX-License-Identifier: Apache-2.0 */
#include "outbound_show.h"

#include "base/text.h"
#include "host/when.h"

static void print_number(struct out *o, const char *before, uint64_t n,
                         const char *after)
{
    if (n == OUTBOUND_NONE)
        out_format(o, "%sunknown%s", before, after);
    else
        out_format(o, "%s%llu%s", before, (unsigned long long)n, after);
}

static void print_time(struct out *o, int64_t time)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(32);

    when_put(&text, time);
    out_escaped(o, ov_buf_span(&text));
}

static void print_request(struct out *o, const struct outbound_line *l)
{
    out_escaped(o, l->purpose);
    out_format(o, ": ");
    out_escaped(o, l->method);
    out_format(o, " ");
    out_escaped(o, l->to);
    out_escaped(o, l->path);
    if (l->range.len > 0) {
        out_format(o, ", bytes ");
        out_escaped(o, l->range);
    }
    if (l->body_len != OUTBOUND_NONE)
        print_number(o, ", with ", l->body_len, " bytes");
}

static void print_result(struct out *o, const struct outbound_line *l)
{
    print_number(o, "of ", l->of, ": ");
    out_escaped(o, l->result.len > 0 ? l->result : OV_SPAN_LIT("closed"));
    print_number(o, ", ", l->up, " bytes up, ");
    print_number(o, "", l->down, " down");
    if (l->address.len > 0) {
        out_format(o, ", ");
        out_escaped(o, l->address);
    }
    if (l->words.len > 0) {
        out_format(o, ", ");
        out_escaped(o, l->words);
    }
}

static void print_note(struct out *o, const struct outbound_line *l)
{
    out_escaped(o, l->name);
    out_format(o, ": ");
    if (l->old.len > 0) {
        out_escaped(o, l->old);
        out_format(o, " -> ");
    }
    out_escaped(o, l->text);
}

static void print_kind(struct out *o, const struct outbound_line *l)
{
    switch (l->kind) {
    case OUTBOUND_REQUEST:
        print_request(o, l);
        break;
    case OUTBOUND_RESULT:
    case OUTBOUND_CLOSED:
        print_result(o, l);
        break;
    case OUTBOUND_SETTING:
    case OUTBOUND_NOTE:
        print_note(o, l);
        break;
    case OUTBOUND_REPAIR:
        print_number(o, "", l->torn_len, " bytes of a torn line taken away");
        break;
    case OUTBOUND_OTHER:
    case OUTBOUND_N_KINDS:
    default:
        out_format(o, "%s", outbound_kind_what(l->kind));
        break;
    }
}

void outbound_print_row(struct out *o, const struct outbound_line *l)
{
    out_format(o, "%6llu  ", (unsigned long long)l->seq);
    print_time(o, l->time);
    out_format(o, "  %-8s ", outbound_kind_word(l->kind));
    print_kind(o, l);
    out_format(o, "\n");
}

static void print_field(void *data, const char *name, struct ov_span value,
                        const char *what)
{
    struct out *o = data;

    out_format(o, "  %-12s ", name);
    out_escaped(o, value);
    out_format(o, "\n  %-12s   %s\n", "", what);
}

void outbound_print_fields(struct out *o, const struct outbound_line *l)
{
    out_format(o, "line %llu, ", (unsigned long long)l->seq);
    print_time(o, l->time);
    out_format(o, ", %s: %s\n", outbound_kind_word(l->kind),
               outbound_kind_what(l->kind));
    outbound_each_field(l, print_field, o);
}

/* ---- in sentences ---- */

static void explain_request(struct out *o, const struct outbound_line *l)
{
    out_format(o, "On ");
    print_time(o, l->time);
    out_format(o, " \"");
    out_escaped(o, l->process);
    out_format(o, "\" of user %llu was about to ask ",
               (unsigned long long)l->uid);
    out_escaped(o, l->to);
    out_format(o, "\nfor ");
    out_escaped(o, l->path);
    if (l->range.len > 0) {
        out_format(o, ", bytes ");
        out_escaped(o, l->range);
        out_format(o, " of it");
    }
    out_format(o, ".\nWhat for: %s.\n", outbound_purpose_what(l->purpose));
    if (l->body_len == OUTBOUND_NONE)
        out_format(o, "No body was sent: the path and range are all that it "
                      "told of this machine,\nbeside its address and the time; "
                      "every client sends the same header lines.\n");
    else
        out_format(o,
                   "A body of %llu bytes was sent; overt outbound show "
                   "%llu has its digest, and the\nbody itself if it was "
                   "small.\n",
                   (unsigned long long)l->body_len, (unsigned long long)l->seq);
    if (l->consent.len > 0) {
        out_format(o, "It is covered by the consent ");
        out_escaped(o, l->consent);
        out_format(o, ".\n");
    }
}

static void explain_result(struct out *o, const struct outbound_line *l)
{
    out_format(o, "How it ended: ");
    out_escaped(o, l->result);
    if (l->words.len > 0) {
        out_format(o, " (");
        out_escaped(o, l->words);
        out_format(o, ")");
    }
    out_format(o, ". ");
    if (l->up == OUTBOUND_NONE) {
        out_format(o, "The process that sent it died, so nobody counted the "
                      "bytes.\n");
        return;
    }
    out_format(o,
               "The kernel counted %llu bytes up and %llu down,\nTLS "
               "included, on %s.\n",
               (unsigned long long)l->up, (unsigned long long)l->down,
               l->connections == 0 ? "a connection that was open already"
                                   : "connections opened for it");
    if (l->certificate.len > 0) {
        out_format(o, "The server's certificate has the SHA-256 ");
        out_escaped(o, l->certificate);
        out_format(o, ".\n");
    }
}

void outbound_print_words(struct out *o, const struct outbound_line *l)
{
    if (l->kind == OUTBOUND_REQUEST)
        explain_request(o, l);
    else if (l->kind == OUTBOUND_RESULT)
        explain_result(o, l);
    else
        outbound_print_fields(o, l);
}

/* ---- verify ---- */

static void print_chain_json(struct out *o, const struct outbound_chain *c,
                             bool is_good, uint64_t n_bad, uint64_t torn_len)
{
    out_format(o,
               "{\"ok\":%s,\"first\":%llu,\"last\":%llu,\"bad\":%llu,"
               "\"torn\":%llu,\"requests\":%llu,\"results\":%llu,"
               "\"repairs\":%llu,\"up\":%llu,\"down\":%llu,\"unknown\":%llu",
               is_good ? "true" : "false", (unsigned long long)c->first_seq,
               (unsigned long long)(c->has_begun ? c->next_seq - 1 : 0),
               (unsigned long long)n_bad, (unsigned long long)torn_len,
               (unsigned long long)c->n_requests,
               (unsigned long long)c->n_results,
               (unsigned long long)c->n_repairs, (unsigned long long)c->up,
               (unsigned long long)c->down, (unsigned long long)c->n_unknown);
    out_format(o, ",\"head\":\"");
    if (c->has_begun) {
        out_format(o, "%llu:", (unsigned long long)c->next_seq - 1);
        ov_put_hex(&o->text, ov_span_of(c->head, sizeof(c->head)));
    }
    out_format(o, "\"}\n");
}

static void print_remarks(struct out *o, const struct outbound_chain *c,
                          uint64_t torn_len)
{
    if (c->first_seq > 1)
        out_format(o, "Lines before %llu are not here.\n",
                   (unsigned long long)c->first_seq);
    if (c->n_requests > c->n_results)
        out_format(o,
                   "%llu requests have no result: the program was ended, or "
                   "is at it now.\n",
                   (unsigned long long)(c->n_requests - c->n_results));
    if (c->n_unknown > 0)
        out_format(o, "Of %llu results nobody counted the bytes.\n",
                   (unsigned long long)c->n_unknown);
    if (c->n_repairs > 0)
        out_format(o, "%llu times a crash had torn off the end.\n",
                   (unsigned long long)c->n_repairs);
    if (torn_len > 0)
        out_format(o,
                   "The last %llu bytes are a torn line, of which nothing was "
                   "sent; the next line will\nsay so.\n",
                   (unsigned long long)torn_len);
}

void outbound_print_chain(struct out *o, const struct outbound_chain *c,
                          bool is_good, uint64_t n_bad, uint64_t torn_len,
                          bool is_json)
{
    if (is_json) {
        print_chain_json(o, c, is_good, n_bad, torn_len);
        return;
    }
    if (!c->has_begun) {
        out_format(o, "Nothing was ever sent from here.\n");
        return;
    }
    out_format(o, "lines %llu to %llu: %s\n", (unsigned long long)c->first_seq,
               (unsigned long long)c->next_seq - 1,
               is_good ? "each follows the one before"
                       : "NOT an unbroken chain");
    out_format(
        o, "%llu requests, %llu results, %llu bytes up, %llu bytes down\n",
        (unsigned long long)c->n_requests, (unsigned long long)c->n_results,
        (unsigned long long)c->up, (unsigned long long)c->down);
    print_remarks(o, c, torn_len);
    out_format(o, "head %llu:", (unsigned long long)c->next_seq - 1);
    ov_put_hex(&o->text, ov_span_of(c->head, sizeof(c->head)));
    out_format(o, "\n");
}
