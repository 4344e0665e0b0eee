/* SPDX-License-Identifier: Apache-2.0 */
#include "host/finding_log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "base/arena.h"
#include "base/text.h"
#include "host/when.h"
#include "json/json.h"
#include "sys/fd.h"
#include "sys/file.h"

/* Each line is one write(2) to a file opened to append, so writers need no
 * lock. A file that is full becomes FILE.old, in place of the one before it. */

#define MAX_FILE ((size_t)256 << 10)
#define MAX_LINE ((size_t)16 << 10)
#define READ_MAX ((size_t)2 << 20)

static void put_line(struct ov_buf *b,
                     const uint8_t digest[static OV_DIGEST_MAX], uint64_t size,
                     const char *path, struct ov_span rule)
{
    ov_put_str(b, "{\"sha256\":\"");
    ov_put_hex(b, ov_span_of(digest, OV_DIGEST_MAX));
    ov_put_format(b, "\",\"size\":%llu,\"rule\":\"", (unsigned long long)size);
    ov_put_json(b, ov_span_clip(rule, 0, 1000));
    ov_put_str(b, "\",\"path\":\"");
    ov_put_json(b, ov_span_clip(ov_span_str(path), 0, 2000));
    ov_put_str(b, "\",\"when\":\"");
    when_put(b, (int64_t)time(NULL));
    ov_put_str(b, "\"}\n");
}

static void make_room(const char *file)
{
    char old[PATH_MAX];
    struct stat st;

    if (stat(file, &st) != 0 || (size_t)st.st_size < MAX_FILE ||
        snprintf(old, sizeof(old), "%s.old", file) >= (int)sizeof(old))
        return;
    (void)!rename(file, old); /* else it grows on until the next time */
}

void finding_log_add(const char *file,
                     const uint8_t digest[static OV_DIGEST_MAX], uint64_t size,
                     const char *path, struct ov_span rule)
{
    OV_AUTO_DONE(buf) line = ov_buf_with_max(MAX_LINE);
    OV_AUTO_FD fd = -1;

    put_line(&line, digest, size, path, rule);
    if (ov_buf_status(&line) != OV_OK)
        return;
    make_room(file);
    ov_folders_make(file);
    fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW,
              0600);
    if (fd >= 0)
        (void)!write(fd, line.ptr, line.len); /* a convenience */
}

static bool read_line(struct ov_arena *arena, struct ov_span line,
                      struct finding_log_entry *ret)
{
    const struct ov_json *v;
    struct ov_span digest;
    struct ov_span path;
    struct ov_span rule;

    if (ov_json_parse(arena, line, MAX_LINE, &v) != OV_OK ||
        ov_json_string(ov_json_get(v, OV_SPAN_LIT("sha256")), &digest) !=
            OV_OK ||
        ov_json_int(ov_json_get(v, OV_SPAN_LIT("size")), 0, OV_JSON_MAX_INT,
                    &ret->size) != OV_OK ||
        ov_json_string(ov_json_get(v, OV_SPAN_LIT("path")), &path) != OV_OK ||
        ov_json_string(ov_json_get(v, OV_SPAN_LIT("rule")), &rule) != OV_OK ||
        !ov_hex_decode(digest, ret->digest, sizeof(ret->digest)))
        return false;
    ov_escape_words(ret->path, sizeof(ret->path), path);
    ov_escape_words(ret->rule, sizeof(ret->rule), rule);
    return true;
}

static enum ov_status find_in(const char *file, struct ov_span digits,
                              struct finding_log_entry *ret, bool *has_any)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(READ_MAX);
    OV_AUTO(arena) arena = ov_arena_new(OV_JSON_ARENA(MAX_LINE));
    struct finding_log_entry e;
    struct ov_span rest;
    struct ov_span line;

    if (arena == NULL)
        return OV_NO_MEMORY;
    if (ov_file_read(file, &text) != OV_OK)
        return OV_OK;
    rest = ov_buf_span(&text);
    while (rest.len > 0) {
        (void)ov_span_cut(&rest, '\n', &line);
        if (!ov_span_has_at(line, sizeof("{\"sha256\":\"") - 1, digits))
            continue;
        ov_arena_reset(arena, MAX_LINE);
        if (!read_line(arena, line, &e))
            continue;
        if (*has_any && memcmp(e.digest, ret->digest, sizeof(e.digest)) != 0)
            return OV_USAGE;
        *ret = e;
        *has_any = true;
    }
    return OV_OK;
}

enum ov_status finding_log_find(const char *file, const char *digits,
                                struct finding_log_entry *ret)
{
    struct finding_log_entry e;
    char old[PATH_MAX];
    bool has_any = false;

    if (snprintf(old, sizeof(old), "%s.old", file) >= (int)sizeof(old))
        return OV_USAGE;
    OV_TRY(find_in(old, ov_span_str(digits), &e, &has_any));
    OV_TRY(find_in(file, ov_span_str(digits), &e, &has_any));
    if (!has_any)
        return OV_NOT_FOUND;
    *ret = e;
    return OV_OK;
}
