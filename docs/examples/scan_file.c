/* SPDX-License-Identifier: Apache-2.0 */
/* Scans one file with ClamAV databases or a compiled image:
 *
 *   cc scan_file.c $(pkg-config --cflags --libs libovert) -o scan_file
 *   ./scan_file FILE RULES...
 */
#include <overt/overt.h>

#include <fcntl.h>
#include <stdio.h>

static void on_detection(void *data, const struct ov_detection *d)
{
    (void)data;
    printf("%.*s (%.*s line %u)\n", (int)d->rule.len, (const char *)d->rule.ptr,
           (int)d->source.len, (const char *)d->source.ptr, d->line);
}

static void on_inconclusive(void *data, const struct ov_inconclusive *i)
{
    (void)data;
    printf("not looked at in full: %s %s\n", ov_reason_name(i->kind),
           i->detail);
}

int main(int argc, char **argv)
{
    const struct ov_scan_options options = {.flags = OV_SCAN_ALL_MATCHES};
    const struct ov_findings findings = {.detection = on_detection,
                                         .inconclusive = on_inconclusive};
    struct ov_outcome outcome = {.verdict = OV_INCONCLUSIVE};
    struct ov_rules *rules = NULL;
    struct ov_session *session = NULL;
    struct ov_diag diag = {.text = "usage: scan_file FILE RULES..."};
    int fd = argc > 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
    enum ov_status status = OV_USAGE;

    if (fd >= 0)
        status = ov_rules_compile((const char *const *)argv + 2,
                                  (size_t)argc - 2, &rules, &diag);
    if (status == OV_OK)
        status = ov_session_new(rules, &session, &diag);
    if (status == OV_OK)
        status = ov_session_scan_fd(session, fd, &options, &findings, &outcome);
    if (status == OV_OK)
        printf("%s: %s\n", argv[1], ov_verdict_name(outcome.verdict));
    else
        fprintf(stderr, "scan_file: %s: %s\n", diag.text,
                ov_status_name(status));
    ov_session_free(session);
    ov_rules_free(rules);
    return status != OV_OK ? 2 : outcome.verdict > OV_INCONCLUSIVE;
}
