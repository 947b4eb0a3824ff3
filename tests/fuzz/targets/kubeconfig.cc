// kubeconfig files: merged, resolved and checked.
#include "fuzz/fuzz.h"
#include "kube/kubeconfig_files.h"
#include "kube/kubeconfig_resolve.h"

namespace instantexec::fuzz {
namespace {

void resolve(const kube::Kubeconfig& config, const kube::ConfigFlags& flags) {
  const auto spec = kube::resolve_client({config, flags, std::nullopt, "", "/work"});
  if (!spec) return promise(harmless(spec.error().message, true), "an error's text is harmless");
  for (const std::string& text : spec->problems) promise(harmless(text, true), "problems are harmless");
  for (const std::string& text : spec->warnings) promise(harmless(text, true), "warnings are harmless");
  promise(!spec->ns.empty(), "there always is a namespace");
  if (!spec->problems.empty()) return;
  promise(!spec->cluster.server.ends_with('/'), "a server has no trailing slash");
  promise(spec->cluster.server.find('\n') == std::string::npos, "a server is one line");
  static_cast<void>(kube::auth_method(spec->user));
}

}  // namespace
}  // namespace instantexec::fuzz

IE_FUZZ_TARGET(kubeconfig) {
  using namespace instantexec;
  using namespace instantexec::fuzz;
  Choices choices(bytes);
  kube::ConfigFlags flags;
  if (choices.flip()) flags.context = "other";
  std::vector<kube::Kubeconfig> files;
  for (int i = 0; i < 2; ++i) {
    auto config =
        kube::parse_kubeconfig({"kubeconfig", "/home", std::string(choices.part())}, kube::parse_config_text);
    if (config) {
      files.push_back(std::move(*config));
    } else {
      promise(harmless(config.error().message, true), "an error's text is harmless");
      promise(config.error().to_string().find("S3cretValue") == std::string::npos,
              "an error repeats no secret");
    }
  }
  const kube::Kubeconfig merged = kube::merge_kubeconfigs(files);
  for (const kube::Kubeconfig& file : files) {
    for (const auto& [name, user] : file.users) promise(merged.users.contains(name), "no user is lost");
  }
  for (const auto& [name, cluster] : merged.clusters) {
    for (const auto& text : kube::validate_cluster(name, cluster))
      promise(harmless(text, true), "problems are harmless");
  }
  for (const auto& [name, user] : merged.users) {
    for (const auto& text : kube::validate_user(name, user))
      promise(harmless(text, true), "problems are harmless");
  }
  resolve(merged, flags);
}
