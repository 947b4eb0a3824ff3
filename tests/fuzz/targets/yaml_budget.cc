// Manifests, with bounds small enough to be reached.
#include "fuzz/fuzz.h"
#include "manifest/emit.h"
#include "manifest/load.h"
#include "manifest/yaml.h"

namespace instantexec::fuzz {
namespace {

constexpr manifest::Limits kSmall{.bytes = 4096,
                                  .depth = 12,
                                  .nodes = 400,
                                  .alias_nodes = 100,
                                  .alias_bytes = 1000,
                                  .documents = 8,
                                  .scalar_bytes = 600,
                                  .key_bytes = 100,
                                  .position_bytes = 2000};

void bounded(std::string_view text) {
  const manifest::Stream stream = manifest::read_stream(text, "input", kSmall);
  promise(stream.documents.size() <= kSmall.documents, "no more documents than allowed");
  std::size_t nodes = 0;
  for (const manifest::Document& document : stream.documents) {
    promise(document.positions != nullptr, "positions are never null");
    promise(depth_of(document.value) <= kSmall.depth, "no deeper than allowed");
    nodes += nodes_of(document.value);
  }
  promise(nodes <= kSmall.nodes, "no more nodes than allowed");
  if (stream.problem) promise(harmless(stream.problem->message, false), "a message is harmless");
}

// What is read in spite of mistakes keeps the same bounds, and is the same where there are none.
void lenient(std::string_view text) {
  const manifest::LenientStream stream = manifest::read_leniently(text, "input", kSmall);
  promise(stream.documents.size() <= kSmall.documents, "no more documents than allowed");
  std::size_t nodes = 0;
  bool flawed = !stream.problems.empty();
  for (const manifest::Document& document : stream.documents) {
    promise(document.positions != nullptr, "positions are never null");
    promise(depth_of(document.value) <= kSmall.depth, "no deeper than allowed");
    nodes += nodes_of(document.value);
    flawed = flawed || !document.flaws.empty();
    for (const manifest::Flaw& flaw : document.flaws)
      promise(harmless(flaw.finding.message, false), "a message is harmless");
  }
  promise(nodes <= kSmall.nodes, "no more nodes than allowed");
  for (const model::Finding& problem : stream.problems)
    promise(harmless(problem.message, false), "a message is harmless");
  const manifest::Stream strict = manifest::read_stream(text, "input", kSmall);
  promise(strict.problem.has_value() == flawed, "mistakes are mistakes to both readers");
  for (std::size_t i = 0; i < strict.documents.size() && !flawed; ++i)
    promise(strict.documents[i].value == stream.documents[i].value, "and what is right is read alike");
}

// What was read is written so that it reads the same.
void round_trip(std::string_view text) {
  const auto documents = manifest::parse_yaml(text, "input");
  if (!documents) return;
  for (const manifest::Document& document : *documents) {
    const std::string yaml = manifest::to_yaml(document.value);
    const auto again = manifest::parse_yaml(yaml, "output");
    promise(again.has_value(), "what is written can be read: " + yaml);
    promise(again->size() == 1 ? again->front().value == document.value : document.value.is_null(),
            "and is the same: " + yaml);
  }
}

}  // namespace
}  // namespace instantexec::fuzz

IE_FUZZ_TARGET(yaml_budget) {
  using namespace instantexec;
  using namespace instantexec::fuzz;
  bounded(bytes);
  lenient(bytes);
  round_trip(bytes);
  const manifest::SourceFile file{"input", std::string(bytes)};
  const manifest::Manifests loaded = manifest::manifests_from({&file, 1});
  for (const model::Manifest& one : loaded.objects) {
    promise(!one.object.name().empty() && !one.object.kind().empty(), "an object has a kind and a name");
  }
  for (const model::Finding& finding : loaded.findings) {
    promise(harmless(finding.message, true), "a finding's text is harmless");
  }
}
