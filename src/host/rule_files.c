/* SPDX-License-Identifier: Apache-2.0 */
#include "host/rule_files.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "host/output.h"
#include "sys/walk.h"

/* Which files hold rules is told by their names, as ClamAV and YARA do. The
 * parent looks at nothing else: their content is for the judge. */

static const char *const extensions[] = {
#define OV_CLAMAV(id, extension, what) extension,
#include "rules/clamav_formats.def"
#undef OV_CLAMAV
    "yar",
    "yara",
};

static bool is_rule_file(const char *name)
{
    const char *dot = strrchr(name, '.');

    for (size_t i = 0; dot != NULL && dot != name &&
                       i < sizeof(extensions) / sizeof(extensions[0]);
         i++) {
        if (ov_span_equal_nocase(ov_span_str(dot + 1),
                                 ov_span_str(extensions[i])))
            return true;
    }
    return false;
}

static char *copy(const char *text)
{
    size_t size = strlen(text) + 1;
    char *to = ov_alloc(size);

    if (to != NULL)
        memcpy(to, text, size);
    return to;
}

void rule_files_done(struct rule_files *f)
{
    for (size_t i = 0; i < f->n; i++) {
        ov_free((void *)(uintptr_t)f->items[i].path);
        ov_free((void *)(uintptr_t)f->items[i].name);
        ov_free((void *)(uintptr_t)f->items[i].space);
    }
    ov_free(f->items);
    *f = (struct rule_files){0};
}

static bool add_file(struct rule_files *f, const char *path, const char *name)
{
    struct ov_judge_source *s;

    if (f->n == f->cap) {
        size_t cap = f->cap == 0 ? 64 : f->cap * 2;

        s = ov_realloc_array(f->items, cap, sizeof(*s));
        if (s == NULL)
            return false;
        f->items = s;
        f->cap = cap;
    }
    s = &f->items[f->n++];
    s->path = copy(path);
    s->name = copy(name);
    s->space = NULL;
    return s->path != NULL && s->name != NULL;
}

static int compare_names(const void *a, const void *b)
{
    const struct ov_judge_source *x = a;
    const struct ov_judge_source *y = b;

    return strcmp(x->name, y->name);
}

static bool add_folder(struct rule_files *f, const char *path)
{
    const struct ov_walk_options options = {0};
    OV_AUTO(walk) w = ov_walk_new(&options);
    size_t first = f->n;
    size_t prefix = strlen(path);
    struct ov_walk_entry e;

    if (w == NULL || ov_walk_start(w, path) != OV_OK)
        return false;
    while (prefix > 0 && path[prefix - 1] == '/')
        prefix--;
    while (ov_walk_next(w, &e) == OV_OK) {
        if (e.kind == OV_WALK_ERROR) {
            out_error("%s: %s", e.path, strerror(e.error));
            return false;
        }
        if (e.kind == OV_WALK_FILE && is_rule_file(e.name) &&
            !add_file(f, e.path, e.path + prefix + 1))
            return false;
    }
    if (f->n == first) {
        out_error("%s: no rule file in this folder", path);
        return false;
    }
    qsort(f->items + first, f->n - first, sizeof(f->items[0]), compare_names);
    return true;
}

bool rule_files_add_to(struct rule_files *f, const char *path,
                       struct ov_span space)
{
    const char *slash = strrchr(path, '/');
    size_t first = f->n;
    struct stat st;
    char *name;

    if (stat(path, &st) != 0) {
        out_error("%s: cannot find these rules", path);
        return false;
    }
    if (!add_file(f, path, slash != NULL ? slash + 1 : path))
        return false;
    name = ov_alloc(space.len + 1);
    if (name == NULL)
        return false;
    memcpy(name, space.ptr, space.len);
    f->items[first].space = name;
    return true;
}

/* "spam:rules.yar": the namespace, if the path is one that has it. */
static struct ov_span namespace_of(const char *path)
{
    struct ov_span rest = ov_span_str(path);
    struct ov_span space;
    struct stat st;

    if (!ov_span_cut(&rest, ':', &space) || stat(path, &st) == 0)
        return (struct ov_span){NULL, 0};
    for (size_t i = 0; i < space.len; i++) {
        uint8_t c = (uint8_t)ov_span_byte(space, i);

        if (!ov_is_alnum(c) && c != '_')
            return (struct ov_span){NULL, 0};
    }
    return space;
}

bool rule_files_add(struct rule_files *f, const char *path)
{
    struct ov_span space = namespace_of(path);
    const char *slash = strrchr(path, '/');
    struct stat st;

    if (space.len > 0)
        return rule_files_add_to(f, path + space.len + 1, space);
    if (stat(path, &st) != 0) {
        out_error("%s: cannot find these rules", path);
        return false;
    }
    if (S_ISDIR(st.st_mode))
        return add_folder(f, path);
    return add_file(f, path, slash != NULL ? slash + 1 : path);
}
