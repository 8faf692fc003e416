#include "tools/interrupt.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

namespace heddle {
namespace {

// Written by the handler, which has no argument to reach anything else.
volatile sig_atomic_t requested = 0;

void OnSignal(int signal) {
  if (requested != 0) {
    ::signal(signal, SIG_DFL);
    ::raise(signal);
  }
  requested = signal;
}

}  // namespace

void TakeInterrupts() {
  struct sigaction action = {};
  action.sa_handler = &OnSignal;  // without SA_RESTART: whoever waits wakes up
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

bool Interrupted() { return requested != 0; }

void EndInterrupted() {
  const int signal = requested;
  ::fflush(nullptr);
  ::signal(signal, SIG_DFL);
  ::raise(signal);
  ::_exit(128 + signal);
}

}  // namespace heddle
