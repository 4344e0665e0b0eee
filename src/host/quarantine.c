/* SPDX-License-Identifier: Apache-2.0 */
#include "host/quarantine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/text.h"
#include "host/quarantine_store.h"
#include "sys/fd.h"
#include "sys/file.h"

/* The folder: its key, its lock, its items. How files come in is in
 * quarantine_take.c, how they go back in quarantine_restore.c, and what is done
 * about ends in the middle in quarantine_tidy.c.
 *
 * The lock is shared by all who write, so that a daemon's keepers work at the
 * same time; whoever gets it alone knows that nobody else is at anything, and
 * that what looks half-done is left over. */

#define ITEM ".item"
#define KEY "key"
#define NEW_KEY "new-key"
#define MAX_ITEMS ((size_t)1 << 20)
#define LOCK_TRIES 8

void quarantine_close(struct quarantine *q)
{
    if (q == NULL)
        return;
    ov_fd_cleanup(&q->folder);
    ov_fd_cleanup(&q->lock); /* and so the lock is given back */
    explicit_bzero(q->key, sizeof(q->key));
    ov_free(q);
}

static void make_folder(const char *folder)
{
    ov_folders_make(folder);
    (void)!mkdir(folder, 0700); /* opening it tells */
}

static enum ov_status open_folder(const char *folder, int *ret_fd,
                                  struct ov_diag *diag)
{
    OV_AUTO_FD fd =
        open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0)
        return ov_diag_set(diag,
                           errno == ENOENT   ? OV_NOT_FOUND
                           : errno == EACCES ? OV_DENIED
                                             : OV_IO,
                           0, "%s: %s", folder, strerror(errno));
    if (st.st_uid != geteuid() || (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return ov_diag_set(diag, OV_DENIED, 0,
                           "%s: is not yours, or not for you alone (mode 0700)",
                           folder);
    *ret_fd = ov_fd_steal(&fd);
    return OV_OK;
}

/* ---- the key ---- */

static enum ov_status read_key(struct quarantine *q)
{
    OV_AUTO_FD fd =
        openat(q->folder, KEY, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat st;

    if (fd < 0)
        return errno == ENOENT ? OV_NOT_FOUND : OV_IO;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
        st.st_size != (off_t)sizeof(q->key) ||
        read(fd, q->key, sizeof(q->key)) != (ssize_t)sizeof(q->key))
        return OV_MALFORMED;
    return OV_OK;
}

static enum ov_status make_key(struct quarantine *q)
{
    OV_AUTO_FD fd =
        openat(q->folder, NEW_KEY,
               O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0 ||
        getrandom(q->key, sizeof(q->key), 0) != (ssize_t)sizeof(q->key) ||
        write(fd, q->key, sizeof(q->key)) != (ssize_t)sizeof(q->key) ||
        fsync(fd) != 0 || renameat(q->folder, NEW_KEY, q->folder, KEY) != 0 ||
        fsync(q->folder) != 0)
        return OV_IO;
    return OV_OK;
}

/* Without its key nothing can be read, so none is made beside items. */
static enum ov_status find_key(struct quarantine *q, struct ov_diag *diag)
{
    OV_AUTO_PTR struct quarantine_name *names = NULL;
    enum ov_status status = read_key(q);
    size_t n = 0;

    if (status == OV_NOT_FOUND) {
        OV_TRY(quarantine_list(q, &names, &n));
        if (n > 0)
            status = OV_ENCRYPTED;
        else if (q->lock >= 0)
            status = make_key(q);
    }
    if (status == OV_OK)
        return OV_OK;
    return ov_diag_set(diag, status, 0,
                       status == OV_MALFORMED
                           ? "the quarantine's key is damaged; its items can "
                             "only be read with the right one"
                       : n > 0 ? "the quarantine's key is gone; put it back, "
                                 "or move the items away"
                               : "the quarantine's key: %s",
                       strerror(errno));
}

/* ---- the lock ---- */

static bool lock(const struct quarantine *q, short how, int command)
{
    struct flock whole = {.l_type = how, .l_whence = SEEK_SET};

    while (fcntl(q->lock, command, &whole) != 0) {
        if (errno != EINTR)
            return false;
    }
    return true;
}

static enum ov_status begin_to_write(struct quarantine *q, struct ov_diag *diag)
{
    q->lock = openat(q->folder, "lock",
                     O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (q->lock < 0)
        return ov_diag_set(diag, OV_IO, 0, "the quarantine's lock: %s",
                           strerror(errno));
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (lock(q, F_WRLCK, F_OFD_SETLK)) {
            OV_TRY(find_key(q, diag));
            OV_TRY(quarantine_tidy(q, diag));
            return lock(q, F_RDLCK, F_OFD_SETLK) ? OV_OK : OV_IO;
        }
        if (!lock(q, F_RDLCK, F_OFD_SETLKW))
            break;
        if (read_key(q) == OV_OK)
            return OV_OK;
        /* Its maker was ended in between. */
        (void)lock(q, F_UNLCK, F_OFD_SETLK); /* the next turn tells */
    }
    return ov_diag_set(diag, OV_IO, 0, "the quarantine cannot be locked: %s",
                       strerror(errno));
}

enum ov_status quarantine_open(const char *folder, unsigned flags,
                               struct quarantine **ret, struct ov_diag *diag)
{
    struct quarantine *q = ov_alloc(sizeof(*q));
    enum ov_status status;

    if (q == NULL)
        return OV_NO_MEMORY;
    q->folder = -1;
    q->lock = -1;
    if ((flags & QUARANTINE_WRITE) != 0)
        make_folder(folder);
    status = open_folder(folder, &q->folder, diag);
    if (status == OV_OK)
        status = (flags & QUARANTINE_WRITE) != 0 ? begin_to_write(q, diag)
                                                 : find_key(q, diag);
    if (status != OV_OK) {
        quarantine_close(q);
        return status;
    }
    *ret = q;
    return OV_OK;
}

/* ---- names ---- */

enum ov_status quarantine_make_name(const char *prefix,
                                    struct quarantine_temporary *ret)
{
    uint8_t random[QUARANTINE_RANDOM / 2];
    int n;

    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
        return OV_IO;
    n = snprintf(ret->name, sizeof(ret->name), "%s", prefix);
    for (size_t i = 0; i < sizeof(random); i++)
        n += snprintf(ret->name + n, sizeof(ret->name) - (size_t)n, "%02x",
                      random[i]);
    return OV_OK;
}

bool quarantine_is_name(const char *name, const char *prefix,
                        const char **ret_digits)
{
    size_t len = strlen(prefix);

    if (strncmp(name, prefix, len) != 0 ||
        strlen(name + len) != QUARANTINE_RANDOM ||
        strspn(name + len, "0123456789abcdef") != QUARANTINE_RANDOM)
        return false;
    *ret_digits = name + len;
    return true;
}

/* "ID.item", or what is whole but not finished, by its own name. */
static bool id_of(const char *name, char ret[static QUARANTINE_ID_MAX])
{
    struct ov_span s = ov_span_str(name);
    const char *digits;

    if (ov_span_ends(s, OV_SPAN_LIT(ITEM)))
        s.len -= sizeof(ITEM) - 1;
    else if (!quarantine_is_name(name, "taking-", &digits))
        return false;
    if (s.len == 0 || s.len >= QUARANTINE_ID_MAX)
        return false;
    memcpy(ret, s.ptr, s.len);
    ret[s.len] = '\0';
    return true;
}

static void put_file_name(const char *id, char *to, size_t size)
{
    const char *digits;

    (void)snprintf(to, size, "%s%s", id,
                   quarantine_is_name(id, "taking-", &digits) ? "" : ITEM);
}

static int compare_names(const void *a, const void *b)
{
    const struct quarantine_name *x = a;
    const struct quarantine_name *y = b;

    return x->when != y->when ? (x->when > y->when) - (x->when < y->when)
                              : strcmp(x->id, y->id);
}

struct name_list {
    struct quarantine_name *items;
    size_t n;
    size_t cap;
};

static enum ov_status add_name(const struct quarantine *q, const char *name,
                               struct name_list *l)
{
    struct quarantine_name one;
    struct stat st;

    if (!id_of(name, one.id) ||
        fstatat(q->folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(st.st_mode))
        return OV_OK;
    if (l->n == MAX_ITEMS)
        return OV_LIMIT_COUNT;
    if (l->n == l->cap) {
        size_t cap = l->cap == 0 ? 64 : 2 * l->cap;
        void *items = ov_realloc_array(l->items, cap, sizeof(one));

        if (items == NULL)
            return OV_NO_MEMORY;
        l->items = items;
        l->cap = cap;
    }
    one.size = (uint64_t)st.st_size;
    one.when = (int64_t)st.st_mtim.tv_sec;
    l->items[l->n++] = one;
    return OV_OK;
}

enum ov_status quarantine_list(const struct quarantine *q,
                               struct quarantine_name **ret, size_t *ret_n)
{
    int fd = openat(q->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    struct name_list l = {.items = NULL};
    enum ov_status status = OV_OK;
    struct dirent *e;

    if (dir == NULL) {
        ov_fd_cleanup(&fd);
        return OV_IO;
    }
    while (status == OV_OK && (e = readdir(dir)) != NULL)
        status = add_name(q, e->d_name, &l);
    (void)closedir(dir); /* it was only read */
    if (status != OV_OK) {
        ov_free(l.items);
        return status;
    }
    if (l.n > 0)
        qsort(l.items, l.n, sizeof(l.items[0]), compare_names);
    *ret = l.items;
    *ret_n = l.n;
    return OV_OK;
}

/* ---- one item ---- */

enum ov_status quarantine_open_named(const struct quarantine *q,
                                     const char *name,
                                     struct quarantine_item *ret)
{
    int fd =
        openat(q->folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd < 0)
        return errno == ENOENT ? OV_NOT_FOUND : OV_IO;
    return quarantine_item_open(fd, q->key, ret);
}

/* The one id that begins so, or is so. */
static enum ov_status find_id(const struct quarantine *q, const char *id,
                              char ret[static QUARANTINE_ID_MAX],
                              struct ov_diag *diag)
{
    OV_AUTO_PTR struct quarantine_name *names = NULL;
    size_t n;
    size_t n_found = 0;

    OV_TRY(quarantine_list(q, &names, &n));
    for (size_t i = 0; i < n; i++) {
        bool is_it = strcmp(names[i].id, id) == 0;

        if (!is_it && strncmp(names[i].id, id, strlen(id)) != 0)
            continue;
        n_found = is_it ? 1 : n_found + 1;
        memcpy(ret, names[i].id, QUARANTINE_ID_MAX);
        if (is_it)
            break;
    }
    if (n_found == 1 && id[0] != '\0')
        return OV_OK;
    return ov_diag_set(diag, OV_NOT_FOUND, 0,
                       n_found > 1 ? "%s: several items begin so; give more of "
                                     "it"
                                   : "%s: no such item; overt quarantine list "
                                     "has them",
                       id);
}

enum ov_status quarantine_get(const struct quarantine *q, const char *id,
                              char ret_id[static QUARANTINE_ID_MAX],
                              struct quarantine_item *ret, struct ov_diag *diag)
{
    char name[QUARANTINE_ID_MAX + sizeof(ITEM)];
    char found[QUARANTINE_ID_MAX];
    enum ov_status status;

    OV_TRY(find_id(q, id, found, diag));
    put_file_name(found, name, sizeof(name));
    status = quarantine_open_named(q, name, ret);
    if (status != OV_OK)
        return ov_diag_set(diag, status, 0, "%s: %s", found,
                           status == OV_BAD_PROOF
                               ? "is damaged, or was made with another key"
                               : ov_status_name(status));
    memcpy(ret_id, found, QUARANTINE_ID_MAX);
    return OV_OK;
}

enum ov_status quarantine_purge(struct quarantine *q, const char *id)
{
    char name[QUARANTINE_ID_MAX + sizeof(ITEM)];

    if (q->lock < 0 || strchr(id, '/') != NULL || id[0] == '\0' ||
        strlen(id) >= QUARANTINE_ID_MAX)
        return OV_USAGE;
    put_file_name(id, name, sizeof(name));
    if (unlinkat(q->folder, name, 0) != 0)
        return errno == ENOENT ? OV_NOT_FOUND : OV_IO;
    return fsync(q->folder) == 0 ? OV_OK : OV_IO;
}

enum ov_status quarantine_retain(struct quarantine *q,
                                 const struct quarantine_keep *keep,
                                 int64_t now, size_t *ret_n)
{
    OV_AUTO_PTR struct quarantine_name *names = NULL;
    uint64_t total = 0;
    size_t n_gone = 0;
    size_t n;

    OV_TRY(quarantine_list(q, &names, &n));
    for (size_t i = 0; i < n; i++)
        total += names[i].size;
    for (size_t i = 0; i < n; i++) {
        bool is_old = keep->max_age > 0 && now - names[i].when > keep->max_age;
        bool is_last = i + 1 == n; /* the newest: what was just taken */

        if (strncmp(names[i].id, "taking-", 7) == 0 ||
            (!is_old &&
             (is_last || keep->max_size == 0 || total <= keep->max_size)))
            continue;
        if (quarantine_purge(q, names[i].id) == OV_OK)
            n_gone++;
        total -= names[i].size;
    }
    *ret_n = n_gone;
    return OV_OK;
}

enum ov_status quarantine_finish(struct quarantine *q, const char *digits,
                                 const struct quarantine_meta *m,
                                 char ret_id[static QUARANTINE_ID_MAX])
{
    char from[32];
    char id[QUARANTINE_ID_MAX];
    char name[QUARANTINE_ID_MAX + sizeof(ITEM)];
    int len = 0;

    (void)snprintf(from, sizeof(from), "taking-%s", digits);
    for (size_t i = 0; i < 6; i++)
        len +=
            snprintf(id + len, sizeof(id) - (size_t)len, "%02x", m->digest[i]);
    for (unsigned i = 1; i < MAX_ITEMS; i++) {
        if (i > 1)
            (void)snprintf(id + len, sizeof(id) - (size_t)len, "-%u", i);
        (void)snprintf(name, sizeof(name), "%s" ITEM, id);
        if (renameat2(q->folder, from, q->folder, name, RENAME_NOREPLACE) ==
            0) {
            memcpy(ret_id, id, QUARANTINE_ID_MAX);
            return fsync(q->folder) == 0 ? OV_OK : OV_IO;
        }
        if (errno != EEXIST)
            break;
    }
    return OV_IO;
}
