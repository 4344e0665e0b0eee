/* SPDX-License-Identifier: Apache-2.0 */
#include "quarantine_recalled.h"

#include "host/config.h"
#include "host/quarantine_place.h"
#include "host/state_place.h"
#include "trust/recalled.h"

/* A recall silences a rule, but what the rule has put into quarantine stays
 * there until its owner restores it: another rule may find the same. So it is
 * only told. */

#define MAX_LIST ((size_t)4 << 20)

void quarantine_recalled_read(struct ov_buf *into)
{
    OV_AUTO(state) state = NULL;
    struct ov_diag diag = {0};

    *into = ov_buf_with_max(MAX_LIST);
    if (state_place_open(&state, &diag) == OV_OK &&
        ov_state_get(state, OV_UPDATE_RECALLED, into) != OV_OK)
        into->len = 0;
}

bool quarantine_recalled_find(const struct ov_buf *list,
                              const struct quarantine_meta *m,
                              struct ov_span *ret)
{
    return ov_recalled_find(ov_buf_span(list), m->source, ret);
}

static size_t count(struct quarantine *q, const struct ov_buf *list)
{
    OV_AUTO_PTR struct quarantine_name *names = NULL;
    size_t n_recalled = 0;
    size_t n;

    if (quarantine_list(q, &names, &n) != OV_OK)
        return 0;
    for (size_t i = 0; i < n; i++) {
        __attribute__((cleanup(
            quarantine_item_done))) struct quarantine_item item = {.fd = -1};
        struct ov_diag diag = {0};
        char id[QUARANTINE_ID_MAX];
        struct ov_span words;

        if (quarantine_get(q, names[i].id, id, &item, &diag) == OV_OK &&
            quarantine_recalled_find(list, &item.meta, &words))
            n_recalled++;
    }
    return n_recalled;
}

void quarantine_recalled_status(struct out *o, bool is_json)
{
    struct quarantine_settings settings = {.folder = NULL};
    OV_AUTO_DONE(buf) list = ov_buf_with_max(MAX_LIST);
    struct quarantine *q = NULL;
    size_t n = 0;

    quarantine_recalled_read(&list);
    if (list.len > 0 &&
        config_apply(&quarantine_options, "quarantine", &settings) &&
        quarantine_place_open(&settings, 0, &q) == OV_OK)
        n = count(q, &list);
    quarantine_close(q);
    if (is_json)
        out_format(o, ",\"quarantine_recalled\":%zu", n);
    else if (n > 0)
        out_format(o,
                   "recalled %zu in quarantine because of a rule that was "
                   "recalled: overt quarantine list --recalled\n",
                   n);
}
