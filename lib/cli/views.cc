#include "cli/views.h"

#include <fmt/format.h>

#include "base/text.h"
#include "report/json.h"
#include "report/table.h"

namespace instantexec::cli {
namespace {

std::string change_counts(const engine::RevisionInfo& revision) {
  std::vector<std::string> parts;
  const auto add = [&parts](std::size_t count, const char* word) {
    if (count > 0) parts.push_back(fmt::format("{} {}", count, word));
  };
  add(revision.created, "created");
  add(revision.configured, "configured");
  add(revision.pruned, "pruned");
  add(revision.unchanged, "unchanged");
  return join(parts, ", ");
}

std::string unfinished_sentence(const engine::UnfinishedOperation& operation,
                                const engine::ReleaseStatus& status) {
  const std::string what =
      fmt::format("{} of revision {}, started {} by {}", operation.phase, operation.revision,
                  operation.started, sanitise_line(operation.holder, 200));
  if (status.at_work) {
    const bool itself = status.lock_holder == sanitise_line(operation.holder, 300);
    return what + (itself ? ", which is at work" : "; " + status.lock_holder + " is at work on it") +
           (status.lock_renewed.empty() ? "" : fmt::format(" (lock renewed {})", status.lock_renewed)) +
           "; should that end, `recover` takes over once its lock has run out";
  }
  // Past the commit point there is no way back.
  const char* means = operation.phase == "committing"            ? "`recover` finishes it"
                      : operation.phase == "rollback-incomplete" ? "`recover` tries again to put it back"
                                                                 : "`recover` puts it back";
  return fmt::format("{}; {}", what, means);
}

}  // namespace

report::PlanView plan_view(const engine::PlanResult& planned) {
  report::PlanView view{planned.plan.release, planned.plan.ns, planned.plan.revision, {},
                        planned.findings,     planned.warnings};
  for (const auto& step : planned.plan.steps) {
    report::StepView out{std::string(plan::to_string(step.op)),
                         step.object,
                         std::string(plan::to_string(step.reversibility)),
                         step.reason,
                         step.force,
                         step.deferred,
                         {}};
    for (const auto& change : step.changes)
      out.changes.push_back({change.pointer, change.before, change.after});
    view.steps.push_back(std::move(out));
  }
  return view;
}

model::Json plan_document(const engine::PlanResult& planned) {
  model::Json document = plan::to_json(planned.plan);
  document["executable"] = planned.executable();
  document["findings"] = model::Json::array();
  for (const auto& finding : planned.findings) document["findings"].push_back(report::to_json(finding));
  document["warnings"] = planned.warnings;
  return document;
}

std::vector<report::RevisionView> history_view(std::span<const engine::RevisionInfo> revisions) {
  std::vector<report::RevisionView> view;
  for (const auto& revision : revisions) {
    view.push_back(
        {revision.revision, revision.in_force, revision.result,
         revision.target > 0 ? fmt::format("{} to {}", revision.kind, revision.target) : revision.kind,
         revision.started, change_counts(revision), revision.source_commit, revision.description,
         revision.failure});
  }
  return view;
}

model::Json history_document(std::span<const engine::RevisionInfo> revisions) {
  model::Json list = model::Json::array();
  for (const auto& revision : revisions) {
    list.push_back({{"revision", revision.revision},
                    {"in_force", revision.in_force},
                    {"result", revision.result},
                    {"kind", revision.kind},
                    {"target", revision.target},
                    {"started", revision.started},
                    {"finished", revision.finished},
                    {"source_commit", revision.source_commit},
                    {"description", revision.description},
                    {"created", revision.created},
                    {"configured", revision.configured},
                    {"unchanged", revision.unchanged},
                    {"pruned", revision.pruned},
                    {"failure", revision.failure}});
  }
  return {{"revisions", std::move(list)}};
}

report::ReleaseView status_view(const engine::ReleaseStatus& status) {
  return {status.release,
          status.ns,
          status.exists,
          status.revision,
          status.source_commit,
          status.deployed,
          status.unfinished ? unfinished_sentence(*status.unfinished, status) : "",
          status.lock_holder,
          status.lock_renewed,
          status.lock_unread,
          status.at_work,
          status.not_undone,
          status.objects,
          {},
          {}};
}

model::Json status_document(const engine::ReleaseStatus& status) {
  model::Json objects = model::Json::array();
  for (const auto& outcome : status.objects) {
    objects.push_back({{"object", report::to_json(outcome.object)},
                       {"status", model::to_string(outcome.health.status)},
                       {"reason", outcome.health.reason},
                       {"message", outcome.health.message}});
  }
  model::Json document{{"release", status.release},
                       {"namespace", status.ns},
                       {"exists", status.exists},
                       {"revision", status.revision},
                       {"source_commit", status.source_commit},
                       {"deployed", status.deployed},
                       {"lock_holder", status.lock_holder},
                       {"lock_renewed", status.lock_renewed},
                       {"lock_unread", status.lock_unread},
                       {"at_work", status.at_work},
                       {"not_undone", status.not_undone},
                       {"objects", std::move(objects)}};
  if (status.unfinished) {
    document["unfinished"] = {{"phase", status.unfinished->phase},
                              {"operation", status.unfinished->operation},
                              {"holder", status.unfinished->holder},
                              {"revision", status.unfinished->revision},
                              {"started", status.unfinished->started}};
  }
  return document;
}

std::string baseline_text(const validate::BaselineReport& baseline, const report::TextOptions& text) {
  report::Table table({"CHECK", "STATUS", "OBJECTS", "MESSAGE"});
  std::vector<model::Finding> findings;
  for (const auto& check : baseline.checks) {
    table.add({check.name, std::string(validate::to_string(check.status)), std::to_string(check.objects),
               check.message});
    findings.insert(findings.end(), check.findings.begin(), check.findings.end());
  }
  std::string out = fmt::format("Baseline of namespace {}: {}\n\n", sanitise_line(baseline.ns, 100),
                                baseline.passed ? "passed" : "failed") +
                    table.to_string(text.style);
  if (!findings.empty()) out += "\n" + report::findings_text(findings, text.style);
  return out;
}

}  // namespace instantexec::cli
