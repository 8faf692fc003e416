#include "harness/explore/death.h"

#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <utility>

#include "harness/core/random.h"
#include "harness/explore/child_process.h"
#include "harness/report/evidence.h"
#include "harness/report/symbolizer.h"

namespace heddle {
namespace {

constexpr size_t kLineLength = 300;
constexpr size_t kStepsShown = 20;

std::string ThreadName(ThreadId thread) {
  return thread == kMainThread ? "main" : "T" + std::to_string(Index(thread));
}

}  // namespace

std::string LastLine(const std::string& output) {
  const size_t end = output.find_last_not_of(" \t\r\n");
  if (end == std::string::npos) return {};
  const size_t newline = output.find_last_of('\n', end);
  const size_t begin = newline == std::string::npos ? 0 : newline + 1;
  return output.substr(begin, std::min(end + 1 - begin, kLineLength));
}

bool DiedOfProgram(const ProcessEnd& end, const SharedState& shared) {
  return end.garbled || shared.phase.load(std::memory_order_relaxed) == WorkerPhase::kRunning ||
         (WIFEXITED(end.wait_status) &&
          WEXITSTATUS(end.wait_status) == ChildProcess::kPipeIsClosed);
}

Death DescribeDeath(const ProcessEnd& end, const SharedState& shared, const std::string& output) {
  const int wait_status = end.wait_status;
  Death death;
  const DeathRecord& record = shared.death;
  const WorkerPhase phase = shared.phase.load(std::memory_order_relaxed);
  if (record.from_check || !DiedOfProgram(end, shared)) {
    death.internal_error = "the worker process " + DescribeWaitStatus(wait_status);
    if (!record.from_check) {
      death.internal_error +=
          end.hung ? " (by its supervisor: it did not answer)" : " outside of any execution";
    }
    if (!output.empty()) death.internal_error += "; it printed last:\n" + output;
    return death;
  }
  if (end.garbled) {
    death.message =
        "the program wrote to file descriptors that are not its own, one of them Heddle's";
  } else if (end.hung) {
    death.kind = FindingKind::kTimeout;
    death.message = "no scheduling point was reached, and the thread could not be interrupted";
  } else if (phase != WorkerPhase::kRunning) {
    death.message =
        "the program closed file descriptors that are not its own, one of them Heddle's";
  } else if (WIFEXITED(wait_status)) {
    death.message = "the program ended its process with status " +
                    std::to_string(WEXITSTATUS(wait_status)) + " (_exit, or exec)";
  } else if (WTERMSIG(wait_status) == SIGKILL) {
    death.message =
        "the program's process was killed (SIGKILL): by the system, when memory ran out?";
  } else {
    death.message = "the program's process " + DescribeWaitStatus(wait_status);
    if (record.in_harness) {
      death.message +=
          " in a call of one of Heddle's primitives: of an object that does not exist, "
          "or whose memory was overwritten?";
    }
  }
  if (const std::string line = LastLine(output); !line.empty()) {
    death.message += "; it printed last: " + line;
  }
  return death;
}

Finding FindingOfDeath(const Death& death, const DeathRecord& record,
                       std::span<const Decision> decisions) {
  Finding finding;
  finding.kind = death.kind;
  finding.summary = death.message;
  finding.explanation =
      "The process died with the program, so that there is no recording of this execution: only "
      "the "
      "schedule up to its death.";
  ThreadId running = kMainThread;
  uint64_t step = 0;
  uint32_t threads = 1;
  for (const Decision& decision : decisions) {
    if (!decision.is_pick()) continue;
    running = decision.thread();
    threads = std::max(threads, Index(running) + 1);
    finding.interleaving.push_back(FindingStep{
        ++step, ThreadName(running), std::string(TraitsOf(decision.op()).name), {}, false});
  }
  if (finding.interleaving.size() > kStepsShown) {
    finding.interleaving.erase(finding.interleaving.begin(),
                               finding.interleaving.end() - kStepsShown);
  }
  for (FindingStep& shown : finding.interleaving) shown.matters = true;
  for (uint32_t i = 0; i < threads; ++i) finding.thread_names.push_back(ThreadName(ThreadId{i}));

  FindingSide side;
  side.role = std::string(NameOf(death.kind));
  side.thread = ThreadName(running);
  side.step = step;
  Symbolizer symbolizer;
  uint64_t hash = static_cast<uint64_t>(death.kind);
  for (const char c : death.message.substr(0, death.message.find(';'))) {
    hash = MixSeed(hash, static_cast<uint8_t>(c));
  }
  side.stack = ReportFrames(symbolizer, {record.stack, record.frames});
  for (const Frame& frame : side.stack) {
    for (const char c : frame.function) hash = MixSeed(hash, static_cast<uint8_t>(c));
  }
  finding.sides.push_back(std::move(side));
  char text[17];
  std::snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(hash));
  finding.fingerprint = text;
  return finding;
}

}  // namespace heddle
