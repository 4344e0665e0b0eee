/* SPDX-License-Identifier: Apache-2.0 */
#include "instance.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "json/json.h"

/* DIR/instance.json    what this instance is
 *     people policy limits   the files in force, as they are published
 *     keys/            private and public keys
 *     blobs/           sources, test results, ... by digest, also secret ones
 *     repo/            what the world sees (docs/protocol-update.md)
 *     staging/ID/      proposals on their way
 *     log-queue/       entries that the log has not taken yet
 *     prepared/        a head whose release note is on its way
 *
 * Nothing of instance.json is trusted by a client: it only tells this program
 * what it made. */

#define ROLE_KEYS(n, k)                                                        \
    {                                                                          \
        n, k                                                                   \
    }
#define KEYS(n, k) ROLE_KEYS(n, k)
const struct role_row roles[N_ROLES] = {
#define ROLE(name, kind, days, full, small, solo)                              \
    {#name, kind, days, {full, small, solo}},
#include "roles.def"
#undef ROLE
};
const char *const preset_names[N_PRESETS] = {"full", "small", "solo"};

static const char *format_in(struct instance *in, const char *prefix,
                             const char *format, va_list list)
    __attribute__((format(printf, 3, 0)));

static const char *format_in(struct instance *in, const char *prefix,
                             const char *format, va_list list)
{
    char line[7000];
    size_t skip = strlen(prefix);
    struct ov_span copy;
    int len;

    if (skip >= sizeof(line))
        return "";
    memcpy(line, prefix, skip);
    len = vsnprintf(line + skip, sizeof(line) - skip, format, list);
    if (len < 0 || (size_t)len >= sizeof(line) - skip ||
        !ov_arena_copy(in->arena, ov_span_of(line, skip + (size_t)len + 1),
                       &copy))
        return "";
    return (const char *)copy.ptr;
}

const char *text(struct instance *in, const char *format, ...)
{
    va_list list;
    const char *s;

    va_start(list, format);
    s = format_in(in, "", format, list);
    va_end(list);
    return s;
}

const char *path_in(struct instance *in, const char *format, ...)
{
    const char *prefix = text(in, "%s/", in->dir);
    va_list list;
    const char *s;

    va_start(list, format);
    s = format_in(in, prefix, format, list);
    va_end(list);
    return s;
}

const char *text_of(struct instance *in, struct ov_span s)
{
    char *copy = ov_arena_alloc(in->arena, s.len + 1);

    if (copy == NULL)
        return "";
    if (s.len > 0)
        memcpy(copy, s.ptr, s.len);
    return copy;
}

bool read_in(struct instance *in, const char *path, struct ov_span *ret)
{
    OV_AUTO_DONE(buf) bytes = ov_buf_with_max(MAX_FILE);

    if (!disk_read(path, &bytes))
        return false;
    if (!ov_arena_copy(in->arena, ov_buf_span(&bytes), ret))
        return tell_error("%s: out of memory", path);
    return true;
}

/* -- instance.json -- */

static bool get_string(struct instance *in, const struct ov_json *v,
                       const char *name, const char **ret)
{
    struct ov_span s;

    if (ov_json_string(ov_json_get(v, ov_span_str(name)), &s) != OV_OK)
        return tell_error("%s/instance.json: \"%s\" is missing; restore the "
                          "file, it is made by overt-publish init",
                          in->dir, name);
    *ret = text_of(in, s);
    return true;
}

static bool find_preset(const char *name, enum preset *ret)
{
    for (size_t i = 0; i < N_PRESETS; i++) {
        if (strcmp(preset_names[i], name) == 0) {
            *ret = (enum preset)i;
            return true;
        }
    }
    return tell_error("no preset \"%s\": say full, small or solo", name);
}

bool instance_open(struct instance *in)
{
    const char *path = path_in(in, "instance.json");
    const struct ov_json *v;
    struct ov_span bytes;
    const char *preset;

    if (!disk_exists(path))
        return tell_error("%s: there is no instance here; make one with: "
                          "overt-publish init %s --name overt.example",
                          path, in->dir);
    if (!read_in(in, path, &bytes))
        return false;
    if (ov_json_parse(in->arena, bytes, 1 << 20, &v) != OV_OK)
        return tell_error("%s: not JSON; restore it", path);
    return get_string(in, v, "name", &in->name) &&
           get_string(in, v, "log", &in->origin) &&
           get_string(in, v, "preset", &preset) &&
           find_preset(preset, &in->preset);
}

bool instance_write(struct instance *in)
{
    bool is_solo = in->preset == PRESET_SOLO;
    const char *bytes =
        text(in,
             "{\n  \"format\": \"overt-instance/1\",\n  \"name\": \"%s\",\n"
             "  \"log\": \"%s\",\n  \"preset\": \"%s\",\n"
             "  \"one_person\": %s,\n  \"statement\": \"%s\"\n}\n",
             in->name, in->origin, preset_names[in->preset],
             is_solo ? "true" : "false",
             is_solo ? "One person runs this instance: nobody reviews its "
                       "rules, and one stolen passphrase is enough."
                     : "Every change of a rule is signed by two people.");

    return disk_write(path_in(in, "instance.json"), ov_span_str(bytes), 0644) &&
           disk_write(path_in(in, "repo/instance.json"), ov_span_str(bytes),
                      0644);
}

/* -- blobs -- */

bool digest_of(struct ov_span bytes, uint8_t ret[static 32])
{
    if (ov_digest(OV_SHA256, bytes, ret) != OV_OK)
        return tell_error("SHA-256 cannot be had on this machine");
    return true;
}

const char *hex_of(struct instance *in, const uint8_t digest[static 32])
{
    OV_AUTO_DONE(buf) hex = ov_buf_with_max(128);

    ov_put_hex(&hex, ov_span_of(digest, 32));
    return text_of(in, ov_buf_span(&hex));
}

static const char *blob_path(struct instance *in, const char *hex)
{
    return path_in(in, "blobs/%.2s/%s", hex, hex);
}

static bool put_blob(struct instance *in, struct ov_span bytes,
                     const char **ret_name, bool is_synced)
{
    uint8_t digest[32];
    const char *path;
    const char *hex;

    if (!digest_of(bytes, digest))
        return false;
    hex = hex_of(in, digest);
    path = blob_path(in, hex);
    if (!disk_exists(path) && !(is_synced ? disk_write(path, bytes, 0644)
                                          : disk_put(path, bytes, 0644)))
        return false;
    *ret_name = text(in, "sha256:%s %zu", hex, bytes.len);
    return true;
}

bool blob_put(struct instance *in, struct ov_span bytes, const char **ret_name)
{
    return put_blob(in, bytes, ret_name, true);
}

bool blob_put_soon(struct instance *in, struct ov_span bytes,
                   const char **ret_name)
{
    return put_blob(in, bytes, ret_name, false);
}

bool blob_get(struct instance *in, struct ov_span name, struct ov_span *ret)
{
    struct ov_span digest_text;
    uint8_t digest[32];
    uint8_t found[32];
    uint64_t size = UINT64_MAX;
    const char *path;

    if (ov_span_cut(&name, ' ', &digest_text))
        (void)ov_parse_uint(name, UINT64_MAX, &size); /* compared below */
    if (!ov_entry_parse_digest(digest_text, digest))
        return tell_error("not a digest");
    path = blob_path(in, hex_of(in, digest));
    if (!read_in(in, path, ret) || !digest_of(*ret, found))
        return false;
    if (memcmp(found, digest, sizeof(digest)) != 0 ||
        (size != UINT64_MAX && size != ret->len))
        return tell_error("%s: not the bytes that its name says; fetch it "
                          "again from a mirror",
                          path);
    return true;
}

bool blob_publish(struct instance *in, struct ov_span name)
{
    struct ov_span digest_text;
    struct ov_span bytes;
    uint8_t digest[32];
    const char *path;
    const char *hex;

    (void)ov_span_cut(&name, ' ', &digest_text);
    if (!ov_entry_parse_digest(digest_text, digest))
        return tell_error("not a digest");
    hex = hex_of(in, digest);
    path = path_in(in, "repo/cas/sha256/%.2s/%s", hex, hex);
    return disk_exists(path) || (blob_get(in, digest_text, &bytes) &&
                                 disk_link(blob_path(in, hex), path));
}

bool blob_is_public(struct instance *in, struct ov_span name, bool *ret)
{
    struct ov_span digest_text;
    uint8_t digest[32];
    const char *hex;

    (void)ov_span_cut(&name, ' ', &digest_text);
    if (!ov_entry_parse_digest(digest_text, digest))
        return tell_error("not a digest");
    hex = hex_of(in, digest);
    *ret = disk_exists(path_in(in, "repo/cas/sha256/%.2s/%s", hex, hex));
    return true;
}

/* -- keys -- */

static const char *key_path(struct instance *in, const char *name,
                            const char *suffix)
{
    const char *folder = option_get(&in->args, OPT_keys);

    return folder != NULL ? text(in, "%s/%s.%s", folder, name, suffix)
                          : path_in(in, "keys/%s.%s", name, suffix);
}

static bool get_passphrase(struct instance *in, const char *what)
{
    const char *file = option_get(&in->args, OPT_passphrase_file);

    if (in->has_passphrase)
        return true;
    if (ov_passphrase_get(file, what, in->passphrase, sizeof(in->passphrase),
                          &in->passphrase_len) != OV_OK)
        return tell_error("%s: no passphrase; give --passphrase-file FILE",
                          what);
    in->has_passphrase = true;
    return true;
}

bool key_make(struct instance *in, const char *name, const char *key_name,
              struct ov_vkey *ret)
{
    OV_AUTO_DONE(key) key = {0};
    OV_AUTO_DONE(buf) line = ov_buf_with_max(1024);
    struct ov_diag diag = {0};
    struct ov_span passphrase = {0};

    if (!option_is_set(&in->args, OPT_no_passphrase)) {
        if (!get_passphrase(in, "new keys"))
            return false;
        passphrase = ov_span_of(in->passphrase, in->passphrase_len);
        if (passphrase.len == 0)
            return tell_error("an empty passphrase encrypts nothing; say "
                              "--no-passphrase if that is what you want");
    }
    if (ov_key_new(key_name, &key) != OV_OK ||
        ov_vkey_make(key_name, OV_NOTE_ED25519, key.public_key, ret) != OV_OK)
        return tell_error("%s: no key can be made of this name", key_name);
    if (!disk_make_folder(path_in(in, "keys"), 0700))
        return false;
    if (ov_key_file_write(key_path(in, name, "key"), &key, passphrase, &diag) !=
        OV_OK)
        return tell_error("%s", diag.text);
    ov_put_vkey(&line, ret);
    ov_put_u8(&line, '\n');
    return disk_write(key_path(in, name, "pub"), ov_buf_span(&line), 0644);
}

bool key_read(struct instance *in, const char *name, struct ov_key *ret)
{
    const char *given = option_get(&in->args, OPT_key);
    const char *path = given != NULL ? given : key_path(in, name, "key");
    struct ov_diag diag = {0};
    enum ov_status status;

    status = ov_key_file_read(path, (struct ov_span){0}, ret, &diag);
    if (status == OV_ENCRYPTED) {
        if (!get_passphrase(in, path))
            return false;
        status = ov_key_file_read(
            path, ov_span_of(in->passphrase, in->passphrase_len), ret, &diag);
    }
    if (status != OV_OK)
        return tell_error("%s", diag.text);
    return true;
}

bool key_has_private(struct instance *in, const char *name)
{
    return disk_exists(key_path(in, name, "key"));
}

bool key_read_public(struct instance *in, const char *name, struct ov_vkey *ret)
{
    const char *path = key_path(in, name, "pub");
    struct ov_span bytes;
    struct ov_span line;

    if (!read_in(in, path, &bytes))
        return false;
    (void)ov_span_cut(&bytes, '\n', &line);
    if (ov_vkey_parse(line, ret) != OV_OK)
        return tell_error("%s: not a verifier key", path);
    return true;
}

/* "root-1.pub" becomes "root-1"; "ci.pub" is of role ci. */
static bool is_of_role(char *name, const char *role)
{
    size_t len = strlen(role);

    name[strlen(name) - strlen(".pub")] = '\0';
    return strncmp(name, role, len) == 0 &&
           (name[len] == '\0' || name[len] == '-');
}

bool role_keys(struct instance *in, enum role role, struct disk_names *ret)
{
    const char *folder = option_get(&in->args, OPT_keys);
    size_t n = 0;

    if (!disk_list(folder != NULL ? folder : path_in(in, "keys"), ".pub", ret))
        return false;
    for (size_t i = 0; i < ret->n; i++) {
        char *name = ret->names[i];

        if (is_of_role(name, roles[role].name))
            ret->names[n++] = name;
        else
            ov_free(name);
    }
    ret->n = n;
    return true;
}

bool key_retire(struct instance *in, const char *name)
{
    const char *key = path_in(in, "keys/%s.key", name);

    if (!disk_make_folder(path_in(in, "keys/retired"), 0700))
        return false;
    if (disk_exists(key) &&
        !disk_move(key, path_in(in, "keys/retired/%s.key", name)))
        return false;
    return disk_move(path_in(in, "keys/%s.pub", name),
                     path_in(in, "keys/retired/%s.pub", name));
}

unsigned role_threshold(const struct instance *in, enum role role)
{
    return roles[role].keys[in->preset].threshold;
}

bool note_sign(struct instance *in, struct ov_buf *note, const char *name)
{
    OV_AUTO_DONE(key) key = {0};
    struct ov_vkey vkey;

    if (!key_read(in, name, &key))
        return false;
    if (ov_vkey_make(key.name, OV_NOTE_ED25519, key.public_key, &vkey) !=
            OV_OK ||
        ov_put_note_signature(note, &vkey, key.seed) != OV_OK)
        return tell_error("%s: cannot sign with this key", name);
    tell("signed by %s", key.name);
    return true;
}

bool confirm(struct instance *in, const char *question)
{
    char answer[16] = {0};

    if (option_is_set(&in->args, OPT_yes))
        return true;
    if (!isatty(STDIN_FILENO))
        return tell_error("not signed: say --yes, or answer on a terminal");
    (void)printf("%s [y/N] ", question);
    (void)fflush(stdout); /* else the question is not seen */
    if (fgets(answer, sizeof(answer), stdin) == NULL || answer[0] != 'y')
        return tell_error("not signed");
    return true;
}

bool people_read(struct instance *in, struct ov_people *ret)
{
    const char *path = path_in(in, "people");
    struct ov_diag diag = {0};
    struct ov_span bytes;

    if (!read_in(in, path, &bytes))
        return false;
    if (ov_people_parse(in->arena, bytes, ret, &diag) != OV_OK)
        return tell_error("%s:%u: %s", path, diag.line, diag.text);
    return true;
}
