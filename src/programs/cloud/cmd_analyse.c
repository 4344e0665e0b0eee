/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "analysis.h"
#include "host/output.h"
#include "host/rule_set.h"
#include "region_files.h"
#include "service_run.h"
#include "sys/deny.h"
#include "sys/file.h"
#include "sys/landlock.h"
#include "sys/notify.h"
#include "sys/spawn.h"

/*
 * overt-cloud analyse DIR...: the region's analyser. It has the keys that open
 * envelopes (of each folder that is named: a region has two while one key
 * follows another), and is heard by nobody: it asks the database for what is to
 * be done, and hands samples to workers in their jails. It may write below
 * DIR/state and start workers. Several may run, on several machines.
 */

#define DEFAULT_TRIES 3
#define DEFAULT_TIMEOUT 120
#define MAX_WORKERS 256
#define WAIT_MILLISECONDS 1000
#define AWAY_SECONDS 2
#define MAX_KEY_FILE ((size_t)1 << 20)

struct analyser {
    struct cloud *c;
    char region[OV_REGION_MAX + 1];
    char blobs[CLOUD_PATH_MAX];
    uint8_t keys[ANALYSIS_KEYS_MAX][OV_HPKE_KEY];
    size_t n_keys;
    struct control_store *store;
    struct rule_set rules;
    bool has_rules;
    struct analysis *analysis;
};

static void analyser_done(struct analyser *w)
{
    analysis_free(w->analysis);
    control_store_free(w->store);
    if (w->has_rules)
        rule_set_done(&w->rules);
    explicit_bzero(w->keys, sizeof(w->keys));
}

/* ---- its things ---- */

static bool read_key(struct analyser *w, const char *path)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(MAX_KEY_FILE);
    enum ov_status status = ov_file_read(path, &text);
    struct ov_span hex = ov_buf_span(&text);
    bool is_good;

    if (status != OV_OK) {
        (void)cloud_say("%s: %s", path, ov_status_name(status));
        return false;
    }
    if (ov_span_ends(hex, OV_SPAN_LIT("\n")))
        hex.len--;
    is_good = ov_hex_decode(hex, w->keys[w->n_keys], OV_HPKE_KEY);
    explicit_bzero(text.ptr, text.len);
    if (is_good)
        w->n_keys++;
    else
        (void)cloud_say("%s: not 64 digits", path);
    return is_good;
}

/* Of each folder the key; of the first one the rest. */
static bool read_folders(struct analyser *w)
{
    struct cloud *c = w->c;
    OV_AUTO(arena) a = ov_arena_new((size_t)4 << 20);

    for (size_t i = 0; i < c->n_words && a != NULL; i++) {
        __attribute__((cleanup(region_files_done))) struct region_files r = {
            .keys = NULL};
        char path[CLOUD_PATH_MAX];

        c->dir = c->words[i];
        if (!region_read(c, a, &r) || !cloud_path(c, path, "keys/seal") ||
            !read_key(w, path))
            return false;
        if (i > 0 && strcmp(w->region, r.keys->region) != 0) {
            (void)cloud_say("%s is of region %s, not %s", c->dir,
                            r.keys->region, w->region);
            return false;
        }
        memcpy(w->region, r.keys->region, sizeof(w->region));
    }
    c->dir = c->words[0];
    return a != NULL;
}

static bool load_rules(struct analyser *w)
{
    const char *paths[CLOUD_WORDS_MAX];
    struct rule_set_options how = {.paths = paths};

    for (size_t i = 0; i < w->c->n_options; i++) {
        if (strcmp(w->c->options[i].name, "rules") == 0)
            paths[how.n_paths++] = w->c->options[i].value;
    }
    if (cloud_option(w->c, "best-effort-jail") != NULL)
        how.spawn_flags = OV_SPAWN_BEST_EFFORT;
    out_set_program("overt-cloud");
    w->has_rules = rule_set_load(&how, &w->rules);
    return w->has_rules;
}

static bool enter_jail(struct cloud *c)
{
    char state[CLOUD_PATH_MAX];
    const char *const places[] = {state, "/dev/null"};
    struct ov_diag diag = {.text = ""};
    enum ov_status status;

    if (!cloud_path(c, state, "state"))
        return false;
    status =
        ov_landlock_write_paths(places, sizeof(places) / sizeof(places[0]));
    if (status != OV_OK)
        (void)cloud_say("cannot jail itself: %s", ov_status_name(status));
    else if (ov_deny(OV_DENY_PUBLISHER, &diag) != OV_OK)
        (void)cloud_say("%s", diag.text);
    else
        return true;
    return false;
}

static bool open_store(struct analyser *w)
{
    const char *where = cloud_option(w->c, "store");
    struct ov_diag diag = {.text = ""};
    char file[CLOUD_PATH_MAX];

    if (!cloud_path(w->c, file, "state/store.db") ||
        !service_find_blobs(w->c, w->blobs))
        return false;
    if (control_store_open(where != NULL ? where : file, w->region, &w->store,
                           &diag) == OV_OK)
        return true;
    (void)cloud_say("%s", diag.text);
    return false;
}

static bool begin(struct analyser *w)
{
    struct analysis_options how = {.region = w->region,
                                   .blobs = w->blobs,
                                   .keys = w->keys,
                                   .images = &w->rules.images,
                                   .now = service_now,
                                   .note = service_note};
    struct cloud *c = w->c;
    uint64_t workers;
    uint64_t seconds;
    uint64_t tries;

    if (!cloud_number(c, "workers", 0, &workers) ||
        !cloud_number(c, "timeout", DEFAULT_TIMEOUT, &seconds) ||
        !cloud_number(c, "tries", DEFAULT_TRIES, &tries))
        return false;
    if (workers > MAX_WORKERS || seconds == 0 || seconds > 600 || tries == 0 ||
        tries > 100) {
        (void)cloud_say("--workers up to 256, --timeout 1 to 600 seconds, "
                        "--tries 1 to 100");
        return false;
    }
    if (!read_folders(w) || !load_rules(w) || !open_store(w) || !enter_jail(c))
        return false;
    how.store = w->store;
    how.n_keys = w->n_keys;
    how.n_workers = (unsigned)workers;
    how.timeout_ms = (unsigned)seconds * 1000;
    how.max_tries = (unsigned)tries;
    if (cloud_option(c, "best-effort-jail") != NULL)
        how.spawn_flags = OV_SPAWN_BEST_EFFORT;
    return analysis_new(&how, &w->analysis) == OV_OK && service_catch_signals();
}

/* ---- its work ---- */

static void rest(unsigned milliseconds)
{
    const struct timespec t = {milliseconds / 1000,
                               (long)(milliseconds % 1000) * 1000000};

    (void)nanosleep(&t, NULL); /* a signal ends it */
}

static bool may_come_back(enum ov_status status)
{
    return status == OV_PEER_GONE || status == OV_MISMATCH || status == OV_IO;
}

static int work(struct analyser *w, bool is_once)
{
    struct ov_diag diag = {.text = ""};
    struct analysis_count count;

    while (!ov_serving_is_ended()) {
        size_t n = 0;
        enum ov_status status =
            analysis_turn(w->analysis, WAIT_MILLISECONDS, &n, &diag);

        if (status != OV_OK && (is_once || !may_come_back(status)))
            return cloud_say("%s", diag.text);
        if (status != OV_OK) {
            service_note("later again", ov_span_str(diag.text));
            rest(AWAY_SECONDS * 1000);
        } else if (n == 0 && is_once) {
            struct control_queue queue;

            if (control_queue_look(w->store, &queue, &diag) != OV_OK)
                return cloud_say("%s", diag.text);
            if (queue.n_waiting == 0)
                break;
            rest(WAIT_MILLISECONDS); /* others have it */
        } else if (n == 0) {
            rest(WAIT_MILLISECONDS);
        }
    }
    count = analysis_count(w->analysis);
    (void)printf("%llu cases, %llu without one, %llu tried again\n",
                 (unsigned long long)count.n_cases,
                 (unsigned long long)count.n_refused,
                 (unsigned long long)count.n_retried);
    return fflush(stdout) == 0 ? CLOUD_OK : CLOUD_FAILED;
}

int cmd_analyse(struct cloud *c)
{
    __attribute__((cleanup(analyser_done))) struct analyser w = {.c = c};

    if (c->n_words == 0 || c->n_words > ANALYSIS_KEYS_MAX)
        return cloud_say("say the region's folder; see --help");
    if (!begin(&w))
        return CLOUD_FAILED;
    ov_notify("READY=1");
    return work(&w, cloud_option(c, "once") != NULL);
}
