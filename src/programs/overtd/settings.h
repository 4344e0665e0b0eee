/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "host/config.h"
#include "host/event_log.h"
#include "host/quarantine_place.h"
#include "host/rule_set.h"
#include "host/setting_value.h"

/* overtd's settings: the sections of overt.conf that it takes, each with one
 * table of options (settings_*.c), and what holds without it. Texts are
 * borrowed from the settings themselves. docs/man/overt.conf.5. */

/* [scan]: rules and limits, as overt scan takes them. */
struct scan_section {
    struct setting_list rules;
    const char *state; /* NULL: the usual place */
    struct ov_buf defines;
    const char *cvd_key;
    bool allow_unsigned;
    struct ov_wire_open open; /* flags and limits; 0: the engine's own */
    unsigned timeout_ms;
    unsigned spawn_flags;
};

enum setting_inconclusive {
    INCONCLUSIVE_ERROR,
    INCONCLUSIVE_FOUND
};

enum setting_action {
    ACTION_REPORT,
    ACTION_QUARANTINE
};

/* [update]: overt update reads the rest of it itself. */
struct update_section {
    struct setting_list from;
    uint64_t interval_ms; /* between two updates; 0: overtd makes none */
    const char *state;    /* NULL: as [scan] says */
};

/* [daemon] */
struct daemon_section {
    const char *control;       /* the control socket; never NULL */
    const char *control_group; /* may use it beside root; NULL: nobody */
    unsigned workers;          /* 0: one per processor */
    uint64_t memory_ceiling;   /* bytes of one worker; 0: none */
    unsigned recycle_after;    /* files; 0: never */
    uint64_t idle_after_ms;    /* without work a worker ends; 0: never */
    unsigned remember;         /* clean files; 0: none */
    bool asks_cloud;           /* about programs that no rule knows */
    uint64_t cloud_wait_ms;    /* for an answer */
    uint64_t self_check_ms;    /* looks for other rules; 0: never */
    unsigned inconclusive;     /* enum setting_inconclusive */
    uint32_t alerts;           /* as struct ov_wire_open has them */
    unsigned on_detection;     /* enum setting_action */
};

/* [clamd] */
struct clamd_section {
    const char *socket; /* NULL: none ("socket = none") */
    unsigned socket_mode;
    const char *socket_group; /* NULL: the daemon's own */
    struct setting_list tcp;  /* ADDRESS:PORT */
    struct setting_list tls;
    const char *tls_cert;
    const char *tls_key;
    const char *tls_client_ca; /* NULL: clients show no certificate */
    uint64_t stream_max;       /* bytes of one INSTREAM */
    unsigned max_connections;
    unsigned max_per_peer; /* connections of one user or address; 0: any */
    uint64_t idle_timeout_ms;
    bool allow_shutdown;
    const char *banner; /* before "/" in VERSION */
};

/* [api]; off if there is no socket. */
struct api_section {
    const char *socket; /* NULL: none */
    unsigned socket_mode;
    const char *socket_group; /* NULL: the daemon's own */
    const char *admin_socket; /* NULL: none; mode 600 */
    struct setting_list tls;  /* ADDRESS:PORT */
    const char *tls_cert;
    const char *tls_key;
    const char *tls_client_ca;
    struct setting_list admins; /* names of certificates */
    uint64_t max_body;
    uint64_t max_memory;
    unsigned max_connections;
    uint64_t idle_timeout_ms;
};

enum setting_guard_mode {
    GUARD_EXEC,
    GUARD_EXEC_WRITE,
    GUARD_ALL,
    GUARD_OPEN
};

enum setting_deadline {
    DEADLINE_ALLOW,
    DEADLINE_DENY
};

/* [guard]; off if there is no place. */
struct guard_section {
    struct setting_list filesystems; /* all of the file system of a path; or
                                        "all": of the machine */
    struct setting_list mounts;      /* the mount that has a path */
    unsigned mode;                   /* enum setting_guard_mode */
    uint64_t deadline_ms;
    unsigned on_deadline; /* enum setting_deadline */
    struct setting_list exclude_paths;
    struct setting_list exclude_users;
    struct setting_list exclude_processes;
};

/* [events] */
struct events_section {
    bool journal;
    const char *json; /* where to: a file, unix:PATH, udp:ADDRESS:PORT */
    const char *cef;
    const char *ecs;
    const char *command; /* started on each detection; NULL: none */
    uint64_t command_timeout_ms;
    unsigned command_max; /* a minute, mail counted apart */
    struct setting_list mail_to;
    const char *mail_from; /* NULL: sendmail's choice */
    const char *mail_program;
    uint64_t mail_every_ms;
};

struct daemon_settings {
    struct scan_section scan;
    struct update_section update;
    struct daemon_section daemon;
    struct clamd_section clamd;
    struct guard_section guard;
    struct quarantine_settings quarantine;
    struct events_section events;
    struct api_section api;
    struct config_file file;
};

/* The tables; their setters take the section's struct. */
extern const struct option_list scan_section_options;
extern const struct option_list update_section_options;
extern const struct option_list daemon_section_options;
extern const struct option_list clamd_section_options;
extern const struct option_list guard_section_options;
extern const struct option_list events_section_options;
extern const struct option_list api_section_options;

/* Reads the file over what holds without it. NULL after lines of error on
 * stderr with file, line and remedy: the first, or if is_thorough all. path is
 * borrowed for the settings' life. Returns owned. A daemon that reloads reads
 * anew and lets the old ones go once nothing borrows from them. */
struct daemon_settings *settings_read(const char *path, bool is_thorough);
void settings_free(struct daemon_settings *s);

/* What rule_set_load is to be asked for; borrows from s. */
void settings_rules(const struct daemon_settings *s,
                    struct rule_set_options *ret);

/* What event_log_new is to be asked for; borrows from s. */
void settings_events(const struct daemon_settings *s,
                     struct event_options *ret);

/* overtd --check: reads the file, looks at what it means on this machine, and
 * tells each thing that is wrong. The exit code: 0 or 2. */
int settings_check(const char *path);
