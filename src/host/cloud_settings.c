/* SPDX-License-Identifier: Apache-2.0 */
#include "host/cloud_settings.h"

#include <limits.h>
#include <string.h>

#include "base/buf.h"
#include "host/config.h"
#include "sys/file.h"

#define MODE_FILE "cloud-mode"
#define MAX_MODE ((size_t)1 << 20)

static const struct {
    const char *word;
    const char *what;
    const char *sends;
} modes[] = {

#define CLOUD_MODE(id, word, what, sends) {word, what, sends},
#include "host/cloud_mode.def"
#undef CLOUD_MODE
};

const char *cloud_mode_word(enum cloud_mode m)
{
    return modes[m < CLOUD_N_MODES ? m : CLOUD_OFF].word;
}

const char *cloud_mode_what(enum cloud_mode m)
{
    return modes[m < CLOUD_N_MODES ? m : CLOUD_OFF].what;
}

const char *cloud_mode_sends(enum cloud_mode m)
{
    return modes[m < CLOUD_N_MODES ? m : CLOUD_OFF].sends;
}

bool cloud_mode_parse(const char *word, enum cloud_mode *ret)
{
    for (unsigned i = 0; i < CLOUD_N_MODES; i++) {
        if (strcmp(word, modes[i].word) == 0) {
            *ret = (enum cloud_mode)i;
            return true;
        }
    }
    return false;
}

/* ---- overt.conf ---- */

SETTING(set_server, cloud_settings, setting_add(&s->servers, value))
SETTING(set_relay, cloud_settings, setting_add(&s->relays, value))
SETTING(set_own, cloud_settings, setting_add(&s->own, value))
SETTING(set_own_state, cloud_settings, setting_path(&s->own_state, value))

static const char *set_tier(void *data, const char *value)
{
    if (strcmp(value, "lite") != 0 && strcmp(value, "std") != 0 &&
        strcmp(value, "max") != 0)
        return "not a tier: lite, std or max";
    ((struct cloud_settings *)data)->tier = value;
    return NULL;
}

static const char *set_mode(void *data, const char *value)
{
    return cloud_mode_parse(value, &((struct cloud_settings *)data)->mode)
               ? NULL
               : "not a mode: off, mirror, prefix, relay or contribute";
}

static const struct option_row rows[] = {
    {"server", 0, "PLACE", "http(s) address, folder or bundle; repeatable",
     set_server},
    {"relay", 0, "PLACE", "the same, for the mode relay; repeatable",
     set_relay},
    {"own", 0, "PLACE", "the same, of your own cloud; repeatable", set_own},
    {"own-state", 0, "DIR", "the state that trusts your own cloud's publisher",
     set_own_state},
    {"tier", 0, "NAME", "how much is kept here: lite, std (default), max",
     set_tier},
    {"mode", 0, "NAME", "how it is used until overt cloud mode says", set_mode},
};

const struct option_list cloud_options = {"[cloud]", "", rows,
                                          sizeof(rows) / sizeof(rows[0])};

bool cloud_settings_load(struct cloud_settings *s)
{
    *s = (struct cloud_settings){.tier = "std", .mode = CLOUD_OFF};
    return config_apply(&cloud_options, "cloud", s);
}

/* ---- what the owner said ---- */

enum cloud_mode cloud_mode_of(const struct cloud_settings *s, const char *state)
{
    OV_AUTO_DONE(buf) path = ov_buf_with_max(PATH_MAX);
    OV_AUTO_DONE(buf) text = ov_buf_with_max(MAX_MODE);
    enum cloud_mode mode = CLOUD_OFF;
    enum ov_status status;

    ov_put_format(&path, "%s/%s", state, MODE_FILE);
    ov_put_u8(&path, 0);
    if (ov_buf_status(&path) != OV_OK)
        return CLOUD_OFF;
    status = ov_file_read((char *)path.ptr, &text);
    if (status == OV_NOT_FOUND)
        return s->mode;
    ov_put_u8(&text, 0);
    /* What cannot be read is no leave to send. */
    if (status != OV_OK || ov_buf_status(&text) != OV_OK ||
        !cloud_mode_parse((char *)text.ptr, &mode))
        return CLOUD_OFF;
    return mode;
}

const struct setting_list *cloud_places(const struct cloud_settings *s,
                                        enum cloud_mode mode)
{
    return mode == CLOUD_RELAY ? &s->relays : &s->servers;
}
