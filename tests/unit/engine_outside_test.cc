// What the program does behind the engine's back: real threads, pthread_exit, pthread_setspecific.
#include <pthread.h>

#include <exception>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "primitives/assert.h"
#include "primitives/atomic.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"
#include "tests/support/controlled.h"

namespace heddle {
namespace {

using testing::Controlled;

// A sanitizer keeps these functions of the C library for itself.
class UnsanitizedEngineOutsideTest : public ::testing::Test {
 protected:
  // Misuse with this text in each execution, and nothing else.
  void ExpectMisuse(void (*body)(), const std::string& text) {
    Controlled controlled;
    controlled.RunRandom(body, 20);
    EXPECT_EQ(controlled.Count(FindingKind::kMisuse), 20) << controlled.Text();
    EXPECT_EQ(controlled.suspicions.size(), 20u) << controlled.Text();
    for (const Suspicion& suspicion : controlled.suspicions) {
      EXPECT_NE(suspicion.message.find(text), std::string::npos) << suspicion.message;
    }
  }
  void ExpectClean(void (*body)(), int executions = 200) {
    Controlled controlled;
    controlled.RunRandom(body, executions);
    EXPECT_TRUE(controlled.Clean()) << controlled.Text();
  }
};

// ---- Real threads ----

void* Nothing(void*) { return nullptr; }

TEST_F(UnsanitizedEngineOutsideTest, AStdThreadIsRefused) {
  ExpectMisuse([] { std::thread([] {}).join(); }, "use heddle::Thread");
  ExpectMisuse(
      [] {
        Mutex mutex;
        Thread inside([&] {
          const std::lock_guard lock(mutex);
          std::thread([] {}).join();
        });
        inside.join();
      },
      "use heddle::Thread");
}

TEST_F(UnsanitizedEngineOutsideTest, StdAsyncIsRefused) {
  ExpectMisuse([] { std::async(std::launch::async, [] { return 1; }).get(); }, "std::async");
}

// The program that does not look at the error is ended at its next operation, the one that makes
// none when it ends.
TEST_F(UnsanitizedEngineOutsideTest, PthreadCreateIsRefused) {
  ExpectMisuse(
      [] {
        pthread_t thread;
        pthread_create(&thread, nullptr, &Nothing, nullptr);
        for (;;) Yield();
      },
      "pthread_create");
  ExpectMisuse(
      [] {
        pthread_t thread;
        Assert(pthread_create(&thread, nullptr, &Nothing, nullptr) == EAGAIN);
      },
      "pthread_create");
}

TEST_F(UnsanitizedEngineOutsideTest, RealThreadsBetweenExecutionsAreNotRefused) {
  Controlled controlled;
  controlled.RunRandom([] {}, 1);
  int made = 0;
  std::thread([&] { made = 1; }).join();
  EXPECT_EQ(made, 1);
  EXPECT_TRUE(controlled.Clean()) << controlled.Text();
}

// ---- pthread_exit ----

void ExitInAThread() {
  Var<int> unwound(0);
  Mutex mutex;
  Thread thread([&] {
    struct Unwound {
      Var<int>& count;
      ~Unwound() { count = count + 1; }
    } const frame{unwound};
    const std::lock_guard lock(mutex);
    pthread_exit(nullptr);
  });
  { const std::lock_guard lock(mutex); }
  thread.join();
  Assert(unwound == 1);
}

void ExitOfMain() {
  Mutex mutex;
  Thread([&mutex] { mutex.try_lock() ? mutex.unlock() : void(); }).join();
  pthread_exit(nullptr);
}

TEST_F(UnsanitizedEngineOutsideTest, PthreadExitEndsTheThreadAsItsReturnWould) {
  ExpectClean(&ExitInAThread);
  ExpectClean(&ExitOfMain);
}

TEST_F(UnsanitizedEngineOutsideTest, PthreadExitThatIsCaughtIsMisuse) {
  ExpectMisuse(
      [] {
        Thread thread([] {
          try {
            pthread_exit(nullptr);
          } catch (...) {
          }
          Yield();
        });
        thread.join();
      },
      "catch (...)");
  ExpectClean([] {
    Thread thread([] {
      try {
        pthread_exit(nullptr);
      } catch (...) {
        throw;
      }
    });
    thread.join();
  });
}

// ---- pthread_setspecific ----

pthread_key_t key;
int destroyed = 0;

void CountAndFree(void* value) {
  destroyed += 1;
  delete static_cast<int*>(value);
}

void SetSpecific() {
  destroyed = 0;
  const auto set = [](int value) {
    Assert(pthread_getspecific(key) == nullptr, "a thread begins without values");
    pthread_setspecific(key, new int(value));
    Yield();
    Assert(*static_cast<int*>(pthread_getspecific(key)) == value);
  };
  Thread one(set, 1);
  Thread two(set, 2);
  one.join();
  two.join();
  Assert(destroyed == 2);
  set(0);
}

// A destructor that sets the value again is called again, and given up in the end.
void SetAgain(void* value) {
  destroyed += 1;
  pthread_setspecific(key, value);
}

void SetForEver() {
  destroyed = 0;
  static int value;
  Thread([] { pthread_setspecific(key, &value); }).join();
  Assert(destroyed == PTHREAD_DESTRUCTOR_ITERATIONS);
  Assert(pthread_getspecific(key) == nullptr);
}

TEST_F(UnsanitizedEngineOutsideTest, ThreadSpecificValuesBelongToOneThread) {
  ASSERT_EQ(pthread_key_create(&key, &CountAndFree), 0);
  ExpectClean(&SetSpecific);  // no leak, either
  pthread_key_delete(key);
  ASSERT_EQ(pthread_key_create(&key, &SetAgain), 0);
  ExpectClean(&SetForEver);
  pthread_key_delete(key);
}

// Of threads that are unwound, too; those of a thread that is abandoned are dropped.
TEST_F(UnsanitizedEngineOutsideTest, ThreadSpecificValuesEndWithAFailedExecution) {
  ASSERT_EQ(pthread_key_create(&key, &CountAndFree), 0);
  Controlled controlled;
  controlled.RunRandom(
      [] {
        destroyed = 0;
        pthread_setspecific(key, new int(0));
        Assert(false);
      },
      3);
  EXPECT_EQ(destroyed, 1);
  controlled.RunRandom(
      [] {
        destroyed = 0;
        Assert(pthread_getspecific(key) == nullptr);
        pthread_setspecific(key, new int(0));
        []() noexcept { static_cast<void>(std::string().at(1)); }();
      },
      3);
  EXPECT_EQ(destroyed, 0);
  EXPECT_EQ(controlled.Count(FindingKind::kAssertion), 3) << controlled.Text();
  EXPECT_EQ(controlled.Count(FindingKind::kException), 3) << controlled.Text();
  pthread_key_delete(key);
}

// ---- std::terminate ----

std::string Terminates(void (*body)()) {
  Controlled controlled;
  controlled.RunRandom(body);
  EXPECT_EQ(controlled.Count(FindingKind::kException), 1) << controlled.Text();
  return controlled.suspicions.empty() ? "" : controlled.suspicions.front().message;
}

// A local object to be destroyed lies between the throw and the noexcept function.
__attribute__((noinline)) void Throw() {
  const std::string text(100, 'x');
  throw std::out_of_range("too far: " + text.substr(0, 3));
}
__attribute__((noinline)) void ThrowInt() { throw 1; }
__attribute__((noinline)) void Innocent() { Throw(); }
struct Guard {
  ~Guard() { Innocent(); }
};

TEST_F(UnsanitizedEngineOutsideTest, AnExceptionThatLeavesANoexceptFunctionIsTold) {
  const std::string left =
      "std::out_of_range (\"too far: xxx\") was about to leave a noexcept function";
  EXPECT_EQ(Terminates([] { []() noexcept { Innocent(); }(); }), left);
  EXPECT_EQ(Terminates([] { const Guard guard; }), left);
  EXPECT_EQ(Terminates([] { []() noexcept { ThrowInt(); }(); }),
            "an int was about to leave a noexcept function");
  // In a handler, and of an exception that has been handled before.
  EXPECT_EQ(Terminates([] {
              try {
                Throw();
              } catch (...) {
                const std::exception_ptr caught = std::current_exception();
                [&]() noexcept { std::rethrow_exception(caught); }();
              }
            }),
            left);
}

struct Thrower {
  ~Thrower() noexcept(false) { throw 1; }
};

// The destructor is not noexcept, but may not be left then.
TEST_F(UnsanitizedEngineOutsideTest, AnExceptionThatLeavesADestructorDuringUnwindingIsTold) {
  const std::string left =
      " was about to leave a destructor, or a noexcept function, while another exception was "
      "unwinding the stack";
  EXPECT_EQ(Terminates([] {
              try {
                const Thrower thrower;
                Throw();
              } catch (...) {
              }
            }),
            "an int" + left);
  EXPECT_EQ(Terminates([] {
              try {
                const Guard guard;
                ThrowInt();
              } catch (...) {
              }
            }),
            "std::out_of_range (\"too far: xxx\")" + left);
  // Where nothing else unwinds the stack, it may be left.
  EXPECT_EQ(Terminates([] { const Thrower thrower; }),
            "an int was thrown, and nothing in the thread catches it");
}

TEST_F(UnsanitizedEngineOutsideTest, OtherTerminationsAreNotBlamedOnNoexcept) {
  EXPECT_EQ(Terminates([] { std::terminate(); }), "std::terminate was called");
  EXPECT_EQ(Terminates([] {
              try {
                Throw();
              } catch (...) {
                std::terminate();
              }
            }),
            "std::terminate was called while std::out_of_range (\"too far: xxx\") was being "
            "handled");
}

}  // namespace
}  // namespace heddle
