#include "sim/json_patch.h"

namespace instantexec::sim {
namespace {

using model::Json;

// The server's library lets "replace" name a field that is not there yet.
Json tolerant(const Json& document, Json operation) {
  const auto kind = operation.find("op");
  const auto path = operation.find("path");
  if (kind == operation.end() || *kind != "replace" || path == operation.end() || !path->is_string())
    return operation;
  const Json::json_pointer pointer(path->get<std::string>());
  if (!pointer.empty() && document.contains(pointer.parent_pointer()) &&
      document.at(pointer.parent_pointer()).is_object()) {
    operation["op"] = "add";
  }
  return operation;
}

}  // namespace

Answer<Json> json_patch(const Json& document, const Json& patch) {
  if (!patch.is_array()) {
    return refuse(400, "BadRequest", "error decoding patch: json: cannot unmarshal into jsonpatch.Patch");
  }
  try {
    Json out = document;
    for (const Json& operation : patch) out = out.patch(Json::array({tolerant(out, operation)}));
    return out;
  } catch (const Json::exception&) {
    return refuse(422, "Invalid", "the server rejected our request due to an error in our request");
  }
}

}  // namespace instantexec::sim
