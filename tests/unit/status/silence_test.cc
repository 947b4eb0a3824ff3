#include <gtest/gtest.h>

#include <fmt/format.h>

#include "unit/status/table.h"

namespace instantexec::status::test {
namespace {

using namespace std::chrono_literals;

struct SilenceRow {
  const char* name;
  std::string object;
  std::optional<Duration> limit;
};

std::string with_template(std::string_view kind, std::string_view spec, std::string_view pod) {
  return plain("apps/v1", kind, fmt::format("'spec':{{{}'template':{{'spec':{{{}}}}}}}", spec, pod));
}

TEST(Silence, IsAsLongAsTheSpecAllows) {
  const std::string slow =
      "'containers':[{'name':'a'},{'name':'b','startupProbe':{'periodSeconds':60,'failureThreshold':20},"
      "'readinessProbe':{'initialDelaySeconds':300}}]";
  const std::vector<SilenceRow> rows{
      {"a Deployment that says nothing", with_template("Deployment", "", ""), 10min},
      {"the server's deadline", with_template("Deployment", "'progressDeadlineSeconds':600,", ""), 11min},
      {"a longer deadline of its own", with_template("Deployment", "'progressDeadlineSeconds':3600,", ""),
       61min},
      {"a shorter one", with_template("Deployment", "'progressDeadlineSeconds':60,", ""), 10min},
      {"a StatefulSet that says nothing", with_template("StatefulSet", "", ""), 10min},
      {"slow probes", with_template("StatefulSet", "", slow), 10min + (1201s + 331s)},
      {"has to stay ready", with_template("DaemonSet", "'minReadySeconds':900,", ""), 25min},
      {"its predecessor may take its time",
       with_template("StatefulSet", "", "'terminationGracePeriodSeconds':3600"), 70min},
      {"a Pod", plain("v1", "Pod", "'spec':{'terminationGracePeriodSeconds':30}"), 630s},
      {"a Pod that works",
       plain("v1", "Pod", "'spec':{'restartPolicy':'Never'},'status':{'phase':'Running'}"),
       {}},
      {"a Pod that has yet to begin",
       plain("v1", "Pod", "'spec':{'restartPolicy':'Never'},'status':{'phase':'Pending'}"), 10min},
      {"a Job that works", job("", "'active':1,'ready':1"), {}},
      {"a Job of an older cluster that works", job("", "'active':1"), {}},
      {"a Job whose pod does not start", job("", "'active':1,'ready':0"), 10min},
      {"a Job with a deadline", job("'activeDeadlineSeconds':7200", "'active':1,'ready':1"), 121min},
      {"a Job with a short deadline", job("'activeDeadlineSeconds':60", "'active':1,'ready':1"), 10min},
      {"a Service", plain("v1", "Service", "'spec':{'type':'LoadBalancer'}"), 10min},
      {"a claim", plain("v1", "PersistentVolumeClaim", ""), 10min},
      {"a custom resource", plain("example.com/v1", "Database", "'status':{'phase':'Creating'}"), {}},
      {"a kind of that name of others", plain("example.com/v1", "Deployment", ""), {}},
  };
  for (const SilenceRow& row : rows) EXPECT_EQ(silence_limit(object(row.object)), row.limit) << row.name;
}

TEST(Silence, OfAnyShape) {
  for (const char* spec :
       {"null", "7", "[]", "{'template':[]}", "{'template':{'spec':{'containers':[7,null]}}}",
        "{'progressDeadlineSeconds':'x','minReadySeconds':-5}",
        "{'progressDeadlineSeconds':9223372036854775807,'minReadySeconds':9223372036854775807}"}) {
    const auto limit = silence_limit(object(plain("apps/v1", "Deployment", std::string("'spec':") + spec)));
    ASSERT_TRUE(limit.has_value()) << spec;
    EXPECT_GE(*limit, 10min) << spec;
  }
}

}  // namespace
}  // namespace instantexec::status::test
