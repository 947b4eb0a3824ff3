#include "kube/openapi.h"

#include <utility>

#include "base/text.h"
#include "kube/api_errors.h"
#include "kube/discovery.h"
#include "kube/rest.h"
#include "os/clock.h"

namespace instantexec::kube {

Result<std::string> OpenApi::document(const std::string& group_version) {
  if (paths_.empty()) IE_TRY(read_index());
  const bool core = group_version.find('/') == std::string::npos;
  const auto it = paths_.find((core ? "api/" : "apis/") + group_version);
  if (it == paths_.end()) {
    return fail(errors::kKindNotServed,
                "the server has no OpenAPI document for " + sanitise_line(group_version, 200));
  }
  const bool hashed = it->second.find("hash=") != std::string::npos;
  if (hashed) {
    if (auto cached = cache_.load(it->second)) return std::move(cached->body);
  }
  IE_TRY_ASSIGN(std::string text, get(it->second));
  if (hashed) cache_.store(it->second, {"", os::wall_now(), text});
  return text;
}

Status OpenApi::read_index() {
  IE_TRY_ASSIGN(const std::string text, get("/openapi/v3"));
  const auto json = model::parse_json(text);
  if (!json) return fail(errors::kBadAnswer, "get /openapi/v3: the answer is not JSON");
  for (const auto& [name, entry] : model::get_object(*json, "/paths").items()) {
    // The path comes from the server and is used on the same server only.
    std::string path = model::get_string(entry, "/serverRelativeURL");
    if (path.starts_with("/openapi/v3")) paths_[name] = std::move(path);
  }
  return {};
}

Result<std::string> OpenApi::get(const std::string& path) {
  ApiCall call = raw_call(path, client_.config().request_timeout);
  call.shape = Shape::kText;
  IE_TRY_ASSIGN(const net::HttpResponse answer, client_.run(call));
  engine::Response response = read_answer(call, answer);
  if (response.error) return fail(std::move(*response.error));
  return std::move(response.text);
}

}  // namespace instantexec::kube
