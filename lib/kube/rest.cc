#include "kube/rest.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/text.h"
#include "kube/api_errors.h"

namespace instantexec::kube {
namespace {

using engine::Outcome;

// Statuses after which nothing has changed, when the API server itself gave them.
bool is_rejection(int status) {
  switch (status) {
    case 400:
    case 401:
    case 403:
    case 404:
    case 405:
    case 406:
    case 409:
    case 410:
    case 413:
    case 415:
    case 422:
    case 429:
      return true;
    default:
      return false;
  }
}

// The API server answers errors as Status in JSON; its filters (overload, unknown path) in plain text.
bool could_be_api_server(const net::HttpResponse& response) {
  const std::string type = response.media_type();
  return type.empty() || type == "application/json" || type == "text/plain";
}

// An object is taken for absent only on a Status that says so, or on the plain 404 of a path that an API
// server does not know, which it marks with an audit id like all it answers. A router in front of it, whose
// server is away or moved, says 404 too.
bool says_what_is_missing(const net::HttpResponse& response, const std::optional<ApiStatus>& status) {
  return status || !response.header("Audit-Id").empty();
}

engine::Response bad_answer(const ApiCall& call, const net::HttpResponse& response, std::string_view why) {
  engine::Response out;
  out.outcome = Outcome::kUnknown;
  std::string message = "cannot tell what became of " + call.verb + " " + call.resource;
  if (!call.name.empty()) message += " \"" + sanitise_line(call.name, 253) + "\"";
  message += ": " + std::string(why) + " (status " + std::to_string(response.status) + ", content type \"" +
             sanitise_line(response.media_type(), 80) + "\")";
  out.error = make_error(errors::kBadAnswer, std::move(message));
  // Answered, if in a way that cannot be used; an error page may come from anywhere.
  if (response.status / 100 == 2) out.error->http_status = response.status;
  return out;
}

bool is_expected_object(const ApiCall& call, const model::Object& object) {
  if (object.gvk() != call.gvk) return false;
  return call.name.empty() || object.name() == call.name;
}

engine::Response committed(const net::HttpResponse& response) {
  engine::Response out;
  out.outcome = Outcome::kCommitted;
  out.http_status = response.status;
  out.created = response.status == 201;
  return out;
}

engine::Response read_list(const ApiCall& call, const net::HttpResponse& response, ListPage* page) {
  ListParser parser(call.gvk);
  parser.feed(response.body);
  auto parsed = parser.finish();
  if (!parsed) return bad_answer(call, response, "the answer is not a complete list");
  engine::Response out = committed(response);
  out.list_resource_version = parsed->resource_version;
  if (page != nullptr) {
    *page = std::move(*parsed);
  } else {
    out.items = std::move(parsed->items);
  }
  return out;
}

engine::Response read_success(const ApiCall& call, const net::HttpResponse& response, ListPage* page) {
  if (call.write && !response.framed) {
    return bad_answer(call, response, "the end of the answer was not marked, so it may be cut");
  }
  if (call.shape == Shape::kText) {
    engine::Response out = committed(response);
    out.text = response.body;
    return out;
  }
  if (response.media_type() != "application/json") {
    return bad_answer(call, response, "the answer is not JSON");
  }
  if (call.shape == Shape::kList) return read_list(call, response, page);
  auto json = model::parse_json(response.body);
  if (!json || !json->is_object()) return bad_answer(call, response, "the answer is not a JSON object");
  engine::Response out = committed(response);
  out.object.json = std::move(*json);
  if (call.shape == Shape::kJson || is_expected_object(call, out.object)) return out;
  if (call.shape == Shape::kObjectOrStatus && out.object.kind() == "Status" &&
      model::get_string(out.object.json, "/status") == "Success") {
    return out;
  }
  return bad_answer(call, response, "the answer holds another object than the one asked for");
}

// One warning-value of the header at `text`; moves past it. Nothing at the end or at the first thing that is
// not one.
std::optional<std::pair<int, std::string>> next_warning(std::string_view& text) {
  text = trim(text);
  if (text.starts_with(',')) text = trim(text.substr(1));
  int code = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code);
  if (error != std::errc{} || end != text.data() + 3) return std::nullopt;
  const auto quote = text.find('"');
  if (quote == std::string_view::npos) return std::nullopt;
  std::string value;
  std::size_t i = quote + 1;
  for (; i < text.size() && text[i] != '"'; ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    value += text[i];
  }
  if (i >= text.size()) return std::nullopt;
  text = trim(text.substr(i + 1));
  if (text.starts_with('"')) {  // an optional date
    const auto close = text.find('"', 1);
    text = close == std::string_view::npos ? std::string_view{} : text.substr(close + 1);
  }
  return std::pair(code, std::move(value));
}

}  // namespace

std::optional<ApiStatus> parse_status(const model::Json& json) {
  if (!json.is_object() || model::get_string(json, "/kind") != "Status") return std::nullopt;
  ApiStatus out;
  out.code = static_cast<int>(model::get_int(json, "/code"));
  out.reason = sanitise_line(model::get_string(json, "/reason"), 100);
  out.message = model::get_string(json, "/message");
  out.retry_after =
      Duration{std::clamp<std::int64_t>(model::get_int(json, "/details/retryAfterSeconds"), 0, 3600) * 1000};
  for (const model::Json& cause : model::get_array(json, "/details/causes")) {
    out.causes.push_back({sanitise_line(model::get_string(cause, "/reason"), 100),
                          sanitise_line(model::get_string(cause, "/field"), 500),
                          sanitise(model::get_string(cause, "/message"))});
  }
  return out;
}

std::vector<std::string> parse_warnings(const net::HttpResponse& response) {
  std::vector<std::string> out;
  for (std::string_view header : response.all_headers("Warning")) {
    while (const auto warning = next_warning(header)) {
      if (warning->first == 299) out.push_back(sanitise_line(warning->second));
    }
  }
  return out;
}

std::optional<Duration> parse_retry_after(const net::HttpResponse& response) {
  const std::string_view text = trim(response.header("Retry-After"));
  unsigned seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return Duration{std::min(seconds, 3600U) * 1000LL};
}

engine::Response read_answer(const ApiCall& call, const net::HttpResponse& response, ListPage* page) {
  engine::Response out;
  if (response.status / 100 == 2) {
    out = read_success(call, response, page);
  } else if (response.status / 100 != 4 && response.status / 100 != 5) {
    out = bad_answer(call, response, "redirects are not followed");
  } else if (!could_be_api_server(response)) {
    out = bad_answer(call, response, "the answer was not given by an API server");
  } else {
    std::optional<ApiStatus> status;
    if (const auto json = model::parse_json(response.body)) status = parse_status(*json);
    if (response.status == 404 && !says_what_is_missing(response, status)) {
      return bad_answer(call, response, "the answer was not given by an API server");
    }
    out.http_status = response.status;
    const bool schema = status && is_schema_refusal(call, response.status, *status);
    out.passing = status && is_webhook_failure(response.status, *status);
    const bool rejected = schema || out.passing || is_rejection(response.status);
    out.outcome = rejected ? Outcome::kRejected : Outcome::kUnknown;
    out.error = refusal(call, response.status, status, schema);
    if (status) out.causes = std::move(status->causes);
    if (call.gvk.kind == "Secret" && !call.no_values) {
      for (engine::StatusCause& cause : out.causes) cause.message.clear();
    }
  }
  out.warnings = parse_warnings(response);
  return out;
}

engine::Response read_failure(const ApiCall& call, const Error& error, net::Sent sent) {
  engine::Response out;
  out.outcome = sent == net::Sent::kNot ? Outcome::kNotSent : Outcome::kUnknown;
  std::string what = call.verb + " " + call.resource;
  if (!call.name.empty()) what += " \"" + sanitise_line(call.name, 253) + "\"";
  out.error = Error(error).with_context(std::move(what));
  return out;
}

}  // namespace instantexec::kube
