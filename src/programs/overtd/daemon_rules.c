/* SPDX-License-Identifier: Apache-2.0 */
#include <time.h>

#include "base/text.h"
#include "daemon.h"
#include "host/output.h"
#include "sys/file.h"
#include "sys/notify.h"

/* Which rules: found by the loader when the daemon starts, when somebody asks
 * (RELOAD, SIGHUP), and by the clock (self-check). The old ones stay until all
 * workers have the new ones; if no worker can open these, they stay for good.
 * At the start a release that does not open is left for the one before it. */

bool daemon_load_rules(struct daemon *d, uint64_t older_than)
{
    struct rule_set_options options;

    settings_rules(d->settings, &options);
    options.older_than = older_than;
    if (loader_start(&d->loader, &options, d->settings->scan.state))
        return true;
    out_error("the rules cannot be looked for: no process can be started");
    return false;
}

void daemon_reload(void *daemon)
{
    struct daemon *d = daemon;

    /* One after the other: what is asked for while others come into use is
     * looked for when they are. */
    d->wants_reload = d->loader.pid != 0 || desk_is_changing(d->desk) ||
                      !daemon_load_rules(d, 0);
}

static void refuse_rules(struct daemon *d, const char *why)
{
    d->observer.metrics.refused_reloads++;
    observer_say(&d->observer, EVENT_ID_RULES_REFUSED, why);
}

static void end_without_rules(struct daemon *d)
{
    out_error("there are no rules to scan with");
    d->exit_code = 2;
    d->is_ending = true;
}

/* Notes which images these are. False: they are those from before, untouched,
 * in the same order. */
static bool are_others(struct daemon *d, const struct ov_pool_images *images)
{
    bool is_same = d->is_ready && images->n == d->n_rules_files;

    for (size_t i = 0; i < images->n; i++) {
        struct stat st = {.st_ino = 0};

        is_same = fstat(images->fds[i], &st) == 0 && is_same &&
                  ov_file_is_same(&st, &d->rules_files[i]);
        d->rules_files[i] = st;
    }
    d->n_rules_files = images->n;
    return !is_same;
}

static void reload_if_wanted(struct daemon *d)
{
    if (d->wants_reload)
        daemon_reload(d);
}

void daemon_rules_loaded(void *daemon, enum ov_status status,
                         struct ov_pool_images *images, uint64_t release)
{
    struct daemon *d = daemon;

    if (status != OV_OK && !d->is_ready) {
        end_without_rules(d);
        return;
    }
    if (status != OV_OK) {
        refuse_rules(d, "others cannot be had");
    } else if (!are_others(d, images)) {
        installed_rules_close(images);
    } else {
        d->next_release = release;
        desk_set_rules(d->desk, images);
    }
    reload_if_wanted(d);
}

static void tell_rules(struct daemon *d, enum event_id id)
{
    OV_AUTO_DONE(buf) digest = ov_buf_with_max(256);
    struct event e = event_of(id);

    ov_put_hex(&digest, ov_span_of(desk_rules_digest(d->desk), OV_WIRE_DIGEST));
    event_span(&e, EVENT_DIGEST, ov_buf_span(&digest));
    if (d->release != 0)
        event_number(&e, EVENT_RELEASE, d->release);
    observer_tell(&d->observer, &e);
}

static void become_ready(struct daemon *d)
{
    d->is_ready = true;
    doors_open(&d->doors);
    guard_front_start(&d->guard);
    ov_notify("READY=1");
    if (d->made_with->clamd.tls.n > 0)
        (void)tls_child_start(&d->tls); /* it has told */
    if (d->made_with->api.tls.n > 0)
        (void)tls_child_start(&d->api_tls);
    tell_rules(d, EVENT_ID_READY);
}

static void take_rules(struct daemon *d)
{
    d->observer.metrics.reloads++;
    guard_front_forget(&d->guard);
    tell_rules(d, EVENT_ID_RULES_LOADED);
}

static void take_new(struct daemon *d)
{
    d->release = d->next_release;
    d->rules_time =
        (int64_t)d->rules_files[d->n_rules_files - 1].st_mtim.tv_sec;
    if (!d->is_ready)
        become_ready(d);
    else
        take_rules(d);
}

void daemon_rules_changed(void *daemon, enum ov_status status)
{
    struct daemon *d = daemon;

    if (status == OV_OK) {
        take_new(d);
        reload_if_wanted(d);
        return;
    }
    d->n_rules_files = 0;
    if (d->is_ready) {
        refuse_rules(d, ov_status_name(status));
        reload_if_wanted(d);
    } else if (d->next_release == 0 || !daemon_load_rules(d, d->next_release)) {
        end_without_rules(d);
    }
}

void daemon_put_version(void *daemon, struct ov_buf *b)
{
    const struct daemon *d = daemon;
    time_t made = d->rules_time;
    char date[64];
    struct tm tm;

    ov_put_str(b, d->settings->clamd.banner);
    if (d->release != 0 && gmtime_r(&made, &tm) != NULL &&
        strftime(date, sizeof(date), "%a %b %e %H:%M:%S %Y", &tm) > 0)
        ov_put_format(b, "/%llu/%s", (unsigned long long)d->release, date);
    ov_put_str(b, " (Overt " OV_VERSION ")");
}
