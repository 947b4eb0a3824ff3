#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "engine/ports.h"
#include "kube/api_path.h"
#include "kube/streaming_list.h"
#include "net/http.h"

// Answers of an API server as values. Pure.
namespace instantexec::kube {

// metav1.Status of a failure.
struct ApiStatus {
  int code = 0;
  std::string reason;   // "NotFound"
  std::string message;  // as sent
  std::vector<engine::StatusCause> causes;
  Duration retry_after{0};  // details.retryAfterSeconds
};

// Reads a Status object; nothing when the JSON is something else.
[[nodiscard]] std::optional<ApiStatus> parse_status(const model::Json& json);

// The texts of all Warning headers (RFC 7234: `299 - "text"`), sanitised. Other codes than 299 are left out,
// as kubectl does.
[[nodiscard]] std::vector<std::string> parse_warnings(const net::HttpResponse& response);

// The Retry-After header in seconds; nothing when absent, a date, or negative.
[[nodiscard]] std::optional<Duration> parse_retry_after(const net::HttpResponse& response);

// The verdict on a complete answer and what it holds. Everything of engine::Response is filled but the id; of
// a list, the items of this page. `page`, when given, receives the page of a list.
//
// A 2xx counts as committed only with the object that was asked for in it. Redirects, HTML, answers in other
// formats and a 404 with neither a Status nor an audit id were not given by an API server: unknown, with
// status 0, so that nobody takes a proxy's 404 for an object's absence.
[[nodiscard]] engine::Response read_answer(const ApiCall& call, const net::HttpResponse& response,
                                           ListPage* page = nullptr);

// The verdict when no complete answer came.
[[nodiscard]] engine::Response read_failure(const ApiCall& call, const Error& error, net::Sent sent);

// Server-side apply answers 500 without a reason when the object does not fit its schema (an unknown field, a
// word where a number belongs, bad base64). That happens before anything is stored, so it is a refusal. Adds
// the field as a cause when the message names it. The messages are those of kubernetes/kubernetes
// staging/src/k8s.io/apimachinery/pkg/util/managedfields; another wording leaves the outcome unknown.
[[nodiscard]] bool is_schema_refusal(const ApiCall& call, int http_status, ApiStatus& status);

// The API server answers 500 when it cannot call an admission webhook. It asks them before it stores
// anything, so that is a refusal; a conversion webhook, by contrast, may also fail on what has been stored.
// The sentence is that of ErrCallingWebhook in kubernetes/kubernetes
// staging/src/k8s.io/apiserver/pkg/util/webhook; another wording leaves the outcome unknown.
[[nodiscard]] bool is_webhook_failure(int http_status, const ApiStatus& status);

// The error for an answer that is a refusal or a failure. Texts of the server are left out where they could
// hold values of a Secret.
[[nodiscard]] Error refusal(const ApiCall& call, int http_status, const std::optional<ApiStatus>& status,
                            bool schema_refusal = false);

}  // namespace instantexec::kube
