/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "command.h"
#include "host/allow_place.h"
#include "host/config.h"
#include "host/finding_log.h"
#include "host/option.h"
#include "host/output.h"
#include "host/quarantine_place.h"
#include "host/state_place.h"
#include "host/when.h"
#include "sys/fd.h"

/* overt allow [FINDING] --reason ... | list | remove ID.... */

#define MIN_DIGITS 6

struct allow_options {
    struct allow_entry entry;
    const char *until;
    const char *file;
    bool is_json;
};

static struct allow_entry *entry_of(void *data)
{
    return &((struct allow_options *)data)->entry;
}

/* ---- options ---- */

static const char *set_reason(void *data, const char *value)
{
    if (value[0] == '\0')
        return "is empty; who reads it later wants to know why";
    entry_of(data)->reason = ov_span_str(value);
    return NULL;
}

static const char *set_until(void *data, const char *value)
{
    ((struct allow_options *)data)->until = value;
    return NULL;
}

static const char *set_path(void *data, const char *value)
{
    if (value[0] != '/')
        return "not a full path; it begins with /";
    entry_of(data)->path = ov_span_str(value);
    return NULL;
}

static const char *set_process(void *data, const char *value)
{
    if (value[0] != '/')
        return "not a full path; it begins with /";
    entry_of(data)->process = ov_span_str(value);
    return NULL;
}

static const char *set_rule(void *data, const char *value)
{
    if (value[0] == '\0')
        return "is empty; give its name as it was told";
    entry_of(data)->rule = ov_span_str(value);
    return NULL;
}

static const char *set_user(void *data, const char *value)
{
    const struct passwd *user = getpwnam(value);
    uint64_t n;

    if (user != NULL)
        entry_of(data)->user = user->pw_uid;
    else if (option_number(value, UINT32_MAX - 1, &n))
        entry_of(data)->user = (uid_t)n;
    else
        return "no such user";
    entry_of(data)->has_user = true;
    return NULL;
}

static const char *set_file(void *data, const char *value)
{
    ((struct allow_options *)data)->file = value;
    return NULL;
}

static const char *set_json(void *data, const char *value)
{
    (void)value;
    ((struct allow_options *)data)->is_json = true;
    return NULL;
}

#define STATE                                                                  \
    {                                                                          \
        "state", 0, "DIR", "where the list is, if not in the usual place",     \
            state_place_option                                                 \
    }

static const struct option_row add_rows[] = {
    {"reason", 0, "TEXT", "why; must be given", set_reason},
    {"until", 0, "WHEN", "2027-01-31, 30d or never; " ALLOW_USUAL_TIME,
     set_until},
    {"file", 0, "FILE", "files of this content", set_file},
    {"rule", 0, "NAME", "what this rule finds", set_rule},
    {"path", 0, "GLOB", "files of this path", set_path},
    {"process", 0, "PATH", "what this program opens or asks for", set_process},
    {"user", 0, "USER", "what this user opens or asks for", set_user},
    STATE,
};

static const struct option_row list_rows[] = {
    {"json", 0, NULL, "one JSON object a line", set_json},
    STATE,
};

static const struct option_row remove_rows[] = {STATE};

#define ROWS(rows) rows, sizeof(rows) / sizeof((rows)[0])

static const struct option_list add_options = {
    "overt allow", "[OPTION]... [FINDING]", ROWS(add_rows)};
static const struct option_list list_options = {"overt allow list",
                                                "[OPTION]...", ROWS(list_rows)};
static const struct option_list remove_options = {
    "overt allow remove", "[OPTION]... ENTRY...", ROWS(remove_rows)};

/* ---- what is meant ---- */

static void take_digest(struct allow_entry *e,
                        const uint8_t digest[static OV_DIGEST_MAX],
                        uint64_t size)
{
    e->size = (int64_t)size;
    memcpy(e->digest, digest, OV_DIGEST_MAX);
    e->has_digest = true;
}

static bool is_in_quarantine(const char *id, struct allow_entry *e)
{
    __attribute__((cleanup(
        quarantine_item_done))) struct quarantine_item item = {.fd = -1};
    struct quarantine_settings settings = {0};
    struct quarantine *q = NULL;
    char found[QUARANTINE_ID_MAX];
    struct ov_diag diag = {0};
    bool is_it;

    if (!config_apply(&quarantine_options, "quarantine", &settings) ||
        quarantine_place_open(&settings, 0, &q) != OV_OK)
        return false;
    is_it = quarantine_get(q, id, found, &item, &diag) == OV_OK;
    if (is_it)
        take_digest(e, item.meta.digest, item.meta.size);
    quarantine_close(q);
    return is_it;
}

static bool find_finding(const char *id, struct allow_entry *e)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(PATH_MAX);
    struct finding_log_entry found;
    enum ov_status status = OV_NOT_FOUND;

    if (ov_hex_decode(ov_span_str(id), e->digest, sizeof(e->digest))) {
        e->has_digest = true;
        return true;
    }
    if (strlen(id) < MIN_DIGITS) {
        out_error("allow: %s: give at least %d digits of the finding", id,
                  MIN_DIGITS);
        return false;
    }
    if (strspn(id, "0123456789abcdef") == strlen(id) &&
        finding_place_put(&path))
        status = finding_log_find((const char *)path.ptr, id, &found);
    if (status == OV_OK)
        take_digest(e, found.digest, (uint64_t)found.size);
    if (status == OV_OK || (status == OV_NOT_FOUND && is_in_quarantine(id, e)))
        return true;
    out_error(status == OV_USAGE
                  ? "allow: %s: several findings begin so; give more digits"
                  : "allow: %s: no such finding of a scan here, and no item of "
                    "the quarantine; give the file's SHA-256, or --file",
              id);
    return false;
}

static bool take_file(const char *path, struct allow_entry *e)
{
    OV_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    uint64_t len;

    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
        quarantine_digest(fd, UINT64_MAX, e->digest, &len) != OV_OK) {
        out_error("allow: %s: %s", path,
                  errno != 0 ? strerror(errno) : "not a regular file");
        return false;
    }
    e->has_digest = true;
    e->size = (int64_t)len;
    return true;
}

static bool complete(struct allow_options *o, const char *finding)
{
    struct allow_entry *e = &o->entry;

    if (e->reason.len == 0) {
        out_error("allow: give a --reason");
        return false;
    }
    if ((finding != NULL && !find_finding(finding, e)) ||
        (o->file != NULL && !take_file(o->file, e)) ||
        !allow_until(o->until, &e->until))
        return false;
    if (!e->has_digest && !e->has_user && e->path.len == 0 &&
        e->rule.len == 0 && e->process.len == 0) {
        out_error("allow: give a finding, or --file, --rule, --path, --process "
                  "or --user; see overt allow --help");
        return false;
    }
    return true;
}

/* ---- what is told ---- */

static void put_part(struct out *o, const char *name, struct ov_span text)
{
    if (text.len == 0)
        return;
    out_format(o, " %s ", name);
    out_escaped(o, text);
}

static void put_entry(struct out *o, const struct allow_entry *e, int64_t now)
{
    out_escaped(o, e->id);
    out_format(o, e->until > now ? " until " : " EXPIRED ");
    if (e->until == ALLOW_FOR_EVER)
        out_format(o, "never");
    else
        when_put(&o->text, e->until);
    out_format(o, ":");
    if (e->has_digest) {
        out_format(o, " sha256 ");
        ov_put_hex(&o->text, ov_span_of(e->digest, sizeof(e->digest)));
    }
    put_part(o, "path", e->path);
    put_part(o, "rule", e->rule);
    put_part(o, "process", e->process);
    if (e->has_user)
        out_format(o, " user %u", (unsigned)e->user);
    out_format(o, "; ");
    when_put(&o->text, e->added);
    out_format(o, " by ");
    out_escaped(o, e->by);
    out_format(o, ": ");
    out_escaped(o, e->reason);
    out_format(o, "\n");
}

/* ---- commands ---- */

static int tell_diag(const struct ov_diag *diag, enum ov_status status)
{
    out_error("allow: %s",
              diag->text[0] != '\0' ? diag->text : ov_status_name(status));
    return EXIT_ERROR;
}

static int add(int argc, char **argv)
{
    struct allow_options o = {.entry = {.size = -1}};
    char id[ALLOW_ID_LEN + 1];
    bool is_help = false;

    if (!options_parse(&add_options, &argc, argv, &o, &is_help))
        return EXIT_ERROR;
    if (is_help)
        return EXIT_CLEAN;
    if (argc > 2) {
        out_error("allow: one finding at a time");
        return EXIT_ERROR;
    }
    errno = 0;
    if (!complete(&o, argc == 2 ? argv[1] : NULL) ||
        !allow_place_add(&o.entry, id))
        return EXIT_ERROR;
    put_entry(out_standard(), &o.entry, o.entry.added);
    return out_flush(out_standard()) ? EXIT_CLEAN : EXIT_ERROR;
}

static int list(int argc, char **argv)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(PATH_MAX);
    __attribute__((cleanup(allow_done))) struct allow_list l = {.n = 0};
    struct allow_options o = {.until = NULL};
    struct out *out = out_standard();
    struct ov_diag diag = {0};
    bool is_help = false;
    enum ov_status status;

    if (!options_parse(&list_options, &argc, argv, &o, &is_help))
        return EXIT_ERROR;
    if (is_help)
        return EXIT_CLEAN;
    if (!allow_place_put(&path))
        return EXIT_ERROR;
    status = allow_load((const char *)path.ptr, &l, &diag);
    if (status != OV_OK)
        return tell_diag(&diag, status);
    for (size_t i = 0; i < l.n; i++) {
        if (o.is_json)
            allow_put(&out->text, &l.entries[i]);
        else
            put_entry(out, &l.entries[i], (int64_t)time(NULL));
    }
    return out_flush(out) ? EXIT_CLEAN : EXIT_ERROR;
}

static int remove_entries(int argc, char **argv)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(PATH_MAX);
    struct allow_options o = {.until = NULL};
    bool is_help = false;
    int code = EXIT_CLEAN;

    if (!options_parse(&remove_options, &argc, argv, &o, &is_help))
        return EXIT_ERROR;
    if (is_help)
        return EXIT_CLEAN;
    if (argc < 2) {
        out_error("allow remove: give entries; overt allow list has them");
        return EXIT_ERROR;
    }
    if (!allow_place_put(&path))
        return EXIT_ERROR;
    for (int i = 1; i < argc; i++) {
        struct ov_diag diag = {0};
        enum ov_status status =
            allow_remove((const char *)path.ptr, argv[i], &diag);

        if (status != OV_OK)
            code = tell_diag(&diag, status);
    }
    return code;
}

int cmd_allow(int argc, char **argv)
{
    if (argc >= 2 && strcmp(argv[1], "list") == 0)
        return list(argc - 1, argv + 1);
    if (argc >= 2 && strcmp(argv[1], "remove") == 0)
        return remove_entries(argc - 1, argv + 1);
    return add(argc, argv);
}
