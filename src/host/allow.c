/* SPDX-License-Identifier: Apache-2.0 */
#include "host/allow.h"

#include <fnmatch.h>
#include <limits.h>

#include "base/text.h"
#include "host/when.h"
#include "json/json.h"

/* A line is read by the strict reader of JSON: no name twice, no name that is
 * not known, nothing left out that must be there. A typing mistake must not
 * make an entry say more than was meant. */

#define MAX_LINE ((size_t)64 << 10)
#define MAX_ENTRIES ((size_t)100000)

void allow_done(struct allow_list *l)
{
    ov_arena_free(l->arena);
    *l = (struct allow_list){.arena = NULL};
}

/* ---- one line ---- */

/* What may be left out is empty then; what is there is not. */
static bool take_text(const struct ov_json *v, bool is_needed,
                      struct ov_span *ret)
{
    if (v == NULL)
        return !is_needed;
    return ov_json_string(v, ret) == OV_OK && ret->len > 0 &&
           ret->len < PATH_MAX && ov_span_find_byte(*ret, 0, 0) == SIZE_MAX;
}

static bool take_moment(const struct ov_json *v, bool may_be_never,
                        int64_t *ret)
{
    struct ov_span text;

    if (ov_json_string(v, &text) != OV_OK)
        return false;
    if (may_be_never && ov_span_equal(text, OV_SPAN_LIT("never"))) {
        *ret = ALLOW_FOR_EVER;
        return true;
    }
    return when_read(text, ret);
}

static bool take_digest(const struct ov_json *v, const struct ov_json *size,
                        struct allow_entry *e)
{
    struct ov_span text;

    e->size = -1;
    if (v == NULL)
        return size == NULL;
    e->has_digest = true;
    return ov_json_string(v, &text) == OV_OK &&
           ov_hex_decode(text, e->digest, sizeof(e->digest)) &&
           (size == NULL ||
            ov_json_int(size, 0, OV_JSON_MAX_INT, &e->size) == OV_OK);
}

static bool take_user(const struct ov_json *v, struct allow_entry *e)
{
    int64_t n;

    if (v == NULL)
        return true;
    if (ov_json_int(v, 0, UINT32_MAX - 1, &n) != OV_OK)
        return false;
    e->has_user = true;
    e->user = (uid_t)n;
    return true;
}

static bool take_path(const struct ov_json *v, struct ov_span *ret)
{
    return take_text(v, false, ret) &&
           (v == NULL || ov_span_starts(*ret, OV_SPAN_LIT("/")));
}

static bool says_what(const struct allow_entry *e)
{
    return e->has_digest || e->has_user || e->path.len > 0 || e->rule.len > 0 ||
           e->process.len > 0;
}

/* NULL, or what is wrong. */
static const char *take_entry(const struct ov_json *v, struct allow_entry *e)
{
    static const char *const names[] = {"id",    "sha256",  "path", "rule",
                                        "user",  "reason",  "by",   "added",
                                        "until", "process", "size"};
    const struct ov_json *m[11];
    size_t n = 0;
    uint8_t id[ALLOW_ID_LEN / 2];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        m[i] = ov_json_get(v, ov_span_str(names[i]));
        n += m[i] != NULL;
    }
    if (ov_json_is(v, OV_JSON_OBJECT) != OV_OK || n != v->count)
        return "has a member that is not known";
    if (!take_text(m[0], true, &e->id) || !ov_hex_decode(e->id, id, sizeof(id)))
        return "\"id\" is not 8 hexadecimal digits";
    if (!take_digest(m[1], m[10], e))
        return "\"sha256\" is not 64 hexadecimal digits, or \"size\" not its "
               "length";
    if (!take_path(m[2], &e->path) || !take_path(m[9], &e->process))
        return "\"path\" or \"process\" does not begin with /";
    if (!take_text(m[3], false, &e->rule) || !take_user(m[4], e))
        return "\"rule\" is not a name, or \"user\" not a number";
    if (!take_text(m[5], true, &e->reason) || !take_text(m[6], true, &e->by))
        return "\"reason\" or \"by\" is missing";
    if (!take_moment(m[7], false, &e->added) ||
        !take_moment(m[8], true, &e->until))
        return "\"added\" or \"until\" is not a moment, 2026-12-31T23:59:59Z";
    if (!says_what(e))
        return "allows everything; it must say what";
    return NULL;
}

static enum ov_status read_line(struct ov_arena *arena, struct ov_span line,
                                struct allow_entry *ret, const char **ret_wrong)
{
    struct allow_entry e = {.has_digest = false};
    const struct ov_json *v;
    struct ov_span copy;

    if (!ov_arena_copy(arena, line, &copy))
        return OV_NO_MEMORY;
    if (ov_json_parse(arena, copy, MAX_LINE, &v) != OV_OK) {
        *ret_wrong = "is not a line of strict JSON";
        return OV_MALFORMED;
    }
    *ret_wrong = take_entry(v, &e);
    if (*ret_wrong != NULL)
        return OV_MALFORMED;
    *ret = e;
    return OV_OK;
}

static size_t count_lines(struct ov_span text)
{
    struct ov_span line;
    size_t n = 0;

    while (text.len > 0) {
        (void)ov_span_cut(&text, '\n', &line);
        n++;
    }
    return n;
}

enum ov_status allow_read(struct ov_span text, struct allow_list *ret,
                          struct ov_diag *diag)
{
    OV_AUTO(arena) arena = NULL;
    size_t n = count_lines(text);
    struct allow_list l = {.n = 0};
    unsigned number = 0;
    struct ov_span line;

    if (text.len > ALLOW_MAX_FILE || n > MAX_ENTRIES)
        return ov_diag_set(diag, OV_LIMIT_SIZE, 0, "has too many entries");
    arena = ov_arena_new(OV_JSON_ARENA(text.len) + n * 8192 + 65536);
    if (arena == NULL)
        return OV_NO_MEMORY;
    l.entries = ov_arena_array(arena, n + 1, sizeof(l.entries[0]));
    if (l.entries == NULL)
        return OV_NO_MEMORY;
    while (text.len > 0) {
        const char *wrong = NULL;
        enum ov_status status;

        (void)ov_span_cut(&text, '\n', &line);
        number++;
        status = read_line(arena, line, &l.entries[l.n], &wrong);
        if (status != OV_OK)
            return ov_diag_set(diag, status, number, "%s",
                               wrong != NULL ? wrong : ov_status_name(status));
        l.n++;
    }
    l.arena = OV_STEAL(arena);
    *ret = l;
    return OV_OK;
}

/* ---- and back ---- */

static void put_text(struct ov_buf *b, const char *name, struct ov_span text)
{
    if (text.len == 0)
        return;
    ov_put_format(b, ",\"%s\":\"", name);
    ov_put_json(b, text);
    ov_put_u8(b, '"');
}

static void put_moment(struct ov_buf *b, const char *name, int64_t t)
{
    ov_put_format(b, ",\"%s\":\"", name);
    if (t == ALLOW_FOR_EVER)
        ov_put_str(b, "never");
    else
        when_put(b, t);
    ov_put_u8(b, '"');
}

void allow_put(struct ov_buf *b, const struct allow_entry *e)
{
    ov_put_str(b, "{\"id\":\"");
    ov_put_json(b, e->id);
    ov_put_u8(b, '"');
    if (e->has_digest) {
        ov_put_str(b, ",\"sha256\":\"");
        ov_put_hex(b, ov_span_of(e->digest, sizeof(e->digest)));
        ov_put_u8(b, '"');
        if (e->size >= 0)
            ov_put_format(b, ",\"size\":%lld", (long long)e->size);
    }
    put_text(b, "path", e->path);
    put_text(b, "rule", e->rule);
    put_text(b, "process", e->process);
    if (e->has_user)
        ov_put_format(b, ",\"user\":%u", (unsigned)e->user);
    put_text(b, "reason", e->reason);
    put_text(b, "by", e->by);
    put_moment(b, "added", e->added);
    put_moment(b, "until", e->until);
    ov_put_str(b, "}\n");
}

/* ---- what it says ---- */

/* The pattern becomes a string for fnmatch; read_line saw to its length. */
static bool matches(struct ov_span pattern, const char *path)
{
    char text[PATH_MAX];

    if (path == NULL || pattern.len >= sizeof(text))
        return false;
    memcpy(text, pattern.ptr, pattern.len);
    text[pattern.len] = '\0';
    return fnmatch(text, path, 0) == 0;
}

static bool holds(const struct allow_entry *e, const struct allow_subject *s)
{
    if (e->has_digest &&
        (s->digest == NULL || memcmp(e->digest, s->digest, OV_DIGEST_MAX) != 0))
        return false;
    if (e->has_user && (!s->has_user || e->user != s->user))
        return false;
    if (e->rule.len > 0 && !ov_span_equal(e->rule, s->rule))
        return false;
    if (e->process.len > 0 &&
        (s->process == NULL ||
         !ov_span_equal(e->process, ov_span_str(s->process))))
        return false;
    return e->path.len == 0 || matches(e->path, s->path);
}

const struct allow_entry *allow_find(const struct allow_list *l,
                                     const struct allow_subject *s, int64_t now)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->entries[i].until > now && holds(&l->entries[i], s))
            return &l->entries[i];
    return NULL;
}

bool allow_wants_digest(const struct allow_list *l, uint64_t size, int64_t now)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->entries[i].until > now && l->entries[i].has_digest &&
            (l->entries[i].size < 0 || (uint64_t)l->entries[i].size == size))
            return true;
    return false;
}

bool allow_wants_rules(const struct allow_list *l, int64_t now)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->entries[i].until > now && l->entries[i].rule.len > 0)
            return true;
    return false;
}
