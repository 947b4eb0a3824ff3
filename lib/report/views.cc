#include "report/views.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "report/json.h"
#include "report/outcome.h"
#include "report/table.h"

namespace instantexec::report {
namespace {

constexpr std::size_t kMaxValue = 120;  // bytes of one value in a field diff

struct OpWord {
  std::string_view op;
  std::string_view mark;
  Colour colour;
  std::string_view past;  // in the count line
};

constexpr std::array kOps{OpWord{"create", "+", Colour::kGreen, "to create"},
                          OpWord{"configure", "~", Colour::kYellow, "to configure"},
                          OpWord{"prune", "-", Colour::kRed, "to prune"},
                          OpWord{"restore", "~", Colour::kYellow, "to restore"},
                          OpWord{"delete", "-", Colour::kRed, "to delete"},
                          OpWord{"keep", "=", Colour::kDim, "to keep"},
                          OpWord{"unchanged", " ", Colour::kDim, "unchanged"}};

const OpWord& word_of(const std::string& op) {
  const auto found =
      std::find_if(kOps.begin(), kOps.end(), [&](const OpWord& item) { return item.op == op; });
  return found == kOps.end() ? kOps.back() : *found;
}

std::string value_text(const model::Json& value) {
  std::string text = compact(value);
  text.pop_back();  // newline
  return sanitise_line(text, kMaxValue);
}

// "/spec/template/spec/containers/0/image" as people write it.
std::string field_name(std::string_view pointer) {
  std::string out;
  for (const std::string_view part : split(pointer.substr(pointer.empty() ? 0 : 1), '/')) {
    const bool index = !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
    std::string key;
    for (std::size_t i = 0; i < part.size(); ++i) {
      const bool escape = part[i] == '~' && i + 1 < part.size();
      if (escape) ++i;
      key += !escape ? part[i] : part[i] == '1' ? '/' : '~';
    }
    if (index || key.find_first_of("./[]") != std::string::npos) {
      out += "[" + key + "]";
    } else {
      out += (out.empty() ? "" : ".") + key;
    }
  }
  return sanitise_line(out);
}

std::string change_text(const FieldChangeView& change, const Style& style) {
  const std::string name = field_name(change.pointer);
  if (!change.before && change.after) {
    return "    " + paint(style, Colour::kGreen, fmt::format("+ {}: {}", name, value_text(*change.after))) +
           "\n";
  }
  if (change.before && !change.after) {
    return "    " + paint(style, Colour::kRed, fmt::format("- {}: {}", name, value_text(*change.before))) +
           "\n";
  }
  if (!change.before || !change.after) return {};
  return "    " +
         paint(style, Colour::kYellow,
               fmt::format("~ {}: {} -> {}", name, value_text(*change.before), value_text(*change.after))) +
         "\n";
}

std::string step_text(const StepView& step, std::size_t number, const PlanOptions& options) {
  const OpWord& word = word_of(step.op);
  const Style& style = options.text.style;
  const bool writes = step.op != "unchanged" && step.op != "keep";
  std::string out = fmt::format(
      "{:>3} {}", number,
      paint(style, word.colour,
            fmt::format("{} {} {}", word.mark, word.op, resource_name(step.object, options.text.ns))));
  if (writes) out += " " + sanitise_line(step.reversibility);
  if (step.force) out += ", takes fields of other managers";
  if (step.deferred) out += ", checked once its kind or namespace exists";
  if (!step.reason.empty()) out += ": " + sanitise_line(step.reason);
  out += "\n";
  if (step.op == "create") return out;
  for (const FieldChangeView& change : step.changes) out += change_text(change, style);
  return out;
}

std::string counts_text(const PlanView& plan) {
  std::vector<std::string> parts;
  const bool executable = std::none_of(plan.findings.begin(), plan.findings.end(), [](const auto& finding) {
    return finding.severity == model::Severity::kError;
  });
  if (!executable) parts.emplace_back("not executable");
  for (const OpWord& word : kOps) {
    const auto count = std::count_if(plan.steps.begin(), plan.steps.end(),
                                     [&](const StepView& step) { return step.op == word.op; });
    if (count > 0) parts.push_back(fmt::format("{} {}", count, word.past));
  }
  return parts.empty() ? "nothing" : join(parts, ", ");
}

std::string undo_text(const PlanView& plan, const Style& style) {
  const auto graded = [&](std::string_view grade) {
    return std::count_if(plan.steps.begin(), plan.steps.end(), [&](const StepView& step) {
      return step.reversibility == grade && step.op != "unchanged" && step.op != "keep";
    });
  };
  const auto not_exactly = graded("R1");
  const auto none = graded("R2");
  if (none > 0) {
    return paint(style, Colour::kRed,
                 fmt::format("undo: {} cannot be undone (R2); deploy needs --accept-irreversible",
                             counted(static_cast<std::size_t>(none), "step"))) +
           "\n";
  }
  if (not_exactly > 0) {
    return fmt::format(
        "undo: {} with another UID or with something left behind (R1), the rest exactly (R0)\n",
        counted(static_cast<std::size_t>(not_exactly), "step"));
  }
  return graded("R0") > 0 ? "undo: exact (R0) for every step\n" : "";
}

std::string short_commit(const std::string& commit) {
  return sanitise_line(commit.substr(0, 12));
}

std::string where(const ReleaseView& release) {
  return " -n " + release.ns + " --release " + release.release;
}

std::string lock_text(const ReleaseView& release) {
  if (!release.lock_unread.empty()) return "lock: not known (" + sanitise_line(release.lock_unread) + ")\n";
  if (release.lock_holder.empty()) return {};
  const bool dead = !release.unfinished.empty() && !release.at_work;
  std::string out = (dead ? "lock last held by " : "locked by ") + sanitise_line(release.lock_holder);
  if (!release.lock_renewed.empty()) out += ", renewed at " + sanitise_line(release.lock_renewed);
  return out + "\n";
}

std::string kept_text(const ReleaseView& release, const Style& style) {
  if (release.not_undone == 0) return {};
  return paint(style, Colour::kRed, fmt::format("revision {} failed and is not undone", release.not_undone)) +
         "\n" +
         (release.revision > 0
              ? "  next: " +
                    same_cluster(release.recover, fmt::format("rollback {}", release.revision),
                                 where(release)) +
                    "\n"
              : "");
}

std::string unfinished_text(const ReleaseView& release, const Style& style) {
  if (release.unfinished.empty()) return {};
  if (release.at_work) return "under way: " + sanitise_line(release.unfinished) + "\n";
  return paint(style, Colour::kRed, "unfinished: " + sanitise_line(release.unfinished)) + "\n" +
         "  next: " + same_cluster(release.recover, "recover", where(release)) + "\n";
}

}  // namespace

std::string plan_text(const PlanView& plan, const PlanOptions& options) {
  std::string out = fmt::format("plan for release {} in {}, revision {}: {}\n", sanitise_line(plan.release),
                                sanitise_line(plan.ns), plan.revision, counts_text(plan));
  std::size_t number = 0;
  for (const StepView& step : plan.steps) {
    if (step.op == "unchanged" && !options.unchanged) continue;
    out += step_text(step, ++number, options);
  }
  out += undo_text(plan, options.text.style);
  if (!plan.findings.empty()) out += "\n" + findings_text(plan.findings, options.text.style);
  for (const std::string& warning : plan.warnings) {
    out += paint(options.text.style, Colour::kYellow, "warning:") + " " + sanitise_line(warning) + "\n";
  }
  return out;
}

std::string history_text(std::span<const RevisionView> revisions, const Style& style) {
  if (revisions.empty()) return "No revisions recorded.\n";
  Table table({"REVISION", "RESULT", "KIND", "STARTED", "CHANGES", "COMMIT", "DESCRIPTION"});
  for (const RevisionView& item : revisions) {
    table.add({fmt::format("{}{}", item.revision, item.in_force ? "*" : ""), item.result, item.kind,
               item.started, item.changes, short_commit(item.source_commit),
               item.failure.empty() ? item.description : item.failure});
  }
  return table.to_string(style);
}

std::string status_text(const ReleaseView& release, const TextOptions& options) {
  const std::string note =
      release.state_file.empty() ? "" : "noted on this machine: " + sanitise_line(release.state_file) + "\n";
  if (!release.exists) {
    return fmt::format("No release {} is recorded in namespace {}.\n", sanitise_line(release.release),
                       sanitise_line(release.ns)) +
           note;
  }
  std::string out =
      fmt::format("release {} in {}: ", sanitise_line(release.release), sanitise_line(release.ns));
  out += release.revision == 0 ? "no revision in force" : fmt::format("revision {}", release.revision);
  if (!release.deployed.empty()) out += ", deployed " + sanitise_line(release.deployed);
  if (!release.source_commit.empty()) out += ", commit " + short_commit(release.source_commit);
  out += "\n";
  out += lock_text(release);
  out += unfinished_text(release, options.style);
  out += kept_text(release, options.style);
  out += note;
  if (release.objects.empty()) return out;
  Table table({"OBJECT", "STATUS", "REASON", "MESSAGE"});
  for (const model::ObjectOutcome& object : release.objects) {
    table.add({resource_name(object.object, options.ns), std::string(model::to_string(object.health.status)),
               object.health.reason, object.health.message});
  }
  out += "\n" + table.to_string(options.style);
  for (const model::ObjectOutcome& object : release.objects) {
    if (object.health.status == model::HealthStatus::kCurrent) continue;
    for (const model::Evidence& item : object.health.evidence) {
      out += fmt::format("  {}: {}\n", resource_name(item.subject, options.ns), sanitise_line(item.text));
    }
    if (!object.health.hint.empty()) out += "  hint: " + sanitise_line(object.health.hint) + "\n";
  }
  return out;
}

}  // namespace instantexec::report
