// Finds a bug of a program by random walk, runs the same plan again with a recorder, and builds the
// finding; and compares texts with golden files.
#ifndef HEDDLE_TESTS_UNIT_REPORT_TEST_SUPPORT_H_
#define HEDDLE_TESTS_UNIT_REPORT_TEST_SUPPORT_H_

#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "harness/core/finding.h"
#include "harness/core/random.h"
#include "harness/core/recording.h"
#include "harness/report/finding_builder.h"
#include "harness/report/recorder.h"
#include "harness/report/symbolizer.h"
#include "harness/runtime/controlled/engine.h"
#include "harness/strategy/random_walk.h"
#include "harness/strategy/size_meter.h"

namespace heddle::testing {

class Investigation : private SuspicionSink {
 public:
  explicit Investigation(ExecutionOptions options = {})
      : log_(std::make_unique<DecisionLog>()), engine_(options, log_.get()) {}

  // The finding of the first suspicion of `kind` among 2,000 random executions; empty if there is
  // none. Fails the test if the recorded run does not raise the same suspicion.
  std::optional<Finding> Find(void (*body)(), FindingKind kind, uint64_t seed = 1) {
    RandomWalkDecider decider;
    for (uint64_t i = 0; i < 2000; ++i) {
      Plan plan;
      plan.index = i;
      plan.seed = MixSeed(seed, i);
      seen_.clear();
      engine_.SetObserver(nullptr);
      engine_.SetSuspicionSink(this);
      decider.Begin(plan);
      engine_.Run(Program{body}, decider);
      for (const Suspicion& suspicion : seen_) {
        if (suspicion.kind == kind) return RunAgain(body, plan, suspicion);
      }
    }
    return std::nullopt;
  }

  const Recording& recording() const { return recording_; }
  Symbolizer& symbolizer() { return symbolizer_; }

 private:
  void Report(Suspicion suspicion) override { seen_.push_back(std::move(suspicion)); }

  std::optional<Finding> RunAgain(void (*body)(), const Plan& plan, const Suspicion& wanted) {
    Recorder recorder;
    engine_.SetObserver(&recorder);
    engine_.SetSuspicionSink(&recorder);
    RandomWalkDecider decider;
    SizeMeter meter(&decider);
    meter.Begin(plan);
    engine_.Run(Program{body}, meter);
    engine_.SetObserver(nullptr);
    engine_.SetSuspicionSink(this);
    recording_ = recorder.Take();
    EXPECT_EQ(recording_.suspicions.size(), seen_.size()) << "recording changed what is found";
    for (const Suspicion& suspicion : recording_.suspicions) {
      if (suspicion.kind != wanted.kind || suspicion.key != wanted.key) continue;
      return BuildFinding(recording_, suspicion, symbolizer_,
                          {.case_name = "test/program",
                           .schedule = "schedule text",
                           .replay = "heddle replay schedule.txt",
                           .first_execution = plan.index + 1,
                           .size = meter.size()});
    }
    ADD_FAILURE() << "the recorded run did not raise the suspicion";
    return std::nullopt;
  }

  std::unique_ptr<DecisionLog> log_;
  ControlledEngine engine_;
  std::vector<Suspicion> seen_;
  Recording recording_;
  Symbolizer symbolizer_;
};

// Compares with tests/golden/report/<name>; HEDDLE_REFRESH_GOLDEN=1 writes the file instead.
inline void ExpectGolden(const std::string& name, const std::string& text) {
  const std::string here = __FILE__;
  const std::string path = here.substr(0, here.find("tests/unit/")) + "tests/golden/report/" + name;
  const char* refresh = std::getenv("HEDDLE_REFRESH_GOLDEN");
  if (refresh != nullptr && std::string(refresh) == "1") {
    std::ofstream file(path, std::ios::binary);
    file << text;
    ASSERT_TRUE(file.flush().good()) << "cannot write " << path;
    return;
  }
  std::ifstream file(path, std::ios::binary);
  ASSERT_TRUE(file.good()) << "no golden file " << path << "; HEDDLE_REFRESH_GOLDEN=1 writes it";
  std::stringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(text, golden.str()) << "differs from " << path
                                << "; if that is intended, HEDDLE_REFRESH_GOLDEN=1 writes it";
}

}  // namespace heddle::testing

#endif  // HEDDLE_TESTS_UNIT_REPORT_TEST_SUPPORT_H_
