/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "clamd_front.h"
#include "control.h"
#include "desk.h"
#include "door.h"
#include "guard_front.h"
#include "host/installed_rules.h"
#include "http_child.h"
#include "keeper.h"
#include "loader.h"
#include "observer.h"
#include "quarantine_page.h"
#include "settings.h"
#include "tls_child.h"
#include "updater.h"

/* What the daemon consists of. One thread; everything that waits is in the
 * loop. */

struct daemon {
    const char *config_path;
    struct daemon_settings *settings;
    struct daemon_settings *made_with; /* what is not read anew borrows them */
    struct daemon_settings *guarded_with; /* the guard borrows them */
    struct ov_loop *loop;
    struct cloud_link *cloud; /* NULL: nobody is asked */
    struct desk *desk;
    struct clamd_front clamd;
    struct doors doors;
    struct loader loader;
    struct tls_child tls;
    struct updater updater;
    struct guard_front guard;
    struct keeper keeper;
    struct observer observer;
    struct control control;
    struct quarantine_pages pages;
    struct tls_child api_tls;
    struct http_child http;       /* for everybody */
    struct http_child http_admin; /* for who may change something */
    struct ov_loop_timer self_check;
    struct ov_loop_timer watchdog;
    struct ov_loop_timer last; /* then it ends, whoever still waits */
    bool wants_to_leave;       /* at the end of this turn */
    bool is_leaving;           /* finishes what is under way */
    struct ov_buf spool;       /* folder of large streams, with a NUL */
    uint64_t release;          /* of the rules in use; 0: not of one */
    uint64_t next_release;     /* of those that are being opened */
    int64_t rules_time;        /* when they were made */
    struct stat rules_files[OV_WIRE_MAX_IMAGES];
    size_t n_rules_files;
    bool is_ready;
    bool wants_reload; /* once the rules before are in use */
    bool is_ending;
    int exit_code;
};

/* overtd.c: when the last client has gone that is waited for at the end. */
void daemon_end_if_idle(void *daemon);

/* daemon_rules.c: finds rules now, and whenever it is called. */
bool daemon_load_rules(struct daemon *d, uint64_t older_than);
/* As RELOAD asks for. */
void daemon_reload(void *daemon);
void daemon_put_version(void *daemon, struct ov_buf *b);
/* For struct desk_options and struct loader. */
void daemon_rules_changed(void *daemon, enum ov_status status);
void daemon_rules_loaded(void *daemon, enum ov_status status,
                         struct ov_pool_images *images, uint64_t release);

/* daemon_control.c: opens the control socket; false after a line of error. */
bool daemon_control(struct daemon *d);
/* Opens the HTTP API, if there is to be one; false after a line of error. */
bool daemon_api(struct daemon *d);
void daemon_api_stop(struct daemon *d);
/* Settings and rules anew, as SIGHUP asks for; wrong ones change nothing. */
bool daemon_reload_all(struct daemon *d);
/* Frees s, unless it is still in use. */
void daemon_release(const struct daemon *d, struct daemon_settings *s);

/* daemon_sockets.c: false after a line of error. */
bool daemon_listen(struct daemon *d);
