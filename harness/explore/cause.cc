#include "harness/explore/cause.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "harness/explore/supervised_child.h"
#include "harness/explore/wire.h"

namespace heddle {
namespace {

constexpr std::chrono::seconds kHangLimit{1};
// A sentence with more is no help.
constexpr size_t kMostInSentence = 4;
// Orders whose steps are shown among those that matter.
constexpr size_t kMostShown = 8;

int Search(const ReplayTask& task, const SoughtFinding& sought, uint64_t most_executions,
           SharedState* shared, int pipe) {
  // Not destroyed: the process ends here, and an abandoned thread may refer to it.
  auto& runner = *new SilentRunner(*task.program, task.execution, shared);
  runner.SurviveCrashes();
  auto& finder = *new OrderFinder(&runner, sought, most_executions);
  const FoundOrders found = finder.Find(task.decisions);
  MessageWriter writer(MessageType::kOrders);
  writer.PutSpan(std::span<const FoundOrder>(found.orders));
  writer.PutSpan(std::span<const OrderedStep>(found.choices));
  writer.Put(found.early);
  writer.Put(found.behind);
  writer.Put(found.tried);
  writer.Put(runner.executions());
  writer.Put(found.sufficient);
  writer.Put(found.shows_elsewhere);
  writer.Put(found.ended);
  writer.Put(static_cast<uint64_t>(found.doubtful.size()));
  for (const auto& [id, decisions] : found.doubtful) {
    writer.Put(id);
    writer.PutSpan(std::span<const Decision>(decisions));
  }
  if (!writer.Send(pipe)) return 1;
  shared->phase.store(WorkerPhase::kDone);
  return 0;
}

bool Read(MessageReader& reader, FoundOrders* found) {
  uint64_t doubts = 0;
  if (!reader.GetVector(&found->orders) || !reader.GetVector(&found->choices) ||
      !reader.Get(&found->early) || !reader.Get(&found->behind) || !reader.Get(&found->tried) ||
      !reader.Get(&found->executions) || !reader.Get(&found->sufficient) ||
      !reader.Get(&found->shows_elsewhere) || !reader.Get(&found->ended) ||
      !reader.Get(&doubts)) {
    return false;
  }
  for (; doubts > 0; --doubts) {
    DoubtfulSuspicion& doubt = found->doubtful.emplace_back();
    if (!reader.Get(&doubt.id) || !reader.GetVector(&doubt.decisions)) return false;
  }
  return true;
}

FoundOrders RunSearch(const ReplayTask& task, const SoughtFinding& sought,
                      uint64_t most_executions, SharedState* shared) {
  FoundOrders found;
  std::string error;
  RunSupervised([&](int pipe) { return Search(task, sought, most_executions, shared, pipe); },
                shared, std::min<std::chrono::nanoseconds>(task.step_timeout, kHangLimit),
                [&] {
                  found = {};
                  found.ended = FoundOrders::End::kBudget;  // unless the child says otherwise
                },
                [&](MessageType type, MessageReader& reader) {
                  FoundOrders told;
                  if (type == MessageType::kOrders && Read(reader, &told)) found = std::move(told);
                },
                &error);
  return found;
}

// The step of the report; null if the report has left it out.
FindingStep* StepOf(const OrderedStep& ordered, Finding* finding) {
  const size_t thread = Index(ordered.step.thread);
  if (thread >= finding->thread_names.size()) return nullptr;
  for (FindingStep& step : finding->interleaving) {
    if (step.step == ordered.event && step.thread == finding->thread_names[thread]) return &step;
  }
  return nullptr;
}

FindingStep WithoutState(FindingStep step) {
  if (step.step == 0) step.text.resize(step.text.rfind(':'));  // "lock b: blocked"
  return step;
}

// The interleaving is to show what is told of it.
void ShowSteps(const std::vector<FoundOrder>& orders, Finding* finding) {
  for (const FoundOrder& order : orders) {
    for (const OrderedStep* ordered : {&order.first, &order.then}) {
      FindingStep* const step = StepOf(*ordered, finding);
      if (step->step != 0) step->matters = true;
    }
  }
}

// How steps are called in the sentence: by their lines where those are of one file.
class Wording {
 public:
  explicit Wording(const std::vector<FindingOrder>& orders) {
    for (const FindingOrder& order : orders) {
      for (const FindingStep* step : {&order.first, &order.then}) Note(*step);
    }
  }
  explicit Wording(const std::vector<FindingStep>& steps) {
    for (const FindingStep& step : steps) Note(step);
  }

  std::string Step(const FindingStep& step) const {
    if (step.at.file.empty()) return "`" + step.text + "`";
    const size_t slash = step.at.file.rfind('/');
    const std::string file =
        slash == std::string::npos ? step.at.file : step.at.file.substr(slash + 1);
    return "`" + step.text + "` (" + (one_file_ ? "line " : file + ":") +
           std::to_string(step.at.line) + ")";
  }

 private:
  void Note(const FindingStep& step) {
    if (step.at.file.empty()) return;
    if (file_.empty()) file_ = step.at.file;
    one_file_ &= step.at.file == file_;
  }

  std::string file_;
  bool one_file_ = true;
};

bool Same(const FindingStep& a, const FindingStep& b) {
  return a.step == b.step && a.thread == b.thread && a.text == b.text;
}

std::string Sentence(const std::vector<FindingOrder>& orders, bool shows_elsewhere) {
  const std::string where = shows_elsewhere ? " in the schedules nearest to this one" : "";
  if (orders.size() > kMostInSentence) {
    return "It takes all of these " + std::to_string(orders.size()) +
           " orders; with any of them reversed it does not happen" + where + ".";
  }
  const Wording wording(orders);
  std::vector<std::string> clauses;
  std::vector<bool> told(orders.size(), false);
  for (size_t i = 0; i < orders.size(); ++i) {
    if (told[i]) continue;
    const FindingOrder& order = orders[i];
    // One step between two of another thread.
    for (size_t j = 0; j < orders.size(); ++j) {
      if (j == i || told[j] || !Same(orders[j].first, order.then) ||
          orders[j].then.thread != order.first.thread) {
        continue;
      }
      clauses.push_back(order.then.thread + " " + wording.Step(order.then) + " runs between " +
                        order.first.thread + " " + wording.Step(order.first) + " and " +
                        wording.Step(orders[j].then));
      told[i] = told[j] = true;
      break;
    }
    if (told[i]) continue;
    clauses.push_back(order.first.thread + " " + wording.Step(order.first) + " comes before " +
                      order.then.thread + " " + wording.Step(order.then));
    told[i] = true;
  }
  std::string text = "It happens when ";
  for (size_t i = 0; i < clauses.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == clauses.size() ? ", and " : ", ") + clauses[i];
  }
  return text + "; with " +
         (orders.size() == 1   ? "this order"
          : orders.size() == 2 ? "either order"
                               : "any of these orders") +
         " reversed it does not" + where + ".";
}

std::string ComesTooEarly(const FindingStep& early, ThreadId behind, const Finding& finding) {
  const bool is_one = Index(behind) < finding.thread_names.size();
  const std::string others = is_one ? finding.thread_names[Index(behind)] : "the other threads";
  return "It happens when " + early.thread + " " + Wording({early}).Step(early) +
         " comes before " + others + (is_one ? " has" : " have") + " gone on; when " + others +
         (is_one ? " was" : " were") + " let run first, it did not.";
}

std::string TakesChoices(const std::vector<FindingStep>& choices) {
  const Wording wording(choices);
  const size_t told = std::min(choices.size(), kMostInSentence);
  std::string text = "It takes what was chosen at ";
  for (size_t i = 0; i < told; ++i) {
    const std::string_view glue = i == 0 ? "" : i + 1 == choices.size() ? " and at " : ", at ";
    text += std::string(glue) + choices[i].thread + " " + wording.Step(choices[i]);
  }
  if (told < choices.size()) {
    text += " and at " + std::to_string(choices.size() - told) + " other steps";
  }
  return text + ": the same schedule with another choice " +
         (choices.size() == 1 ? "there" : "at one of them") + " does not show it.";
}

std::string NotTold(FoundOrders::End end) {
  const std::string which = "Which orders of steps it depends on ";
  switch (end) {
    case FoundOrders::End::kTooMany:
      return which + "was not looked for: too many of its steps conflict.";
    case FoundOrders::End::kHung:
      return which + "could not be told: another schedule reached no scheduling point in time.";
    default:
      return which + "could not be told within the budget.";
  }
}

std::string WithoutOrders(uint64_t tried, size_t threads) {
  if (threads == 1) return "It takes no order of steps: there is one thread only.";
  if (tried == 0) {
    return "No order of two steps is known to be the cause: there are none that conflict and "
           "could be made the other way round.";
  }
  if (tried == 1) {
    return "It does not depend on the one order of steps that can be reversed: it showed the other "
           "way round, too.";
  }
  return "No single order of two steps makes it: it showed with each of the " +
         std::to_string(tried) + " that can be reversed the other way round, too.";
}

// Empty: the values that were chosen are all there is to tell.
std::string TellOrders(const FoundOrders& found, Finding* finding) {
  if (found.orders.empty() && !found.doubtful.empty()) {
    return "Which orders of steps it depends on could not be told: schedules with some of them "
           "reversed show what may be the same.";
  }
  if (FindingStep* const early = StepOf(found.early, finding); early != nullptr) {
    early->matters = true;
    return ComesTooEarly(*early, found.behind, *finding);
  }
  if (found.orders.empty()) {
    return finding->choices.empty() ? WithoutOrders(found.tried, finding->thread_names.size()) : "";
  }
  for (const FoundOrder& order : found.orders) {
    FindingStep* const first = StepOf(order.first, finding);
    FindingStep* const then = StepOf(order.then, finding);
    if (first == nullptr || then == nullptr) {
      finding->orders.clear();
      return "It depends on orders of steps that are too far back to be shown.";
    }
    finding->orders.push_back({WithoutState(*first), WithoutState(*then)});
  }
  if (finding->orders.size() <= kMostShown) ShowSteps(found.orders, finding);
  const std::string text = Sentence(finding->orders, found.shows_elsewhere);
  if (found.sufficient) return text;
  return text + " More than that may be needed: another schedule with " +
         (found.orders.size() == 1 ? "this order" : "these orders") + " did not show it.";
}

}  // namespace

void TellCause(const FoundOrders& found, Finding* finding) {
  finding->orders.clear();
  finding->choices.clear();
  finding->cause.clear();
  if (found.ended != FoundOrders::End::kDone) {
    finding->cause = NotTold(found.ended);
    return;
  }
  for (const OrderedStep& choice : found.choices) {
    FindingStep* const step = StepOf(choice, finding);
    if (step == nullptr) continue;  // too far back
    step->matters = true;
    finding->choices.push_back(*step);
  }
  finding->cause = TellOrders(found, finding);
  if (finding->choices.empty()) return;
  finding->cause += (finding->cause.empty() ? "" : " ") + TakesChoices(finding->choices);
}

void FindCause(const ReplayTask& task, KnownFingerprints* known, uint64_t most_executions,
               SharedState* shared, Finding* finding) {
  finding->orders.clear();
  finding->choices.clear();
  if (finding->kind == FindingKind::kLockOrder) {
    finding->cause =
        "It follows from the orders in which each thread takes its locks, however their steps "
        "interleave.";
    return;
  }
  // Again, as long as something that was raised turns out to be the finding, or to be another.
  FoundOrders found;
  for (size_t doubts = 0, names = 0; names < known->size();) {
    names = known->size();
    found = RunSearch(task, Sought(*finding, *known), most_executions, shared);
    most_executions -= std::min(found.executions, most_executions);
    for (auto& [id, decisions] : found.doubtful) {
      if (++doubts > kMostDoubts) break;
      ShowLoudly(task, decisions, known, shared, [](const ReplayedFinding&) { return true; });
    }
  }
  TellCause(found, finding);
}

}  // namespace heddle
