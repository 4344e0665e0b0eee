/* SPDX-License-Identifier: Apache-2.0 */
#include <overt/overt.h>

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/scan.h"
#include "formats/type.h"
#include "rules/compile.h"
#include "rules/sources.h"

/* The public library over the engine: files are opened and mapped here, and
 * nothing else is decided. One part after the other, in the calling thread;
 * the programs compile with several threads and in a jail instead. */
#define PIECE_SIZE ((size_t)16 << 20)
#define IMAGE_MAX ((size_t)4 << 30)

struct ov_rules {
    struct ov_span bytes;
    void *mapped; /* to unmap; NULL if compiled is what bytes points to */
    struct ov_buf compiled;
    uint8_t digest[OV_DIGEST_MAX];
};

struct ov_session {
    struct ov_image *images[OV_MAX_TIERS];
    struct ov_scanner *scanner;
    struct ov_buf file;
};

OV_DEFINE_AUTO(rules)
OV_DEFINE_AUTO(session)

/* Maps a regular file read-only; an empty one gives an empty span. */
static enum ov_status map_file(const char *path, struct ov_span *ret)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    void *at = NULL;

    if (fd < 0)
        return OV_IO;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        (void)close(fd);
        return OV_IO;
    }
    if (st.st_size > 0)
        at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    (void)close(fd);
    if (at == MAP_FAILED)
        return OV_IO;
    *ret = ov_span_of(at, (size_t)st.st_size);
    return OV_OK;
}

static void unmap(struct ov_span bytes)
{
    if (bytes.len > 0)
        (void)munmap((void *)(uintptr_t)bytes.ptr, bytes.len);
}

/* Whether bytes are an image; notes its digest. */
static enum ov_status look_at_image(struct ov_rules *rules,
                                    struct ov_diag *diag)
{
    OV_AUTO(image) image = NULL;

    OV_TRY(ov_image_open(rules->bytes, &image, diag));
    memcpy(rules->digest, image->digest, sizeof(rules->digest));
    return OV_OK;
}

enum ov_status ov_rules_open(const char *path, struct ov_rules **ret,
                             struct ov_diag *diag)
{
    OV_AUTO(rules) rules = ov_alloc(sizeof(*rules));

    if (rules == NULL)
        return OV_NO_MEMORY;
    if (map_file(path, &rules->bytes) != OV_OK)
        return ov_diag_set(diag, OV_IO, 0, "%s cannot be read", path);
    rules->mapped = (void *)(uintptr_t)rules->bytes.ptr;
    OV_TRY(look_at_image(rules, diag));
    *ret = OV_STEAL(rules);
    return OV_OK;
}

/* ---- compiling ---- */

/* Of external variables. */
#define DEFINES_MAX ((size_t)1 << 20)

struct build {
    struct ov_sources *sources;
    struct ov_arena *arena; /* of external variables */
    struct ov_buf defines;
    struct ov_external *externals;
    size_t n_externals;
    struct ov_span *texts;
    size_t n_texts;
    struct ov_part **parts;
    size_t n_parts;
};

static void build_cleanup(struct build *b)
{
    for (size_t i = 0; i < b->n_parts; i++)
        ov_part_free(b->parts[i]);
    for (size_t i = 0; i < b->n_texts; i++)
        unmap(b->texts[i]);
    ov_sources_free(b->sources);
    ov_arena_free(b->arena);
    ov_buf_done(&b->defines);
    ov_free(b->parts);
    ov_free(b->texts);
}

static enum ov_status add_sources(struct build *b, const char *const *paths,
                                  size_t n, struct ov_diag *diag)
{
    const struct ov_clamav_trust trust = {0};

    b->sources = ov_sources_new(&trust);
    b->texts = ov_alloc_array(n, sizeof(*b->texts));
    if (b->sources == NULL || b->texts == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        struct ov_diag why = {0};
        enum ov_status status;

        if (map_file(paths[i], &b->texts[i]) != OV_OK)
            return ov_diag_set(diag, OV_IO, 0, "%s cannot be read", paths[i]);
        b->n_texts = i + 1;
        status = ov_sources_add(b->sources, ov_span_str(paths[i]), b->texts[i],
                                &why);
        if (status != OV_OK)
            return ov_diag_set(diag, status, why.line, "%s: %.100s", paths[i],
                               why.text);
    }
    return OV_OK;
}

/* A source's name is its path here, so what it includes is called by its path,
 * too. */
static enum ov_status add_includes(struct build *b)
{
    for (;;) {
        struct ov_sources_wanted wanted;
        OV_AUTO_PTR char *path = NULL;
        struct ov_span *more;
        bool is_wanted;

        OV_TRY(ov_sources_wants(b->sources, &wanted, &is_wanted));
        if (!is_wanted)
            return OV_OK;
        more = ov_realloc_array(b->texts, b->n_texts + 1, sizeof(*more));
        if (more == NULL)
            return OV_NO_MEMORY;
        b->texts = more;
        path = ov_alloc(wanted.name.len + 1);
        if (path == NULL)
            return OV_NO_MEMORY;
        memcpy(path, wanted.name.ptr, wanted.name.len);
        if (map_file(path, &b->texts[b->n_texts]) == OV_OK)
            OV_TRY(ov_sources_give(b->sources, b->texts[b->n_texts++]));
        else
            ov_sources_refuse(b->sources);
    }
}

static enum ov_status read_defines(struct build *b, const char *const *defines,
                                   size_t n, struct ov_diag *diag)
{
    b->arena = ov_arena_new(DEFINES_MAX);
    b->defines = ov_buf_with_max(DEFINES_MAX);
    if (b->arena == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        ov_put_str(&b->defines, defines[i]);
        ov_put_u8(&b->defines, 0);
    }
    OV_TRY(ov_buf_status(&b->defines));
    OV_TRY(ov_externals_parse(ov_buf_span(&b->defines), b->arena, &b->externals,
                              &b->n_externals, diag));
    ov_sources_set_externals(b->sources, b->externals, b->n_externals);
    return OV_OK;
}

static enum ov_status parse_all(struct build *b, struct ov_diag *diag)
{
    const struct ov_piece *pieces;
    const struct ov_source *sources;
    size_t n;
    size_t n_sources;

    OV_TRY(ov_sources_cut(b->sources, PIECE_SIZE, &pieces, &n));
    sources = ov_sources_list(b->sources, &n_sources);
    b->parts = ov_alloc_array(n, sizeof(struct ov_part *));
    if (b->parts == NULL)
        return OV_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        struct ov_span name = sources[pieces[i].source].name;
        struct ov_diag why = {0};
        enum ov_status status =
            ov_sources_parse(b->sources, &pieces[i], &b->parts[i], &why);

        b->n_parts = i + 1;
        if (b->parts[i] != NULL)
            name = sources[ov_part_fault_source(b->parts[i])].name;
        if (status != OV_OK)
            return ov_diag_set(diag, status, why.line, "%.*s: %.100s",
                               (int)name.len, (const char *)name.ptr, why.text);
    }
    return OV_OK;
}

enum ov_status ov_rules_compile(const char *const *paths, size_t n,
                                struct ov_rules **ret, struct ov_diag *diag)
{
    return ov_rules_compile_with(paths, n, NULL, 0, ret, diag);
}

enum ov_status ov_rules_compile_with(const char *const *paths, size_t n,
                                     const char *const *defines,
                                     size_t n_defines, struct ov_rules **ret,
                                     struct ov_diag *diag)
{
    __attribute__((cleanup(build_cleanup))) struct build b = {0};
    OV_AUTO(rules) rules = ov_alloc(sizeof(*rules));
    struct ov_compile_job job = {0};
    struct ov_compile_report report;

    if (rules == NULL)
        return OV_NO_MEMORY;
    rules->compiled = ov_buf_with_max(IMAGE_MAX);
    OV_TRY(add_sources(&b, paths, n, diag));
    OV_TRY(add_includes(&b));
    OV_TRY(read_defines(&b, defines, n_defines, diag));
    OV_TRY(parse_all(&b, diag));
    job.sources = ov_sources_list(b.sources, &job.n_sources);
    job.parts = b.parts;
    job.n_parts = b.n_parts;
    job.externals = b.externals;
    job.n_externals = b.n_externals;
    OV_TRY(ov_compile(&job, &rules->compiled, &report, diag));
    rules->bytes = ov_buf_span(&rules->compiled);
    OV_TRY(look_at_image(rules, diag));
    *ret = OV_STEAL(rules);
    return OV_OK;
}

static enum ov_status write_all(int fd, struct ov_span bytes)
{
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);

        if (n <= 0)
            return OV_IO;
        bytes = ov_span_clip(bytes, (uint64_t)n, bytes.len);
    }
    return fsync(fd) == 0 ? OV_OK : OV_IO;
}

enum ov_status ov_rules_save(const struct ov_rules *rules, const char *path,
                             struct ov_diag *diag)
{
    OV_AUTO_PTR char *temporary = NULL;
    enum ov_status status;
    int fd;

    if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
        temporary = NULL;
        return OV_NO_MEMORY;
    }
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return ov_diag_set(diag, OV_IO, 0, "%s cannot be created", temporary);
    status = write_all(fd, rules->bytes);
    if (fchmod(fd, 0644) != 0 || close(fd) != 0)
        status = OV_IO;
    if (status == OV_OK && rename(temporary, path) != 0)
        status = OV_IO;
    if (status == OV_OK)
        return OV_OK;
    (void)unlink(temporary);
    return ov_diag_set(diag, status, 0, "%s cannot be written", path);
}

void ov_rules_free(struct ov_rules *rules)
{
    if (rules == NULL)
        return;
    if (rules->mapped != NULL)
        unmap(rules->bytes);
    ov_buf_done(&rules->compiled);
    ov_free(rules);
}

void ov_rules_digest(const struct ov_rules *rules, uint8_t ret[static 32])
{
    memcpy(ret, rules->digest, 32);
}

/* ---- scanning ---- */

enum ov_status ov_session_new_of(const struct ov_rules *const *rules, size_t n,
                                 struct ov_session **ret, struct ov_diag *diag)
{
    OV_AUTO(session) s = ov_alloc(sizeof(*s));

    if (s == NULL)
        return OV_NO_MEMORY;
    if (n > OV_MAX_TIERS)
        return ov_diag_set(diag, OV_USAGE, 0, "at most %d images at once",
                           OV_MAX_TIERS);
    s->file = ov_buf_with_max(SIZE_MAX);
    for (size_t i = 0; i < n; i++)
        OV_TRY(ov_image_open(rules[i]->bytes, &s->images[i], diag));
    OV_TRY(ov_scanner_new(s->images, n, &s->scanner, diag));
    *ret = OV_STEAL(s);
    return OV_OK;
}

enum ov_status ov_session_new(const struct ov_rules *rules,
                              struct ov_session **ret, struct ov_diag *diag)
{
    return ov_session_new_of(&rules, 1, ret, diag);
}

void ov_session_free(struct ov_session *s)
{
    if (s == NULL)
        return;
    ov_scanner_free(s->scanner);
    for (size_t i = 0; i < OV_MAX_TIERS; i++)
        ov_image_free(s->images[i]);
    ov_buf_done(&s->file);
    ov_free(s);
}

enum ov_status ov_session_define(struct ov_session *s, const char *define,
                                 struct ov_diag *diag)
{
    return ov_scanner_define(s->scanner, ov_span_str(define), diag);
}

void ov_session_scan(struct ov_session *s, struct ov_span bytes,
                     const struct ov_scan_options *options,
                     const struct ov_findings *findings, struct ov_outcome *ret)
{
    const struct ov_scan_options defaults = {0};
    const struct ov_findings nobody = {0};

    ov_scanner_scan(s->scanner, bytes, options != NULL ? options : &defaults,
                    findings != NULL ? findings : &nobody, ret);
}

/* To the end, however long that is: the size may change under our feet. */
static enum ov_status read_all(int fd, size_t expected, struct ov_buf *into)
{
    ov_buf_clear(into);
    for (;;) {
        size_t want = expected > into->len ? expected - into->len + 1 : 65536;
        uint8_t *room = ov_buf_room(into, want);
        ssize_t n;

        if (room == NULL)
            return ov_buf_status(into);
        n = pread(fd, room, want, (off_t)into->len);
        if (n < 0)
            return OV_IO;
        if (n == 0)
            return OV_OK;
        ov_buf_added(into, (size_t)n);
    }
}

enum ov_status ov_session_scan_fd(struct ov_session *s, int fd,
                                  const struct ov_scan_options *options,
                                  const struct ov_findings *findings,
                                  struct ov_outcome *ret)
{
    struct stat st;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return OV_IO;
    OV_TRY(read_all(fd, (size_t)st.st_size, &s->file));
    ov_session_scan(s, ov_buf_span(&s->file), options, findings, ret);
    return OV_OK;
}

const char *ov_type_word(uint32_t type)
{
    return type < OV_N_TYPES ? ov_type_name((enum ov_type)type) : "unknown";
}
