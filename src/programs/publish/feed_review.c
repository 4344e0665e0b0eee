/* SPDX-License-Identifier: Apache-2.0 */
#include "feed_review.h"

#include "feed_import.h"
#include "feed_words.h"

/* The reviewer makes the records anew, and from them and from what the log says
 * of this feed the same manifest. */

/* One line each: brought, brought in place of another one, taken away. */
static void tell_change(const struct feed_words *w, struct ov_span manifest)
{
    size_t n_new = 0;
    size_t n_changed = 0;
    size_t n_gone = 0;
    size_t i = 0;
    struct ov_span line;

    while (ov_span_cut(&manifest, '\n', &line)) {
        struct ov_span id;
        bool is_known = false;

        (void)ov_span_cut(&line, ' ', &id);
        for (; i < w->n && ov_span_compare(w->all[i].id, id) <= 0; i++)
            is_known = ov_span_equal(w->all[i].id, id) && w->all[i].is_put;
        if (ov_span_equal(line, OV_SPAN_LIT("-")))
            n_gone++;
        else if (is_known)
            n_changed++;
        else
            n_new++;
    }
    tell("records: %zu new, %zu changed, %zu gone", n_new, n_changed, n_gone);
}

static bool compare(struct instance *in, const struct ov_entry *e,
                    const struct feed_words *w, struct ov_span manifest)
{
    const char *source = option_get(&in->args, OPT_source);
    OV_AUTO_DONE(buf) change = ov_buf_with_max(MAX_FILE);
    struct feed_import f;
    struct ov_span id;
    struct ov_span when;
    uint64_t time;
    bool is_same;

    if (source == NULL)
        return tell_error("say --source: the upstream file that you have "
                          "fetched yourself from the entry's URL");
    /* what was valid when the author took it */
    if (!ov_entry_value(e, "id", 0, &id) ||
        !ov_entry_value(e, "time", 0, &when) || !ov_time_parse(when, &time) ||
        !feed_import_run(in, text_of(in, id), source, time, &f))
        return false;
    feed_words_put_change(&change, w, ov_buf_span(&f.manifest));
    is_same = ov_buf_status(&change) == OV_OK &&
              ov_span_equal(ov_buf_span(&change), manifest) &&
              ov_entry_is(e, "upstream", f.upstream);
    feed_import_done(&f);
    return is_same ||
           tell_error("%s is not what the author took, or the feed has changed "
                      "in the log since: do not sign",
                      source);
}

bool feed_review(struct instance *in, const struct ov_entry *e)
{
    struct feed_words words;
    struct history h;
    struct ov_span id;
    struct ov_span name;
    struct ov_span manifest;

    if (!ov_entry_value(e, "id", 0, &id) ||
        !ov_entry_value(e, "manifest", 0, &name) ||
        !blob_get(in, name, &manifest) || !history_read(in, &h) ||
        !feed_words_read(in, &h, text_of(in, id), &words))
        return false;
    tell_change(&words, manifest);
    return compare(in, e, &words, manifest);
}
