/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/text.h"
#include "host/allow.h"
#include "sys/fd.h"
#include "sys/file.h"

/* The list as a file: read whole, replaced whole (ov_file_replace), under a
 * lock beside it, so that two who change it at once both count. A file that
 * cannot be read is not changed either. */

#define MODE 0644

/* Who may write to it decides what is not found. */
static enum ov_status check_safe(const char *path, struct ov_diag *diag)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return errno == ENOENT || errno == ENOTDIR
                   ? OV_NOT_FOUND
                   : ov_diag_set(diag, OV_IO, 0, "%s: %s", path,
                                 strerror(errno));
    if ((st.st_uid == 0 || st.st_uid == geteuid()) &&
        (st.st_mode & (S_IWGRP | S_IWOTH)) == 0)
        return OV_OK;
    return ov_diag_set(diag, OV_DENIED, 0,
                       "%s: others may change it; make it yours or root's, and "
                       "writable by nobody else",
                       path);
}

static enum ov_status read_text(const char *path, struct ov_buf *text,
                                struct ov_diag *diag)
{
    enum ov_status status = check_safe(path, diag);

    if (status == OV_OK) {
        status = ov_file_read(path, text);
        if (status != OV_OK)
            (void)ov_diag_set(diag, status, 0, "%s: %s", path,
                              ov_status_name(status));
    }
    return status == OV_NOT_FOUND ? OV_OK : status;
}

static enum ov_status read_list(const char *path, struct ov_buf *text,
                                struct allow_list *ret, struct ov_diag *diag)
{
    struct ov_diag wrong = {0};
    enum ov_status status;

    OV_TRY(read_text(path, text, diag));
    status = allow_read(ov_buf_span(text), ret, &wrong);
    if (status == OV_OK)
        return OV_OK;
    return ov_diag_set(diag, status, wrong.line, "%s:%u: %s", path, wrong.line,
                       wrong.text[0] != '\0' ? wrong.text
                                             : ov_status_name(status));
}

enum ov_status allow_load(const char *path, struct allow_list *ret,
                          struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(ALLOW_MAX_FILE + (1 << 20));

    return read_list(path, &text, ret, diag);
}

/* ---- changes ---- */

static enum ov_status take_lock(const char *path, int *ret_fd,
                                struct ov_diag *diag)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    OV_AUTO_FD fd = -1;
    char name[PATH_MAX];

    if (snprintf(name, sizeof(name), "%s.lock", path) >= (int)sizeof(name))
        return ov_diag_set(diag, OV_USAGE, 0, "the path is too long");
    ov_folders_make(path);
    fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    while (fd >= 0 && fcntl(fd, F_OFD_SETLKW, &whole) != 0) {
        if (errno != EINTR)
            ov_fd_cleanup(&fd), fd = -1;
    }
    if (fd < 0)
        return ov_diag_set(diag, OV_DENIED, 0, "%s: %s", name, strerror(errno));
    *ret_fd = ov_fd_steal(&fd);
    return OV_OK;
}

static const struct allow_entry *find_id(const struct allow_list *l,
                                         struct ov_span id)
{
    for (size_t i = 0; i < l->n; i++)
        if (ov_span_equal(l->entries[i].id, id))
            return &l->entries[i];
    return NULL;
}

static enum ov_status make_id(const struct allow_list *l,
                              char ret[static ALLOW_ID_LEN + 1])
{
    uint8_t random[ALLOW_ID_LEN / 2];

    do {
        if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
            return OV_IO;
        for (size_t i = 0; i < sizeof(random); i++)
            (void)snprintf(ret + 2 * i, 3, "%02x", random[i]);
    } while (find_id(l, ov_span_str(ret)) != NULL);
    return OV_OK;
}

static enum ov_status replace(const char *path, const struct ov_buf *text,
                              struct ov_diag *diag)
{
    struct ov_diag why = {0};
    enum ov_status status = ov_buf_status(text);

    if (status == OV_OK && text->len > ALLOW_MAX_FILE)
        status = OV_LIMIT_SIZE;
    if (status == OV_OK)
        status = ov_file_replace(path, ov_buf_span(text), MODE, &why);
    if (status == OV_OK)
        return OV_OK;
    return ov_diag_set(diag, status, 0, "%s: %s", path,
                       why.text[0] != '\0' ? why.text : ov_status_name(status));
}

enum ov_status allow_add(const char *path, struct allow_entry *e,
                         char ret_id[static ALLOW_ID_LEN + 1],
                         struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(ALLOW_MAX_FILE + (1 << 20));
    __attribute__((cleanup(allow_done))) struct allow_list l = {.n = 0};
    OV_AUTO_FD lock = -1;

    OV_TRY(take_lock(path, &lock, diag));
    OV_TRY(read_list(path, &text, &l, diag));
    OV_TRY(make_id(&l, ret_id));
    e->id = ov_span_str(ret_id);
    if (text.len > 0 && text.ptr[text.len - 1] != '\n')
        ov_put_u8(&text, '\n');
    allow_put(&text, e);
    return replace(path, &text, diag);
}

enum ov_status allow_remove(const char *path, const char *id,
                            struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(ALLOW_MAX_FILE + (1 << 20));
    OV_AUTO_DONE(buf) rest = ov_buf_with_max(ALLOW_MAX_FILE + (1 << 20));
    __attribute__((cleanup(allow_done))) struct allow_list l = {.n = 0};
    OV_AUTO_FD lock = -1;

    OV_TRY(take_lock(path, &lock, diag));
    OV_TRY(read_list(path, &text, &l, diag));
    if (find_id(&l, ov_span_str(id)) == NULL)
        return ov_diag_set(diag, OV_NOT_FOUND, 0,
                           "%s: no such entry; overt allow list has them", id);
    for (size_t i = 0; i < l.n; i++)
        if (!ov_span_equal(l.entries[i].id, ov_span_str(id)))
            allow_put(&rest, &l.entries[i]);
    return replace(path, &rest, diag);
}
