#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/deploy_report.h"
#include "model/object.h"

namespace instantexec::engine {

// Takes the values of Secrets out of what is shown or stored elsewhere. Knows the values it was told of and
// finds them anywhere in a text: as they are, in base64, hexadecimal or percent-encoded, and the longer lines
// of values with several. Values shorter than kShortest bytes are not looked for inside of texts.
class Redactor {
 public:
  static constexpr std::size_t kShortest = 4;
  static constexpr std::string_view kRedacted = "<redacted>";

  // Learns the values of a Secret (v1); other objects teach nothing.
  void learn(const model::Object& object);

  [[nodiscard]] std::string text(std::string_view text) const;
  // The last bytes of that, `limit` at most. Cut first, a part of a value would be left that is not
  // recognised.
  [[nodiscard]] std::string tail(std::string_view whole, std::size_t limit) const;
  // The object as it may be kept: without managedFields; without the values of a Secret, of last-applied
  // annotations and of environment variables whose names speak of passwords, tokens or keys.
  [[nodiscard]] model::Json object(const model::Object& object) const;
  // Every text of the cause.
  void apply(model::FailureCause& cause) const;

 private:
  void add(const std::string& value);
  void add_text(std::string text);
  void walk(model::Json& value) const;

  // By their first bytes, longest first.
  std::unordered_map<std::uint32_t, std::vector<std::string>> values_;
};

}  // namespace instantexec::engine
