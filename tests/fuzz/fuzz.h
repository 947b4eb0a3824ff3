#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/object.h"

// What the fuzz targets share. A target takes any bytes and aborts when a promise of the code under test does
// not hold for them; a crash, a hang or a sanitizer's report counts as well.
//
// The same source is a libFuzzer program (preset `fuzz`, scripts/fuzz.sh) and, in every other build, a row of
// the test that replays the kept corpus.
namespace instantexec::fuzz {

using Run = void (*)(std::string_view bytes);

struct Target {
  const char* name;
  Run run;
};
// Those linked into this program; filled before main.
std::vector<Target>& targets();
bool add_target(const char* name, Run run);

// Aborts with the text unless the promise holds.
void promise(bool holds, std::string_view what);

// Decisions read off the input from its front. Beyond its end everything is zero, so any bytes are a valid
// input and a shorter one is a simpler one.
class Choices {
 public:
  explicit Choices(std::string_view bytes) : rest_(bytes) {}

  std::uint8_t byte();
  // Uniform enough; below `bound`, which is at least 1.
  std::size_t below(std::size_t bound) { return byte() % bound; }
  bool flip() { return (byte() & 1U) != 0; }
  // Up to the next zero byte, or all that is left.
  std::string_view part();
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

// A small JSON value: maps over few keys, lists with and without identifying fields, scalars. Few names, so
// that two of them have much in common.
model::Json any_json(Choices& choices, int depth);
// The value with some members set, removed, added or moved.
model::Json edited(const model::Json& value, Choices& choices, int depth = 0);

// How deep a value nests; a scalar is 0.
std::size_t depth_of(const model::Json& value);
// Values and keys in it.
std::size_t nodes_of(const model::Json& value);
// Holds nothing that could act on a terminal; newlines and tabs only with `lines`.
bool harmless(std::string_view text, bool lines);

}  // namespace instantexec::fuzz

// IE_FUZZ_TARGET(name) { … bytes … }
#ifdef INSTANTEXEC_LIBFUZZER
#define IE_FUZZ_TARGET(name)                                                          \
  static void fuzz_##name(std::string_view bytes);                                    \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { \
    fuzz_##name({reinterpret_cast<const char*>(data), size});                         \
    return 0;                                                                         \
  }                                                                                   \
  static void fuzz_##name(std::string_view bytes)
#else
#define IE_FUZZ_TARGET(name)                                                                           \
  static void fuzz_##name(std::string_view bytes);                                                     \
  [[maybe_unused]] static const bool added_##name = instantexec::fuzz::add_target(#name, fuzz_##name); \
  static void fuzz_##name(std::string_view bytes)
#endif
