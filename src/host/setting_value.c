/* SPDX-License-Identifier: Apache-2.0 */
#include "host/setting_value.h"

#include <arpa/inet.h>
#include <string.h>

/* What is wrong is told in words that say what to write instead; the reader of
 * overt.conf puts file, line and name before them. */

#define MAX_PORT 65535
#define MAX_MODE 0777

const char *setting_add(struct setting_list *list, const char *value)
{
    if (value[0] == '\0')
        return "is empty; give a value, or take the line away";
    if (list->n == SETTING_MAX_LIST)
        return "stands more than 64 times; leave some out";
    list->items[list->n++] = value;
    return NULL;
}

const char *setting_path(const char **to, const char *value)
{
    if (value[0] != '/')
        return "not a full path; it begins with /";
    *to = value;
    return NULL;
}

const char *setting_add_path(struct setting_list *list, const char *value)
{
    const char *path;
    const char *wrong = setting_path(&path, value);

    return wrong != NULL ? wrong : setting_add(list, path);
}

const char *setting_text(const char **to, const char *value)
{
    if (value[0] == '\0')
        return "is empty; give a value, or take the line away";
    *to = value;
    return NULL;
}

/* No names: asking a name server would decide who can reach the port. */
static bool is_address(const char *text, int family)
{
    uint8_t bytes[16];

    return inet_pton(family, text, bytes) == 1;
}

const char *setting_add_listen(struct setting_list *list, const char *value)
{
    static const char wrong[] =
        "not ADDRESS:PORT; write 127.0.0.1:3310 or [::1]:3310";
    const char *colon = strrchr(value, ':');
    bool has_brackets = value[0] == '[';
    char address[INET6_ADDRSTRLEN];
    size_t len;
    uint64_t port;

    if (colon == NULL || !option_number(colon + 1, MAX_PORT, &port) ||
        port == 0)
        return wrong;
    len = (size_t)(colon - value);
    if (has_brackets && (len < 2 || value[len - 1] != ']'))
        return wrong;
    len -= has_brackets ? 2 : 0;
    if (len >= sizeof(address))
        return wrong;
    memcpy(address, value + has_brackets, len);
    address[len] = '\0';
    if (!is_address(address, has_brackets ? AF_INET6 : AF_INET))
        return wrong;
    return setting_add(list, value);
}

const char *setting_number(unsigned *to, const char *value, unsigned max)
{
    uint64_t n;

    if (!option_number(value, max, &n))
        return "not a number, or too large; overt.conf(5) has the range";
    *to = (unsigned)n;
    return NULL;
}

const char *setting_size(uint64_t *to, const char *value)
{
    if (!option_size(value, to))
        return "not a size; write a number, with K, M, G or T behind it if "
               "need "
               "be";
    return NULL;
}

const char *setting_time(uint64_t *to_ms, const char *value)
{
    return option_time(value, to_ms)
               ? NULL
               : "not a time; write a number with ms, s, m, h or d behind it";
}

const char *setting_mode(unsigned *to, const char *value)
{
    unsigned mode = 0;

    for (const char *at = value; *at != '\0'; at++) {
        if (*at < '0' || *at > '7' || mode > MAX_MODE)
            return "not a mode; write it in octal, as 660";
        mode = mode * 8 + (unsigned)(*at - '0');
    }
    if (value[0] == '\0' || mode > MAX_MODE)
        return "not a mode; write it in octal, as 660";
    *to = mode;
    return NULL;
}

const char *setting_choice(unsigned *to, const char *value,
                           const char *const *words, const char *wrong)
{
    for (unsigned i = 0; words[i] != NULL; i++) {
        if (strcmp(words[i], value) == 0) {
            *to = i;
            return NULL;
        }
    }
    return wrong;
}

const char *setting_yes_no(bool *to, const char *value)
{
    static const char *const words[] = {"no", "yes", NULL};
    unsigned n = 0;
    const char *wrong = setting_choice(&n, value, words, "not yes or no");

    if (wrong == NULL)
        *to = n == 1;
    return wrong;
}
