/* SPDX-License-Identifier: Apache-2.0 */
#include "host/allow_place.h"

#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "host/output.h"
#include "host/state_place.h"
#include "host/when.h"
#include "sys/locate.h"

#define ALLOW_NAME "/allow"
#define FINDINGS_NAME "/findings"

void allow_lists_done(struct allow_lists *l)
{
    while (l->n > 0)
        allow_done(&l->lists[--l->n]);
}

/* Behind a path and its NUL. */
static bool put_name(struct ov_buf *b, const char *name)
{
    b->len--;
    ov_put_str(b, name);
    ov_put_u8(b, 0);
    return ov_buf_status(b) == OV_OK;
}

bool allow_place_put(struct ov_buf *b)
{
    return state_place_put(b) && put_name(b, ALLOW_NAME);
}

bool allow_place_has(struct ov_buf *b)
{
    return state_place_has(b) && put_name(b, ALLOW_NAME);
}

bool finding_place_put(struct ov_buf *b)
{
    return state_place_has(b) && put_name(b, FINDINGS_NAME);
}

static bool load_one(const char *path, struct allow_lists *l)
{
    struct ov_diag diag = {0};
    enum ov_status status = allow_load(path, &l->lists[l->n], &diag);

    if (status == OV_OK) {
        l->n++;
        return true;
    }
    out_error("%s; nothing is allowed by this list",
              diag.text[0] != '\0' ? diag.text : ov_status_name(status));
    return false;
}

bool allow_lists_load(struct allow_lists *ret)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(PATH_MAX);
    struct allow_lists l = {.n = 0};
    bool is_good = true;

    if (state_place_has(&path) && put_name(&path, ALLOW_NAME))
        is_good = load_one((const char *)path.ptr, &l);
    if (geteuid() != 0 && !state_place_is_given()) {
        ov_buf_clear(&path);
        ov_put_system_state(&path);
        if (put_name(&path, ALLOW_NAME) &&
            !load_one((const char *)path.ptr, &l))
            is_good = false;
    }
    *ret = l;
    return is_good;
}

const struct allow_entry *allow_lists_find(const struct allow_lists *l,
                                           const struct allow_subject *s,
                                           int64_t now)
{
    const struct allow_entry *e = NULL;

    for (size_t i = 0; e == NULL && i < l->n; i++)
        e = allow_find(&l->lists[i], s, now);
    return e;
}

bool allow_lists_want_digest(const struct allow_lists *l, uint64_t size,
                             int64_t now)
{
    for (size_t i = 0; i < l->n; i++)
        if (allow_wants_digest(&l->lists[i], size, now))
            return true;
    return false;
}

bool allow_lists_want_rules(const struct allow_lists *l, int64_t now)
{
    for (size_t i = 0; i < l->n; i++)
        if (allow_wants_rules(&l->lists[i], now))
            return true;
    return false;
}

bool allow_read_until(const char *text, int64_t now, int64_t *ret)
{
    int64_t until = ALLOW_FOR_EVER;

    if (strcmp(text, "never") != 0 &&
        (!when_read_until(text, now, &until) || until <= now))
        return false;
    *ret = until;
    return true;
}

bool allow_until(const char *text, int64_t *ret)
{
    if (text == NULL)
        text = ALLOW_USUAL_TIME;
    if (allow_read_until(text, (int64_t)time(NULL), ret))
        return true;
    out_error("--until: %s: not a moment to come; write 2027-01-31, 30d or "
              "never",
              text);
    return false;
}

bool allow_place_add(struct allow_entry *e,
                     char ret_id[static ALLOW_ID_LEN + 1])
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(PATH_MAX);
    const struct passwd *user = getpwuid(getuid());
    struct ov_diag diag = {0};
    enum ov_status status;
    static char number[24]; /* the entry points to it */

    if (!allow_place_put(&path))
        return false;
    (void)snprintf(number, sizeof(number), "%u", (unsigned)getuid());
    if (e->by.len == 0)
        e->by = ov_span_str(user != NULL ? user->pw_name : number);
    e->added = (int64_t)time(NULL);
    status = allow_add((const char *)path.ptr, e, ret_id, &diag);
    if (status != OV_OK)
        out_error("allow: %s",
                  diag.text[0] != '\0' ? diag.text : ov_status_name(status));
    return status == OV_OK;
}
