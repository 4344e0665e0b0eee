/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <termios.h>
#include <unistd.h>

#include "base/buf.h"
#include "sys/fd.h"
#include "sys/file.h"

/* A key file is
 *
 *     # overt key NAME
 *     -----BEGIN ENCRYPTED PRIVATE KEY-----
 *     ...
 *
 * PKCS#8 (RFC 5958) holds an Ed25519 key as RFC 8410 section 7 wants it. It is
 * encrypted with PBES2 (RFC 8018 section 6.2), AES-256-CBC and scrypt (RFC
 * 7914) at N 2^14, r 8, p 5: 16 MiB and about a fifth of a second for each
 * guess, and below the memory that OpenSSL allows a key file to ask for. Seeds
 * are wiped from our own memory; what the machine swaps is not our matter. */

#define MAX_FILE 16384
#define FIRST_LINE "# overt key "
#define SCRYPT_N 16384
#define SCRYPT_R 8
#define SCRYPT_P 5
#define SALT_LEN 16

static void bio_cleanup(BIO **b)
{
    BIO_free(*b);
}

static void pkey_cleanup(EVP_PKEY **k)
{
    EVP_PKEY_free(*k);
}

static void info_cleanup(PKCS8_PRIV_KEY_INFO **p)
{
    PKCS8_PRIV_KEY_INFO_free(*p);
}

static void sealed_cleanup(X509_SIG **s)
{
    X509_SIG_free(*s);
}

#define AUTO_BIO __attribute__((cleanup(bio_cleanup))) BIO *
#define AUTO_PKEY __attribute__((cleanup(pkey_cleanup))) EVP_PKEY *
#define AUTO_INFO __attribute__((cleanup(info_cleanup))) PKCS8_PRIV_KEY_INFO *
#define AUTO_SEALED __attribute__((cleanup(sealed_cleanup))) X509_SIG *

void ov_key_done(struct ov_key *key)
{
    explicit_bzero(key, sizeof(*key));
}

enum ov_status ov_key_new(const char *name, struct ov_key *ret)
{
    OV_AUTO_DONE(key) k = {.name = {0}};
    size_t len = strlen(name);

    if (len == 0 || len > OV_KEY_MAX_NAME)
        return OV_USAGE;
    memcpy(k.name, name, len);
    if (getrandom(k.seed, sizeof(k.seed), 0) != (ssize_t)sizeof(k.seed))
        return OV_IO;
    OV_TRY(ov_ed25519_public(k.seed, k.public_key));
    *ret = k;
    return OV_OK;
}

/* The passphrase for OpenSSL's reader. */
struct phrase {
    struct ov_span text;
    bool is_asked;
};

static int give_phrase(char *to, int size, int is_writing, void *data)
{
    struct phrase *p = data;

    (void)is_writing;
    p->is_asked = true;
    if (p->text.len == 0 || size < 0 || p->text.len > (size_t)size)
        return -1;
    memcpy(to, p->text.ptr, p->text.len);
    return (int)p->text.len;
}

static enum ov_status parse_name(struct ov_span *file, struct ov_key *key)
{
    struct ov_span line;

    if (!ov_span_starts(*file, OV_SPAN_LIT(FIRST_LINE)) ||
        !ov_span_cut(file, '\n', &line))
        return OV_MALFORMED;
    line = ov_span_clip(line, sizeof(FIRST_LINE) - 1, line.len);
    if (line.len == 0 || line.len > OV_KEY_MAX_NAME)
        return OV_MALFORMED;
    memcpy(key->name, line.ptr, line.len);
    return OV_OK;
}

static enum ov_status parse_pem(struct ov_span pem, struct phrase *phrase,
                                struct ov_key *key)
{
    AUTO_BIO bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    AUTO_PKEY pkey = NULL;
    size_t len = sizeof(key->seed);

    if (bio == NULL)
        return OV_NO_MEMORY;
    pkey = PEM_read_bio_PrivateKey(bio, NULL, give_phrase, phrase);
    if (pkey == NULL)
        return phrase->is_asked ? OV_ENCRYPTED : OV_MALFORMED;
    if (EVP_PKEY_get_id(pkey) != EVP_PKEY_ED25519 ||
        EVP_PKEY_get_raw_private_key(pkey, key->seed, &len) != 1 ||
        len != sizeof(key->seed))
        return OV_UNSUPPORTED;
    return ov_ed25519_public(key->seed, key->public_key);
}

static const char *words_for(enum ov_status s, struct ov_span passphrase)
{
    if (s == OV_ENCRYPTED)
        return passphrase.len == 0 ? "needs a passphrase"
                                   : "the passphrase is wrong";
    if (s == OV_MALFORMED)
        return "is not a key file (\"" FIRST_LINE "NAME\", then PEM)";
    return s == OV_UNSUPPORTED ? "holds another kind of key than Ed25519"
                               : ov_status_name(s);
}

static void wipe(struct ov_buf *b)
{
    if (b->ptr != NULL)
        explicit_bzero(b->ptr, b->cap);
    ov_buf_done(b);
}

enum ov_status ov_key_file_read(const char *path, struct ov_span passphrase,
                                struct ov_key *ret, struct ov_diag *diag)
{
    __attribute__((cleanup(wipe))) struct ov_buf file =
        ov_buf_with_max((size_t)1 << 20);
    OV_AUTO_DONE(key) key = {.name = {0}};
    struct phrase phrase = {.text = passphrase};
    struct ov_span rest;
    enum ov_status s = ov_file_read(path, &file);

    rest = ov_buf_span(&file);
    if (s == OV_OK && rest.len > MAX_FILE)
        s = OV_MALFORMED;
    if (s == OV_OK)
        s = parse_name(&rest, &key);
    if (s == OV_OK)
        s = parse_pem(rest, &phrase, &key);
    if (s != OV_OK)
        return ov_diag_set(diag, s, 0, "%s: %s", path,
                           words_for(s, passphrase));
    *ret = key;
    return OV_OK;
}

/* Encrypts with scrypt; OpenSSL's own convenience functions use PBKDF2. */
static enum ov_status seal(PKCS8_PRIV_KEY_INFO *info, struct ov_span passphrase,
                           X509_SIG **ret)
{
    X509_ALGOR *algorithm = PKCS5_pbe2_set_scrypt(
        EVP_aes_256_cbc(), NULL, SALT_LEN, NULL, SCRYPT_N, SCRYPT_R, SCRYPT_P);

    if (algorithm == NULL)
        return OV_NO_MEMORY;
    *ret = PKCS8_set0_pbe((const char *)passphrase.ptr, (int)passphrase.len,
                          info, algorithm);
    if (*ret != NULL)
        return OV_OK;
    X509_ALGOR_free(algorithm);
    return OV_NO_MEMORY;
}

static enum ov_status put_pem(const struct ov_key *key,
                              struct ov_span passphrase, BIO *bio)
{
    AUTO_PKEY pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL,
                                                  key->seed, sizeof(key->seed));
    AUTO_INFO info = pkey != NULL ? EVP_PKEY2PKCS8(pkey) : NULL;
    AUTO_SEALED sealed = NULL;

    if (info == NULL || BIO_printf(bio, FIRST_LINE "%s\n", key->name) <= 0)
        return OV_NO_MEMORY;
    if (passphrase.len == 0)
        return PEM_write_bio_PKCS8_PRIV_KEY_INFO(bio, info) == 1 ? OV_OK
                                                                 : OV_NO_MEMORY;
    OV_TRY(seal(info, passphrase, &sealed));
    return PEM_write_bio_PKCS8(bio, sealed) == 1 ? OV_OK : OV_NO_MEMORY;
}

enum ov_status ov_key_file_write(const char *path, const struct ov_key *key,
                                 struct ov_span passphrase,
                                 struct ov_diag *diag)
{
    AUTO_BIO bio = BIO_new(BIO_s_secmem());
    char *bytes = NULL;
    enum ov_status s;
    long len;

    if (passphrase.len > INT_MAX)
        return OV_USAGE;
    s = bio == NULL ? OV_NO_MEMORY : put_pem(key, passphrase, bio);
    if (s != OV_OK)
        return ov_diag_set(diag, s, 0, "%s: %s", path, ov_status_name(s));
    len = BIO_get_mem_data(bio, &bytes);
    return ov_file_create(path, ov_span_of(bytes, (size_t)len), 0600, diag);
}

/* One line from fd, without its newline. */
static enum ov_status read_line(int fd, char *ret, size_t max, size_t *ret_len)
{
    size_t n = 0;

    for (;;) {
        char c;
        ssize_t got = read(fd, &c, 1);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return OV_IO;
        if (got == 0 || c == '\n')
            break;
        if (n == max)
            return OV_LIMIT_SIZE;
        ret[n++] = c;
    }
    *ret_len = n;
    return n == 0 ? OV_NOT_FOUND : OV_OK;
}

static enum ov_status ask_terminal(const char *prompt, char *ret, size_t max,
                                   size_t *ret_len)
{
    OV_AUTO_FD fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    struct termios shown;
    struct termios hidden;
    enum ov_status s;

    if (fd < 0 || tcgetattr(fd, &shown) != 0)
        return OV_NOT_FOUND;
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    if (dprintf(fd, "%s: ", prompt) < 0 ||
        tcsetattr(fd, TCSAFLUSH, &hidden) != 0)
        return OV_IO;
    s = read_line(fd, ret, max, ret_len);
    (void)!tcsetattr(fd, TCSAFLUSH, &shown); /* nothing else could be done */
    (void)!dprintf(fd, "\n");
    return s;
}

enum ov_status ov_passphrase_get(const char *file, const char *prompt,
                                 char *ret, size_t max, size_t *ret_len)
{
    if (file == NULL)
        file = getenv("OVERT_PASSPHRASE_FILE");
    if (file == NULL)
        return ask_terminal(prompt, ret, max, ret_len);
    OV_AUTO_FD fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == EACCES ? OV_DENIED : OV_NOT_FOUND;
    return read_line(fd, ret, max, ret_len);
}
