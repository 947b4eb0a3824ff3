#include "cli/workspace.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/text.h"
#include "cli/errors.h"
#include "cli/health_inputs.h"
#include "cli/version.h"
#include "journal/seal.h"
#include "kube/kubeconfig_errors.h"
#include "manifest/load.h"
#include "os/files.h"
#include "os/process.h"
#include "sim/cluster.h"
#include "vcs/git_repository.h"

namespace instantexec::cli {
namespace {

constexpr std::string_view kWithoutHistory =
    "the history of the change is not known, and no commit is recorded";

// No wait of a whole process ends here; the wrapper only remembers signals.
constexpr Instant kNever{std::chrono::hours(24 * 365 * 100)};

// What Kubernetes itself serves, for runs that ask no cluster.
Result<std::shared_ptr<const model::ApiCatalog>> builtin_catalog() {
  sim::SimServer server;
  sim::SimCluster client(server);
  return client.catalog(false);
}

constexpr std::size_t kMaxKeyBytes = std::size_t{64} * 1024;

bool judges_health(Verb verb) {
  return verb == Verb::kRun || verb == Verb::kDeploy || verb == Verb::kRollback || verb == Verb::kRecover ||
         verb == Verb::kStatus || verb == Verb::kHealth;
}

// The key of the records, if there is one.
Result<std::shared_ptr<const journal::Seal>> load_seal(const DeployFlags& flags) {
  Secret text = flags.journal_key;
  if (!flags.journal_key_file.empty()) {
    IE_TRY_ASSIGN(std::string bytes,
                  os::read_file(flags.journal_key_file,
                                {.max_bytes = kMaxKeyBytes, .kind = os::FileKind::kAnythingReadable}));
    text = Secret(std::move(bytes));
  } else if (text.empty()) {
    return nullptr;
  }
  const auto unsealed = flags.seal_existing ? journal::Unsealed::kAccept : journal::Unsealed::kRefuse;
  IE_TRY_ASSIGN(journal::Seal seal, journal::Seal::from_text(text.reveal(), unsealed));
  return std::make_shared<const journal::Seal>(std::move(seal));
}

// The server does not say why it refuses credentials; that their time is over can be seen here.
Error with_expiry(Error error, Connection& connection) {
  const auto end = connection.credentials_end();
  if (error.http_status != 401 || !end || *end > connection.clock().wall()) return error;
  error.message += fmt::format("; the credentials ({}) ended at {}",
                               sanitise_line(connection.credentials(), 200), format_rfc3339(*end));
  error.hint = "log in again, or renew the kubeconfig";
  return error;
}

}  // namespace

Result<std::unique_ptr<Workspace>> Workspace::open(const VerbContext& context, Need need) {
  std::unique_ptr<Workspace> workspace(new Workspace(context));
  const Options& options = context.options;
  IE_TRY_ASSIGN(workspace->config_, load_config(options.input));
  if (need == Need::kAlways && options.deploy.dry_run == DryRun::kClient) {
    return fail(errors::kNotAvailable,
                options.deploy.dry_run_source + " asks no cluster, and this command is about one");
  }
  workspace->holder_ = holder_name(context.environment);
  std::string ns = options.cluster.config.ns.empty() ? "default" : options.cluster.config.ns;
  bool ns_given = !options.cluster.config.ns.empty();
  if (options.deploy.dry_run != DryRun::kClient) {
    const auto& files = options.input.files;
    const bool reads_input = std::find(files.begin(), files.end(), "-") != files.end();
    auto connection = connect(options.cluster, context.environment, reads_input);
    if (connection) {
      workspace->connection_ = std::move(*connection);
    } else if (need != Need::kIfThereIs || connection.error().code->name != kube::errors::kNoCluster.name) {
      return fail(std::move(connection).error());
    } else {
      workspace->warn("no cluster is configured; the server's own checks are left out");
    }
  }
  if (workspace->connection_ != nullptr) {
    for (const auto& warning : workspace->connection_->warnings()) workspace->warn(warning);
    workspace->cluster_ = std::make_unique<pipeline::BoundedCluster>(workspace->connection_->cluster(),
                                                                     workspace->connection_->clock(), kNever);
    auto info = workspace->cluster_->info();
    if (!info) return fail(with_expiry(std::move(info).error(), *workspace->connection_));
    workspace->info_ = std::move(*info);
    if (workspace->info_.simulated) {
      workspace->warn("simulated: an in-memory cluster is used, and no real one is changed");
    }
    ns = workspace->connection_->ns();
    ns_given = workspace->connection_->ns_given();
  }
  workspace->release_ =
      release_options(options, workspace->config_, choose_namespace(workspace->config_, ns, ns_given));
  IE_TRY_ASSIGN(workspace->release_.seal, load_seal(options.deploy));
  workspace->open_files();
  workspace->warn_of_expiry();
  if (judges_health(options.verb)) {
    IE_TRY_ASSIGN(workspace->release_.health_rules, load_health_rules(options, workspace->config_));
  }
  return workspace;
}

// Nobody needs to find later what happened in memory.
void Workspace::open_files() {
  if (offline() || info_.simulated) return;
  recover_command_ = recover_command(context_.options, info_, release_.release, release_.ns);
  files_ = std::make_unique<LocalFolder>(local_places(context_.options, context_.environment), info_,
                                         recover_command_);
}

void Workspace::warn_of_expiry() {
  if (offline()) return;
  const auto end = connection_->credentials_end();
  if (!end || connection_->credentials_renew()) return;
  std::string warning =
      expiry_warning(context_.options, release_.timeout, *end - clock().wall(), connection_->credentials());
  if (!warning.empty()) warn(std::move(warning));
}

engine::Clock& Workspace::clock() {
  if (connection_ == nullptr) return system_clock_;
  return connection_->clock();
}

engine::Environment Workspace::engine_environment() {
  return {*cluster_, clock(), context_.events, holder_, files_.get(), recover_command_};
}

std::optional<int> Workspace::interrupted_by() const {
  return cluster_ == nullptr ? std::nullopt : cluster_->interrupted_by();
}

Result<std::shared_ptr<const model::ApiCatalog>> Workspace::catalog() {
  return offline() ? builtin_catalog() : cluster_->catalog(false);
}

Result<manifest::Manifests> Workspace::load_manifests() {
  IE_TRY_ASSIGN(LoadedInputs inputs,
                load_inputs(input_sources(context_.options, config_, release_), context_.environment));
  for (const auto& warning : inputs.warnings) warn(warning);
  manifest::LoadOptions load;
  load.default_namespace = release_.ns;
  manifest::Manifests manifests = manifest::manifests_from(inputs.files, load);
  // Deploying nothing would prune everything; it is never what was meant.
  if (manifests.objects.empty() && manifests.findings.empty()) {
    return fail(errors::kNothingToDeploy, "the files named hold no object");
  }
  IE_TRY_ASSIGN(const auto catalog, this->catalog());
  default_namespace(manifests.objects, release_.ns, *catalog);
  warn_of_other_namespaces(manifests.objects);
  return manifests;
}

// kubectl refuses them. A release may span namespaces, but whoever names one may have meant all objects.
void Workspace::warn_of_other_namespaces(const std::vector<model::Manifest>& manifests) {
  const std::string& asked = context_.options.cluster.config.ns;
  if (asked.empty()) return;
  const auto elsewhere = [&](const model::Manifest& one) {
    const std::string ns = one.object.ns();
    return !ns.empty() && ns != asked;
  };
  const auto count = std::count_if(manifests.begin(), manifests.end(), elsewhere);
  if (count == 0) return;
  const auto first = std::find_if(manifests.begin(), manifests.end(), elsewhere);
  warn(fmt::format("{} of {} name another namespace than {} and go there, such as {}", count,
                   counted(manifests.size(), "object"), asked,
                   sanitise_line(first->object.ref().to_string(), 200)));
}

std::unique_ptr<engine::Repository> Workspace::open_repository() {
  if (!context_.options.input.use_git) return nullptr;
  const auto git = os::find_program("git", os::env_value(context_.environment, "PATH"));
  const auto folder = os::working_directory();
  if (!git || !folder) {
    warn("git is not installed; " + std::string(kWithoutHistory));
    return nullptr;
  }
  vcs::GitOptions options;
  options.git = *git;
  options.folder = *folder;
  // In a workflow's container the checkout belongs to another user.
  options.trust_owner = os::env_value(context_.environment, "GITHUB_ACTIONS") == "true";
  options.now = system_clock_.wall();
  auto repository = vcs::open_git_repository(options);
  if (!repository) {
    warn(repository.error().message + "; " + std::string(kWithoutHistory));
    return nullptr;
  }
  if (auto head = vcs::head_commit(options)) release_.source_commit = *head;
  return std::move(*repository);
}

model::RunReport Workspace::new_report(std::string verb) const {
  model::RunReport report;
  report.verb = std::move(verb);
  report.tool_version = std::string(kVersion);
  report.release = release_.release;
  report.ns = release_.ns;
  report.context = info_.context;
  return report;
}

void Workspace::warn(std::string text) {
  context_.events.emit(model::WarningRaised{std::move(text)});
}

}  // namespace instantexec::cli
