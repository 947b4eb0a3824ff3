#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "kube/kubeconfig_resolve.h"
#include "model/event.h"
#include "os/env.h"
#include "os/terminal.h"

namespace instantexec::cli {

// What the user typed, as values. Nothing is looked up here: no file, no cluster.

enum class Verb {
  kRun,
  kPlan,
  kDeploy,
  kRollback,
  kRecover,
  kStatus,
  kHistory,
  kAnalyze,
  kValidate,
  kBaseline,
  kHealth,
  kRbac,
  kExplain,
  kVersion,
  kHelp,
};

enum class DryRun { kNone, kClient, kServer };

// Where the cluster is and as whom: the flags every kubectl plugin honours.
struct ClusterFlags {
  kube::ConfigFlags config;
  std::string cache_dir;  // of discovery; empty: KUBECACHEDIR or the default
  bool simulate = false;  // the in-memory cluster instead of a real one
};

// What is to be deployed. No files, no kustomize, no chart: what the configuration names.
struct InputFlags {
  std::vector<std::string> files;  // -f: files, folders, "-"
  std::string kustomize;           // -k
  std::string helm_chart;          // --chart
  std::vector<std::string> helm_values;
  std::string config;   // empty: config/instant-execution-pipeline.yaml if present
  std::string release;  // empty: the configuration's, else the namespace's name
  bool use_git = true;
};

struct DeployFlags {
  DryRun dry_run = DryRun::kNone;
  std::string dry_run_source;  // the flag or variable that asked for it; empty: nobody did
  bool yes = false;
  std::optional<bool> prune;  // unset: the configuration decides
  bool rollback_on_failure = true;
  bool force_conflicts = false;
  bool adopt = false;
  bool accept_irreversible = false;
  bool wait = true;
  bool resume = false;  // recover forward
  bool drill = false;
  std::string field_manager = "kubectl-instantexec";
  std::optional<Duration> timeout;
  std::optional<Duration> lock_timeout;
  int revision = 0;       // rollback [REVISION]
  std::string plan_out;   // plan: the file to write the plan to
  std::string plan_file;  // deploy: the saved plan to execute
  Secret journal_key;     // of the environment; the file goes before it
  std::string journal_key_file;
  bool seal_existing = false;
};

struct HealthFlags {
  std::string selector;  // -l; empty: the release's objects
  std::string rules;     // --rules FILE; empty: none
  bool watch = false;
};

struct GateFlags {
  std::set<model::StageId> stages{model::StageId::kAnalysis, model::StageId::kValidation,
                                  model::StageId::kDeployment};
  std::optional<double> max_risk;
  std::optional<double> min_confidence;
  bool detailed_exitcode = false;
  bool warnings_as_errors = false;
};

enum class Format { kText, kJson, kYaml, kSarif, kJunit, kMarkdown, kGithub };

// One place a report goes to; an empty file is standard output.
struct Destination {
  Format format = Format::kText;
  std::string file;
};

struct OutputFlags {
  std::vector<Destination> destinations;  // empty: text on standard output
  os::ColorChoice color = os::ColorChoice::kAuto;
  bool log_json = false;
  std::string log_file;
  std::string evidence;  // --evidence DIR, or "off"; empty: see local_files.h
  int verbosity = -1;    // -v; -1: not given
};

struct Options {
  Verb verb = Verb::kHelp;
  ClusterFlags cluster;
  InputFlags input;
  DeployFlags deploy;
  HealthFlags health;
  GateFlags gates;
  OutputFlags output;
  std::string topic;            // explain CODE
  std::string service_account;  // rbac: whom the roles are bound to; empty: nobody
};

struct ParsedCommand {
  Options options;
  std::string help;  // set when help was asked for: print it and exit 0
};

// Reads the command line (without the program's name). `program` is how usage calls it: "kubectl instantexec"
// when kubectl started us. Flags beat the environment (INSTANTEXEC_NAMESPACE, INSTANTEXEC_DRY_RUN, then the
// same under SYNERGYMESH_; and INSTANTEXEC_JOURNAL_KEY). Error usage, with a suggestion for a misspelt verb
// or flag.
[[nodiscard]] Result<ParsedCommand> parse_command_line(const std::vector<std::string>& args,
                                                       const std::string& program,
                                                       const os::Environment& environment);

// "1", "analyze", "ai-analysis", or a list such as "1,2". Error usage.
[[nodiscard]] Result<std::set<model::StageId>> parse_stages(const std::string& text);

// "json", "sarif=out.sarif". Error usage.
[[nodiscard]] Result<Destination> parse_destination(const std::string& text);

}  // namespace instantexec::cli
