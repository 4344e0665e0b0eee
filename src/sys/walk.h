/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <sys/types.h>

#include "base/buf.h"

/* Walks folders, file by file, without recursion and without following links
 * (unless told to): what is opened is always below the folder it was found in.
 * A tree of any depth is walked; a path may be longer than the system's limit
 * for one. Not thread-safe, but any number of walks may go on. */

enum ov_walk_flag {
    OV_WALK_FOLLOW = 1,          /* symbolic links inside folders */
    OV_WALK_ONE_FILE_SYSTEM = 2, /* stay on that of the path given */
};

struct ov_walk_options {
    unsigned flags;     /* enum ov_walk_flag */
    unsigned max_depth; /* of folders, the one given is the first; 0: any */
    /* Folders and names looked at in one call: then it returns OV_WALK_PAUSE,
     * and goes on in the next. 0: any number. */
    unsigned max_steps;
    /* Whether to visit a file, or to go into a folder. Not asked for the paths
     * given. May be NULL: all. */
    bool (*wants)(void *data, const char *path, const char *name,
                  bool is_folder);
    void *data;
};

enum ov_walk_kind {
    OV_WALK_FILE,    /* said to be a regular file: ov_walk_open, then fstat */
    OV_WALK_SPECIAL, /* a device, pipe or socket: nothing to scan */
    OV_WALK_LINK,    /* a symbolic link that is not followed */
    OV_WALK_SYSTEM,  /* a kernel's own file system (/proc): not gone into */
    OV_WALK_ERROR,   /* error tells */
    OV_WALK_PAUSE,   /* nothing yet, see max_steps */
};

/* Valid until the next call. */
struct ov_walk_entry {
    enum ov_walk_kind kind;
    const char *path; /* as the user would write it */
    int folder;       /* for openat */
    const char *name; /* in folder */
    bool is_given;    /* a path given to ov_walk_start itself */
    int error;        /* errno */
};

struct ov_walk;

/* Returns owned; NULL if memory is out. */
struct ov_walk *ov_walk_new(const struct ov_walk_options *options) OV_ALLOC;
void ov_walk_free(struct ov_walk *w);
OV_DEFINE_AUTO(walk)

/* The next path to walk: a file or a folder. The one before must have been
 * walked to its end, or is forgotten. */
OV_MUST_USE enum ov_status ov_walk_start(struct ov_walk *w, const char *path);

/* OV_NOT_FOUND at the end of the path, else OV_OK and an entry. */
OV_MUST_USE enum ov_status ov_walk_next(struct ov_walk *w,
                                        struct ov_walk_entry *ret);

/* Opens a file of the walk to read; never blocks on a pipe. Returns -1 and
 * errno. */
int ov_walk_open(const struct ov_walk *w, const struct ov_walk_entry *e);
