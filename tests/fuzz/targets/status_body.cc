// Failures as the API server, or somebody in its place, words them.
#include <algorithm>
#include <array>

#include "fuzz/fuzz.h"
#include "kube/rest.h"

namespace instantexec::fuzz {
namespace {

using model::Json;

constexpr std::array<int, 12> kStatuses = {400, 401, 403, 404, 405, 409, 410, 413, 422, 429, 500, 504};
constexpr std::array<const char*, 6> kReasons = {"",          "Invalid", "NotFound", "AlreadyExists",
                                                 "Forbidden", "Expired"};
constexpr const char* kValue = "c2VjcmV0LXZhbHVl";

kube::ApiCall write_of(const char* kind) {
  kube::ApiCall call;
  call.method = "PATCH";
  call.verb = "patch";
  call.resource = "things";
  call.content_type = "application/apply-patch+yaml";
  call.gvk = {"", "v1", kind};
  call.name = "x";
  call.ns = "demo";
  call.body = "{}";
  call.write = true;
  return call;
}

engine::Response answer(const kube::ApiCall& call, int status, std::string body) {
  net::HttpResponse response;
  response.status = status;
  response.headers = {{"Content-Type", "application/json"}};
  response.body = std::move(body);
  engine::Response out = kube::read_answer(call, response);
  promise(!out.ok() && out.error, "a failure is an error");
  promise(harmless(out.error->message, true), "an error's text is harmless");
  for (const engine::StatusCause& cause : out.causes) {
    promise(harmless(cause.reason, false) && harmless(cause.field, false) && harmless(cause.message, true),
            "causes are harmless");
  }
  return out;
}

}  // namespace
}  // namespace instantexec::fuzz

IE_FUZZ_TARGET(status_body) {
  using namespace instantexec;
  using namespace instantexec::fuzz;
  Choices choices(bytes);
  const int status = kStatuses[choices.below(kStatuses.size())];
  const std::string reason = kReasons[choices.below(kReasons.size())];
  const bool with_cause = choices.flip();
  const std::string text(choices.rest());
  static_cast<void>(answer(write_of("ConfigMap"), status, text));

  // A refusal of a Secret may repeat its values.
  Json body{{"kind", "Status"}, {"code", status}, {"message", text + kValue}};
  if (!reason.empty()) body["reason"] = reason;
  if (with_cause) {
    body["details"]["causes"] =
        Json::array({Json{{"reason", "FieldValueInvalid"}, {"message", kValue + text}}});
    body["details"]["retryAfterSeconds"] = static_cast<int>(text.size()) - 4;
  }
  const auto parsed = kube::parse_status(body);
  promise(parsed && parsed->retry_after >= Duration{0} && parsed->retry_after <= Duration{3'600'000},
          "a hint to wait has bounds");
  const engine::Response secret =
      answer(write_of("Secret"), status, body.dump(-1, ' ', false, Json::error_handler_t::replace));
  if (status == 401 || status == 404 || status == 409 || status == 429) return;
  promise(secret.error->to_string().find(kValue) == std::string::npos,
          "an error repeats no value of a Secret");
  promise(std::none_of(secret.causes.begin(), secret.causes.end(),
                       [](const auto& cause) { return cause.message.find(kValue) != std::string::npos; }),
          "a cause repeats no value of a Secret");
}
