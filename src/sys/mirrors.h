/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "sys/fetch_client.h"

/* Where an update may come from: web servers, folders, bundles. None of them is
 * trusted with anything; which one gave a file says nothing about it. */

struct ov_mirrors;

/* spawn_flags: OV_SPAWN_BEST_EFFORT, for overt-fetch. Returns owned; NULL if
 * memory is out. */
struct ov_mirrors *ov_mirrors_new(unsigned spawn_flags) OV_ALLOC;

/* Whether any of them is asked over the network. */
bool ov_mirrors_need_network(const struct ov_mirrors *m);

/* Where requests are put down, and what they are for (a word of
 * host/outbound.def, borrowed). Before the first of them. */
void ov_mirrors_set_book(struct ov_mirrors *m, const struct ov_fetch_book *book,
                         const char *purpose);
void ov_mirrors_free(struct ov_mirrors *m);
OV_DEFINE_AUTO(mirrors)

/* place: http://..., https://..., file:///..., a folder, or a tar file. */
OV_MUST_USE enum ov_status
ov_mirrors_add(struct ov_mirrors *m, const char *place, struct ov_diag *diag);

/* Puts them into an order that nobody knows before. OV_IO. */
OV_MUST_USE enum ov_status ov_mirrors_shuffle(struct ov_mirrors *m);

size_t ov_mirrors_n(const struct ov_mirrors *m);
/* As it was given. */
const char *ov_mirrors_place(const struct ov_mirrors *m, size_t i);
/* Bytes that came, over all mirrors. */
uint64_t ov_mirrors_bytes(const struct ov_mirrors *m);

struct ov_mirror_file {
    int fd;
    uint64_t len;
};

/* Gets a file of a mirror: path is relative, of letters, digits, '.', '_', '-',
 * '+' and '/', without a part that begins with a dot; else OV_USAGE. On OV_OK
 * ret->fd, owned, has ret->len bytes at its start, max_len at most: a sealed
 * memory file, or a file that others may change. Errors as ov_fetch_run. */
OV_MUST_USE enum ov_status ov_mirrors_get(struct ov_mirrors *m, size_t i,
                                          const char *path, uint64_t max_len,
                                          struct ov_mirror_file *ret,
                                          struct ov_diag *diag);

/* Says that this one will be got next, behind those said before: so that many
 * are put into the book at once (ov_fetch_expect). */
void ov_mirrors_expect(struct ov_mirrors *m, size_t i, const char *path,
                       uint64_t max_len);

struct ov_mirror_part {
    const char *path;
    uint64_t at;
    uint64_t len;
};

/* The same of a part of a file: all of it, or OV_TRUNCATED. */
OV_MUST_USE enum ov_status
ov_mirrors_get_part(struct ov_mirrors *m, size_t i,
                    const struct ov_mirror_part *part,
                    struct ov_mirror_file *ret, struct ov_diag *diag);
