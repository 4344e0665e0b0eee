/* SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"
#include "command.h"
#include "daemon_page.h"
#include "host/option.h"
#include "host/output.h"
#include "signals.h"

/* overt top: what costs overtd most, by process, folder, format and rule. On a
 * terminal the picture is drawn anew every two seconds; it ends with Ctrl-C.
 * Elsewhere it is printed once. */

#define EVERY_MS 2000
#define MAX_ROWS 64
#define USUAL_ROWS 10
#define USUAL_WIDTH 80
#define LEFT_WIDTH 40 /* what stands before the name */

struct top_options {
    const char *control;
    bool is_once;
    bool is_json;
};

static const struct {
    const char *member;
    const char *heading;
} tables[] = {
    {"processes", "PROCESS"},
    {"folders", "FOLDER"},
    {"formats", "FORMAT"},
    {"rules", "RULE"},
};

#define N_TABLES (sizeof(tables) / sizeof(tables[0]))

static const char *set_control(void *data, const char *value)
{
    ((struct top_options *)data)->control = value;
    return NULL;
}

static const char *set_once(void *data, const char *value)
{
    (void)value;
    ((struct top_options *)data)->is_once = true;
    return NULL;
}

static const char *set_json(void *data, const char *value)
{
    (void)value;
    ((struct top_options *)data)->is_json = true;
    return NULL;
}

static const struct option_row rows[] = {
    {"once", '1', NULL, "print it once", set_once},
    {"json", 0, NULL, "once, as one JSON object", set_json},
    {"control", 0, "PATH", "overtd's control socket", set_control},
};

static const struct option_list options = {"overt top", "[OPTION]...", rows,
                                           sizeof(rows) / sizeof(rows[0])};

struct screen {
    unsigned width;
    unsigned rows; /* of each table */
};

static struct screen measure(bool is_once)
{
    struct winsize size = {0};
    struct screen s = {USUAL_WIDTH, USUAL_ROWS};

    if (is_once) {
        s.width = 0; /* not cut */
        s.rows = MAX_ROWS;
    } else if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
               size.ws_col > LEFT_WIDTH && size.ws_row > 0) {
        s.width = size.ws_col;
        s.rows = size.ws_row < 4 * N_TABLES
                     ? 2
                     : (size.ws_row - 2u - 2u * (unsigned)N_TABLES) /
                           (unsigned)N_TABLES;
    }
    return s;
}

/* The end of the name tells more than its beginning. */
static void put_name(struct out *o, struct ov_span name, const struct screen *s)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(64 << 10);
    struct ov_span shown;
    size_t room = s->width > LEFT_WIDTH ? s->width - LEFT_WIDTH : 0;

    ov_put_escaped(&text, name);
    shown = ov_buf_span(&text);
    if (room > 0 && shown.len > room) {
        shown = ov_span_clip(shown, shown.len - room + 3, shown.len);
        while (shown.len > 0 && (shown.ptr[0] & 0xc0) == 0x80)
            shown = ov_span_clip(shown, 1, shown.len); /* half a character */
        out_format(o, "...");
    }
    ov_put_span(&o->text, shown);
}

static void put_table(struct out *o, const struct ov_json *list,
                      const char *heading, const struct screen *s)
{
    unsigned n = 0;

    if (list == NULL || list->count == 0)
        return;
    out_color(o, "1");
    out_format(o, "%10s %10s %8s %8s  %s\n", "RECENT ms", "TOTAL ms", "FILES",
               "MiB", heading);
    out_color(o, "");
    for (const struct ov_json *e = list->first; e != NULL && n < s->rows;
         e = e->next, n++) {
        out_format(o, "%10llu %10llu %8llu %8llu  ",
                   (unsigned long long)daemon_number(e, "recent_us") / 1000,
                   (unsigned long long)daemon_number(e, "us") / 1000,
                   (unsigned long long)daemon_number(e, "n"),
                   (unsigned long long)daemon_number(e, "bytes") >> 20);
        put_name(o, daemon_text(e, "name"), s);
        out_format(o, "\n");
    }
    out_format(o, "\n");
}

static void put_guard(struct out *o, const struct ov_json *guard)
{
    unsigned long long ignored;
    unsigned long long allowed;
    unsigned long long denied;
    unsigned long long written;

    if (guard == NULL)
        return; /* an older daemon */
    ignored = daemon_number(guard, "ignored");
    allowed = daemon_number(guard, "allowed");
    denied = daemon_number(guard, "denied");
    written = daemon_number(guard, "written");
    if (ignored + allowed + denied + written > 0)
        out_format(o,
                   "guard: openings ignored %llu, allowed %llu, denied %llu; "
                   "looked at after a change %llu\n\n",
                   ignored, allowed, denied, written);
}

static bool draw(struct out *o, const char *place, const struct top_options *t)
{
    struct screen s = measure(t->is_once);
    struct daemon_page page = {0};
    struct ov_diag diag = {0};

    if (daemon_page_get(place, "/top", &page, &diag) != OV_OK) {
        out_error("top: %s", diag.text);
        return false;
    }
    if (t->is_json) {
        ov_put_span(&o->text, ov_buf_span(&page.text));
        out_format(o, "\n");
    } else {
        if (!t->is_once)
            out_format(o, "\033[H\033[2J");
        put_guard(o, ov_json_get(page.json, OV_SPAN_LIT("guard")));
        for (size_t i = 0; i < N_TABLES; i++)
            put_table(o, ov_json_get(page.json, ov_span_str(tables[i].member)),
                      tables[i].heading, &s);
    }
    daemon_page_done(&page);
    return out_flush(o);
}

int cmd_top(int argc, char **argv)
{
    struct top_options t = {0};
    struct out *o = out_standard();
    const char *place;
    bool is_help = false;

    if (!options_parse(&options, &argc, argv, &t, &is_help))
        return EXIT_ERROR;
    if (is_help)
        return EXIT_CLEAN;
    if (argc > 1) {
        out_error("top: %s: not expected; see overt top --help", argv[1]);
        return EXIT_ERROR;
    }
    if (!daemon_place(t.control, &place))
        return EXIT_ERROR;
    t.is_once |= t.is_json || !isatty(STDOUT_FILENO);
    signals_catch();
    for (;;) {
        if (!draw(o, place, &t))
            return EXIT_ERROR;
        if (t.is_once)
            return EXIT_CLEAN;
        (void)poll(NULL, 0, EVERY_MS); /* a signal ends it */
        if (signals_stop() != 0)
            return EXIT_CLEAN;
    }
}
