#include <gtest/gtest.h>

#include <fmt/format.h>

#include "unit/status/table.h"

namespace instantexec::status::test {
namespace {

std::string configuration(std::string_view webhooks, std::string_view kind = "Validating") {
  return plain("admissionregistration.k8s.io/v1", fmt::format("{}WebhookConfiguration", kind),
               fmt::format("'webhooks':[{}]", webhooks));
}

std::string webhook(std::string_view name, std::string_view service, std::string_view more = "") {
  return fmt::format("{{'name':'{}','clientConfig':{{'service':{{'namespace':'hooks','name':'{}'}}}}{}}}",
                     name, service, more);
}

model::Object slice(std::string_view service, std::string_view endpoints) {
  return object(fmt::format(
      "{{'apiVersion':'discovery.k8s.io/v1','kind':'EndpointSlice','metadata':{{'name':'{0}-x','namespace':"
      "'hooks','labels':{{'kubernetes.io/service-name':'{0}'}}}},'endpoints':[{1}]}}",
      service, endpoints));
}

// In "hooks": "up" is ready in one of two slices, "silent" says nothing of readiness, "down" has a pod that
// is not ready, "empty" has none, "elsewhere" is an ExternalName. Of other namespaces nothing is known.
const ReadyServices& services() {
  static const ReadyServices kServices = [] {
    ReadyServices out;
    out.cover("hooks");
    out.add(slice("up", ""));
    out.add(slice("up", "{'addresses':['10.0.0.1'],'conditions':{'ready':true}}"));
    out.add(slice("silent", "{'addresses':['10.0.0.2']}"));
    out.add(slice("down", "{'addresses':['10.0.0.3'],'conditions':{'ready':false}}"));
    out.add(slice("empty", ""));
    out.add(
        object("{'apiVersion':'v1','kind':'Service','metadata':{'name':'elsewhere','namespace':'hooks'},"
               "'spec':{'type':'ExternalName','externalName':'hooks.example.com'}}"));
    out.add(
        object("{'apiVersion':'v1','kind':'Service','metadata':{'name':'down','namespace':'hooks'},"
               "'spec':{'type':'ClusterIP'}}"));
    return out;
  }();
  return kServices;
}

TEST(Webhooks, AreReadyAndSayWhoDoesNotAnswer) {
  const std::string elsewhere = "{'name':'a','clientConfig':{'service':{'namespace':'other','name':'down'}}}";
  const std::vector<Row> rows{
      {"its Service is ready", configuration(webhook("a", "up")), {}, 10, kCurrent, "Exists"},
      {"an endpoint that says nothing is ready",
       configuration(webhook("a", "silent")),
       {},
       10,
       kCurrent,
       "Exists"},
      {"an ExternalName", configuration(webhook("a", "elsewhere")), {}, 10, kCurrent, "Exists"},
      {"a URL",
       configuration("{'name':'a','clientConfig':{'url':'https://x.example.com'}}"),
       {},
       10,
       kCurrent,
       "Exists"},
      {"a namespace that is not known", configuration(elsewhere), {}, 10, kCurrent, "Exists"},
      {"no webhooks", configuration(""), {}, 10, kCurrent, "Exists"},
      {"its pod is not ready", configuration(webhook("a", "down")), {}, 10, kCurrent, "NoReadyEndpoint"},
      {"it has no pod",
       configuration(webhook("a", "empty"), "Mutating"),
       {},
       10,
       kCurrent,
       "NoReadyEndpoint"},
      {"no such Service", configuration(webhook("a", "none")), {}, 10, kCurrent, "NoReadyEndpoint"},
      {"one of two",
       configuration(webhook("a", "up") + "," + webhook("b", "down")),
       {},
       10,
       kCurrent,
       "NoReadyEndpoint"},
      {"a failure that is ignored",
       configuration(webhook("a", "down", ",'failurePolicy':'Ignore'")),
       {},
       10,
       kCurrent,
       "NoReadyEndpoint"},
  };
  check(rows, [](Context& context) { context.services = &services(); });
  // Nothing is said of what is not known.
  for (Row row : rows) {
    row.reason = "Exists";
    check({row});
  }
}

TEST(Webhooks, NameTheOneThatRefuses) {
  Context context;
  context.services = &services();
  const auto got = compute(object(configuration(webhook("a.x", "down", ",'failurePolicy':'Ignore'") + "," +
                                                webhook("b.x", "empty", ",'failurePolicy':'Fail'"))),
                           {}, {}, context);
  EXPECT_EQ(
      got.message,
      "webhook b.x calls Service hooks/empty, which has no ready endpoint: what it is to be asked about "
      "is refused");
  ASSERT_EQ(got.evidence.size(), 2U);
  EXPECT_EQ(got.evidence.front().text,
            "webhook a.x calls Service hooks/down, which has no ready endpoint: nothing is asked of it");
  EXPECT_EQ(got.hint, "kubectl -n hooks get endpointslices -l kubernetes.io/service-name=empty");
}

TEST(Webhooks, OfAnyShape) {
  Context context;
  context.services = &services();
  for (const char* webhooks :
       {"null", "7,'x',[]", "{}", "{'clientConfig':7}", "{'clientConfig':{'service':[]}}",
        "{'clientConfig':{'service':{'namespace':7,'name':{}}}}"}) {
    EXPECT_EQ(compute(object(configuration(webhooks)), {}, {}, context).reason, "Exists") << webhooks;
  }
  // Another group's kind of that name is not asked.
  EXPECT_TRUE(webhook_services(object(plain("example.com/v1", "ValidatingWebhookConfiguration",
                                            "'webhooks':[" + webhook("a", "down") + "]")))
                  .empty());
}

}  // namespace
}  // namespace instantexec::status::test
