/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/text.h"
#include "command.h"
#include "host/option.h"
#include "host/outbound_files.h"
#include "host/outbound_log.h"
#include "host/output.h"
#include "host/state_place.h"
#include "json/json.h"
#include "outbound_show.h"
#include "sys/fd.h"

/* overt outbound list | show | explain | verify | export, and --follow. */

struct outbound_command {
    struct out *out;
    struct ov_buf state; /* the folder, NUL-terminated */
    struct ov_arena *arena;
    struct outbound_chain chain;
    uint64_t from;
    uint64_t to; /* the last line that is wanted */
    uint64_t last;
    const char *purpose;
    const char *head; /* "NUMBER:DIGEST" */
    bool is_json;
    /* verify */
    uint64_t n_bad;
    uint64_t torn_len;
    bool has_head;
    /* show, explain */
    bool has_shown;
};

/* ---- options ---- */

#define SET(function, what)                                                    \
    static const char *function(void *data, const char *value)                 \
    {                                                                          \
        struct outbound_command *c = data;                                     \
                                                                               \
        (void)value;                                                           \
        what;                                                                  \
        return NULL;                                                           \
    }

SET(set_json, c->is_json = true)
SET(set_purpose, c->purpose = value)
SET(set_head, c->head = value)

static const char *set_state(void *data, const char *value)
{
    (void)data;
    state_place_set(value);
    return NULL;
}

static const char *set_line(uint64_t *to, const char *value)
{
    return option_number(value, UINT64_MAX - 1, to) ? NULL
                                                    : "not a line's number";
}

static const char *set_from(void *data, const char *value)
{
    return set_line(&((struct outbound_command *)data)->from, value);
}

static const char *set_to(void *data, const char *value)
{
    return set_line(&((struct outbound_command *)data)->to, value);
}

static const char *set_last(void *data, const char *value)
{
    return set_line(&((struct outbound_command *)data)->last, value);
}

#define ROW_STATE                                                              \
    {                                                                          \
        "state", 0, "DIR", "where it is, if not in the usual place", set_state \
    }
#define ROW_JSON                                                               \
    {                                                                          \
        "json", 0, NULL, "for programs", set_json                              \
    }
#define ROW_FROM                                                               \
    {                                                                          \
        "from", 0, "LINE", "from this line on", set_from                       \
    }
#define ROW_TO                                                                 \
    {                                                                          \
        "to", 0, "LINE", "up to this line", set_to                             \
    }

static const struct option_row list_rows[] = {
    ROW_FROM,
    ROW_TO,
    {"last", 0, "NUMBER", "only the last lines", set_last},
    {"purpose", 0, "WORD", "only requests for this, and their results",
     set_purpose},
    ROW_JSON,
    ROW_STATE,
};
static const struct option_row show_rows[] = {ROW_JSON, ROW_STATE};
static const struct option_row verify_rows[] = {
    {"head", 0, "LINE:DIGEST", "this line must be in it, as noted before",
     set_head},
    ROW_JSON,
    ROW_STATE,
};
static const struct option_row export_rows[] = {ROW_FROM, ROW_TO, ROW_STATE};

/* ---- walking ---- */

static bool is_in_range(const struct outbound_command *c,
                        const struct outbound_line *l)
{
    return l->seq >= c->from && l->seq <= c->to;
}

/* False after a line of error. */
static bool walk(struct outbound_command *c,
                 bool (*line)(void *data, struct ov_span text, bool is_whole))
{
    struct ov_diag diag = {0};
    enum ov_status status =
        outbound_log_walk((char *)c->state.ptr, c->from, line, c, &diag);

    if (status == OV_OK || status == OV_NOT_FOUND)
        return true;
    out_error("outbound: %s", diag.text);
    return false;
}

static enum ov_status read_line(struct outbound_command *c, struct ov_span text,
                                struct outbound_line *ret)
{
    ov_arena_reset(c->arena, OV_JSON_ARENA(4096));
    return outbound_follow(&c->chain, c->arena, text, ret);
}

/* ---- list, export, --follow ---- */

static void print_line(struct outbound_command *c, struct ov_span text,
                       const struct outbound_line *l)
{
    if (c->is_json) {
        ov_put_span(&c->out->text, text);
        out_format(c->out, "\n");
    } else {
        outbound_print_row(c->out, l);
    }
}

static bool has_purpose(const struct outbound_command *c,
                        const struct outbound_line *l, bool *is_before)
{
    if (c->purpose == NULL)
        return true;
    if (l->kind == OUTBOUND_REQUEST)
        *is_before = ov_span_equal(l->purpose, ov_span_str(c->purpose));
    return *is_before &&
           (l->kind == OUTBOUND_REQUEST || l->kind == OUTBOUND_RESULT);
}

static bool list_line(void *data, struct ov_span text, bool is_whole)
{
    struct outbound_command *c = data;
    struct outbound_line l;

    if (!is_whole)
        return false;
    if (read_line(c, text, &l) == OV_MALFORMED) {
        out_error("outbound: line %llu is no line of a ledger; see overt "
                  "outbound verify",
                  (unsigned long long)c->chain.next_seq - 1);
        return true;
    }
    if (is_in_range(c, &l) && has_purpose(c, &l, &c->has_shown))
        print_line(c, text, &l);
    return l.seq < c->to;
}

static bool count_line(void *data, struct ov_span text, bool is_whole)
{
    struct outbound_command *c = data;
    struct outbound_line l;

    if (is_whole)
        (void)!read_line(c, text, &l); /* only the numbers count */
    return is_whole;
}

static bool find_last(struct outbound_command *c)
{
    uint64_t last = c->last;

    if (last == 0)
        return true;
    c->from = UINT64_MAX; /* the newest file has the newest number */
    if (!walk(c, count_line))
        return false;
    c->from = c->chain.next_seq > last ? c->chain.next_seq - last : 0;
    c->chain = (struct outbound_chain){.has_begun = false};
    return true;
}

static int do_list(struct outbound_command *c, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return find_last(c) && walk(c, list_line) ? EXIT_CLEAN : EXIT_ERROR;
}

static int do_export(struct outbound_command *c, int argc, char **argv)
{
    c->is_json = true; /* as they are: others can follow the chain */
    return do_list(c, argc, argv);
}

/* Lines as they come, until nobody reads any more. */
static int do_follow(struct outbound_command *c, int argc, char **argv)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(PATH_MAX);
    uint8_t events[4096];
    OV_AUTO_FD watch = inotify_init1(IN_CLOEXEC);

    (void)argc;
    (void)argv;
    ov_put_format(&path, "%s/%s", (char *)c->state.ptr, OUTBOUND_FOLDER);
    ov_put_u8(&path, 0);
    if (ov_buf_status(&path) != OV_OK ||
        inotify_add_watch(watch, (char *)path.ptr, IN_MODIFY | IN_CREATE) < 0) {
        out_error("outbound: %s: nothing was ever sent from here",
                  (char *)path.ptr);
        return EXIT_ERROR;
    }
    c->last = 1;
    if (!find_last(c))
        return EXIT_ERROR;
    for (;;) {
        if (!walk(c, list_line))
            return EXIT_ERROR;
        if (c->chain.next_seq > c->from)
            c->from = c->chain.next_seq;
        c->chain = (struct outbound_chain){.has_begun = false};
        if (!out_flush(c->out))
            return EXIT_CLEAN;
        if (read(watch, events, sizeof(events)) <= 0)
            return EXIT_CLEAN;
    }
}

/* ---- show, explain ---- */

static bool show_line(void *data, struct ov_span text, bool is_whole)
{
    struct outbound_command *c = data;
    struct outbound_line l;

    if (!is_whole || read_line(c, text, &l) == OV_MALFORMED)
        return is_whole;
    if (l.seq == c->from || (l.of == c->from && (l.kind == OUTBOUND_RESULT ||
                                                 l.kind == OUTBOUND_CLOSED))) {
        c->has_shown = true;
        if (c->is_json)
            print_line(c, text, &l);
        else
            outbound_print_fields(c->out, &l);
    }
    return l.kind != OUTBOUND_RESULT || l.of != c->from;
}

static bool explain_line(void *data, struct ov_span text, bool is_whole)
{
    struct outbound_command *c = data;
    struct outbound_line l;

    if (!is_whole || read_line(c, text, &l) == OV_MALFORMED)
        return is_whole;
    if (l.seq == c->from || (l.of == c->from && l.kind == OUTBOUND_RESULT)) {
        c->has_shown = true;
        outbound_print_words(c->out, &l);
    }
    return l.kind != OUTBOUND_RESULT || l.of != c->from;
}

static int each_operand(struct outbound_command *c, int argc, char **argv,
                        bool (*line)(void *data, struct ov_span text,
                                     bool is_whole))
{
    for (int i = 1; i < argc; i++) {
        c->has_shown = false;
        c->chain = (struct outbound_chain){.has_begun = false};
        if (set_from(c, argv[i]) != NULL) {
            out_error("outbound: %s is not a line's number", argv[i]);
            return EXIT_ERROR;
        }
        if (!walk(c, line))
            return EXIT_ERROR;
        if (!c->has_shown) {
            out_error("outbound: there is no line %s", argv[i]);
            return EXIT_ERROR;
        }
    }
    return EXIT_CLEAN;
}

static int do_show(struct outbound_command *c, int argc, char **argv)
{
    return each_operand(c, argc, argv, show_line);
}

static int do_explain(struct outbound_command *c, int argc, char **argv)
{
    return each_operand(c, argc, argv, explain_line);
}

/* ---- verify ---- */

static void note_head(struct outbound_command *c)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(128);

    if (c->head == NULL)
        return;
    ov_put_format(&text, "%llu:", (unsigned long long)c->chain.next_seq - 1);
    ov_put_hex(&text, ov_span_of(c->chain.head, sizeof(c->chain.head)));
    c->has_head |= ov_span_equal(ov_buf_span(&text), ov_span_str(c->head));
}

static bool verify_line(void *data, struct ov_span text, bool is_whole)
{
    struct outbound_command *c = data;
    struct outbound_line l;
    enum ov_status status;

    if (!is_whole) {
        c->torn_len = text.len;
        return false;
    }
    status = read_line(c, text, &l);
    note_head(c);
    if (status == OV_OK)
        return true;
    c->n_bad++;
    if (!c->is_json)
        out_format(c->out, "BAD line %llu: %s\n",
                   (unsigned long long)c->chain.next_seq - 1,
                   status == OV_BAD_DIGEST
                       ? "does not follow the line before it: one of them was "
                         "changed, or lines are missing"
                       : "is no line of a ledger");
    return true;
}

static int do_verify(struct outbound_command *c, int argc, char **argv)
{
    bool is_good;

    (void)argc;
    (void)argv;
    if (!walk(c, verify_line))
        return EXIT_ERROR;
    is_good = c->n_bad == 0 && (c->head == NULL || c->has_head);
    if (c->head != NULL && !c->has_head && !c->is_json)
        out_format(c->out, "BAD line %s is not in the ledger\n", c->head);
    outbound_print_chain(c->out, &c->chain, is_good, c->n_bad, c->torn_len,
                         c->is_json);
    return is_good ? EXIT_CLEAN : EXIT_DETECTED;
}

/* ---- the command ---- */

#define ROWS(rows) rows, sizeof(rows) / sizeof((rows)[0])

static const struct verb {
    struct option_list options;
    int (*function)(struct outbound_command *c, int argc, char **argv);
    bool needs_lines;
} verbs[] = {
    {{"overt outbound list", "[OPTION]...", ROWS(list_rows)}, do_list, false},
    {{"overt outbound show", "[OPTION]... LINE...", ROWS(show_rows)},
     do_show,
     true},
    {{"overt outbound explain", "[OPTION]... LINE...", ROWS(show_rows)},
     do_explain,
     true},
    {{"overt outbound verify", "[OPTION]...", ROWS(verify_rows)},
     do_verify,
     false},
    {{"overt outbound export", "[OPTION]...", ROWS(export_rows)},
     do_export,
     false},
    {{"overt outbound --follow", "[OPTION]...", ROWS(show_rows)},
     do_follow,
     false},
};

static int run(const struct verb *v, int argc, char **argv)
{
    OV_AUTO(arena) arena = ov_arena_new(OV_JSON_ARENA(OUTBOUND_MAX_LINE));
    struct outbound_command c = {.out = out_standard(),
                                 .state = ov_buf_with_max(PATH_MAX),
                                 .arena = arena,
                                 .to = UINT64_MAX};
    bool is_help = false;
    int code = EXIT_ERROR;

    if (arena == NULL || !options_parse(&v->options, &argc, argv, &c, &is_help))
        return EXIT_ERROR;
    if (is_help)
        return EXIT_CLEAN;
    if (v->needs_lines != (argc > 1))
        out_error("%s: %s; see %s --help", v->options.command,
                  v->needs_lines
                      ? "of which lines? overt outbound list has them"
                      : "takes no arguments",
                  v->options.command);
    else if (state_place_put(&c.state))
        code = v->function(&c, argc, argv);
    ov_buf_done(&c.state);
    return out_flush(c.out) ? code : EXIT_ERROR;
}

static const struct option_list *list_of(size_t i)
{
    return i < sizeof(verbs) / sizeof(verbs[0]) ? &verbs[i].options : NULL;
}

int cmd_outbound(int argc, char **argv)
{
    bool is_help;
    size_t i = option_word_find(list_of, argc, argv, &is_help);

    if (is_help)
        return out_flush(out_standard()) ? EXIT_CLEAN : EXIT_ERROR;
    if (i != SIZE_MAX)
        return run(&verbs[i], argc - 1, argv + 1);
    out_error("outbound: say list, show, explain, verify, export or --follow");
    return EXIT_ERROR;
}
