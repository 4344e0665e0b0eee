/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "commands.h"
#include "request_desk.h"

/* overt-publish request commit, reveal: what may not be told yet
 * (docs/requests.md).
 *
 * commit is run once a day, whether something waits or not: so many digests go
 * into the log, those of waiting events and, for the rest, of nothing. Which
 * are which stands in requests/nonces/DATE and nowhere else, so that file is
 * there before the entry is. Digests of nothing are opened after 30 days.
 *
 * reveal opens those of one request, and lets the entries follow that were
 * signed on their days. */

#define DAY UINT64_C(86400)
#define DEFAULT_DAILY 8
#define LINE_MAX_SIZE 512

static const char *nonces_path(struct instance *in, const char *date)
{
    return path_in(in, "requests/nonces/%s", date);
}

static const char *date_text(struct instance *in, uint64_t time)
{
    OV_AUTO_DONE(buf) date = ov_buf_with_max(64);

    ov_put_date(&date, time);
    return text_of(in, ov_buf_span(&date));
}

/* -- a day's digests -- */

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "COMMITMENT NONCE NAME"; name is "-" for nothing. */
static bool make_line(struct instance *in, const char *name, char **ret)
{
    OV_AUTO_DONE(buf) line = ov_buf_with_max(LINE_MAX_SIZE);
    uint8_t nonce[OV_REQUEST_NONCE];
    uint8_t hash[32];
    struct ov_span note = {0};

    if (!request_random(nonce, sizeof(nonce)) ||
        (strcmp(name, "-") != 0 &&
         !read_in(in, path_in(in, "requests/waiting/%s", name), &note)))
        return false;
    if (ov_request_commit(nonce, note, hash) != OV_OK)
        return tell_error("out of memory");
    ov_put_hex(&line, ov_span_of(hash, sizeof(hash)));
    ov_put_u8(&line, ' ');
    ov_put_hex(&line, ov_span_of(nonce, sizeof(nonce)));
    ov_put_format(&line, " %s\n", name);
    ov_put_u8(&line, 0);
    if (ov_buf_status(&line) != OV_OK)
        return tell_error("out of memory");
    *ret = (char *)(uintptr_t)text(in, "%s", (const char *)line.ptr);
    return true;
}

/* Sorted, so that places say nothing. */
static bool make_nonces(struct instance *in, const char *date, uint64_t daily)
{
    OV_AUTO_DONE(buf) file = ov_buf_with_max(64 << 10);
    struct disk_names waiting;
    char *lines[OV_REQUEST_MAX_DAILY];
    bool ok = disk_list(path_in(in, "requests/waiting"), ".note", &waiting);

    for (uint64_t i = 0; ok && i < daily; i++)
        ok = make_line(in, i < waiting.n ? waiting.names[i] : "-", &lines[i]);
    if (ok && waiting.n > daily)
        tell("%zu sealed events wait for tomorrow", waiting.n - (size_t)daily);
    disk_names_done(&waiting);
    if (!ok)
        return false;
    qsort(lines, daily, sizeof(lines[0]), compare_lines);
    for (uint64_t i = 0; i < daily; i++)
        ov_put_str(&file, lines[i]);
    return disk_make_folder(path_in(in, "requests"), 0700) &&
           disk_make_folder(path_in(in, "requests/nonces"), 0700) &&
           disk_write(nonces_path(in, date), ov_buf_span(&file), 0600);
}

/* What a day's file lists has a commitment now. */
static bool seal(struct instance *in, struct ov_span file)
{
    struct ov_span line;

    while (ov_span_cut(&file, '\n', &line)) {
        struct ov_span word;
        const char *from;
        const char *name;

        (void)ov_span_cut(&line, ' ', &word);
        (void)ov_span_cut(&line, ' ', &word);
        name = text_of(in, line);
        from = path_in(in, "requests/waiting/%s", name);
        if (strcmp(name, "-") != 0 && disk_exists(from) &&
            !disk_move(from, path_in(in, "requests/sealed/%s", name)))
            return false;
    }
    return true;
}

static bool is_staged(struct instance *in, const char *name)
{
    return disk_exists(path_in(in, "staging/%s", name)) ||
           disk_exists(path_in(in, "done/%s", name));
}

static bool commit_day(struct request_desk *d, const char *date, uint64_t daily)
{
    struct instance *in = d->in;
    OV_AUTO_DONE(buf) b = ov_buf_with_max(OV_ENTRY_MAX);
    const char *name = text(in, "request-commitments-%s", date);
    struct ov_span file;
    struct ov_span rest;
    struct ov_span line;

    if (is_staged(in, name)) {
        tell("%s has its commitments", date);
        return true;
    }
    if (!disk_exists(nonces_path(in, date)) && !make_nonces(in, date, daily))
        return false;
    if (!read_in(in, nonces_path(in, date), &file))
        return false;
    ov_put_entry_head(&b, in->name, OV_ENTRY_REQUEST_COMMITMENTS);
    ov_put_entry_line(&b, "date", "%s", date);
    rest = file;
    while (ov_span_cut(&rest, '\n', &line))
        ov_put_entry_line(&b, "commitment", "%.*s", 64, (const char *)line.ptr);
    request_put_option(in, &b, "why", OPT_why);
    request_put_end(in, &b);
    return staged_new(in, name, &b, option_get(&in->args, OPT_as)) &&
           seal(in, file);
}

/* -- opening what was nothing -- */

static bool is_closed(const struct request_desk *d, struct ov_span hex)
{
    for (size_t i = 0; i < d->ledger->n_commitments; i++) {
        const struct ov_commitment *c = &d->ledger->commitments[i];
        uint8_t hash[32];

        if (ov_hex_decode(hex, hash, sizeof(hash)) &&
            memcmp(hash, c->hash, sizeof(hash)) == 0)
            return c->state == OV_COMMITMENT_CLOSED;
    }
    return false;
}

static bool open_day(struct request_desk *d, const char *date)
{
    struct instance *in = d->in;
    OV_AUTO_DONE(buf) b = ov_buf_with_max(OV_ENTRY_MAX);
    const char *name = text(in, "request-opening-%s", date);
    struct ov_span file;
    struct ov_span line;
    size_t n = 0;

    if (is_staged(in, name))
        return true;
    if (!read_in(in, nonces_path(in, date), &file))
        return false;
    ov_put_entry_head(&b, in->name, OV_ENTRY_REQUEST_OPENING);
    ov_put_entry_line(&b, "date", "%s", date_text(in, in->now));
    while (ov_span_cut(&file, '\n', &line)) {
        if (!ov_span_ends(line, OV_SPAN_LIT(" -")) ||
            !is_closed(d, ov_span_clip(line, 0, 64)))
            continue;
        ov_put_entry_line(&b, "empty", "%.*s", (int)line.len - 2,
                          (const char *)line.ptr);
        n++;
    }
    request_put_end(in, &b);
    return n == 0 || staged_new(in, name, &b, option_get(&in->args, OPT_as));
}

static bool open_old(struct request_desk *d)
{
    struct instance *in = d->in;
    uint64_t today = in->now - in->now % DAY;
    struct disk_names dates;
    bool ok = disk_list(path_in(in, "requests/nonces"), "", &dates);

    for (size_t i = 0; ok && i < dates.n; i++) {
        uint64_t date;

        if (ov_date_parse(ov_span_str(dates.names[i]), &date) &&
            date + OV_REQUEST_EMPTY_DAYS * DAY <= today)
            ok = open_day(d, dates.names[i]);
    }
    disk_names_done(&dates);
    return ok;
}

/* As many as the day before, unless it is said why not. */
static bool choose_daily(const struct request_desk *d, uint64_t *ret)
{
    struct instance *in = d->in;
    const char *given = option_get(&in->args, OPT_daily);
    uint64_t last = d->ledger->daily;

    *ret = last > 0 ? last : DEFAULT_DAILY;
    if (given == NULL)
        return true;
    if (!ov_parse_uint(ov_span_str(given), OV_REQUEST_MAX_DAILY, ret) ||
        *ret == 0)
        return tell_error("--daily %s: a number from 1 to %d", given,
                          OV_REQUEST_MAX_DAILY);
    if (last > 0 && *ret != last && !option_is_set(&in->args, OPT_why))
        return tell_error("there were %llu a day: say --why that changes, in "
                          "public",
                          (unsigned long long)last);
    return true;
}

bool cmd_request_commit(struct instance *in)
{
    struct request_desk d = {0};
    uint64_t daily;
    bool ok = (option_get(&in->args, OPT_as) != NULL ||
               tell_error("say --as LEGAL: a key of that group")) &&
              request_desk_open(in, &d) && choose_daily(&d, &daily) &&
              commit_day(&d, date_text(in, in->now), daily) && open_old(&d);

    request_desk_done(&d);
    return ok;
}

/* -- reveal -- */

struct revealed {
    struct instance *in;
    const char *id;
    struct ov_buf lines; /* event COMMITMENT NONCE DIGEST */
    size_t n;
};

/* The line of requests/nonces that is of this note. */
static bool put_event(struct revealed *r, struct ov_span file, const char *name)
{
    struct instance *in = r->in;
    struct ov_span line;

    while (ov_span_cut(&file, '\n', &line)) {
        const char *behind = text(in, " %s", name);
        struct ov_span note;
        uint8_t digest[32];

        if (!ov_span_ends(line, ov_span_str(behind)))
            continue;
        if (!read_in(in, path_in(in, "requests/sealed/%s", name), &note) ||
            !digest_of(note, digest))
            return false;
        ov_put_entry_line(&r->lines, "event", "%.*s sha256:%s",
                          (int)(line.len - strlen(behind)),
                          (const char *)line.ptr, hex_of(in, digest));
        r->n++;
    }
    return true;
}

static bool find_event(struct revealed *r, const char *name)
{
    struct instance *in = r->in;
    struct disk_names dates;
    bool ok = disk_list(path_in(in, "requests/nonces"), "", &dates);

    for (size_t i = 0; ok && i < dates.n; i++) {
        struct ov_span file;

        ok = read_in(in, nonces_path(in, dates.names[i]), &file) &&
             put_event(r, file, name);
    }
    disk_names_done(&dates);
    return ok;
}

static bool stage_opening(struct revealed *r, const char *name)
{
    struct instance *in = r->in;
    OV_AUTO_DONE(buf) b = ov_buf_with_max(OV_ENTRY_MAX);
    struct disk_names names;
    bool ok = disk_list(path_in(in, "requests/sealed"), ".note", &names);

    for (size_t i = 0; ok && i < names.n; i++) {
        if (request_name_is_of(names.names[i], r->id))
            ok = find_event(r, names.names[i]);
    }
    disk_names_done(&names);
    if (!ok)
        return false;
    if (r->n == 0)
        return tell_error("%s: nothing of it is sealed", r->id);
    ov_put_entry_head(&b, in->name, OV_ENTRY_REQUEST_OPENING);
    ov_put_entry_line(&b, "date", "%s", date_text(in, in->now));
    ov_put_span(&b, ov_buf_span(&r->lines));
    request_put_end(in, &b);
    return staged_new(in, name, &b, option_get(&in->args, OPT_as));
}

/* What was sealed follows the opening into the log; what was to be is open. */
static bool queue_events(struct instance *in, const char *id)
{
    static const char *const folders[] = {"requests/sealed",
                                          "requests/waiting"};
    bool ok = true;

    for (size_t f = 0; ok && f < 2; f++) {
        struct disk_names names;

        ok = disk_list(path_in(in, "%s", folders[f]), ".note", &names);
        for (size_t i = 0; ok && i < names.n; i++) {
            const char *name = names.names[i];

            if (request_name_is_of(name, id))
                ok = disk_move(path_in(in, "%s/%s", folders[f], name),
                               path_in(in, "log-queue/%s", name));
        }
        disk_names_done(&names);
    }
    return ok;
}

bool cmd_request_reveal(struct instance *in)
{
    const char *id = option_get(&in->args, OPT_id);
    struct revealed r = {in, id, ov_buf_with_max(OV_ENTRY_MAX), 0};
    const char *name;
    bool ok;

    if (id == NULL || option_get(&in->args, OPT_as) == NULL)
        return tell_error("say --id: which request, and --as LEGAL: a key of "
                          "that group");
    name = text(in, "request-%s-000-opening", id);
    ok = is_staged(in, name) || stage_opening(&r, name);
    ov_buf_done(&r.lines);
    if (!ok)
        return false;
    if (!disk_exists(path_in(in, "done/%s", name))) {
        tell("when the opening has all its signatures, give this again");
        return true;
    }
    return queue_events(in, id);
}
