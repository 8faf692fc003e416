// String buffer append during truncation: append asks the other buffer for its length, then copies
// that many characters out of it. Both calls are synchronised on the other buffer, but between them
// it can be made shorter.
//
// Where: java.lang.StringBuffer.append(StringBuffer) of the JDK up to 1.4, a standard example since
// Flanagan and Qadeer, "A Type and Effect System for Atomicity" (PLDI 2003).
//
// The twin holds the other buffer's lock across both calls; the lock is recursive, as Java's are.
#include <mutex>
#include <stdexcept>

#include "harness/explore/case.h"
#include "primitives/mutex.h"
#include "primitives/thread.h"
#include "primitives/var.h"

namespace {

class StringBuffer {
 public:
  explicit StringBuffer(int length) : length_(length) {}

  int Length() {
    const std::lock_guard lock(monitor_);
    return length_;
  }
  void Truncate(int length) {
    const std::lock_guard lock(monitor_);
    length_ = length;
  }
  void CheckRange(int count) {
    const std::lock_guard lock(monitor_);
    if (count > length_) throw std::out_of_range("more characters than the buffer holds");
  }

  void Append(StringBuffer& other) {
    const std::lock_guard lock(monitor_);
    const int count = other.Length();
    CopyFrom(other, count);
  }

  void AppendFixed(StringBuffer& other) {
    const std::lock_guard lock(monitor_);
    const std::lock_guard also(other.monitor_);  // fix
    const int count = other.Length();
    CopyFrom(other, count);
  }

 private:
  // The characters themselves are left out: only how many there are matters here.
  void CopyFrom(StringBuffer& other, int count) {
    other.CheckRange(count);
    length_ += count;
  }

  heddle::RecursiveMutex monitor_{"monitor"};
  heddle::Var<int> length_;
};

void StringBufferAppend() {
  StringBuffer target(0);
  StringBuffer source(3);
  heddle::Thread truncate([&] { source.Truncate(0); });
  heddle::Thread append([&] { target.Append(source); });
  truncate.join();
  append.join();
}

void StringBufferAppendFixed() {
  StringBuffer target(0);
  StringBuffer source(3);
  heddle::Thread truncate([&] { source.Truncate(0); });
  heddle::Thread append([&] { target.AppendFixed(source); });
  truncate.join();
  append.join();
}

const heddle::RegisterCase kBug{{
    .name = "atomicity/string_buffer",
    .body = StringBufferAppend,
    .expect = {heddle::FindingKind::kException},
    .preemptions = 1,
    .about = "a buffer is truncated between the length and the copy",
}};
const heddle::RegisterCase kTwin{{
    .name = "atomicity/string_buffer_fixed",
    .body = StringBufferAppendFixed,
    .about = "the copy holds the source's lock",
}};

}  // namespace
