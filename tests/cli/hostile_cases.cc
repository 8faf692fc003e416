// Cases that try to take the harness down with them, for the tests of the command line. None
// declares what it is expected to show: the tests look at what is reported.
#include <fcntl.h>
#include <heddle/assert.h>
#include <heddle/atomic.h>
#include <heddle/case.h>
#include <heddle/mutex.h>
#include <heddle/thread.h>
#include <heddle/var.h>
#include <poll.h>
#include <pthread.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <future>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {

using heddle::FindingKind;
using heddle::RegisterCase;

// Each misdeed is done by a second thread, after a step of the first.
void InThread(const std::function<void()>& misdeed) {
  heddle::Mutex mutex("mutex");
  heddle::Thread thread([&] {
    {
      const std::lock_guard lock(mutex);
    }
    misdeed();
  });
  {
    const std::lock_guard lock(mutex);
  }
  thread.join();
}

int Recurse(int depth) {
  volatile char frame[512];
  frame[0] = static_cast<char>(depth);
  return depth < 0 ? 0 : Recurse(depth + 1) + frame[0];
}

int executions_so_far = 0;

const RegisterCase kClean{
    {.name = "hostile/clean", .body = [] { InThread([] {}); }, .about = "does nothing wrong"}};

const RegisterCase kDeadlock{{.name = "hostile/deadlock",
                              .body =
                                  [] {
                                    heddle::Mutex a("a"), b("b");
                                    heddle::Thread thread([&] {
                                      const std::scoped_lock first(b);
                                      const std::scoped_lock second(a);
                                    });
                                    {
                                      const std::scoped_lock first(a);
                                      const std::scoped_lock second(b);
                                    }
                                    thread.join();
                                  },
                              .expect = {FindingKind::kDeadlock},
                              .tolerate = {FindingKind::kLockOrder}}};

const RegisterCase kNeverDeadlocks{{.name = "hostile/never_deadlocks",
                                    .body = [] { InThread([] {}); },
                                    .expect = {FindingKind::kDeadlock}}};

const RegisterCase kThrows{{.name = "hostile/throws", .body = [] {
                              InThread([] { throw std::runtime_error("thrown on purpose"); });
                            }}};

const RegisterCase kThrowsNoexcept{{.name = "hostile/throws_noexcept", .body = [] {
                                      InThread([]() noexcept {
                                        std::vector<int> empty;
                                        static_cast<void>(empty.at(1));
                                      });
                                    }}};

const RegisterCase kAborts{{.name = "hostile/aborts", .body = [] {
                              InThread([] {
                                std::fputs("last words of the program\n", stderr);
                                std::abort();
                              });
                            }}};

const RegisterCase kExits{
    {.name = "hostile/exits", .body = [] { InThread([] { std::exit(0); }); }}};

const RegisterCase kExitsAtOnce{
    {.name = "hostile/exits_at_once", .body = [] { InThread([] { ::_exit(3); }); }}};

const RegisterCase kTerminated{
    {.name = "hostile/terminated", .body = [] { InThread([] { ::raise(SIGTERM); }); }}};

const RegisterCase kKilled{
    {.name = "hostile/killed", .body = [] { InThread([] { ::kill(::getpid(), SIGKILL); }); }}};

const RegisterCase kOverflows{
    {.name = "hostile/overflows_stack", .body = [] { InThread([] { Recurse(1); }); }}};

const RegisterCase kNull{{.name = "hostile/null_pointer", .body = [] {
                            InThread([] {
                              volatile int* volatile nothing = nullptr;
                              *nothing = 1;
                            });
                          }}};

const RegisterCase kMisuseFirst{{.name = "hostile/unlocks_and_exits", .body = [] {
                                   InThread([] {
                                     heddle::Mutex free;
                                     free.unlock();
                                     ::_exit(3);
                                   });
                                 }}};

const RegisterCase kRaceFirst{{.name = "hostile/races_and_is_killed", .body = [] {
                                 heddle::Var<int> shared{0, "shared"};
                                 heddle::Atomic<bool> written{false};
                                 heddle::Thread writer([&] {
                                   shared = 1;
                                   written.store(true, std::memory_order_relaxed);
                                 });
                                 while (!written.load(std::memory_order_relaxed)) heddle::Yield();
                                 shared = 2;
                                 ::raise(SIGKILL);
                                 writer.join();
                               }}};

// An optimising compiler puts the faulting instruction first on its line, behind one of another
// line.
struct Node {
  int value = 0;
};
Node* head = nullptr;

const RegisterCase kNullMember{{.name = "hostile/null_member", .body = [] {
                                  heddle::Mutex mutex;
                                  InThread([&] {
                                    std::lock_guard lock(mutex);
                                    Node* const node = head;
                                    node->value = 7;  // the crash
                                  });
                                }}};

const RegisterCase kDivides{{.name = "hostile/divides_by_zero", .body = [] {
                               InThread([] {
                                 volatile int zero = 0;
                                 executions_so_far = 100 / zero;
                               });
                             }}};

const RegisterCase kHangs{{.name = "hostile/hangs", .body = [] {
                             InThread([] {
                               volatile bool forever = true;
                               while (forever) {
                               }
                             });
                           }}};

// Both program threads are on one OS thread, which blocks.
const RegisterCase kStdMutex{{.name = "hostile/blocks_on_std_mutex", .body = [] {
                                std::mutex real;
                                heddle::Mutex mutex("mutex");
                                const auto both = [&] {
                                  const std::lock_guard outer(real);
                                  const std::lock_guard inner(mutex);
                                };
                                heddle::Thread thread(both);
                                both();
                                thread.join();
                              }}};

const RegisterCase kWaitsForReal{{.name = "hostile/waits_for_real", .body = [] {
                                    InThread([] {
                                      ::poll(nullptr, 0, -1);
                                      heddle::Yield();
                                    });
                                  }}};

const RegisterCase kStdThread{{.name = "hostile/starts_std_thread", .body = [] {
                                 InThread([] { std::thread([] {}).join(); });
                               }}};

const RegisterCase kStdAsync{{.name = "hostile/starts_std_async", .body = [] {
                                InThread([] { std::async(std::launch::async, [] {}).get(); });
                              }}};

const RegisterCase kPthreadExit{{.name = "hostile/swallows_pthread_exit", .body = [] {
                                   InThread([] {
                                     try {
                                       ::pthread_exit(nullptr);
                                     } catch (...) {
                                     }
                                     heddle::Yield();
                                   });
                                 }}};

const RegisterCase kExhausts{{.name = "hostile/exhausts_memory", .body = [] {
                                InThread([] {
                                  std::vector<std::vector<char>> blocks;
                                  for (;;) blocks.emplace_back(std::size_t{1} << 20);
                                });
                              }}};

const RegisterCase kManyThreads{{.name = "hostile/ten_thousand_threads", .body = [] {
                                   std::vector<heddle::Thread> threads;
                                   for (int i = 0; i < 10'000; ++i) threads.emplace_back([] {});
                                   for (heddle::Thread& thread : threads) thread.join();
                                 }}};

const RegisterCase kRandom{{.name = "hostile/uses_rand", .body = [] {
                              InThread([] {
                                heddle::Atomic<int> value(0);
                                if (std::rand() % 2 == 0) value.store(1);
                                value.load();
                              });
                            }}};

const RegisterCase kTime{{.name = "hostile/uses_time", .body = [] {
                            InThread([] {
                              timespec now;
                              ::clock_gettime(CLOCK_MONOTONIC, &now);
                              heddle::Atomic<long> value(0);
                              value.store(now.tv_nsec);
                            });
                          }}};

const RegisterCase kKeepsState{{.name = "hostile/keeps_state", .body = [] {
                                  InThread([] {
                                    heddle::Atomic<int> value(0);
                                    if (++executions_so_far == 2) value.store(1);
                                    value.load();
                                  });
                                }}};

// The thread that is not waited for finds on main's stack whatever lies there by then.
const RegisterCase kOutlivesStack{{.name = "hostile/outlives_stack", .body = [] {
                                     heddle::Mutex mutex("mutex");
                                     heddle::Var<int> lines(0, "lines");
                                     heddle::Thread([&] {
                                       const std::lock_guard lock(mutex);
                                       lines++;
                                     }).detach();
                                   }}};

int* volatile kept_block = nullptr;

const RegisterCase kKeepsMemory{{.name = "hostile/keeps_memory", .body = [] {
                                   InThread([] { kept_block = new int(1); });
                                 }}};

const RegisterCase kPrints{{.name = "hostile/prints", .body = [] {
                              InThread([] { std::puts("a line that nobody wants to see"); });
                            }}};

// A process that has all the descriptors of the worker and outlives it. Once: it leaves its id in a
// file.
const RegisterCase kForks{{.name = "hostile/forks", .body = [] {
                             InThread([] {});
                             const char* const file = std::getenv("HOSTILE_FORKED");
                             if (file == nullptr) return;
                             const int fd = ::open(file, O_WRONLY | O_CREAT | O_EXCL, 0600);
                             if (fd < 0) return;
                             if (::fork() == 0) {
                               ::dprintf(fd, "%d\n", ::getpid());
                               ::alarm(30);
                               ::pause();
                               ::_exit(0);
                             }
                             ::close(fd);
                           }}};

// How the children of a program end is no end of the program.
void InChild(void (*end)()) {
  const pid_t child = ::fork();
  if (child == 0) end();
  ::waitpid(child, nullptr, 0);
}

const RegisterCase kChildrenEnd{{.name = "hostile/children_end", .body = [] {
                                   InThread([] {
                                     InChild([] { std::exit(0); });
                                     InChild([] { std::quick_exit(0); });
                                     InChild([] { std::abort(); });
                                   });
                                 }}};

// A child that goes on in the case is none of its threads, and no second worker.
void AfterFork(void (*in_child)()) {
  heddle::Atomic<int> number(0);
  heddle::Thread thread([&] {
    const pid_t child = ::fork();
    if (child == 0) {
      in_child();
      number.store(1);
      std::abort();  // not reached
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    heddle::Assert(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    number.fetch_add(1);
  });
  number.fetch_add(1);
  thread.join();
  heddle::Assert(number.load() == 2);
}

const RegisterCase kChildStores{{.name = "hostile/child_stores", .body = [] { AfterFork([] {}); }}};
const RegisterCase kChildThrows{
    {.name = "hostile/child_throws", .body = [] { AfterFork([] { throw 1; }); }}};
const RegisterCase kChildTerminates{
    {.name = "hostile/child_terminates", .body = [] { AfterFork([] { std::terminate(); }); }}};
const RegisterCase kChildStartsThread{{.name = "hostile/child_starts_thread", .body = [] {
                                         AfterFork([] { heddle::Thread([] {}).join(); });
                                       }}};

// By the end of a thread, and of what Heddle calls. Who goes on is who began.
void ForkAndWait() {
  const pid_t child = ::fork();
  if (child != 0) ::waitpid(child, nullptr, 0);
}
void AssertIsNoChild() {
  static const pid_t process = ::getpid();
  heddle::Assert(::getpid() == process, "this is no child");
}

const RegisterCase kChildEndsThread{{.name = "hostile/child_ends_thread", .body = [] {
                                       AssertIsNoChild();
                                       InThread(ForkAndWait);
                                       AssertIsNoChild();
                                       ForkAndWait();
                                     }}};
const RegisterCase kChildEndsCheck{{.name = "hostile/child_ends_check",
                                    .body =
                                        [] {
                                          AssertIsNoChild();
                                          InThread([] {});
                                          AssertIsNoChild();
                                        },
                                    .invariant = [] { ForkAndWait(); },
                                    .at_end = [] { ForkAndWait(); }}};

const RegisterCase kWritesToAll{{.name = "hostile/writes_to_descriptors", .body = [] {
                                   InThread([] {
                                     for (int fd = 3; fd < 1'024; ++fd) {
                                       [[maybe_unused]] const auto n = ::write(fd, "garbage", 7);
                                     }
                                   });
                                 }}};

const RegisterCase kCloses{{.name = "hostile/closes_descriptors", .body = [] {
                              InThread([] {
                                for (int fd = 3; fd < 1'024; ++fd) ::close(fd);
                              });
                            }}};

// A race that every execution shows, and a crash that only some do.
const RegisterCase kRaceThenCrash{{.name = "hostile/race_then_crash", .body = [] {
                                     heddle::Var<int> racy(0);
                                     heddle::Atomic<int> turn(0);
                                     heddle::Thread thread([&] {
                                       racy = 1;
                                       turn.store(1);
                                     });
                                     racy = 2;
                                     if (turn.load() == 1) ::kill(::getpid(), SIGKILL);
                                     thread.join();
                                   }}};

const RegisterCase kAlwaysFails{{.name = "hostile/always_deadlocks",
                                 .body =
                                     [] {
                                       heddle::Mutex mutex("mutex");
                                       mutex.lock();
                                       heddle::Thread thread([&] { mutex.lock(); });
                                       thread.join();
                                     },
                                 .tolerate = {FindingKind::kDeadlock, FindingKind::kStuck}}};

}  // namespace
