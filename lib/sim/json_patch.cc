#include "sim/json_patch.h"

namespace instantexec::sim {

Answer<model::Json> json_patch(const model::Json& document, const model::Json& patch) {
  if (!patch.is_array()) {
    return refuse(400, "BadRequest", "error decoding patch: json: cannot unmarshal into jsonpatch.Patch");
  }
  try {
    return document.patch(patch);
  } catch (const model::Json::exception&) {
    return refuse(422, "Invalid", "the server rejected our request due to an error in our request");
  }
}

}  // namespace instantexec::sim
