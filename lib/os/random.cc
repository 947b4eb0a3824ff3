#include "os/random.h"

#include <unistd.h>

#include <array>

#include "base/check.h"

namespace instantexec::os {

std::string random_hex(std::size_t bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::array<unsigned char, 256> buffer{};
  IE_CHECK(bytes <= buffer.size());
  IE_CHECK(getentropy(buffer.data(), bytes) == 0);
  std::string out;
  for (std::size_t i = 0; i < bytes; ++i) {
    out += kDigits[buffer[i] >> 4U];
    out += kDigits[buffer[i] & 0x0FU];
  }
  return out;
}

}  // namespace instantexec::os
