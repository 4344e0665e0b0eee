/* SPDX-License-Identifier: Apache-2.0 */
#include "watch_options.h"

#include <stdio.h>

#include "base/text.h"
#include "sys/file.h"

/* "--name value", "--name=value" and, in a file, "name value"; a switch has no
 * value. One table for both. */

#define MAX_FILE ((size_t)1 << 20)
#define DEFAULT_INTERVAL 60
#define DEFAULT_MAX_AGE 86400
#define DEFAULT_MAX_DELAY 3600

static bool add_place(struct watch_options *o, enum place_kind kind,
                      const char *url)
{
    size_t at = o->n_places;

    if (o->n_places == WATCH_MAX_PLACES)
        return false;
    if (kind == PLACE_LOG) {
        if (o->n_places > 0 && o->places[0].kind == PLACE_LOG)
            return false;
        memmove(o->places + 1, o->places, at * sizeof(o->places[0]));
        at = 0;
    }
    o->places[at] = (struct watch_place){kind, url, 0};
    o->n_places++;
    return true;
}

static bool set_log(struct watch_options *o, const char *v)
{
    return add_place(o, PLACE_LOG, v);
}

static bool set_mirror(struct watch_options *o, const char *v)
{
    return add_place(o, PLACE_MIRROR, v);
}

static bool set_witness(struct watch_options *o, const char *v)
{
    return add_place(o, PLACE_WITNESS, v);
}

static bool set_policy(struct watch_options *o, const char *v)
{
    o->policy = v;
    return true;
}

static bool set_people(struct watch_options *o, const char *v)
{
    o->people = v;
    return true;
}

static bool set_state(struct watch_options *o, const char *v)
{
    o->state = v;
    return true;
}

static bool set_repo(struct watch_options *o, const char *v)
{
    o->repo = v;
    return true;
}

static bool set_root(struct watch_options *o, const char *v)
{
    o->root = v;
    return true;
}

static bool set_build_code(struct watch_options *o, const char *v)
{
    o->build_code = v;
    return v[0] == '/';
}

static bool set_cosigner(struct watch_options *o, const char *v)
{
    o->cosigner = v;
    return true;
}

static bool set_interval(struct watch_options *o, const char *v)
{
    return ov_parse_uint(ov_span_str(v), DEFAULT_MAX_AGE, &o->interval) &&
           o->interval > 0;
}

static bool set_max_age(struct watch_options *o, const char *v)
{
    return ov_parse_uint(ov_span_str(v), INT32_MAX, &o->max_age);
}

static bool set_max_delay(struct watch_options *o, const char *v)
{
    return ov_parse_uint(ov_span_str(v), INT32_MAX, &o->max_delay);
}

static bool set_once(struct watch_options *o, const char *v)
{
    (void)v;
    o->is_once = true;
    return true;
}

static bool set_json(struct watch_options *o, const char *v)
{
    (void)v;
    o->is_json = true;
    return true;
}

static bool set_blobs(struct watch_options *o, const char *v)
{
    (void)v;
    o->has_blobs = true;
    return true;
}

static bool set_help(struct watch_options *o, const char *v)
{
    (void)v;
    o->is_help = true;
    return true;
}

static const struct {
    const char *name;
    const char *argument; /* NULL: a switch */
    const char *help;
    bool (*set)(struct watch_options *o, const char *value);
} rows[] = {
    {"log", "URL", "the log: has \"checkpoint\" and \"tile\"", set_log},
    {"mirror", "URL", "a copy of it; may be repeated", set_mirror},
    {"witness", "URL", "a witness's monitoring address; may be repeated",
     set_witness},
    {"policy", "FILE", "whose signatures are needed (tlog-policy)", set_policy},
    {"people", "FILE", "whose keys may sign entries", set_people},
    {"state", "DIR", "memory and evidence; an existing folder", set_state},
    {"repo", "URL", "the repository that clients update from", set_repo},
    {"root", "FILE", "a TUF root of that repository that is trusted", set_root},
    {"cosigner", "DIR",
     "state of an overt-witness --checked: let it sign what is right",
     set_cosigner},
    {"build-code", "PROGRAM",
     "builds released programs again: gets the source's tar and a folder",
     set_build_code},
    {"blobs", NULL, "fetch what entries name, and compare digests", set_blobs},
    {"interval", "SECONDS", "between rounds (60)", set_interval},
    {"max-age", "SECONDS", "of cosignatures (86400)", set_max_age},
    {"max-delay", "SECONDS", "of a place behind others (3600)", set_max_delay},
    {"once", NULL, "one round only; the exit code tells", set_once},
    {"json", NULL, "a JSON object per finding", set_json},
    {"help", NULL, "this text", set_help},
};

#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

void watch_options_help(void)
{
    (void)printf("usage: overt-monitor run [CONFIG] --log URL --policy FILE "
                 "--state DIR [OPTION]...\n\nCONFIG has the same as lines, "
                 "\"log URL\"; # begins a comment.\n\n");
    for (size_t i = 0; i < N_ROWS; i++)
        (void)printf("  --%s%s%-*s %s\n", rows[i].name,
                     rows[i].argument != NULL ? " " : "",
                     (int)(20 - strlen(rows[i].name)),
                     rows[i].argument != NULL ? rows[i].argument : "",
                     rows[i].help);
}

static bool complain(const char *what, struct ov_span detail)
{
    (void)fprintf(stderr, "overt-monitor run: %s%s%.*s\n", what,
                  detail.len > 0 ? ": " : "", (int)detail.len,
                  detail.len > 0 ? (const char *)detail.ptr : "");
    return false;
}

/* Sets a row; value NULL: none was given. */
static bool set(struct watch_options *o, struct ov_span name, const char *value,
                bool *ret_used)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        if (!ov_span_equal(ov_span_str(rows[i].name), name))
            continue;
        *ret_used = rows[i].argument != NULL;
        if (*ret_used && value == NULL)
            return complain("needs a value", name);
        return rows[i].set(o, value) || complain("cannot be so", name);
    }
    return complain("no such option", name);
}

static bool read_line(struct watch_options *o, struct ov_arena *arena,
                      struct ov_span line)
{
    struct ov_span name;
    char *value = NULL;
    bool is_used;

    (void)ov_span_cut(&line, ' ', &name);
    if (name.len == 0 || ov_span_byte(name, 0) == '#')
        return true;
    if (line.len > 0) {
        value = ov_arena_alloc(arena, line.len + 1);
        if (value == NULL)
            return complain("out of memory", name);
        memcpy(value, line.ptr, line.len);
    }
    return set(o, name, value, &is_used);
}

static bool read_file(struct watch_options *o, struct ov_arena *arena,
                      const char *path)
{
    OV_AUTO_DONE(buf) all = ov_buf_with_max(MAX_FILE);
    struct ov_span left;
    struct ov_span line;

    if (ov_file_read(path, &all) != OV_OK)
        return complain("cannot read", ov_span_str(path));
    left = ov_buf_span(&all);
    while (left.len > 0) {
        (void)ov_span_cut(&left, '\n', &line);
        if (!read_line(o, arena, line))
            return false;
    }
    return true;
}

static bool read_argument(struct watch_options *o, const char *argument,
                          const char *next, bool *ret_used)
{
    struct ov_span name = ov_span_clip(ov_span_str(argument), 2, SIZE_MAX);
    const char *equals = strchr(argument, '=');
    bool is_used;

    if (equals == NULL)
        return set(o, name, next, ret_used);
    *ret_used = false;
    return set(o, ov_span_clip(name, 0, (uint64_t)(equals - argument) - 2),
               equals + 1, &is_used);
}

static bool is_complete(const struct watch_options *o)
{
    if (o->is_help)
        return true;
    if (o->n_places == 0 || o->places[0].kind != PLACE_LOG)
        return complain("needs --log", ov_span_str(""));
    if (o->policy == NULL || o->state == NULL)
        return complain("needs --policy and --state", ov_span_str(""));
    if ((o->repo == NULL) != (o->root == NULL))
        return complain("--repo and --root go together", ov_span_str(""));
    if (o->cosigner != NULL && o->people == NULL)
        return complain("--cosigner needs --people", ov_span_str(""));
    return true;
}

bool watch_options_read(int argc, char **argv, struct ov_arena *arena,
                        struct watch_options *ret)
{
    *ret = (struct watch_options){.interval = DEFAULT_INTERVAL,
                                  .max_age = DEFAULT_MAX_AGE,
                                  .max_delay = DEFAULT_MAX_DELAY};
    for (int i = 1; i < argc; i++) {
        bool is_used = false;

        if (strncmp(argv[i], "--", 2) != 0) {
            if (!read_file(ret, arena, argv[i]))
                return false;
            continue;
        }
        if (!read_argument(ret, argv[i], argv[i + 1], &is_used))
            return false;
        i += is_used;
    }
    return is_complete(ret);
}
