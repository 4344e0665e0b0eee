/* SPDX-License-Identifier: Apache-2.0
 *
 * What is linked into a jailed program from a static library of others cannot
 * name files: the linker sends these calls here (-Wl,--wrap, see
 * src/lib/formats/meson.build), and the program's own symbols do not even have
 * them. Only libarchive's temporary files and its search for a safe descriptor
 * use them, which no reader of ours needs. */
#include <errno.h>

/* The linker gives the names. */
int __wrap_open(const char *path, int flags, ...);
int __wrap_mkstemp(char *name);
int __wrap_unlink(const char *path);

static int refuse(void)
{
    errno = EPERM;
    return -1;
}

int __wrap_open(const char *path, int flags, ...)
{
    (void)path;
    (void)flags;
    return refuse();
}

int __wrap_mkstemp(char *name)
{
    (void)name;
    return refuse();
}

int __wrap_unlink(const char *path)
{
    (void)path;
    return refuse();
}
