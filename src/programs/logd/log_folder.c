/* SPDX-License-Identifier: Apache-2.0 */
#include "log_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "sys/fd.h"
#include "sys/file.h"

/* DIR/settings   key, key file and publish folder, written once
 * DIR/lock       a file lock: one sequencer on this machine
 * DIR/state      size and root, written and synced before they are signed
 *
 * The state is a compare-and-swap cell: it names its last writer, each writer
 * has a name of its own (16 random bytes), and before each change the file must
 * be what this writer left there. So of two sequencers that share the folder
 * without sharing locks (a network disk, a second machine), the older one stops
 * at its next change. It carries its digest, so that damage is not taken for a
 * state. If it is restored from a backup, the log could sign a second root for
 * a size; then its witnesses, who remember, refuse. */

#define SETTINGS "settings"
#define STATE "state"
#define LOCK "lock"
#define MAX_FILE ((size_t)1 << 20)

bool log_folder_path(const struct log_folder *f, const char *name,
                     char ret[static LOG_PATH_MAX])
{
    int n = snprintf(ret, LOG_PATH_MAX, "%s/%s", f->path, name);

    return n > 0 && n < LOG_PATH_MAX;
}

static void put_digest_line(struct ov_buf *b)
{
    uint8_t digest[OV_DIGEST_MAX];

    if (ov_digest(OV_SHA256, ov_buf_span(b), digest) != OV_OK) {
        b->status = OV_NO_MEMORY;
        return;
    }
    ov_put_str(b, "sha256 ");
    ov_put_hex(b, ov_span_of(digest, 32));
    ov_put_u8(b, '\n');
}

static void put_state(struct ov_buf *b, const char *origin,
                      const struct log_state *s, const uint8_t writer[16])
{
    ov_put_str(b, "overt-logd state v1\n");
    ov_put_checkpoint(b, origin, s->size, s->root);
    ov_put_str(b, "writer ");
    ov_put_hex(b, ov_span_of(writer, 16));
    ov_put_u8(b, '\n');
    put_digest_line(b);
}

/* Cuts and checks the last line. */
static bool check_digest(struct ov_span *text)
{
    const size_t len = 7 + 64 + 1;
    struct ov_span line;
    uint8_t want[32];
    uint8_t got[OV_DIGEST_MAX];

    if (text->len < len)
        return false;
    line = ov_span_clip(*text, text->len - len, len - 1);
    *text = ov_span_clip(*text, 0, text->len - len);
    return ov_span_starts(line, OV_SPAN_LIT("sha256 ")) &&
           ov_hex_decode(ov_span_clip(line, 7, 64), want, 32) &&
           ov_digest(OV_SHA256, *text, got) == OV_OK &&
           memcmp(got, want, 32) == 0;
}

static bool parse_state(struct ov_span text, const char *origin,
                        struct log_state *ret, uint8_t ret_writer[16])
{
    struct ov_checkpoint c;
    struct ov_span line;

    if (!check_digest(&text) || !ov_span_cut(&text, '\n', &line) ||
        !ov_span_equal(line, OV_SPAN_LIT("overt-logd state v1")) ||
        ov_checkpoint_parse(text, &c) != OV_OK ||
        !ov_span_equal(c.origin, ov_span_str(origin)) ||
        c.extension.len != 7 + 32 + 1 ||
        !ov_hex_decode(ov_span_clip(c.extension, 7, 32), ret_writer, 16))
        return false;
    ret->size = c.size;
    memcpy(ret->root, c.root, sizeof(ret->root));
    return true;
}

static enum ov_status read_file(const struct log_folder *f, const char *name,
                                struct ov_buf *into, struct ov_diag *diag)
{
    char path[LOG_PATH_MAX];
    enum ov_status s;

    if (!log_folder_path(f, name, path))
        return ov_diag_set(diag, OV_USAGE, 0, "the path is too long");
    s = ov_file_read(path, into);
    if (s != OV_OK)
        return ov_diag_set(diag, s, 0, "%s: %s", path, ov_status_name(s));
    return OV_OK;
}

enum ov_status log_folder_make(const char *path, struct ov_diag *diag)
{
    if (mkdir(path, 0755) != 0 && errno != EEXIST)
        return ov_diag_set(diag, OV_IO, 0, "%s: %s", path, strerror(errno));
    return ov_folder_sync(path);
}

static enum ov_status create_file(const struct log_folder *f, const char *name,
                                  const struct ov_buf *b, struct ov_diag *diag)
{
    char path[LOG_PATH_MAX];

    OV_TRY(ov_buf_status(b));
    if (!log_folder_path(f, name, path))
        return ov_diag_set(diag, OV_USAGE, 0, "the path is too long");
    return ov_file_create(path, ov_buf_span(b), 0600, diag);
}

static void put_settings(struct ov_buf *b, const struct ov_vkey *key,
                         const char *key_path, const char *publish)
{
    ov_put_str(b, "log ");
    ov_put_vkey(b, key);
    ov_put_format(b, "\nkey %s\npublish %s\n", key_path, publish);
}

enum ov_status log_folder_init(const char *path, const struct ov_vkey *key,
                               const char *key_path, const char *publish,
                               struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) settings = ov_buf_with_max(MAX_FILE);
    OV_AUTO_DONE(buf) state = ov_buf_with_max(MAX_FILE);
    struct log_folder f = {.lock = -1};
    struct log_state empty = {.size = 0};

    if (strlen(path) + 64 >= LOG_PATH_MAX)
        return ov_diag_set(diag, OV_USAGE, 0, "the path is too long");
    (void)snprintf(f.path, sizeof(f.path), "%s", path);
    ov_merkle_empty(empty.root);
    put_state(&state, key->name, &empty, f.writer);
    /* The state first: with settings, a log is complete. */
    OV_TRY(create_file(&f, STATE, &state, diag));
    put_settings(&settings, key, key_path, publish);
    return create_file(&f, SETTINGS, &settings, diag);
}

/* "name value": value if name is the line's. */
static bool take_value(struct ov_span *text, const char *name,
                       struct ov_span *ret)
{
    struct ov_span line;
    struct ov_span word;

    if (!ov_span_cut(text, '\n', &line) || !ov_span_cut(&line, ' ', &word) ||
        !ov_span_equal(word, ov_span_str(name)) || line.len == 0)
        return false;
    *ret = line;
    return true;
}

/* A path in the settings: as it is, or below DIR. */
static bool put_path(const struct log_folder *f, struct ov_span value,
                     char to[static LOG_PATH_MAX])
{
    bool is_absolute = value.ptr[0] == '/';
    int n = snprintf(to, LOG_PATH_MAX, "%s%s%.*s", is_absolute ? "" : f->path,
                     is_absolute ? "" : "/", (int)value.len,
                     (const char *)value.ptr);

    return n > 0 && n < LOG_PATH_MAX;
}

enum ov_status log_folder_read(const char *path, struct log_folder *ret,
                               struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX_FILE);
    struct ov_span text;
    struct ov_span key;
    struct ov_span key_path;
    struct ov_span publish;

    *ret = (struct log_folder){.lock = -1};
    if (snprintf(ret->path, sizeof(ret->path), "%s", path) >= LOG_PATH_MAX)
        return ov_diag_set(diag, OV_USAGE, 0, "the path is too long");
    OV_TRY(read_file(ret, SETTINGS, &b, diag));
    text = ov_buf_span(&b);
    if (!take_value(&text, "log", &key) ||
        ov_vkey_parse(key, &ret->key) != OV_OK ||
        !take_value(&text, "key", &key_path) ||
        !put_path(ret, key_path, ret->key_path) ||
        !take_value(&text, "publish", &publish) ||
        !put_path(ret, publish, ret->publish))
        return ov_diag_set(diag, OV_MALFORMED, 0, "%s/" SETTINGS " is damaged",
                           path);
    return OV_OK;
}

void log_folder_done(struct log_folder *f)
{
    if (f->lock >= 0)
        (void)!close(f->lock); /* the lock goes with it */
    f->lock = -1;
}

static enum ov_status read_state(struct log_folder *f, struct log_state *ret,
                                 uint8_t ret_writer[16], struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX_FILE);

    OV_TRY(read_file(f, STATE, &b, diag));
    if (!parse_state(ov_buf_span(&b), f->key.name, ret, ret_writer))
        return ov_diag_set(diag, OV_BAD_DIGEST, 0,
                           "%s/" STATE " is damaged: this log must not go on",
                           f->path);
    return OV_OK;
}

static enum ov_status write_state(struct log_folder *f,
                                  const struct log_state *next,
                                  struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX_FILE);
    char path[LOG_PATH_MAX];

    put_state(&b, f->key.name, next, f->writer);
    OV_TRY(ov_buf_status(&b));
    if (!log_folder_path(f, STATE, path))
        return OV_USAGE;
    return ov_file_replace(path, ov_buf_span(&b), 0600, diag);
}

enum ov_status log_folder_lock(struct log_folder *f, struct ov_diag *diag)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char path[LOG_PATH_MAX];
    uint8_t before[16];

    if (!log_folder_path(f, LOCK, path))
        return ov_diag_set(diag, OV_USAGE, 0, "the path is too long");
    OV_AUTO_FD fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return ov_diag_set(diag, OV_IO, 0, "%s: %s", path, strerror(errno));
    if (fcntl(fd, F_OFD_SETLK, &whole) != 0)
        return ov_diag_set(diag, OV_DENIED, 0,
                           "%s: another overt-logd has this log", f->path);
    OV_TRY(read_state(f, &f->state, before, diag));
    if (getrandom(f->writer, sizeof(f->writer), 0) !=
        (ssize_t)sizeof(f->writer))
        return OV_IO;
    OV_TRY(write_state(f, &f->state, diag));
    f->lock = ov_fd_steal(&fd);
    return OV_OK;
}

static enum ov_status replace_file(const struct log_folder *f, const char *name,
                                   const struct ov_buf *b, struct ov_diag *diag)
{
    char path[LOG_PATH_MAX];

    OV_TRY(ov_buf_status(b));
    if (!log_folder_path(f, name, path))
        return ov_diag_set(diag, OV_USAGE, 0, "the path is too long");
    return ov_file_replace(path, ov_buf_span(b), 0600, diag);
}

/* What the settings say behind "publish", as it stands there. */
static enum ov_status read_publish(const struct log_folder *f,
                                   char ret[static LOG_PATH_MAX],
                                   struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(MAX_FILE);
    struct ov_span text;
    struct ov_span value;

    OV_TRY(read_file(f, SETTINGS, &b, diag));
    text = ov_buf_span(&b);
    if (!take_value(&text, "log", &value) ||
        !take_value(&text, "key", &value) ||
        !take_value(&text, "publish", &value) || value.len >= LOG_PATH_MAX)
        return ov_diag_set(diag, OV_MALFORMED, 0, "%s/" SETTINGS " is damaged",
                           f->path);
    (void)snprintf(ret, LOG_PATH_MAX, "%.*s", (int)value.len,
                   (const char *)value.ptr);
    return OV_OK;
}

enum ov_status log_folder_turn(struct log_folder *f, const struct ov_vkey *key,
                               const char *key_path, struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) settings = ov_buf_with_max(MAX_FILE);
    char publish[LOG_PATH_MAX];

    OV_TRY(read_publish(f, publish, diag));
    OV_TRY(log_state_check(f, diag));
    f->key = *key;
    /* The state first: without it the old log can't go on. */
    OV_TRY(write_state(f, &f->state, diag));
    put_settings(&settings, key, key_path, publish);
    return replace_file(f, SETTINGS, &settings, diag);
}

enum ov_status log_state_check(struct log_folder *f, struct ov_diag *diag)
{
    struct log_state on_disk;
    uint8_t writer[16];

    OV_TRY(read_state(f, &on_disk, writer, diag));
    if (memcmp(writer, f->writer, sizeof(writer)) != 0 ||
        on_disk.size != f->state.size ||
        memcmp(on_disk.root, f->state.root, sizeof(on_disk.root)) != 0)
        return ov_diag_set(diag, OV_SPLIT_VIEW, 0,
                           "%s: another sequencer has changed the state",
                           f->path);
    return OV_OK;
}

enum ov_status log_state_swap(struct log_folder *f,
                              const struct log_state *next,
                              struct ov_diag *diag)
{
    OV_TRY(log_state_check(f, diag));
    if (next->size < f->state.size ||
        (next->size == f->state.size &&
         memcmp(next->root, f->state.root, sizeof(next->root)) != 0))
        return ov_diag_set(diag, OV_SPLIT_VIEW, 0,
                           "%s: a second root for one size", f->path);
    OV_TRY(write_state(f, next, diag));
    f->state = *next;
    return OV_OK;
}
