/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/text.h"
#include "center.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/walk.h"

/* Files of the tree and of the site. Each file of the site is replaced as a
 * whole. The site has a copy of the tree's files and not links: so it stays
 * what was verified, and Landlock lets nobody link from outside of SITE. */

#define SMALL_FILE ((size_t)1 << 20)
#define READ_ROOM ((size_t)1 << 19)

/* A buffer of its own first: ov_file_read wants more room than the file has. */
enum ov_status site_read(const struct site *s, const char *path,
                         struct ov_buf *into, struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(into->max + READ_ROOM);
    char full[SITE_PATH_MAX];
    int n = snprintf(full, sizeof(full), "%s/%s", s->repo, path);
    enum ov_status status;

    if (n < 0 || (size_t)n >= sizeof(full))
        return OV_LIMIT_SIZE;
    status = ov_file_read(full, &bytes);
    if (status == OV_OK) {
        ov_put_span(into, ov_buf_span(&bytes));
        status = ov_buf_status(into);
    }
    return status == OV_OK ? OV_OK
                           : ov_diag_set(diag, status, 0, "%s: %s", path,
                                         ov_status_name(status));
}

enum ov_status site_write(const struct site *s, const char *path,
                          const struct ov_buf *bytes, struct ov_diag *diag)
{
    char full[SITE_PATH_MAX];
    int n = snprintf(full, sizeof(full), "%s/%s", s->out, path);

    if (n < 0 || (size_t)n >= sizeof(full))
        return OV_LIMIT_SIZE;
    OV_TRY(ov_buf_status(bytes));
    ov_folders_make(full);
    return ov_file_write(full, ov_buf_span(bytes), 0644, diag);
}

void site_put_text(struct ov_buf *b, const char *name, struct ov_span value)
{
    bool is_first = b->len > 0 && b->ptr[b->len - 1] == '{';

    ov_put_format(b, "%s\"%s\":\"", is_first ? "" : ",", name);
    ov_put_json(b, value);
    ov_put_str(b, "\"");
}

void site_put_number(struct ov_buf *b, const char *name, uint64_t value)
{
    bool is_first = b->len > 0 && b->ptr[b->len - 1] == '{';

    ov_put_format(b, "%s\"%s\":%llu", is_first ? "" : ",", name,
                  (unsigned long long)value);
}

void site_put_hex(struct ov_buf *b, const char *name, struct ov_span bytes)
{
    bool is_first = b->len > 0 && b->ptr[b->len - 1] == '{';

    ov_put_format(b, "%s\"%s\":\"", is_first ? "" : ",", name);
    ov_put_hex(b, bytes);
    ov_put_str(b, "\"");
}

/* ---- the tree ---- */

/* What is published under these names changes; under all others it never does.
 */
static bool is_changing(const char *to)
{
    struct ov_span s = ov_span_str(to);

    return ov_span_ends(s, OV_SPAN_LIT("/log/checkpoint")) ||
           ov_span_ends(s, OV_SPAN_LIT("/metadata/timestamp.json")) ||
           ov_span_ends(s, OV_SPAN_LIT("/trust/history"));
}

static enum ov_status take(const struct ov_walk *w,
                           const struct ov_walk_entry *e, const char *to,
                           struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(SMALL_FILE);
    OV_AUTO_FD fd = ov_walk_open(w, e);
    struct stat st;
    struct stat have;
    uint8_t *room;
    size_t len = 0;

    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return ov_diag_set(diag, OV_IO, 0, "%s: %s", e->path, strerror(errno));
    if (!is_changing(to) && stat(to, &have) == 0 && have.st_size == st.st_size)
        return OV_OK;
    ov_folders_make(to);
    if ((uint64_t)st.st_size > SMALL_FILE)
        return ov_file_copy(to, fd, (uint64_t)st.st_size, diag);
    room = ov_buf_room(&bytes, (size_t)st.st_size);
    if (room == NULL)
        return ov_buf_status(&bytes);
    OV_TRY(ov_read_at(fd, 0, room, (size_t)st.st_size, &len));
    ov_buf_added(&bytes, len);
    return ov_file_write(to, ov_buf_span(&bytes), 0644, diag);
}

static enum ov_status take_part(const struct site *s, struct ov_walk *w,
                                const char *part, struct ov_diag *diag)
{
    char from[SITE_PATH_MAX];
    char to[SITE_PATH_MAX];
    struct ov_walk_entry e;
    enum ov_status status;

    (void)snprintf(from, sizeof(from), "%s/%s", s->repo, part);
    if (ov_walk_start(w, from) != OV_OK)
        return OV_OK; /* a part that is not there */
    while ((status = ov_walk_next(w, &e)) == OV_OK) {
        int n;

        if (e.kind != OV_WALK_FILE)
            continue;
        n = snprintf(to, sizeof(to), "%s/repo%s", s->out,
                     e.path + strlen(s->repo));
        if (n < 0 || (size_t)n >= sizeof(to))
            return OV_LIMIT_SIZE;
        OV_TRY(take(w, &e, to, diag));
    }
    return status == OV_NOT_FOUND ? OV_OK : status;
}

enum ov_status site_tree(const struct site *s, struct ov_diag *diag)
{
    static const char *const parts[] = {"cas",     "first", "metadata", "proof",
                                        "targets", "trust", "log"};
    const struct ov_walk_options options = {0};
    OV_AUTO(walk) w = ov_walk_new(&options);

    if (w == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        OV_TRY(take_part(s, w, parts[i], diag));
    return OV_OK;
}
