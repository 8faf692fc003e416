// Exceptions and stack walks on fibers.
#include <unwind.h>

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "harness/runtime/fiber/donor.h"
#include "tests/unit/fiber_test_support.h"

namespace heddle {
namespace {

std::string CurrentMessage() {
  try {
    std::rethrow_exception(std::current_exception());
  } catch (const std::exception& error) {
    return error.what();
  }
}

class FiberException : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(one_.Start({}), 0);
    ASSERT_EQ(two_.Start({}), 0);
  }
  void TearDown() override { SetThreadExitListFinder(nullptr); }

  Donor one_, two_;
};

__attribute__((noinline)) void ThrowFrom(int depth) {
  if (depth == 0) throw std::runtime_error("deep");
  ThrowFrom(depth - 1);
  asm volatile("");  // no tail call
}

TEST_F(FiberException, IsCaughtOnTheFiberThatThrows) {
  std::string caught;
  RunOn(&one_, [&] {
    try {
      ThrowFrom(50);
    } catch (const std::runtime_error& error) {
      caught = error.what();
    }
  });
  EXPECT_EQ(caught, "deep");
}

TEST_F(FiberException, InFlightIsOneFibersOwn) {
  std::vector<std::string> seen;
  const auto body = [&](const std::string& name) {
    return [&seen, name](TestFiber& self) {
      try {
        throw std::runtime_error(name);
      } catch (const std::runtime_error&) {
        self.Suspend();
        seen.push_back(CurrentMessage());
        try {
          throw;  // whose exception is current?
        } catch (const std::runtime_error& error) {
          seen.push_back(error.what());
          self.Suspend();
        }
        seen.push_back(CurrentMessage());
      }
      seen.push_back(std::current_exception() == nullptr ? "none" : "left over");
    };
  };
  TestFiber one(&one_, body("one"));
  TestFiber two(&two_, body("two"));
  for (int turn = 0; turn < 3; ++turn) {
    one.Resume();
    EXPECT_EQ(std::current_exception(), nullptr);
    two.Resume();
  }
  EXPECT_TRUE(one.ended());
  EXPECT_TRUE(two.ended());
  EXPECT_EQ(seen,
            (std::vector<std::string>{"one", "one", "two", "two", "one", "none", "two", "none"}));
}

TEST_F(FiberException, UnwindingIsOneFibersOwn) {
  struct SuspendInDestructor {
    TestFiber& fiber;
    int& uncaught;
    ~SuspendInDestructor() {
      fiber.Suspend();
      uncaught = std::uncaught_exceptions();
    }
  };
  int during_one = -1, during_two = -1;
  const auto body = [](int& uncaught) {
    return [&uncaught](TestFiber& self) {
      try {
        SuspendInDestructor suspend{self, uncaught};
        throw 1;
      } catch (int) {
      }
    };
  };
  TestFiber one(&one_, body(during_one));
  TestFiber two(&two_, body(during_two));
  one.Resume();
  EXPECT_EQ(std::uncaught_exceptions(), 0);
  two.Resume();
  one.Resume();
  two.Resume();
  EXPECT_EQ(during_one, 1);
  EXPECT_EQ(during_two, 1);
}

// A fiber that is left in the middle of a catch block must not hand its exception to the next one.
TEST_F(FiberException, IsForgottenByReset) {
  ASSERT_TRUE(one_.Reusable());
  TestFiber abandoned(&one_, [](TestFiber& self) {
    ExpectLeaks();
    try {
      throw 1;
    } catch (int) {
      self.Suspend();
    }
  });
  abandoned.Resume();
  bool fresh = false;
  RunOn(&one_, [&] { fresh = std::current_exception() == nullptr; });
  EXPECT_TRUE(fresh);
}

using FiberExceptionDeathTest = FiberException;

// The search for a handler must find the end of the stack.
TEST_F(FiberExceptionDeathTest, WithoutHandlerTerminates) {
  EXPECT_EXIT(
      {
        std::set_terminate([] { _exit(17); });
        RunOn(&one_, [] { ThrowFrom(3); });
      },
      testing::ExitedWithCode(17), "");
}

struct Walk {
  int frames = 0;
  uintptr_t outermost = 0;
};

TEST_F(FiberException, BacktraceEnds) {
  // What lies above the fiber's stack looks like a return address, and must not be taken for one.
  auto* above = reinterpret_cast<uintptr_t*>(one_.stack().highest);
  std::fill(above, above + 64, reinterpret_cast<uintptr_t>(&ThrowFrom) + 1);
  Walk walk;
  _Unwind_Reason_Code reason = _URC_NO_REASON;
  RunOn(&one_, [&] {
    reason = _Unwind_Backtrace(
        [](_Unwind_Context* context, void* argument) {
          auto* its_walk = static_cast<Walk*>(argument);
          its_walk->outermost = _Unwind_GetRegionStart(context);
          return ++its_walk->frames < 1000 ? _URC_NO_REASON : _URC_NORMAL_STOP;
        },
        &walk);
  });
  EXPECT_EQ(reason, _URC_END_OF_STACK);
  EXPECT_LT(walk.frames, 100);
  EXPECT_EQ(walk.outermost, reinterpret_cast<uintptr_t>(&internal::StartOfFiber));
}

}  // namespace
}  // namespace heddle
