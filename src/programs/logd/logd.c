/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "log_service.h"
#include "log_turn.h"
#include "sys/deny.h"
#include "sys/file.h"
#include "sys/landlock.h"
#include "sys/log_client.h"

/* overt-logd: writes one transparency log. See sequencer.c for what it does and
 * in which order, log_folder.c for what it remembers, docs/protocol-log.md for
 * its files and its socket. */

#define EXIT_REFUSED 1
#define EXIT_MACHINE 2
#define EXIT_NO_QUORUM 3
#define MAX_PASSPHRASE 1024
#define MAX_EXTRA 32
#define DEFAULT_TIMEOUT_MS 30000
#define CHUNK ((size_t)1 << 18)

static volatile sig_atomic_t is_ended;

static void on_end(int number)
{
    (void)number;
    is_ended = 1;
}

static const char usage[] =
    "usage: overt-logd init DIR --origin NAME [--key FILE] [--publish DIR]\n"
    "       overt-logd run DIR [--policy FILE] [--witness URL=KEY]...\n"
    "       overt-logd add DIR FILE... [--wait]\n"
    "       overt-logd once DIR [--policy FILE] [--witness URL=KEY]...\n"
    "       overt-logd prove DIR INDEX [-o FILE]\n"
    "       overt-logd status DIR\n"
    "       overt-logd turn DIR --origin NAME --key FILE\n"
    "\n"
    "Writes a transparency log (c2sp.org/tlog-tiles) of small signed notes.\n"
    "\n"
    "  --origin NAME           of the new, or next, log: a URL without its "
    "scheme\n"
    "  --key FILE              its private key, made if missing (DIR/log.key)\n"
    "  --no-passphrase         do not encrypt a new key\n"
    "  --passphrase-file FILE  what the key is encrypted with\n"
    "  --publish DIR           where the static files go (DIR/log)\n"
    "  --policy FILE           publish only what this policy accepts\n"
    "                          (c2sp.org/tlog-policy); its witnesses are "
    "asked\n"
    "  --witness URL=KEY       ask this one, too; may be repeated\n"
    "  --interval MS           at least between two checkpoints (500)\n"
    "  --refresh SECONDS       have an unchanged log cosigned again (3600)\n"
    "  --timeout SECONDS       once, --wait: how long to wait (30)\n"
    "  --wait                  until the entries are published\n"
    "  -o FILE                 where the proof goes (standard output)\n"
    "  --help\n"
    "\n"
    "Exit status: 0 done, 1 the log is refused or must not go on, 2 wrong use\n"
    "or a machine's error, 3 no quorum of witnesses in time.\n";

struct settings {
    const char *origin;
    const char *key;
    const char *passphrase_file;
    const char *publish;
    const char *policy;
    const char *output;
    const char *witnesses[MAX_EXTRA];
    size_t n_witnesses;
    uint64_t interval_ms;
    uint64_t refresh_seconds;
    uint64_t timeout_seconds;
    bool has_no_passphrase;
    bool is_waiting;
    bool is_help;
};

enum {
    OPT_ORIGIN = 256,
    OPT_KEY,
    OPT_NO_PASSPHRASE,
    OPT_PASSPHRASE_FILE,
    OPT_PUBLISH,
    OPT_POLICY,
    OPT_WITNESS,
    OPT_INTERVAL,
    OPT_REFRESH,
    OPT_TIMEOUT,
    OPT_WAIT,
    OPT_HELP
};

static const struct option options[] = {
    {"origin", required_argument, NULL, OPT_ORIGIN},
    {"key", required_argument, NULL, OPT_KEY},
    {"no-passphrase", no_argument, NULL, OPT_NO_PASSPHRASE},
    {"passphrase-file", required_argument, NULL, OPT_PASSPHRASE_FILE},
    {"publish", required_argument, NULL, OPT_PUBLISH},
    {"policy", required_argument, NULL, OPT_POLICY},
    {"witness", required_argument, NULL, OPT_WITNESS},
    {"interval", required_argument, NULL, OPT_INTERVAL},
    {"refresh", required_argument, NULL, OPT_REFRESH},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"wait", no_argument, NULL, OPT_WAIT},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static int complain(const struct ov_diag *diag, enum ov_status s)
{
    (void)fprintf(stderr, "overt-logd: %s\n",
                  diag->text[0] != 0 ? diag->text : ov_status_name(s));
    if (s == OV_TIMED_OUT)
        return EXIT_NO_QUORUM;
    return ov_status_class(s) == OV_CLASS_PROOF ? EXIT_REFUSED : EXIT_MACHINE;
}

static int misuse(const char *text)
{
    (void)fprintf(stderr, "overt-logd: %s\n", text);
    return EXIT_MACHINE;
}

static bool set_text(struct settings *s, int option, const char *value)
{
    const char **to = NULL;

    if (option == OPT_ORIGIN)
        to = &s->origin;
    else if (option == OPT_KEY)
        to = &s->key;
    else if (option == OPT_PASSPHRASE_FILE)
        to = &s->passphrase_file;
    else if (option == OPT_PUBLISH)
        to = &s->publish;
    else if (option == OPT_POLICY)
        to = &s->policy;
    else if (option == 'o')
        to = &s->output;
    if (to != NULL)
        *to = value;
    return to != NULL;
}

static bool set_number(struct settings *s, int option, const char *value)
{
    struct ov_span text = ov_span_str(value);

    if (option == OPT_INTERVAL)
        return ov_parse_uint(text, 3600000, &s->interval_ms);
    if (option == OPT_REFRESH)
        return ov_parse_uint(text, 86400, &s->refresh_seconds);
    return ov_parse_uint(text, 86400, &s->timeout_seconds);
}

static bool set_option(struct settings *s, int option, const char *value)
{
    if (set_text(s, option, value))
        return true;
    switch (option) {
    case OPT_WITNESS:
        if (s->n_witnesses == MAX_EXTRA)
            return false;
        s->witnesses[s->n_witnesses++] = value;
        return true;
    case OPT_INTERVAL:
    case OPT_REFRESH:
    case OPT_TIMEOUT:
        return set_number(s, option, value);
    case OPT_NO_PASSPHRASE:
        s->has_no_passphrase = true;
        return true;
    case OPT_WAIT:
        s->is_waiting = true;
        return true;
    case OPT_HELP:
        s->is_help = true;
        return true;
    default:
        return false;
    }
}

static bool read_options(int argc, char **argv, struct settings *s)
{
    int option;

    while ((option = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
        if (option == '?')
            return false;
        if (!set_option(s, option, optarg)) {
            (void)fprintf(stderr, "overt-logd: wrong value: %s\n", optarg);
            return false;
        }
    }
    return true;
}

/* ---- keys ---- */

/* An existing key; its passphrase is asked for only if it has one. */
static enum ov_status load_key(const char *path, const struct settings *set,
                               struct ov_key *ret, struct ov_diag *diag)
{
    char phrase[MAX_PASSPHRASE];
    size_t len;
    enum ov_status s =
        ov_key_file_read(path, (struct ov_span){NULL, 0}, ret, diag);

    if (s != OV_ENCRYPTED)
        return s;
    s = ov_passphrase_get(set->passphrase_file, path, phrase, sizeof(phrase),
                          &len);
    if (s != OV_OK)
        return ov_diag_set(diag, s, 0, "%s: no passphrase (%s)", path,
                           ov_status_name(s));
    s = ov_key_file_read(path, ov_span_of(phrase, len), ret, diag);
    explicit_bzero(phrase, sizeof(phrase));
    return s;
}

static enum ov_status make_key(const char *path, const struct settings *set,
                               struct ov_key *ret, struct ov_diag *diag)
{
    char phrase[MAX_PASSPHRASE];
    size_t len = 0;
    enum ov_status s = OV_OK;

    if (set->has_no_passphrase)
        (void)fprintf(
            stderr, "overt-logd: %s IS NOT ENCRYPTED: for trials only\n", path);
    else
        s = ov_passphrase_get(set->passphrase_file, path, phrase,
                              sizeof(phrase), &len);
    if (s != OV_OK)
        return ov_diag_set(diag, s, 0,
                           "%s: a new key needs a passphrase "
                           "(--passphrase-file), or --no-passphrase",
                           path);
    OV_TRY(ov_key_new(set->origin, ret));
    s = ov_key_file_write(path, ret, ov_span_of(phrase, len), diag);
    explicit_bzero(phrase, sizeof(phrase));
    return s;
}

static enum ov_status write_public(const char *key_path,
                                   const struct ov_vkey *k,
                                   struct ov_diag *diag)
{
    OV_AUTO_DONE(buf) b = ov_buf_with_max(4096);
    char path[LOG_PATH_MAX];

    if (snprintf(path, sizeof(path), "%s.pub", key_path) >= LOG_PATH_MAX)
        return OV_USAGE;
    ov_put_vkey(&b, k);
    ov_put_u8(&b, '\n');
    OV_TRY(ov_buf_status(&b));
    return ov_file_replace(path, ov_buf_span(&b), 0644, diag);
}

/* The key with its name, of this origin. */
static enum ov_status key_for(const char *path, const struct settings *set,
                              struct ov_vkey *ret, struct ov_diag *diag)
{
    OV_AUTO_DONE(key) key = {.name = {0}};

    enum ov_status s = load_key(path, set, &key, diag);

    if (s == OV_NOT_FOUND)
        s = make_key(path, set, &key, diag);
    OV_TRY(s);
    if (strcmp(key.name, set->origin) != 0)
        return ov_diag_set(diag, OV_USAGE, 0, "%s is the key of %s", path,
                           key.name);
    if (ov_vkey_make(key.name, OV_NOTE_ED25519, key.public_key, ret) != OV_OK)
        return ov_diag_set(diag, OV_USAGE, 0,
                           "an origin has no spaces and no plus signs");
    return write_public(path, ret, diag);
}

/* ---- commands ---- */

/* Paths in the settings are absolute, or below DIR. */
static bool full_path(const char *dir, const char *given, const char *preset,
                      char ret[static LOG_PATH_MAX])
{
    char here[LOG_PATH_MAX] = "";
    int n;

    if (given == NULL)
        n = snprintf(ret, LOG_PATH_MAX, "%s/%s", dir, preset);
    else if (given[0] == '/')
        n = snprintf(ret, LOG_PATH_MAX, "%s", given);
    else if (getcwd(here, sizeof(here)) == NULL)
        return false;
    else
        n = snprintf(ret, LOG_PATH_MAX, "%s/%s", here, given);
    return n > 0 && n < LOG_PATH_MAX;
}

static int cmd_init(const char *dir, const struct settings *set)
{
    struct ov_diag diag = {.line = 0};
    char key_path[LOG_PATH_MAX];
    char publish[LOG_PATH_MAX];
    struct ov_vkey key;
    enum ov_status s;

    if (set->origin == NULL || !ov_key_name_is_valid(ov_span_str(set->origin)))
        return misuse("init needs --origin, without spaces and plus signs");
    if (!full_path(dir, set->key, "log.key", key_path) ||
        !full_path(dir, set->publish, "log", publish))
        return misuse("a path is too long");
    s = log_folder_make(dir, &diag);
    if (s == OV_OK)
        s = key_for(key_path, set, &key, &diag);
    if (s == OV_OK)
        s = log_folder_init(dir, &key, set->key == NULL ? "log.key" : key_path,
                            set->publish == NULL ? "log" : publish, &diag);
    return s == OV_OK ? 0 : complain(&diag, s);
}

static int cmd_turn(const char *dir, const struct settings *set)
{
    struct ov_diag diag = {.line = 0};
    char key_path[LOG_PATH_MAX];
    struct ov_vkey key;
    enum ov_status s;

    if (set->origin == NULL || set->key == NULL ||
        !ov_key_name_is_valid(ov_span_str(set->origin)))
        return misuse("turn needs --origin and --key of the next log");
    if (!full_path(dir, set->key, "", key_path))
        return misuse("a path is too long");
    s = key_for(key_path, set, &key, &diag);
    if (s == OV_OK)
        s = log_turn(dir, &key, key_path, &diag);
    return s == OV_OK ? 0 : complain(&diag, s);
}

static enum ov_status add_witness(struct sequencer *s, const char *text,
                                  struct ov_diag *diag)
{
    struct ov_span key = ov_span_str(text);
    struct ov_span url;
    struct ov_vkey k;

    if (!ov_span_cut(&key, '=', &url) || ov_vkey_parse(key, &k) != OV_OK ||
        k.alg == OV_NOTE_ED25519)
        return ov_diag_set(diag, OV_USAGE, 0,
                           "--witness takes URL=KEY, with a cosigner's key");
    return witness_calls_add(&s->calls, &k, url);
}

static enum ov_status configure(struct sequencer *s, const struct settings *set,
                                struct ov_diag *diag)
{
    OV_TRY(load_key(s->folder.key_path, set, &s->key, diag));
    if (memcmp(s->key.public_key, s->folder.key.key, OV_ED25519_KEY) != 0)
        return ov_diag_set(diag, OV_BAD_SIGNATURE, 0,
                           "%s is not the key of this log", s->folder.key_path);
    if (set->interval_ms != 0)
        s->options.interval_ms = (unsigned)set->interval_ms;
    if (set->refresh_seconds != 0)
        s->options.refresh_ms = (unsigned)set->refresh_seconds * 1000;
    if (set->policy != NULL)
        OV_TRY(sequencer_policy(s, set->policy, diag));
    for (size_t i = 0; i < set->n_witnesses; i++)
        OV_TRY(add_witness(s, set->witnesses[i], diag));
    return sequencer_check_quorum(s, diag);
}

static enum ov_status read_folder(const char *dir, const struct settings *set,
                                  struct log_folder *ret, struct ov_diag *diag)
{
    OV_TRY(log_folder_read(dir, ret, diag));
    if (set->publish != NULL && !full_path(dir, set->publish, "", ret->publish))
        return ov_diag_set(diag, OV_USAGE, 0, "the path is too long");
    return OV_OK;
}

static enum ov_status open_log(const char *dir, const struct settings *set,
                               struct sequencer *s, struct ov_diag *diag)
{
    struct log_folder f;

    OV_TRY(read_folder(dir, set, &f, diag));
    return sequencer_open(s, &f, diag);
}

/* Answers of witnesses and entries of clients are read from here on: only the
 * log's own folders can be written, and beside them what libraries need to
 * reach a witness can be read. No program can be started, and what is in
 * deny.def ends the process. */
static enum ov_status enter_jail(const struct sequencer *s,
                                 struct ov_diag *diag)
{
    static const char *const readable[] = {
        "/etc",        "/usr", "/lib", "/lib64", "/run/systemd/resolve",
        "/dev/urandom"};
    const char *const own[] = {s->folder.path, s->folder.publish, "/dev/null"};
    const struct ov_landlock_places places = {
        own, sizeof(own) / sizeof(own[0]), readable,
        sizeof(readable) / sizeof(readable[0])};
    enum ov_status status;

    (void)mkdir(s->folder.publish, 0755); /* a rule needs what is there */
    status = ov_landlock_service(&places);
    return status == OV_OK
               ? ov_deny(OV_DENY_SERVICE, diag)
               : ov_diag_set(diag, status, 0, "cannot jail itself: %s",
                             status == OV_UNSUPPORTED
                                 ? "this kernel has no Landlock"
                                 : ov_status_name(status));
}

static int cmd_run(const char *dir, const struct settings *set, bool is_once)
{
    static struct sequencer s; /* large */
    const struct sigaction end = {.sa_handler = on_end};
    const struct log_service_options service = {
        .is_once = is_once,
        .timeout_ms = (unsigned)set->timeout_seconds * 1000};
    struct ov_diag diag = {.line = 0};
    enum ov_status status = open_log(dir, set, &s, &diag);

    if (status == OV_OK)
        status = configure(&s, set, &diag);
    if (status == OV_OK)
        status = enter_jail(&s, &diag);
    if (status == OV_OK && (sigaction(SIGINT, &end, NULL) != 0 ||
                            sigaction(SIGTERM, &end, NULL) != 0))
        status = OV_IO;
    if (status == OV_OK) {
        (void)fprintf(stderr, "overt-logd: %s: %llu entries, %llu promised\n",
                      s.folder.key.name, (unsigned long long)s.tree.size,
                      (unsigned long long)s.journal.next);
        status = log_service_run(&s, &service, &is_ended, &diag);
    }
    sequencer_close(&s);
    return status == OV_OK ? 0 : complain(&diag, status);
}

static enum ov_status read_entry(const char *path, struct ov_buf *into,
                                 struct ov_diag *diag)
{
    enum ov_status s = ov_file_read(path, into);

    if (s == OV_OK && (into->len == 0 || into->len > OV_ENTRY_MAX))
        s = OV_LIMIT_SIZE;
    if (s != OV_OK)
        return ov_diag_set(diag, s, 0, "%s: %s", path, ov_status_name(s));
    return OV_OK;
}

/* Nobody runs the log: into its journal, for the next run or once. */
static enum ov_status add_alone(const char *dir, const struct settings *set,
                                char **files, int n, struct ov_diag *diag)
{
    static struct sequencer s;
    enum ov_status status = open_log(dir, set, &s, diag);

    for (int i = 0; status == OV_OK && i < n; i++) {
        OV_AUTO_DONE(buf) entry = ov_buf_with_max(OV_ENTRY_MAX + CHUNK);
        OV_AUTO_DONE(buf) bundle = ov_buf_with_max(OV_ENTRY_MAX + 2);
        uint64_t index = 0;

        status = read_entry(files[i], &entry, diag);
        ov_put_bundle_entry(&bundle, ov_buf_span(&entry));
        if (status == OV_OK)
            status = ov_buf_status(&bundle);
        if (status == OV_OK)
            status = sequencer_add(&s, ov_buf_span(&bundle), 1, &index);
        if (status == OV_OK)
            (void)printf("%llu %s\n", (unsigned long long)index, files[i]);
    }
    sequencer_close(&s);
    return status;
}

static enum ov_status add_to(struct ov_log_client *c,
                             const struct settings *set, char **files, int n,
                             struct ov_diag *diag)
{
    uint64_t index = 0;

    for (int i = 0; i < n; i++) {
        OV_AUTO_DONE(buf) entry = ov_buf_with_max(OV_ENTRY_MAX + CHUNK);
        struct ov_span bytes;

        OV_TRY(read_entry(files[i], &entry, diag));
        bytes = ov_buf_span(&entry);
        OV_TRY(ov_log_client_add(c, &bytes, 1, &index, diag));
        (void)printf("%llu %s\n", (unsigned long long)index, files[i]);
    }
    if (!set->is_waiting)
        return OV_OK;
    return ov_log_client_wait(c, index, (unsigned)set->timeout_seconds, diag);
}

static int cmd_add(const char *dir, const struct settings *set, char **files,
                   int n)
{
    struct ov_log_client *c = NULL;
    struct ov_diag diag = {.line = 0};
    enum ov_status s;

    if (n == 0)
        return misuse("add needs files");
    s = ov_log_client_new(dir, &c, &diag);
    if (s == OV_OK)
        s = add_to(c, set, files, n, &diag);
    else if (s == OV_NOT_FOUND && !set->is_waiting)
        s = add_alone(dir, set, files, n, &diag);
    ov_log_client_free(c);
    return s == OV_OK && fflush(stdout) == 0 ? 0 : complain(&diag, s);
}

static int cmd_prove(const char *dir, const struct settings *set,
                     const char *text)
{
    OV_AUTO_DONE(buf) proof = ov_buf_with_max(OV_PROOF_MAX_SIZE);
    struct ov_diag diag = {.line = 0};
    struct log_folder f;
    uint64_t index;
    enum ov_status s;

    if (!ov_parse_uint(ov_span_str(text), OV_MERKLE_MAX_SIZE, &index))
        return misuse("prove needs the index of an entry");
    s = read_folder(dir, set, &f, &diag);
    if (s == OV_OK)
        s = sequencer_prove(&f, index, &proof, &diag);
    if (s == OV_OK && set->output != NULL)
        s = ov_file_replace(set->output, ov_buf_span(&proof), 0644, &diag);
    else if (s == OV_OK &&
             (fwrite(proof.ptr, 1, proof.len, stdout) != proof.len ||
              fflush(stdout) != 0))
        s = OV_IO;
    return s == OV_OK ? 0 : complain(&diag, s);
}

static int cmd_status(const char *dir)
{
    struct ov_log_client *c = NULL;
    struct ov_diag diag = {.line = 0};
    struct ov_log_sizes sizes;
    enum ov_status s = ov_log_client_new(dir, &c, &diag);

    if (s == OV_OK)
        s = ov_log_client_sizes(c, &sizes, &diag);
    ov_log_client_free(c);
    if (s != OV_OK)
        return complain(&diag, s);
    (void)printf("promised %llu\ncommitted %llu\npublished %llu\n",
                 (unsigned long long)sizes.promised,
                 (unsigned long long)sizes.committed,
                 (unsigned long long)sizes.published);
    return fflush(stdout) == 0 ? 0 : EXIT_MACHINE;
}

int main(int argc, char **argv)
{
    struct settings set = {.timeout_seconds = DEFAULT_TIMEOUT_MS / 1000};
    const char *command;
    const char *dir;

    if (!read_options(argc, argv, &set))
        return EXIT_MACHINE;
    if (set.is_help)
        return fputs(usage, stdout) >= 0 && fflush(stdout) == 0 ? 0
                                                                : EXIT_MACHINE;
    argc -= optind;
    argv += optind;
    if (argc < 2) {
        (void)fputs(usage, stderr);
        return EXIT_MACHINE;
    }
    command = argv[0];
    dir = argv[1];
    if (strcmp(command, "add") == 0)
        return cmd_add(dir, &set, argv + 2, argc - 2);
    if (strcmp(command, "prove") == 0 && argc == 3)
        return cmd_prove(dir, &set, argv[2]);
    if (argc != 2)
        return misuse("too many or too few words; see --help");
    if (strcmp(command, "init") == 0)
        return cmd_init(dir, &set);
    if (strcmp(command, "turn") == 0)
        return cmd_turn(dir, &set);
    if (strcmp(command, "run") == 0 || strcmp(command, "once") == 0)
        return cmd_run(dir, &set, strcmp(command, "once") == 0);
    if (strcmp(command, "status") == 0)
        return cmd_status(dir);
    return misuse("no such command; see --help");
}
