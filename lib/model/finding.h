#pragma once

#include <optional>
#include <string>

#include "model/gvk.h"
#include "model/manifest.h"

namespace instantexec::model {

enum class Severity { kInfo, kWarning, kError };

// How sure a finding is, strongest first.
enum class EvidenceClass {
  kServer,     // the API server said so
  kRule,       // a rule of the API or of a specification, applied here
  kHeuristic,  // usually right
};

// Something wrong with the change (we did our job; this is the result).
struct Finding {
  std::string rule;  // stable id: "yaml.duplicate-key", "server.invalid"
  Severity severity = Severity::kError;
  EvidenceClass evidence = EvidenceClass::kRule;
  std::string message;               // one sentence, sanitised
  std::string hint;                  // one fix; may be empty
  std::optional<ObjectRef> subject;  // the object it is about, if any
  std::string field;                 // field path in API notation ("spec.replicas"), may be empty
  SourceRange at;                    // file empty: no place in a file

  friend bool operator==(const Finding& a, const Finding& b) {
    return a.rule == b.rule && a.message == b.message && a.subject == b.subject && a.field == b.field &&
           a.at.file == b.at.file && a.at.begin == b.at.begin;
  }
};

[[nodiscard]] std::string_view to_string(Severity severity);             // "info", "warning", "error"
[[nodiscard]] std::string_view to_string(EvidenceClass evidence_class);  // "server", "rule", "heuristic"

}  // namespace instantexec::model
