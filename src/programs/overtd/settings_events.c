/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "settings.h"

/* [events]: who hears of what was found. */

#define MAX_COMMANDS 10000

/* A file, or a datagram socket. */
static const char *place(const char **to, const char *value)
{
    struct setting_list address = {0};

    if (strncmp(value, "unix:", 5) == 0 && value[5] == '/') {
        *to = value;
        return NULL;
    }
    if (strncmp(value, "udp:", 4) == 0 &&
        setting_add_listen(&address, value + 4) == NULL) {
        *to = value;
        return NULL;
    }
    if (setting_path(to, value) != NULL)
        return "not a place; write /a/file, unix:/a/socket or "
               "udp:ADDRESS:PORT";
    return NULL;
}

/* It goes to sendmail as an argument. */
static const char *mail_address(const char *value)
{
    if (value[0] == '-' || strpbrk(value, " \t<>,;") != NULL ||
        value[0] == '\0')
        return "not one mail address; write name@host, a line each";
    return NULL;
}

static const char *set_mail_to(void *data, const char *value)
{
    const char *wrong = mail_address(value);

    return wrong != NULL
               ? wrong
               : setting_add(&((struct events_section *)data)->mail_to, value);
}

static const char *set_mail_from(void *data, const char *value)
{
    const char *wrong = mail_address(value);

    return wrong != NULL
               ? wrong
               : setting_text(&((struct events_section *)data)->mail_from,
                              value);
}

SETTING(set_journal, events_section, setting_yes_no(&s->journal, value))
SETTING(set_json, events_section, place(&s->json, value))
SETTING(set_cef, events_section, place(&s->cef, value))
SETTING(set_ecs, events_section, place(&s->ecs, value))
SETTING(set_command, events_section, setting_path(&s->command, value))
SETTING(set_command_timeout, events_section,
        setting_time(&s->command_timeout_ms, value))
SETTING(set_command_max, events_section,
        setting_number(&s->command_max, value, MAX_COMMANDS))
SETTING(set_mail_every, events_section, setting_time(&s->mail_every_ms, value))
SETTING(set_mail_program, events_section, setting_path(&s->mail_program, value))

#define PLACE "PATH|unix:PATH|udp:ADDRESS:PORT"

static const struct option_row events_rows[] = {
    {"journal", 0, "yes|no", "with structured fields", set_journal},
    {"json", 0, PLACE, "one JSON object a line", set_json},
    {"cef", 0, PLACE, "Common Event Format", set_cef},
    {"ecs", 0, PLACE, "Elastic Common Schema", set_ecs},
    {"command", 0, "PROGRAM", "started on each detection", set_command},
    {"command-timeout", 0, "TIME", "then it is ended", set_command_timeout},
    {"command-max", 0, "N", "times a minute", set_command_max},
    {"mail-to", 0, "ADDRESS", "who gets a mail on detection; repeatable",
     set_mail_to},
    {"mail-from", 0, "ADDRESS", "as whom", set_mail_from},
    {"mail-every", 0, "TIME", "no more often than this", set_mail_every},
    {"mail-program", 0, "PROGRAM", "how", set_mail_program},
};

const struct option_list events_section_options = {
    "[events]", "", events_rows, sizeof(events_rows) / sizeof(events_rows[0])};
