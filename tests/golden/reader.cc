#include "golden/reader.h"

#include <gtest/gtest.h>

#include <array>

namespace instantexec::golden {
namespace {

using model::get_array;
using model::get_bool;
using model::get_int;
using model::get_object;
using model::get_string;
using model::Json;

std::vector<std::string> texts(const Json& list) {
  std::vector<std::string> out;
  for (const Json& item : list) out.push_back(item.get<std::string>());
  return out;
}

Duration millis(const Json& json, std::string_view pointer) {
  return Duration{get_int(json, pointer)};
}

double number(const Json& json, std::string_view pointer) {
  const Json* at = model::find(json, pointer);
  return at != nullptr && at->is_number() ? at->get<double>() : 0;
}

// The enumerator whose to_string is the word.
template <typename T>
T word(const std::string& text, std::initializer_list<T> all) {
  for (const T item : all) {
    if (to_string(item) == text) return item;
  }
  ADD_FAILURE() << "unknown word " << text;
  return *all.begin();
}

model::StageId stage_id(const std::string& text) {
  using enum model::StageId;
  return word(text, {kAnalysis, kValidation, kDeployment});
}

model::Action action(const std::string& text) {
  using enum model::Action;
  return word(text, {kCreated, kConfigured, kUnchanged, kPruned, kRestored, kDeleted, kSkipped, kFailed});
}

std::vector<model::Reason> reasons(const Json& list) {
  std::vector<model::Reason> out;
  for (const Json& item : list) out.push_back({get_string(item, "/text"), get_string(item, "/rule")});
  return out;
}

std::vector<model::Evidence> evidence(const Json& list) {
  std::vector<model::Evidence> out;
  for (const Json& item : list)
    out.push_back({object_ref(get_string(item, "/object")), get_string(item, "/text")});
  return out;
}

model::FailureCause cause(const Json& json) {
  model::FailureCause out;
  out.object = object_ref(get_string(json, "/object"));
  out.summary = get_string(json, "/summary");
  out.hint = get_string(json, "/hint");
  out.evidence = evidence(get_array(json, "/evidence"));
  out.events = texts(get_array(json, "/events"));
  for (const Json& log : get_array(json, "/logs")) {
    out.logs.push_back({object_ref(get_string(log, "/pod")), get_string(log, "/container"),
                        get_bool(log, "/previous"), texts(get_array(log, "/lines"))});
  }
  return out;
}

model::AnalysisResult analysis(const Json& json) {
  using enum model::DecisionType;
  using enum model::RiskLevel;
  model::AnalysisResult out;
  out.decision = word(get_string(json, "/decision"), {kApprove, kConditionalApprove, kReview, kReject});
  out.confidence = number(json, "/confidence");
  out.risk_score = number(json, "/risk_score");
  out.risk_level = word(get_string(json, "/risk_level"), {kLow, kMedium, kHigh, kCritical});
  out.conflicts = findings(get_array(json, "/conflicts"));
  out.recommendations = texts(get_array(json, "/recommendations"));
  out.reasons = reasons(get_array(json, "/reasons"));
  out.confidence_reasons = reasons(get_array(json, "/confidence_reasons"));
  return out;
}

model::ValidationResult validation(const Json& json) {
  model::ValidationResult out;
  out.passed = get_bool(json, "/passed");
  out.findings = findings(get_array(json, "/findings"));
  for (const Json& suite : get_array(json, "/suites")) {
    model::TestSuite entry{get_string(suite, "/name"), {}};
    for (const Json& test : get_array(suite, "/cases")) {
      entry.cases.push_back({get_string(test, "/name"), get_bool(test, "/passed", true),
                             get_bool(test, "/skipped"), get_string(test, "/message"), millis(test, "/ms")});
    }
    out.suites.push_back(std::move(entry));
  }
  count_tests(out);
  return out;
}

model::StageResult stage(const Json& json) {
  using enum model::StageStatus;
  model::StageResult out;
  out.id = stage_id(get_string(json, "/id"));
  out.status = word(get_string(json, "/status"), {kPassed, kFailed, kSkipped});
  out.elapsed = millis(json, "/ms");
  out.summary = get_string(json, "/summary");
  for (const Json& step : get_array(json, "/steps")) {
    out.steps.push_back({out.id, get_string(step, "/text"), get_bool(step, "/ok", true)});
  }
  return out;
}

}  // namespace

model::ObjectRef object_ref(const std::string& text) {
  const auto space = text.find(' ');
  const std::string type = text.substr(0, space);
  const std::string path = space == std::string::npos ? "" : text.substr(space + 1);
  const auto dot = type.find('.');
  const auto slash = path.find('/');
  model::ObjectRef out;
  out.kind = type.substr(0, dot);
  out.group = dot == std::string::npos ? "" : type.substr(dot + 1);
  out.ns = slash == std::string::npos ? "" : path.substr(0, slash);
  out.name = slash == std::string::npos ? path : path.substr(slash + 1);
  return out;
}

model::Finding finding(const Json& json) {
  model::Finding out;
  using enum model::Severity;
  out.rule = get_string(json, "/rule");
  out.severity = word(get_string(json, "/severity", "error"), {kInfo, kWarning, kError});
  out.message = get_string(json, "/message");
  out.hint = get_string(json, "/hint");
  out.field = get_string(json, "/field");
  if (json.contains("object")) out.subject = object_ref(get_string(json, "/object"));
  out.at.file = get_string(json, "/file");
  out.at.begin = {static_cast<std::uint32_t>(get_int(json, "/line")),
                  static_cast<std::uint32_t>(get_int(json, "/column"))};
  return out;
}

std::vector<model::Finding> findings(const Json& list) {
  std::vector<model::Finding> out;
  for (const Json& item : list) out.push_back(finding(item));
  return out;
}

model::ObjectStatus health(const Json& json) {
  using enum model::HealthStatus;
  model::ObjectStatus out;
  out.status = word(get_string(json, "/status", "Unknown"),
                    {kInProgress, kCurrent, kFailed, kSuspended, kTerminating, kNotFound, kUnknown});
  out.reason = get_string(json, "/reason");
  out.message = get_string(json, "/message");
  out.evidence = evidence(get_array(json, "/evidence"));
  out.hint = get_string(json, "/hint");
  return out;
}

model::ObjectOutcome outcome(const Json& json) {
  return {object_ref(get_string(json, "/object")), action(get_string(json, "/action", "unchanged")),
          health(get_object(json, "/health")), get_string(json, "/message")};
}

model::DeployReport deploy_report(const Json& json) {
  using enum model::DeployResult;
  model::DeployReport out;
  out.result = word(get_string(json, "/result"),
                    {kNothingToDo, kRefused, kDryRun, kDeployed, kRolledBack, kRollbackIncomplete,
                     kPartlyUndone, kFailedKept, kUnhealthy, kInterrupted});
  out.release = get_string(json, "/release");
  out.ns = get_string(json, "/namespace");
  out.revision = static_cast<int>(get_int(json, "/revision"));
  out.previous_revision = static_cast<int>(get_int(json, "/previous_revision"));
  out.operation = get_string(json, "/operation");
  out.target = static_cast<int>(get_int(json, "/target"));
  for (const Json& item : get_array(json, "/objects")) out.objects.push_back(outcome(item));
  if (json.contains("cause")) out.cause = cause(json["cause"]);
  if (json.contains("verification")) {
    const Json& found = json["verification"];
    out.verification = {get_bool(found, "/values"),
                        get_bool(found, "/identity"),
                        get_bool(found, "/ownership"),
                        get_bool(found, "/behaviour"),
                        texts(get_array(found, "/differences")),
                        static_cast<std::size_t>(get_int(found, "/kept"))};
  }
  out.warnings = texts(get_array(json, "/warnings"));
  out.elapsed = millis(json, "/ms");
  return out;
}

Error error(const Json& json) {
  // Codes are constants of their modules; the cases have their own.
  static constexpr ErrorCode kSample{"sample.code", ExitCode::kUsage, "A sample.",
                                     "kubectl instantexec doctor"};
  Error out = make_error(kSample, get_string(json, "/message"), get_string(json, "/hint"));
  out.context = texts(get_array(json, "/context"));
  out.reason = get_string(json, "/reason");
  out.http_status = static_cast<int>(get_int(json, "/http_status"));
  return out;
}

model::RunReport run_report(const Json& json) {
  model::RunReport out;
  out.verb = get_string(json, "/verb");
  out.tool_version = get_string(json, "/tool_version");
  out.release = get_string(json, "/release");
  out.ns = get_string(json, "/namespace");
  out.context = get_string(json, "/context");
  out.source_commit = get_string(json, "/source_commit");
  out.started = parse_rfc3339(get_string(json, "/started")).value_or(Timestamp{});
  out.elapsed = millis(json, "/ms");
  for (const Json& item : get_array(json, "/stages")) out.stages.push_back(stage(item));
  if (json.contains("analysis")) out.analysis = analysis(json["analysis"]);
  if (json.contains("codebase")) {
    const Json& code = json["codebase"];
    const auto size = [&](std::string_view pointer) {
      return static_cast<std::size_t>(get_int(code, pointer));
    };
    out.codebase = {size("/files"),       size("/lines"),         size("/changed_files"),
                    size("/added_lines"), size("/removed_lines"), number(code, "/pattern_confidence")};
  }
  if (json.contains("validation")) out.validation = validation(json["validation"]);
  if (json.contains("deployment")) out.deployment = deploy_report(json["deployment"]);
  for (const Json& gate : get_array(json, "/gates")) {
    out.gates.push_back({get_string(gate, "/name"), get_bool(gate, "/passed"), get_string(gate, "/required"),
                         get_string(gate, "/actual")});
  }
  out.warnings = texts(get_array(json, "/warnings"));
  if (json.contains("error")) out.error = error(json["error"]);
  out.exit = static_cast<ExitCode>(get_int(json, "/exit_code"));
  return out;
}

report::PlanView plan_view(const Json& json) {
  report::PlanView out;
  out.release = get_string(json, "/release");
  out.ns = get_string(json, "/namespace");
  out.revision = static_cast<int>(get_int(json, "/revision"));
  for (const Json& item : get_array(json, "/steps")) {
    report::StepView step;
    step.op = get_string(item, "/op");
    step.object = object_ref(get_string(item, "/object"));
    step.reversibility = get_string(item, "/reversibility", "R0");
    step.reason = get_string(item, "/reason");
    step.force = get_bool(item, "/force");
    step.deferred = get_bool(item, "/deferred");
    for (const Json& change : get_array(item, "/changes")) {
      report::FieldChangeView view{get_string(change, "/pointer"), std::nullopt, std::nullopt};
      if (change.contains("before")) view.before = change["before"];
      if (change.contains("after")) view.after = change["after"];
      step.changes.push_back(std::move(view));
    }
    out.steps.push_back(std::move(step));
  }
  out.findings = findings(get_array(json, "/findings"));
  out.warnings = texts(get_array(json, "/warnings"));
  return out;
}

std::vector<report::RevisionView> revisions(const Json& list) {
  std::vector<report::RevisionView> out;
  for (const Json& item : list) {
    out.push_back({static_cast<int>(get_int(item, "/revision")), get_bool(item, "/in_force"),
                   get_string(item, "/result"), get_string(item, "/kind"), get_string(item, "/started"),
                   get_string(item, "/changes"), get_string(item, "/source_commit"),
                   get_string(item, "/description"), get_string(item, "/failure")});
  }
  return out;
}

report::ReleaseView release_view(const Json& json) {
  report::ReleaseView out;
  out.release = get_string(json, "/release");
  out.ns = get_string(json, "/namespace");
  out.exists = get_bool(json, "/exists", true);
  out.revision = static_cast<int>(get_int(json, "/revision"));
  out.source_commit = get_string(json, "/source_commit");
  out.deployed = get_string(json, "/deployed");
  out.unfinished = get_string(json, "/unfinished");
  out.lock_holder = get_string(json, "/lock_holder");
  out.lock_renewed = get_string(json, "/lock_renewed");
  out.lock_unread = get_string(json, "/lock_unread");
  out.not_undone = static_cast<int>(get_int(json, "/not_undone"));
  out.at_work = get_bool(json, "/at_work");
  for (const Json& item : get_array(json, "/objects")) out.objects.push_back(outcome(item));
  return out;
}

model::Event event(const Json& json) {
  using enum model::Phase;
  const std::string kind = get_string(json, "/event");
  const auto size = [&](std::string_view pointer) {
    return static_cast<std::size_t>(get_int(json, pointer));
  };
  if (kind == "stage-started") return model::StageStarted{stage_id(get_string(json, "/stage"))};
  if (kind == "step") {
    return model::StepFinished{stage_id(get_string(json, "/stage")), get_string(json, "/text"),
                               get_bool(json, "/ok", true)};
  }
  if (kind == "stage-finished") {
    return model::StageFinished{stage_id(get_string(json, "/stage")), get_bool(json, "/ok", true),
                                get_string(json, "/summary"), millis(json, "/ms")};
  }
  if (kind == "phase") {
    return model::PhaseStarted{
        word(get_string(json, "/phase"),
             {kLocking, kPlanning, kSaving, kApplying, kWaiting, kPruning, kRecording, kUndoing, kVerifying}),
        size("/objects")};
  }
  if (kind == "written") {
    return model::ObjectWritten{object_ref(get_string(json, "/object")), action(get_string(json, "/action")),
                                get_string(json, "/message")};
  }
  if (kind == "health") {
    return model::ObjectHealthChanged{object_ref(get_string(json, "/object")),
                                      health(get_object(json, "/health"))};
  }
  if (kind == "waiting") {
    return model::StillWaiting{size("/ready"), size("/total"), millis(json, "/ms"),
                               get_string(json, "/missing")};
  }
  if (kind == "warning") return model::WarningRaised{get_string(json, "/text")};
  EXPECT_EQ(kind, "note");
  return model::Note{get_string(json, "/text")};
}

}  // namespace instantexec::golden
