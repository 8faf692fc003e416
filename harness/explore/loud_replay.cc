#include "harness/explore/loud_replay.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <utility>

#include "harness/explore/crash_handler.h"
#include "harness/explore/death.h"
#include "harness/explore/detectors.h"
#include "harness/explore/determinism.h"
#include "harness/explore/event_digest.h"
#include "harness/explore/program_memory.h"
#include "harness/explore/supervised_child.h"
#include "harness/explore/wire.h"
#include "harness/explore/unit.h"
#include "harness/report/finding_builder.h"
#include "harness/report/json_report.h"
#include "harness/report/recorder.h"
#include "harness/runtime/controlled/engine.h"
#include "harness/runtime/heap/malloc_interpose.h"
#include "harness/strategy/replay.h"
#include "harness/strategy/size_meter.h"

namespace heddle {
namespace {

// What the program prints during the replay: for the messages of failed assertions. A file in
// memory that does not grow, read after the program has ended or died.
class ProgramOutput {
 public:
  ProgramOutput() : fd_(::memfd_create("heddle-output", MFD_CLOEXEC | MFD_ALLOW_SEALING)) {
    if (fd_ < 0 || ::ftruncate(fd_, kSize) != 0) return;
    ::fcntl(fd_, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK);
  }
  ~ProgramOutput() {
    if (fd_ >= 0) ::close(fd_);
  }
  ProgramOutput(const ProgramOutput&) = delete;
  ProgramOutput& operator=(const ProgramOutput&) = delete;

  // In the child.
  void Redirect() const {
    if (fd_ < 0) return;
    ::dup2(fd_, STDOUT_FILENO);
    ::dup2(fd_, STDERR_FILENO);
  }
  std::string Read() const {
    if (fd_ < 0) return {};
    ::fflush(stdout);
    const off_t written = ::lseek(fd_, 0, SEEK_CUR);  // the descriptors share their position
    std::string text(written > 0 ? static_cast<size_t>(written) : 0, '\0');
    const ssize_t size = ::pread(fd_, text.data(), text.size(), 0);
    text.resize(size > 0 ? static_cast<size_t>(size) : 0);
    return text;
  }

 private:
  static constexpr off_t kSize = 64 << 10;
  const int fd_;
};

bool SendFinding(uint64_t id, const Finding& finding, int pipe) {
  MessageWriter writer(MessageType::kFinding);
  writer.Put(id);
  writer.PutText(ToJson(finding));
  return writer.Send(pipe);
}

// Records suspicions, and tells the supervisor of each at once: it may be the last that this
// process gets to say. Ends the execution at the suspicion `last`, if that is not 0.
class Herald final : public SuspicionSink {
 public:
  Herald(Recorder* recorder, int pipe, uint64_t last)
      : recorder_(recorder), pipe_(pipe), last_(last) {}

  void Report(Suspicion suspicion) override {
    const uint64_t id = SuspicionId(suspicion.kind, suspicion.key);
    recorder_->Report(std::move(suspicion));
    MessageWriter writer(MessageType::kRaised);
    writer.Put(id);
    writer.Send(pipe_);
    if (id == last_) EndExecution();
  }

 private:
  Recorder* const recorder_;
  const int pipe_;
  const uint64_t last_;
};

// In the child. Up to the suspicion `last`, or if that is 0 to the end.
int Replay(const ReplayTask& task, uint64_t last, const ProgramOutput& output, SharedState* shared,
           int pipe) {
  output.Redirect();
  // None of these is destroyed: the process ends here, and an abandoned thread may refer to them.
  auto& engine = *new ControlledEngine(task.execution, &shared->log);
  auto& memory = *new ProgramMemory(engine);
  auto& recorder = *new Recorder(task.execution.unlock_is_point, &memory);
  auto& herald = *new Herald(&recorder, pipe, last);
  auto& detectors = *new Detectors(*task.program);
  auto& decider = *new ReplayDecider(task.decisions);
  auto& meter = *new SizeMeter(&decider);
  engine.SetObserver(&recorder);
  engine.SetSuspicionSink(&herald);
  engine.SetEventSinks(detectors.Sinks());
  InstallCrashHandler(&engine, shared);

  meter.Begin(Plan{});
  detectors.Begin(&herald);
  shared->phase.store(WorkerPhase::kRunning);
  engine.Run({task.program->body, task.program->invariant, task.program->at_end}, meter);
  shared->phase.store(WorkerPhase::kPlanning);
  detectors.End();
  ::fflush(nullptr);

  const Recording recording = recorder.Take();
  std::vector<std::pair<uint64_t, Suspicion>> suspicions;
  std::set<uint64_t> seen;
  for (const Suspicion& suspicion : recording.suspicions) {
    const uint64_t id = SuspicionId(suspicion.kind, suspicion.key);
    if (!seen.insert(id).second) continue;
    suspicions.emplace_back(id, suspicion);
    if (suspicion.kind != FindingKind::kCrash) continue;
    if (const std::string line = LastLine(output.Read()); !line.empty()) {
      suspicions.back().second.message += "; it printed last: " + line;
    }
  }
  if (task.given) {
    Suspicion given;
    given.kind = *task.given;
    given.message = task.given_message;
    suspicions.emplace_back(0, std::move(given));
  }

  FindingContext context;
  context.case_name = task.program->name;
  context.schedule = task.schedule;
  context.first_execution = task.first_execution;
  context.size = meter.size();
  Symbolizer symbolizer;
  for (const auto& [id, suspicion] : suspicions) {
    if (!SendFinding(id, BuildFinding(recording, suspicion, symbolizer, context), pipe)) return 1;
  }
  MessageWriter end(MessageType::kReplayEnd);
  end.PutText(DivergenceOf(decider, task.decisions, {shared->log.entries, shared->log.count}));
  if (!end.Send(pipe)) return 1;
  shared->phase.store(WorkerPhase::kDone);
  return 0;
}

// In the child: the schedule so often, without a recording, as the search does it.
int Repeat(const ReplayTask& task, int times, const ProgramOutput& output, SharedState* shared,
           int pipe) {
  output.Redirect();
  // Not destroyed, as in Replay.
  auto& engine = *new ControlledEngine(task.execution, &shared->log);
  auto& recorder = *new Recorder(task.execution.unlock_is_point);
  auto& digest = *new EventDigest(kHeapIsDeterministic);
  engine.SetSuspicionSink(&recorder);
  engine.SetEventSinks({&digest});
  InstallCrashHandler(&engine, shared);

  std::vector<Decision> first_log;
  ObservedExecution first;
  std::string difference;
  for (int i = 0; i < times && difference.empty(); ++i) {
    auto& decider = *new ReplayDecider(i == 0 ? task.decisions : first_log);
    decider.Begin(Plan{});
    digest.Clear();
    shared->phase.store(WorkerPhase::kRunning);
    const ExecutionResult result =
        engine.Run({task.program->body, task.program->invariant, task.program->at_end}, decider);
    shared->phase.store(WorkerPhase::kPlanning);
    const std::span<const Decision> log(shared->log.entries, shared->log.count);
    if (i == 0) {
      first_log.assign(log.begin(), log.end());
      first = {result, digest.digest(), digest.values(), first_log};
    } else {
      difference = Difference(first, {result, digest.digest(), digest.values(), log}, decider);
    }
  }
  MessageWriter end(MessageType::kReplayEnd);
  end.PutText(difference);
  if (!end.Send(pipe)) return 1;
  shared->phase.store(WorkerPhase::kDone);
  return 0;
}

struct Collected {
  std::vector<ReplayedFinding> findings;
  std::vector<uint64_t> raised;  // SuspicionId, each once
  std::string divergence;
  std::string error;
  bool complete = false;
};

void Collect(MessageType type, MessageReader& reader, Collected* collected) {
  if (type == MessageType::kReplayEnd) {
    collected->complete = reader.GetText(&collected->divergence);
  } else if (type == MessageType::kRaised) {
    uint64_t id = 0;
    if (reader.Get(&id) && std::ranges::find(collected->raised, id) == collected->raised.end()) {
      collected->raised.push_back(id);
    }
  } else if (type == MessageType::kFinding) {
    ReplayedFinding found;
    std::string json;
    if (!reader.Get(&found.id) || !reader.GetText(&json)) return;
    auto finding = FindingFromJson(json);
    if (!finding.ok()) {
      collected->error =
          "a finding could not be read back: " + std::string(finding.status().message());
      return;
    }
    found.finding = *std::move(finding);
    collected->findings.push_back(std::move(found));
  }
}

// Forks `body` and waits for its end.
std::unique_ptr<ChildProcess> RunChild(const std::function<int(int)>& body, SharedState* shared,
                                       std::chrono::nanoseconds timeout, Collected* collected,
                                       bool* hung) {
  return RunSupervised(
      body, shared, timeout, [&] { *collected = {}; },
      [&](MessageType type, MessageReader& reader) { Collect(type, reader, collected); },
      &collected->error, hung);
}

}  // namespace

std::string DifferenceWhenRepeated(const ReplayTask& task, int times, SharedState* shared) {
  const ProgramOutput output;
  Collected collected;
  bool hung = false;
  RunChild([&](int pipe) { return Repeat(task, times, output, shared, pipe); }, shared,
           task.step_timeout, &collected, &hung);
  return collected.divergence;
}

ReplayOutcome ReplayLoudly(const ReplayTask& task, SharedState* shared) {
  const ProgramOutput output;
  Collected collected;
  bool hung = false;
  const auto child = RunChild([&](int pipe) { return Replay(task, 0, output, shared, pipe); },
                              shared, task.step_timeout, &collected, &hung);
  ReplayOutcome outcome;
  outcome.findings = std::move(collected.findings);
  outcome.divergence = std::move(collected.divergence);
  outcome.internal_error = std::move(collected.error);
  outcome.output = output.Read();
  if (child == nullptr || collected.complete || !outcome.internal_error.empty()) return outcome;

  const Death death = DescribeDeath({child->wait_status(), hung, child->garbled()}, *shared,
                                    outcome.output + child->output());
  if (!death.internal_error.empty()) {
    outcome.internal_error = death.internal_error;
    return outcome;
  }
  outcome.died = true;
  const DeathRecord record = shared->death;
  const std::vector<Decision> decisions(shared->log.entries,
                                        shared->log.entries + shared->log.count);
  Collected described;
  RunChild(
      [&](int pipe) {
        Finding finding = FindingOfDeath(death, record, decisions);
        finding.case_name = task.program->name;
        finding.schedule = task.schedule;
        finding.first_execution = task.first_execution;
        return SendFinding(0, finding, pipe) ? 0 : 1;
      },
      shared, task.step_timeout, &described, &hung);
  for (ReplayedFinding& found : described.findings) outcome.findings.push_back(std::move(found));
  // What was raised before the program took the process: the same again, but only so far.
  for (const uint64_t id : collected.raised) {
    const ProgramOutput unseen;
    Collected again;
    RunChild([&](int pipe) { return Replay(task, id, unseen, shared, pipe); }, shared,
             task.step_timeout, &again, &hung);
    for (ReplayedFinding& found : again.findings) {
      if (found.id == id) outcome.findings.push_back(std::move(found));
    }
  }
  return outcome;
}

}  // namespace heddle
