#include <gtest/gtest.h>

#include <cstdlib>

#include "base/digest.h"
#include "kube/kubeconfig_files.h"
#include "os/files.h"
#include "os/process.h"
#include "row.h"

// kubectl itself as the judge of loading and merging: `kubectl config view --raw --flatten` prints what it
// made of the same files. INSTANTEXEC_KUBECTL names the program; else PATH is searched.
namespace instantexec::kube::testing {
namespace {

using model::Json;

std::string find_kubectl() {
  if (const char* named = std::getenv("INSTANTEXEC_KUBECTL")) return named;
  const char* path = std::getenv("PATH");
  const auto found = os::find_program("kubectl", path == nullptr ? "" : path);
  return found ? *found : "";
}

// What kubectl sees: nothing when it refuses.
std::optional<Json> ask_kubectl(const std::string& kubectl, const Laid& laid) {
  os::Command command;
  command.program = kubectl;
  command.args = {"config", "view", "--raw", "--flatten", "-o", "json"};
  if (!laid.flags.kubeconfig.empty()) command.args.push_back("--kubeconfig=" + laid.flags.kubeconfig);
  command.env = laid.environment;
  command.cwd = laid.dir.path("work");
  const auto result = os::run_process(command);
  if (!result || !result->ok()) return std::nullopt;
  return model::parse_json(result->out);
}

void put(Json& entry, const char* key, const std::string& value) {
  if (!value.empty()) entry[key] = value;
}

// Content of a file as --flatten embeds it.
void put_data(Json& entry, const char* key, const std::string& data, const std::string& file) {
  std::string content = data;
  if (content.empty() && !file.empty()) content = os::read_file(file).value_or("unreadable");
  put(entry, key, base64_encode(content));
}

Json render_user(const UserEntry& user) {
  Json out = Json::object();
  put_data(out, "client-certificate-data", user.client_cert_data, user.client_cert_file);
  put_data(out, "client-key-data", user.client_key_data.reveal(), user.client_key_file);
  put(out, "token", user.token.reveal());
  put(out, "tokenFile", user.token_file);
  put(out, "username", user.username);
  put(out, "password", user.password.reveal());
  put(out, "as", user.impersonate.user);
  put(out, "as-uid", user.impersonate.uid);
  if (!user.impersonate.groups.empty()) out["as-groups"] = user.impersonate.groups;
  if (!user.impersonate.extra.empty()) out["as-user-extra"] = user.impersonate.extra;
  if (user.exec) {
    Json& exec = out["exec"];
    put(exec, "apiVersion", user.exec->api_version);
    exec["command"] = user.exec->command;
    if (!user.exec->args.empty()) exec["args"] = user.exec->args;
    // kubectl writes the default of the older versions out.
    const bool defaulted = user.exec->interactive_mode.empty() && !user.exec->api_version.ends_with("/v1");
    put(exec, "interactiveMode", defaulted ? "IfAvailable" : user.exec->interactive_mode);
  }
  return out;
}

Json render_cluster(const ClusterEntry& cluster) {
  Json out{{"server", cluster.server}};
  put(out, "tls-server-name", cluster.tls_server_name);
  if (cluster.insecure) out["insecure-skip-tls-verify"] = true;
  put_data(out, "certificate-authority-data", cluster.ca_data, cluster.ca_file);
  put(out, "proxy-url", cluster.proxy_url);
  if (cluster.disable_compression) out["disable-compression"] = true;
  return out;
}

Json render_context(const ContextEntry& context) {
  Json out{{"cluster", context.cluster}, {"user", context.user}};
  put(out, "namespace", context.ns);
  return out;
}

template <typename Entries, typename Render>
Json named(const Entries& entries, const char* what, Render render) {
  Json out = Json::object();
  for (const auto& [name, entry] : entries) out[name][what] = render(entry);
  return out;
}

// config view leaves these two paths as they are written; commands that connect resolve them.
void resolve_paths(Json& users, const Kubeconfig& ours, const std::string& working_directory) {
  for (auto& [name, item] : users.items()) {
    const auto found = ours.users.find(name);
    if (found == ours.users.end()) continue;
    const std::string folder = os::parent_path(os::resolve_path(working_directory, found->second.origin));
    Json& user = item["user"];
    if (user.contains("tokenFile"))
      user["tokenFile"] = os::resolve_path(folder, user["tokenFile"].get<std::string>());
    if (!user.contains("exec")) continue;
    const std::string command = model::get_string(user, "/exec/command");
    if (command.find('/') != std::string::npos) user["exec"]["command"] = os::resolve_path(folder, command);
  }
}

// kubectl's lists as maps by name, without what we do not keep.
Json by_name(const Json& config, const char* list, const char* what) {
  Json out = Json::object();
  for (const Json& item : model::get_array(config, std::string("/") + list)) {
    Json entry = model::get_object(item, std::string("/") + what);
    if (entry.contains("exec")) {
      for (const char* dropped : {"env", "provideClusterInfo"}) entry["exec"].erase(dropped);
      if (entry["exec"].contains("args") && entry["exec"]["args"].is_null()) entry["exec"].erase("args");
    }
    entry.erase("auth-provider");
    out[model::get_string(item, "/name")][what] = std::move(entry);
  }
  return out;
}

class KubectlOracle : public ::testing::TestWithParam<Row> {};

TEST_P(KubectlOracle, SeesTheSame) {
  const std::string kubectl = find_kubectl();
  if (kubectl.empty()) GTEST_SKIP() << "no kubectl in PATH and INSTANTEXEC_KUBECTL is not set";
  Laid laid(GetParam());
  const auto theirs = ask_kubectl(kubectl, laid);
  ClientConfigInput input = laid.input();
  const auto ours = load_kubeconfig(input);
  ASSERT_EQ(ours.has_value(), theirs.has_value()) << (ours ? "kubectl refused" : ours.error().to_string());
  if (!ours) return;
  EXPECT_EQ(ours->current_context, model::get_string(*theirs, "/current-context"));
  EXPECT_EQ(named(ours->clusters, "cluster", render_cluster), by_name(*theirs, "clusters", "cluster"));
  Json users = by_name(*theirs, "users", "user");
  resolve_paths(users, *ours, input.working_directory);
  EXPECT_EQ(named(ours->users, "user", render_user), users);
  EXPECT_EQ(named(ours->contexts, "context", render_context), by_name(*theirs, "contexts", "context"));
}

std::vector<Row> judged_rows() {
  std::vector<Row> out = loading_rows();
  const std::vector<Row> merging = merging_rows();
  out.insert(out.end(), merging.begin(), merging.end());
  const std::vector<Row> overrides = override_rows();
  out.push_back(overrides.front());
  for (const Row& row : server_rows()) {
    if (!row.files.empty() && row.environment.empty() && row.error.empty()) out.push_back(row);
  }
  for (const Row& row : credential_rows()) {
    if (row.error.empty() && row.flags.empty()) out.push_back(row);
  }
  std::erase_if(out, [](const Row& row) { return !row.differs.empty(); });
  return out;
}

std::string test_name(const ::testing::TestParamInfo<Row>& info) {
  std::string out;
  for (const char c : info.param.name) out += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return out;
}

INSTANTIATE_TEST_SUITE_P(Rules, KubectlOracle, ::testing::ValuesIn(judged_rows()), test_name);

}  // namespace
}  // namespace instantexec::kube::testing
