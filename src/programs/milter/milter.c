/* SPDX-License-Identifier: Apache-2.0 */
#include <libmilter/mfapi.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "host/config.h"
#include "host/output.h"
#include "host/setting_value.h"
#include "letter.h"
#include "sys/deny.h"
#include "sys/landlock.h"

/* overt-milter: the door for mail servers (Sendmail's milter protocol, which
 * Postfix speaks, too). libmilter reads the protocol, a thread for each
 * connection; this program keeps each mail in memory, asks the daemon, and
 * tells the server what to do. */

#define MIB ((uint64_t)1 << 20)
#define MAX_SECONDS 86400000u /* in milliseconds: a day */
#define MAX_SHOWN 200         /* of a rule's name in an answer */

enum on_found {
    FOUND_REJECT,
    FOUND_DISCARD,
    FOUND_QUARANTINE,
    FOUND_TAG
};

enum on_inconclusive {
    UNSURE_TAG,
    UNSURE_TEMPFAIL,
    UNSURE_REJECT
};

enum on_absent {
    ABSENT_TEMPFAIL,
    ABSENT_TAG
};

struct settings {
    const char *listen; /* as libmilter takes it */
    unsigned mode;      /* of a local socket */
    const char *daemon;
    uint64_t max_message;
    uint64_t timeout_ms;
    unsigned found;
    unsigned inconclusive;
    unsigned absent;
    bool has_no_headers;
};

/* Set before the first thread starts, and never again. */
static struct settings settings = {
    .listen = "unix:/run/overt/milter.sock",
    .mode = 0660,
    .daemon = "/run/overt/clamd.ctl",
    .max_message = 100 * MIB,
    .timeout_ms = 300000,
};

static const char *set_found(void *data, const char *value)
{
    static const char *const words[] = {"reject", "discard", "quarantine",
                                        "tag", NULL};

    return setting_choice(&((struct settings *)data)->found, value, words,
                          "not one of reject, discard, quarantine, tag");
}

static const char *set_inconclusive(void *data, const char *value)
{
    static const char *const words[] = {"tag", "tempfail", "reject", NULL};

    return setting_choice(&((struct settings *)data)->inconclusive, value,
                          words, "not one of tag, tempfail, reject");
}

static const char *set_absent(void *data, const char *value)
{
    static const char *const words[] = {"tempfail", "tag", NULL};

    return setting_choice(&((struct settings *)data)->absent, value, words,
                          "not one of tempfail, tag");
}

SETTING(set_listen, settings, setting_text(&s->listen, value))
SETTING(set_mode, settings, setting_mode(&s->mode, value))
SETTING(set_daemon, settings, setting_path(&s->daemon, value))
SETTING(set_max, settings, setting_size(&s->max_message, value))
SETTING(set_timeout, settings, setting_time(&s->timeout_ms, value))
SETTING_SWITCH(set_no_headers, settings, s->has_no_headers = true)

static const struct option_row rows[] = {
    {"listen", 0, "SOCKET", "unix:PATH or inet:PORT@ADDRESS", set_listen},
    {"socket-mode", 0, "MODE", "of unix:PATH, octal (660)", set_mode},
    {"daemon", 0, "PATH", "overtd's socket (/run/overt/clamd.ctl)", set_daemon},
    {"max-message", 0, "SIZE", "largest mail (100M; 0: any)", set_max},
    {"timeout", 0, "TIME", "how long the daemon may take (5m)", set_timeout},
    {"on-detection", 0, "WHAT", "reject, discard, quarantine or tag (reject)",
     set_found},
    {"inconclusive", 0, "WHAT", "tag, tempfail or reject (tag)",
     set_inconclusive},
    {"no-daemon", 0, "WHAT", "tempfail or tag (tempfail)", set_absent},
    {"no-headers", 0, NULL, "add no fields to mails", set_no_headers},
};

static const struct option_list options = {
    "overt-milter",
    "[OPTION]...\nThe same options stand in overt.conf, [milter].", rows,
    sizeof(rows) / sizeof(rows[0])};

/* ---- a mail, part by part; see libmilter's documentation ---- */

static void forget(SMFICTX *context)
{
    struct letter *l = smfi_getpriv(context);

    if (l != NULL) {
        letter_done(l);
        ov_free(l);
        (void)smfi_setpriv(context, NULL);
    }
}

static sfsistat on_from(SMFICTX *context, char **arguments)
{
    struct letter *l;

    (void)arguments;
    forget(context);
    l = ov_alloc(sizeof(*l));
    if (l == NULL)
        return SMFIS_TEMPFAIL;
    letter_begin(l, settings.max_message);
    if (smfi_setpriv(context, l) != MI_SUCCESS) {
        letter_done(l);
        ov_free(l);
        return SMFIS_TEMPFAIL;
    }
    return SMFIS_CONTINUE;
}

static sfsistat on_header(SMFICTX *context, char *name, char *value)
{
    struct letter *l = smfi_getpriv(context);

    if (l == NULL)
        return SMFIS_TEMPFAIL;
    letter_add_header(l, ov_span_str(name), ov_span_str(value));
    return SMFIS_CONTINUE;
}

static sfsistat on_headers_end(SMFICTX *context)
{
    struct letter *l = smfi_getpriv(context);

    if (l == NULL)
        return SMFIS_TEMPFAIL;
    letter_end_headers(l);
    return SMFIS_CONTINUE;
}

static sfsistat on_body(SMFICTX *context, unsigned char *bytes, size_t len)
{
    struct letter *l = smfi_getpriv(context);

    if (l == NULL)
        return SMFIS_TEMPFAIL;
    letter_add_body(l, ov_span_of(bytes, len));
    return SMFIS_CONTINUE;
}

/* Names of rules are hostile: no line ends, no format, no markup of mail. */
static void put_shown(char text[static MAX_SHOWN + 1], struct ov_span name)
{
    size_t n = 0;

    for (; n < MAX_SHOWN && n < name.len; n++) {
        int c = ov_span_byte(name, n);
        bool is_plain =
            ov_is_alnum((uint8_t)c) || strchr(".-_: ()/", c) != NULL;

        text[n] = (char)(is_plain && c != '\0' ? c : '_');
    }
    text[n] = '\0';
}

static bool add_headers(SMFICTX *context, const struct letter *l,
                        const char *status)
{
    static char name[] = LETTER_STATUS;
    static char scanned[] = LETTER_SCANNED;
    static char by[] = "Overt " OV_VERSION;
    char value[MAX_SHOWN + 64];

    if (settings.has_no_headers)
        return true;
    /* Whoever sent it may not say that it is clean. */
    for (unsigned i = l->n_forged; i > 0; i--)
        if (smfi_chgheader(context, name, (int)i, NULL) != MI_SUCCESS)
            return false;
    (void)snprintf(value, sizeof(value), "%s", status);
    return smfi_addheader(context, scanned, by) == MI_SUCCESS &&
           smfi_addheader(context, name, value) == MI_SUCCESS;
}

static sfsistat tag(SMFICTX *context, const struct letter *l,
                    const char *status)
{
    return add_headers(context, l, status) ? SMFIS_ACCEPT : SMFIS_TEMPFAIL;
}

static sfsistat refuse(SMFICTX *context, const char *text)
{
    char code[] = "550";
    char extended[] = "5.7.1";
    char words[MAX_SHOWN + 64];

    (void)snprintf(words, sizeof(words), "%s", text);
    /* Without the words it is refused, too. */
    (void)smfi_setreply(context, code, extended, words);
    return SMFIS_REJECT;
}

static sfsistat tell_found(SMFICTX *context, const struct letter *l,
                           const char *name)
{
    char text[MAX_SHOWN + 64];

    (void)snprintf(text, sizeof(text), "Infected (%s)", name);
    switch (settings.found) {
    case FOUND_TAG:
        return tag(context, l, text);
    case FOUND_QUARANTINE:
        if (!add_headers(context, l, text) ||
            smfi_quarantine(context, text) != MI_SUCCESS)
            return SMFIS_TEMPFAIL;
        return SMFIS_ACCEPT;
    case FOUND_DISCARD:
        return SMFIS_DISCARD;
    case FOUND_REJECT:
    default:
        (void)snprintf(text, sizeof(text), "Malware was found: %s", name);
        return refuse(context, text);
    }
}

static sfsistat tell_inconclusive(SMFICTX *context, const struct letter *l,
                                  const char *why, bool is_asked)
{
    char text[MAX_SHOWN + 64];

    (void)snprintf(text, sizeof(text), "Inconclusive (%s)", why);
    if (is_asked ? settings.inconclusive == UNSURE_TAG
                 : settings.absent == ABSENT_TAG)
        return tag(context, l, text);
    if (is_asked && settings.inconclusive == UNSURE_REJECT)
        return refuse(context, text);
    return SMFIS_TEMPFAIL;
}

static sfsistat on_end(SMFICTX *context)
{
    struct letter *l = smfi_getpriv(context);
    char buffer[OV_CLAMD_REPLY_MAX];
    char name[MAX_SHOWN + 1];
    struct ov_clamd_reply reply;
    sfsistat result;
    bool is_asked;

    if (l == NULL)
        return SMFIS_TEMPFAIL;
    is_asked = letter_ask(l, settings.daemon,
                          (unsigned)(settings.timeout_ms / 1000) + 1, buffer,
                          &reply) == OV_OK;
    put_shown(name, reply.name);
    if (reply.verdict == OV_CLAMD_CLEAN)
        result = tag(context, l, "Clean");
    else if (reply.verdict == OV_CLAMD_FOUND)
        result = tell_found(context, l, name);
    else
        result = tell_inconclusive(context, l, name, is_asked);
    if (reply.verdict != OV_CLAMD_CLEAN)
        out_error("%s: %s",
                  reply.verdict == OV_CLAMD_FOUND ? "found" : "inconclusive",
                  name);
    forget(context);
    return result;
}

static sfsistat on_abort(SMFICTX *context)
{
    forget(context);
    return SMFIS_CONTINUE;
}

/* ---- the program ---- */

static bool start_listening(void)
{
    static char name[] = "overt-milter";
    static const struct smfiDesc filter = {
        .xxfi_name = name,
        .xxfi_version = SMFI_VERSION,
        .xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE,
        .xxfi_envfrom = on_from,
        .xxfi_header = on_header,
        .xxfi_eoh = on_headers_end,
        .xxfi_body = on_body,
        .xxfi_eom = on_end,
        .xxfi_abort = on_abort,
        .xxfi_close = on_abort,
    };
    char where[256];
    int n = snprintf(where, sizeof(where), "%s", settings.listen);
    bool is_good;

    if (n < 0 || (size_t)n >= sizeof(where)) {
        out_error("listen: too long: %s", settings.listen);
        return false;
    }
    (void)umask(~settings.mode & 0777);
    is_good = smfi_register(filter) == MI_SUCCESS &&
              smfi_setconn(where) == MI_SUCCESS &&
              smfi_opensocket(true) == MI_SUCCESS;
    (void)umask(077);
    if (!is_good)
        out_error("cannot listen on %s; write unix:PATH or inet:PORT@ADDRESS, "
                  "and look whether the folder is there and ours",
                  settings.listen);
    return is_good;
}

/* No file but what the system's log needs, no program, no other socket than
 * local ones and the Internet's. */
static bool enter_jail(void)
{
    static const char *const readable[] = {"/etc/localtime",
                                           "/usr/share/zoneinfo"};
    const struct ov_landlock_places places = {
        NULL, 0, readable, sizeof(readable) / sizeof(readable[0])};
    struct ov_diag diag = {0};

    if (ov_landlock_service(&places) != OV_OK) {
        out_error("cannot jail itself: this kernel has no Landlock");
        return false;
    }
    if (ov_deny(OV_DENY_SERVICE, &diag) != OV_OK) {
        out_error("cannot jail itself: %s", diag.text);
        return false;
    }
    return true;
}

static bool read_settings(int argc, char **argv, bool *is_help)
{
    if (!config_apply(&options, "milter", &settings) ||
        !options_parse(&options, &argc, argv, &settings, is_help))
        return false;
    if (argc > 1 && !*is_help) {
        out_error("%s: no such argument; overt-milter --help lists options",
                  argv[1]);
        return false;
    }
    if (settings.max_message == 0)
        settings.max_message = INT64_MAX;
    if (settings.timeout_ms == 0 || settings.timeout_ms > MAX_SECONDS)
        settings.timeout_ms = MAX_SECONDS;
    return true;
}

int main(int argc, char **argv)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    bool is_help = false;

    out_set_program("overt-milter");
    if (close_range(STDERR_FILENO + 1, ~0u, 0) != 0 ||
        sigaction(SIGPIPE, &ignore, NULL) != 0)
        return 2;
    if (!read_settings(argc, argv, &is_help))
        return 2;
    if (is_help)
        return 0;
    if (!start_listening() || !enter_jail())
        return 2;
    out_error("ready on %s", settings.listen);
    return smfi_main() == MI_SUCCESS ? 0 : 2;
}
