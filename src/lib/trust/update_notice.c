/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "trust/update_run.h"

/* Notices: what the publisher tells owners, as the end of a service and its
 * dates. A notice can do nothing, so that nothing about it keeps rules from
 * being updated, but one that is signed and was never made public: then
 * somebody is told what others are not.
 *
 * The target notice/list has a line "sha256:HEX" for each notice's file. What
 * is shown comes from the entries in the log, which have the same facts. The
 * state keeps, in trust/notices, the list's digest and the entries' lines:
 *
 *   list HEX
 *   notice ID KIND REGION ANNOUNCED
 *   date ID WHAT DATE */

#define LIST "notice/list"
#define STATE "trust/notices"
#define MAX_LIST (64u << 10)
#define MAX_STATE (1u << 20)
#define MAX_NOTICES 256
#define DAY UINT64_C(86400)

static struct ov_span value_of(const struct ov_entry *e, const char *name)
{
    struct ov_span value;

    return ov_entry_value(e, name, 0, &value) ? value : OV_SPAN_LIT("*");
}

static void put_notice(struct ov_buf *b, const struct ov_entry *e)
{
    static const char *const names[] = {"id", "kind", "region", "announced"};
    struct ov_span date;

    ov_put_str(b, "notice");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        ov_put_u8(b, ' ');
        ov_put_span(b, value_of(e, names[i]));
    }
    ov_put_u8(b, '\n');
    for (size_t i = 0; ov_entry_value(e, "date", i, &date); i++) {
        ov_put_str(b, "date ");
        ov_put_span(b, value_of(e, "id"));
        ov_put_u8(b, ' ');
        ov_put_span(b, date);
        ov_put_u8(b, '\n');
    }
}

/* Each notice of the list, proven; OV_BAD_PROOF and the like if one was not
 * made public. */
static enum ov_status take_list(struct ov_update *u, struct ov_span list,
                                struct ov_buf *b)
{
    unsigned n = 0;

    while (list.len > 0) {
        struct ov_opened *o;
        uint8_t digest[32];
        struct ov_span line;

        (void)ov_span_cut(&list, '\n', &line);
        if (n++ == MAX_NOTICES || !ov_entry_parse_digest(line, digest))
            return OV_MALFORMED;
        OV_TRY(ov_update_public_notice(u, digest, &o));
        put_notice(b, &o->entry);
    }
    return ov_buf_status(b);
}

/* Whether the state is of the list with this digest; head is its first line. */
static bool is_known(struct ov_update *u, const struct ov_buf *head)
{
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(MAX_STATE);

    return u->io->state_get(u->io->data, STATE, &bytes) == OV_OK &&
           ov_span_starts(ov_buf_span(&bytes), ov_buf_span(head));
}

static enum ov_status look(struct ov_update *u)
{
    OV_AUTO_DONE(buf) list = ov_buf_with_max(MAX_LIST);
    OV_AUTO_DONE(buf) text = ov_buf_with_max(MAX_STATE);
    struct ov_tuf_target t;
    enum ov_status status = ov_update_find(u, LIST, &t);

    if (status == OV_NOT_FOUND)
        u->client.notices_time = u->now; /* it is signed that there are none */
    OV_TRY(status);
    ov_put_str(&text, "list ");
    ov_put_hex(&text, ov_span_of(t.sha256, sizeof(t.sha256)));
    ov_put_u8(&text, '\n');
    OV_TRY(ov_buf_status(&text));
    if (is_known(u, &text))
        return OV_OK;
    OV_TRY(ov_update_target(u, LIST, MAX_LIST, &list));
    OV_TRY(take_list(u, ov_buf_span(&list), &text));
    return u->io->state_put(u->io->data, STATE, ov_buf_span(&text));
}

/* When this went well last is kept: who withholds notices, or lets their
 * metadata expire, shows in the report. */
static enum ov_status get_notices(struct ov_update *u)
{
    OV_TRY(look(u));
    u->client.notices_time = u->now;
    return OV_OK;
}

enum ov_status ov_update_notices(struct ov_update *u)
{
    enum ov_status status = get_notices(u);

    if (status == OV_NO_MEMORY || status == OV_SPLIT_VIEW)
        return status;
    if (status == OV_BAD_PROOF || status == OV_BAD_SIGNATURE)
        return ov_update_refuse(u, OV_REFUSED_UNLOGGED, status, "a notice");
    /* What was known of notices stays known. */
    ov_update_allow(u);
    return OV_OK;
}

/* ---- for the report ---- */

/* "date ID WHAT DATE": "notice.ID.WHAT DATE, N days left". */
static void put_date(struct ov_buf *b, const struct ov_update *u,
                     struct ov_span line)
{
    struct ov_span id = ov_line_word(&line);
    struct ov_span what = ov_line_word(&line);
    uint64_t today = u->now - u->now % DAY;
    uint64_t time;

    if (!ov_date_parse(line, &time))
        return;
    ov_put_format(b, "notice.%.*s.%.*s ", (int)id.len, (const char *)id.ptr,
                  (int)what.len, (const char *)what.ptr);
    ov_put_span(b, line);
    if (time > today)
        ov_put_format(b, ", %llu days left\n",
                      (unsigned long long)((time - today) / DAY));
    else
        ov_put_str(b, ", over\n");
}

/* Two days are what a timestamp is good for: who is asked so seldom, or does
 * not answer, says nothing about notices either. */
#define STALE_AFTER (2 * DAY)

static void put_staleness(struct ov_buf *b, const struct ov_update *u)
{
    uint64_t time = u->client.notices_time;

    if (time == 0 || u->now <= time + STALE_AFTER)
        return;
    ov_put_str(b, "notices-stale-since ");
    ov_put_time(b, time + STALE_AFTER);
    ov_put_u8(b, '\n');
}

void ov_put_notices(struct ov_buf *b, struct ov_update *u)
{
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(MAX_STATE);
    struct ov_span rest;

    put_staleness(b, u);
    if (u->io->state_get(u->io->data, STATE, &bytes) != OV_OK)
        return;
    rest = ov_buf_span(&bytes);
    while (rest.len > 0) {
        struct ov_span line;
        struct ov_span word;

        (void)ov_span_cut(&rest, '\n', &line);
        word = ov_line_word(&line);
        if (ov_span_equal(word, OV_SPAN_LIT("date"))) {
            put_date(b, u, line);
        } else if (ov_span_equal(word, OV_SPAN_LIT("notice"))) {
            word = ov_line_word(&line);
            ov_put_format(b, "notice.%.*s ", (int)word.len,
                          (const char *)word.ptr);
            ov_put_span(b, line);
            ov_put_u8(b, '\n');
        }
    }
}
