// heddle::Channel<T>: a bounded queue that can be closed, for any number of senders and receivers.
//
// Values are received in the order in which they were sent. A send synchronises with the receive of
// its value, a receive with the send that takes its place, close with every call that sees it.
// Capacity 0 is a rendezvous: send returns when its value has been received.
//
// After close, what is in the channel can still be received; then receive returns nullopt. A send
// that begins after close is misuse (a finding under control) and returns false; one that waits
// while the channel is closed returns false, its value is dropped, and that is no finding, for a
// sender cannot avoid it. A second close is misuse, without effect. Timeouts are in virtual time
// under control.
// Cost: each call takes the channel's mutex; one notification of a condition variable a value.
#ifndef HEDDLE_PRIMITIVES_CHANNEL_H_
#define HEDDLE_PRIMITIVES_CHANNEL_H_

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "primitives/condition_variable.h"
#include "primitives/internal/misuse.h"
#include "primitives/internal/monitor.h"

namespace heddle {

template <typename T>
class Channel {
 public:
  // The name appears in reports and must outlive the channel.
  explicit Channel(size_t capacity, const char* name = "channel")
      : capacity_(capacity), monitor_(name) {}
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  // Waits for room. False: the channel is closed, and the value was not sent.
  bool send(T value) {
    std::unique_lock<Mutex> lock(monitor_);
    if (RejectIfClosed()) return false;
    not_full_.wait(lock, [this] { return closed_ || HasRoom(); });
    if (closed_) return false;
    const uint64_t ticket = Push(std::move(value));
    if (capacity_ > 0) return true;
    taken_.wait(lock, [&] { return closed_ || received_ >= ticket; });
    if (received_ >= ticket) return true;
    // Closed before anybody came; with capacity 0 there is no other value.
    queue_.clear();
    return false;
  }

  // False: full (with capacity 0: nobody waits for a value), or closed.
  bool try_send(T value) {
    std::unique_lock<Mutex> lock(monitor_);
    if (RejectIfClosed()) return false;
    if (!HasRoom() || (capacity_ == 0 && receivers_ == 0)) return false;
    Push(std::move(value));
    return true;
  }

  // Waits for a value. Empty: closed, and everything that was sent has been received.
  std::optional<T> receive() {
    std::unique_lock<Mutex> lock(monitor_);
    ++receivers_;
    not_empty_.wait(lock, [this] { return closed_ || !queue_.empty(); });
    --receivers_;
    return Pop();
  }

  // Empty: there is no value now.
  std::optional<T> try_receive() {
    std::unique_lock<Mutex> lock(monitor_);
    return Pop();
  }

  // Empty: closed and drained, or no value came in time.
  template <typename Rep, typename Period>
  std::optional<T> receive_for(const std::chrono::duration<Rep, Period>& timeout) {
    std::unique_lock<Mutex> lock(monitor_);
    ++receivers_;
    not_empty_.wait_for(lock, timeout, [this] { return closed_ || !queue_.empty(); });
    --receivers_;
    return Pop();
  }

  void close() {
    std::unique_lock<Mutex> lock(monitor_);
    if (closed_) {
      internal::Misuse("close of a Channel that is closed already");
      return;
    }
    closed_ = true;
    monitor_.Annotate(Annotation::kChannelClose);
    not_empty_.notify_all();
    not_full_.notify_all();
    taken_.notify_all();
  }

  bool is_closed() const {
    std::unique_lock<Mutex> lock(monitor_);
    return closed_;
  }
  // Values that wait to be received.
  size_t size() const {
    std::unique_lock<Mutex> lock(monitor_);
    return queue_.size();
  }
  size_t capacity() const { return capacity_; }

 private:
  bool RejectIfClosed() {
    if (closed_) internal::Misuse("send to a Channel that is closed");
    return closed_;
  }
  bool HasRoom() const { return queue_.size() < std::max<size_t>(capacity_, 1); }

  // Returns the value's number, counted from 1.
  uint64_t Push(T value) {
    queue_.push_back(std::move(value));
    monitor_.Annotate(Annotation::kChannelSend, ++sent_);
    not_empty_.notify_one();
    return sent_;
  }

  std::optional<T> Pop() {
    std::optional<T> value;
    if (queue_.empty()) return value;
    value.emplace(std::move(queue_.front()));
    queue_.pop_front();
    monitor_.Annotate(Annotation::kChannelReceive, ++received_);
    not_full_.notify_one();
    if (capacity_ == 0) taken_.notify_all();
    return value;
  }

  const size_t capacity_;
  mutable internal::MonitorMutex monitor_;
  CondVar not_empty_{"channel not empty"};
  CondVar not_full_{"channel not full"};
  CondVar taken_{"channel rendezvous"};  // used with capacity 0 only
  // The rest is guarded by monitor_.
  std::deque<T> queue_;
  uint64_t sent_ = 0;
  uint64_t received_ = 0;
  size_t receivers_ = 0;  // in receive and receive_for
  bool closed_ = false;
};

}  // namespace heddle

#endif  // HEDDLE_PRIMITIVES_CHANNEL_H_
