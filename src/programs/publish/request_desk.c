/* SPDX-License-Identifier: Apache-2.0 */
#include "request_desk.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/text.h"
#include "crypto/digest.h"

/* The next event of a request is checked by the very code that counts it
 * afterwards (trust/request_event.c): what a monitor would tell as a problem is
 * refused before anybody signs it. */

/* -- what there is -- */

static bool add_folder(struct request_desk *d, const char *folder,
                       uint64_t *index)
{
    struct instance *in = d->in;
    struct disk_names names;
    bool ok = disk_list(path_in(in, "%s", folder), ".note", &names);

    for (size_t i = 0; ok && i < names.n; i++) {
        struct ov_span note;

        ok = read_in(in, path_in(in, "%s/%s", folder, names.names[i]), &note) &&
             (ov_request_ledger_add(d->ledger, (*index)++, note) == OV_OK ||
              tell_error("out of memory"));
    }
    disk_names_done(&names);
    return ok;
}

bool request_desk_open(struct instance *in, struct request_desk *ret)
{
    struct request_desk *d = ret;
    uint64_t index;

    *d = (struct request_desk){.in = in};
    if (!history_read(in, &d->history))
        return false;
    if (ov_request_ledger_new(NULL, &d->ledger) != OV_OK)
        return tell_error("out of memory");
    for (index = 0; index < d->history.n; index++) {
        if (ov_request_ledger_add(d->ledger, index,
                                  d->history.entries[index]) != OV_OK)
            return tell_error("out of memory");
    }
    return add_folder(d, "log-queue", &index) &&
           add_folder(d, "requests/sealed", &index) &&
           add_folder(d, "requests/waiting", &index) &&
           (ov_request_ledger_advance(d->ledger, index) == OV_OK ||
            tell_error("out of memory"));
}

void request_desk_done(struct request_desk *d)
{
    ov_request_ledger_free(d->ledger);
    d->ledger = NULL;
}

bool request_name_is_of(const char *name, const char *id)
{
    static const char begin[] = "request-";
    size_t len = strlen(id);
    const char *at = name + strlen(begin);

    if (strncmp(name, begin, strlen(begin)) != 0 || strncmp(at, id, len) != 0)
        return false;
    at += len;
    return at[0] == '-' && ov_is_digit((uint8_t)at[1]) &&
           ov_is_digit((uint8_t)at[2]) && ov_is_digit((uint8_t)at[3]) &&
           at[4] == '-';
}

bool request_is_sealed(struct instance *in, const char *id, bool *ret)
{
    static const char *const folders[] = {"requests/sealed",
                                          "requests/waiting"};

    *ret = false;
    for (size_t f = 0; f < 2; f++) {
        struct disk_names names;

        if (!disk_list(path_in(in, "%s", folders[f]), ".note", &names))
            return false;
        for (size_t i = 0; i < names.n; i++)
            *ret |= request_name_is_of(names.names[i], id);
        disk_names_done(&names);
    }
    return true;
}

/* -- the next event -- */

/* Nothing of the request may wait for signatures: it would come first. */
static bool is_free(struct instance *in, const char *id)
{
    struct disk_names names;
    const char *other = NULL;

    if (!disk_list(path_in(in, "staging"), "", &names))
        return false;
    for (size_t i = 0; i < names.n; i++) {
        const char *name = names.names[i];

        if (strncmp(name, "sealed-", 7) == 0)
            name += 7;
        if (request_name_is_of(name, id))
            other = text(in, "%s", names.names[i]);
    }
    disk_names_done(&names);
    return other == NULL ||
           tell_error("%s: waits for signatures; what comes behind it can be "
                      "said then",
                      path_in(in, "staging/%s", other));
}

/* As the ledger would, if it were in the log. */
static bool check(struct request_desk *d, const struct ov_buf *b)
{
    struct ov_entry *e = ov_arena_alloc(d->in->arena, sizeof(*e));
    struct ov_request_leaf leaf = {.index = UINT64_MAX};
    size_t before = d->ledger->n_problems;
    struct ov_diag diag = {0};

    if (e == NULL || ov_buf_status(b) != OV_OK)
        return tell_error("out of memory");
    if (ov_entry_parse(ov_buf_span(b), e, &diag) != OV_OK)
        return tell_error("line %u of the entry: %s", diag.line, diag.text);
    leaf.type = e->type;
    if (ov_request_apply(d->ledger, &leaf, e, NULL) != OV_OK)
        return tell_error("out of memory");
    if (d->ledger->n_problems == before)
        return true;
    return tell_error("this can't be said: %s",
                      before < OV_REQUEST_MAX_PROBLEMS
                          ? d->ledger->problems[before].what
                          : "it does not fit");
}

static unsigned count_events(const struct request_desk *d, const char *id)
{
    const struct ov_request *r = ov_request_find(d->ledger, ov_span_str(id));
    unsigned n = 0;

    for (const struct ov_request_event *e = r != NULL ? r->events : NULL;
         e != NULL; e = e->next)
        n++;
    return n;
}

bool request_stage(struct request_desk *d, const char *id, const char *word,
                   const struct ov_buf *b, bool is_sealed)
{
    struct instance *in = d->in;
    unsigned n = count_events(d, id) + 1;
    const char *name = text(in, "%srequest-%s-%03u-%s",
                            is_sealed ? "sealed-" : "", id, n, word);

    if (n > 999)
        return tell_error("%s has too many events", id);
    if (!is_free(in, id) || !check(d, b))
        return false;
    if (is_sealed)
        tell("This may not be told yet: only a commitment to it goes into the "
             "log.");
    return staged_new(in, name, b, option_get(&in->args, OPT_as));
}

bool request_random(uint8_t *to, size_t len)
{
    return getrandom(to, len, 0) == (ssize_t)len ||
           tell_error("no random numbers: %s", strerror(errno));
}

/* -- lines -- */

void request_put_end(struct instance *in, struct ov_buf *b)
{
    ov_put_entry_line(b, "author", "%s", option_get(&in->args, OPT_as));
    ov_put_str(b, "time ");
    ov_put_time(b, in->now);
    ov_put_u8(b, '\n');
}

void request_put_option(struct instance *in, struct ov_buf *b, const char *name,
                        enum option o)
{
    for (size_t i = 0; i < in->args.counts[o]; i++)
        ov_put_entry_line(b, name, "%s", in->args.values[o][i]);
}

void request_put_day(struct instance *in, struct ov_buf *b, const char *name,
                     enum option o)
{
    if (option_is_set(&in->args, o)) {
        ov_put_entry_line(b, name, "%s", option_get(&in->args, o));
        return;
    }
    ov_put_format(b, "%s ", name);
    ov_put_date(b, in->now);
    ov_put_u8(b, '\n');
}
