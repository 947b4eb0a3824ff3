#include <fmt/format.h>
#include <array>

#include "validate/rule.h"

namespace instantexec::validate {
namespace {

using model::EvidenceClass;
using model::Severity;

// The tag of an image reference; "" when there is none. A digest counts as a tag: it pins harder.
std::string_view tag_of(std::string_view image) {
  if (image.find('@') != std::string_view::npos) return image.substr(image.find('@') + 1);
  const auto slash = image.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? image : image.substr(slash + 1);
  const auto colon = name.find(':');
  return colon == std::string_view::npos ? std::string_view{} : name.substr(colon + 1);
}

void check_tag(const ObjectIndex& index, Reporter& report) {
  for (const Workload& workload : index.own_workloads()) {
    for (const Container& container : workload.containers) {
      const std::string image = model::get_string(*container.json, "/image");
      if (image.empty()) continue;
      const std::string_view tag = tag_of(image);
      if (!tag.empty() && tag != "latest") continue;
      report.add(*workload.manifest, container.pointer + "/image",
                 fmt::format("container {}: image {} {}", container.name, image,
                             tag.empty() ? "has no tag" : "has the tag latest"));
    }
  }
}

void check_image(const ObjectIndex& index, Reporter& report) {
  for (const Workload& workload : index.own_workloads()) {
    for (const Container& container : workload.containers) {
      const model::Json* image = model::find(*container.json, "/image");
      if (image == nullptr || !image->is_string() || image->get_ref<const std::string&>().empty()) {
        report.add(*workload.manifest, container.pointer + "/image",
                   fmt::format("container {} has no image", container.name));
      } else if (image->get_ref<const std::string&>().find_first_of(" \t\n") != std::string::npos) {
        report.add(*workload.manifest, container.pointer + "/image",
                   fmt::format("container {}: the image reference holds white space", container.name));
      }
    }
  }
}

constexpr std::array kRules{
    Rule{"workload.image", Severity::kError, EvidenceClass::kRule, "every container names an image",
         "set image to name:tag or name@sha256:…", check_image},
    Rule{"workload.image-tag", Severity::kWarning, EvidenceClass::kHeuristic,
         "images are pinned by tag or digest",
         "pin the image to a version; what latest means changes, and a rollback would not bring the old one "
         "back",
         check_tag},
};

}  // namespace

std::span<const Rule> image_rules() {
  return kRules;
}

}  // namespace instantexec::validate
