/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/landlock.h"

/* Order matters. Descriptors and limits first, as they need nothing. Name
 * spaces while root still may. Then the user, no_new_privs (without which
 * neither Landlock nor seccomp is open to ordinary users), Landlock, the
 * threads (they inherit all that), and last the filter, after which not even
 * this file could do its work. Two layers forbid each thing that matters:
 * seccomp kills on open, socket, exec, fork and kill, and Landlock, limits and
 * namespaces would still stand if the filter had a hole.
 *
 * Every step is in sandbox_step.def, every system call in sandbox.def. */

enum {
    W = 1 << OV_PROFILE_WORKER,
    J = 1 << OV_PROFILE_JUDGE,
    F = 1 << OV_PROFILE_FETCH,
    V = 1 << OV_PROFILE_WITNESS,
    G = 1 << OV_PROFILE_GUARD,
    D = 1 << OV_PROFILE_DOOR,
    H = 1 << OV_PROFILE_HTTP,
    WJ = W | J,
    WJF = WJ | F
};

enum condition {
    ANY,
    FD_2,
    NO_EXEC,
    SELF,
    INET,
    LOCAL,
    READ,
    LEASE
};

static const char *const condition_words[] = {
    [ANY] = "",
    [FD_2] = "descriptor 2 only",
    [NO_EXEC] = "never executable",
    [SELF] = "itself only",
    [INET] = "IPv4, IPv6 only",
    [LOCAL] = "this machine only",
    [READ] = "reading only",
    [LEASE] = "leases only",
};

struct allowed {
    int number;
    const char *name;
    enum condition condition;
    unsigned profiles;
    const char *why;
};

static const struct allowed allowed[] = {
#define OV_ALLOW(profiles, name, condition, why)                               \
    {SCMP_SYS(name), #name, condition, profiles, why},
#include "sys/sandbox.def"
#undef OV_ALLOW
};

#define N_ALLOWED (sizeof(allowed) / sizeof(allowed[0]))

static const struct {
    const char *name;
    rlim_t data_mib;
    rlim_t file_mib;
    const char *why;
} profiles[] = {

#define OV_PROFILE(id, word, data_limit, file_limit, why)                      \
    {word, data_limit, file_limit, why},
#include "sys/sandbox.def"
#undef OV_PROFILE
};

static const struct {
    const char *name;
    bool is_required;
    const char *what;
} steps[] = {

#define OV_STEP(id, word, is_required, what) {word, is_required, what},
#include "sys/sandbox_step.def"
#undef OV_STEP
};

#define NOBODY 65534
#define MAX_OPEN 24
/* Address space, not memory: the image and very large files are mapped. */
#define ADDRESS_SPACE ((rlim_t)1 << 42)

const char *ov_profile_name(enum ov_profile p)
{
    return p < OV_N_PROFILES ? profiles[p].name : "?";
}

const char *ov_step_name(enum ov_step s)
{
    return s < OV_N_STEPS ? steps[s].name : "?";
}

/* Landlock hides all other processes from /proc, and the guard has to see who
 * opens a file and what a container has mounted. It does not take that step. */
static bool is_required(unsigned step, enum ov_profile profile)
{
    return steps[step].is_required &&
           !(profile == OV_PROFILE_GUARD && step == OV_STEP_LANDLOCK);
}

bool ov_jail_is_whole(const struct ov_jail *jail)
{
    bool is_guard =
        jail->fingerprint == ov_profile_fingerprint(OV_PROFILE_GUARD);

    for (unsigned i = 0; i < OV_N_STEPS; i++) {
        if (is_required(i, is_guard ? OV_PROFILE_GUARD : OV_PROFILE_WORKER) &&
            (jail->steps >> i & 1) == 0)
            return false;
    }
    return true;
}

static bool close_others(const struct ov_confine *how, struct ov_jail *jail)
{
    (void)jail;
    if (how->service != NULL)
        return true;
    return close_range(OV_PARENT_FD + 1, ~0u, 0) == 0;
}

static bool set_limit(__rlimit_resource_t what, rlim_t to)
{
    struct rlimit now;
    struct rlimit limit = {to, to};

    if (getrlimit(what, &now) != 0)
        return false;
    if (now.rlim_max < to)
        limit = (struct rlimit){now.rlim_max, now.rlim_max};
    return setrlimit(what, &limit) == 0;
}

static rlim_t most_open(const struct ov_confine *how)
{
    if (how->service != NULL)
        return how->service->max_open;
    return how->max_open != 0 ? how->max_open : MAX_OPEN;
}

static bool set_limits(const struct ov_confine *how, struct ov_jail *jail)
{
    (void)jail;
    return set_limit(RLIMIT_CORE, 0) && set_limit(RLIMIT_MEMLOCK, 0) &&
           set_limit(RLIMIT_MSGQUEUE, 0) &&
           set_limit(RLIMIT_NOFILE, most_open(how)) &&
           set_limit(RLIMIT_FSIZE, profiles[how->profile].file_mib << 20) &&
           set_limit(RLIMIT_DATA, profiles[how->profile].data_mib << 20) &&
           set_limit(RLIMIT_AS, ADDRESS_SPACE);
}

/* fetch is the one process that has the network. */
static bool has_network(const struct ov_confine *how)
{
    return how->profile == OV_PROFILE_FETCH;
}

static bool leave_namespaces(const struct ov_confine *how, struct ov_jail *jail)
{
    int all = CLONE_NEWIPC | CLONE_NEWUTS;

    (void)jail;
    /* The guard has to see what is mounted later. */
    if (how->profile != OV_PROFILE_GUARD)
        all |= CLONE_NEWNS;
    if (!has_network(how))
        all |= CLONE_NEWNET;
    if (geteuid() == 0)
        return unshare(all) == 0;
    return unshare(CLONE_NEWUSER | all) == 0;
}

static bool keep_capabilities(uint64_t kept)
{
    struct __user_cap_header_struct head = {.version =
                                                _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};

    for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
        data[i].effective = (uint32_t)(kept >> 32 * i);
        data[i].permitted = (uint32_t)(kept >> 32 * i);
    }
    return syscall(SYS_capset, &head, data) == 0;
}

static bool drop_capabilities(void)
{
    return keep_capabilities(0);
}

static bool become_nobody(void)
{
    return setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
           setresuid(NOBODY, NOBODY, NOBODY) == 0 && geteuid() == NOBODY &&
           setuid(0) != 0;
}

/* Nobody, but one that may hold openings back, mark any mount point, see whose
 * process it is, and ask whether somebody writes a file. */
static bool become_guard(void)
{
    const uint64_t kept =
        UINT64_C(1) << CAP_SYS_ADMIN | UINT64_C(1) << CAP_DAC_READ_SEARCH |
        UINT64_C(1) << CAP_SYS_PTRACE | UINT64_C(1) << CAP_LEASE;

    return geteuid() == 0 && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0 &&
           setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
           setresuid(NOBODY, NOBODY, NOBODY) == 0 && keep_capabilities(kept) &&
           setuid(0) != 0;
}

/* A service becomes the owner of its folder. Where that is root itself, it
 * stays root by name, without a capability. */
static bool become_owner(int folder)
{
    struct stat st;

    if (fstat(folder, &st) != 0 || setgroups(0, NULL) != 0 ||
        setresgid(st.st_gid, st.st_gid, st.st_gid) != 0 ||
        setresuid(st.st_uid, st.st_uid, st.st_uid) != 0)
        return false;
    return drop_capabilities();
}

static bool drop_user(const struct ov_confine *how, struct ov_jail *jail)
{
    (void)jail;
    if (how->profile == OV_PROFILE_GUARD)
        return become_guard();
    /* An ordinary user may have got capabilities with a user name space. */
    if (geteuid() != 0 && getuid() != 0)
        return how->service == NULL || drop_capabilities();
    if (how->service != NULL)
        return become_owner(how->service->folder);
    return become_nobody();
}

static bool give_up_privileges(const struct ov_confine *how,
                               struct ov_jail *jail)
{
    (void)jail;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return false;
    /* The death signal is forgotten when the user changes, so it is set here.
     */
    return how->service != NULL ||
           prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0;
}

static bool set_landlock(const struct ov_confine *how, struct ov_jail *jail)
{
    if (how->profile == OV_PROFILE_GUARD)
        return false; /* not taken, see is_required */
    if (has_network(how))
        return ov_landlock_forbid_files(how->open_readable,
                                        &jail->landlock_abi) == OV_OK;
    if (how->service != NULL)
        return ov_landlock_keep_folder(how->service->folder,
                                       &jail->landlock_abi) == OV_OK;
    return ov_landlock_forbid_all(&jail->landlock_abi) == OV_OK;
}

/* Families that libraries try first get an error, not death: the resolver's
 * cache and list of addresses. */
static int add_inet(scmp_filter_ctx filter, int number)
{
    static const struct {
        int family;
        uint32_t action;
    } families[] = {
        {AF_INET, SCMP_ACT_ALLOW},
        {AF_INET6, SCMP_ACT_ALLOW},
        {AF_UNIX, SCMP_ACT_ERRNO(EAFNOSUPPORT)},
        {AF_NETLINK, SCMP_ACT_ERRNO(EAFNOSUPPORT)},
    };

    int result = 0;

    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
        result |= seccomp_rule_add(
            filter, families[i].action, number, 1,
            SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i].family, 0));
    return result;
}

static int add_rule(scmp_filter_ctx filter, const struct allowed *a)
{
    switch (a->condition) {
    case FD_2:
        return seccomp_rule_add(filter, SCMP_ACT_ALLOW, a->number, 1,
                                SCMP_A0(SCMP_CMP_EQ, STDERR_FILENO, 0));
    case NO_EXEC:
        return seccomp_rule_add(filter, SCMP_ACT_ALLOW, a->number, 1,
                                SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    case SELF:
        return seccomp_rule_add(
            filter, SCMP_ACT_ALLOW, a->number, 1,
            SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0));
    case INET:
        return add_inet(filter, a->number);
    case LOCAL:
        return seccomp_rule_add(filter, SCMP_ACT_ALLOW, a->number, 1,
                                SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0));
    case READ:
        return seccomp_rule_add(
            filter, SCMP_ACT_ALLOW, a->number, 1,
            SCMP_A2(SCMP_CMP_MASKED_EQ,
                    (scmp_datum_t)(O_ACCMODE | O_CREAT | O_TRUNC), O_RDONLY));
    case LEASE:
        return seccomp_rule_add(filter, SCMP_ACT_ALLOW, a->number, 1,
                                SCMP_A1(SCMP_CMP_EQ, F_SETLEASE, 0));
    case ANY:
    default:
        return seccomp_rule_add(filter, SCMP_ACT_ALLOW, a->number, 0);
    }
}

static bool load_filter(scmp_filter_ctx filter, enum ov_profile profile)
{
    if (seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH,
                         SCMP_ACT_KILL_PROCESS) != 0 ||
        seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) != 0)
        return false;
    for (size_t i = 0; i < N_ALLOWED; i++) {
        if ((allowed[i].profiles >> profile & 1) != 0 &&
            add_rule(filter, &allowed[i]) != 0)
            return false;
    }
    return seccomp_load(filter) == 0;
}

static bool set_filter(const struct ov_confine *how, struct ov_jail *jail)
{
    scmp_filter_ctx filter;
    bool is_loaded;

    (void)jail;
    /* No new process or thread: this is the last moment at which the limit can
     * be set and the first at which no thread is to come. */
    if (!set_limit(RLIMIT_NPROC, 0))
        return false;
    filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (filter == NULL)
        return false;
    is_loaded = load_filter(filter, how->profile);
    seccomp_release(filter);
    return is_loaded;
}

static bool (*const step_functions[OV_N_STEPS])(const struct ov_confine *,
                                                struct ov_jail *) = {
    [OV_STEP_FDS] = close_others,
    [OV_STEP_LIMITS] = set_limits,
    [OV_STEP_NAMESPACES] = leave_namespaces,
    [OV_STEP_USER] = drop_user,
    [OV_STEP_PRIVILEGES] = give_up_privileges,
    [OV_STEP_LANDLOCK] = set_landlock,
    [OV_STEP_SECCOMP] = set_filter,
};

enum ov_status ov_confine(const struct ov_confine *how, struct ov_jail *ret,
                          struct ov_diag *diag)
{
    struct ov_jail jail = {.fingerprint = ov_profile_fingerprint(how->profile)};

    for (unsigned i = 0; i < OV_N_STEPS; i++) {
        if (i == OV_STEP_SECCOMP && how->start_threads != NULL &&
            !how->start_threads(how->data))
            return ov_diag_set(diag, OV_DENIED, 0, "cannot start threads");
        if (step_functions[i](how, &jail))
            jail.steps |= 1u << i;
        else if (is_required(i, how->profile) && !how->is_best_effort)
            return ov_diag_set(diag, OV_DENIED, 0,
                               "the jail's step \"%s\" (%s) failed",
                               steps[i].name, steps[i].what);
    }
    *ret = jail;
    return OV_OK;
}

/* FNV-1a, 64 bits. */
static uint64_t mix(uint64_t h, const char *text)
{
    for (; *text != '\0'; text++)
        h = (h ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
    return (h ^ '\n') * UINT64_C(0x100000001b3);
}

uint64_t ov_profile_fingerprint(enum ov_profile p)
{
    uint64_t h = mix(UINT64_C(0xcbf29ce484222325), ov_profile_name(p));

    for (size_t i = 0; i < N_ALLOWED; i++) {
        if ((allowed[i].profiles >> p & 1) != 0) {
            h = mix(h, allowed[i].name);
            h = mix(h, condition_words[allowed[i].condition]);
        }
    }
    for (unsigned i = 0; i < OV_N_STEPS; i++)
        h = mix(h, steps[i].name);
    return h;
}

static void put_profile(struct ov_buf *b, enum ov_profile p)
{
    ov_put_format(b,
                  "%s: %s\n  private memory at most %llu MiB, files written at "
                  "most %llu MiB, fingerprint %016llx\n",
                  profiles[p].name, profiles[p].why,
                  (unsigned long long)profiles[p].data_mib,
                  (unsigned long long)profiles[p].file_mib,
                  (unsigned long long)ov_profile_fingerprint(p));
    for (size_t i = 0; i < N_ALLOWED; i++) {
        if ((allowed[i].profiles >> p & 1) != 0)
            ov_put_format(b, "  %-15s %-18s %s\n", allowed[i].name,
                          condition_words[allowed[i].condition],
                          allowed[i].why);
    }
}

void ov_put_sandbox(struct ov_buf *b)
{
    ov_put_str(b, "steps, in this order:\n");
    for (unsigned i = 0; i < OV_N_STEPS; i++)
        ov_put_format(b, "  %-18s %-12s %s\n", steps[i].name,
                      steps[i].is_required ? "required" : "if allowed",
                      steps[i].what);
    ov_put_str(b, "\nsystem calls; any other kills the process at once:\n");
    for (unsigned p = 0; p < OV_N_PROFILES; p++)
        put_profile(b, (enum ov_profile)p);
}
