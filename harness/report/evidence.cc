#include "harness/report/evidence.h"

namespace heddle {

Evidence::Evidence(const Recording& recording, const Suspicion& suspicion, Symbolizer& symbolizer)
    : recording_(recording),
      suspicion_(suspicion),
      symbolizer_(symbolizer),
      history_(recording),
      names_(recording, symbolizer) {
  for (const Witness& witness : suspicion.witnesses) {
    witnesses_.push_back(history_.Resolve(witness));
  }
}

Stack Evidence::StackOf(const Witness& witness) const {
  if (!witness.stack.empty()) return witness.stack;
  if (witness.pc != 0) return {witness.pc};
  const RecordedEvent* const event = history_.Resolve(witness);
  if (event == nullptr) return {};
  // A thread's first and last acts are the engine's: what locates them is the start of the thread.
  if (event->op.kind == OpKind::kExit || event->op.kind == OpKind::kStart) {
    return recording_.threads[Index(event->by.thread)].created_at;
  }
  return event->stack;
}

std::vector<Frame> Evidence::Frames(const Stack& stack) const {
  std::vector<Frame> frames;
  for (SourceFrame& source : symbolizer_.UserStack(stack)) {
    frames.push_back(
        {std::move(source.function), std::move(source.file), source.line, source.column});
  }
  return frames;
}

std::string Evidence::Place(const Stack& stack) const {
  for (const SourceFrame& frame : symbolizer_.UserStack(stack)) {
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

std::string JoinWords(const std::vector<std::string>& words) {
  std::string text;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " and " : ", ";
    text += words[i];
  }
  return text;
}

}  // namespace heddle
