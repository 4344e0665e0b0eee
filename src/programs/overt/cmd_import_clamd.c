/* SPDX-License-Identifier: Apache-2.0 */
#include <pwd.h>
#include <string.h>

#include "base/text.h"
#include "command.h"
#include "host/option.h"
#include "host/output.h"
#include "sys/file.h"

/* overt import-clamd: writes the overt.conf that makes overtd do what clamd was
 * told by a clamd.conf, and says of each line that has no equivalent why.
 * clamd.conf(5) of ClamAV 1.4.6: a line is a name, blanks and a value, which
 * may stand in quotes; "#" begins a comment at the start of a line only. Where
 * clamd's own default differs from overtd's, the line is written though
 * clamd.conf does not have it. */

#define MAX_FILE ((size_t)1 << 20)
#define FILE_MODE 0644
#define MAX_SECONDS 86400

enum clamd_kind {
    TEXT,
    SIZE,
    NUMBER,
    SECONDS,
    MILLISECONDS,
    IF_YES,
    IF_NO,
    ALWAYS_YES,
    ALWAYS_NO,
    NEEDLESS,
    NONE,
    SPECIAL
};

static const struct clamd_row {
    const char *name;
    enum clamd_kind kind;
    const char *section;
    const char *option;
    const char *why;
} rows[] = {

#define CLAMD(name, kind, section, option, why)                                \
    {name, kind, section, option, why},
#include "clamd_conf.def"
#undef CLAMD
};

static const char *const sections[] = {"scan", "daemon", "clamd", "guard",
                                       "events"};

#define N_SECTIONS (sizeof(sections) / sizeof(sections[0]))
#define MAX_ADDRESSES 16

struct import {
    const char *from;
    const char *to; /* NULL: to stdout */
    struct ov_buf lines[N_SECTIONS];
    struct ov_buf missing;  /* what has no equivalent */
    struct ov_buf needless; /* what needs none */
    unsigned n_taken;
    unsigned n_missing;
    unsigned n_needless;
    unsigned line;
    const char *tcp_port;
    const char *tcp_addresses[MAX_ADDRESSES];
    size_t n_addresses;
    bool has_socket_mode;
};

/* ---- what is written ---- */

static struct ov_buf *lines_of(struct import *im, const char *section)
{
    for (size_t i = 0; i < N_SECTIONS; i++)
        if (strcmp(sections[i], section) == 0)
            return &im->lines[i];
    return NULL; /* no row names another: a test goes through all */
}

static void put_line(struct import *im, const char *section, const char *option,
                     const char *value)
{
    struct ov_buf *b = lines_of(im, section);

    im->n_taken++;
    ov_put_str(b, option);
    if (value != NULL) {
        ov_put_str(b, " = ");
        ov_put_str(b, value);
    }
    ov_put_u8(b, '\n');
}

static void put_told(struct ov_buf *b, const struct import *im,
                     const char *name, const char *value, const char *why)
{
    ov_put_format(b, "#   line %u: ", im->line);
    ov_put_escaped(b, ov_span_str(name));
    if (value[0] != '\0')
        ov_put_u8(b, ' ');
    ov_put_escaped(b, ov_span_str(value));
    ov_put_str(b, ": ");
    ov_put_str(b, why);
    ov_put_u8(b, '\n');
}

static void miss(struct import *im, const char *name, const char *value,
                 const char *why)
{
    im->n_missing++;
    put_told(&im->missing, im, name, value, why);
}

static void skip(struct import *im, const char *name, const char *value,
                 const char *why)
{
    im->n_needless++;
    put_told(&im->needless, im, name, value, why);
}

/* ---- values ---- */

static bool parse_bool(const char *value, bool *ret)
{
    static const char *const yes[] = {"yes", "true", "1"};
    static const char *const no[] = {"no", "false", "0"};

    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        if (ov_span_equal_nocase(ov_span_str(value), ov_span_str(yes[i]))) {
            *ret = true;
            return true;
        }
        if (ov_span_equal_nocase(ov_span_str(value), ov_span_str(no[i]))) {
            *ret = false;
            return true;
        }
    }
    return false;
}

static void take_bool(struct import *im, const struct clamd_row *row,
                      const char *value)
{
    bool is_yes;

    if (!parse_bool(value, &is_yes)) {
        miss(im, row->name, value, "not yes or no");
        return;
    }
    switch (row->kind) {
    case IF_YES:
    case IF_NO:
        if (is_yes == (row->kind == IF_YES))
            put_line(im, row->section, row->option, NULL);
        else
            skip(im, row->name, value, "is so without a line");
        return;
    case ALWAYS_YES:
    case ALWAYS_NO:
        if (is_yes == (row->kind == ALWAYS_YES))
            skip(im, row->name, value, "is so anyway");
        else
            miss(im, row->name, value, row->why);
        return;
    case TEXT:
    case SIZE:
    case NUMBER:
    case SECONDS:
    case MILLISECONDS:
    case NEEDLESS:
    case NONE:
    case SPECIAL:
    default:
        return;
    }
}

static void take_number(struct import *im, const struct clamd_row *row,
                        const char *value)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(64);
    uint64_t n;

    if (row->kind == SIZE ? !option_size(value, &n)
                          : !option_number(value, UINT32_MAX, &n)) {
        miss(im, row->name, value, "not a number");
        return;
    }
    if (row->kind == MILLISECONDS) {
        n = n == 0 || n > (uint64_t)MAX_SECONDS * 1000 ? MAX_SECONDS
                                                       : (n + 999) / 1000;
        ov_put_format(&text, "%llu", (unsigned long long)n);
    } else {
        ov_put_format(&text, "%s%s", value, row->kind == SECONDS ? "s" : "");
    }
    ov_put_u8(&text, 0);
    if (ov_buf_status(&text) == OV_OK)
        put_line(im, row->section, row->option, (const char *)text.ptr);
}

static void take_text(struct import *im, const struct clamd_row *row,
                      const char *value)
{
    if (strcmp(row->name, "LocalSocketMode") == 0)
        im->has_socket_mode = true;
    if (value[0] == '\0')
        miss(im, row->name, value, "has no value");
    else if (strstr(value, " #") != NULL || strstr(value, "\t#") != NULL)
        miss(im, row->name, value, "a # behind a blank begins a comment");
    else
        put_line(im, row->section, row->option, value);
}

/* ---- those of their own ---- */

/* clamd runs it by a shell, so it may be more than a program's name. */
static void take_event(struct import *im, const struct clamd_row *row,
                       const char *value)
{
    if (value[0] != '/' || strpbrk(value, " \t|&;<>()$`\\\"'*?[#~=%") != NULL)
        miss(im, row->name, value,
             "command = in [events] takes a program's full path and no shell: "
             "write a script that uses $OVERT_PATH and $OVERT_RULE");
    else
        put_line(im, row->section, row->option, value);
}

static void take_uid(struct import *im, const struct clamd_row *row,
                     const char *value)
{
    struct passwd *user = NULL;
    uint64_t n;

    if (option_number(value, UINT32_MAX - 1, &n))
        user = getpwuid((uid_t)n);
    if (user == NULL)
        miss(im, row->name, value,
             "no user of this machine has this number; exclude-user takes "
             "names");
    else
        put_line(im, row->section, row->option, user->pw_name);
}

static void take_special(struct import *im, const struct clamd_row *row,
                         const char *value)
{
    if (strcmp(row->name, "TCPSocket") == 0)
        im->tcp_port = value;
    else if (strcmp(row->name, "VirusEvent") == 0)
        take_event(im, row, value);
    else if (strcmp(row->name, "OnAccessExcludeUID") == 0)
        take_uid(im, row, value);
    else if (im->n_addresses < MAX_ADDRESSES)
        im->tcp_addresses[im->n_addresses++] = value;
    else
        miss(im, row->name, value, "too many of them");
}

/* ---- reading ---- */

static void take_option(struct import *im, const char *name, const char *value)
{
    const struct clamd_row *row = NULL;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcmp(rows[i].name, name) == 0)
            row = &rows[i];
    if (row == NULL) {
        miss(im, name, value, "clamd 1.4 has no such option");
        return;
    }
    switch (row->kind) {
    case TEXT:
        take_text(im, row, value);
        return;
    case SIZE:
    case NUMBER:
    case SECONDS:
    case MILLISECONDS:
        take_number(im, row, value);
        return;
    case IF_YES:
    case IF_NO:
    case ALWAYS_YES:
    case ALWAYS_NO:
        take_bool(im, row, value);
        return;
    case NEEDLESS:
        skip(im, name, value, row->why);
        return;
    case NONE:
        miss(im, name, value, row->why);
        return;
    case SPECIAL:
    default:
        take_special(im, row, value);
    }
}

static void take_line(struct import *im, char *line)
{
    size_t len;
    char *value;

    line += strspn(line, " \t");
    len = strlen(line);
    while (len > 0 && strchr(" \t\r", line[len - 1]) != NULL)
        line[--len] = '\0';
    if (len == 0 || line[0] == '#')
        return;
    value = line + strcspn(line, " \t");
    if (*value != '\0')
        *value++ = '\0';
    value += strspn(value, " \t");
    len = strlen(value);
    if (len >= 2 && (value[0] == '"' || value[0] == '\'') &&
        value[len - 1] == value[0]) {
        value[len - 1] = '\0';
        value++;
    }
    take_option(im, line, value);
}

/* A port and addresses become one line each. */
static void put_tcp(struct import *im)
{
    static const char *const any[] = {"0.0.0.0", "[::]"};
    uint64_t port;

    if (im->tcp_port == NULL)
        return;
    if (!option_number(im->tcp_port, UINT16_MAX, &port) || port == 0) {
        miss(im, "TCPSocket", im->tcp_port, "not a port");
        return;
    }
    for (size_t i = 0; i < im->n_addresses; i++) {
        OV_AUTO_DONE(buf) text = ov_buf_with_max(512);
        const char *a = im->tcp_addresses[i];
        bool is_v6 = strchr(a, ':') != NULL;

        if (strcmp(a, "localhost") == 0)
            a = "127.0.0.1";
        ov_put_format(&text, "%s%s%s:%llu", is_v6 ? "[" : "", a,
                      is_v6 ? "]" : "", (unsigned long long)port);
        ov_put_u8(&text, 0);
        if (ov_buf_status(&text) == OV_OK)
            put_line(im, "clamd", "tcp", (const char *)text.ptr);
    }
    if (im->n_addresses == 0) {
        ov_put_str(lines_of(im, "clamd"),
                   "# clamd listened on all addresses: whoever reaches the "
                   "machine may ask.\n");
        for (size_t i = 0; i < sizeof(any) / sizeof(any[0]); i++)
            ov_put_format(lines_of(im, "clamd"), "tcp = %s:%llu\n", any[i],
                          (unsigned long long)port);
        im->n_taken++;
    }
}

/* Where clamd's default is another than overtd's. */
static void put_defaults(struct import *im)
{
    if (!im->has_socket_mode)
        ov_put_str(lines_of(im, "clamd"),
                   "# clamd's default: everybody may use the socket.\n"
                   "socket-mode = 666\n");
}

static bool read_all(struct import *im, struct ov_buf *text)
{
    char *rest;

    if (ov_file_read(im->from, text) != OV_OK) {
        out_error(
            "import-clamd: %s: cannot be read; give clamd's configuration",
            im->from);
        return false;
    }
    ov_put_u8(text, 0);
    if (ov_buf_status(text) != OV_OK)
        return false;
    rest = (char *)text->ptr;
    while (rest != NULL) {
        char *line = rest;

        rest = strchr(line, '\n');
        if (rest != NULL)
            *rest++ = '\0';
        im->line++;
        take_line(im, line);
    }
    put_tcp(im);
    put_defaults(im);
    return true;
}

/* ---- writing ---- */

static void put_file(const struct import *im, struct ov_buf *b)
{
    ov_put_str(b, "# overt.conf from ");
    ov_put_escaped(b, ov_span_str(im->from));
    ov_put_str(b, "; overt.conf(5) describes each option.\n"
                  "# Try it: overtd --check FILE\n");
    for (size_t i = 0; i < N_SECTIONS; i++) {
        if (im->lines[i].len == 0)
            continue;
        ov_put_format(b, "\n[%s]\n", sections[i]);
        ov_put_span(b, ov_buf_span(&im->lines[i]));
    }
    if (im->missing.len > 0) {
        ov_put_str(b, "\n# Has no equivalent:\n");
        ov_put_span(b, ov_buf_span(&im->missing));
    }
    if (im->needless.len > 0) {
        ov_put_str(b, "\n# Needs none:\n");
        ov_put_span(b, ov_buf_span(&im->needless));
    }
}

static int write_all(const struct import *im)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(4 * MAX_FILE);
    struct out *o = out_standard();
    struct ov_diag diag = {0};
    enum ov_status status;

    put_file(im, &text);
    if (ov_buf_status(&text) != OV_OK) {
        out_error("import-clamd: %s: too large", im->from);
        return EXIT_ERROR;
    }
    if (im->to == NULL) {
        ov_put_span(&o->text, ov_buf_span(&text));
        return out_flush(o) ? EXIT_CLEAN : EXIT_ERROR;
    }
    status = ov_file_create(im->to, ov_buf_span(&text), FILE_MODE, &diag);
    if (status == OV_USAGE) {
        out_error("import-clamd: %s: is there already; move it away or give "
                  "another name",
                  im->to);
        return EXIT_ERROR;
    }
    if (status != OV_OK) {
        out_error("import-clamd: %s: %s", im->to, diag.text);
        return EXIT_ERROR;
    }
    if (im->missing.len > 0) {
        out_format(o, "Has no equivalent:\n");
        ov_put_span(&o->text, ov_buf_span(&im->missing));
    }
    out_format(o, "%u written to ", im->n_taken);
    out_escaped(o, ov_span_str(im->to));
    out_format(o, ", %u have no equivalent, %u need none\n", im->n_missing,
               im->n_needless);
    return out_flush(o) ? EXIT_CLEAN : EXIT_ERROR;
}

static const char *set_output(void *data, const char *value)
{
    ((struct import *)data)->to = value;
    return NULL;
}

static const struct option_row option_rows[] = {
    {"output", 'o', "FILE", "write overt.conf here (default: stdout)",
     set_output},
};

static const struct option_list options = {
    "overt import-clamd", "[OPTION]... CLAMD.CONF", option_rows,
    sizeof(option_rows) / sizeof(option_rows[0])};

int cmd_import_clamd(int argc, char **argv)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(MAX_FILE);
    struct import im = {.missing = ov_buf_with_max(MAX_FILE),
                        .needless = ov_buf_with_max(MAX_FILE)};
    bool is_help = false;
    int code = EXIT_ERROR;

    if (!options_parse(&options, &argc, argv, &im, &is_help))
        return EXIT_ERROR;
    if (is_help)
        return EXIT_CLEAN;
    if (argc != 2) {
        out_error("import-clamd: give clamd's configuration, as "
                  "/etc/clamav/clamd.conf");
        return EXIT_ERROR;
    }
    im.from = argv[1];
    for (size_t i = 0; i < N_SECTIONS; i++)
        im.lines[i] = ov_buf_with_max(MAX_FILE);
    if (read_all(&im, &text))
        code = write_all(&im);
    for (size_t i = 0; i < N_SECTIONS; i++)
        ov_buf_done(&im.lines[i]);
    ov_buf_done(&im.missing);
    ov_buf_done(&im.needless);
    return code;
}
