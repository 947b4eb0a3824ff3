#include "cli/release_verbs.h"

#include <fmt/format.h>
#include <unistd.h>

#include <utility>

#include "base/text.h"
#include "cli/version.h"
#include "cli/views.h"
#include "cli/workspace.h"
#include "engine/errors.h"
#include "kube/api_errors.h"
#include "os/errors.h"
#include "os/files.h"
#include "os/signals.h"
#include "os/terminal.h"
#include "pipeline/errors.h"
#include "plan/errors.h"
#include "plan/saved_plan.h"

namespace instantexec::cli {
namespace {

// Manifests of a release, twice: as text they may have 16 MiB each.
constexpr std::size_t kMaxPlanBytes = std::size_t{64} * 1024 * 1024;

model::RunReport bare_report(std::string verb) {
  model::RunReport report;
  report.verb = std::move(verb);
  report.tool_version = std::string(kVersion);
  return report;
}

// An outcome that shows a deploy's report.
Outcome deployed(Workspace& workspace, std::string verb, Result<model::DeployReport> result) {
  model::RunReport report = workspace.new_report(std::move(verb));
  if (!result) return failed(std::move(report), std::move(result).error(), workspace.interrupted_by());
  report.exit = pipeline::exit_of(result->result);
  report.elapsed = result->elapsed;
  report.deployment = std::move(*result);
  Outcome outcome;
  outcome.report = std::move(report);
  return outcome;
}

// The error of a cluster that cannot be asked, with what interrupted runs left on this machine.
Error with_notes(const VerbContext& context, Error error) {
  if (error.code->exit != ExitCode::kUnreachable) return error;
  const auto notes = state_files(local_places(context.options, context.environment));
  if (notes.empty()) return error;
  error.message += "; interrupted runs left on this machine: " + join(notes, ", ");
  return error;
}

}  // namespace

Outcome failed(model::RunReport report, Error error, std::optional<int> signal) {
  Outcome outcome;
  report.exit = error.code->exit;
  const bool nothing_written = error.code->name == engine::errors::kInterrupted.name ||
                               error.code->name == pipeline::errors::kInterrupted.name ||
                               error.code->name == kube::errors::kInterrupted.name ||
                               error.code->name == os::errors::kProgramInterrupted.name;
  // Before there is a cluster to say what interrupted it.
  if (!signal) signal = os::received_signal();
  if (nothing_written && signal && *signal > 0) report.signal = signal;
  report.error = std::move(error);
  outcome.report = std::move(report);
  return outcome;
}

Result<bool> confirm(const VerbContext& context, const std::string& question) {
  if (context.options.deploy.yes || !os::is_terminal(STDIN_FILENO) || !os::is_terminal(STDERR_FILENO) ||
      !os::can_prompt(context.environment)) {
    return true;
  }
  return os::ask_yes_no(question, os::signal_fd());
}

Outcome run_plan(const VerbContext& context) {
  auto workspace = Workspace::open(context, Workspace::Need::kAlways);
  if (!workspace) return failed(bare_report("plan"), std::move(workspace).error(), std::nullopt);
  Workspace& w = **workspace;
  model::RunReport report = w.new_report("plan");
  auto manifests = w.load_manifests();
  if (!manifests) return failed(std::move(report), std::move(manifests).error(), std::nullopt);
  const auto repository = w.open_repository();
  auto planned = engine::plan_release(w.engine_environment(), w.release(), std::move(manifests->objects));
  if (!planned) return failed(std::move(report), std::move(planned).error(), w.interrupted_by());
  planned->findings.insert(planned->findings.begin(), manifests->findings.begin(), manifests->findings.end());
  if (!planned->executable()) {
    report.exit = ExitCode::kValidationFailed;
  } else if (context.options.gates.detailed_exitcode && planned->plan.changes_anything()) {
    report.exit = ExitCode::kDifferences;
  }
  const std::string& file = context.options.deploy.plan_out;
  if (!file.empty() && planned->executable()) {
    // It holds the values of Secrets.
    const auto written = os::write_file_atomic(file, plan::encode(engine::freeze(*planned, w.release())),
                                               os::FileMode::kPrivate);
    if (!written) return failed(std::move(report), written.error(), std::nullopt);
  }
  Outcome outcome;
  outcome.document = plan_document(*planned);
  outcome.text = [view = plan_view(*planned)](const report::TextOptions& text) {
    return report::plan_text(view, {text, false});
  };
  outcome.report = std::move(report);
  return outcome;
}

Outcome run_saved_plan(const VerbContext& context) {
  const InputFlags& input = context.options.input;
  if (!input.files.empty() || !input.kustomize.empty() || !input.helm_chart.empty()) {
    return failed(bare_report("deploy"),
                  make_error(plan::errors::kInvalidPlan,
                             "a saved plan brings its own manifests; leave out -f, -k and --chart"),
                  std::nullopt);
  }
  const auto bytes = os::read_file(context.options.deploy.plan_file, {.max_bytes = kMaxPlanBytes});
  if (!bytes) return failed(bare_report("deploy"), bytes.error(), std::nullopt);
  const auto saved = plan::decode_saved_plan(*bytes);
  if (!saved) return failed(bare_report("deploy"), saved.error(), std::nullopt);
  auto workspace = Workspace::open(context, Workspace::Need::kAlways);
  if (!workspace) return failed(bare_report("deploy"), std::move(workspace).error(), std::nullopt);
  Workspace& w = **workspace;
  engine::ReleaseOptions release = w.release();
  auto planned = engine::thaw(w.engine_environment(), release, *saved);
  if (!planned) return failed(w.new_report("deploy"), std::move(planned).error(), w.interrupted_by());
  const auto yes =
      confirm(context, fmt::format("Execute the saved plan for release {} in namespace {} (context {})?",
                                   release.release, release.ns, w.info().context));
  if (!yes) return failed(w.new_report("deploy"), yes.error(), std::nullopt);
  if (!*yes) {
    return failed(w.new_report("deploy"),
                  make_error(pipeline::errors::kDeclined, "declined; nothing was written"), std::nullopt);
  }
  return deployed(w, "deploy", engine::deploy(w.engine_environment(), release, std::move(*planned)));
}

Outcome run_rollback(const VerbContext& context) {
  auto workspace = Workspace::open(context, Workspace::Need::kAlways);
  if (!workspace) return failed(bare_report("rollback"), std::move(workspace).error(), std::nullopt);
  Workspace& w = **workspace;
  const int revision = context.options.deploy.revision;
  // A dry run asks nobody: it writes nothing.
  const Result<bool> yes =
      w.release().dry_run_server
          ? Result<bool>(true)
          : confirm(context, fmt::format("Roll release {} in namespace {} (context {}) back to {}?",
                                         w.release().release, w.release().ns, w.info().context,
                                         revision == 0 ? "the last good revision"
                                                       : fmt::format("revision {}", revision)));
  if (!yes) return failed(w.new_report("rollback"), yes.error(), std::nullopt);
  if (!*yes) {
    return failed(w.new_report("rollback"),
                  make_error(pipeline::errors::kDeclined, "declined; nothing was written"), std::nullopt);
  }
  // Going back includes removing what was added since, whatever deploys do.
  engine::ReleaseOptions release = w.release();
  release.prune = context.options.deploy.prune.value_or(true);
  return deployed(w, "rollback", engine::rollback(w.engine_environment(), release, revision));
}

Outcome run_recover(const VerbContext& context) {
  auto workspace = Workspace::open(context, Workspace::Need::kAlways);
  if (!workspace) return failed(bare_report("recover"), std::move(workspace).error(), std::nullopt);
  Workspace& w = **workspace;
  const bool resume = context.options.deploy.resume;
  Outcome outcome =
      deployed(w, "recover", engine::recover(w.engine_environment(), w.release(), {.resume = resume}));
  // Undoing is what it was asked for, but for a release that was to be carried on with and failed.
  const bool failed_again = resume && outcome.report.deployment && outcome.report.deployment->cause;
  if (!failed_again && outcome.report.exit == ExitCode::kRolledBack) outcome.report.exit = ExitCode::kDone;
  return outcome;
}

Outcome run_status(const VerbContext& context) {
  auto workspace = Workspace::open(context, Workspace::Need::kAlways);
  if (!workspace) {
    return failed(bare_report("status"), with_notes(context, std::move(workspace).error()), std::nullopt);
  }
  Workspace& w = **workspace;
  auto status = engine::release_status(w.engine_environment(), w.release());
  if (!status) return failed(w.new_report("status"), std::move(status).error(), w.interrupted_by());
  Outcome outcome;
  outcome.report = w.new_report("status");
  outcome.document = status_document(*status);
  (*outcome.document)["context"] = w.info().context;
  report::ReleaseView view = status_view(*status);
  view.recover = w.engine_environment().recover_command;
  if (const auto note =
          w.files() == nullptr ? std::nullopt : w.files()->find_state(w.release().release, w.release().ns)) {
    view.state_file = *note;
    (*outcome.document)["state_file"] = *note;
  }
  // Nobody has to take up what is being worked on.
  if (status->unfinished && !status->at_work) (*outcome.document)["unfinished"]["recover"] = view.recover;
  outcome.text = [view = std::move(view)](const report::TextOptions& text) {
    return report::status_text(view, text);
  };
  return outcome;
}

Outcome run_history(const VerbContext& context) {
  auto workspace = Workspace::open(context, Workspace::Need::kAlways);
  if (!workspace) return failed(bare_report("history"), std::move(workspace).error(), std::nullopt);
  Workspace& w = **workspace;
  auto revisions = engine::history(w.engine_environment(), w.release());
  if (!revisions) return failed(w.new_report("history"), std::move(revisions).error(), w.interrupted_by());
  Outcome outcome;
  outcome.report = w.new_report("history");
  outcome.document = history_document(*revisions);
  outcome.text = [view = history_view(*revisions)](const report::TextOptions& text) {
    return report::history_text(view, text.style);
  };
  return outcome;
}

}  // namespace instantexec::cli
