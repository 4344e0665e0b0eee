/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "feed_import.h"
#include "feed_review.h"
#include "feed_words.h"
#include "staged.h"

/* A feed: rules that somebody else publishes, taken as one batch. The entry
 * says where it came from, which version and which bytes; its manifest lists
 * which records this brings and takes away. The second person fetches the same
 * upstream file on another machine, makes the records again, and compares. */

static bool put_feed(struct instance *in, const struct feed_import *f,
                     struct ov_buf *b, uint64_t *ret_rev)
{
    const struct arguments *a = &in->args;
    struct ov_opened *before = ov_arena_alloc(in->arena, sizeof(*before));
    OV_AUTO_DONE(buf) change = ov_buf_with_max(MAX_FILE);
    struct feed_words words;
    struct history h;
    const char *manifest;
    uint64_t index = 0;
    uint64_t rev = 0;
    bool is_known;
    size_t n;

    if (before == NULL || !history_read(in, &h) ||
        !feed_words_read(in, &h, option_get(a, OPT_id), &words))
        return false;
    feed_words_put_change(&change, &words, ov_buf_span(&f->manifest));
    if (ov_buf_status(&change) != OV_OK)
        return tell_error("out of memory");
    if (!blob_put(in, ov_buf_span(&change), &manifest))
        return false;
    is_known = history_newest(in, &h, OV_ENTRY_FEED, option_get(a, OPT_id),
                              before, &index) &&
               ov_entry_number(&before->entry, "rev", &rev);
    (void)ov_record_set_list(f->set, &n);
    ov_put_entry_head(b, in->name, OV_ENTRY_FEED);
    ov_put_entry_line(b, "id", "%s", option_get(a, OPT_id));
    ov_put_entry_line(b, "rev", "%llu", (unsigned long long)rev + 1);
    ov_put_entry_line(b, "op", "%s", is_known ? "modify" : "add");
    if (is_known)
        ov_put_entry_line(b, "replaces", "%llu", (unsigned long long)index);
    ov_put_entry_line(b, "url", "%s", option_get(a, OPT_url));
    ov_put_entry_line(b, "version", "%s", option_get(a, OPT_version));
    ov_put_entry_line(b, "upstream", "%s", f->upstream);
    ov_put_entry_line(b, "records", "%zu", n);
    ov_put_entry_line(b, "manifest", "%s", manifest);
    if (option_get(a, OPT_why) != NULL)
        ov_put_entry_line(b, "why", "%s", option_get(a, OPT_why));
    ov_put_entry_line(b, "author", "%s", option_get(a, OPT_as));
    ov_put_str(b, "time ");
    ov_put_time(b, in->now);
    ov_put_u8(b, '\n');
    *ret_rev = rev + 1;
    return true;
}

bool cmd_import_feed(struct instance *in)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(OV_ENTRY_MAX);

    static const enum option wanted[] = {OPT_id, OPT_url, OPT_version, OPT_as,
                                         OPT_source};
    struct feed_import f;
    uint64_t rev;
    const char *name;
    bool ok;

    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        if (option_get(&in->args, wanted[i]) == NULL)
            return tell_error("say --id, --source, --url, --version and --as");
    }
    if (!feed_import_run(in, option_get(&in->args, OPT_id),
                         option_get(&in->args, OPT_source), in->now, &f))
        return false;
    ok = put_feed(in, &f, &b, &rev);
    feed_import_done(&f);
    if (!ok)
        return false;
    name = text(in, "feed-%s-r%llu", option_get(&in->args, OPT_id),
                (unsigned long long)rev);
    return staged_new(in, name, &b, option_get(&in->args, OPT_as)) &&
           staged_sign_as_ci(in, name);
}
