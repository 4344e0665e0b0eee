/* SPDX-License-Identifier: Apache-2.0 */
#include "watch.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "base/text.h"
#include "rounds.h"
#include "sys/deny.h"
#include "sys/file.h"
#include "sys/landlock.h"

/* Puts a monitor together and lets it look again and again. */

#define ARENA_SIZE ((size_t)32 << 20)
#define MAX_FILE ((size_t)1 << 20)
#define EXIT_WRONG 2

static volatile sig_atomic_t is_ended;

static void on_end(int signal_number)
{
    (void)signal_number;
    is_ended = 1;
}

static uint64_t clock_now(void)
{
    return (uint64_t)time(NULL);
}

static int complain(const char *what, const char *detail)
{
    (void)fprintf(stderr, "overt-monitor run: %s: %s\n", what, detail);
    return EXIT_WRONG;
}

struct monitor {
    struct watch_options options;
    struct ov_arena *arena; /* for as long as it runs */
    struct ov_buf policy_text;
    struct ov_buf people_text;
    struct ov_policy policy;
    struct ov_people people;
    struct ov_ledger ledger;
    struct rounds rounds;
    struct vantage places[WATCH_MAX_PLACES + 2];
    struct watch_place before;
    struct watch_place wanted;
};

static bool read_text(const char *path, struct ov_buf *into)
{
    enum ov_status status = ov_file_read(path, into);

    return status == OV_OK || complain(path, ov_status_name(status)) == 0;
}

static bool read_files(struct monitor *m)
{
    struct ov_diag diag = {0};

    m->policy_text = ov_buf_with_max(MAX_FILE);
    m->people_text = ov_buf_with_max(MAX_FILE);
    if (!read_text(m->options.policy, &m->policy_text))
        return false;
    if (ov_policy_parse(m->arena, ov_buf_span(&m->policy_text), &m->policy,
                        &diag) != OV_OK)
        return complain(m->options.policy, diag.text) == 0;
    if (m->policy.n_logs == 0)
        return complain(m->options.policy, "names no log") == 0;
    if (m->options.people == NULL)
        return true;
    if (!read_text(m->options.people, &m->people_text))
        return false;
    m->rounds.people = &m->people;
    return ov_people_parse(m->arena, ov_buf_span(&m->people_text), &m->people,
                           &diag) == OV_OK ||
           complain(m->options.people, diag.text) == 0;
}

/* A witness has a checkpoint of each log that it knows. */
static bool add_logs(struct monitor *m)
{
    struct watch_options *o = &m->options;
    size_t n = o->n_places;

    for (size_t i = 0; i < n; i++) {
        if (o->places[i].kind != PLACE_WITNESS)
            continue;
        for (size_t log = 1; log < m->policy.n_logs; log++) {
            if (o->n_places == WATCH_MAX_PLACES)
                return complain(o->places[i].url,
                                "too many witnesses and logs") == 0;
            o->places[o->n_places] = o->places[i];
            o->places[o->n_places++].log = log;
        }
    }
    return true;
}

static bool add_places(struct monitor *m)
{
    struct ov_diag diag = {0};

    if (!add_logs(m))
        return false;
    for (size_t i = 0; i < m->options.n_places; i++) {
        struct vantage *v = &m->places[i];

        v->place = &m->options.places[i];
        v->note = ov_buf_with_max(OV_NOTE_MAX_SIZE + ((size_t)1 << 18));
        v->view = (struct log_view){m->rounds.mirrors, i};
        if (ov_mirrors_add(m->rounds.mirrors, v->place->url, &diag) != OV_OK)
            return complain(v->place->url, diag.text) == 0;
    }
    m->before = (struct watch_place){PLACE_WITNESS, "what was seen before", 0};
    m->places[m->options.n_places].place = &m->before;
    m->places[m->options.n_places].note =
        ov_buf_with_max(OV_NOTE_MAX_SIZE + ((size_t)1 << 18));
    m->wanted =
        (struct watch_place){PLACE_WITNESS, "what is to be cosigned", 0};
    m->places[m->options.n_places + 1].place = &m->wanted;
    m->places[m->options.n_places + 1].note =
        ov_buf_with_max(OV_NOTE_MAX_SIZE + ((size_t)1 << 18));
    if (m->options.repo != NULL &&
        ov_mirrors_add(m->rounds.mirrors, m->options.repo, &diag) != OV_OK)
        return complain(m->options.repo, diag.text) == 0;
    return true;
}

static void wait_for_next(uint64_t seconds)
{
    struct timespec left = {.tv_sec = (time_t)seconds};

    /* A signal that does not end us does not shorten the wait. */
    while (is_ended == 0 && nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

/* What a log, a mirror or a repository says is read here, so this process may
 * change nothing but its own folder. overt-fetch and overt-judge, which it
 * starts, have jails of their own; the network is theirs. */
static bool is_jailed(const struct monitor *m)
{
    const char *const places[] = {m->options.state, "/dev/null",
                                  m->options.cosigner};
    enum ov_status status =
        ov_landlock_write_paths(places, m->options.cosigner != NULL ? 3 : 2);
    struct ov_diag diag = {0};

    if (status == OV_OK)
        return ov_deny(OV_DENY_MONITOR, &diag) == OV_OK ||
               complain("jail", diag.text) == 0;
    return complain("jail", status == OV_UNSUPPORTED
                                ? "this kernel has no Landlock"
                                : ov_status_name(status)) == 0;
}

static int look_again_and_again(struct monitor *m)
{
    const struct sigaction end = {.sa_handler = on_end};
    enum ov_status status;

    if (sigaction(SIGTERM, &end, NULL) != 0 ||
        sigaction(SIGINT, &end, NULL) != 0)
        return complain("signals", "cannot be taken");
    for (;;) {
        m->rounds.now = clock_now();
        status = rounds_run(&m->rounds);
        if (status != OV_OK)
            return complain("a round failed", ov_status_name(status));
        if (m->options.is_once || is_ended != 0)
            return findings_exit_code(m->rounds.found);
        wait_for_next(m->options.interval);
        if (is_ended != 0)
            return findings_exit_code(m->rounds.found);
    }
}

static int start(struct monitor *m)
{
    struct ov_diag diag = {0};
    struct rounds *r = &m->rounds;
    int code = EXIT_WRONG;

    r->options = &m->options;
    r->policy = &m->policy;
    r->places = m->places;
    r->ledger = &m->ledger;
    r->mirrors = ov_mirrors_new(0);
    r->found = findings_new(m->options.is_json, clock_now);
    r->arena = ov_arena_new(ARENA_SIZE);
    r->frontier = ov_alloc(sizeof(*r->frontier));
    if (r->mirrors == NULL || r->found == NULL || r->arena == NULL ||
        r->frontier == NULL)
        return complain("start", "out of memory");
    if (!read_files(m) || !add_places(m))
        return EXIT_WRONG;
    if (ov_ledger_open(m->options.state, &m->ledger, &diag) != OV_OK)
        return complain("state", diag.text);
    if (!is_jailed(m))
        code = EXIT_WRONG;
    else if (rounds_load(r, &diag) == OV_OK)
        code = look_again_and_again(m);
    else
        (void)complain("state", diag.text);
    ov_ledger_close(&m->ledger);
    return code;
}

static void end(struct monitor *m)
{
    for (size_t i = 0; i < m->options.n_places + 2; i++)
        ov_buf_done(&m->places[i].note);
    audit_free(m->rounds.audit);
    ov_free(m->rounds.frontier);
    ov_arena_free(m->rounds.arena);
    findings_free(m->rounds.found);
    ov_mirrors_free(m->rounds.mirrors);
    ov_buf_done(&m->policy_text);
    ov_buf_done(&m->people_text);
}

int watch(int argc, char **argv)
{
    OV_AUTO(arena) arena = ov_arena_new(ARENA_SIZE);
    OV_AUTO_PTR struct monitor *m = ov_alloc(sizeof(*m));
    int code;

    if (arena == NULL || m == NULL)
        return complain("start", "out of memory");
    m->arena = arena;
    if (!watch_options_read(argc, argv, arena, &m->options))
        return EXIT_WRONG;
    if (m->options.is_help) {
        watch_options_help();
        (void)printf("\nFindings:\n\n");
        findings_list();
        return 0;
    }
    code = start(m);
    end(m);
    return code;
}
