#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "engine/ports.h"

// What every implementation of engine::Cluster must do alike. The real API server is the judge: where the
// simulation differs, the simulation is wrong.
namespace instantexec::contract {

// A cluster to test and the clock its time passes by.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual engine::Cluster& cluster() = 0;
  virtual engine::Clock& clock() = 0;
};

// Makes a backend; null with a reason when this machine has none.
struct NamedBackend {
  const char* name;
  std::function<std::unique_ptr<Backend>(std::string& why_not)> make;
};

// How GoogleTest names the parameter of a failed test.
inline void PrintTo(const NamedBackend& backend, std::ostream* out) {
  *out << backend.name;
}

[[nodiscard]] std::unique_ptr<Backend> make_simulation(std::string& why_not);
[[nodiscard]] std::unique_ptr<Backend> make_kube(std::string& why_not);

inline const NamedBackend kBackends[] = {{"sim", make_simulation}, {"kube", make_kube}};

class Contract : public ::testing::TestWithParam<NamedBackend> {
 protected:
  void SetUp() override;
  void TearDown() override;

  // One request and its answer. Events of watches that come meanwhile are kept for next_event.
  engine::Response run(engine::Request request);
  engine::ClusterEvent next_event(Duration at_most = Duration{30'000});
  // Lets time pass until the object satisfies the condition; its last state, empty when it never did.
  model::Object await(const model::Gvk& gvk, const std::string& name,
                      const std::function<bool(const engine::Response&)>& condition,
                      Duration at_most = Duration{60'000});
  void pass(Duration length);
  // The object once no controller has written it for half a second.
  model::Object settled(const model::Gvk& gvk, const std::string& name);

  // Objects in the namespace of this test.
  [[nodiscard]] model::Object object(const std::string& api_version, const std::string& kind,
                                     const std::string& name, const std::string& rest = "{}") const;
  [[nodiscard]] model::Object config_map(const std::string& name, const std::string& data) const;
  [[nodiscard]] model::Object deployment(const std::string& name, int replicas,
                                         const std::string& image) const;

  engine::Response create(const model::Object& body, bool dry_run = false);
  engine::Response replace(const model::Object& body, bool dry_run = false);
  engine::Response apply(const model::Object& body, const std::string& manager = "one", bool force = false,
                         engine::Preconditions preconditions = {});
  engine::Response dry_apply(const model::Object& body, const std::string& manager = "one");
  engine::Response get(const model::Gvk& gvk, const std::string& name);
  engine::Response patch(const model::Gvk& gvk, const std::string& name, const std::string& operations);
  engine::Response remove(const model::Gvk& gvk, const std::string& name,
                          engine::Preconditions preconditions = {},
                          engine::Propagation propagation = engine::Propagation::kBackground);
  std::vector<model::Object> list(const model::Gvk& gvk, const std::string& labels = "",
                                  const std::string& fields = "");

  // An answer in one line, causes sorted and without doubles: "201", "409 Conflict", "422 Invalid:
  // FieldValueForbidden data". With "unknown" before it when the outcome is; "not sent" when nothing was.
  static std::string verdict(const engine::Response& response);

  // Who owns what: {"manager/operation": fieldsV1}; "manager/operation/subresource" for subresources.
  static model::Json owners(const model::Object& object);

  engine::Cluster& cluster() { return backend_->cluster(); }
  [[nodiscard]] const std::string& ns() const { return ns_; }

  static const model::Gvk kConfigMap;
  static const model::Gvk kSecret;
  static const model::Gvk kService;
  static const model::Gvk kPod;
  static const model::Gvk kNamespace;
  static const model::Gvk kDeployment;
  static const model::Gvk kReplicaSet;
  static const model::Gvk kStatefulSet;
  static const model::Gvk kJob;
  static const model::Gvk kClaim;
  static const model::Gvk kDefinition;
  static const model::Gvk kLease;

  // A UID that no object has.
  static constexpr const char* kForeignUid = "6d1c7a4e-0000-4000-8000-000000000000";

 private:
  std::unique_ptr<Backend> backend_;
  std::string ns_;
  std::vector<engine::ClusterEvent> kept_;
};

#define INSTANTEXEC_CONTRACT(suite)                                                            \
  INSTANTIATE_TEST_SUITE_P(Of, suite, ::testing::ValuesIn(::instantexec::contract::kBackends), \
                           [](const auto& row) { return std::string(row.param.name); })

}  // namespace instantexec::contract
