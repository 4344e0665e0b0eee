/* SPDX-License-Identifier: Apache-2.0 */
#include "tuf/tuf_client.h"
#include "tuf/tuf_state.h"

/* Who may speak about a target, and what they say: TUF 1.0.34, 5.6.7.
 *
 * Delegations are searched in preorder, in the order of trust: a role that
 * knows the path answers, else those it delegates the path to are asked, one
 * after the other. A path must be within the patterns of every delegation on
 * the way, since a role is only reached through them. Behind a terminating
 * delegation nobody else is asked. Each role is visited once, and only so many.
 *
 * The roles that are still to be visited are a list, in order: the delegations
 * of a role go before what was there. If a role can't be had or believed the
 * search ends: what comes behind it must not answer in its place. */

/* A delegation that is to be visited, and what comes after it. */
struct pending {
    const struct ov_tuf_delegation *d;
    struct pending *below;
};

/* 5.6.7.2: the delegations of targets that are for path, in their order, come
 * before what was pending; behind a terminating one comes nothing. */
static enum ov_status push_delegations(struct ov_tuf_client *c,
                                       const struct ov_tuf_targets *targets,
                                       struct ov_span path,
                                       struct pending **stack)
{
    struct pending *old = *stack;
    struct pending **end = stack;

    for (size_t i = 0; i < targets->n_delegations; i++) {
        const struct ov_tuf_delegation *d = &targets->delegations[i];
        struct pending *p;
        bool is_for_path = false;

        OV_TRY(ov_tuf_delegation_matches(d, path, &is_for_path));
        if (!is_for_path)
            continue;
        p = ov_arena_alloc(c->arena, sizeof(*p));
        if (p == NULL)
            return OV_NO_MEMORY;
        p->d = d;
        *end = p;
        end = &p->below;
        if (d->is_terminating) {
            *end = NULL;
            return OV_OK;
        }
    }
    *end = old;
    return OV_OK;
}

/* 5.6.7: the roles visited so far. */
struct search {
    struct pending *stack;
    struct ov_span *visited;
    size_t n_visited;
};

static bool was_visited(const struct search *s, struct ov_span name)
{
    for (size_t i = 0; i < s->n_visited; i++)
        if (ov_span_equal(s->visited[i], name))
            return true;
    return false;
}

/* The next delegated role that was not visited, or NULL. */
static enum ov_status next_role(struct ov_tuf_client *c, struct search *s,
                                const struct ov_tuf_role **ret)
{
    *ret = NULL;
    while (s->stack != NULL && *ret == NULL) {
        const struct ov_tuf_role *role = &s->stack->d->role;

        s->stack = s->stack->below;
        if (!was_visited(s, role->name))
            *ret = role;
    }
    if (*ret == NULL)
        return OV_OK;
    if (s->n_visited == c->options.max_visited)
        return ov_tuf_refuse(c, OV_LIMIT_COUNT, "delegations",
                             "too many roles");
    s->visited[s->n_visited++] = (*ret)->name;
    return OV_OK;
}

/* Preorder, depth first, starting at the top. */
static enum ov_status search_roles(struct ov_tuf_client *c, struct ov_span path,
                                   struct ov_tuf_target *ret)
{
    struct search s = {.visited =
                           ov_arena_array(c->arena, c->options.max_visited,
                                          sizeof(struct ov_span))};
    const struct ov_tuf_role *role = &c->root.roles[OV_TUF_TARGETS];
    struct ov_tuf_targets targets = c->targets;

    if (s.visited == NULL)
        return OV_NO_MEMORY;
    while (role != NULL) {
        struct ov_tuf_file file = {0};

        if (ov_tuf_targets_find(&targets, path, &file) == OV_OK) {
            *ret = (struct ov_tuf_target){.length = file.length,
                                          .custom = file.custom,
                                          .role = role->name,
                                          .version = targets.meta.version};
            memcpy(ret->sha256, file.sha256, sizeof(ret->sha256));
            return OV_OK;
        }
        OV_TRY(push_delegations(c, &targets, path, &s.stack));
        OV_TRY(next_role(c, &s, &role));
        if (role != NULL)
            OV_TRY(ov_tuf_update_targets(c, role, &targets));
    }
    return OV_NOT_FOUND;
}

enum ov_status ov_tuf_find_target(struct ov_tuf_client *c, struct ov_span path,
                                  struct ov_diag *diag,
                                  struct ov_tuf_target *ret)
{
    struct ov_tuf_target target = {0};
    enum ov_status status;

    c->diag = diag;
    status = search_roles(c, path, &target);
    c->diag = NULL;
    if (status == OV_OK)
        *ret = target;
    return status;
}
