/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "settings.h"
#include "sys/wire_http.h"

/* [api]: the HTTP API. */

static const char *path_or_none(const char **to, const char *value)
{
    if (strcmp(value, "none") == 0) {
        *to = NULL;
        return NULL;
    }
    return setting_path(to, value);
}

static const char *set_connections(void *data, const char *value)
{
    struct api_section *s = data;
    const char *wrong =
        setting_number(&s->max_connections, value, OV_HTTP_CONNECTIONS_MAX);

    if (wrong == NULL && s->max_connections == 0)
        wrong = "nobody could ask; 1 or more";
    return wrong;
}

static const char *set_idle(void *data, const char *value)
{
    struct api_section *s = data;
    const char *wrong = setting_time(&s->idle_timeout_ms, value);

    if (wrong == NULL && s->idle_timeout_ms == 0)
        wrong = "nobody could ask; 1s or more";
    return wrong;
}

SETTING(set_socket, api_section, path_or_none(&s->socket, value))
SETTING(set_mode, api_section, setting_mode(&s->socket_mode, value))
SETTING(set_group, api_section, setting_text(&s->socket_group, value))
SETTING(set_admin_socket, api_section, path_or_none(&s->admin_socket, value))
SETTING(set_tls, api_section, setting_add_listen(&s->tls, value))
SETTING(set_cert, api_section, setting_path(&s->tls_cert, value))
SETTING(set_key, api_section, setting_path(&s->tls_key, value))
SETTING(set_client_ca, api_section, setting_path(&s->tls_client_ca, value))
SETTING(set_admin, api_section, setting_add(&s->admins, value))
SETTING(set_max_body, api_section, setting_size(&s->max_body, value))
SETTING(set_max_memory, api_section, setting_size(&s->max_memory, value))

static const struct option_row rows[] = {
    {"socket", 0, "PATH|none", "where clients of the HTTP API connect",
     set_socket},
    {"socket-mode", 0, "MODE", "of the socket, octal", set_mode},
    {"socket-group", 0, "GROUP", "of the socket", set_group},
    {"admin-socket", 0, "PATH|none", "for who may restore and purge: root",
     set_admin_socket},
    {"tls", 0, "ADDRESS:PORT", "for clients with a certificate; repeatable",
     set_tls},
    {"tls-cert", 0, "FILE", "certificate and its chain, PEM", set_cert},
    {"tls-key", 0, "FILE", "its key, PEM", set_key},
    {"tls-client-ca", 0, "FILE", "who signs clients' certificates, PEM",
     set_client_ca},
    {"admin", 0, "NAME",
     "of a certificate that may restore and purge; "
     "repeatable",
     set_admin},
    {"max-body", 0, "SIZE", "largest body", set_max_body},
    {"max-memory", 0, "SIZE", "of the bodies of all", set_max_memory},
    {"max-connections", 0, "N", "at a time", set_connections},
    {"idle-timeout", 0, "TIME", "how long a client may take for a request",
     set_idle},
};

const struct option_list api_section_options = {"[api]", "", rows,
                                                sizeof(rows) / sizeof(rows[0])};
