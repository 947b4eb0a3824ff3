#pragma once

#include <span>
#include <string_view>

namespace instantexec::cli {

// What `explain` says about the id of a finding, or of a reason of the analysis.
struct FindingRow {
  std::string_view id;
  std::string_view meaning;  // one sentence
  std::string_view next;     // what to do; without a full stop
};

// Every id that the program gives to findings and reasons, sorted by id.
[[nodiscard]] std::span<const FindingRow> all_findings();

}  // namespace instantexec::cli
