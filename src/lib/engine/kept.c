/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kept.h"

#include <string.h>

/* What a scan tells is borrowed for the call, from objects and arenas that are
 * gone soon. So each piece is copied; what is in the program itself (kinds,
 * names of views) is not. */

static bool copy_array(struct ov_arena *a, const void *from, size_t n,
                       size_t size, void **ret)
{
    *ret = NULL;
    if (n == 0)
        return true;
    *ret = ov_arena_array(a, n, size);
    if (*ret != NULL)
        memcpy(*ret, from, n * size);
    return *ret != NULL;
}

static bool copy_path(struct ov_arena *a, struct ov_object_path *path)
{
    void *names;

    if (!copy_array(a, path->names, path->n, sizeof(struct ov_span), &names))
        return false;
    path->names = names;
    for (size_t i = 0; i < path->n; i++)
        if (!ov_arena_copy(a, path->names[i], (struct ov_span *)names + i))
            return false;
    return true;
}

static bool copy_evidence(struct ov_arena *a, struct ov_detection *d)
{
    struct ov_evidence *list;
    void *copy;

    if (!copy_array(a, d->evidence, d->n_evidence, sizeof(*list), &copy))
        return false;
    list = copy;
    d->evidence = list;
    for (size_t i = 0; i < d->n_evidence; i++)
        if (!ov_arena_copy(a, list[i].bytes, &list[i].bytes) ||
            !ov_arena_copy(a, list[i].name, &list[i].name))
            return false;
    return true;
}

static bool copy_notes(struct ov_arena *a, struct ov_detection *d)
{
    struct ov_rule_note *list;
    void *copy;

    if (!copy_array(a, d->notes, d->n_notes, sizeof(*list), &copy))
        return false;
    list = copy;
    d->notes = list;
    for (size_t i = 0; i < d->n_notes; i++)
        if (!ov_arena_copy(a, list[i].key, &list[i].key) ||
            !ov_arena_copy(a, list[i].value, &list[i].value))
            return false;
    return true;
}

/* A new finding at the end of the list, or NULL. */
static struct ov_kept_finding *add(struct ov_kept *k)
{
    struct ov_kept_finding *f = ov_arena_alloc(k->arena, sizeof(*f));

    if (f == NULL) {
        k->has_failed = true;
        return NULL;
    }
    if (k->last != NULL)
        k->last->next = f;
    else
        k->first = f;
    k->last = f;
    return f;
}

static void keep_detection(void *data, const struct ov_detection *d)
{
    struct ov_kept *k = data;
    struct ov_kept_finding *f = add(k);
    struct ov_arena *a = k->arena;

    if (f == NULL)
        return;
    f->kind = OV_KEPT_DETECTION;
    f->detection = *d;
    k->has_failed |= !ov_arena_copy(a, d->rule, &f->detection.rule) ||
                     !ov_arena_copy(a, d->source, &f->detection.source) ||
                     !copy_path(a, &f->detection.path) ||
                     !copy_evidence(a, &f->detection) ||
                     !copy_notes(a, &f->detection);
}

static void keep_inconclusive(void *data, const struct ov_inconclusive *i)
{
    struct ov_kept *k = data;
    struct ov_kept_finding *f = add(k);

    if (f == NULL)
        return;
    f->kind = OV_KEPT_INCONCLUSIVE;
    f->inconclusive = *i;
    k->has_failed |= !copy_path(k->arena, &f->inconclusive.path);
}

static void keep_console(void *data, struct ov_span lines)
{
    struct ov_kept *k = data;
    struct ov_kept_finding *f = add(k);

    if (f == NULL)
        return;
    f->kind = OV_KEPT_CONSOLE;
    k->has_failed |= !ov_arena_copy(k->arena, lines, &f->console);
}

struct ov_findings ov_kept_findings(struct ov_kept *kept,
                                    const struct ov_findings *of)
{
    return (struct ov_findings){.detection = keep_detection,
                                .inconclusive = keep_inconclusive,
                                .console =
                                    of->console != NULL ? keep_console : NULL,
                                .data = kept};
}
