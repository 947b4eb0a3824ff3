// Text of others on its way to a terminal.
#include "base/digest.h"
#include "base/text.h"
#include "base/time.h"
#include "fuzz/fuzz.h"

IE_FUZZ_TARGET(untrusted_text) {
  using namespace instantexec;
  using namespace instantexec::fuzz;
  const std::string text = sanitise(bytes);
  for (const char c : text) {
    promise(static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t',
            "no control characters are left");
    promise(c != '\x7f', "no DEL is left");
  }
  promise(harmless(text, true), "sanitising twice is sanitising once");
  promise(text.find("\xc2\x9b") == std::string::npos, "no C1 control is left");
  promise(text.find("\xe2\x80\xae") == std::string::npos, "no bidirectional override is left");
  const std::size_t limit = 1 + bytes.size() / 2;
  const std::string line = sanitise_line(bytes, limit);
  promise(line.find_first_of("\n\t\r") == std::string::npos, "a line is one line");
  promise(line.size() <= std::max<std::size_t>(limit, 3), "a line is no longer than allowed");
  promise(harmless(line, false), "a shortened line is harmless");

  promise(base64_decode(base64_encode(bytes)) == std::string(bytes), "base64 gives back what it was given");
  if (const auto decoded = base64_decode(bytes)) {
    promise(decoded->size() <= bytes.size(), "base64 grows on the way in only");
  }
  if (const auto at = parse_rfc3339(bytes)) {
    promise(parse_rfc3339(format_rfc3339_micro(*at)) == at, "a time survives being written");
  }
  if (const auto length = parse_duration(bytes)) promise(*length >= Duration{0}, "a length is not negative");
}
