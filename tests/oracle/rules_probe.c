/* SPDX-License-Identifier: Apache-2.0 */
#include <overt/overt.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Compiles rule files and prints which rules match which files, one "RULE FILE"
 * a line as yara does: what scripts compare with yara.
 *
 * usage: rules_probe [-s] RULES... -- FILE...
 *
 * With -s each is followed by a line "AT LENGTH STRING" for each match. Only
 * the files themselves count, not what is in them. Exits 0 if all could be
 * done, 1 if the rules do not compile, 2 if a file could not be scanned. */

static unsigned scan_flags = OV_SCAN_ALL_MATCHES | OV_SCAN_UNWANTED;

static void print_match(void *data, const struct ov_string_match *m)
{
    (void)data;
    printf("%llu %llu %.*s\n", (unsigned long long)m->at,
           (unsigned long long)m->len, (int)m->name.len,
           (const char *)m->name.ptr);
}

static void print_detection(void *data, const struct ov_detection *d)
{
    if (d->path.n == 0)
        printf("%.*s %s\n", (int)d->rule.len, (const char *)d->rule.ptr,
               (const char *)data);
}

static void print_inconclusive(void *data, const struct ov_inconclusive *i)
{
    fprintf(stderr, "%s: not all looked at: %s\n", (const char *)data,
            i->detail);
}

static int scan(struct ov_session *session, char *path)
{
    struct ov_scan_options options = {.flags = scan_flags,
                                      .now = (int64_t)time(NULL)};
    struct ov_findings findings = {.detection = print_detection,
                                   .match = print_match,
                                   .inconclusive = print_inconclusive,
                                   .data = path};
    struct ov_outcome outcome;
    enum ov_status status = OV_IO;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd >= 0) {
        status = ov_session_scan_fd(session, fd, &options, &findings, &outcome);
        close(fd);
    }
    if (status != OV_OK)
        fprintf(stderr, "%s: cannot be scanned\n", path);
    return status == OV_OK ? 0 : 2;
}

int main(int argc, char **argv)
{
    struct ov_rules *rules = NULL;
    struct ov_session *session = NULL;
    struct ov_diag diag = {0};
    int n_rules = 1;
    int code = 0;

    if (argc > 1 && strcmp(argv[1], "-s") == 0) {
        scan_flags |= OV_SCAN_MATCHES | OV_SCAN_FLAT;
        argv++;
        argc--;
    }
    while (n_rules < argc && strcmp(argv[n_rules], "--") != 0)
        n_rules++;
    if (ov_rules_compile((const char *const *)argv + 1, (size_t)(n_rules - 1),
                         &rules, &diag) != OV_OK ||
        ov_session_new(rules, &session, &diag) != OV_OK) {
        fprintf(stderr, "line %u: %s\n", diag.line, diag.text);
        code = 1;
    }
    for (int i = n_rules + 1; code != 1 && i < argc; i++)
        code |= scan(session, argv[i]);
    ov_session_free(session);
    ov_rules_free(rules);
    return code;
}
