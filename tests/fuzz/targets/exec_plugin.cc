// What a credential plugin printed.
#include "fuzz/fuzz.h"
#include "kube/exec_credential.h"
#include "kube/kubeconfig_files.h"

IE_FUZZ_TARGET(exec_plugin) {
  using namespace instantexec;
  using namespace instantexec::fuzz;
  Choices choices(bytes);
  kube::ExecConfig exec;
  exec.api_version =
      choices.flip() ? "client.authentication.k8s.io/v1" : "client.authentication.k8s.io/v1beta1";
  exec.command = "plugin";
  const auto answer = kube::parse_exec_answer(exec, choices.rest(), kube::parse_config_text);
  if (!answer) {
    promise(harmless(answer.error().message, true), "an error's text is harmless");
    promise(answer.error().to_string().find("S3cretValue") == std::string::npos,
            "an error repeats no secret");
    return;
  }
  const bool pair = !answer->client_cert_pem.empty() && !answer->client_key_pem.empty();
  promise(pair || !answer->token.empty(), "an answer holds a credential");
  promise(answer->client_cert_pem.empty() == answer->client_key_pem.empty(), "and no half pair");
  promise(answer->token.reveal().find('\n') == std::string::npos, "a token fits into a header");
}
