// Addresses and ports that the server hands out: what a recreated Service gets back, and what a dry-run may
// not use up.
#include <gmock/gmock.h>

#include "contract/contract.h"

namespace instantexec::contract {
namespace {

using model::get_string;
using model::Json;
using ::testing::HasSubstr;

class Services : public Contract {
 protected:
  model::Object service(const std::string& name, const std::string& spec = "{}") const {
    auto out = object("v1", "Service", name, R"({"spec":{"ports":[{"port":80}]}})");
    out.json["spec"].update(Json::parse(spec));
    return out;
  }
  static std::string with_address(const std::string& address) {
    return R"({"clusterIP":")" + address + "\"}";
  }
  static std::string address_of(const engine::Response& response) {
    return get_string(response.object.json, "/spec/clusterIP");
  }
};
INSTANTEXEC_CONTRACT(Services);

TEST_P(Services, GetAnAddressOfTheirOwn) {
  const auto one = apply(service("one"));
  const auto two = apply(service("two"));
  ASSERT_EQ(verdict(one), "201");
  EXPECT_FALSE(address_of(one).empty());
  EXPECT_NE(address_of(one), address_of(two));
  EXPECT_EQ(one.object.json["spec"]["clusterIPs"], Json::array({address_of(one)}));
  EXPECT_EQ(get_string(one.object.json, "/spec/ipFamilyPolicy"), "SingleStack");
  EXPECT_EQ(apply(service("one")).object, one.object) << "what the server chose stays";
}

TEST_P(Services, AnAddressIsGivenOnce) {
  const auto one = apply(service("one"));
  const auto refused = apply(service("two", with_address(address_of(one))));
  EXPECT_EQ(verdict(refused), "422 Invalid: spec.clusterIPs FieldValueInvalid");
  EXPECT_THAT(refused.causes[0].message, HasSubstr("provided IP is already allocated"));
  EXPECT_EQ(verdict(apply(service("two", with_address("192.168.1.1")))),
            "422 Invalid: spec.clusterIPs FieldValueInvalid")
      << "out of the cluster's range";
  EXPECT_EQ(verdict(apply(service("two", with_address("bogus")))),
            "422 Invalid: spec.clusterIPs[0] FieldValueInvalid");
}

TEST_P(Services, ARecreatedServiceCanHaveItsAddressBack) {
  const auto before = apply(service("one", R"({"type":"NodePort"})"));
  ASSERT_EQ(verdict(before), "201");
  const int port = before.object.json["spec"]["ports"][0].value("nodePort", 0);
  EXPECT_GE(port, 30000);
  ASSERT_TRUE(remove(kService, "one").ok());
  auto again = service("one", R"({"type":"NodePort"})");
  again.json["spec"]["clusterIP"] = address_of(before);
  again.json["spec"]["ports"][0]["nodePort"] = port;
  const auto after = apply(again);
  ASSERT_EQ(verdict(after), "201") << after.error->to_string();
  EXPECT_EQ(address_of(after), address_of(before));
  EXPECT_EQ(after.object.json["spec"]["ports"][0]["nodePort"], port);
}

TEST_P(Services, ANodePortIsGivenOnce) {
  const auto one = apply(service("one", R"({"type":"NodePort"})"));
  auto two = service("two", R"({"type":"NodePort"})");
  two.json["spec"]["ports"][0]["nodePort"] = one.object.json["spec"]["ports"][0]["nodePort"];
  const auto refused = apply(two);
  EXPECT_EQ(verdict(refused), "422 Invalid: spec.ports[0].nodePort FieldValueInvalid");
  EXPECT_THAT(refused.causes[0].message, HasSubstr("provided port is already allocated"));
  two.json["spec"]["ports"][0]["nodePort"] = 80;
  EXPECT_EQ(verdict(apply(two)), "422 Invalid: spec.ports[0].nodePort FieldValueInvalid");
  auto inner = service("three");
  inner.json["spec"]["ports"][0]["nodePort"] = 30123;
  EXPECT_EQ(verdict(apply(inner)), "422 Invalid: spec.ports[0].nodePort FieldValueForbidden");
}

TEST_P(Services, DryRunsUseUpNothing) {
  const auto taken = apply(service("probe"));
  const std::string address = address_of(taken);
  ASSERT_TRUE(remove(kService, "probe").ok());
  ASSERT_EQ(verdict(dry_apply(service("dry", with_address(address)))), "201");
  ASSERT_EQ(verdict(dry_apply(service("dry", with_address(address)))), "201");
  EXPECT_EQ(verdict(apply(service("real", with_address(address)))), "201");
  EXPECT_EQ(verdict(dry_apply(service("dry", with_address(address)))), "201")
      << "nor do they see what is taken: only the real write is refused";
  EXPECT_EQ(verdict(get(kService, "dry")), "404 NotFound");
}

TEST_P(Services, AReplacementMayLeaveTheAddressOut) {
  const auto made = apply(service("one"));
  auto body = made.object;
  body.json["spec"].erase("clusterIP");
  body.json["spec"].erase("clusterIPs");
  const auto replaced = replace(body);
  ASSERT_EQ(verdict(replaced), "200");
  EXPECT_EQ(address_of(replaced), address_of(made));
}

TEST_P(Services, OneThatIsNoNodePortAnyMoreLosesItsPort) {
  apply(service("one", R"({"type":"NodePort"})"));
  const auto after = apply(service("one", R"({"type":"ClusterIP"})"));
  ASSERT_EQ(verdict(after), "200");
  EXPECT_FALSE(after.object.json["spec"]["ports"][0].contains("nodePort"));
  EXPECT_FALSE(after.object.json["spec"].contains("externalTrafficPolicy"));
}

TEST_P(Services, WithoutASelectorOrAnAddress) {
  const auto headless = apply(service("headless", with_address("None")));
  ASSERT_EQ(verdict(headless), "201");
  EXPECT_EQ(headless.object.json["spec"]["clusterIPs"], Json::parse(R"(["None"])"));
  EXPECT_EQ(verdict(apply(service("outside", R"({"type":"ExternalName"})"))),
            "422 Invalid: spec.externalName FieldValueRequired");
  const auto outside = apply(
      object("v1", "Service", "outside", R"({"spec":{"type":"ExternalName","externalName":"example.com"}})"));
  ASSERT_EQ(verdict(outside), "201");
  EXPECT_FALSE(outside.object.json["spec"].contains("clusterIP"));
}

TEST_P(Services, Rules) {
  const std::pair<const char*, const char*> rows[] = {
      {R"({"sessionAffinity":"Bogus"})", "422 Invalid: spec.sessionAffinity FieldValueNotSupported"},
      {R"({"ports":[{"port":80,"protocol":"HTTP"}]})",
       "422 Invalid: spec.ports[0].protocol FieldValueNotSupported"},
      {R"({"ports":[{"port":80,"name":"a"},{"port":81,"name":"a"}]})",
       "422 Invalid: spec.ports[1].name FieldValueDuplicate"},
      {R"({"ports":[{"port":80,"targetPort":"Bad_Name"}]})",
       "422 Invalid: spec.ports[0].targetPort FieldValueInvalid"},
      {R"({"type":"Bogus"})", "422 Invalid: spec.type FieldValueNotSupported"},
      {R"({"selector":{"a b":"c"}})", "422 Invalid: spec.selector FieldValueInvalid"},
  };
  for (const auto& [spec, expected] : rows)
    EXPECT_EQ(verdict(dry_apply(service("s", spec))), expected) << spec;
}

}  // namespace
}  // namespace instantexec::contract
