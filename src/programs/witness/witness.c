/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "service.h"
#include "sys/file.h"
#include "sys/key_file.h"
#include "sys/sandbox.h"
#include "sys/serving.h"

/* overt-witness: cosigns checkpoints of logs that only ever grow.
 *
 * One process, one thread. It opens its key, its state folder and its socket,
 * then jails itself (docs/sandbox.md): afterwards it can accept connections and
 * replace files in that folder, and nothing else. Only then does it read the
 * first byte from the network. */

#define EXIT_WRONG 2
#define MAX_LOGS_FILE ((size_t)1 << 20)
#define MAX_ANSWER ((size_t)1 << 20)
#define MAX_PASSPHRASE 1024
#define IDLE_SECONDS 30
#define WAKE_MILLISECONDS 1000
/* A connection and the file of its log, the rest of the process. */
#define MAX_DESCRIPTORS (2 * WITNESS_MAX_CONNECTIONS + 32)

static const char usage[] =
    "usage: overt-witness --state DIR --listen ADDRESS:PORT --key FILE --log "
    "KEY...\n"
    "       overt-witness --new-key FILE --name NAME\n"
    "\n"
    "Cosigns checkpoints of append-only logs (c2sp.org/tlog-witness).\n"
    "\n"
    "  --state DIR             its memory; an existing folder of its own\n"
    "  --listen ADDRESS:PORT   numeric; [::1]:PORT for IPv6\n"
    "  --key FILE              the cosigner's private key\n"
    "  --passphrase-file FILE  what the key is encrypted with\n"
    "  --log \"KEY [ORIGIN]\"    a log to be cosigned; may be repeated\n"
    "  --logs FILE             the same, one a line; # begins a comment\n"
    "  --checked               cosign only trees that overt-monitor has "
    "checked\n"
    "                          (its --cosigner is this folder)\n"
    "  --quiet                 say nothing of what is refused\n"
    "  --new-key FILE          make a key, print its public half, and end\n"
    "  --name NAME             of the new key: a URL without its scheme\n"
    "  --no-passphrase         do not encrypt the new key\n"
    "  --help\n";

struct settings {
    const char *state;
    const char *listen;
    const char *key;
    const char *passphrase_file;
    const char *logs_file;
    const char *new_key;
    const char *name;
    bool has_no_passphrase;
    bool is_quiet;
    bool is_gated;
    bool is_help;
};

enum {
    OPT_STATE = 256,
    OPT_LISTEN,
    OPT_KEY,
    OPT_PASSPHRASE_FILE,
    OPT_LOG,
    OPT_LOGS,
    OPT_CHECKED,
    OPT_QUIET,
    OPT_NEW_KEY,
    OPT_NAME,
    OPT_NO_PASSPHRASE,
    OPT_HELP
};

static const struct option options[] = {
    {"state", required_argument, NULL, OPT_STATE},
    {"listen", required_argument, NULL, OPT_LISTEN},
    {"key", required_argument, NULL, OPT_KEY},
    {"passphrase-file", required_argument, NULL, OPT_PASSPHRASE_FILE},
    {"log", required_argument, NULL, OPT_LOG},
    {"logs", required_argument, NULL, OPT_LOGS},
    {"checked", no_argument, NULL, OPT_CHECKED},
    {"quiet", no_argument, NULL, OPT_QUIET},
    {"new-key", required_argument, NULL, OPT_NEW_KEY},
    {"name", required_argument, NULL, OPT_NAME},
    {"no-passphrase", no_argument, NULL, OPT_NO_PASSPHRASE},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static int complain(const char *what, const char *detail)
{
    (void)fprintf(stderr, "overt-witness: %s%s%s\n", what,
                  detail[0] != '\0' ? ": " : "", detail);
    return EXIT_WRONG;
}

/* One line per event. The origin is one of those that were configured. */
static void note(const char *what, struct ov_span origin, uint64_t size)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(8192);

    ov_put_format(&b, "overt-witness: %s: ", what);
    ov_put_escaped(&b, origin);
    ov_put_format(&b, " %llu\n", (unsigned long long)size);
    if (ov_buf_status(&b) == OV_OK)
        (void)!write(STDERR_FILENO, b.ptr, b.len); /* nobody else to tell */
}

static void note_nothing(const char *what, struct ov_span origin, uint64_t size)
{
    (void)what;
    (void)origin;
    (void)size;
}

static uint64_t now(void)
{
    struct timespec t;

    return clock_gettime(CLOCK_REALTIME, &t) == 0 && t.tv_sec > 0
               ? (uint64_t)t.tv_sec
               : 0;
}

static void set_option(struct settings *s, int option, const char *value)
{
    switch (option) {
    case OPT_STATE:
        s->state = value;
        break;
    case OPT_LISTEN:
        s->listen = value;
        break;
    case OPT_KEY:
        s->key = value;
        break;
    case OPT_PASSPHRASE_FILE:
        s->passphrase_file = value;
        break;
    case OPT_LOGS:
        s->logs_file = value;
        break;
    case OPT_NEW_KEY:
        s->new_key = value;
        break;
    case OPT_NAME:
        s->name = value;
        break;
    case OPT_NO_PASSPHRASE:
        s->has_no_passphrase = true;
        break;
    case OPT_CHECKED:
        s->is_gated = true;
        break;
    case OPT_QUIET:
        s->is_quiet = true;
        break;
    case OPT_HELP:
    default:
        s->is_help = true;
        break;
    }
}

/* All options but --log, which needs the service. */
static bool read_options(int argc, char **argv, struct settings *s)
{
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == '?')
            return false;
        if (option != OPT_LOG)
            set_option(s, option, optarg);
    }
    return optind == argc;
}

static bool add_log(struct witness_service *service, struct ov_span text)
{
    const char *wrong = witness_service_add(service, text);

    if (wrong != NULL)
        (void)fprintf(stderr, "overt-witness: --log %.*s: %s\n", (int)text.len,
                      (const char *)text.ptr, wrong);
    return wrong == NULL;
}

static bool add_logs_file(struct witness_service *service, const char *path)
{
    OV_AUTO_DONE(buf) all = ov_buf_with_max(MAX_LOGS_FILE);
    enum ov_status status = ov_file_read(path, &all);
    struct ov_span left = ov_buf_span(&all);
    struct ov_span line;

    if (status != OV_OK) {
        (void)complain(path, ov_status_name(status));
        return false;
    }
    while (left.len > 0) {
        (void)ov_span_cut(&left, '\n', &line);
        if (line.len > 0 && ov_span_byte(line, 0) != '#' &&
            !add_log(service, line))
            return false;
    }
    return true;
}

static bool add_logs(struct witness_service *service, const struct settings *s,
                     int argc, char **argv)
{
    int option;

    optind = 0; /* glibc: from the start */
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == OPT_LOG && !add_log(service, ov_span_str(optarg)))
            return false;
    }
    if (s->logs_file != NULL && !add_logs_file(service, s->logs_file))
        return false;
    if (witness_service_n_logs(service) > 0)
        return true;
    (void)complain("no log to cosign", "give --log or --logs");
    return false;
}

/* An empty one if the key has none. */
static enum ov_status read_key(const struct settings *s, struct ov_key *ret)
{
    char passphrase[MAX_PASSPHRASE];
    struct ov_diag diag = {0};
    enum ov_status status;
    size_t len = 0;

    status = ov_key_file_read(s->key, ov_span_of(NULL, 0), ret, &diag);
    if (status == OV_ENCRYPTED) {
        status = ov_passphrase_get(s->passphrase_file, s->key, passphrase,
                                   sizeof(passphrase), &len);
        if (status == OV_OK)
            status = ov_key_file_read(s->key, ov_span_of(passphrase, len), ret,
                                      &diag);
        explicit_bzero(passphrase, sizeof(passphrase));
    }
    if (status != OV_OK)
        (void)complain(s->key, diag.text[0] != '\0' ? diag.text
                                                    : ov_status_name(status));
    return status;
}

static enum ov_status write_key(const struct settings *s,
                                const struct ov_key *key)
{
    char passphrase[MAX_PASSPHRASE];
    struct ov_diag diag = {0};
    enum ov_status status = OV_OK;
    size_t len = 0;

    if (!s->has_no_passphrase)
        status = ov_passphrase_get(s->passphrase_file, s->name, passphrase,
                                   sizeof(passphrase), &len);
    if (status == OV_OK)
        status = ov_key_file_write(s->new_key, key, ov_span_of(passphrase, len),
                                   &diag);
    explicit_bzero(passphrase, sizeof(passphrase));
    if (status != OV_OK)
        (void)complain(s->new_key, diag.text[0] != '\0'
                                       ? diag.text
                                       : ov_status_name(status));
    return status;
}

static int make_key(const struct settings *s)
{
    OV_AUTO_DONE(buf) text = ov_buf_with_max(1024);
    OV_AUTO_DONE(key) key = {0};
    struct ov_vkey vkey;

    if (s->name == NULL)
        return complain("--new-key needs a --name", "");
    if (ov_key_new(s->name, &key) != OV_OK ||
        ov_vkey_make(s->name, OV_NOTE_COSIGN_ED25519, key.public_key, &vkey) !=
            OV_OK)
        return complain("not the name of a key", s->name);
    if (write_key(s, &key) != OV_OK)
        return EXIT_WRONG;
    ov_put_vkey(&text, &vkey);
    (void)printf("%.*s\n", (int)text.len, (const char *)text.ptr);
    return ov_buf_status(&text) == OV_OK && fflush(stdout) == 0 ? 0
                                                                : EXIT_WRONG;
}

/* What libraries open or ask for when they are first used. */
static bool warm_up(const struct ov_key *key)
{
    uint8_t sig[OV_ED25519_SIG];
    uint8_t digest[OV_DIGEST_MAX];
    struct ov_span text = OV_SPAN_LIT("warm");

    tzset();
    return ov_digest(OV_SHA256, text, digest) == OV_OK &&
           ov_ed25519_sign(key->seed, text, sig) == OV_OK &&
           ov_ed25519_verify(key->public_key, text, sig) == OV_OK;
}

static enum ov_status enter_jail(int folder, struct ov_diag *diag)
{
    const struct ov_jail_service service = {.folder = folder,
                                            .max_open = MAX_DESCRIPTORS};
    const struct ov_confine how = {.profile = OV_PROFILE_WITNESS,
                                   .service = &service};
    struct ov_jail jail;

    return ov_confine(&how, &jail, diag);
}

static int serve(struct witness_service *service, const struct settings *s,
                 int folder, const struct ov_key *key)
{
    const struct ov_http_options how = {
        .listen = s->listen,
        .max_body = OV_WITNESS_MAX_BODY,
        .max_bodies = (size_t)OV_WITNESS_MAX_BODY * WITNESS_MAX_CONNECTIONS,
        .max_answer = MAX_ANSWER,
        .max_connections = WITNESS_MAX_CONNECTIONS,
        .idle_seconds = IDLE_SECONDS,
        .data = service,
        .handle = witness_service_handle,
        .settle = witness_service_settle,
    };
    OV_AUTO(http_server) server = NULL;
    struct ov_diag diag = {0};
    enum ov_status status = OV_OK;

    if (ov_http_server_new(&how, &server, &diag) != OV_OK)
        return complain("cannot start", diag.text);
    if (!ov_serving_catch_signals() || !warm_up(key))
        return complain("cannot start", "signals or cryptography");
    if (enter_jail(folder, &diag) != OV_OK)
        return complain("cannot jail itself", diag.text);
    (void)fprintf(stderr, "overt-witness: ready on port %u, %zu logs\n",
                  ov_http_server_port(server), witness_service_n_logs(service));
    while (status == OV_OK && !ov_serving_is_ended())
        status = ov_http_server_run(server, WAKE_MILLISECONDS);
    return status == OV_OK ? 0 : complain("the server failed", "");
}

static int run(const struct settings *s, int argc, char **argv)
{
    OV_AUTO_DONE(key) key = {0};
    struct witness_signer signer = {.seed = key.seed,
                                    .is_gated = s->is_gated,
                                    .now = now,
                                    .note = s->is_quiet ? note_nothing : note};
    struct ov_ledger folder;
    struct witness_service *service = NULL;
    struct ov_diag diag = {0};
    int code = EXIT_WRONG;

    if (read_key(s, &key) != OV_OK)
        return EXIT_WRONG;
    if (ov_vkey_make(key.name, OV_NOTE_COSIGN_ED25519, key.public_key,
                     &signer.key) != OV_OK)
        return complain("not the name of a key", key.name);
    if (ov_ledger_open(s->state, &folder, &diag) != OV_OK)
        return complain("state folder", diag.text);
    if (witness_service_new(&signer, &folder, &service) != OV_OK)
        (void)complain("out of memory", "");
    else if (add_logs(service, s, argc, argv)) {
        if (witness_service_load(service, &diag) == OV_OK)
            code = serve(service, s, folder.fd, &key);
        else
            (void)complain("state folder", diag.text);
    }
    witness_service_free(service);
    ov_ledger_close(&folder);
    return code;
}

int main(int argc, char **argv)
{
    struct settings s = {0};

    /* Nothing that was inherited stays open in the jail. */
    if (close_range(STDERR_FILENO + 1, ~0u, 0) != 0)
        return complain("cannot close descriptors", "");
    if (!read_options(argc, argv, &s)) {
        (void)fputs(usage, stderr);
        return EXIT_WRONG;
    }
    if (s.is_help)
        return fputs(usage, stdout) >= 0 ? 0 : EXIT_WRONG;
    if (s.new_key != NULL)
        return make_key(&s);
    if (s.state == NULL || s.listen == NULL || s.key == NULL) {
        (void)fputs(usage, stderr);
        return EXIT_WRONG;
    }
    return run(&s, argc, argv);
}
