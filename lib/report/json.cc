#include "report/json.h"

#include <cmath>

#include "base/text.h"
#include "report/outcome.h"

namespace instantexec::report {
namespace {

using model::Json;

double seconds(Duration length) {
  return static_cast<double>(length.count()) / 1000.0;
}

// Percentages and scores with what a reader can use of them.
double rounded(double value) {
  return std::isfinite(value) ? std::round(value * 10000.0) / 10000.0 : 0.0;
}

void put(Json& out, const char* key, std::string_view text) {
  if (!text.empty()) out[key] = sanitise(text);
}

template <typename T>
Json list(const std::vector<T>& items) {
  Json out = Json::array();
  for (const T& item : items) out.push_back(to_json(item));
  return out;
}

Json texts(const std::vector<std::string>& items) {
  Json out = Json::array();
  for (const std::string& item : items) out.push_back(sanitise(item));
  return out;
}

Json reasons(const std::vector<model::Reason>& items) {
  Json out = Json::array();
  for (const model::Reason& reason : items) {
    Json entry{{"text", sanitise(reason.text)}};
    put(entry, "rule", reason.rule);
    out.push_back(std::move(entry));
  }
  return out;
}

Json test_results(const model::TestResults& tests) {
  return {{"total_tests", tests.total_tests}, {"passed", tests.passed}, {"failed", tests.failed}};
}

// The field names of the three stages' outputs are part of the product's contract.
Json analysis_outputs(const model::AnalysisResult& analysis) {
  return {{"decision", model::to_string(analysis.decision)},
          {"confidence", rounded(analysis.confidence)},
          {"risk_score", rounded(analysis.risk_score)},
          {"risk_level", model::to_string(analysis.risk_level)},
          {"conflicts", list(analysis.conflicts)},
          {"recommendations", texts(analysis.recommendations)}};
}

Json validation_outputs(const model::ValidationResult& validation) {
  return {{"test_results", test_results(validation.test_results)},
          {"validation_status", validation.passed ? "passed" : "failed"},
          {"success_rate", rounded(validation.success_rate)}};
}

Json deployment_outputs(const model::DeployReport& report) {
  return {{"deployment_status", model::to_string(report.result)},
          {"resources_deployed", resources_deployed(report)},
          {"health_status", health_word(report)},
          {"rollback_available", rollback_available(report)}};
}

Json outputs_of(model::StageId stage, const model::RunReport& report) {
  switch (stage) {
    case model::StageId::kAnalysis:
      return report.analysis ? analysis_outputs(*report.analysis) : Json::object();
    case model::StageId::kValidation:
      return report.validation ? validation_outputs(*report.validation) : Json::object();
    case model::StageId::kDeployment:
      return report.deployment ? deployment_outputs(*report.deployment) : Json::object();
  }
  return Json::object();
}

Json health(const model::ObjectStatus& status) {
  Json out{{"status", model::to_string(status.status)}};
  put(out, "reason", status.reason);
  put(out, "message", status.message);
  return out;
}

Json outcome(const model::ObjectOutcome& object) {
  Json out{{"object", to_json(object.object)},
           {"action", model::to_string(object.action)},
           {"health", health(object.health)}};
  put(out, "message", object.message);
  if (object.broken_before) out["broken_before"] = true;
  return out;
}

Json suite(const model::TestSuite& suite) {
  Json cases = Json::array();
  for (const model::TestCase& test : suite.cases) {
    Json entry{{"name", sanitise(test.name)},
               {"status", test.skipped  ? "skipped"
                          : test.passed ? "passed"
                                        : "failed"},
               {"duration_seconds", seconds(test.elapsed)}};
    put(entry, "message", test.message);
    cases.push_back(std::move(entry));
  }
  return {{"name", sanitise(suite.name)}, {"cases", std::move(cases)}};
}

Json stage(const model::StageResult& result, const model::RunReport& report) {
  Json steps = Json::array();
  for (const model::StepFinished& step : result.steps) {
    steps.push_back({{"text", sanitise(step.text)}, {"ok", step.ok}});
  }
  Json out{{"id", model::to_string(result.id)},
           {"status", model::to_string(result.status)},
           {"duration_seconds", seconds(result.elapsed)},
           {"steps", std::move(steps)},
           {"outputs", outputs_of(result.id, report)}};
  put(out, "summary", result.summary);
  return out;
}

Json gates(const std::vector<model::GateResult>& items) {
  Json out = Json::array();
  for (const model::GateResult& gate : items) {
    out.push_back({{"name", sanitise(gate.name)},
                   {"passed", gate.passed},
                   {"required", sanitise(gate.required)},
                   {"actual", sanitise(gate.actual)}});
  }
  return out;
}

Json codebase(const model::CodebaseSummary& summary) {
  return {{"files", summary.files},
          {"lines", summary.lines},
          {"changed_files", summary.changed_files},
          {"added_lines", summary.added_lines},
          {"removed_lines", summary.removed_lines},
          {"pattern_confidence", rounded(summary.pattern_confidence)}};
}

}  // namespace

Json to_json(const model::ObjectRef& object) {
  Json out{{"kind", sanitise(object.kind)}, {"name", sanitise(object.name)}};
  put(out, "group", object.group);
  put(out, "namespace", object.ns);
  return out;
}

Json to_json(const model::Finding& finding) {
  Json out{{"rule", sanitise(finding.rule)},
           {"severity", model::to_string(finding.severity)},
           {"evidence_class", model::to_string(finding.evidence)},
           {"message", sanitise(finding.message)}};
  put(out, "hint", finding.hint);
  put(out, "field", finding.field);
  if (finding.subject) out["object"] = to_json(*finding.subject);
  put(out, "file", finding.at.file);
  if (finding.at.begin.line != 0) out["line"] = finding.at.begin.line;
  if (finding.at.begin.column != 0) out["column"] = finding.at.begin.column;
  return out;
}

Json to_json(const model::FailureCause& cause) {
  Json evidence = Json::array();
  for (const model::Evidence& item : cause.evidence) {
    evidence.push_back({{"object", to_json(item.subject)}, {"text", sanitise(item.text)}});
  }
  Json logs = Json::array();
  for (const model::LogTail& log : cause.logs) {
    logs.push_back({{"pod", to_json(log.pod)},
                    {"container", sanitise(log.container)},
                    {"previous", log.previous},
                    {"lines", texts(log.lines)}});
  }
  Json out{{"object", to_json(cause.object)},
           {"summary", sanitise(cause.summary)},
           {"evidence", std::move(evidence)},
           {"events", texts(cause.events)},
           {"logs", std::move(logs)}};
  put(out, "hint", cause.hint);
  return out;
}

Json to_json(const Error& error) {
  Json out{{"code", error.code == nullptr ? "internal" : std::string(error.code->name)},
           {"message", sanitise(error.message)}};
  put(out, "next", error.next_step());
  if (!error.context.empty()) out["context"] = texts(error.context);
  put(out, "reason", error.reason);
  if (error.http_status != 0) out["http_status"] = error.http_status;
  return out;
}

Json to_json(const model::AnalysisResult& analysis) {
  Json out = analysis_outputs(analysis);
  out["reasons"] = reasons(analysis.reasons);
  out["confidence_reasons"] = reasons(analysis.confidence_reasons);
  return out;
}

Json to_json(const model::ValidationResult& validation) {
  Json out = validation_outputs(validation);
  out["findings"] = list(validation.findings);
  out["suites"] = Json::array();
  for (const model::TestSuite& item : validation.suites) out["suites"].push_back(suite(item));
  if (!validation.baseline.is_null()) out["baseline"] = validation.baseline;
  return out;
}

Json to_json(const model::DeployReport& report) {
  Json out = deployment_outputs(report);
  put(out, "release", report.release);
  put(out, "namespace", report.ns);
  out["revision"] = report.revision;
  out["previous_revision"] = report.previous_revision;
  out["duration_seconds"] = seconds(report.elapsed);
  out["objects"] = Json::array();
  for (const model::ObjectOutcome& object : report.objects) out["objects"].push_back(outcome(object));
  if (report.cause) out["cause"] = to_json(*report.cause);
  if (report.verification) {
    out["verification"] = {{"values", report.verification->values},
                           {"identity", report.verification->identity},
                           {"ownership", report.verification->ownership},
                           {"behaviour", report.verification->behaviour},
                           {"differences", texts(report.verification->differences)}};
    if (report.verification->kept > 0) out["verification"]["kept"] = report.verification->kept;
  }
  if (!report.drill.empty()) out["drill"] = Json::array();
  for (const model::DrillOutcome& one : report.drill) {
    Json entry{{"object", to_json(one.object)}, {"write", one.write}, {"accepted", one.accepted}};
    put(entry, "message", one.message);
    out["drill"].push_back(std::move(entry));
  }
  put(out, "evidence", report.evidence);
  put(out, "next", next_command(report));
  out["warnings"] = texts(report.warnings);
  return out;
}

Json to_json(const model::RunReport& report) {
  Json out{{"schema_version", kSchemaVersion},
           {"kind", "RunReport"},
           {"tool", {{"name", "kubectl-instantexec"}, {"version", sanitise(report.tool_version)}}},
           {"verb", sanitise(report.verb)},
           {"result", result_word(report)},
           {"exit_code", model::exit_status(report)},
           {"started_at", format_rfc3339(report.started)},
           {"duration_seconds", seconds(report.elapsed)},
           {"stages", Json::array()},
           {"gates", gates(report.gates)},
           {"warnings", texts(report.warnings)}};
  put(out, "release", report.release);
  put(out, "namespace", report.ns);
  put(out, "context", report.context);
  put(out, "source_commit", report.source_commit);
  for (const model::StageResult& item : report.stages) out["stages"].push_back(stage(item, report));
  if (report.analysis) out["analysis"] = to_json(*report.analysis);
  if (report.codebase) out["codebase"] = codebase(*report.codebase);
  if (report.validation) out["validation"] = to_json(*report.validation);
  if (report.deployment) out["deployment"] = to_json(*report.deployment);
  if (report.error) out["error"] = to_json(*report.error);
  return out;
}

namespace {

struct EventJson {
  Json operator()(const model::StageStarted& e) const {
    return {{"event", "stage_started"}, {"stage", model::to_string(e.stage)}};
  }
  Json operator()(const model::StepFinished& e) const {
    return {{"event", "step_finished"},
            {"stage", model::to_string(e.stage)},
            {"text", sanitise(e.text)},
            {"ok", e.ok}};
  }
  Json operator()(const model::StageFinished& e) const {
    return {{"event", "stage_finished"},
            {"stage", model::to_string(e.stage)},
            {"ok", e.ok},
            {"summary", sanitise(e.summary)},
            {"duration_seconds", seconds(e.elapsed)}};
  }
  Json operator()(const model::PhaseStarted& e) const {
    return {{"event", "phase_started"}, {"phase", model::to_string(e.phase)}, {"objects", e.objects}};
  }
  Json operator()(const model::ObjectWritten& e) const {
    Json out{
        {"event", "object_written"}, {"object", to_json(e.object)}, {"action", model::to_string(e.action)}};
    put(out, "message", e.message);
    return out;
  }
  Json operator()(const model::ObjectHealthChanged& e) const {
    return {{"event", "object_health"}, {"object", to_json(e.object)}, {"health", health(e.health)}};
  }
  Json operator()(const model::StillWaiting& e) const {
    return {{"event", "waiting"},
            {"ready", e.ready},
            {"total", e.total},
            {"duration_seconds", seconds(e.elapsed)},
            {"missing", sanitise(e.missing)}};
  }
  Json operator()(const model::WarningRaised& e) const {
    return {{"event", "warning"}, {"text", sanitise(e.text)}};
  }
  Json operator()(const model::Note& e) const { return {{"event", "note"}, {"text", sanitise(e.text)}}; }
};

}  // namespace

Json to_json(const model::Event& event) {
  return std::visit(EventJson{}, event);
}

std::string pretty(const Json& value) {
  return value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string compact(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace instantexec::report
