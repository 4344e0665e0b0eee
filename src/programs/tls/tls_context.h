/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <openssl/types.h>

#include "base/status.h"

/* What all TLS connections share: the certificate, its key, and whose
 * certificates clients have to show. Files in PEM. */
struct tls_files {
    const char *certificate; /* and those that lead to its authority */
    const char *key;
    const char *client_authorities; /* NULL: clients show none */
};

/* Returns owned: SSL_CTX_free. OV_IO, OV_MALFORMED with words in diag. */
OV_MUST_USE enum ov_status tls_context_new(const struct tls_files *files,
                                           SSL_CTX **ret, struct ov_diag *diag);
