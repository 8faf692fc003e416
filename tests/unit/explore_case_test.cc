// The registry of cases, and what it refuses.
#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "harness/explore/case.h"

namespace heddle {
namespace {

void Nothing() {}

Case Named(const std::string& name) {
  Case made;
  made.name = name;
  made.body = Nothing;
  return made;
}

// The errors that the registration of `made` adds.
std::string ErrorOf(Case made) {
  const size_t before = CaseErrors().size();
  const RegisterCase registered(std::move(made));
  return CaseErrors().size() == before ? "" : CaseErrors().back();
}

TEST(CaseRegistry, KeepsCasesSortedByName) {
  EXPECT_EQ(ErrorOf(Named("registry/b")), "");
  EXPECT_EQ(ErrorOf(Named("registry/a")), "");
  EXPECT_EQ(ErrorOf(Named("registry/c_2")), "");
  EXPECT_TRUE(std::is_sorted(AllCases().begin(), AllCases().end(),
                             [](const Case& a, const Case& b) { return a.name < b.name; }));
}

TEST(CaseRegistry, RefusesTwoCasesOfOneName) {
  EXPECT_EQ(ErrorOf(Named("registry/twice")), "");
  EXPECT_NE(ErrorOf(Named("registry/twice")).find("'registry/twice' is registered twice"),
            std::string::npos);
  EXPECT_EQ(std::count_if(AllCases().begin(), AllCases().end(),
                          [](const Case& one) { return one.name == "registry/twice"; }),
            1);
}

TEST(CaseRegistry, RefusesWhatCannotRun) {
  EXPECT_NE(ErrorOf(Named("")), "");
  EXPECT_NE(ErrorOf(Named("Has Capitals")), "");
  EXPECT_NE(ErrorOf(Named("a'quote")), "");
  Case no_body = Named("registry/no_body");
  no_body.body = nullptr;
  EXPECT_NE(ErrorOf(no_body).find("no body"), std::string::npos);
  Case too_long = Named("registry/too_long");
  too_long.limits.steps = 250'001;
  EXPECT_NE(ErrorOf(too_long).find("250000"), std::string::npos);
  Case too_many = Named("registry/too_many");
  too_many.limits.threads = 4'096;
  EXPECT_NE(ErrorOf(too_many).find("4095"), std::string::npos);
}

}  // namespace
}  // namespace heddle
