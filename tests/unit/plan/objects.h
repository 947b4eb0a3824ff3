#pragma once

#include <string>
#include <string_view>

#include "model/object.h"

// Objects for the tests of plans, written as JSON.
namespace instantexec::plan::test {

inline model::Object object(std::string_view json) {
  auto parsed = model::parse_json(json);
  return model::Object{parsed ? std::move(*parsed) : model::Json::object()};
}

inline model::Object make(const std::string& api_version, const std::string& kind, const std::string& name,
                          const std::string& ns = "demo") {
  model::Object out;
  out.json = {{"apiVersion", api_version}, {"kind", kind}, {"metadata", {{"name", name}}}};
  if (!ns.empty()) out.json["metadata"]["namespace"] = ns;
  return out;
}

inline model::Object config(const std::string& name, const std::string& value) {
  model::Object out = make("v1", "ConfigMap", name);
  out.json["data"]["key"] = value;
  return out;
}

// As the server has it: with uid, resourceVersion and labels of release "web".
inline model::Object stored(model::Object object, const std::string& uid = "u1",
                            const std::string& version = "10") {
  object.json["metadata"]["uid"] = uid;
  object.json["metadata"]["resourceVersion"] = version;
  object.json["metadata"]["labels"]["instantexec.dev/release"] = "web";
  return object;
}

}  // namespace instantexec::plan::test
