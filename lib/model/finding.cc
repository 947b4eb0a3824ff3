#include "model/finding.h"

namespace instantexec::model {

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::kInfo:
      return "info";
    case Severity::kWarning:
      return "warning";
    case Severity::kError:
      return "error";
  }
  return "error";
}

std::string_view to_string(EvidenceClass evidence_class) {
  switch (evidence_class) {
    case EvidenceClass::kServer:
      return "server";
    case EvidenceClass::kRule:
      return "rule";
    case EvidenceClass::kHeuristic:
      return "heuristic";
  }
  return "heuristic";
}

}  // namespace instantexec::model
