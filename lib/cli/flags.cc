#include "cli/flags.h"

#include <fmt/format.h>

#include <utility>

#include "base/text.h"

namespace instantexec::cli {
namespace {

// An empty value is what a script's unset variable leaves. For most flags it would silently mean the default,
// which does more than was asked for: every stage, the configured manifests, records without a key.
std::string not_empty(const std::string& text) {
  return text.empty() ? "needs a value, not an empty one" : "";
}

void declare_cluster_flags(CLI::App& app, RawOptions& raw) {
  kube::ConfigFlags& flags = raw.options.cluster.config;
  const char* group = "Cluster";
  const auto option = [&](const char* names, auto& value, const char* text) {
    app.add_option(names, value, text)->group(group);
  };
  option("-n,--namespace", flags.ns, "Namespace of the release");
  option("--kubeconfig", flags.kubeconfig, "Path of the kubeconfig file");
  option("--context", flags.context, "Context of the kubeconfig");
  option("--cluster", flags.cluster, "Cluster of the kubeconfig");
  option("--user", flags.user, "User of the kubeconfig");
  option("-s,--server", flags.server, "Address of the API server");
  option("--token", raw.token, "Bearer token");
  option("--as", flags.as, "User to impersonate");
  option("--as-group", flags.as_groups, "Group to impersonate (repeatable)");
  option("--as-uid", flags.as_uid, "UID to impersonate");
  option("--certificate-authority", flags.certificate_authority, "CA certificate file");
  option("--client-certificate", flags.client_certificate, "Client certificate file");
  option("--client-key", flags.client_key, "Client key file");
  option("--tls-server-name", flags.tls_server_name, "Name to expect in the server's certificate");
  option("--request-timeout", flags.request_timeout,
         "Limit for one request (5s, 1m); 0: 60s to read, 40s to write");
  option("--kuberc", flags.kuberc, "Path of the kuberc file; KUBERC=off reads none");
  option("--cache-dir", raw.options.cluster.cache_dir, "Folder of the discovery cache");
  const auto flag = [&](const char* names, bool& value, const char* text) {
    app.add_flag(names, value, text)->group(group);
  };
  flag("--insecure-skip-tls-verify", flags.insecure_skip_tls_verify,
       "Do not verify the server's certificate");
  flag("--disable-compression", flags.disable_compression, "Ask for uncompressed answers");
  flag("--simulate", raw.options.cluster.simulate, "Use an in-memory cluster instead of a real one");
}

void declare_input_flags(CLI::App& app, RawOptions& raw) {
  InputFlags& flags = raw.options.input;
  const char* group = "Input";
  const auto option = [&](const char* names, auto& value, const char* text) {
    app.add_option(names, value, text)->group(group);
  };
  option("-f,--filename", flags.files, "Manifest file, folder, or - for standard input (repeatable)");
  option("-k,--kustomize", flags.kustomize, "Folder to render with kubectl kustomize");
  option("--chart", flags.helm_chart, "Helm chart to render with helm template");
  option("--values", flags.helm_values, "Values file for --chart (repeatable)");
  option("--config", flags.config, "Pipeline configuration (default config/instant-execution-pipeline.yaml)");
  option("--release", flags.release,
         "Name of the release (default: the configuration's, else the namespace's)");
  app.add_flag("--no-git", raw.no_git, "Do not look for a git repository")->group(group);
}

void declare_deploy_flags(CLI::App& app, RawOptions& raw) {
  DeployFlags& flags = raw.options.deploy;
  const char* group = "Deploy";
  const auto flag = [&](const char* names, auto& value, const char* text) {
    app.add_flag(names, value, text)->group(group);
  };
  // A flag with a default, not an option: "--dry-run run" must not swallow the verb.
  flag("--dry-run{client}", raw.dry_run, "none, client (no cluster) or server (checked, nothing stored)");
  flag("--prune{true}", raw.prune,
       "Delete what the last release had and this one lacks (default: as configured, else false; of "
       "rollback: true)");
  flag("--wait{true}", raw.wait,
       "Wait until everything is healthy (default true); with false a release is recorded, and prunes, once "
       "it is applied: a broken rollout is neither noticed nor undone");
  flag("-y,--yes", flags.yes, "Do not ask; without a terminal nothing is asked anyway");
  flag("--no-rollback", raw.no_rollback, "Leave a failed deploy as it is");
  flag("--force-conflicts", flags.force_conflicts, "Take fields owned by other field managers");
  flag("--adopt", flags.adopt, "Take objects that belong to another release or tool");
  flag("--accept-irreversible", flags.accept_irreversible, "Go on although a step cannot be undone");
  flag("--drill", flags.drill, "Try every write of an undo with a server dry run first; a refused one stops");
  flag("--resume", flags.resume,
       "recover: finish the interrupted run instead of undoing it; what is already being put back still goes "
       "back");
  app.add_option("--out", flags.plan_out, "plan: write the plan to this file, readable by you only")
      ->group(group);
  app.add_option("--plan", flags.plan_file, "deploy: execute exactly this saved plan, or nothing")
      ->group(group);
  app.add_option("--journal-key-file", flags.journal_key_file,
                 "File with the key that signs and encrypts the records (or INSTANTEXEC_JOURNAL_KEY)")
      ->group(group);
  flag("--seal-existing", flags.seal_existing,
       "Accept records written without the key, and sign them from now on");
  app.add_option("--field-manager", flags.field_manager, "Name for server-side apply")->group(group);
  app.add_option("--timeout", raw.timeout,
                 "Limit for the rollout (10m, 600; default: that of the stage in the configuration, which "
                 "bounds run and deploy)")
      ->group(group);
  app.add_option("--lock-timeout", raw.lock_timeout, "How long to wait for another run's lock (default 35s)")
      ->group(group);
}

void declare_rbac_flags(CLI::App& app, RawOptions& raw) {
  app.add_option("--service-account", raw.options.service_account,
                 "rbac: bind the roles to this account, NAME or NAMESPACE/NAME")
      ->group("Access");
}

void declare_health_flags(CLI::App& app, RawOptions& raw) {
  HealthFlags& flags = raw.options.health;
  const char* group = "Health";
  app.add_option("-l,--selector", flags.selector,
                 "health: objects with these labels instead of the release's")
      ->group(group);
  app.add_option("--rules", flags.rules, "health: file with health rules, before all others")->group(group);
  app.add_flag("--watch", flags.watch, "health: go on until everything is ready, or has failed")
      ->group(group);
}

void declare_output_flags(CLI::App& app, RawOptions& raw) {
  const char* group = "Gates and output";
  GateFlags& gates = raw.options.gates;
  app.add_option("--stage", raw.stage, "Stages of run: 1,2,3 or analyze,validate,deploy")->group(group);
  app.add_option("--max-risk", raw.max_risk, "Highest risk score, exclusive (default 75)")->group(group);
  app.add_option("--min-confidence", raw.min_confidence, "Lowest confidence (default 0.85)")->group(group);
  app.add_flag("--detailed-exitcode", gates.detailed_exitcode, "plan: exit 10 when something would change")
      ->group(group);
  app.add_flag("--warnings-as-errors", gates.warnings_as_errors, "Fail on warnings of the API server")
      ->group(group);
  app.add_option("-o", raw.formats,
                 "text, json or yaml; of what is checked or deployed also sarif, junit, markdown, github; "
                 "FORMAT=FILE writes a file")
      ->group(group);
  app.add_option("--output", raw.outputs, "Write the JSON report to this file")->group(group);
  app.add_option("--evidence", raw.options.output.evidence,
                 "Folder for what was seen of a failed release, or off (default: beside the report's file, "
                 "else in the state folder)")
      ->group(group);
  app.add_option("--color", raw.color, "auto, always or never")->group(group);
  app.add_option("--log-format", raw.log_format, "text or json")->group(group);
  app.add_option("--log-file", raw.options.output.log_file, "Append the log to this file")->group(group);
  // kubectl takes -v=8 as well as -v 8.
  const auto without_sign = [](const std::string& text) {
    return text.starts_with('=') ? text.substr(1) : text;
  };
  app.add_option("-v,--v", raw.options.output.verbosity, "Log level as in kubectl, 0-9")
      ->group(group)
      ->transform(without_sign, "");
}

tl::unexpected<Error> bad_value(const char* flag, const char* choices, const std::string& text) {
  return fail(errors::kUsage, fmt::format("{} takes {}, not \"{}\"", flag, choices, sanitise_line(text, 60)));
}

Result<bool> parse_bool(const std::string& text, const char* flag) {
  const std::string word = to_lower(text);
  if (word == "true" || word == "1" || word == "yes") return true;
  if (word == "false" || word == "0" || word == "no") return false;
  return bad_value(flag, "true or false", text);
}

Result<DryRun> parse_dry_run(const std::string& text) {
  if (text.empty() || text == "none" || text == "false" || text == "0") return DryRun::kNone;
  if (text == "client" || text == "true" || text == "1") return DryRun::kClient;
  if (text == "server") return DryRun::kServer;
  return bad_value("--dry-run", "none, client or server", text);
}

Result<os::ColorChoice> parse_color(const std::string& text) {
  if (text == "auto") return os::ColorChoice::kAuto;
  if (text == "always") return os::ColorChoice::kAlways;
  if (text == "never") return os::ColorChoice::kNever;
  return bad_value("--color", "auto, always or never", text);
}

// The value of INSTANTEXEC_<name>, else of SYNERGYMESH_<name>, and which of them it was.
struct Setting {
  std::string value;
  std::string variable;
};

Setting from_environment(const os::Environment& environment, const std::string& name) {
  for (const char* prefix : {"INSTANTEXEC_", "SYNERGYMESH_"}) {
    const std::string variable = prefix + name;
    if (const auto value = os::env_value(environment, variable); !value.empty())
      return {std::string(value), variable};
  }
  return {};
}

Status fill_numbers(const RawOptions& raw, Options& options) {
  if (!raw.timeout.empty()) {
    IE_TRY_ASSIGN(options.deploy.timeout, parse_duration(raw.timeout));
  }
  if (!raw.lock_timeout.empty()) {
    IE_TRY_ASSIGN(options.deploy.lock_timeout, parse_duration(raw.lock_timeout));
  }
  if (raw.max_risk > 100) return fail(errors::kUsage, "--max-risk is a number from 0 to 100");
  if (raw.min_confidence > 1) return fail(errors::kUsage, "--min-confidence is a number from 0 to 1");
  if (raw.max_risk >= 0) options.gates.max_risk = raw.max_risk;
  if (raw.min_confidence >= 0) options.gates.min_confidence = raw.min_confidence;
  return {};
}

Status fill_outputs(const RawOptions& raw, Options& options) {
  for (const auto& text : raw.formats) {
    IE_TRY_ASSIGN(Destination destination, parse_destination(text));
    options.output.destinations.push_back(std::move(destination));
  }
  for (const auto& file : raw.outputs) {
    // kubectl's --output takes a format; who types such a word means it.
    if (auto format = parse_destination(file); format && format->file.empty()) {
      options.output.destinations.push_back(*format);
    } else {
      options.output.destinations.push_back({Format::kJson, file});
    }
  }
  if (raw.log_format != "text" && raw.log_format != "json") {
    return bad_value("--log-format", "text or json", raw.log_format);
  }
  options.output.log_json = raw.log_format == "json";
  IE_TRY_ASSIGN(options.output.color, parse_color(raw.color));
  return {};
}

}  // namespace

void declare_flags(CLI::App& app, RawOptions& raw) {
  declare_cluster_flags(app, raw);
  // Those are kubectl's, to which an empty value is none.
  const std::size_t kubectls = app.get_options().size();
  declare_input_flags(app, raw);
  declare_deploy_flags(app, raw);
  declare_rbac_flags(app, raw);
  declare_health_flags(app, raw);
  declare_output_flags(app, raw);
  const std::vector<CLI::Option*> all = app.get_options();
  // One value for each time it is given: what follows is the verb's, such as the revision of a rollback.
  for (CLI::Option* one : all) one->allow_extra_args(false);
  for (std::size_t i = kubectls; i < all.size(); ++i) {
    if (all[i]->get_items_expected_min() > 0) all[i]->check(not_empty, "");
  }
}

Result<Options> finish_options(RawOptions raw, const os::Environment& environment) {
  Options options = std::move(raw.options);
  kube::ConfigFlags& config = options.cluster.config;
  config.token = Secret(std::move(raw.token));
  if (auto setting = from_environment(environment, "NAMESPACE");
      config.ns.empty() && !setting.value.empty()) {
    config.ns = std::move(setting.value);
    config.ns_source = std::move(setting.variable);
  }
  const Setting dry_run = from_environment(environment, "DRY_RUN");
  options.deploy.dry_run_source = raw.dry_run.empty() ? dry_run.variable : "--dry-run=client";
  if (raw.dry_run.empty()) raw.dry_run = to_lower(dry_run.value);
  IE_TRY_ASSIGN(options.deploy.dry_run, parse_dry_run(raw.dry_run));
  if (options.verb == Verb::kRecover && options.deploy.dry_run != DryRun::kNone) {
    return fail(errors::kUsage, fmt::format("recover has no dry run, and {} asks for one", dry_run.variable));
  }
  if (!raw.prune.empty()) {
    IE_TRY_ASSIGN(options.deploy.prune, parse_bool(raw.prune, "--prune"));
  }
  IE_TRY_ASSIGN(options.deploy.wait, parse_bool(raw.wait, "--wait"));
  options.deploy.rollback_on_failure = !raw.no_rollback;
  options.input.use_git = !raw.no_git;
  options.deploy.journal_key = Secret(std::string(os::env_value(environment, "INSTANTEXEC_JOURNAL_KEY")));
  if (!raw.stage.empty()) {
    IE_TRY_ASSIGN(options.gates.stages, parse_stages(raw.stage));
  }
  IE_TRY(fill_numbers(raw, options));
  IE_TRY(fill_outputs(raw, options));
  const InputFlags& input = options.input;
  if (int{!input.kustomize.empty()} + int{!input.helm_chart.empty()} + int{!input.files.empty()} > 1) {
    return fail(errors::kUsage, "-f, -k and --chart cannot be combined");
  }
  if (!input.helm_values.empty() && input.helm_chart.empty()) {
    return fail(errors::kUsage, "--values belongs to --chart, and there is none",
                "add --chart, or leave --values out");
  }
  return options;
}

}  // namespace instantexec::cli
