#include "simulation/history.h"

#include <algorithm>
#include <string_view>

namespace instantexec::simulation {

std::string text_at(const Json& json, const char* pointer) {
  const Json::json_pointer where(pointer);
  return json.contains(where) && json.at(where).is_string() ? json.at(where).get<std::string>()
                                                            : std::string{};
}

std::string key_of(const Json& object) {
  return text_at(object, "/kind") + "/" + text_at(object, "/metadata/namespace") + "/" +
         text_at(object, "/metadata/name");
}

Json canonical(const Json& object, const std::string& left_out) {
  Json out = object;
  out.erase("status");
  Json& metadata = out["metadata"];
  Json owners = Json::object();
  if (metadata.contains("managedFields")) {
    for (const Json& entry : metadata["managedFields"]) {
      const std::string manager = text_at(entry, "/manager");
      if (manager == left_out || !text_at(entry, "/subresource").empty()) continue;
      owners[manager + "/" + text_at(entry, "/operation")] = entry.value("fieldsV1", Json::object());
    }
  }
  out["owners"] = std::move(owners);
  for (const char* name : {"managedFields", "resourceVersion", "generation", "creationTimestamp"}) {
    metadata.erase(name);
  }
  if (metadata.contains("annotations")) {
    metadata["annotations"].erase("deployment.kubernetes.io/revision");
    if (metadata["annotations"].empty()) metadata.erase("annotations");
  }
  return out;
}

bool holds(const Json& found, const Json& wanted) {
  if (wanted.is_object()) {
    return found.is_object() &&
           std::all_of(wanted.items().begin(), wanted.items().end(), [&](const auto& field) {
             return found.contains(field.key()) && holds(found.at(field.key()), field.value());
           });
  }
  if (wanted.is_array()) {
    return found.is_array() && found.size() == wanted.size() &&
           std::equal(found.begin(), found.end(), wanted.begin(), holds);
  }
  return found == wanted;
}

std::string from_base64(const std::string& text) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char letter : text) {
    if (letter == '=') break;
    const auto value = kAlphabet.find(letter);
    if (value == std::string_view::npos) return {};
    bits = (bits << 6U) | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>((bits >> static_cast<unsigned>(count)) & 0xFFU);
  }
  return out;
}

Json head_in(const Json& secret) {
  Json head = Json::parse(from_base64(text_at(secret, "/data/head")), nullptr, false);
  return head.is_object() ? head : Json{};
}

}  // namespace instantexec::simulation
