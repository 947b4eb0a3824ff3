#include "kube/kuberc.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "kube/auth_errors.h"
#include "kube/kubeconfig_errors.h"
#include "kube/kubeconfig_fields.h"
#include "os/errors.h"
#include "os/files.h"
#include "os/process.h"

namespace instantexec::kube {
namespace {

constexpr std::string_view kPolicyField = "credentialPluginPolicy";
constexpr std::string_view kAllowlistField = "credentialPluginAllowlist";

std::string clean(std::string_view path) {
  return os::resolve_path("", path);
}

std::string base_name(std::string_view path) {
  const auto slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

// A misspelt security field would be ignored as unknown, and ignoring it would allow everything.
void refuse_misspellings(const model::Json& root, std::vector<std::string>& problems) {
  for (const auto& [key, value] : root.items()) {
    const bool ours = key == kPolicyField || key == kAllowlistField;
    if (!ours && to_lower(key).starts_with("credential")) {
      problems.push_back(fmt::format("unknown field \"{}\" (known: {}, {})", sanitise_line(key, 100),
                                     kPolicyField, kAllowlistField));
    }
  }
}

std::vector<std::string> read_allowlist(FieldReader& top, std::vector<std::string>& problems) {
  std::vector<std::string> out;
  for (const model::Json* item : top.objects(kAllowlistField)) {
    const std::string where = fmt::format("{}[{}]", kAllowlistField, out.size());
    FieldReader entry(*item, where, problems);
    std::string command = entry.text("command");
    const std::string name = entry.text("name");  // the deprecated spelling
    if (!command.empty() && !name.empty() && command != name) {
      problems.push_back(where + " has both command and name, and they differ");
    }
    if (command.empty()) command = name;
    if (command.empty()) {
      problems.push_back(where + " names no command");
    } else if (clean(command) != command) {
      problems.push_back(fmt::format("{} must be written as \"{}\"", where, sanitise_line(clean(command))));
    }
    out.push_back(std::move(command));
  }
  return out;
}

}  // namespace

Result<std::optional<KubercPath>> kuberc_path(const std::string& flag, const os::Environment& environment) {
  const std::string_view variable = os::env_value(environment, "KUBERC");
  if (variable == "off" || os::env_value(environment, "KUBECTL_KUBERC") == "false") {
    if (flag.empty()) return std::nullopt;
    return fail(errors::kKubercInvalid, "--kuberc is given although the environment switches kuberc off",
                "leave out --kuberc, or unset KUBERC and KUBECTL_KUBERC");
  }
  if (!flag.empty()) return KubercPath{flag, true};
  if (!variable.empty()) return KubercPath{std::string(variable), true};
  const std::string home = os::home_directory(environment);
  if (!home.starts_with('/')) return std::nullopt;
  return KubercPath{os::resolve_path(home, ".kube/kuberc"), false};
}

Result<PluginRules> parse_kuberc(std::string_view text, const std::string& origin, const ParseText& parse) {
  const std::string shown = sanitise_line(origin);
  auto root = parse(text);
  if (!root) return fail(errors::kKubercInvalid, fmt::format("{}: {}", shown, root.error().to_string()));
  PluginRules rules;
  rules.origin = origin;
  if (root->is_null()) return rules;
  if (!root->is_object()) return fail(errors::kKubercInvalid, fmt::format("{}: a map is needed", shown));

  std::vector<std::string> problems;
  FieldReader top(*root, "", problems);
  const std::string version = top.text("apiVersion");
  if (!version.starts_with("kubectl.config.k8s.io/") || top.text("kind") != "Preference") {
    problems.emplace_back("apiVersion must be kubectl.config.k8s.io/v1beta1 and kind Preference");
  }
  refuse_misspellings(*root, problems);
  const std::string policy = top.text(kPolicyField);
  rules.allowlist = read_allowlist(top, problems);
  if (policy == "Allowlist") {
    rules.policy = PluginPolicy::kAllowlist;
    if (rules.allowlist.empty()) {
      problems.push_back(fmt::format("policy Allowlist needs entries in {} (DenyAll forbids every plugin)",
                                     kAllowlistField));
    }
  } else if (policy == "DenyAll") {
    rules.policy = PluginPolicy::kDenyAll;
  } else if (!policy.empty() && policy != "AllowAll") {
    problems.push_back(fmt::format("{} \"{}\" is not AllowAll, DenyAll or Allowlist", kPolicyField,
                                   sanitise_line(policy, 60)));
  }
  if (policy != "Allowlist" && top.has(kAllowlistField)) {
    problems.push_back(fmt::format("{} is only allowed with policy Allowlist", kAllowlistField));
  }
  if (problems.empty()) return rules;
  return fail(errors::kKubercInvalid, fmt::format("{}: {}", shown, join(problems, "; ")));
}

Result<PluginRules> read_kuberc(const KubercPath& path, const std::string& working_directory,
                                const ParseText& parse) {
  const auto text = os::read_file(os::resolve_path(working_directory, path.path), {.max_bytes = 1 << 20});
  if (text) return parse_kuberc(*text, path.path, parse);
  const bool missing = text.error().code == &os::errors::kFileMissing;
  if (missing && !path.explicit_path) return PluginRules{};
  return fail(errors::kKubercInvalid, text.error().to_string());
}

Result<std::string> find_allowed_plugin(const PluginRules& rules, const std::string& command,
                                        std::string_view path) {
  const std::string cleaned = clean(command);
  const auto denied = [&](std::string_view why) {
    return fail(errors::kExecDenied, fmt::format("credential plugin {} may not run: {} {}",
                                                 sanitise_line(cleaned), sanitise_line(rules.origin), why));
  };
  if (rules.policy == PluginPolicy::kDenyAll) return denied("says DenyAll");
  IE_TRY_ASSIGN(std::string program, os::find_program(cleaned, path));
  if (rules.policy == PluginPolicy::kAllowAll) return program;
  const bool allowed =
      std::any_of(rules.allowlist.begin(), rules.allowlist.end(), [&](const std::string& entry) {
        if (entry == cleaned || entry == program) return true;
        if (base_name(entry) != base_name(program)) return false;
        const auto found = os::find_program(entry, path);
        return found && *found == program;
      });
  if (!allowed) return denied("does not list it in credentialPluginAllowlist");
  return program;
}

}  // namespace instantexec::kube
