/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/scan_state.h"
#include "formats/alert.h"

/* The engine's own checks (clamscan's heuristic alerts), made where the scan's
 * options ask for them, after an object's rules. What they find is kept until
 * the scan's end and told only if no rule was, or with it if all matches are
 * asked for: an alert says that something is odd, a rule what it is. */

/* One that is cut within its headers may be something else. */
static bool is_damaged(const struct ov_facts *facts)
{
    return facts->damage != OV_OK && facts->damage != OV_UNSUPPORTED &&
           facts->facts[OV_FACT_MACHINE].is_known &&
           (facts->damage != OV_TRUNCATED ||
            facts->facts[OV_FACT_IS_64BIT].is_known);
}

static enum ov_status alert_damaged(struct ov_scan *scan,
                                    const struct ov_alert_job *job,
                                    const char **ret)
{
    struct ov_object *o = &scan->scanner->frames[scan->top].object;
    const struct ov_facts *facts = NULL;

    *ret = NULL;
    if ((o->type == OV_TYPE_PE && (scan->flags & OV_SCAN_NO_PE) != 0) ||
        (o->type == OV_TYPE_ELF && (scan->flags & OV_SCAN_NO_ELF) != 0))
        return OV_OK;
    OV_TRY(ov_object_facts(o, job->arena, job->budget, &facts));
    if (is_damaged(facts) || (facts->pe != NULL && ov_alert_pe(facts->pe)))
        *ret = "Heuristics.Broken.Executable";
    return OV_OK;
}

static const struct check {
    enum ov_alert alert;
    enum ov_type type;
    enum ov_status (*check)(const struct ov_alert_job *job, const char **ret);
} checks[] = {
    {OV_ALERT_ENGINE, OV_TYPE_ZIP, ov_alert_zip},
    {OV_ALERT_ENGINE, OV_TYPE_XZ, ov_alert_xz},
    {OV_ALERT_MEDIA, OV_TYPE_JPEG, ov_alert_jpeg_damage},
    {OV_ALERT_MEDIA, OV_TYPE_JPEG, ov_alert_jpeg},
    {OV_ALERT_MEDIA, OV_TYPE_PNG, ov_alert_png},
    {OV_ALERT_MEDIA, OV_TYPE_GIF, ov_alert_gif},
    {OV_ALERT_MEDIA, OV_TYPE_TIFF, ov_alert_tiff},
    {OV_ALERT_ENGINE, OV_TYPE_RIFF, ov_alert_riff},
    {OV_ALERT_ENGINE, OV_TYPE_PDF, ov_alert_pdf},
    {OV_ALERT_NUMBERS, OV_TYPE_ASCII, ov_alert_cards},
    {OV_ALERT_NUMBERS, OV_TYPE_ASCII, ov_alert_security},
};

static void tell(struct ov_scan *scan, enum ov_status status, const char *name)
{
    if (status != OV_OK)
        ov_report_status(scan, status, "alerts", 0);
    else if (name != NULL)
        ov_report_alert(scan, name);
}

void ov_examine_alerts(struct ov_scan *scan)
{
    const struct ov_object *o = &scan->scanner->frames[scan->top].object;
    const struct ov_alert_job job = {
        .bytes = o->bytes,
        .name = o->name,
        .arena = scan->scanner->scratch,
        .budget = &scan->budget,
        .wanted = scan->options->alerts,
        .bounds = scan->bounds,
    };
    uint32_t wanted = scan->options->alerts;
    const char *name = NULL;
    enum ov_status status;

    if (o->is_again)
        return;
    if ((wanted & 1u << OV_ALERT_BROKEN) != 0 &&
        ov_type_kind(o->type) == OV_KIND_CODE) {
        status = alert_damaged(scan, &job, &name);
        tell(scan, status, name);
    }
    if ((wanted & 1u << OV_ALERT_MACROS) != 0 && o->parent != NULL &&
        o->parent->type == OV_TYPE_OLE2) {
        status = ov_alert_macros(&job, &name);
        tell(scan, status, name);
    }
    if ((wanted & 1u << OV_ALERT_PARTITIONS) != 0 &&
        (o->type == OV_TYPE_MBR || o->type == OV_TYPE_GPT ||
         o->type == OV_TYPE_APM)) {
        status = ov_alert_partitions(&job, o->type, &name);
        tell(scan, status, name);
    }
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        if ((wanted & 1u << checks[i].alert) == 0 || checks[i].type != o->type)
            continue;
        status = checks[i].check(&job, &name);
        tell(scan, status, name);
    }
}
