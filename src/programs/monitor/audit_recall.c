/* SPDX-License-Identifier: Apache-2.0 */
#include "audit_run.h"
#include "trust/entry.h"

/* What was withdrawn, by entries; whether it is also what clients are told is
 * compared in repository.c. */

static enum ov_status note_recall(struct audit *a, const struct ov_entry *e,
                                  uint64_t index)
{
    struct audit_recall *list =
        audit_grow(a->recalls, a->n_recalls, sizeof(*list));
    struct audit_recall *one;
    struct ov_span time;

    if (list == NULL)
        return OV_NO_MEMORY;
    a->recalls = list;
    one = &list[a->n_recalls++];
    *one = (struct audit_recall){.index = index};
    memcpy(one->digest, a->digest, sizeof(one->digest));
    if (ov_entry_value(e, "time", 0, &time))
        (void)ov_time_parse(time, &one->time); /* else it is old */
    return OV_OK;
}

enum ov_status audit_on_recall(struct audit *a, const struct ov_entry *e,
                               uint64_t index)
{
    struct ov_span value;
    struct ov_span why = {0};

    OV_TRY(note_recall(a, e, index));
    (void)ov_entry_value(e, "why", 0, &why);
    for (size_t n = 0; ov_entry_value(e, "release", n, &value); n++) {
        struct index_item *item = index_table_find(a->table, RELEASE, value);

        if (item == NULL) {
            finding(a->found, FINDING_RELEASE_CHAIN, "log", index,
                    "recalls a release that is not there");
            continue;
        }
        item->is_gone = true;
        for (size_t i = 0; i < a->n_channels; i++)
            a->channels[i].last.is_recalled |=
                a->channels[i].last.index == item->index;
    }
    finding(a->found, FINDING_RECALL, "log", index, "%.*s", (int)why.len,
            (const char *)why.ptr);
    return OV_OK;
}

const struct audit_recall *audit_recall(const struct audit *a, size_t i)
{
    return i < a->n_recalls ? &a->recalls[i] : NULL;
}

bool audit_is_recalled(struct audit *a, struct ov_span channel, uint64_t seq)
{
    OV_AUTO_DONE(buf) name = ov_buf_with_max(256);
    const struct index_item *item;

    ov_put_span(&name, channel);
    ov_put_format(&name, " %llu", (unsigned long long)seq);
    if (ov_buf_status(&name) != OV_OK)
        return false;
    item = index_table_find(a->table, RELEASE, ov_buf_span(&name));
    return item != NULL && item->is_gone;
}
