// Padding bytes are no part of an atomic's value.
#include <cstring>
#include <new>

#include <gtest/gtest.h>

#include "primitives/assert.h"
#include "primitives/atomic.h"
#include "primitives/thread.h"
#include "tests/support/controlled.h"

#if __has_builtin(__builtin_clear_padding)
namespace heddle {
namespace {

using testing::Controlled;

struct Narrow {
  char tag;
  int count;
};

struct Wide {
  double value;
  bool valid;
};

// A T whose padding bytes are all `filler`.
template <typename T>
class Padded {
 public:
  template <typename... Values>
  explicit Padded(int filler, Values... values) {
    std::memset(storage_, filler, sizeof(storage_));
    new (storage_) T{values...};
  }
  T& operator*() { return *std::launder(reinterpret_cast<T*>(storage_)); }

 private:
  alignas(T) unsigned char storage_[sizeof(T)];
};

template <typename T, auto kFirst, auto kSecond>
void Compare() {
  Atomic<T> atomic(*Padded<T>(0x00, kFirst, kSecond));
  Padded<T> expected(0xff, kFirst, kSecond);
  Assert(atomic.compare_exchange_strong(*expected, *Padded<T>(0x55, kFirst, kSecond)),
         "equal values compare equal");
  Padded<T> again(0xaa, kFirst, kSecond);
  Assert(atomic.compare_exchange_strong(*again, T{}), "equal values compare equal");
}

TEST(AtomicPaddingTest, IsNotCompared) {
  for (const auto body : {Compare<Narrow, 'x', 1>, Compare<Wide, 2.5, true>}) {
    Controlled controlled;
    controlled.RunRandom(body, 2);
    EXPECT_TRUE(controlled.suspicions.empty()) << controlled.Text();
  }
}

void CountInLongDouble() {
  Atomic<long double> sum(0.0L);
  const auto add = [&sum] {
    long double seen = sum.load();
    while (!sum.compare_exchange_weak(seen, seen + 1)) {
    }
  };
  Thread other(add);
  add();
  other.join();
  Assert(sum.load() == 2.0L, "both have added");
}

TEST(AtomicPaddingTest, LoopsOfComparisonsEnd) {
  Controlled controlled;
  controlled.RunRandom(CountInLongDouble, 100);
  EXPECT_TRUE(controlled.suspicions.empty()) << controlled.Text();
}

}  // namespace
}  // namespace heddle
#endif
