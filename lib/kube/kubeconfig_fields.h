#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "model/object.h"

namespace instantexec::kube {

// Reads typed fields of one JSON object as Go's decoder does: null and missing are the zero value, another
// type is a problem. Problems name the field and never its value. Used by the kubeconfig and kuberc parsers.
class FieldReader {
 public:
  // `path` is "users[0].user"; "" for the top. The references must outlive the reader.
  FieldReader(const model::Json& object, std::string path, std::vector<std::string>& problems);

  [[nodiscard]] std::string text(std::string_view key);
  [[nodiscard]] Secret secret(std::string_view key) { return Secret(text(key)); }
  [[nodiscard]] bool flag(std::string_view key);
  // Decoded from base64.
  [[nodiscard]] std::string bytes(std::string_view key);
  [[nodiscard]] std::vector<std::string> texts(std::string_view key);
  [[nodiscard]] std::map<std::string, std::string, std::less<>> text_map(std::string_view key);
  [[nodiscard]] std::map<std::string, std::vector<std::string>> texts_map(std::string_view key);
  // The elements, each an object; null elements become empty objects.
  [[nodiscard]] std::vector<const model::Json*> objects(std::string_view key);
  // The object at the key; an empty one when missing.
  [[nodiscard]] const model::Json& object(std::string_view key);
  [[nodiscard]] bool has(std::string_view key) const { return value(key) != nullptr; }

  [[nodiscard]] std::string path_of(std::string_view key) const;
  void problem(std::string_view key, std::string_view what);

 private:
  // nullptr when missing or null.
  [[nodiscard]] const model::Json* value(std::string_view key) const;
  std::vector<std::string> texts_of(const model::Json& list, std::string_view key);

  const model::Json& object_;
  std::string path_;
  std::vector<std::string>& problems_;
};

}  // namespace instantexec::kube
