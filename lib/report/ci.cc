#include "report/ci.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/digest.h"
#include "base/text.h"
#include "report/json.h"
#include "report/outcome.h"
#include "report/style.h"

namespace instantexec::report {
namespace {

using model::Finding;
using model::Json;
using model::Severity;

std::string command_data(std::string_view text, bool property) {
  std::string out;
  for (const char c : sanitise(text)) {
    switch (c) {
      case '%':
        out += "%25";
        break;
      case '\r':
        out += "%0D";
        break;
      case '\n':
        out += "%0A";
        break;
      case ':':
        out += property ? "%3A" : ":";
        break;
      case ',':
        out += property ? "%2C" : ",";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string_view command_of(Severity severity) {
  switch (severity) {
    case Severity::kError:
      return "error";
    case Severity::kWarning:
      return "warning";
    case Severity::kInfo:
      return "notice";
  }
  return "error";
}

std::string annotation(const Finding& finding) {
  std::string properties;
  const auto add = [&](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    properties += (properties.empty() ? " " : ",") + fmt::format("{}={}", name, command_data(value, true));
  };
  if (!finding.at.file.empty()) {
    add("file", finding.at.file);
    if (finding.at.begin.line > 0) add("line", fmt::format("{}", finding.at.begin.line));
    if (finding.at.begin.column > 0) add("col", fmt::format("{}", finding.at.begin.column));
  }
  add("title", finding.rule);
  std::string message = finding.message;
  if (finding.at.file.empty() && finding.subject) message = resource_name(*finding.subject) + ": " + message;
  if (!finding.hint.empty()) message += "\n" + finding.hint;
  return fmt::format("::{}{}::{}\n", command_of(finding.severity), properties, command_data(message, false));
}

std::vector<Finding> all_findings(const model::RunReport& report) {
  std::vector<Finding> out;
  if (report.analysis) out = report.analysis->conflicts;
  if (report.validation) {
    out.insert(out.end(), report.validation->findings.begin(), report.validation->findings.end());
  }
  return out;
}

// Failures that are not findings, as annotations without a place.
std::vector<Finding> failures(const model::RunReport& report) {
  std::vector<Finding> out;
  const auto add = [&](std::string rule, std::string message, std::string hint) {
    Finding finding;
    finding.rule = std::move(rule);
    finding.message = std::move(message);
    finding.hint = std::move(hint);
    out.push_back(std::move(finding));
  };
  if (report.error) {
    const std::string code =
        report.error->code == nullptr ? "internal" : std::string(report.error->code->name);
    add(code, report.error->message, std::string(report.error->next_step()));
  }
  if (report.deployment && report.deployment->cause) {
    const model::FailureCause& cause = *report.deployment->cause;
    add("deployment", resource_name(cause.object) + ": " + cause.summary, cause.hint);
  }
  return out;
}

std::string_view level_of(Severity severity) {
  switch (severity) {
    case Severity::kError:
      return "error";
    case Severity::kWarning:
      return "warning";
    case Severity::kInfo:
      return "note";
  }
  return "error";
}

// A relative reference as RFC 3986 wants it.
std::string uri_of(std::string_view path) {
  static constexpr std::string_view kPlain = "-._~/";
  std::string out;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter =
        (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
    out +=
        letter || kPlain.find(c) != std::string_view::npos ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return out;
}

// Survives edits elsewhere in the file: rule, object, field and message, no line.
std::string fingerprint(const Finding& finding) {
  const std::string subject = finding.subject ? finding.subject->to_string() : "";
  return sha256_hex(finding.rule + "\n" + finding.at.file + "\n" + subject + "\n" + finding.field + "\n" +
                    finding.message);
}

bool has_place(const Finding& finding) {
  return !finding.at.file.empty() && finding.at.file != "-";
}

std::string sarif_text(const Finding& finding) {
  std::string text = finding.message;
  if (!has_place(finding) && finding.subject) text = resource_name(*finding.subject) + ": " + text;
  if (!finding.hint.empty()) text += "\n" + finding.hint;
  return sanitise(text);
}

Json sarif_result(const Finding& finding) {
  Json place{{"artifactLocation", {{"uri", uri_of(finding.at.file)}}}};
  if (finding.at.begin.line > 0) {
    place["region"] = {{"startLine", finding.at.begin.line}};
    if (finding.at.begin.column > 0) place["region"]["startColumn"] = finding.at.begin.column;
  }
  Json location{{"physicalLocation", std::move(place)}};
  Json out{{"ruleId", sanitise(finding.rule)},
           {"level", level_of(finding.severity)},
           {"message", {{"text", sarif_text(finding)}}},
           {"locations", Json::array()},
           {"partialFingerprints", {{"instantexec/v1", fingerprint(finding)}}}};
  out["locations"].push_back(std::move(location));
  return out;
}

// GitHub refuses a file with a result that has no location; what has none is a notification of the run.
Json sarif_notification(const Finding& finding) {
  return {{"level", level_of(finding.severity)},
          {"message", {{"text", sarif_text(finding)}}},
          {"descriptor", {{"id", sanitise(finding.rule)}}}};
}

std::string xml(std::string_view text) {
  std::string out;
  for (const char c : sanitise(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\n':
        out += "&#10;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

double seconds(Duration length) {
  return static_cast<double>(length.count()) / 1000.0;
}

// Objects as test cases: ready or not.
model::TestSuite deployment_suite(const model::DeployReport& report) {
  model::TestSuite suite;
  suite.name = "deployment";
  for (const model::ObjectOutcome& object : report.objects) {
    model::TestCase test;
    test.name = resource_name(object.object, report.ns);
    test.skipped = object.action == model::Action::kSkipped || object.broken_before ||
                   report.result == model::DeployResult::kDryRun;
    test.passed = object.action != model::Action::kFailed && !object.health.doomed() &&
                  object.health.status != model::HealthStatus::kInProgress;
    test.message = object.message.empty() ? object.health.message : object.message;
    suite.cases.push_back(std::move(test));
  }
  if (report.cause) {
    const bool blamed = std::any_of(suite.cases.begin(), suite.cases.end(),
                                    [](const model::TestCase& test) { return !test.passed; });
    // After an undo every object is well again, and yet the deployment has failed.
    if (!blamed) {
      suite.cases.push_back({"release " + report.release, false, false,
                             resource_name(report.cause->object, report.ns) + ": " + report.cause->summary,
                             report.elapsed});
    }
  }
  return suite;
}

std::string suite_xml(const model::TestSuite& suite) {
  const auto count = [&](auto wanted) {
    return std::count_if(suite.cases.begin(), suite.cases.end(), wanted);
  };
  const auto skipped = count([](const model::TestCase& test) { return test.skipped; });
  const auto failed = count([](const model::TestCase& test) { return !test.skipped && !test.passed; });
  std::string out =
      fmt::format("  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\">\n",
                  xml(suite.name), suite.cases.size(), failed, skipped);
  for (const model::TestCase& test : suite.cases) {
    out += fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\"", xml(suite.name),
                       xml(test.name), seconds(test.elapsed));
    if (test.skipped) {
      out += fmt::format("><skipped message=\"{}\"/></testcase>\n", xml(test.message));
    } else if (!test.passed) {
      out += fmt::format("><failure message=\"{}\"/></testcase>\n", xml(test.message));
    } else {
      out += "/>\n";
    }
  }
  return out + "  </testsuite>\n";
}

}  // namespace

std::string github_annotations(const model::RunReport& report, std::size_t per_kind) {
  std::vector<Finding> items = failures(report);
  const std::vector<Finding> findings = all_findings(report);
  items.insert(items.end(), findings.begin(), findings.end());
  std::string out;
  std::size_t left_out = 0;
  for (const Severity severity : {Severity::kError, Severity::kWarning, Severity::kInfo}) {
    // The last notice is kept for the count of what is missing.
    const std::size_t room = severity == Severity::kInfo && per_kind > 0 ? per_kind - 1 : per_kind;
    std::size_t count = 0;
    for (const Finding& finding : items) {
      if (finding.severity != severity) continue;
      if (++count <= room) {
        out += annotation(finding);
      } else {
        ++left_out;
      }
    }
  }
  if (left_out > 0)
    out += fmt::format("::notice::{} in the step summary\n", counted(left_out, "more finding"));
  return out;
}

std::string without_commands(std::string_view untrusted, std::string_view token) {
  std::string text = sanitise(untrusted);
  if (!text.empty() && text.back() != '\n') text += "\n";
  return fmt::format("::stop-commands::{}\n{}::{}::\n", token, text, token);
}

std::string sarif(const model::RunReport& report) {
  Json results = Json::array();
  Json notifications = Json::array();
  std::set<std::string> rules;
  for (const Finding& finding : all_findings(report)) {
    if (!has_place(finding)) {
      notifications.push_back(sarif_notification(finding));
      continue;
    }
    results.push_back(sarif_result(finding));
    rules.insert(finding.rule);
  }
  Json rule_list = Json::array();
  for (const std::string& rule : rules) rule_list.push_back(Json{{"id", sanitise(rule)}});
  Json driver{
      {"name", "instantexec"}, {"version", sanitise(report.tool_version)}, {"rules", std::move(rule_list)}};
  Json invocation{{"executionSuccessful", !report.error.has_value()},
                  {"toolExecutionNotifications", std::move(notifications)}};
  Json run{{"tool", {{"driver", std::move(driver)}}},
           {"invocations", Json::array()},
           {"results", std::move(results)}};
  run["invocations"].push_back(std::move(invocation));
  Json out{{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
           {"version", "2.1.0"},
           {"runs", Json::array()}};
  out["runs"].push_back(std::move(run));
  return pretty(out);
}

std::string junit(const model::RunReport& report) {
  std::vector<model::TestSuite> suites;
  if (report.validation) suites = report.validation->suites;
  if (report.deployment) suites.push_back(deployment_suite(*report.deployment));
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"instantexec\">\n";
  for (const model::TestSuite& suite : suites) out += suite_xml(suite);
  return out + "</testsuites>\n";
}

}  // namespace instantexec::report
