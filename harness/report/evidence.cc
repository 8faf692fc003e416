#include "harness/report/evidence.h"

#include <utility>

namespace heddle {

Evidence::Evidence(const Recording& recording, const Suspicion& suspicion, Symbolizer& symbolizer)
    : recording_(recording),
      suspicion_(suspicion),
      symbolizer_(symbolizer),
      history_(recording),
      names_(recording, symbolizer) {
  for (const Witness& witness : suspicion.witnesses) {
    witnesses_.push_back(Resolve(witness));
  }
}

// The earlier side of a race is known by its thread's time, in which more accesses may have
// followed after the race: its destructor's, for one.
const RecordedEvent* Evidence::Resolve(const Witness& witness) const {
  const bool race = suspicion_.kind == FindingKind::kDataRace;
  return history_.Resolve(witness, race ? suspicion_.witnesses.front().seq : 0);
}

Stack Evidence::StackOf(const Witness& witness) const {
  if (!witness.stack.empty()) return witness.stack;
  if (witness.pc != 0) return {witness.pc};
  const RecordedEvent* const event = Resolve(witness);
  if (event == nullptr) return {};
  // A thread's first and last acts are the engine's: what locates them is the start of the thread.
  if (event->op.kind == OpKind::kExit || event->op.kind == OpKind::kStart) {
    return recording_.threads[Index(event->by.thread)].created_at;
  }
  return event->stack;
}

std::vector<Frame> Evidence::Frames(const Stack& stack) const {
  return ReportFrames(symbolizer_, stack);
}

std::string Evidence::Place(const Stack& stack) const {
  for (const Frame& frame : Frames(stack)) {
    if (!frame.file.empty()) return frame.file + ":" + std::to_string(frame.line);
  }
  return {};
}

std::string Evidence::At(const Stack& stack) const {
  const std::string place = Place(stack);
  return place.empty() ? place : " (" + place + ")";
}

std::string Evidence::TakenAt(const RecordedEvent& taken) const {
  const std::string place = Place(taken.stack);
  return place.empty() ? place : " (taken at " + place + ")";
}

std::vector<HeldLock> Evidence::Describe(const std::vector<LockHold>& holds) const {
  std::vector<HeldLock> locks;
  for (const LockHold& hold : holds) {
    locks.push_back(
        {Object(hold.object), hold.shared ? "shared" : "exclusive", Frames(hold.taken->stack)});
  }
  return locks;
}

std::vector<Frame> ReportFrames(Symbolizer& symbolizer, std::span<const uintptr_t> stack) {
  constexpr int kFewest = 3;  // fewer are not worth a line of their own
  std::vector<Frame> frames;
  bool users = false;
  bool heddles = false;
  bool known = false;
  const auto expand = [&frames] {
    if (frames.empty() || frames.back().repeats >= kFewest) return;
    const int repeats = std::exchange(frames.back().repeats, 0);
    frames.insert(frames.end(), static_cast<size_t>(repeats), Frame(frames.back()));
  };
  for (SourceFrame& source : symbolizer.UserStack(stack)) {
    users |= source.code == SourceFrame::Code::kUser;
    heddles |= source.code == SourceFrame::Code::kHeddle;
    known |= source.code != SourceFrame::Code::kUnknown;
    Frame frame{std::move(source.function), std::move(source.file), source.line, source.column};
    if (!frames.empty()) {
      frame.repeats = frames.back().repeats;
      if (frame == frames.back()) {
        ++frames.back().repeats;
        continue;
      }
      frame.repeats = 0;
      expand();
    }
    frames.push_back(std::move(frame));
  }
  expand();
  // Heddle's own frames say nothing without the user's: those of a thread that it starts, and of a
  // call that took the place of its caller.
  return users || (known && !heddles) ? frames : std::vector<Frame>();
}

std::string JoinWords(const std::vector<std::string>& words) {
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " and " : ", ";
    text += words[i];
  }
  return text;
}

}  // namespace heddle
