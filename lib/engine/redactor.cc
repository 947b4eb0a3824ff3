#include "engine/redactor.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/digest.h"
#include "base/text.h"

namespace instantexec::engine {
namespace {

using model::Json;

constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";
// Of a value with several lines: shorter ones are words that stand everywhere.
constexpr std::size_t kShortestLine = 12;

std::uint32_t start_of(std::string_view text) {
  std::uint32_t out = 0;
  std::memcpy(&out, text.data(), sizeof out);
  return out;
}

std::string hex(std::string_view bytes, std::string_view digits) {
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += digits[byte >> 4U];
    out += digits[byte & 15U];
  }
  return out;
}

constexpr std::string_view kLower = "0123456789abcdef";
constexpr std::string_view kUpper = "0123456789ABCDEF";

// RFC 3986: everything but unreserved characters.
std::string percent_encoded(std::string_view bytes, std::string_view digits) {
  std::string out;
  for (const char c : bytes) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    out += plain ? std::string(1, c) : "%" + hex({&c, 1}, digits);
  }
  return out;
}

bool speaks_of_secrets(std::string_view name) {
  static constexpr std::array<std::string_view, 9> kWords = {"password",  "passwd",     "passphrase",
                                                             "secret",    "token",      "apikey",
                                                             "accesskey", "privatekey", "credential"};
  std::string plain = to_lower(name);
  std::erase_if(plain, [](char c) { return c == '_' || c == '-' || c == '.'; });
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view word) { return plain.find(word) != std::string::npos; });
}

bool is_secret(const model::Object& object) {
  return object.kind() == "Secret" && object.api_version() == "v1";
}

}  // namespace

void Redactor::learn(const model::Object& object) {
  if (!is_secret(object)) return;
  for (const auto& [key, value] : model::get_object(object.json, "/data").items()) {
    if (!value.is_string()) continue;
    const auto& encoded = value.get_ref<const std::string&>();
    add_text(encoded);
    if (const auto plain = base64_decode(encoded)) add(*plain);
  }
  for (const auto& [key, value] : model::get_object(object.json, "/stringData").items()) {
    if (value.is_string()) add(value.get_ref<const std::string&>());
  }
}

void Redactor::add(const std::string& value) {
  add_text(value);
  add_text(std::string(trim(value)));
  std::string encoded = base64_encode(value);
  add_text(encoded);
  encoded.erase(encoded.find_last_not_of('=') + 1);
  add_text(std::move(encoded));
  add_text(hex(value, kLower));
  add_text(hex(value, kUpper));
  add_text(percent_encoded(value, kLower));
  add_text(percent_encoded(value, kUpper));
  const auto lines = split(value, '\n');
  if (lines.size() < 2) return;
  for (const std::string_view line : lines) {
    if (trim(line).size() >= kShortestLine) add_text(std::string(trim(line)));
  }
}

void Redactor::add_text(std::string text) {
  if (text.size() < kShortest) return;
  auto& known = values_[start_of(text)];
  const auto longer = [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() > b.size() : a < b;
  };
  const auto place = std::lower_bound(known.begin(), known.end(), text, longer);
  if (place == known.end() || *place != text) known.insert(place, std::move(text));
}

std::string Redactor::text(std::string_view text) const {
  std::string out;
  std::size_t copied = 0;
  std::size_t at = 0;
  while (!values_.empty() && at + kShortest <= text.size()) {
    const auto candidates = values_.find(start_of(text.substr(at)));
    const std::string* found = nullptr;
    if (candidates != values_.end()) {
      for (const std::string& value : candidates->second) {
        if (!text.substr(at).starts_with(value)) continue;
        found = &value;
        break;
      }
    }
    if (found == nullptr) {
      ++at;
      continue;
    }
    out += text.substr(copied, at - copied);
    out += kRedacted;
    at += found->size();
    copied = at;
  }
  return out + std::string(text.substr(copied));
}

std::string Redactor::tail(std::string_view whole, std::size_t limit) const {
  std::string out = text(whole);
  if (out.size() > limit) out.erase(0, out.size() - limit);
  return out;
}

void Redactor::walk(Json& value) const {
  if (value.is_string()) {
    value = text(value.get_ref<const std::string&>());
  } else if (value.is_array()) {
    for (Json& item : value) walk(item);
  } else if (value.is_object()) {
    // An environment variable, or something of the same form.
    if (speaks_of_secrets(model::get_string(value, "/name")) && model::find(value, "/value") != nullptr) {
      value["value"] = kRedacted;
    }
    for (auto& [key, item] : value.items()) walk(item);
  }
}

Json Redactor::object(const model::Object& object) const {
  Json out = object.json;
  if (!out.is_object()) return out;
  if (const auto metadata = out.find("metadata"); metadata != out.end() && metadata->is_object()) {
    metadata->erase("managedFields");
    const auto annotations = metadata->find("annotations");
    if (annotations != metadata->end() && annotations->is_object() && annotations->contains(kLastApplied)) {
      (*annotations)[std::string(kLastApplied)] = kRedacted;
    }
  }
  if (is_secret(object)) {
    for (const char* field : {"data", "stringData"}) {
      const auto values = out.find(field);
      if (values == out.end()) continue;
      if (!values->is_object()) *values = kRedacted;
      if (!values->is_object()) continue;
      for (auto& [key, value] : values->items()) value = kRedacted;
    }
  }
  walk(out);
  return out;
}

void Redactor::apply(model::FailureCause& cause) const {
  cause.summary = text(cause.summary);
  for (model::Evidence& item : cause.evidence) item.text = text(item.text);
  for (std::string& event : cause.events) event = text(event);
  for (model::LogTail& log : cause.logs) {
    for (std::string& line : log.lines) line = text(line);
  }
}

}  // namespace instantexec::engine
