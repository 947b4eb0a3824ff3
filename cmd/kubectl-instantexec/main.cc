#include <cstdio>
#include <exception>

#include "cli/app.h"

int main(int argc, char** argv) {
  try {
    return instantexec::cli::run_program(argc, argv);
  } catch (const std::exception& exception) {
    // Libraries may still throw where memory runs out; nothing of ours does.
    static_cast<void>(std::fprintf(stderr, "error: internal: %s\n", exception.what()));
    return 1;
  }
}
