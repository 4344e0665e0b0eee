/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "commands.h"
#include "staged.h"

/* overt-publish drill: that something was tried which is hoped never to happen,
 * when, and what came of it. A drill that failed is logged like one that
 * passed.
 */

static bool check(struct instance *in)
{
    static const struct {
        enum option option;
        const char *words;
    } needed[] = {
        {OPT_id, "--id: the drill's own name, as D-2026-01"},
        {OPT_kind, "--kind failover, recall, restore, keys, bundle, or another "
                   "word"},
        {OPT_result, "--result passed, partly or failed"},
        {OPT_why, "--why: what was tried, and what happened"},
        {OPT_as, "--as PERSON"},
    };

    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        if (option_get(&in->args, needed[i].option) == NULL)
            return tell_error("say %s", needed[i].words);
    }
    return true;
}

static void put_line(struct instance *in, struct ov_buf *b, const char *name,
                     enum option o)
{
    if (option_is_set(&in->args, o))
        ov_put_entry_line(b, name, "%s", option_get(&in->args, o));
}

static void put_date_line(struct instance *in, struct ov_buf *b)
{
    if (option_is_set(&in->args, OPT_on)) {
        put_line(in, b, "date", OPT_on);
        return;
    }
    ov_put_str(b, "date ");
    ov_put_date(b, in->now);
    ov_put_u8(b, '\n');
}

bool cmd_drill(struct instance *in)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(OV_ENTRY_MAX);
    const char *file = option_get(&in->args, OPT_file);
    const char *blob = NULL;
    struct ov_span bytes;

    if (!check(in) || (file != NULL && (!read_in(in, file, &bytes) ||
                                        !blob_put(in, bytes, &blob))))
        return false;
    ov_put_entry_head(&b, in->name, OV_ENTRY_DRILL);
    put_line(in, &b, "id", OPT_id);
    put_line(in, &b, "kind", OPT_kind);
    put_date_line(in, &b);
    put_line(in, &b, "region", OPT_region);
    put_line(in, &b, "result", OPT_result);
    put_line(in, &b, "minutes", OPT_minutes);
    put_line(in, &b, "what", OPT_why);
    if (blob != NULL)
        ov_put_entry_line(&b, "file", "%s", blob);
    put_line(in, &b, "author", OPT_as);
    ov_put_str(&b, "time ");
    ov_put_time(&b, in->now);
    ov_put_u8(&b, '\n');
    return staged_new(in, text(in, "drill-%s", option_get(&in->args, OPT_id)),
                      &b, option_get(&in->args, OPT_as));
}
