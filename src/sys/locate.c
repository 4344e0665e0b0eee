/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/locate.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The running program is /proc/self/exe: PREFIX/bin/overt once installed, and
 * BUILD/src/programs/overt/overt in a build tree. The two are told apart by
 * the names of the folders above it. */

#ifndef OV_LIBEXEC_FROM_BIN
#define OV_LIBEXEC_FROM_BIN "../lib/overt"
#endif
#ifndef OV_RULES_FROM_BIN
#define OV_RULES_FROM_BIN "../share/overt/rules"
#endif
#define PROGRAMS "/src/programs"
#define ROOT_CACHE "/var/cache/overt"
#define ROOT_STATE "/var/lib/overt"

/* Cuts the last component off; false if there is none. */
static bool cut_last(struct ov_span *path)
{
    for (size_t i = path->len; i-- > 0;) {
        if (path->ptr[i] == '/') {
            path->len = i;
            return true;
        }
    }
    return false;
}

static bool find_folder(char *buffer, size_t size, struct ov_span *ret_folder)
{
    ssize_t len = readlink("/proc/self/exe", buffer, size);

    if (len <= 0 || (size_t)len >= size)
        return false;
    *ret_folder = ov_span_of(buffer, (size_t)len);
    return cut_last(ret_folder);
}

/* BUILD if folder is BUILD/src/programs/X. */
static bool is_build_tree(struct ov_span folder, struct ov_span *ret_build)
{
    if (!cut_last(&folder) || !ov_span_ends(folder, OV_SPAN_LIT(PROGRAMS)))
        return false;
    *ret_build = ov_span_clip(folder, 0, folder.len - strlen(PROGRAMS));
    return true;
}

enum ov_status ov_locate_program(const char *role, struct ov_buf *b)
{
    char buffer[PATH_MAX];
    struct ov_span folder;
    struct ov_span build;

    if (!find_folder(buffer, sizeof(buffer), &folder))
        return OV_IO;
    if (is_build_tree(folder, &build)) {
        ov_put_span(b, build);
        ov_put_format(b, PROGRAMS "/%s/overt-%s", role, role);
    } else {
        ov_put_span(b, folder);
        ov_put_format(b, "/" OV_LIBEXEC_FROM_BIN "/overt-%s", role);
    }
    ov_put_u8(b, 0);
    return ov_buf_status(b);
}

enum ov_status ov_locate_command(const char *name, struct ov_buf *b)
{
    const char *dash = strchr(name, '-');
    char buffer[PATH_MAX];
    struct ov_span folder;
    struct ov_span build;

    if (!find_folder(buffer, sizeof(buffer), &folder))
        return OV_IO;
    if (is_build_tree(folder, &build)) {
        ov_put_span(b, build);
        ov_put_format(b, PROGRAMS "/%s/%s", dash != NULL ? dash + 1 : name,
                      name);
    } else {
        ov_put_span(b, folder);
        /* Daemons are in sbin, commands in bin beside it. */
        ov_put_format(
            b, "%s/%s",
            ov_span_ends(folder, OV_SPAN_LIT("/sbin")) ? "/../bin" : "", name);
    }
    ov_put_u8(b, 0);
    return ov_buf_status(b);
}

enum ov_status ov_locate_rules(struct ov_buf *b)
{
    char buffer[PATH_MAX];
    struct ov_span folder;
    struct ov_span build;

    if (!find_folder(buffer, sizeof(buffer), &folder))
        return OV_IO;
    if (is_build_tree(folder, &build)) {
        ov_put_span(b, build);
        ov_put_str(b, "/rules");
    } else {
        ov_put_span(b, folder);
        ov_put_str(b, "/" OV_RULES_FROM_BIN);
    }
    ov_put_u8(b, 0);
    return ov_buf_status(b);
}

/* By the XDG base directory specification: variable, or below HOME. */
static enum ov_status put_place(struct ov_buf *b, const char *root,
                                const char *variable, const char *below)
{
    const char *base = getenv(variable);
    const char *home = getenv("HOME");

    if (geteuid() == 0 && (base == NULL || base[0] != '/'))
        ov_put_str(b, root);
    else if (base != NULL && base[0] == '/')
        ov_put_format(b, "%s/overt", base);
    else if (home != NULL && home[0] == '/')
        ov_put_format(b, "%s/%s/overt", home, below);
    else
        return OV_NOT_FOUND;
    ov_put_u8(b, 0);
    return ov_buf_status(b);
}

static enum ov_status put_cache_path(struct ov_buf *b)
{
    return put_place(b, ROOT_CACHE, "XDG_CACHE_HOME", ".cache");
}

enum ov_status ov_locate_state(struct ov_buf *b)
{
    return put_place(b, ROOT_STATE, "XDG_STATE_HOME", ".local/state");
}

void ov_put_system_state(struct ov_buf *b)
{
    ov_put_str(b, ROOT_STATE);
    ov_put_u8(b, 0);
}

/* mkdir -p; the last folder for us alone. */
static void make_folders(char *path)
{
    for (char *at = path + 1; *at != '\0'; at++) {
        if (*at == '/') {
            *at = '\0';
            (void)!mkdir(path, 0755); /* the last mkdir tells */
            *at = '/';
        }
    }
    (void)!mkdir(path, 0700); /* lstat tells */
}

enum ov_status ov_locate_cache(struct ov_buf *b)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(PATH_MAX);
    struct stat st;

    OV_TRY(put_cache_path(&path));
    if (stat((char *)path.ptr, &st) != 0) {
        make_folders((char *)path.ptr);
        if (stat((char *)path.ptr, &st) != 0)
            return errno == ENOENT ? OV_NOT_FOUND : OV_DENIED;
    }
    if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
        (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return OV_DENIED;
    ov_put_span(b, ov_buf_span(&path));
    return ov_buf_status(b);
}
