/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "settings.h"

/* [daemon], [clamd] and [guard]: who may ask, and how much. */

#define MAX_WORKERS 256
#define MAX_CONNECTIONS 100000
#define MAX_REMEMBERED 4000000

static const char *path_or_none(const char **to, const char *value)
{
    if (strcmp(value, "none") == 0) {
        *to = NULL;
        return NULL;
    }
    return setting_path(to, value);
}

/* ---- [daemon] ---- */

static const char *set_inconclusive(void *data, const char *value)
{
    static const char *const words[] = {"error", "found", NULL};

    return setting_choice(&((struct daemon_section *)data)->inconclusive, value,
                          words, "not one of error, found");
}

static const char *set_action(void *data, const char *value)
{
    static const char *const words[] = {"report", "quarantine", NULL};

    return setting_choice(&((struct daemon_section *)data)->on_detection, value,
                          words, "not one of report, quarantine");
}

static const char *set_alert(void *data, const char *value)
{
    static const char *const words[] = {"none",
#define OV_ALERT(id, word) word,
#include <overt/alert.def>
#undef OV_ALERT
                                        NULL};
    struct daemon_section *s = data;
    unsigned n = 0;
    const char *wrong = setting_choice(
        &n, value, words, "not one of none, engine, broken, media");

    if (wrong != NULL)
        return wrong;
    if (n == 0) /* only what is on without a line */
        s->alerts &= ~(1u << OV_ALERT_ENGINE);
    else
        s->alerts |= 1u << (n - 1);
    return NULL;
}

SETTING(set_control, daemon_section, setting_path(&s->control, value))
SETTING(set_control_group, daemon_section,
        setting_text(&s->control_group, value))
SETTING(set_workers, daemon_section,
        setting_number(&s->workers, value, MAX_WORKERS))
SETTING(set_ceiling, daemon_section, setting_size(&s->memory_ceiling, value))
SETTING(set_recycle, daemon_section,
        setting_number(&s->recycle_after, value, UINT32_MAX))
SETTING(set_idle_after, daemon_section, setting_time(&s->idle_after_ms, value))
SETTING(set_remember, daemon_section,
        setting_number(&s->remember, value, MAX_REMEMBERED))
SETTING(set_self_check, daemon_section, setting_time(&s->self_check_ms, value))

SETTING(set_cloud, daemon_section, setting_yes_no(&s->asks_cloud, value))
SETTING(set_cloud_wait, daemon_section, setting_time(&s->cloud_wait_ms, value))

static const struct option_row daemon_rows[] = {
    {"control", 0, "PATH", "the socket of overt status and overt top",
     set_control},
    {"control-group", 0, "GROUP", "who may use it beside root",
     set_control_group},
    {"workers", 0, "N", "at most; 0: one per processor", set_workers},
    {"memory-ceiling", 0, "SIZE", "of one worker; 0: none", set_ceiling},
    {"recycle-after", 0, "N", "files, then a worker starts anew; 0: never",
     set_recycle},
    {"idle-after", 0, "TIME", "a worker without work is ended; 0: never",
     set_idle_after},
    {"remember", 0, "N", "clean files that are not scanned again; 0: none",
     set_remember},
    {"cloud", 0, "yes|no", "look up programs that no rule knows", set_cloud},
    {"cloud-wait", 0, "TIME", "the longest for an answer", set_cloud_wait},
    {"self-check", 0, "TIME", "how often to look for other rules; 0: never",
     set_self_check},
    {"inconclusive", 0, "error|found", "what clamd's clients are told",
     set_inconclusive},
    {"alert", 0, "none|engine|broken|media", "checks of its own; repeatable",
     set_alert},
    {"on-detection", 0, "report|quarantine", "what becomes of the file",
     set_action},
};

/* ---- [clamd] ---- */

SETTING(set_socket, clamd_section, path_or_none(&s->socket, value))
SETTING(set_socket_mode, clamd_section, setting_mode(&s->socket_mode, value))
SETTING(set_socket_group, clamd_section, setting_text(&s->socket_group, value))
SETTING(set_tcp, clamd_section, setting_add_listen(&s->tcp, value))
SETTING(set_tls, clamd_section, setting_add_listen(&s->tls, value))
SETTING(set_cert, clamd_section, setting_path(&s->tls_cert, value))
SETTING(set_tls_key, clamd_section, setting_path(&s->tls_key, value))
SETTING(set_client_ca, clamd_section, setting_path(&s->tls_client_ca, value))
SETTING(set_stream_max, clamd_section, setting_size(&s->stream_max, value))
SETTING(set_connections, clamd_section,
        setting_number(&s->max_connections, value, MAX_CONNECTIONS))
SETTING(set_per_peer, clamd_section,
        setting_number(&s->max_per_peer, value, MAX_CONNECTIONS))
SETTING(set_idle, clamd_section, setting_time(&s->idle_timeout_ms, value))
SETTING_SWITCH(set_shutdown, clamd_section, s->allow_shutdown = true)
SETTING(set_banner, clamd_section, setting_text(&s->banner, value))

static const struct option_row clamd_rows[] = {
    {"socket", 0, "PATH|none", "where clamd's clients connect", set_socket},
    {"socket-mode", 0, "MODE", "of the socket, octal", set_socket_mode},
    {"socket-group", 0, "GROUP", "of the socket", set_socket_group},
    {"tcp", 0, "ADDRESS:PORT", "no protection of its own; repeatable", set_tcp},
    {"tls", 0, "ADDRESS:PORT", "the protocol inside of TLS; repeatable",
     set_tls},
    {"tls-cert", 0, "FILE", "certificate and its chain, PEM", set_cert},
    {"tls-key", 0, "FILE", "its key, PEM", set_tls_key},
    {"tls-client-ca", 0, "FILE", "who signs clients' certificates, PEM",
     set_client_ca},
    {"stream-max", 0, "SIZE", "largest stream", set_stream_max},
    {"max-connections", 0, "N", "at a time", set_connections},
    {"max-per-peer", 0, "N", "of one user or address; 0: any", set_per_peer},
    {"idle-timeout", 0, "TIME", "then a silent client is let go", set_idle},
    {"shutdown", 0, NULL, "clients may end the daemon", set_shutdown},
    {"banner", 0, "TEXT", "what VERSION begins with", set_banner},
};

/* ---- [guard] ---- */

static const char *set_guard_mode(void *data, const char *value)
{
    static const char *const words[] = {"exec", "exec+write", "all", "open",
                                        NULL};

    return setting_choice(&((struct guard_section *)data)->mode, value, words,
                          "not one of exec, exec+write, open, all");
}

static const char *set_on_deadline(void *data, const char *value)
{
    static const char *const words[] = {"allow", "deny", NULL};

    return setting_choice(&((struct guard_section *)data)->on_deadline, value,
                          words, "not one of allow, deny");
}

static const char *set_filesystem(void *data, const char *value)
{
    struct guard_section *s = data;

    return strcmp(value, "all") == 0 ? setting_add(&s->filesystems, value)
                                     : setting_add_path(&s->filesystems, value);
}

SETTING(set_mount, guard_section, setting_add_path(&s->mounts, value))
SETTING(set_deadline, guard_section, setting_time(&s->deadline_ms, value))
SETTING(set_exclude_path, guard_section,
        setting_add_path(&s->exclude_paths, value))
SETTING(set_exclude_user, guard_section, setting_add(&s->exclude_users, value))
SETTING(set_exclude_process, guard_section,
        setting_add_path(&s->exclude_processes, value))

static const struct option_row guard_rows[] = {
    {"filesystem", 0, "PATH|all", "guard all of its file system; repeatable",
     set_filesystem},
    {"mount", 0, "PATH", "guard what is below this mount; repeatable",
     set_mount},
    {"mode", 0, "exec|exec+write|open|all", "which files are looked at when",
     set_guard_mode},
    {"deadline", 0, "TIME", "how long an open may wait", set_deadline},
    {"on-deadline", 0, "allow|deny", "what then", set_on_deadline},
    {"exclude-path", 0, "PATH", "not what is below it; repeatable",
     set_exclude_path},
    {"exclude-user", 0, "USER", "not what this user opens; repeatable",
     set_exclude_user},
    {"exclude-process", 0, "PATH", "not what this program opens; repeatable",
     set_exclude_process},
};

#define LIST(rows) "", (rows), sizeof(rows) / sizeof((rows)[0])

const struct option_list daemon_section_options = {"[daemon]",
                                                   LIST(daemon_rows)};
const struct option_list clamd_section_options = {"[clamd]", LIST(clamd_rows)};
const struct option_list guard_section_options = {"[guard]", LIST(guard_rows)};
