// heddle::Notification: something that happens once, in the style of absl::Notification.
//
// Notify synchronises with every HasBeenNotified that returns true and every wait that returns (or
// returns true). A second Notify is misuse: a finding under control, without effect. It may be
// destroyed as soon as a wait has returned: the destructor lets a Notify that is still at work
// finish. Timeouts are in virtual time under control.
// Cost: HasBeenNotified is one atomic load; the others take a mutex.
#ifndef HEDDLE_PRIMITIVES_NOTIFICATION_H_
#define HEDDLE_PRIMITIVES_NOTIFICATION_H_

#include <chrono>
#include <mutex>

#include "primitives/atomic.h"
#include "primitives/condition_variable.h"
#include "primitives/internal/misuse.h"
#include "primitives/mutex.h"

namespace heddle {

class Notification {
 public:
  Notification() = default;
  // The name appears in reports and must outlive the notification.
  explicit Notification(const char* name) : notified_(false, name), changed_(name) {}
  ~Notification() { std::lock_guard lock(mutex_); }
  Notification(const Notification&) = delete;
  Notification& operator=(const Notification&) = delete;

  bool HasBeenNotified() const { return notified_.load(MemoryOrder::acquire); }

  void Notify() {
    std::lock_guard lock(mutex_);
    if (notified_.load(MemoryOrder::relaxed)) {
      internal::Misuse("a Notification is notified twice");
      return;
    }
    notified_.store(true, MemoryOrder::release);
    changed_.notify_all();
  }

  void WaitForNotification() const {
    if (HasBeenNotified()) return;
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return notified_.load(MemoryOrder::relaxed); });
  }

  // Returns whether it has been notified.
  template <typename Rep, typename Period>
  bool WaitForNotificationWithTimeout(const std::chrono::duration<Rep, Period>& timeout) const {
    if (HasBeenNotified()) return true;
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, timeout,
                             [this] { return notified_.load(MemoryOrder::relaxed); });
  }

 private:
  mutable Mutex mutex_{"notification"};
  Atomic<bool> notified_{false, "notification"};  // written with mutex_ held
  mutable CondVar changed_;
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_NOTIFICATION_H_
