/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"

#include "host/output.h"

/* From overt.conf to what overtd is to do. The defaults stand here, and nowhere
 * else but in the manual and the sample. */

#define SECOND ((uint64_t)1000)
#define MIB ((uint64_t)1 << 20)

static void set_defaults(struct daemon_settings *s)
{
    s->scan.timeout_ms = 120 * SECOND;
    s->update.interval_ms = 900 * SECOND;
    s->daemon = (struct daemon_section){
        .control = "/run/overt/control",
        .recycle_after = 10000,
        .idle_after_ms = 30000,
        .remember = 65536,
        .cloud_wait_ms = 2 * SECOND,
        .alerts = 1u << OV_ALERT_ENGINE,
        .self_check_ms = 600 * SECOND,
    };
    s->clamd = (struct clamd_section){
        .socket = "/run/overt/clamd.ctl",
        .socket_mode = 0660,
        .stream_max = 100 * MIB,
        .max_connections = 4096,
        .max_per_peer = 1024,
        .idle_timeout_ms = 30 * SECOND,
        .banner = "ClamAV 1.4.6",
    };
    s->api = (struct api_section){
        .socket_mode = 0660,
        .max_body = 100 * MIB,
        .max_memory = 1024 * MIB,
        .max_connections = 256,
        .idle_timeout_ms = 30 * SECOND,
    };
    s->guard = (struct guard_section){
        .mode = GUARD_EXEC_WRITE,
        .deadline_ms = 5 * SECOND,
    };
    s->events = (struct events_section){
        .journal = true,
        .command_timeout_ms = 10 * SECOND,
        .command_max = 60,
        .mail_program = "/usr/sbin/sendmail",
        .mail_every_ms = 300 * SECOND,
    };
}

struct daemon_settings *settings_read(const char *path, bool is_thorough)
{
    struct daemon_settings *s = ov_alloc(sizeof(*s));

    if (s == NULL) {
        out_error("out of memory");
        return NULL;
    }
    const struct config_section sections[] = {
        {"scan", &scan_section_options, &s->scan, false},
        {"update", &update_section_options, &s->update, false},
        {"daemon", &daemon_section_options, &s->daemon, false},
        {"clamd", &clamd_section_options, &s->clamd, false},
        {"guard", &guard_section_options, &s->guard, false},
        {"quarantine", &quarantine_options, &s->quarantine, false},
        {"events", &events_section_options, &s->events, false},
        {"api", &api_section_options, &s->api, false},
    };

    set_defaults(s);
    s->file.path = path;
    s->file.is_thorough = is_thorough;
    s->scan.defines = ov_buf_with_max(OV_WIRE_MAX_DEFINES);
    if (!config_read(&s->file, sections,
                     sizeof(sections) / sizeof(sections[0]))) {
        settings_free(s);
        return NULL;
    }
    s->scan.open.alerts = s->daemon.alerts;
    s->scan.open.defines = ov_buf_span(&s->scan.defines);
    return s;
}

void settings_free(struct daemon_settings *s)
{
    if (s == NULL)
        return;
    config_file_done(&s->file);
    ov_buf_done(&s->scan.defines);
    ov_free(s);
}

void settings_rules(const struct daemon_settings *s,
                    struct rule_set_options *ret)
{
    *ret = (struct rule_set_options){
        .paths = s->scan.rules.items,
        .n_paths = s->scan.rules.n,
        .skip_errors = true,
        .has_file_values = true,
        .allow_unsigned = s->scan.allow_unsigned,
        .defines = ov_buf_span(&s->scan.defines),
        .cvd_key = s->scan.cvd_key,
        .spawn_flags = s->scan.spawn_flags,
    };
}

void settings_events(const struct daemon_settings *s, struct event_options *ret)
{
    const struct events_section *e = &s->events;

    *ret = (struct event_options){
        .program = "overtd",
        .version = OV_VERSION,
        .journal = e->journal,
        .json = e->json,
        .cef = e->cef,
        .ecs = e->ecs,
        .command = e->command,
        .command_timeout_ms = e->command_timeout_ms,
        .command_max = e->command_max,
        .mail_to = e->mail_to.items,
        .n_mail_to = e->mail_to.n,
        .mail_from = e->mail_from,
        .mail_program = e->mail_program,
        .mail_every_ms = e->mail_every_ms,
    };
}
