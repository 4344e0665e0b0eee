/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

/* TLS 1.2 and 1.3 with OpenSSL's own choice of ciphers; no renegotiation, no
 * compression, no tickets and no kept sessions: each connection stands alone.
 * OpenSSL reads no configuration of the machine's, as it does it in the jail's
 * face. */

static enum ov_status fail(struct ov_diag *diag, const char *path)
{
    const char *why = ERR_reason_error_string(ERR_peek_last_error());

    return ov_diag_set(diag, OV_MALFORMED, 0, "%s: %s", path,
                       why != NULL ? why : "cannot be used");
}

/* A key with a passphrase: nobody is there to be asked. */
static int no_passphrase(char *to, int size, int is_write, void *data)
{
    (void)to;
    (void)size;
    (void)is_write;
    (void)data;
    return -1;
}

static enum ov_status load_own(SSL_CTX *c, const struct tls_files *files,
                               struct ov_diag *diag)
{
    SSL_CTX_set_default_passwd_cb(c, no_passphrase);
    if (SSL_CTX_use_certificate_chain_file(c, files->certificate) != 1)
        return fail(diag, files->certificate);
    if (SSL_CTX_use_PrivateKey_file(c, files->key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(c) != 1)
        return fail(diag, files->key);
    return OV_OK;
}

static enum ov_status load_authorities(SSL_CTX *c, const char *path,
                                       struct ov_diag *diag)
{
    if (SSL_CTX_load_verify_file(c, path) != 1)
        return fail(diag, path);
    SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       NULL);
    return OV_OK;
}

enum ov_status tls_context_new(const struct tls_files *files, SSL_CTX **ret,
                               struct ov_diag *diag)
{
    enum ov_status status;
    SSL_CTX *c;

    if (OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG |
                             OPENSSL_INIT_LOAD_SSL_STRINGS |
                             OPENSSL_INIT_LOAD_CRYPTO_STRINGS,
                         NULL) != 1)
        return OV_NO_MEMORY;
    c = SSL_CTX_new(TLS_server_method());
    if (c == NULL || SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION) != 1) {
        SSL_CTX_free(c);
        return OV_NO_MEMORY;
    }
    (void)SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET);
    (void)SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_num_tickets(c, 0);
    (void)SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS);
    status = load_own(c, files, diag);
    if (status == OV_OK && files->client_authorities != NULL)
        status = load_authorities(c, files->client_authorities, diag);
    if (status == OV_OK)
        *ret = c;
    else
        SSL_CTX_free(c);
    return status;
}
