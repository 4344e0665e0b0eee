/* SPDX-License-Identifier: Apache-2.0 */
#include "settings.h"
#include "sys/spawn.h"

/* [scan] and [update] as overtd takes them: rules and limits hold for it as for
 * overt scan, and overt update is started by it. What only concerns those is
 * known, and left alone. */

#define MAX_SECONDS 86400

SETTING(set_rules, scan_section, setting_add(&s->rules, value))
SETTING(set_define, scan_section, rule_set_define(&s->defines, value))
SETTING(set_state, scan_section, setting_path(&s->state, value))
SETTING(set_key, scan_section, setting_path(&s->cvd_key, value))
SETTING_SWITCH(set_unsigned, scan_section, s->allow_unsigned = true)
SETTING_SWITCH(set_unwanted, scan_section, s->open.flags |= OV_SCAN_UNWANTED)
SETTING_SWITCH(set_all, scan_section, s->open.flags |= OV_SCAN_ALL_MATCHES)
SETTING_SWITCH(set_profile, scan_section, s->open.flags |= OV_SCAN_PROFILE)
SETTING_SWITCH(set_best_effort, scan_section,
               s->spawn_flags = OV_SPAWN_BEST_EFFORT)

/* 0 is none, as clamscan has it. */
static const char *limit(uint64_t *to, const char *value)
{
    uint64_t n;
    const char *wrong = setting_size(&n, value);

    if (wrong == NULL)
        *to = n == 0 ? UINT64_MAX : n;
    return wrong;
}

SETTING(set_scansize, scan_section,
        limit(&s->open.limits[OV_COST_BYTES], value))
SETTING(set_files, scan_section, limit(&s->open.limits[OV_COST_OBJECTS], value))
SETTING(set_steps, scan_section, limit(&s->open.limits[OV_COST_STEPS], value))
SETTING(set_matches, scan_section,
        limit(&s->open.limits[OV_COST_MATCHES], value))
SETTING(set_filesize, scan_section, limit(&s->open.max_object, value))

static const char *set_recursion(void *data, const char *value)
{
    uint64_t n;

    if (!option_number(value, UINT32_MAX, &n) || n == 0)
        return "not a depth of 1 or more";
    ((struct scan_section *)data)->open.max_depth = (uint32_t)n;
    return NULL;
}

static const char *set_scantime(void *data, const char *value)
{
    uint64_t n;

    if (!option_number(value, MAX_SECONDS, &n) || n == 0)
        return "not a number of seconds from 1 to 86400";
    ((struct scan_section *)data)->timeout_ms = (unsigned)n * 1000;
    return NULL;
}

static const char *leave(void *data, const char *value)
{
    (void)data;
    (void)value;
    return NULL;
}

#define ONLY_OVERT "for overt scan only"

static const struct option_row scan_rows[] = {
    {"rules", 0, "PATH", "rule file, folder or image; repeatable", set_rules},
    {"define", 0, "NAME=VALUE", "external variable of YARA rules", set_define},
    {"state", 0, "DIR", "where overt update has installed rules", set_state},
    {"unwanted", 0, NULL, "rules for unwanted software, too", set_unwanted},
    {"all-matches", 0, NULL, "every rule that holds", set_all},
    {"cvd-key", 0, "FILE", "public key of .cvd and .cld files", set_key},
    {"allow-unsigned", 0, NULL, "take .cvd whose signature fails",
     set_unsigned},
    {"max-filesize", 0, "SIZE", "largest file or member", set_filesize},
    {"max-scansize", 0, "SIZE", "bytes looked at", set_scansize},
    {"max-files", 0, "N", "members", set_files},
    {"max-recursion", 0, "N", "depth of nesting", set_recursion},
    {"max-scantime", 0, "SECONDS", "by the clock", set_scantime},
    {"max-steps", 0, "N", "work", set_steps},
    {"max-matches", 0, "N", "places where patterns match", set_matches},
    {"profile-rules", 0, NULL, "which rule costs what; overt top", set_profile},
    {"best-effort-jail", 0, NULL, "go on where a jail step is not possible",
     set_best_effort},
    {"exclude", 0, "GLOB", ONLY_OVERT, leave},
    {"include", 0, "GLOB", ONLY_OVERT, leave},
    {"files-from", 0, "FILE", ONLY_OVERT, leave},
    {"follow", 0, NULL, ONLY_OVERT, leave},
    {"one-file-system", 0, NULL, ONLY_OVERT, leave},
    {"explain", 0, NULL, ONLY_OVERT, leave},
    {"heuristics", 0, NULL, ONLY_OVERT, leave},
    {"fail-on-suspicious", 0, NULL, ONLY_OVERT, leave},
    {"json", 0, NULL, ONLY_OVERT, leave},
    {"verbose", 0, NULL, ONLY_OVERT, leave},
    {"quiet", 0, NULL, ONLY_OVERT, leave},
    {"jobs", 0, "N", ONLY_OVERT, leave},
    {"no-cache", 0, NULL, ONLY_OVERT, leave},
    {"quarantine", 0, NULL, ONLY_OVERT, leave},
    {"cloud", 0, NULL, ONLY_OVERT, leave},
    {"no-cloud", 0, NULL, ONLY_OVERT, leave},
    {"password", 0, "WORD", ONLY_OVERT, leave},
    {"password-file", 0, "FILE", ONLY_OVERT, leave},
    {"module-data", 0, "MODULE=FILE", ONLY_OVERT, leave},
    {"pid", 0, "N", ONLY_OVERT, leave},
    {"wait-on-battery", 0, NULL, ONLY_OVERT, leave},
};

/* ---- [update] ---- */

SETTING(set_from, update_section, setting_add(&s->from, value))
SETTING(set_interval, update_section, setting_time(&s->interval_ms, value))
SETTING(set_update_state, update_section, setting_path(&s->state, value))

#define ONLY_UPDATE "for overt update only"

static const struct option_row update_rows[] = {
    {"from", 0, "PLACE", "mirror, folder or bundle; repeatable", set_from},
    {"interval", 0, "TIME", "how often overtd updates, about; 0: never",
     set_interval},
    {"state", 0, "DIR", "where to keep what is installed", set_update_state},
    {"root", 0, "FILE", ONLY_UPDATE, leave},
    {"channel", 0, "NAME", ONLY_UPDATE, leave},
    {"hold", 0, "TIME", ONLY_UPDATE, leave},
    {"clean-corpus", 0, "DIR", ONLY_UPDATE, leave},
    {"check", 0, NULL, ONLY_UPDATE, leave},
    {"json", 0, NULL, ONLY_UPDATE, leave},
    {"quiet", 0, NULL, ONLY_UPDATE, leave},
    {"best-effort-jail", 0, NULL, ONLY_UPDATE, leave},
};

#define LIST(rows) "", (rows), sizeof(rows) / sizeof((rows)[0])

const struct option_list scan_section_options = {"[scan]", LIST(scan_rows)};
const struct option_list update_section_options = {"[update]",
                                                   LIST(update_rows)};
