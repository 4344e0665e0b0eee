/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/deny.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>

/* All that is in deny.def is refused, all else stays: a second wall behind
 * Landlock, which knows nothing of these calls. Calls that are newer than the
 * table pass; those of another architecture (32 bits, x32), whose numbers mean
 * something else, end the process. If one rule can't be set nothing is, and the
 * service does not start. */

enum {
    S = 1 << OV_DENY_SERVICE,
    M = 1 << OV_DENY_MONITOR,
    P = 1 << OV_DENY_PUBLISHER,
    C = 1 << OV_DENY_COMMAND,
    SMP = S | M | P,
    SMPC = SMP | C
};

enum action {
    KILL,
    ERROR
};

enum condition {
    ALWAYS,
    PROCESS,
    UNSEEN,
    WRITABLE,
    EXECUTABLE,
    RAW,
    FAMILY,
    FOREIGN
};

static const char *const condition_words[] = {
    [ALWAYS] = "",
    [PROCESS] = "a new process",
    [UNSEEN] = "by ENOSYS",
    [WRITABLE] = "writable and executable",
    [EXECUTABLE] = "executable",
    [RAW] = "raw",
    [FAMILY] = "other families",
    [FOREIGN] = "all but local ones",
};

static const struct denied {
    int number;
    const char *name;
    enum condition condition;
    unsigned profiles;
    const char *why;
} denied[] = {

#define OV_DENY(profiles, name, condition, why)                                \
    {SCMP_SYS(name), #name, condition, profiles, why},
#include "sys/deny.def"
#undef OV_DENY
};

#define N_DENIED (sizeof(denied) / sizeof(denied[0]))

static const struct {
    const char *name;
    enum action action;
    const char *why;
} profiles[] = {

#define OV_DENY_PROFILE(id, word, action, why) {word, action, why},
#include "sys/deny.def"
#undef OV_DENY_PROFILE
};

/* Raw sockets of the two families that are left, by either name of old. */
static int add_raw(scmp_filter_ctx filter, uint32_t action, int number)
{
    static const int families[] = {AF_INET, AF_INET6};
    static const int types[] = {SOCK_RAW, SOCK_PACKET};
    int result = 0;

    for (size_t i = 0; i < 4; i++)
        result |= seccomp_rule_add(
            filter, action, number, 2,
            SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i / 2], 0),
            SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, (scmp_datum_t)types[i % 2]));
    return result;
}

static int add_families(scmp_filter_ctx filter, uint32_t action, int number)
{
    int result =
        seccomp_rule_add(filter, action, number, 1,
                         SCMP_A0(SCMP_CMP_GT, (scmp_datum_t)AF_NETLINK, 0));

    for (int family = AF_INET + 1; family < AF_NETLINK; family++) {
        if (family != AF_INET6)
            result |=
                seccomp_rule_add(filter, action, number, 1,
                                 SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)family, 0));
    }
    return result;
}

static int add_rule(scmp_filter_ctx filter, uint32_t action,
                    const struct denied *d)
{
    const int both = PROT_WRITE | PROT_EXEC;

    switch (d->condition) {
    case PROCESS:
        return seccomp_rule_add(filter, action, d->number, 1,
                                SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
    case UNSEEN:
        return seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), d->number, 0);
    case WRITABLE:
        return seccomp_rule_add(filter, action, d->number, 1,
                                SCMP_A2(SCMP_CMP_MASKED_EQ, (scmp_datum_t)both,
                                        (scmp_datum_t)both));
    case EXECUTABLE:
        return seccomp_rule_add(
            filter, action, d->number, 1,
            SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
    case RAW:
        return add_raw(filter, action, d->number);
    case FAMILY:
        return add_families(filter, action, d->number);
    case FOREIGN:
        return seccomp_rule_add(filter, action, d->number, 1,
                                SCMP_A0(SCMP_CMP_NE, AF_UNIX, 0));
    case ALWAYS:
    default:
        return seccomp_rule_add(filter, action, d->number, 0);
    }
}

static bool load(scmp_filter_ctx filter, enum ov_deny_profile p)
{
    uint32_t action = profiles[p].action == KILL ? SCMP_ACT_KILL_PROCESS
                                                 : SCMP_ACT_ERRNO(EPERM);

    if (seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH,
                         SCMP_ACT_KILL_PROCESS) != 0 ||
        seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) != 0)
        return false;
    for (size_t i = 0; i < N_DENIED; i++) {
        if ((denied[i].profiles >> p & 1) != 0 &&
            add_rule(filter, action, &denied[i]) != 0)
            return false;
    }
    return seccomp_load(filter) == 0;
}

enum ov_status ov_deny(enum ov_deny_profile p, struct ov_diag *diag)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    bool is_loaded = filter != NULL && load(filter, p);

    if (filter != NULL)
        seccomp_release(filter);
    return is_loaded ? OV_OK
                     : ov_diag_set(diag, OV_DENIED, 0,
                                   "the filter of system calls cannot be set");
}

void ov_put_denied(struct ov_buf *b)
{
    ov_put_str(b, "\nsystem calls that services and overt are refused:\n");
    for (unsigned p = 0; p < OV_N_DENY_PROFILES; p++) {
        ov_put_format(b, "%s: %s; a refused call %s\n", profiles[p].name,
                      profiles[p].why,
                      profiles[p].action == KILL ? "ends it" : "fails");
        for (size_t i = 0; i < N_DENIED; i++) {
            if ((denied[i].profiles >> p & 1) != 0)
                ov_put_format(b, "  %-18s %-24s %s\n", denied[i].name,
                              condition_words[denied[i].condition],
                              denied[i].why);
        }
    }
}
