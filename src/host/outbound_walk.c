/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include "host/outbound_files.h"
#include "host/outbound_log.h"
#include "sys/fd.h"
#include "sys/file.h"

/* Reads the ledger's files one after the other, without a lock: whole lines
 * never change, and one that is being written has no line end yet. */

#define MAX_FILE ((size_t)8 << 20)

struct walk {
    bool (*line)(void *data, struct ov_span text, bool is_whole);
    void *data;
    struct ov_buf text;
    bool is_over;
};

static void walk_lines(struct walk *w)
{
    struct ov_span rest = ov_buf_span(&w->text);
    struct ov_span line;

    while (rest.len > 0 && !w->is_over) {
        bool is_whole = ov_span_cut(&rest, '\n', &line);

        w->is_over = !w->line(w->data, line, is_whole);
    }
}

static enum ov_status walk_file(struct walk *w, const char *state,
                                uint64_t first_seq)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(PATH_MAX);
    char name[OUTBOUND_NAME_SIZE];

    outbound_file_name(first_seq, name);
    ov_put_format(&path, "%s/%s/%s", state, OUTBOUND_FOLDER, name);
    ov_put_u8(&path, 0);
    OV_TRY(ov_buf_status(&path));
    ov_buf_clear(&w->text);
    OV_TRY(ov_file_read((char *)path.ptr, &w->text));
    walk_lines(w);
    return OV_OK;
}

static enum ov_status walk(struct walk *w, const char *state, int folder,
                           uint64_t from)
{
    uint64_t at;
    enum ov_status status = outbound_file_find(folder, from, &at);

    OV_TRY(status);
    while (status == OV_OK && !w->is_over) {
        OV_TRY(walk_file(w, state, at));
        status = outbound_file_next(folder, at, &at);
    }
    return status == OV_NOT_FOUND ? OV_OK : status;
}

enum ov_status outbound_log_walk(const char *state, uint64_t from,
                                 bool (*line)(void *data, struct ov_span text,
                                              bool is_whole),
                                 void *data, struct ov_diag *diag)
{
    struct walk w = {line, data, ov_buf_with_max(MAX_FILE), false};
    OV_AUTO_DONE(buf) path = ov_buf_with_max(PATH_MAX);
    enum ov_status status;

    ov_put_format(&path, "%s/%s", state, OUTBOUND_FOLDER);
    ov_put_u8(&path, 0);
    OV_TRY(ov_buf_status(&path));
    OV_AUTO_FD folder =
        open((char *)path.ptr, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return ov_diag_set(diag,
                           errno == ENOENT   ? OV_NOT_FOUND
                           : errno == EACCES ? OV_DENIED
                                             : OV_IO,
                           0, "%s: %s", (char *)path.ptr, strerror(errno));
    status = walk(&w, state, folder, from);
    ov_buf_done(&w.text);
    if (status != OV_OK)
        (void)ov_diag_set(diag, status, 0, "%s: %s", (char *)path.ptr,
                          ov_status_name(status));
    return status;
}
