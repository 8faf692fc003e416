// A forked child that runs harness and program code, seen from its supervisor: messages from it and
// to it, the tail of what it prints, its end.
//
// The supervisor has a single thread when it forks; the child makes the donors that it needs. The
// child dies with its supervisor, leaves no core file, reads nothing from the terminal, and its
// output does not mix with the supervisor's: it goes to a pipe of which the last few KiB are kept.
//
// Threading: one. Cost of a start: a fork, under a millisecond.
#ifndef HEDDLE_HARNESS_EXPLORE_CHILD_PROCESS_H_
#define HEDDLE_HARNESS_EXPLORE_CHILD_PROCESS_H_

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "harness/explore/wire.h"

namespace heddle {

class ChildProcess {
 public:
  // Runs `body` in a child with a pipe that messages are read from and written to. The child then
  // ends with the status that `body` returns, without running destructors of static objects; with
  // kPipeIsClosed, if program code in it has closed the pipe. Null on failure, with the reason in
  // `*error`.
  static std::unique_ptr<ChildProcess> Start(const std::function<int(int pipe)>& body,
                                             std::string* error);
  ~ChildProcess();  // kills it, if it still runs
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // Returns when something has arrived, when the child has ended, on a signal, or after `timeout`.
  void Wait(std::chrono::milliseconds timeout);

  // The same for several.
  static void WaitForAny(std::span<ChildProcess* const> children,
                         std::chrono::milliseconds timeout);

  // To a child that reads. One that has died takes no notice.
  void Send(MessageWriter* message);
  // Where something else than messages has arrived, the child is killed, and no more is returned.
  bool NextMessage(std::string_view* message);
  bool garbled() const { return messages_.garbled(); }
  // What it has printed last, at most kTailSize bytes.
  const std::string& output() const { return output_; }
  // All that it wrote has then been read.
  bool ended() const { return ended_; }
  int wait_status() const { return wait_status_; }  // of waitpid

  void Signal(int signal);
  void Kill();  // and waits for its end

  static constexpr size_t kTailSize = 4096;
  static constexpr int kPipeIsClosed = 113;
  // For a body that has read something else than messages: another child has written to its pipe.
  static constexpr int kPipeIsGarbled = 114;

 private:
  ChildProcess() = default;

  // Takes note of all that has happened.
  void Look();
  void Reap();
  // Reads all that is there. Returns whether anything was.
  bool DrainMessages();
  bool DrainOutput();

  pid_t pid_ = -1;
  int pid_fd_ = -1;      // -1 where the system has none: then the end is polled for
  int message_fd_ = -1;  // a socket; -1 after its end
  int output_fd_ = -1;
  bool ended_ = false;
  int wait_status_ = 0;
  MessageBuffer messages_;
  std::string output_;
};

// By SIGKILL, which anybody may have sent.
bool WasKilled(int wait_status);
// "was killed by signal 11 (Segmentation fault)", "ended with status 3".
std::string DescribeWaitStatus(int wait_status);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_CHILD_PROCESS_H_
