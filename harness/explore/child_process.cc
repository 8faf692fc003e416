#include "harness/explore/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <vector>

namespace heddle {
namespace {

// Where the system cannot tell of the child's end, look this often.
constexpr std::chrono::milliseconds kPollInterval{10};

void CloseAndForget(int* fd) {
  if (*fd >= 0) ::close(*fd);
  *fd = -1;
}

// In the child: whoever stops the whole group means the supervisor, but a program may end itself.
void OnTermination(int signal, siginfo_t* info, void*) {
  if (info->si_pid != ::getpid()) return;
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

// In the child: what it may not inherit from, or do to, its supervisor.
void BecomeChild(pid_t supervisor, int output) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != supervisor) ::_exit(0);  // it had died before the line above
  ::signal(SIGINT, SIG_IGN);  // the terminal sends it to all; the supervisor decides
  struct sigaction own = {};
  own.sa_flags = SA_SIGINFO;
  own.sa_sigaction = &OnTermination;
  ::sigaction(SIGTERM, &own, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  // When memory runs out, this is the process to give up, not its supervisor.
  const int score = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (score >= 0) {
    [[maybe_unused]] const ssize_t written = ::write(score, "1000", 4);
    ::close(score);
  }
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (null >= 0) ::dup2(null, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);  // so that nothing is lost when it dies
}

}  // namespace

std::unique_ptr<ChildProcess> ChildProcess::Start(const std::function<int(int pipe)>& body,
                                                  std::string* error) {
  int messages[2] = {-1, -1};
  int output[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, messages) != 0 ||
      ::pipe2(output, O_CLOEXEC) != 0) {
    *error = std::string("cannot make a pipe: ") + ::strerror(errno);
    for (int* fd : {&messages[0], &messages[1]}) CloseAndForget(fd);
    return nullptr;
  }
  ::fflush(nullptr);
  const pid_t supervisor = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::close(messages[0]);
    ::close(output[0]);
    BecomeChild(supervisor, output[1]);
    ::close(output[1]);
    const int status = body(messages[1]);
    ::fflush(nullptr);
    ::_exit(::fcntl(messages[1], F_GETFD) < 0 ? kPipeIsClosed : status);
  }
  const int fork_error = errno;
  ::close(messages[1]);
  ::close(output[1]);
  if (pid < 0) {
    *error = std::string("cannot start a process: ") + ::strerror(fork_error);
    ::close(messages[0]);
    ::close(output[0]);
    return nullptr;
  }
  std::unique_ptr<ChildProcess> child(new ChildProcess);
  child->pid_ = pid;
  child->pid_fd_ = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  child->message_fd_ = messages[0];
  child->output_fd_ = output[0];
  for (const int fd : {messages[0], output[0]}) {
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  }
  return child;
}

ChildProcess::~ChildProcess() {
  Kill();
  for (int* fd : {&pid_fd_, &message_fd_, &output_fd_}) CloseAndForget(fd);
}

bool ChildProcess::DrainMessages() {
  bool any = false;
  char buffer[1 << 16];
  while (message_fd_ >= 0) {
    const ssize_t size = ::read(message_fd_, buffer, sizeof(buffer));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) break;
    if (size <= 0) {
      CloseAndForget(&message_fd_);
      break;
    }
    messages_.Append({buffer, static_cast<size_t>(size)});
    any = true;
  }
  return any;
}

bool ChildProcess::DrainOutput() {
  bool any = false;
  char buffer[1 << 14];
  while (output_fd_ >= 0) {
    const ssize_t size = ::read(output_fd_, buffer, sizeof(buffer));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) break;
    if (size <= 0) {
      CloseAndForget(&output_fd_);
      break;
    }
    output_.append(buffer, static_cast<size_t>(size));
    if (output_.size() > kTailSize) output_.erase(0, output_.size() - kTailSize);
    any = true;
    if (static_cast<size_t>(size) < sizeof(buffer)) break;  // let messages have their turn
  }
  return any;
}

bool ChildProcess::NextMessage(std::string_view* message) {
  if (messages_.Next(message)) return true;
  if (garbled()) Kill();
  return false;
}

void ChildProcess::Wait(std::chrono::milliseconds timeout) {
  ChildProcess* const only = this;
  WaitForAny({&only, 1}, timeout);
}

void ChildProcess::WaitForAny(std::span<ChildProcess* const> children,
                              std::chrono::milliseconds timeout) {
  std::vector<pollfd> fds;
  for (const ChildProcess* child : children) {
    if (child->ended_) return;
    for (const int fd : {child->message_fd_, child->output_fd_, child->pid_fd_}) {
      if (fd >= 0) fds.push_back(pollfd{fd, POLLIN, 0});
    }
    // A program that makes processes of its own may leave the pipes open after its end.
    if (child->pid_fd_ < 0) timeout = std::min(timeout, kPollInterval);
  }
  ::poll(fds.data(), fds.size(), static_cast<int>(timeout.count()));
  for (ChildProcess* child : children) child->Look();
}

void ChildProcess::Look() {
  DrainMessages();
  DrainOutput();
  if (::waitpid(pid_, &wait_status_, WNOHANG) == pid_) Reap();
}

void ChildProcess::Send(MessageWriter* message) {
  std::string_view rest = message->Finish();
  while (!rest.empty() && message_fd_ >= 0) {
    const ssize_t sent = ::send(message_fd_, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      rest.remove_prefix(static_cast<size_t>(sent));
    } else if (sent < 0 && errno == EAGAIN) {
      pollfd full{message_fd_, POLLOUT, 0};
      ::poll(&full, 1, static_cast<int>(kPollInterval.count()));
      DrainMessages();  // it may wait for us to read
    } else if (errno != EINTR) {
      return;
    }
  }
}

void ChildProcess::Reap() {
  ended_ = true;
  DrainMessages();
  DrainOutput();
}

void ChildProcess::Signal(int signal) {
  if (!ended_) ::kill(pid_, signal);
}

void ChildProcess::Kill() {
  if (ended_) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, &wait_status_, 0) < 0 && errno == EINTR) {
  }
  Reap();
}

bool WasKilled(int wait_status) {
  return WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGKILL;
}

std::string DescribeWaitStatus(int wait_status) {
  if (WIFSIGNALED(wait_status)) {
    const int signal = WTERMSIG(wait_status);
    return "was killed by signal " + std::to_string(signal) + " (" + ::strsignal(signal) + ")";
  }
  return "ended with status " + std::to_string(WEXITSTATUS(wait_status));
}

}  // namespace heddle
