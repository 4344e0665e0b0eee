/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/text.h"
#include "command.h"
#include "host/allow_place.h"
#include "host/config.h"
#include "host/output.h"
#include "host/quarantine_json.h"
#include "host/quarantine_place.h"
#include "host/state_place.h"
#include "host/when.h"
#include "quarantine_recalled.h"

/* overt quarantine list | show | restore | purge | submit. */

struct quarantine_command {
    struct quarantine_settings settings;
    struct quarantine *q;
    struct out *out;
    const char *to;
    const char *allow; /* why; NULL: it is not */
    const char *until;
    uint64_t older_than_ms;
    unsigned flags; /* enum quarantine_restore_flag */
    bool is_json;
    bool is_all;
    bool is_recalled; /* list, or restore, those alone */
};

/* ---- options ---- */

#define SWITCH(function, what)                                                 \
    static const char *function(void *data, const char *value)                 \
    {                                                                          \
        struct quarantine_command *c = data;                                   \
                                                                               \
        (void)value;                                                           \
        what;                                                                  \
        return NULL;                                                           \
    }

SWITCH(set_json, c->is_json = true)
SWITCH(set_all, c->is_all = true)
SWITCH(set_recalled, c->is_recalled = true)
SWITCH(set_overwrite, c->flags |= QUARANTINE_OVERWRITE)
SWITCH(set_partial, c->flags |= QUARANTINE_PARTIAL)
SWITCH(set_keep, c->flags |= QUARANTINE_KEEP)

static const char *set_to(void *data, const char *value)
{
    ((struct quarantine_command *)data)->to = value;
    return NULL;
}

static const char *set_allow(void *data, const char *value)
{
    if (value[0] == '\0')
        return "is empty; who reads it later wants to know why";
    ((struct quarantine_command *)data)->allow = value;
    return NULL;
}

static const char *set_until(void *data, const char *value)
{
    ((struct quarantine_command *)data)->until = value;
    return NULL;
}

static const char *set_older_than(void *data, const char *value)
{
    return option_time(value,
                       &((struct quarantine_command *)data)->older_than_ms)
               ? NULL
               : "not a time; write a number with s, m, h or d behind it";
}

#define STATE                                                                  \
    {                                                                          \
        "state", 0, "DIR", "where it is, if not in the usual place",           \
            state_place_option                                                 \
    }

static const struct option_row list_rows[] = {
    {"json", 0, NULL, "one JSON object a line", set_json},
    {"recalled", 0, NULL, "only what a rule found that was recalled since",
     set_recalled},
    STATE,
};

static const struct option_row show_rows[] = {
    {"json", 0, NULL, "as one JSON object", set_json},
    STATE,
};

static const struct option_row restore_rows[] = {
    {"to", 0, "PATH", "there, not to where it was", set_to},
    {"overwrite", 0, NULL, "in place of a file that is there now",
     set_overwrite},
    {"partial", 0, NULL, "without owner or attributes that may not be set",
     set_partial},
    {"allow", 0, "REASON", "and allow files of this content", set_allow},
    {"until", 0, "WHEN", "for how long; " ALLOW_USUAL_TIME, set_until},
    {"keep", 0, NULL, "keep it in quarantine, too", set_keep},
    {"recalled", 0, NULL, "all that a rule found that was recalled since",
     set_recalled},
    STATE,
};

static const struct option_row purge_rows[] = {
    {"older-than", 0, "TIME", "what has been there for longer: 30d",
     set_older_than},
    {"all", 0, NULL, "everything", set_all},
    STATE,
};

static const struct option_row submit_rows[] = {STATE};

#define ROWS(rows) rows, sizeof(rows) / sizeof((rows)[0])

/* ---- what is told ---- */

static void put_when(struct out *o, int64_t t)
{
    when_put(&o->text, t);
}

static void put_line(struct out *o, const char *id,
                     const struct quarantine_meta *m)
{
    out_format(o, "%-14s ", id);
    put_when(o, m->when);
    out_format(o, " %12llu ", (unsigned long long)m->size);
    out_escaped(o, m->rule);
    out_format(o, " ");
    out_escaped(o, m->path);
    out_format(o, "\n");
}

static void put_field(struct out *o, const char *name, struct ov_span text)
{
    out_format(o, "%-12s ", name);
    out_escaped(o, text);
    out_format(o, "\n");
}

static void put_explanation(struct out *o, struct ov_span lines)
{
    struct ov_span line;

    while (lines.len > 0) {
        (void)ov_span_cut(&lines, '\n', &line);
        put_field(o, "", line);
    }
}

static void put_attribute_lines(struct out *o, const struct quarantine_meta *m)
{
    struct ov_reader r = ov_reader_over(m->attributes);
    struct ov_span name;
    struct ov_span value;

    while (quarantine_attribute(&r, &name, &value))
        put_field(o, "attribute", name);
}

static void put_people(struct out *o, const char *id,
                       const struct quarantine_meta *m)
{
    put_field(o, "item", ov_span_str(id));
    put_field(o, "path", m->path);
    out_format(o, "%-12s %llu bytes\n%-12s ", "size",
               (unsigned long long)m->size, "sha256");
    ov_put_hex(&o->text, ov_span_of(m->digest, sizeof(m->digest)));
    out_format(o, "\n%-12s %u:%u ", "owner", m->uid, m->gid);
    out_escaped(o, m->owner);
    out_format(o, ":");
    out_escaped(o, m->group);
    out_format(o, "\n%-12s %04o\n%-12s ", "mode", m->mode, "modified");
    put_when(o, m->modified.seconds);
    out_format(o, "\n");
    put_attribute_lines(o, m);
    if (m->n_links > 1)
        out_format(o, "%-12s hard links that were left: %llu\n", "links",
                   (unsigned long long)m->n_links - 1);
    put_field(o, "rule", m->rule);
    out_format(o, "%-12s ", "from");
    out_escaped(o, m->source);
    out_format(o, ":%u, by its ", m->line);
    out_escaped(o, m->kind);
    out_format(o, "\n");
    put_explanation(o, m->explanation);
    out_format(o, "%-12s ", "taken");
    put_when(o, m->when);
    out_format(o, " by ");
    out_escaped(o, m->by);
    out_format(o, ", user %u\n", m->by_uid);
}

static void tell(struct quarantine_command *c, const char *id,
                 void (*people)(struct out *, const char *,
                                const struct quarantine_meta *),
                 const struct quarantine_item *item)
{
    (c->is_json ? quarantine_put_json : people)(c->out, id, &item->meta);
}

/* ---- commands: each ends with an exit code ---- */

static void put_recall(struct out *o, struct ov_span recall)
{
    out_format(o, "%-14s recalled: ", "");
    out_escaped(o, recall);
    out_format(o, "\n");
}

/* Tells one item, if it is to be listed. True: a recalled rule found it. */
static bool list_one(struct quarantine_command *c, const char *id,
                     const struct quarantine_item *item,
                     const struct ov_buf *recalled)
{
    struct ov_span recall;
    bool is_recalled = quarantine_recalled_find(recalled, &item->meta, &recall);

    if (is_recalled || !c->is_recalled)
        tell(c, id, put_line, item);
    if (is_recalled && !c->is_json)
        put_recall(c->out, recall);
    return is_recalled;
}

/* Not among what a program reads, nor if there is nothing to do. */
static void offer(const struct quarantine_command *c, size_t n_recalled)
{
    if (n_recalled > 0 && !c->is_json)
        out_error(
            "quarantine: %zu of these because of a rule that was recalled "
            "since; overt quarantine restore --recalled puts them all back",
            n_recalled);
}

static int do_list(struct quarantine_command *c, int argc, char **argv)
{
    OV_AUTO_PTR struct quarantine_name *names = NULL;
    OV_AUTO_DONE(buf) recalled = {0};
    int code = EXIT_CLEAN;
    size_t n_recalled = 0;
    size_t n;

    (void)argc;
    (void)argv;
    quarantine_recalled_read(&recalled);
    if (quarantine_list(c->q, &names, &n) != OV_OK) {
        out_error("quarantine: cannot be read");
        return EXIT_ERROR;
    }
    for (size_t i = 0; i < n; i++) {
        __attribute__((cleanup(
            quarantine_item_done))) struct quarantine_item item = {.fd = -1};
        struct ov_diag diag = {0};
        char id[QUARANTINE_ID_MAX];
        enum ov_status status =
            quarantine_get(c->q, names[i].id, id, &item, &diag);

        if (status == OV_OK) {
            n_recalled += list_one(c, id, &item, &recalled) ? 1 : 0;
        } else if (status != OV_NOT_FOUND) {
            out_error("quarantine: %s", diag.text);
            code = EXIT_ERROR;
        }
    }
    offer(c, n_recalled);
    return code;
}

static int do_show(struct quarantine_command *c, int argc, char **argv)
{
    int code = EXIT_CLEAN;

    for (int i = 1; i < argc; i++) {
        __attribute__((cleanup(
            quarantine_item_done))) struct quarantine_item item = {.fd = -1};
        struct ov_diag diag = {0};
        char id[QUARANTINE_ID_MAX];

        if (quarantine_get(c->q, argv[i], id, &item, &diag) == OV_OK) {
            tell(c, id, put_people, &item);
        } else {
            out_error("quarantine: %s", diag.text);
            code = EXIT_ERROR;
        }
    }
    return code;
}

/* What is given may go over links; from there on none is followed. Returns
 * owned, or NULL after a line of error. */
static char *find_target(const char *to)
{
    const char *slash = strrchr(to, '/');
    const char *name = slash != NULL ? slash + 1 : to;
    OV_AUTO_PTR char *folder = NULL;
    OV_AUTO_PTR char *real = NULL;
    char *target;

    if (asprintf(&folder, "./%.*s", (int)(name - to), to) < 0)
        folder = NULL;
    if (folder != NULL) /* an absolute one without the dot */
        real = realpath(to[0] == '/' ? folder + 1 : folder, NULL);
    if (real == NULL || asprintf(&target, "%s%s%s", real,
                                 real[1] != '\0' ? "/" : "", name) < 0) {
        out_error("quarantine: %s: %s", to, strerror(errno));
        return NULL;
    }
    return target;
}

/* Before it is there: whatever looks at it then must know. */
static bool allow_item(struct quarantine_command *c, const char *given)
{
    __attribute__((cleanup(
        quarantine_item_done))) struct quarantine_item item = {.fd = -1};
    struct allow_entry e = {.has_digest = true};
    char entry[ALLOW_ID_LEN + 1];
    char id[QUARANTINE_ID_MAX];
    struct ov_diag diag = {0};

    if (quarantine_get(c->q, given, id, &item, &diag) != OV_OK) {
        out_error("quarantine: %s", diag.text);
        return false;
    }
    e.size = (int64_t)item.meta.size;
    memcpy(e.digest, item.meta.digest, sizeof(e.digest));
    e.reason = ov_span_str(c->allow);
    if (!allow_until(c->until, &e.until) || !allow_place_add(&e, entry))
        return false;
    out_format(c->out, "%s: allowed by entry %s\n", id, entry);
    return true;
}

static int restore_one(struct quarantine_command *c, const char *id,
                       const char *target)
{
    struct ov_diag diag = {0};
    enum ov_status status;

    if (c->allow != NULL && !allow_item(c, id))
        return EXIT_ERROR;
    status = quarantine_restore(c->q, id, target, c->flags, &diag);
    if (status == OV_OK) {
        out_format(c->out, "%s: restored\n", id);
        return EXIT_CLEAN;
    }
    out_error("quarantine: %s: %s", id,
              diag.text[0] != '\0' ? diag.text : ov_status_name(status));
    return EXIT_ERROR;
}

/* Whether a rule that was recalled since has put it there. What cannot be read
 * is not known to be. */
static bool is_recalled(const struct quarantine_command *c, const char *id,
                        const struct ov_buf *recalled)
{
    __attribute__((cleanup(
        quarantine_item_done))) struct quarantine_item item = {.fd = -1};
    char whole[QUARANTINE_ID_MAX];
    struct ov_diag diag = {0};
    struct ov_span recall;

    return quarantine_get(c->q, id, whole, &item, &diag) == OV_OK &&
           quarantine_recalled_find(recalled, &item.meta, &recall);
}

static int restore_recalled(struct quarantine_command *c)
{
    OV_AUTO_PTR struct quarantine_name *names = NULL;
    OV_AUTO_DONE(buf) recalled = {0};
    int code = EXIT_CLEAN;
    size_t n;

    quarantine_recalled_read(&recalled);
    if (quarantine_list(c->q, &names, &n) != OV_OK) {
        out_error("quarantine: cannot be read");
        return EXIT_ERROR;
    }
    for (size_t i = 0; i < n; i++)
        if (is_recalled(c, names[i].id, &recalled) &&
            restore_one(c, names[i].id, NULL) != EXIT_CLEAN)
            code = EXIT_ERROR;
    return code;
}

static int do_restore(struct quarantine_command *c, int argc, char **argv)
{
    OV_AUTO_PTR char *target = NULL;
    int code = EXIT_CLEAN;

    if (c->is_recalled ? argc > 1 || c->to != NULL : argc < 2) {
        out_error("quarantine restore: give items, or --recalled alone");
        return EXIT_ERROR;
    }
    if (c->is_recalled)
        return restore_recalled(c);
    if (c->to != NULL && argc > 2) {
        out_error("quarantine: --to is for one item");
        return EXIT_ERROR;
    }
    if (c->to != NULL && (target = find_target(c->to)) == NULL)
        return EXIT_ERROR;
    for (int i = 1; i < argc; i++)
        if (restore_one(c, argv[i], target) != EXIT_CLEAN)
            code = EXIT_ERROR;
    return code;
}

static int purge_one(struct quarantine_command *c, const char *given)
{
    __attribute__((cleanup(
        quarantine_item_done))) struct quarantine_item item = {.fd = -1};
    struct ov_diag diag = {0};
    char id[QUARANTINE_ID_MAX];
    enum ov_status status = quarantine_get(c->q, given, id, &item, &diag);

    /* One that cannot be read may be purged by its whole id. */
    if (status != OV_OK && status != OV_NOT_FOUND) {
        (void)snprintf(id, sizeof(id), "%s", given);
        status = OV_OK;
    }
    if (status == OV_OK)
        status = quarantine_purge(c->q, id);
    if (status != OV_OK) {
        out_error("quarantine: %s",
                  diag.text[0] != '\0' ? diag.text : ov_status_name(status));
        return EXIT_ERROR;
    }
    out_format(c->out, "%s: purged\n", id);
    return EXIT_CLEAN;
}

static int do_purge(struct quarantine_command *c, int argc, char **argv)
{
    /* A second that lies ahead: everything. */
    const struct quarantine_keep keep = {
        c->is_all ? 1 : (int64_t)(c->older_than_ms / 1000), 0};
    int64_t now = (int64_t)time(NULL);
    int code = EXIT_CLEAN;
    size_t n = 0;

    if (argc < 2 && !c->is_all && c->older_than_ms < 1000) {
        out_error("quarantine purge: give items, --older-than or --all");
        return EXIT_ERROR;
    }
    for (int i = 1; i < argc; i++) {
        int one = purge_one(c, argv[i]);

        code = one > code ? one : code;
    }
    if (keep.max_age == 0)
        return code;
    if (quarantine_retain(c->q, &keep, c->is_all ? INT64_MAX / 2 : now, &n) !=
        OV_OK) {
        out_error("quarantine: cannot be read");
        return EXIT_ERROR;
    }
    out_format(c->out, "%zu items purged\n", n);
    return code;
}

/* overt submit does it, with what is said in [submit] of overt.conf; the state
 * was set already. */
static int do_submit(struct quarantine_command *c, int argc, char **argv)
{
    int code = EXIT_CLEAN;

    (void)c;
    for (int i = 1; i < argc; i++) {
        char word[] = "submit";
        char option[] = "--quarantine";
        char *words[] = {word, option, argv[i], NULL};
        int one = cmd_submit(3, words);

        if (one != EXIT_CLEAN)
            code = one;
    }
    return code;
}

/* ---- which ---- */

static const struct verb {
    struct option_list options;
    int (*function)(struct quarantine_command *c, int argc, char **argv);
    unsigned flags; /* enum quarantine_flag */
    bool needs_items;
    bool needs_no_quarantine;
} verbs[] = {
    {{"overt quarantine list", "[OPTION]...", ROWS(list_rows)},
     do_list,
     0,
     false,
     false},
    {{"overt quarantine show", "[OPTION]... ITEM...", ROWS(show_rows)},
     do_show,
     0,
     true,
     false},
    {{"overt quarantine restore", "[OPTION]... [ITEM]...", ROWS(restore_rows)},
     do_restore,
     QUARANTINE_WRITE,
     false,
     false},
    {{"overt quarantine purge", "[OPTION]... [ITEM]...", ROWS(purge_rows)},
     do_purge,
     QUARANTINE_WRITE,
     false,
     false},
    {{"overt quarantine submit", "[OPTION]... ITEM...", ROWS(submit_rows)},
     do_submit,
     0,
     true,
     true},
};

static int run(const struct verb *v, int argc, char **argv)
{
    struct quarantine_command c = {.out = out_standard()};
    enum ov_status status = OV_OK;
    bool is_help = false;
    int code;

    if (!config_apply(&quarantine_options, "quarantine", &c.settings) ||
        !options_parse(&v->options, &argc, argv, &c, &is_help))
        return EXIT_ERROR;
    if (is_help)
        return EXIT_CLEAN;
    if (v->needs_items && argc < 2) {
        out_error("%s: give items; overt quarantine list has them",
                  v->options.command);
        return EXIT_ERROR;
    }
    if (!v->needs_no_quarantine)
        status = quarantine_place_open(&c.settings, v->flags, &c.q);
    if (status == OV_NOT_FOUND) {
        if (v->function == do_list)
            return EXIT_CLEAN; /* nothing was ever put there */
        out_error("quarantine: there is none yet");
    }
    if (status != OV_OK)
        return EXIT_ERROR;
    code = v->function(&c, argc, argv);
    quarantine_close(c.q);
    return out_flush(c.out) ? code : EXIT_ERROR;
}

static const struct option_list *list_of(size_t i)
{
    return i < sizeof(verbs) / sizeof(verbs[0]) ? &verbs[i].options : NULL;
}

int cmd_quarantine(int argc, char **argv)
{
    bool is_help;
    size_t i = option_word_find(list_of, argc, argv, &is_help);

    if (is_help)
        return out_flush(out_standard()) ? EXIT_CLEAN : EXIT_ERROR;
    if (i != SIZE_MAX)
        return run(&verbs[i], argc - 1, argv + 1);
    out_error("quarantine: say list, show, restore, purge or submit");
    return EXIT_ERROR;
}
