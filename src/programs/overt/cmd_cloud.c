/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "cloud_recalled.h"
#include "command.h"
#include "host/cloud_merge.h"
#include "host/option.h"
#include "host/output.h"
#include "host/quarantine_item.h"
#include "host/state_place.h"
#include "host/when.h"
#include "sys/fd.h"
#include "sys/spawn.h"

/* overt cloud mode | status | update | lookup. */

struct cloud_command {
    struct out *out;
    struct ov_buf state; /* the folder, NUL-terminated */
    struct cloud_settings settings;
    struct setting_list from; /* --from */
    enum cloud_mode mode;
    unsigned spawn_flags;
    bool is_json;
    bool is_sure;
    bool is_offline;
    bool is_quiet;
};

/* ---- options ---- */

#define SET(function, what)                                                    \
    static const char *function(void *data, const char *value)                 \
    {                                                                          \
        struct cloud_command *c = data;                                        \
                                                                               \
        (void)value;                                                           \
        what;                                                                  \
        return NULL;                                                           \
    }

SET(set_json, c->is_json = true)
SET(set_sure, c->is_sure = true)
SET(set_offline, c->is_offline = true)
SET(set_quiet, c->is_quiet = true)
SET(set_best_effort, c->spawn_flags = OV_SPAWN_BEST_EFFORT)

static const char *set_from(void *data, const char *value)
{
    return setting_add(&((struct cloud_command *)data)->from, value);
}

static const char *set_state(void *data, const char *value)
{
    (void)data;
    state_place_set(value);
    return NULL;
}

#define ROW_STATE                                                              \
    {                                                                          \
        "state", 0, "DIR", "where it is, if not in the usual place", set_state \
    }
#define ROW_JSON                                                               \
    {                                                                          \
        "json", 0, NULL, "as one JSON object", set_json                        \
    }
#define ROW_FROM                                                               \
    {                                                                          \
        "from", 'f', "PLACE",                                                  \
            "http(s) address, folder or bundle (tar); repeatable", set_from    \
    }
#define ROW_BEST_EFFORT                                                        \
    {                                                                          \
        "best-effort-jail", 0, NULL,                                           \
            "go on if the kernel cannot jail fully (not recommended)",         \
            set_best_effort                                                    \
    }

static const struct option_row mode_rows[] = {
    {"yes", 'y', NULL, "do not ask", set_sure}, ROW_STATE};
static const struct option_row status_rows[] = {ROW_JSON, ROW_STATE,
                                                ROW_BEST_EFFORT};
static const struct option_row update_rows[] = {
    ROW_FROM,
    ROW_JSON,
    {"quiet", 'q', NULL, "say nothing if all is well", set_quiet},
    ROW_STATE,
    ROW_BEST_EFFORT};
static const struct option_row lookup_rows[] = {
    ROW_FROM,
    {"offline", 0, NULL, "ask nobody", set_offline},
    ROW_JSON,
    ROW_STATE,
    ROW_BEST_EFFORT};

/* ---- mode ---- */

static void print_mode(struct cloud_command *c, enum cloud_mode m)
{
    out_format(c->out, "%s%s: %s\n%s\n\n", m == c->mode ? "* " : "  ",
               cloud_mode_word(m), cloud_mode_what(m), cloud_mode_sends(m));
}

static void print_screen(struct cloud_command *c)
{
    out_format(c->out, "What leaves this machine in each mode (* is set):\n\n");
    for (unsigned m = 0; m < CLOUD_N_MODES; m++)
        print_mode(c, (enum cloud_mode)m);
    out_format(c->out,
               "In every mode each request is in the outbound ledger before it "
               "is sent: overt\noutbound list. What overt update fetches is "
               "not part of this.\n");
}

static bool is_agreed(struct cloud_command *c, enum cloud_mode m)
{
    char answer[8] = "";
    ssize_t got;

    if (c->is_sure || m == CLOUD_OFF)
        return true;
    print_screen(c);
    if (!isatty(STDIN_FILENO)) {
        (void)!out_flush(c->out);
        out_error("cloud mode: nobody is there to agree: give --yes");
        return false;
    }
    out_format(c->out, "Set the mode %s? [y/N] ", cloud_mode_word(m));
    (void)!out_flush(c->out);
    got = read(STDIN_FILENO, answer, sizeof(answer) - 1);
    return got > 0 && (answer[0] == 'y' || answer[0] == 'Y');
}

static enum ov_status note_mode(struct cloud_command *c, enum cloud_mode m,
                                struct ov_diag *diag)
{
    struct outbound_log *log;
    struct outbound_line l;
    enum ov_status status;

    OV_TRY(outbound_log_open((char *)c->state.ptr, "overt cloud mode", &log,
                             diag));
    outbound_begin(&l, OUTBOUND_SETTING);
    l.name = OV_SPAN_LIT("cloud mode");
    l.old = ov_span_str(cloud_mode_word(c->mode));
    l.text = ov_span_str(cloud_mode_word(m));
    status = outbound_log_add(log, &l, diag);
    outbound_log_close(log);
    return status;
}

static enum ov_status set_mode(struct cloud_command *c, enum cloud_mode m,
                               struct ov_diag *diag)
{
    OV_AUTO(state) state = NULL;

    OV_TRY(ov_state_open((char *)c->state.ptr, OV_STATE_WRITE, &state, diag));
    OV_TRY(note_mode(c, m, diag));
    return ov_state_put(state, "cloud-mode", ov_span_str(cloud_mode_word(m)));
}

static int do_mode(struct cloud_command *c, int argc, char **argv)
{
    struct ov_diag diag = {0};
    enum ov_status status;
    enum cloud_mode m;

    if (argc == 1) {
        print_screen(c);
        return EXIT_CLEAN;
    }
    if (argc > 2 || !cloud_mode_parse(argv[1], &m)) {
        out_error("cloud mode: say off, mirror, prefix, relay or contribute");
        return EXIT_ERROR;
    }
    if (!is_agreed(c, m))
        return EXIT_ERROR;
    status = set_mode(c, m, &diag);
    if (status != OV_OK) {
        out_error("cloud mode: %s",
                  diag.text[0] != '\0' ? diag.text : ov_status_name(status));
        return EXIT_ERROR;
    }
    out_format(c->out, "cloud mode: %s\n", cloud_mode_word(m));
    if (m != CLOUD_OFF && cloud_places(&c->settings, m)->n == 0)
        out_format(c->out,
                   "No %s is set yet: \"%s =\" in the section [cloud] of "
                   "overt.conf.\n",
                   m == CLOUD_RELAY ? "relay" : "server",
                   m == CLOUD_RELAY ? "relay" : "server");
    return EXIT_CLEAN;
}

/* ---- asking ---- */

/* Whom the owner lets us ask; NULL: nobody. */
static const struct setting_list *places(const struct cloud_command *c)
{
    if (c->is_offline)
        return NULL;
    if (c->from.n > 0)
        return &c->from;
    return c->mode == CLOUD_OFF ? NULL : cloud_places(&c->settings, c->mode);
}

/* One of the two clouds: what it has, and where it is. */
struct source {
    const char *state;
    const struct setting_list *from; /* NULL: nobody is asked */
};

static struct source public_source(const struct cloud_command *c)
{
    return (struct source){(const char *)c->state.ptr, places(c)};
}

/* The owner's own, unless one run is about one place. Without a state: none. */
static struct source own_source(const struct cloud_command *c)
{
    bool is_asked = !c->is_offline && c->mode != CLOUD_OFF;

    return (struct source){c->from.n > 0 ? NULL : c->settings.own_state,
                           is_asked ? &c->settings.own : NULL};
}

static bool ask(struct cloud_command *c, const struct source *whom,
                const char *command, enum ov_trust_task task,
                const char *argument, struct cloud_said *ret)
{
    struct cloud_ask *a;
    struct ov_diag diag = {0};
    enum ov_status status;

    if (!cloud_ask_new_noted(whom->state, (char *)c->state.ptr, whom->from,
                             command, c->spawn_flags, &a))
        return false;
    status = cloud_ask_run(a, task, argument, ret, &diag);
    cloud_ask_free(a);
    if (status == OV_OK)
        return true;
    out_error("cloud: %s",
              diag.text[0] != '\0' ? diag.text : ov_status_name(status));
    return false;
}

static void put_said(struct out *o, const struct cloud_said *s,
                     const char *name)
{
    out_escaped(o, cloud_said_value(s, name));
}

/* All lines as members; numbers as numbers. */
static void print_json(struct out *o, const struct cloud_said *s)
{
    struct ov_span rest = ov_span_str(s->text);
    struct ov_span line;
    struct ov_span word;
    bool is_first = true;
    uint64_t n;

    out_format(o, "{");
    while (rest.len > 0) {
        (void)ov_span_cut(&rest, '\n', &line);
        (void)ov_span_cut(&line, ' ', &word);
        out_format(o, is_first ? "" : ",");
        is_first = false;
        out_json(o, word);
        out_format(o, ":");
        if (ov_span_equal(word, OV_SPAN_LIT("status")))
            out_json(o, ov_span_str(ov_status_name(s->status)));
        else if (ov_parse_uint(line, INT64_MAX, &n))
            out_format(o, "%llu", (unsigned long long)n);
        else
            out_json(o, line);
    }
    out_format(o, "}\n");
}

/* A proof that does not hold is an alarm, as it is of updates. */
static int exit_code(const struct cloud_said *s)
{
    if (s->status == OV_OK)
        return EXIT_CLEAN;
    if (ov_span_starts(cloud_said_value(s, "words"), OV_SPAN_LIT("REFUSED")))
        return EXIT_DETECTED;
    return s->status == OV_NOT_FOUND || s->status == OV_USAGE
               ? EXIT_ERROR
               : EXIT_INCONCLUSIVE;
}

static void print_failure(struct cloud_command *c, const struct cloud_said *s)
{
    struct ov_span words = cloud_said_value(s, "words");

    (void)!out_flush(c->out);
    out_error(
        "cloud: %.*s",
        (int)(words.len > 0 ? words.len : strlen(ov_status_name(s->status))),
        words.len > 0 ? (const char *)words.ptr : ov_status_name(s->status));
}

/* ---- status, update ---- */

static void print_time(struct out *o, uint64_t time)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(32);

    when_put(&text, (int64_t)time);
    out_escaped(o, ov_buf_span(&text));
}

static void print_data(struct cloud_command *c, const struct cloud_said *s)
{
    out_format(c->out, "snapshot %llu, delta %llu, of ",
               (unsigned long long)cloud_said_number(s, "epoch"),
               (unsigned long long)cloud_said_number(s, "delta"));
    print_time(c->out, cloud_said_number(s, "time"));
    out_format(c->out, ": %llu files are called bad\n",
               (unsigned long long)cloud_said_number(s, "bad"));
    out_format(c->out, cloud_said_number(s, "stale") != 0 ? "STALE since "
                                                          : "counts until ");
    print_time(c->out, cloud_said_number(s, "expires"));
    out_format(c->out, "\n");
}

static int tell_status(struct cloud_command *c, const struct source *whom)
{
    struct cloud_said s;

    if (!ask(c, &(struct source){whom->state, NULL}, "overt cloud status",
             OV_TRUST_CLOUD_STATUS, "", &s))
        return EXIT_ERROR;
    if (c->is_json)
        print_json(c->out, &s);
    else if (s.status == OV_OK)
        print_data(c, &s);
    else
        print_failure(c, &s);
    return exit_code(&s);
}

/* The worse of two, an error being the worst. */
static int worse(int a, int b)
{
    return a == EXIT_CLEAN || b == EXIT_ERROR ? b : a;
}

static int do_status(struct cloud_command *c, int argc, char **argv)
{
    const struct source all = public_source(c);
    const struct source own = own_source(c);
    int code;

    (void)argc;
    (void)argv;
    if (!c->is_json)
        out_format(c->out, "mode %s: %s\n", cloud_mode_word(c->mode),
                   cloud_mode_what(c->mode));
    code = tell_status(c, &all);
    if (own.state == NULL)
        return code;
    if (!c->is_json)
        out_format(c->out, "your own cloud: ");
    return worse(code, tell_status(c, &own));
}

static int bring(struct cloud_command *c, const struct source *whom)
{
    struct cloud_said s;

    if (!ask(c, whom, "overt cloud update", OV_TRUST_CLOUD, c->settings.tier,
             &s))
        return EXIT_ERROR;
    if (c->is_json)
        print_json(c->out, &s);
    else if (s.status != OV_OK)
        print_failure(c, &s);
    else if (!c->is_quiet)
        print_data(c, &s);
    if (s.status == OV_OK && !c->is_json)
        cloud_tell_recalled(whom->state);
    return exit_code(&s);
}

static int do_update(struct cloud_command *c, int argc, char **argv)
{
    const struct source all = public_source(c);
    const struct source own = own_source(c);
    bool has_own = own.state != NULL && own.from != NULL && own.from->n > 0;
    bool has_all = all.from != NULL && all.from->n > 0;
    int code = EXIT_CLEAN;

    (void)argc;
    (void)argv;
    if (!has_all && !has_own) {
        out_error(c->mode == CLOUD_OFF
                      ? "cloud update: the cloud is off: overt cloud mode says "
                        "what each mode sends"
                      : "cloud update: from where? give --from, or set it in "
                        "the section [cloud] of overt.conf");
        return EXIT_ERROR;
    }
    if (has_all)
        code = bring(c, &all);
    return has_own ? worse(code, bring(c, &own)) : code;
}

/* ---- lookup ---- */

/* The argument's 64 digits, or those of the file that it names. */
static bool digits_of(const char *argument, struct ov_buf *ret)
{
    uint8_t digest[OV_DIGEST_MAX];
    uint64_t size;

    if (ov_hex_decode(ov_span_str(argument), digest, sizeof(digest))) {
        ov_put_str(ret, argument);
        ov_put_u8(ret, 0);
        return true;
    }
    OV_AUTO_FD fd = open(argument, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || quarantine_digest(fd, UINT64_MAX, digest, &size) != OV_OK) {
        out_error("cloud lookup: %s: neither a SHA-256 nor a file that can be "
                  "read%s%s",
                  argument, fd < 0 ? ": " : "", fd < 0 ? strerror(errno) : "");
        return false;
    }
    ov_put_hex(ret, ov_span_of(digest, sizeof(digest)));
    ov_put_u8(ret, 0);
    return true;
}

static const char *source_words(struct ov_span source)
{
    static const struct {
        const char *word;
        const char *words;
    } sources[] = {
        {"delta", "in the newest changes"},
        {"hot", "in the list of what is new"},
        {"filter", "it is in no list of the bad; nobody was asked"},
        {"good", "in the list of the good, by all probability"},
        {"bucket", "proven by the cloud's answer"},
    };

    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
        if (ov_span_equal(source, ov_span_str(sources[i].word)))
            return sources[i].words;
    return "?";
}

static bool is_bad(struct ov_span reputation)
{
    return ov_span_equal(reputation, OV_SPAN_LIT("malicious")) ||
           ov_span_equal(reputation, OV_SPAN_LIT("unwanted")) ||
           ov_span_equal(reputation, OV_SPAN_LIT("test"));
}

static void print_answer(struct cloud_command *c, const char *argument,
                         const struct cloud_said *s)
{
    struct ov_span family = cloud_said_value(s, "family");

    out_escaped(c->out, ov_span_str(argument));
    out_format(c->out, ": ");
    put_said(c->out, s, "reputation");
    if (!ov_span_equal(family, OV_SPAN_LIT("-"))) {
        out_format(c->out, ", ");
        out_escaped(c->out, family);
    }
    out_format(c->out, " (%s%s%s",
               cloud_said_value(s, "by").len > 0 ? "your own cloud: " : "",
               source_words(cloud_said_value(s, "source")),
               cloud_said_number(s, "stale") != 0 ? "; STALE" : "");
    if (cloud_said_number(s, "bits") != 0)
        out_format(c->out, "; %llu bits of the SHA-256 were told",
                   (unsigned long long)cloud_said_number(s, "bits"));
    out_format(c->out, ")\n");
}

/* So that the answer tells whose it is. */
static void mark_own(struct cloud_said *s)
{
    static const char line[] = "by own\n";
    size_t have = strlen(s->text);

    if (have + sizeof(line) <= sizeof(s->text))
        memcpy(s->text + have, line, sizeof(line));
}

static void print_said(struct cloud_command *c, const char *argument,
                       const struct cloud_said *s)
{
    if (c->is_json)
        print_json(c->out, s);
    else if (s->status == OV_PEER_GONE)
        out_error("cloud lookup: %s: only the cloud knows, and nobody may be "
                  "asked: see overt cloud mode",
                  argument);
    else if (s->status != OV_OK)
        print_failure(c, s);
    else
        print_answer(c, argument, s);
}

static int look_up(struct cloud_command *c, const char *argument)
{
    OV_AUTO_PTR struct cloud_said *own = ov_alloc(sizeof(*own));
    OV_AUTO_DONE(buf) digits = ov_buf_with_max(80);
    const struct source all = public_source(c);
    const struct source own_one = own_source(c);
    struct cloud_said s;

    if (own == NULL || !digits_of(argument, &digits) ||
        !ask(c, &all, "overt cloud lookup", OV_TRUST_CLOUD_LOOKUP,
             (char *)digits.ptr, &s))
        return EXIT_ERROR;
    if (own_one.state != NULL) {
        if (!ask(c, &own_one, "overt cloud lookup", OV_TRUST_CLOUD_LOOKUP,
                 (char *)digits.ptr, own))
            return EXIT_ERROR;
        mark_own(own);
        if (cloud_merge(own, &s) == own)
            s = *own;
    }
    print_said(c, argument, &s);
    if (s.status == OV_OK && is_bad(cloud_said_value(&s, "reputation")))
        return EXIT_DETECTED;
    return exit_code(&s);
}

static int do_lookup(struct cloud_command *c, int argc, char **argv)
{
    int worst = EXIT_CLEAN;

    if (argc < 2) {
        out_error("cloud lookup: of what? give a SHA-256 or a file");
        return EXIT_ERROR;
    }
    for (int i = 1; i < argc; i++) {
        int code = look_up(c, argv[i]);

        if (worst == EXIT_CLEAN || code == EXIT_ERROR)
            worst = code;
    }
    return worst;
}

/* ---- the command ---- */

#define ROWS(rows) rows, sizeof(rows) / sizeof((rows)[0])

static const struct verb {
    struct option_list options;
    int (*function)(struct cloud_command *c, int argc, char **argv);
} verbs[] = {
    {{"overt cloud mode", "[OPTION]... [MODE]", ROWS(mode_rows)}, do_mode},
    {{"overt cloud status", "[OPTION]...", ROWS(status_rows)}, do_status},
    {{"overt cloud update", "[OPTION]...", ROWS(update_rows)}, do_update},
    {{"overt cloud lookup", "[OPTION]... SHA256|FILE...", ROWS(lookup_rows)},
     do_lookup},
};

static int run(const struct verb *v, int argc, char **argv)
{
    struct cloud_command c = {.out = out_standard(),
                              .state = ov_buf_with_max(PATH_MAX)};
    bool is_help = false;
    int code = EXIT_ERROR;

    if (!cloud_settings_load(&c.settings) ||
        !options_parse(&v->options, &argc, argv, &c, &is_help))
        return EXIT_ERROR;
    if (is_help)
        return EXIT_CLEAN;
    if (state_place_put(&c.state)) {
        c.mode = cloud_mode_of(&c.settings, (char *)c.state.ptr);
        code = v->function(&c, argc, argv);
    }
    ov_buf_done(&c.state);
    return out_flush(c.out) ? code : EXIT_ERROR;
}

static const struct option_list *list_of(size_t i)
{
    return i < sizeof(verbs) / sizeof(verbs[0]) ? &verbs[i].options : NULL;
}

int cmd_cloud(int argc, char **argv)
{
    bool is_help;
    size_t i = option_word_find(list_of, argc, argv, &is_help);

    if (is_help)
        return out_flush(out_standard()) ? EXIT_CLEAN : EXIT_ERROR;
    if (i != SIZE_MAX)
        return run(&verbs[i], argc - 1, argv + 1);
    out_error("cloud: say mode, status, update or lookup");
    return EXIT_ERROR;
}
