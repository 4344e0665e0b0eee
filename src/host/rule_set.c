/* SPDX-License-Identifier: Apache-2.0 */
#include "host/rule_set.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "host/installed_rules.h"
#include "host/output.h"
#include "host/rule_files.h"
#include "rules/image.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/locate.h"
#include "sys/verdict_cache.h"

/* A compiled image is kept below the cache folder, named by a digest of what
 * it was made of: names, identities, sizes and times of the sources (the time
 * of change cannot be set back), the options, and the judge's own binary. So a
 * second start compiles nothing and reads no source. */

#define IMAGE_MAGIC "OVERTIMG"
#define PREFIX "image-"
#define KEEP_IMAGES 4
#define MAX_KEY_FILE 4096
#define SHIPPED "/starter.img"

void rule_set_done(struct rule_set *s)
{
    while (s->images.n > 0)
        ov_fd_cleanup(&s->images.fds[--s->images.n]);
}

static void put_file_identity(struct ov_buf *b, const char *path)
{
    struct stat st = {0};

    ov_put_block(b, ov_span_str(path));
    if (stat(path, &st) != 0)
        return;
    ov_put_u64(b, st.st_dev);
    ov_put_u64(b, st.st_ino);
    ov_put_u64(b, (uint64_t)st.st_size);
    ov_put_u64(b, (uint64_t)st.st_ctim.tv_sec);
    ov_put_u64(b, (uint64_t)st.st_ctim.tv_nsec);
    ov_put_u64(b, (uint64_t)st.st_mtim.tv_sec);
    ov_put_u64(b, (uint64_t)st.st_mtim.tv_nsec);
}

void put_engine_identity(struct ov_buf *b)
{
    static const char *const roles[] = {"worker", "judge"};

    ov_put_str(b, OV_VERSION);
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        OV_AUTO_DONE(buf) path = ov_buf_with_max(PATH_MAX);

        if (ov_locate_program(roles[i], &path) == OV_OK)
            put_file_identity(b, (char *)path.ptr);
    }
}

/* Whether the file begins as an image does; -1 on error. */
static int is_image(int fd)
{
    char magic[sizeof(IMAGE_MAGIC) - 1];
    ssize_t got = pread(fd, magic, sizeof(magic), 0);

    if (got < 0)
        return -1;
    return got == (ssize_t)sizeof(magic) &&
           memcmp(magic, IMAGE_MAGIC, sizeof(magic)) == 0;
}

static bool open_if_image(const char *path, struct rule_set *ret)
{
    OV_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
        is_image(fd) != 1)
        return false;
    *ret = (struct rule_set){.images = {.n = 1}};
    ret->images.fds[0] = ov_fd_steal(&fd);
    ret->images.lens[0] = (uint64_t)st.st_size;
    return true;
}

bool rule_set_open_image(const char *path, struct rule_set *ret)
{
    struct stat st;

    if (stat(path, &st) != 0) {
        out_error("%s: %s", path, strerror(errno));
        return false;
    }
    if (open_if_image(path, ret))
        return true;
    out_error("%s: not a rule image; make one with: overt rules build", path);
    return false;
}

bool rule_set_asks_for_names(const struct ov_pool_images *images)
{
    for (size_t i = 0; i < images->n; i++) {
        uint64_t len = 1; /* not to be read: it will be told elsewhere */

        (void)!pread(images->fds[i], &len, sizeof(len),
                     OV_IMAGE_SECTION_LEN_AT(OV_SECTION_FILE_VALUES));
        if (len != 0)
            return true;
    }
    return false;
}

bool rule_set_write(const struct rule_set *s, const char *path)
{
    struct ov_diag diag = {0};

    if (ov_file_copy(path, s->images.fds[0], s->images.lens[0], &diag) == OV_OK)
        return true;
    out_error("%s: cannot write: %s", path, diag.text);
    return false;
}

/* ---- the kept image ---- */

/* The path of the image for these sources, or false: nothing is kept. */
static bool put_kept_path(struct ov_buf *path, const struct rule_files *files,
                          const struct rule_set_options *options,
                          struct ov_span key)
{
    OV_AUTO_DONE(buf) what = ov_buf_with_max(SIZE_MAX);
    uint8_t digest[OV_DIGEST_MAX];

    put_engine_identity(&what);
    ov_put_u8(&what, options->allow_unsigned);
    ov_put_u8(&what, options->tells_warnings);
    ov_put_u8(&what, options->has_file_values);
    ov_put_block(&what, key);
    ov_put_block(&what, options->defines);
    for (size_t i = 0; i < files->n; i++) {
        const char *space = files->items[i].space;

        ov_put_block(&what, ov_span_str(files->items[i].name));
        ov_put_block(&what, ov_span_str(space != NULL ? space : ""));
        put_file_identity(&what, files->items[i].path);
    }
    if (ov_buf_status(&what) != OV_OK ||
        ov_digest(OV_SHA256, ov_buf_span(&what), digest) != OV_OK ||
        ov_locate_cache(path) != OV_OK)
        return false;
    path->len--; /* the NUL */
    ov_put_str(path, "/" PREFIX);
    ov_put_hex(path, ov_span_of(digest, 16));
    ov_put_u8(path, 0);
    return ov_buf_status(path) == OV_OK;
}

static bool is_ours(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
           (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static bool open_kept(const char *path, struct rule_set *ret)
{
    struct rule_set s;

    if (!open_if_image(path, &s))
        return false;
    if (!is_ours(s.images.fds[0])) {
        rule_set_done(&s);
        return false;
    }
    (void)!utimensat(AT_FDCWD, path, NULL, 0); /* used: keep it longer */
    *ret = s;
    return true;
}

static void keep(const char *path, const struct rule_set *s)
{
    OV_AUTO_DONE(buf) folder = ov_buf_with_max(PATH_MAX);

    /* The scan goes on without; it only begins later next time. */
    if (ov_file_copy(path, s->images.fds[0], s->images.lens[0], NULL) ==
            OV_OK &&
        ov_locate_cache(&folder) == OV_OK)
        ov_prune_folder((char *)folder.ptr, PREFIX, KEEP_IMAGES);
}

/* ---- compiling ---- */

static void on_progress(void *data, uint64_t done, uint64_t total)
{
    char line[64];

    (void)data;
    (void)!snprintf(line, sizeof(line), "compiling rules: %llu %%",
                    total > 0 ? (unsigned long long)(done * 100 / total)
                              : 0ull); /* short */
    out_progress(line);
}

/* Who hears of faults, and the files that were named. */
struct hearer {
    struct rule_set *set;
    const struct rule_files *files;
};

static void on_skip(void *data, const struct ov_wire_skip *s)
{
    const struct hearer *h = data;

    h->set->has_errors = true;
    out_error("%.*s:%u: %.*s: %.*s", (int)s->source.len,
              (const char *)s->source.ptr, s->line, (int)s->why.len,
              (const char *)s->why.ptr, (int)s->what.len,
              (const char *)s->what.ptr);
}

/* The path as it was given; the name alone if several files have it. */
static struct ov_span path_of(const struct rule_files *files,
                              struct ov_span name)
{
    struct ov_span path = name;
    size_t n = 0;

    for (size_t i = 0; i < files->n; i++) {
        if (!ov_span_equal(ov_span_str(files->items[i].name), name))
            continue;
        path = ov_span_str(files->items[i].path);
        n++;
    }
    return n == 1 ? path : name;
}

/* In yara's words. */
static void on_warning(void *data, const struct ov_wire_skip *s)
{
    const struct hearer *h = data;
    struct ov_span path = path_of(h->files, s->source);

    h->set->has_warnings = true;
    out_bare_error("warning: rule \"%.*s\" in %.*s(%u): %.*s", (int)s->why.len,
                   (const char *)s->why.ptr, (int)path.len,
                   (const char *)path.ptr, s->line, (int)s->what.len,
                   (const char *)s->what.ptr);
}

static void tell_refusal(const struct ov_judge_refusal *r)
{
    if (r->source[0] != '\0' && r->line != 0)
        out_error("%s:%u: %s", r->source, r->line, r->text);
    else if (r->source[0] != '\0')
        out_error("%s: %s", r->source, r->text);
    else
        out_error("%s", r->text);
    if (r->status == OV_BAD_SIGNATURE || r->status == OV_BAD_DIGEST)
        out_error("get it again from its publisher, or give --cvd-key or "
                  "--allow-unsigned if you know why");
}

static bool compile(const struct rule_files *files,
                    const struct rule_set_options *options, struct ov_span key,
                    struct rule_set *ret)
{
    struct rule_set s = {.is_compiled = true};
    struct hearer hearer = {&s, files};
    struct ov_judge_refusal refusal;
    const struct ov_judge_job job = {
        .sources = files->items,
        .n_sources = files->n,
        .n_threads = options->n_threads,
        .allow_unsigned = options->allow_unsigned,
        .skip_errors = options->skip_errors,
        .key = key,
        .defines = options->defines,
        .spawn_flags = options->spawn_flags,
        .max_silence = options->max_silence,
        .progress = on_progress,
        .skip = on_skip,
        .wants_warnings = options->tells_warnings,
        .has_file_values = options->has_file_values,
        .warning = on_warning,
        .data = &hearer,
    };
    enum ov_status status =
        ov_judge_compile(&job, &s.images.fds[0], &s.report, &refusal);

    out_progress(NULL);
    if (status != OV_OK) {
        tell_refusal(&refusal);
        return false;
    }
    if (s.has_errors && s.report.n_rules == 0 && s.report.n_hashes == 0) {
        out_error("none of these rules can be used: mend them, or give others");
        (void)close(s.images.fds[0]);
        return false;
    }
    s.images.lens[0] = s.report.image_len;
    s.images.n = 1;
    *ret = s;
    return true;
}

static bool load_files(const struct rule_files *files,
                       const struct rule_set_options *options,
                       struct rule_set *ret)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(PATH_MAX);
    OV_AUTO_DONE(buf) key = ov_buf_with_max(MAX_KEY_FILE);
    struct ov_span key_text;
    bool has_path;

    if (options->cvd_key != NULL &&
        ov_file_read(options->cvd_key, &key) != OV_OK) {
        out_error("%s: cannot read this key", options->cvd_key);
        return false;
    }
    key_text = ov_buf_span(&key);
    while (key_text.len > 0 && key_text.ptr[key_text.len - 1] <= ' ')
        key_text.len--;
    has_path =
        !options->no_cache && put_kept_path(&path, files, options, key_text);
    if (has_path && open_kept((char *)path.ptr, ret))
        return true;
    if (!compile(files, options, key_text, ret))
        return false;
    if (options->skip_errors && ret->report.n_skipped > 0)
        out_error("not used: %llu of the rules; overt rules check tells which, "
                  "and why",
                  (unsigned long long)ret->report.n_skipped);
    /* With lines left out, or warnings, it is compiled again each time, so that
     * they are told each time; and if others were included, since only the
     * judge knows which, and so whether they have changed. */
    if (has_path && !ret->has_errors && !ret->has_warnings &&
        ret->report.n_included == 0)
        keep((char *)path.ptr, ret);
    return true;
}

static bool load_shipped(const struct rule_set_options *options,
                         struct rule_set *ret)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(PATH_MAX);
    struct rule_files files = {0};
    bool is_good;

    if (ov_locate_rules(&path) != OV_OK)
        return false;
    path.len--; /* the NUL */
    ov_put_str(&path, SHIPPED);
    ov_put_u8(&path, 0);
    if (ov_buf_status(&path) != OV_OK)
        return false;
    if (open_if_image((char *)path.ptr, ret))
        return true;
    path.ptr[path.len - sizeof(SHIPPED)] = 0;
    is_good = rule_files_add(&files, (char *)path.ptr) &&
              load_files(&files, options, ret);
    rule_files_done(&files);
    if (!is_good)
        out_error("the rules that come with overt are missing: install overt "
                  "again, or give --rules");
    return is_good;
}

static bool load_default(const struct rule_set_options *options,
                         struct rule_set *ret)
{
    struct rule_set s = {0};

    if (!installed_rules_load(options->older_than, &s.images, &s.release))
        return load_shipped(options, ret);
    *ret = s;
    return true;
}

bool rule_set_go_back(struct rule_set_options *options, struct rule_set *rules)
{
    uint64_t bad = rules->release;

    if (bad == 0)
        return false;
    rule_set_done(rules);
    options->older_than = bad;
    if (!load_default(options, rules))
        return false;
    if (rules->release != 0)
        out_error("release %llu of the rules does not load: release %llu is "
                  "used; run overt update",
                  (unsigned long long)bad, (unsigned long long)rules->release);
    else
        out_error("release %llu of the rules does not load: the starter rules "
                  "are used; run overt update",
                  (unsigned long long)bad);
    return true;
}

/* Puts the one image of `from` behind those of s. False after a line. */
static bool add_image(struct rule_set *s, struct rule_set *from)
{
    struct ov_pool_images *images = &s->images;

    if (images->n == OV_WIRE_MAX_IMAGES) {
        out_error("at most %d images at once: compile rule files to one",
                  OV_WIRE_MAX_IMAGES);
        rule_set_done(from);
        return false;
    }
    images->fds[images->n] = from->images.fds[0];
    images->lens[images->n++] = from->images.lens[0];
    s->is_compiled = from->is_compiled;
    s->has_errors |= from->has_errors;
    s->has_warnings |= from->has_warnings;
    s->report = from->report;
    return true;
}

static bool add_path(struct rule_set *s, struct rule_files *files,
                     const char *path, const char *space)
{
    struct rule_set one;
    struct stat st;

    if (open_if_image(path, &one))
        return add_image(s, &one);
    if (space != NULL && stat(path, &st) == 0 && S_ISREG(st.st_mode))
        return rule_files_add_to(files, path, ov_span_str(space));
    return rule_files_add(files, path);
}

const char *rule_set_define(struct ov_buf *list, const char *text)
{
    if (list->max == 0)
        *list = ov_buf_with_max(OV_WIRE_MAX_DEFINES);
    if (strchr(text, '=') == NULL || text[0] == '=')
        return "not name=value";
    ov_put_str(list, text);
    ov_put_u8(list, 0);
    return ov_buf_status(list) == OV_OK ? NULL : "too many of them";
}

bool rule_set_load(const struct rule_set_options *options, struct rule_set *ret)
{
    struct rule_files files = {0};
    struct rule_set s = {0};
    struct rule_set compiled;
    bool is_good = true;

    if (options->n_paths == 0)
        return load_default(options, ret);
    for (size_t i = 0; i < options->n_paths && is_good; i++)
        is_good = add_path(&s, &files, options->paths[i], options->space);
    if (is_good && files.n > 0)
        is_good =
            load_files(&files, options, &compiled) && add_image(&s, &compiled);
    rule_files_done(&files);
    if (is_good && s.images.n == 0) {
        out_error("no rule files there");
        is_good = false;
    }
    if (!is_good)
        rule_set_done(&s);
    else
        *ret = s;
    return is_good;
}
