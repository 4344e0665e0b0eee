/* SPDX-License-Identifier: Apache-2.0 */
#include "quarantine_page.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/allow_place.h"
#include "host/output.h"
#include "host/quarantine_json.h"
#include "sys/fd.h"
#include "sys/file.h"

/* A fork reads or changes the quarantine and writes its answer, JSON, into a
 * memory file; how it went is its exit code. Changes are told as events.
 *
 * Limits: QUARANTINE_PAGES_MAX at a time, of which QUARANTINE_PAGES_STRANGERS
 * for who may change nothing: they do not hold up those who may; a list ends
 * after ANSWER_MAX bytes, and says so. */

#define ANSWER_MAX ((size_t)16 << 20)
#define ANSWER_FD 3 /* in the fork */

/* Exit codes. */
enum {
    DONE = 0,
    MISSING = 1,
    IN_THE_WAY = 2,
    WRONG = 3,
    FAILED = 4
};

struct quarantine_page {
    struct quarantine_pages *pages;
    struct quarantine_page *next;
    struct ov_loop_watch watch; /* of the pidfd */
    pid_t pid;
    int answer;
    struct control_request request;
    struct control_client *client; /* NULL: nobody waits */
};

/* ---- the fork ---- */

static int fail_as(struct out *o, int code, const char *message)
{
    static const char *const words[] = {[DONE] = "",
                                        [MISSING] = "not-found",
                                        [IN_THE_WAY] = "conflict",
                                        [WRONG] = "bad-request",
                                        [FAILED] = "failed"};

    ov_buf_clear(&o->text);
    out_format(o, "{\"error\":\"%s\",\"message\":", words[code]);
    out_json(o, ov_span_str(message));
    out_format(o, "}\n");
    return code;
}

static int fail(struct out *o, enum ov_status status,
                const struct ov_diag *diag)
{
    int code = status == OV_NOT_FOUND ? MISSING
               : status == OV_USAGE   ? IN_THE_WAY
                                      : FAILED;

    return fail_as(o, code,
                   diag->text[0] != '\0' ? diag->text : ov_status_name(status));
}

static enum ov_status put_item(struct out *o, const struct quarantine *q,
                               const char *id, struct ov_diag *diag)
{
    __attribute__((cleanup(
        quarantine_item_done))) struct quarantine_item item = {.fd = -1};
    char whole[QUARANTINE_ID_MAX];

    OV_TRY(quarantine_get(q, id, whole, &item, diag));
    quarantine_put_json(o, whole, &item.meta);
    return ov_buf_status(&o->text);
}

static int list(struct out *o, const struct quarantine *q)
{
    OV_AUTO_PTR struct quarantine_name *names = NULL;
    struct ov_diag diag = {0};
    const char *comma = "";
    bool is_cut = false;
    unsigned n_unreadable = 0;
    size_t n = 0;
    enum ov_status status = quarantine_list(q, &names, &n);

    if (status != OV_OK)
        return fail(o, status, &diag);
    out_format(o, "{\"items\":[");
    for (size_t i = 0; i < n && !is_cut; i++) {
        size_t before = o->text.len;

        out_format(o, "%s", comma);
        status = put_item(o, q, names[i].id, &diag);
        is_cut = o->text.len > ANSWER_MAX;
        if (status == OV_OK && !is_cut) {
            comma = ",";
            continue;
        }
        o->text.len = before;
        n_unreadable += status != OV_OK && status != OV_NOT_FOUND;
    }
    out_format(o, "],\"unreadable\":%u,\"truncated\":%s}\n", n_unreadable,
               is_cut ? "true" : "false");
    return DONE;
}

/* enum quarantine_restore_flag */
static unsigned flags_of(enum control_page page)
{
    return page == CONTROL_REPLACE ? QUARANTINE_OVERWRITE
           : page == CONTROL_COPY  ? QUARANTINE_KEEP
                                   : 0;
}

/* Allows files of the item's content, before it is there: whatever looks at it
 * then must know. Puts the entry's id into what is told of the item. */
static enum ov_status allow_item(struct out *o, const struct quarantine *q,
                                 const struct control_request *r,
                                 struct allow_entry *e,
                                 char ret_id[static ALLOW_ID_LEN + 1],
                                 struct ov_diag *diag)
{
    __attribute__((cleanup(
        quarantine_item_done))) struct quarantine_item item = {.fd = -1};
    char whole[QUARANTINE_ID_MAX];
    struct ov_buf *b = &o->text;

    OV_TRY(quarantine_get(q, r->item, whole, &item, diag));
    e->has_digest = true;
    e->size = (int64_t)item.meta.size;
    memcpy(e->digest, item.meta.digest, sizeof(e->digest));
    if (!allow_place_add(e, ret_id))
        return ov_diag_set(diag, OV_IO, 0, "cannot write the allow list");
    while (b->len > 0 && b->ptr[b->len - 1] != '}')
        b->len--;
    b->len -= b->len > 0;
    out_format(o, ",\"allowed\":\"%s\"}\n", ret_id);
    return ov_buf_status(b);
}

static void take_back(const char *entry)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(PATH_MAX);
    struct ov_diag diag = {0};

    if (allow_place_has(&path) &&
        allow_remove((const char *)path.ptr, entry, &diag) != OV_OK)
        out_error("allow: %s stays in the list: %s", entry, diag.text);
}

static enum ov_status restore(struct out *o, struct quarantine *q,
                              const struct control_request *r,
                              struct allow_entry *e, struct ov_diag *diag)
{
    char entry[ALLOW_ID_LEN + 1] = "";
    enum ov_status status = OV_OK;

    if (r->allow[0] != '\0')
        status = allow_item(o, q, r, e, entry, diag);
    if (status == OV_OK)
        status = quarantine_restore(q, r->item, NULL, flags_of(r->page), diag);
    if (status != OV_OK && entry[0] != '\0')
        take_back(entry);
    return status;
}

/* Who, when, why and until when. False: until is not a moment to come. */
static bool begin_entry(const struct control_request *r,
                        struct allow_entry *ret, char by[static 32])
{
    const char *until = r->until[0] != '\0' ? r->until : ALLOW_USUAL_TIME;

    *ret = (struct allow_entry){.reason = ov_span_str(r->allow)};
    if (r->uid == (uid_t)-1) {
        ret->by = OV_SPAN_LIT("the HTTP API");
    } else {
        (void)snprintf(by, 32, "user %u", (unsigned)r->uid);
        ret->by = ov_span_str(by);
    }
    return allow_read_until(until, (int64_t)time(NULL), &ret->until);
}

static int change(struct out *o, struct quarantine *q,
                  const struct control_request *r)
{
    struct ov_diag diag = {0};
    enum ov_status status = put_item(o, q, r->item, &diag);
    struct allow_entry e;
    char by[32];

    if (!begin_entry(r, &e, by))
        return fail_as(o, WRONG,
                       "until is not a moment to come; write "
                       "2027-01-31, 30d or never");
    if (r->page == CONTROL_PURGE)
        status = quarantine_purge(q, r->item); /* also one that is damaged */
    else if (status == OV_OK)
        status = restore(o, q, r, &e, &diag);
    if (status == OV_OK && o->text.len == 0)
        out_format(o, "{\"id\":\"%s\"}\n", r->item);
    return status == OV_OK ? DONE : fail(o, status, &diag);
}

static int do_page(struct out *o, const struct quarantine_settings *s,
                   const struct control_request *r)
{
    bool is_change = r->page >= CONTROL_RESTORE;
    struct quarantine *q = NULL;
    struct ov_diag diag = {0};
    enum ov_status status =
        quarantine_place_open(s, is_change ? QUARANTINE_WRITE : 0, &q);
    int code;

    if (status == OV_NOT_FOUND && r->page == CONTROL_ITEMS) {
        out_format(o, "{\"items\":[],\"unreadable\":0,\"truncated\":false}\n");
        return DONE; /* nothing was ever put there */
    }
    if (status != OV_OK)
        return fail(o, status, &diag);
    if (r->page == CONTROL_ITEMS) {
        code = list(o, q);
    } else if (is_change) {
        code = change(o, q, r);
    } else {
        status = put_item(o, q, r->item, &diag);
        code = status == OV_OK ? DONE : fail(o, status, &diag);
    }
    quarantine_close(q);
    return code;
}

static _Noreturn void work(const struct quarantine_page *p,
                           const struct quarantine_settings *s)
{
    struct out o = {.text = ov_buf_with_max(2 * ANSWER_MAX), .fd = ANSWER_FD};
    sigset_t none;
    int code;

    sigemptyset(&none);
    if ((p->answer != ANSWER_FD && dup2(p->answer, ANSWER_FD) < 0) ||
        close_range(ANSWER_FD + 1, ~0u, 0) != 0 ||
        sigprocmask(SIG_SETMASK, &none, NULL) != 0)
        _exit(FAILED);
    code = do_page(&o, s, &p->request);
    _exit(out_flush(&o) ? code : FAILED);
}

/* ---- the daemon's side ---- */

static void page_free(struct quarantine_page *p)
{
    struct quarantine_page **at = &p->pages->running;

    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
    p->pages->n_running--;
    ov_loop_remove(p->pages->loop, &p->watch);
    ov_fd_cleanup(&p->watch.fd);
    ov_fd_cleanup(&p->answer);
    ov_free(p);
}

static int wait_for(pid_t pid)
{
    int how = 0;

    while (waitpid(pid, &how, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(how) ? WEXITSTATUS(how) : FAILED;
}

static void tell_change(const struct quarantine_page *p)
{
    struct event e = event_of(
        p->request.page == CONTROL_PURGE ? EVENT_ID_PURGED : EVENT_ID_RESTORED);

    event_text(&e, EVENT_QUARANTINE, p->request.item);
    if (p->request.uid != (uid_t)-1)
        event_number(&e, EVENT_UID, p->request.uid);
    else
        event_text(&e, EVENT_DETAIL, "by the HTTP API");
    p->pages->tell(p->pages->data, &e);
}

/* The fork's words, or our own. */
static void give_answer(const struct quarantine_page *p, unsigned code)
{
    struct ov_span json = OV_SPAN_LIT(
        "{\"error\":\"failed\",\"message\":\"its process ended\"}\n");
    void *map = MAP_FAILED;
    struct stat st;

    if (fstat(p->answer, &st) == 0 && st.st_size > 0)
        map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, p->answer,
                   0);
    if (map != MAP_FAILED)
        json = ov_span_of(map, (size_t)st.st_size);
    control_answer(p->client, map != MAP_FAILED ? code : 500, json);
    if (map != MAP_FAILED)
        (void)!munmap(map, (size_t)st.st_size); /* cannot fail */
}

static void end_page(struct quarantine_page *p)
{
    static const unsigned codes[] = {[DONE] = 200,
                                     [MISSING] = 404,
                                     [IN_THE_WAY] = 409,
                                     [WRONG] = 400,
                                     [FAILED] = 500};
    int how = wait_for(p->pid);

    if (how == DONE && p->request.page >= CONTROL_RESTORE)
        tell_change(p);
    if (p->client != NULL)
        give_answer(p, how <= FAILED ? codes[how] : 500);
    page_free(p);
}

static void on_end(struct ov_loop_watch *w, unsigned events)
{
    (void)events;
    end_page(w->data);
}

static bool has_room(const struct quarantine_pages *pages,
                     const struct control_request *request)
{
    unsigned n_strangers = 0;

    for (const struct quarantine_page *p = pages->running; p != NULL;
         p = p->next)
        n_strangers += !p->request.may_change;
    return pages->n_running < QUARANTINE_PAGES_MAX &&
           (request->may_change || n_strangers < QUARANTINE_PAGES_STRANGERS);
}

bool quarantine_pages_start(struct quarantine_pages *pages,
                            const struct quarantine_settings *s,
                            const struct control_request *request,
                            struct control_client *client)
{
    struct quarantine_page *p;

    if (!has_room(pages, request))
        return false;
    p = ov_alloc(sizeof(*p));
    if (p == NULL)
        return false;
    *p = (struct quarantine_page){.pages = pages,
                                  .next = pages->running,
                                  .watch = {.fd = -1},
                                  .answer = -1,
                                  .request = *request,
                                  .client = client};
    pages->running = p;
    pages->n_running++;
    if (ov_memory_file("overt-page", &p->answer) == OV_OK)
        p->pid = fork();
    else
        p->pid = -1;
    if (p->pid == 0)
        work(p, s);
    if (p->pid > 0) {
        p->watch = (struct ov_loop_watch){.fd = pidfd_open(p->pid, 0),
                                          .events = OV_LOOP_READ,
                                          .data = p,
                                          .ready = on_end};
        if (p->watch.fd >= 0 && ov_loop_add(pages->loop, &p->watch) == OV_OK)
            return true;
        (void)wait_for(p->pid); /* nobody hears what it says */
    }
    page_free(p);
    return false;
}

void quarantine_pages_forget(struct quarantine_pages *pages,
                             const struct control_client *client)
{
    for (struct quarantine_page *p = pages->running; p != NULL; p = p->next)
        if (p->client == client)
            p->client = NULL;
}

void quarantine_pages_done(struct quarantine_pages *pages)
{
    while (pages->running != NULL) {
        pages->running->client = NULL;
        end_page(pages->running);
    }
}
