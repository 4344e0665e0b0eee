/* SPDX-License-Identifier: Apache-2.0 */
#include "feed_import.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "rules/clamav.h"
#include "sys/fd.h"
#include "sys/sandbox.h"
#include "trust/feed.h"
#include "trust/pack.h"

/* Files are read here; a child that has nothing but them and one socket enters
 * the judge's jail, unpacks, cuts the databases into runs (feed.h), and sends
 * canonical records. This side takes only records that are canonical. A folder
 * is taken sorted by name, so that the same files give the same records; what
 * is vouched for as upstream is the digest of a container, or of the list of a
 * folder's names and digests. */

#define MAX_FEED ((size_t)2 << 30)
#define MAX_FILES 4096

struct input {
    struct ov_span name; /* "daily.cvd" */
    struct ov_span bytes;
};

struct inputs {
    struct input *items;
    size_t n;
};

void feed_import_done(struct feed_import *f)
{
    ov_record_set_free(f->set);
    ov_buf_done(&f->manifest);
    *f = (struct feed_import){0};
}

/* -- in the jail -- */

static struct ov_span kind_of(struct ov_span name)
{
    struct ov_span rest = name;
    struct ov_span kind = name;

    while (ov_span_cut(&rest, '.', &kind))
        ;
    return kind;
}

static enum ov_status add_database(struct ov_record_set *set,
                                   struct ov_arena *arena, struct ov_span feed,
                                   struct ov_span name, struct ov_span bytes)
{
    const struct ov_record database = {
        .id = name, .rev = 1, .kind = kind_of(name), .source = bytes};

    return ov_feed_add(set, arena, feed, &database);
}

static enum ov_status add_input(struct ov_record_set *set,
                                struct ov_arena *arena, struct ov_span feed,
                                const struct input *in, struct ov_diag *diag)
{
    const struct ov_clamav_trust trust = {0};
    struct ov_clamav_container c;
    enum ov_clamav_format format;

    if (!ov_clamav_format_of(in->name, &format) ||
        !ov_clamav_is_container(format))
        return add_database(set, arena, feed, in->name, in->bytes);
    OV_TRY(ov_clamav_unpack(in->bytes, format, &trust, arena, &c, diag));
    for (size_t i = 0; i < c.n_members; i++) {
        struct ov_span name = c.members[i].name;

        /* What comes with a container is about it, no rule. */
        if (!ov_clamav_format_of(name, &format))
            continue;
        OV_TRY(add_database(set, arena, feed, name, c.members[i].text));
    }
    return OV_OK;
}

static bool send_all(int fd, struct ov_span bytes)
{
    while (bytes.len > 0) {
        struct iovec part = {(void *)(uintptr_t)bytes.ptr,
                             bytes.len < (1 << 20) ? bytes.len : 1 << 20};
        const struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
        ssize_t put = sendmsg(fd, &m, MSG_NOSIGNAL);

        if (put <= 0)
            return false;
        bytes = ov_span_clip(bytes, (size_t)put, bytes.len);
    }
    return true;
}

/* Ends the child: 0, or 1 after a line on stderr. */
static int unpack(const struct inputs *inputs, struct ov_span feed)
{
    OV_AUTO(arena) arena = ov_arena_new(MAX_FEED * 2);
    OV_AUTO(record_set) set = ov_record_set_new();
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(MAX_FEED * 2);
    struct ov_diag diag = {0};
    size_t n;

    if (arena == NULL || set == NULL)
        return 1;
    for (size_t i = 0; i < inputs->n; i++) {
        enum ov_status status =
            add_input(set, arena, feed, &inputs->items[i], &diag);

        if (status != OV_OK) {
            (void)tell_error("%.*s: %s", (int)inputs->items[i].name.len,
                             (const char *)inputs->items[i].name.ptr,
                             diag.text[0] != '\0' ? diag.text
                                                  : ov_status_name(status));
            return 1;
        }
    }
    if (ov_record_set_seal(set) != OV_OK)
        return 1;
    const struct ov_record_entry *all = ov_record_set_list(set, &n);
    for (size_t i = 0; i < n; i++)
        ov_put_record(&bytes, &all[i].record);
    if (ov_buf_status(&bytes) != OV_OK ||
        !send_all(OV_PARENT_FD, ov_buf_span(&bytes)))
        return 1;
    return 0;
}

static void be_child(int fd, const struct inputs *inputs, struct ov_span feed)
{
    const struct ov_confine how = {.profile = OV_PROFILE_JUDGE};
    struct ov_diag diag = {0};
    struct ov_jail jail;

    if (dup2(fd, OV_PARENT_FD) != OV_PARENT_FD)
        _exit(1);
    if (ov_confine(&how, &jail, &diag) != OV_OK) {
        (void)tell_error("no jail to unpack the feed in: %s", diag.text);
        _exit(1);
    }
    _exit(unpack(inputs, feed));
}

/* -- outside -- */

static bool receive_all(struct instance *in, int fd, struct ov_span *ret)
{
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(MAX_FEED * 2);

    for (;;) {
        uint8_t *room = ov_buf_room(&bytes, 1 << 20);
        ssize_t got;

        if (room == NULL)
            return tell_error("the feed is too large");
        got = read(fd, room, 1 << 20);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return tell_error("the feed cannot be read: %s", strerror(errno));
        if (got == 0)
            break;
        ov_buf_added(&bytes, (size_t)got);
    }
    return ov_arena_copy(in->arena, ov_buf_span(&bytes), ret) ||
           tell_error("out of memory");
}

static bool run_child(struct instance *in, const struct inputs *inputs,
                      const char *id, struct ov_span *ret)
{
    int pair[2];
    int status;
    pid_t pid;
    bool ok;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return tell_error("no socket: %s", strerror(errno));
    pid = fork();
    if (pid == 0)
        be_child(pair[1], inputs, ov_span_str(id));
    ov_fd_cleanup(&pair[1]);
    ok = pid > 0 ? receive_all(in, pair[0], ret)
                 : tell_error("no process: %s", strerror(errno));
    ov_fd_cleanup(&pair[0]);
    while (pid > 0 && waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return tell_error("no end of a process: %s", strerror(errno));
    }
    if (ok && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
        return tell_error("the feed was refused: see above, or its unpacking "
                          "was killed");
    return ok;
}

static bool read_records(struct instance *in, struct ov_span bytes,
                         struct feed_import *f)
{
    struct ov_reader r = ov_reader_over(bytes);

    while (ov_reader_more(&r)) {
        struct ov_record record;
        const char *blob;

        if (ov_record_read(&r, &record) != OV_OK ||
            ov_record_set_add(f->set, &record) != OV_OK)
            return tell_error("the feed's records are not canonical");
        if (!blob_put_soon(in, record.source, &blob))
            return false;
        ov_put_span(&f->manifest, record.id);
        ov_put_u8(&f->manifest, ' ');
        ov_put_span(&f->manifest, record.kind);
        ov_put_format(&f->manifest, " %s\n", blob);
    }
    return (ov_reader_end(&r) == OV_OK && ov_record_set_seal(f->set) == OV_OK &&
            ov_buf_status(&f->manifest) == OV_OK) ||
           tell_error("the feed's records are not canonical");
}

/* -- files -- */

static bool add_file(struct instance *in, struct inputs *inputs,
                     const char *path, const char *name)
{
    struct input *i = &inputs->items[inputs->n];

    if (inputs->n == MAX_FILES)
        return tell_error("%s: more than %d files", path, MAX_FILES);
    i->name = ov_span_str(text(in, "%s", name));
    if (!read_in(in, path, &i->bytes))
        return false;
    inputs->n++;
    return true;
}

static bool put_upstream_line(struct ov_buf *b, const struct input *i)
{
    struct ov_blob blob;

    if (ov_blob_of(i->bytes, &blob) != OV_OK)
        return tell_error("out of memory");
    ov_put_span(b, i->name);
    ov_put_u8(b, ' ');
    ov_put_blob(b, &blob);
    ov_put_u8(b, '\n');
    return true;
}

static bool read_folder(struct instance *in, const char *folder,
                        struct inputs *inputs, struct ov_buf *list)
{
    struct disk_names names;
    bool ok = disk_list(folder, "", &names);

    for (size_t i = 0; ok && i < names.n; i++) {
        ok = add_file(in, inputs, text(in, "%s/%s", folder, names.names[i]),
                      names.names[i]) &&
             put_upstream_line(list, &inputs->items[inputs->n - 1]);
    }
    disk_names_done(&names);
    return ok;
}

/* What upstream is: the file itself, or the list of a folder's files. */
static bool read_source(struct instance *in, const char *source,
                        struct inputs *inputs, struct ov_buf *upstream)
{
    const char *slash = strrchr(source, '/');
    struct stat st;

    if (stat(source, &st) != 0)
        return tell_error("%s: %s", source, strerror(errno));
    if (S_ISDIR(st.st_mode))
        return read_folder(in, source, inputs, upstream);
    if (!add_file(in, inputs, source, slash != NULL ? slash + 1 : source))
        return false;
    ov_put_span(upstream, inputs->items[0].bytes);
    return true;
}

bool feed_import_run(struct instance *in, const char *id, const char *source,
                     struct feed_import *ret)
{
    OV_AUTO_DONE(buf) upstream = ov_buf_with_max(MAX_FEED);
    struct feed_import f = {.set = ov_record_set_new(),
                            .manifest = ov_buf_with_max(MAX_FEED)};
    struct inputs inputs = {
        .items = ov_arena_array(in->arena, MAX_FILES, sizeof(struct input))};
    struct ov_span records;
    struct ov_blob blob;
    OV_AUTO_DONE(buf) name = ov_buf_with_max(256);

    *ret = (struct feed_import){0};
    if (f.set == NULL || inputs.items == NULL ||
        !read_source(in, source, &inputs, &upstream) ||
        !run_child(in, &inputs, id, &records) ||
        !read_records(in, records, &f) || !disk_sync(in->dir) ||
        ov_blob_of(ov_buf_span(&upstream), &blob) != OV_OK) {
        feed_import_done(&f);
        return false;
    }
    ov_put_blob(&name, &blob);
    f.upstream = text_of(in, ov_buf_span(&name));
    *ret = f;
    return true;
}
