/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "request_desk.h"

/* What an entry about requests says, as a sentence: who signs it should not
 * have to know what its words stand for. */

static struct ov_span value_of(const struct ov_entry *e, const char *name)
{
    struct ov_span value = {0};

    (void)ov_entry_value(e, name, 0, &value);
    return value;
}

/* What the words of a line mean, with commas between. */
static void put_meaning(struct ov_buf *b, const struct ov_entry *e,
                        const char *name, enum ov_request_list list)
{
    struct ov_span word;

    for (size_t i = 0; ov_entry_value(e, name, i, &word); i++) {
        enum ov_request_word w =
            ov_request_word_of(ov_request_bit(list, word), list);

        if (w == OV_N_REQUEST_WORD)
            continue;
        ov_put_str(b, i > 0 ? ", " : "");
        ov_put_str(b, ov_request_words[w].meaning);
    }
}

static void put_value(struct ov_buf *b, const char *before,
                      const struct ov_entry *e, const char *name,
                      const char *behind)
{
    ov_put_str(b, before);
    ov_put_escaped(b, value_of(e, name));
    ov_put_str(b, behind);
}

static void put_request(struct ov_buf *b, const struct ov_entry *e)
{
    put_value(b, "On ", e, "received", " ");
    put_meaning(b, e, "authority", OV_LIST_AUTHORITY);
    put_value(b, " of ", e, "country", " asked ");
    put_meaning(b, e, "via", OV_LIST_VIA);
    ov_put_str(b, " for ");
    put_meaning(b, e, "kind", OV_LIST_REQUEST_KIND);
    if (value_of(e, "data").len > 0) {
        ov_put_str(b, " (");
        put_meaning(b, e, "data", OV_LIST_DATA_TYPE);
        ov_put_str(b, ")");
    }
    put_value(b, ", about ", e, "subjects", " persons or accounts");
    put_value(b, ", by ", e, "basis", ".");
    if (value_of(e, "duplicate-of").len > 0)
        put_value(b, " It is the same as ", e, "duplicate-of",
                  " and is not counted.");
}

static void put_notified(struct ov_buf *b, const struct ov_entry *e)
{
    struct ov_span value = value_of(e, "notified");
    struct ov_span word;

    if (ov_entry_is(e, "notified", "yes")) {
        ov_put_str(b, " Its users were told.");
    } else if (ov_entry_is(e, "notified", "no")) {
        ov_put_str(b, " Its users were not told.");
    } else if (ov_span_cut(&value, ':', &word)) {
        ov_put_str(b, " Its users may not be told before ");
        ov_put_span(b, value);
        ov_put_str(b, ".");
    }
}

static void put_decision(struct ov_buf *b, const struct ov_entry *e)
{
    put_value(b, "What ", e, "id", " asked for is ");
    put_meaning(b, e, "decision", OV_LIST_DECISION);
    if (value_of(e, "reason").len > 0) {
        ov_put_str(b, ", since ");
        put_meaning(b, e, "reason", OV_LIST_REASON);
    }
    ov_put_str(b, "; the request was found to be ");
    put_meaning(b, e, "review", OV_LIST_REVIEW);
    ov_put_str(b, ". ");
    if (value_of(e, "disclosed").len > 0) {
        put_value(b, "Handed over: ", e, "disclosed", "");
        put_value(b, "; of ", e, "accounts", " accounts.");
    } else {
        ov_put_str(b, "Nothing is handed over.");
    }
    put_notified(b, e);
}

static size_t count(const struct ov_entry *e, const char *name)
{
    struct ov_span value;
    size_t n = 0;

    while (ov_entry_value(e, name, n, &value))
        n++;
    return n;
}

static void put_words(struct ov_buf *b, const struct ov_entry *e)
{
    if (e->type == OV_ENTRY_REQUEST || e->type == OV_ENTRY_REQUEST_CORRECTION)
        put_request(b, e);
    else if (e->type == OV_ENTRY_REQUEST_DECISION)
        put_decision(b, e);
    else if (e->type == OV_ENTRY_REQUEST_COMMITMENTS)
        ov_put_format(b,
                      "%zu digests. Which of them stand for something cannot "
                      "be seen.",
                      count(e, "commitment"));
    else if (e->type == OV_ENTRY_REQUEST_OPENING)
        ov_put_format(b,
                      "%zu commitments were to nothing, %zu to events that now "
                      "follow in the log.",
                      count(e, "empty"), count(e, "event"));
    else if (e->type == OV_ENTRY_REQUEST_REPORT)
        put_value(b, "The table of requests received in ", e, "period",
                  " is this one and no other.");
}

void request_tell(const struct ov_entry *e)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(64 << 10);

    put_words(&b, e);
    if (b.len > 0)
        tell("  In words: %.*s", (int)b.len, (const char *)b.ptr);
}
