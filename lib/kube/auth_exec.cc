#include "kube/auth_exec.h"

#include <fmt/format.h>

#include <utility>

#include "base/text.h"
#include "kube/auth_errors.h"
#include "kube/exec_credential.h"
#include "os/errors.h"

namespace instantexec::kube {
namespace {

// client-go waits for ever. A plugin that may ask the user does here too; one that cannot has no reason to
// take longer than a login in a browser.
constexpr Duration kUnattendedTimeout = std::chrono::minutes(10);
constexpr std::size_t kMaxAnswer = std::size_t{4} * 1024 * 1024;

class ExecAuthenticator final : public Authenticator {
 public:
  ExecAuthenticator(ExecConfig exec, ClusterEntry cluster, std::string ca_pem, PluginRules rules,
                    ExecWorld world)
      : exec_(std::move(exec)),
        cluster_(std::move(cluster)),
        ca_pem_(std::move(ca_pem)),
        rules_(std::move(rules)),
        world_(std::move(world)) {}

  Result<Credentials> credentials() override {
    const bool expired = expiry_ && world_.clock->wall() > *expiry_;
    if (!valid_ || expired) IE_TRY(refresh());
    return current_;
  }

  bool invalidate(std::uint64_t generation) override {
    if (generation == current_.generation) valid_ = false;
    return true;
  }

  std::optional<Timestamp> expiry() const override { return expiry_; }
  bool renews() const override { return true; }
  std::string describe() const override { return "exec plugin " + sanitise_line(exec_.command, 200); }

 private:
  Status refresh();
  Result<ExecAnswer> ask_plugin();
  [[nodiscard]] Error missing_program(const Error& cause) const;

  ExecConfig exec_;
  ClusterEntry cluster_;
  std::string ca_pem_;
  PluginRules rules_;
  ExecWorld world_;
  Credentials current_;
  std::optional<Timestamp> expiry_;
  bool valid_ = false;
};

Status ExecAuthenticator::refresh() {
  IE_TRY_ASSIGN(ExecAnswer answer, ask_plugin());
  const bool new_pair =
      answer.client_cert_pem != current_.client_cert_pem || answer.client_key_pem != current_.client_key_pem;
  current_.authorization = answer.token.empty() ? Secret() : bearer(answer.token.reveal());
  current_.client_cert_pem = std::move(answer.client_cert_pem);
  current_.client_key_pem = std::move(answer.client_key_pem);
  ++current_.generation;
  if (new_pair) ++current_.certificate_generation;
  expiry_ = answer.expiry;
  valid_ = true;
  return {};
}

Result<ExecAnswer> ExecAuthenticator::ask_plugin() {
  IE_TRY_ASSIGN(const bool interactive, exec_is_interactive(exec_, world_.input_is_terminal));
  auto program = find_allowed_plugin(rules_, exec_.command, os::env_value(world_.environment, "PATH"));
  if (!program) {
    const bool missing = program.error().code == &os::errors::kProgramMissing;
    return fail(missing ? missing_program(program.error()) : std::move(program).error());
  }

  os::Command command;
  command.program = *program;
  command.args = exec_.args;
  command.env = world_.environment;
  for (const auto& [name, value] : exec_.env) (*command.env)[name] = value;
  (*command.env)["KUBERNETES_EXEC_INFO"] = exec_info(exec_, cluster_, ca_pem_, interactive);
  if (interactive) {
    command.input = os::InheritInput{};
  } else {
    command.timeout = kUnattendedTimeout;
  }
  command.error_output = os::ErrorOutput::kPassThrough;
  command.max_output = kMaxAnswer;
  command.interrupt_fd = world_.interrupt_fd;

  auto result = world_.run(command);
  if (!result) {
    Error error = std::move(result).error();
    if (error.code == &os::errors::kProgramMissing) return fail(missing_program(error));
    if (error.code == &os::errors::kProgramInterrupted) return fail(std::move(error));
    return fail(errors::kExecFailed, "credential plugin: " + error.message);
  }
  if (!result->ok()) {
    return fail(errors::kExecFailed, fmt::format("credential plugin {} failed with {}",
                                                 sanitise_line(exec_.command, 200), result->describe()));
  }
  return parse_exec_answer(exec_, result->out, world_.parse);
}

Error ExecAuthenticator::missing_program(const Error& cause) const {
  std::string hint = sanitise(exec_.install_hint);
  if (hint.empty()) hint = "install the plugin and put its folder into PATH";
  if (os::env_value(world_.environment, "GITHUB_ACTIONS") == "true") {
    hint +=
        "\nIn GitHub Actions the container action sees no program of the runner: use the composite action, "
        "or a "
        "kubeconfig with a short-lived token";
  }
  return make_error(errors::kExecMissing, "credential plugin: " + cause.message, std::move(hint));
}

}  // namespace

Result<std::unique_ptr<Authenticator>> make_exec_authenticator(ExecConfig exec, ClusterEntry cluster,
                                                               std::string ca_pem, PluginRules rules,
                                                               ExecWorld world) {
  IE_TRY(check_exec_version(exec));
  return std::make_unique<ExecAuthenticator>(std::move(exec), std::move(cluster), std::move(ca_pem),
                                             std::move(rules), std::move(world));
}

}  // namespace instantexec::kube
