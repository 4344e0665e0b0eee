/* SPDX-License-Identifier: Apache-2.0
 *
 * The module "cuckoo" (YARA documentation, "Cuckoo module"): what a program did
 * in a sandbox, by the report that the user gives (-x cuckoo=FILE). Functions
 * only: whether some request, lookup, connection, file, key or mutex of the
 * report matches a regular expression.
 *
 * The report is JSON as Cuckoo writes it: network.{http, domains or dns, hosts,
 * tcp, udp} and behavior.summary.{keys, files, mutexes}. It is read when a rule
 * first asks; what is missing in it, or a report that is none, matches nothing,
 * and neither does a text that an expression matches nowhere but in nothing. */
#include "json/json.h"
#include "match/re.h"
#include "modules/module.h"

#define REPORT_MAX (256u << 20)

struct cuckoo_state {
    const struct ov_json *report; /* NULL: none */
};

static enum ov_status state_of(struct ov_module_run *run,
                               const struct ov_json **ret)
{
    struct cuckoo_state *state = run->state;
    enum ov_status status;

    if (state == NULL) {
        state = ov_arena_alloc(run->in->arena, sizeof(*state));
        if (state == NULL)
            return OV_NO_MEMORY;
        OV_TRY(ov_budget_spend(run->in->budget, OV_COST_STEPS,
                               10 * (uint64_t)run->in->reports.len));
        status = run->in->reports.len == 0
                     ? OV_MALFORMED
                     : ov_json_parse_any(run->in->arena, run->in->reports,
                                         REPORT_MAX, &state->report);
        if (status == OV_NO_MEMORY)
            return status;
        run->state = state;
    }
    *ret = state->report;
    return OV_OK;
}

/* ---- entries of the report's lists ---- */

/* What an entry must have besides the text that is searched. */
struct question {
    struct ov_module_call *call;
    const char *text;  /* the member that is searched; NULL: the entry itself */
    const char *other; /* a member that must be a string, too; or NULL */
    bool has_port;     /* dport is the second argument */
    bool is_get;       /* method: which are right */
    bool is_post;
};

static bool is_method_right(const struct question *q,
                            const struct ov_json *entry)
{
    struct ov_span method;

    if (!q->is_get && !q->is_post)
        return true;
    if (ov_json_string(ov_json_get(entry, OV_SPAN_LIT("method")), &method) !=
        OV_OK)
        return false;
    return (q->is_get && ov_span_equal_nocase(method, OV_SPAN_LIT("get"))) ||
           (q->is_post && ov_span_equal_nocase(method, OV_SPAN_LIT("post")));
}

static bool is_port_right(const struct question *q, const struct ov_json *entry)
{
    int64_t port;

    return !q->has_port ||
           (ov_json_int(ov_json_get(entry, OV_SPAN_LIT("dport")),
                        -OV_JSON_MAX_INT, OV_JSON_MAX_INT, &port) == OV_OK &&
            port == q->call->arguments[1].number);
}

static enum ov_status is_entry(const struct question *q,
                               const struct ov_json *entry, bool *ret)
{
    const struct ov_json *value = entry;
    struct ov_span text, other;

    *ret = false;
    if (q->text != NULL)
        value = ov_json_get(entry, ov_span_str(q->text));
    if (ov_json_string(value, &text) != OV_OK || text.len == 0 ||
        (q->other != NULL &&
         ov_json_string(ov_json_get(entry, ov_span_str(q->other)), &other) !=
             OV_OK) ||
        !is_method_right(q, entry) || !is_port_right(q, entry))
        return OV_OK;
    return ov_re_search(q->call->arguments[0].text, text,
                        q->call->run->in->budget, ret);
}

static enum ov_status ask(const struct question *q, const struct ov_json *list,
                          struct ov_datum *ret)
{
    bool is_found = false;

    *ret = ov_datum_integer(0);
    if (ov_json_is(list, OV_JSON_ARRAY) != OV_OK)
        return OV_OK;
    for (const struct ov_json *e = list->first; e != NULL && !is_found;
         e = e->next) {
        OV_TRY(ov_budget_spend(q->call->run->in->budget, OV_COST_STEPS, 20));
        OV_TRY(is_entry(q, e, &is_found));
    }
    *ret = ov_datum_integer(is_found);
    return OV_OK;
}

static enum ov_status ask_network(const struct question *q, const char *list,
                                  struct ov_datum *ret)
{
    const struct ov_json *report;

    OV_TRY(state_of(q->call->run, &report));
    report = ov_json_get(report, OV_SPAN_LIT("network"));
    return ask(q, ov_json_get(report, ov_span_str(list)), ret);
}

static enum ov_status ask_summary(struct ov_module_call *call, const char *list,
                                  struct ov_datum *ret)
{
    const struct question q = {.call = call};
    const struct ov_json *report;

    OV_TRY(state_of(call->run, &report));
    report = ov_json_get(report, OV_SPAN_LIT("behavior"));
    report = ov_json_get(report, OV_SPAN_LIT("summary"));
    return ask(&q, ov_json_get(report, ov_span_str(list)), ret);
}

/* ---- functions ---- */

/* Reports of newer versions have "domains", of older ones only "dns". */
static enum ov_status call_dns_lookup(struct ov_module_call *call,
                                      struct ov_datum *ret)
{
    struct question q = {.call = call, .text = "domain", .other = "ip"};
    const struct ov_json *report;

    OV_TRY(state_of(call->run, &report));
    report = ov_json_get(report, OV_SPAN_LIT("network"));
    if (ov_json_get(report, OV_SPAN_LIT("domains")) != NULL)
        return ask_network(&q, "domains", ret);
    q.text = "hostname";
    return ask_network(&q, "dns", ret);
}

static enum ov_status call_http_get(struct ov_module_call *call,
                                    struct ov_datum *ret)
{
    const struct question q = {.call = call, .text = "uri", .is_get = true};

    return ask_network(&q, "http", ret);
}

static enum ov_status call_http_post(struct ov_module_call *call,
                                     struct ov_datum *ret)
{
    const struct question q = {.call = call, .text = "uri", .is_post = true};

    return ask_network(&q, "http", ret);
}

static enum ov_status call_http_request(struct ov_module_call *call,
                                        struct ov_datum *ret)
{
    const struct question q = {
        .call = call, .text = "uri", .is_get = true, .is_post = true};

    return ask_network(&q, "http", ret);
}

static enum ov_status call_user_agent(struct ov_module_call *call,
                                      struct ov_datum *ret)
{
    const struct question q = {.call = call, .text = "user-agent"};

    return ask_network(&q, "http", ret);
}

static enum ov_status call_host(struct ov_module_call *call,
                                struct ov_datum *ret)
{
    const struct question q = {.call = call};

    return ask_network(&q, "hosts", ret);
}

static enum ov_status call_tcp(struct ov_module_call *call,
                               struct ov_datum *ret)
{
    const struct question q = {.call = call, .text = "dst", .has_port = true};

    return ask_network(&q, "tcp", ret);
}

static enum ov_status call_udp(struct ov_module_call *call,
                               struct ov_datum *ret)
{
    const struct question q = {.call = call, .text = "dst", .has_port = true};

    return ask_network(&q, "udp", ret);
}

static enum ov_status call_key_access(struct ov_module_call *call,
                                      struct ov_datum *ret)
{
    return ask_summary(call, "keys", ret);
}

static enum ov_status call_file_access(struct ov_module_call *call,
                                       struct ov_datum *ret)
{
    return ask_summary(call, "files", ret);
}

static enum ov_status call_mutex(struct ov_module_call *call,
                                 struct ov_datum *ret)
{
    return ask_summary(call, "mutexes", ret);
}

#define ONE_FORM(form_name, letters, function)                                 \
    static const struct ov_function form_name[] = {                            \
        {.arguments = (letters),                                               \
         .result = OV_DATUM_INTEGER,                                           \
         .call = (function)},                                                  \
    }

ONE_FORM(dns_lookup, "r", call_dns_lookup);
ONE_FORM(http_get, "r", call_http_get);
ONE_FORM(http_post, "r", call_http_post);
ONE_FORM(http_request, "r", call_http_request);
ONE_FORM(http_user_agent, "r", call_user_agent);
ONE_FORM(host, "r", call_host);
ONE_FORM(tcp, "ri", call_tcp);
ONE_FORM(udp, "ri", call_udp);
ONE_FORM(key_access, "r", call_key_access);
ONE_FORM(file_access, "r", call_file_access);
ONE_FORM(mutex, "r", call_mutex);

static const struct ov_field network_fields[] = {
    OV_FIELD_FUNCTION("dns_lookup", dns_lookup),
    OV_FIELD_FUNCTION("http_get", http_get),
    OV_FIELD_FUNCTION("http_post", http_post),
    OV_FIELD_FUNCTION("http_request", http_request),
    OV_FIELD_FUNCTION("http_user_agent", http_user_agent),
    OV_FIELD_FUNCTION("host", host),
    OV_FIELD_FUNCTION("tcp", tcp),
    OV_FIELD_FUNCTION("udp", udp),
};
static const struct ov_structure network = OV_STRUCTURE(network_fields);

static const struct ov_field registry_fields[] = {
    OV_FIELD_FUNCTION("key_access", key_access),
};
static const struct ov_structure registry = OV_STRUCTURE(registry_fields);

static const struct ov_field filesystem_fields[] = {
    OV_FIELD_FUNCTION("file_access", file_access),
};
static const struct ov_structure filesystem = OV_STRUCTURE(filesystem_fields);

static const struct ov_field sync_fields[] = {
    OV_FIELD_FUNCTION("mutex", mutex),
};
static const struct ov_structure sync_of = OV_STRUCTURE(sync_fields);

static const struct ov_field fields[] = {
    OV_FIELD_STRUCTURE("network", &network),
    OV_FIELD_STRUCTURE("registry", &registry),
    OV_FIELD_STRUCTURE("filesystem", &filesystem),
    OV_FIELD_STRUCTURE("sync", &sync_of),
};

extern const struct ov_module ov_module_cuckoo;
const struct ov_module ov_module_cuckoo = {
    .name = "cuckoo",
    .root = OV_STRUCTURE(fields),
};
