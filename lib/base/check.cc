#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace instantexec::internal {

void check_failed(const char* condition, const char* file, int line) {
  static_cast<void>(std::fprintf(stderr, "internal error: %s:%d: %s does not hold\n", file, line, condition));
  std::abort();
}

}  // namespace instantexec::internal
