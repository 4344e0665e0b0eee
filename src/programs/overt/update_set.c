/* SPDX-License-Identifier: Apache-2.0 */
#include "update_set.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "command.h"
#include "host/config.h"
#include "host/output.h"
#include "host/state_place.h"
#include "sys/spawn.h"
#include "trust/update.h"

#define MAX_SECONDS ((uint64_t)365 * 86400)

bool update_parse_time(const char *text, uint64_t *ret)
{
    static const struct {
        char letter;
        uint64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    struct ov_span s = ov_span_str(text);
    uint64_t unit = 1;
    uint64_t n;

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]) && s.len > 1; i++) {
        if (text[s.len - 1] == units[i].letter) {
            unit = units[i].seconds;
            s.len--;
            break;
        }
    }
    if (!ov_parse_uint(s, MAX_SECONDS / unit, &n))
        return false;
    *ret = n * unit;
    return true;
}

static const char *set_from(void *data, const char *value)
{
    struct update_set *u = data;

    if (u->has_own_places) {
        u->has_own_places = false;
        u->n_places = 0;
    }
    if (u->n_places == UPDATE_MAX_PLACES)
        return "too many of them";
    u->places[u->n_places++] = value;
    return NULL;
}

static const char *set_root(void *data, const char *value)
{
    ((struct update_set *)data)->root = value;
    return NULL;
}

static const char *set_channel(void *data, const char *value)
{
    struct ov_span s = ov_span_str(value);

    for (size_t i = 0; i < s.len; i++) {
        if (!ov_is_alnum(s.ptr[i]) && s.ptr[i] != '-')
            return "a channel's name has letters, digits and '-'";
    }
    if (s.len == 0 || s.len > OV_WIRE_MAX_WORD)
        return "a channel's name has 1 to 64 characters";
    ((struct update_set *)data)->channel = value;
    return NULL;
}

static const char *set_corpus(void *data, const char *value)
{
    ((struct update_set *)data)->corpus = value;
    return NULL;
}

static const char *set_hold(void *data, const char *value)
{
    if (!update_parse_time(value, &((struct update_set *)data)->hold))
        return "not a time: a number with s, m, h or d behind it";
    return NULL;
}

/* Switches. */
#define SWITCH(function, what)                                                 \
    static const char *function(void *data, const char *value)                 \
    {                                                                          \
        struct update_set *u = data;                                           \
                                                                               \
        (void)value;                                                           \
        what;                                                                  \
        return NULL;                                                           \
    }

SWITCH(set_check, u->is_check = true)
SWITCH(set_deep, u->is_deep = true)
SWITCH(set_self, u->is_self = true)
SWITCH(set_json, u->is_json = true)
SWITCH(set_quiet, u->is_quiet = true)
SWITCH(set_best_effort, u->spawn_flags = OV_SPAWN_BEST_EFFORT)

#define ROW_FROM                                                               \
    {                                                                          \
        "from", 'f', "PLACE",                                                  \
            "http(s) address, folder or bundle (tar); repeatable", set_from    \
    }
#define ROW_STATE                                                              \
    {                                                                          \
        "state", 0, "DIR", "where to keep what is installed and remembered",   \
            state_place_option                                                 \
    }
#define ROW_JSON                                                               \
    {                                                                          \
        "json", 0, NULL, "as one JSON object", set_json                        \
    }
#define ROW_BEST_EFFORT                                                        \
    {                                                                          \
        "best-effort-jail", 0, NULL,                                           \
            "go on if the kernel cannot jail fully (not recommended)",         \
            set_best_effort                                                    \
    }

#define UPDATE_ROWS                                                            \
    ROW_FROM,                                                                  \
        {"root", 0, "FILE",                                                    \
         "the publisher's first root, for the first update", set_root},        \
        ROW_STATE,                                                             \
        {"channel", 0, "NAME", "which releases (default: stable)",             \
         set_channel},                                                         \
        {"hold", 0, "TIME", "take a release only when it is this old: 4h, 2d", \
         set_hold},                                                            \
        {"clean-corpus", 0, "DIR",                                             \
         "files in which new rules must find nothing", set_corpus},            \
        {"check", 0, NULL, "believe, but install nothing", set_check},         \
        ROW_JSON,                                                              \
        {"quiet", 'q', NULL, "say nothing if all is well", set_quiet},         \
        ROW_BEST_EFFORT

static const struct option_row update_rows[] = {UPDATE_ROWS};

static const char *leave(void *data, const char *value)
{
    (void)data;
    (void)value;
    return NULL;
}

/* [update] of overt.conf. */
static const struct option_row section_rows[] = {
    UPDATE_ROWS,
    {"interval", 0, "TIME", "for overtd only", leave},
};

static const struct option_row verify_rows[] = {
    ROW_FROM,
    ROW_STATE,
    {"deep", 0, NULL, "each rule's entry in the log, too (asks --from)",
     set_deep},
    {"self", 0, NULL,
     "the programs instead: are they the released ones (asks --from)",
     set_self},
    ROW_JSON,
    ROW_BEST_EFFORT,
};

static const struct option_row why_rows[] = {
    ROW_FROM,
    ROW_STATE,
    ROW_BEST_EFFORT,
};

#define LIST(rows) (rows), sizeof(rows) / sizeof((rows)[0])

static const struct option_list section_options = {"[update]", "",
                                                   LIST(section_rows)};

const struct option_list update_options = {"overt update", "[OPTION]...",
                                           LIST(update_rows)};
const struct option_list verify_options = {"overt verify", "[OPTION]...",
                                           LIST(verify_rows)};
const struct option_list why_options = {
    "overt why", "[OPTION]... DETECTION-OR-RULE", LIST(why_rows)};

bool update_set_parse(const struct option_list *list, struct update_set *u,
                      int *argc, char **argv, bool *ret_is_help)
{
    *u = (struct update_set){.channel = "stable"};
    if (!config_apply(&section_options, "update", u))
        return false;
    u->has_own_places = true; /* those of overt.conf give way */
    return options_parse(list, argc, argv, u, ret_is_help);
}

bool update_set_operands(const struct option_list *list, int argc, char **argv,
                         int n_operands)
{
    if (argc - 1 == n_operands)
        return true;
    if (argc - 1 > n_operands)
        out_error("%s: %s: not expected; see %s --help", list->command,
                  argv[n_operands + 1], list->command);
    else
        out_error("%s: of what? see %s --help", list->command, list->command);
    return false;
}

/* ---- what came of it ---- */

int update_exit_code(const struct ov_trust_result *r)
{
    switch (ov_refusal_text(r->updated.refusal)->class) {
    case OV_REFUSAL_ALARM:
        return EXIT_DETECTED;
    case OV_REFUSAL_STALE:
        return EXIT_INCONCLUSIVE;
    case OV_REFUSAL_MACHINE:
        return EXIT_ERROR;
    case OV_REFUSAL_NONE:
    case OV_REFUSAL_WAIT:
    default:
        return EXIT_CLEAN;
    }
}

void update_print_refusal(struct out *o, const struct ov_trust_result *r)
{
    const struct ov_refusal_text *t = ov_refusal_text(r->updated.refusal);
    bool has_detail = r->detail[0] != '\0';

    out_format(o, "%s: %s%s%s%s\n%s\n", t->word, t->sentence,
               has_detail ? " (" : "", r->detail, has_detail ? ")" : "",
               t->remedy);
    if (t->class == OV_REFUSAL_STALE && r->network[0] != '\0')
        out_format(o, "What a mirror failed with last: %s\n", r->network);
}

void update_print_refusal_json(struct out *o, const struct ov_trust_result *r)
{
    const struct ov_refusal_text *t = ov_refusal_text(r->updated.refusal);

    out_format(o, "\"result\":\"%s\",\"sentence\":", t->word);
    out_json(o, ov_span_str(t->sentence));
    out_format(o, ",\"detail\":");
    out_json(o, ov_span_str(r->detail));
    out_format(o, ",\"remedy\":");
    out_json(o, ov_span_str(t->remedy));
}

static bool open_mirrors(const struct update_set *u, struct ov_mirrors **ret)
{
    OV_AUTO(mirrors) m = ov_mirrors_new(u->spawn_flags);
    size_t n_bad = 0;

    if (m == NULL)
        return false;
    if (u->n_places == 0) {
        out_error(
            "update: from where? give --from, or \"from =\" in the section "
            "[update] of overt.conf");
        return false;
    }
    for (size_t i = 0; i < u->n_places; i++) {
        struct ov_diag diag = {0};

        if (ov_mirrors_add(m, u->places[i], &diag) != OV_OK) {
            out_error("update: %s: %s", u->places[i], diag.text);
            n_bad++;
        }
    }
    if (n_bad == u->n_places || ov_mirrors_shuffle(m) != OV_OK)
        return false;
    *ret = OV_STEAL(m);
    return true;
}

static bool open_log(struct update_sources *s, const char *command,
                     const char *purpose)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(PATH_MAX);
    struct ov_fetch_book book;
    struct ov_diag diag = {0};

    if (!ov_mirrors_need_network(s->mirrors))
        return true;
    if (!state_place_put(&path))
        return false;
    if (outbound_log_open((char *)path.ptr, command, &s->log, &diag) != OV_OK) {
        out_error("%s: %s", (char *)path.ptr, diag.text);
        return false;
    }
    book = outbound_log_book(s->log);
    ov_mirrors_set_book(s->mirrors, &book, purpose);
    return true;
}

bool update_set_sources(const struct update_set *u, const char *command,
                        const char *purpose, struct update_sources *ret)
{
    struct update_sources s = {NULL, NULL};

    if (!open_mirrors(u, &s.mirrors))
        return false;
    if (!open_log(&s, command, purpose)) {
        update_sources_done(&s);
        return false;
    }
    *ret = s;
    return true;
}

void update_sources_done(struct update_sources *s)
{
    ov_mirrors_free(s->mirrors); /* may still write to the log */
    outbound_log_close(s->log);
    *s = (struct update_sources){NULL, NULL};
}
