#pragma once

#include <memory>

#include "cli/options.h"
#include "engine/ports.h"
#include "os/env.h"

namespace instantexec::cli {

// Progress on standard error: a live tree on a terminal, one line per change of state elsewhere.
class Progress final : public engine::EventSink {
 public:
  Progress(const OutputFlags& flags, const os::Environment& environment);
  ~Progress() override;

  void emit(const model::Event& event) override;
  // Nothing is drawn after this.
  void finish();

 private:
  struct Display;
  std::unique_ptr<Display> display_;
};

}  // namespace instantexec::cli
