// CampaignRun: what comes from workers, and how it becomes the campaign's result.
#include <sys/wait.h>

#include <algorithm>
#include <utility>

#include "harness/core/check.h"
#include "harness/core/random.h"
#include "harness/explore/campaign_run.h"
#include "harness/explore/death.h"

namespace heddle {
namespace {

// Of `executions`, as far as the worker has come.
UnitCounts CountsOf(const SharedState& state, uint64_t executions) {
  UnitCounts counts;
  counts.executions = executions;
  counts.steps = state.steps.load();
  counts.cut_by_step_limit = state.cut_by_step_limit.load();
  counts.deferred_spinner = state.deferred_spinner.load();
  counts.not_judged = state.not_judged.load();
  return counts;
}

}  // namespace

// What is left of a worker.
struct DeadWorker {
  Death death;
  bool killed = false;  // by somebody unknown
  bool running = false;
  bool common = false;
  uint64_t place = 0;
  UnitCounts counts;
  std::vector<Decision> decisions;
};

void CampaignRun::Receive() {
  for (const auto& slot : pool_->slots()) {
    if (!slot->started()) continue;
    TakeMessages(slot.get());
    if (slot->child()->ended()) {
      OnDeath(slot.get());
    } else {
      slot->WatchForHang();
    }
  }
}

void CampaignRun::TakeMessages(WorkerSlot* slot) {
  std::string_view bytes;
  while (slot->child()->NextMessage(&bytes)) {
    MessageReader reader(bytes);
    MessageType type;
    if (!reader.Get(&type)) continue;
    if (type == MessageType::kUnitEvent) {
      UnitEvent event;
      if (!event.Get(&reader)) continue;
      Unit* const unit = frontier_->Find(event.number);
      // A unit that is explored once more shows the same again.
      if (unit == nullptr || (unit->last_event && event.place <= *unit->last_event)) continue;
      unit->last_event = event.place;
      unit->covered = event.place + 1;
      unit->hangs = event.counts.hangs;
      unit->events.push_back(std::move(event));
    } else if (type == MessageType::kUnitResult) {
      UnitResult result;
      if (!result.Get(&reader)) continue;
      slot->Release();
      CountTime(result.time);
      if (Unit* const unit = frontier_->Find(result.number); unit != nullptr) {
        frontier_->End(unit, std::move(result));
      }
    }
  }
}

void CampaignRun::OnDeath(WorkerSlot* slot) {
  const SharedState& state = slot->state();
  const ChildProcess& child = *slot->child();
  DeadWorker dead;
  const ProcessEnd end{child.wait_status(), slot->watch().killed(), child.garbled()};
  dead.killed = WasKilled(end.wait_status) && !end.hung && !end.garbled;
  // Another worker's program has done it, which is told of that one.
  dead.killed |= WIFEXITED(end.wait_status) &&
                 WEXITSTATUS(end.wait_status) == ChildProcess::kPipeIsGarbled &&
                 state.phase.load() == WorkerPhase::kIdle;
  dead.running = DiedOfProgram(end, state);
  dead.common = state.common.load();
  dead.place = state.place.load();
  dead.counts = CountsOf(state, dead.place + 1);
  dead.decisions.assign(state.log.entries, state.log.entries + state.log.count);
  if (!dead.killed || dead.running) {
    dead.death = DescribeDeath(end, state, child.output());
  }
  Unit* unit = nullptr;
  if (const WorkerSlot::Assigned* const at = slot->at()) {
    unit = frontier_->Find(at->unit);
    CountTime({at->time, Clock::now()});
  }
  for (const WorkerSlot::Assigned& one : slot->units()) {
    if (Unit* const had = frontier_->Find(one.unit)) had->state = Unit::State::kWaiting;
  }
  slot->Stop();
  if (!dead.death.internal_error.empty()) {
    result_.internal_error = dead.death.internal_error;
    return;
  }
  if (dead.common && !dead.killed) {
    // Who tells of these executions will get there, too; the others begin when it is known which to
    // leave out.
    prepare_ = false;
    if (unit != nullptr && ++silent_deaths_ > kMaxDeaths) {
      result_.internal_error = "executions kill the workers that repeat them, but not the first";
    }
  }
  if (unit == nullptr) return;
  if (dead.common || !dead.running) return;
  // Killed from outside, perhaps; a program that does it does it again.
  const std::pair<uint64_t, uint64_t> here(dead.place, dead.decisions.size());
  if (dead.killed && unit->killed_at != here) {
    unit->killed_at = here;
    return;
  }
  TakeDeath(unit, dead);
}

void CampaignRun::TakeDeath(Unit* unit, const DeadWorker& dead) {
  UnitEvent event;
  event.number = unit->number;
  event.place = dead.place;
  event.counts = dead.counts;
  event.counts.hangs = unit->hangs;
  event.died = true;
  const uint64_t id = SuspicionId(dead.death.kind, MixSeed(unit->number, dead.place));
  event.raised.push_back({id, dead.death.kind, dead.death.message});
  event.decisions = dead.decisions;
  event.time = {Clock::now(), Clock::now()};
  unit->last_event = dead.place;
  unit->events.push_back(std::move(event));
  unit->fatal.push_back(dead.place);
  if (unit->first == 0 && unit->part.empty()) task_.fatal_common = unit->fatal;
  if (unit->fatal.size() <= kMaxDeaths) return;
  UnitResult result;
  result.number = unit->number;
  result.end = UnitEnd::kStopped;
  result.counts = dead.counts;
  frontier_->End(unit, std::move(result));
}

void CampaignRun::Merge() {
  while (stage_ == Stage::kRunning && result_.internal_error.empty()) {
    Unit* const front = frontier_->Front();
    const uint64_t most = Most();
    if (front == nullptr || tally_.counts.executions >= most) {
      stage_ = Stage::kOver;
      return;
    }
    while (!front->events.empty()) {
      const UnitEvent event = std::move(front->events.front());
      front->events.pop_front();
      // A worker cannot know how many executions come before its part of a search.
      if (tally_.counts.executions + event.counts.executions > most) continue;
      front->merged = event.place;
      if (!event.died) front->merged_covered = event.place + 1;
      front->merged_hangs = event.counts.hangs;
      MergeEvent(*front, event);
      if (stage_ != Stage::kRunning || !result_.internal_error.empty()) return;
    }
    if (front->state != Unit::State::kEnded) return;
    if (tally_.counts.executions + front->result.counts.executions > most) {
      frontier_->CutShort(front, most - tally_.counts.executions);
      pool_->StopBusy();  // with what is forgotten
      return;
    }
    const Unit ended = std::move(*front);
    frontier_->PopFront();
    MergeResult(ended);
  }
}

void CampaignRun::MergeEvent(const Unit& unit, const UnitEvent& event) {
  const bool by_index = frontier_->division() == Frontier::Division::kByIndex;
  const uint64_t before =
      tally_.earlier.executions + (by_index ? unit.first : tally_.counts.executions);
  const size_t findings = result_.findings.size();
  confirmation_.OnEvent(event, before + event.place + 1, execution_);
  tally_.coverage.Add(event.coverage);
  if (result_.findings.size() != findings) pool_->PauseWatches();  // a replay took its time
  if (options_.shard.divided()) {
    result_.log.events.push_back({before, event.place, event.counts, confirmation_.found(),
                                  event.died, event.needs_unlock_points, result_.findings.size(),
                                  event.search, event.coverage});
  }
  stage_ = tally_.AddEvent(goal_, event.counts, confirmation_.found(), event.died,
                           event.needs_unlock_points, &result_);
  if (stage_ == Stage::kRunning) return;
  CountTime(event.time);
  TakeSearch(event.search, /*finished=*/false);
}

void CampaignRun::TakeSearch(const SearchState& search, bool finished) {
  if (!search.counts.empty()) {
    HEDDLE_CHECK(whole_->Add(search.counts, finished), "a search counts otherwise than it adds");
    const StrategyProgress progress = whole_->Progress();
    result_.search = progress.note;
    result_.complete_bound = progress.bound;
    result_.estimated_executions = progress.estimated_executions;
    if (result_.estimated_executions) {
      *result_.estimated_executions += static_cast<double>(tally_.earlier.executions);
    }
    if (whole_->AsTreeSearch() != nullptr) tally_.exhausted = progress.exhausted;
    return;
  }
  if (whole_->AsTreeSearch() != nullptr) return;  // of a worker that died
  if (!search.words.empty()) result_.search = search.words;
  result_.complete_bound = search.bound;
}

void CampaignRun::MergeResult(const Unit& unit) {
  const UnitResult& result = unit.result;
  tally_.counts.Add(result.counts);
  tally_.coverage.Add(result.coverage);
  if (options_.shard.divided()) {
    result_.log.units.push_back({tally_.earlier.executions + unit.first, result.counts,
                                 result.end == UnitEnd::kNoMore, result.exhausted,
                                 result.search, result.coverage});
  }
  // A part behind may have come to its end all the same.
  ran_out_ |= result.end == UnitEnd::kTime;
  const bool is_last = frontier_->units().empty() && !ran_out_;
  TakeSearch(result.search, is_last && rounds_ == nullptr);
  if (rounds_ != nullptr && result.end != UnitEnd::kTime) {
    left_.push_back(result.told);
    round_size_ += unit.handed_on;
    if (left_.size() == round_size_) BeginRound();
  }
  if (result.end == UnitEnd::kNoMore && whole_->AsTreeSearch() == nullptr) {
    tally_.exhausted = result.exhausted && !ran_out_;
    stage_ = Stage::kOver;
  }
}

void CampaignRun::BeginRound() {
  std::vector<std::string> next;
  HEDDLE_CHECK(rounds_->Next(left_, kPiecesOfSearch, &next),
               "what is left of a round is none of it");
  left_.clear();
  round_size_ = next.size();
  SearchState recounted;
  recounted.counts = rounds_->Recount(whole_->Progress().share_done.value_or(0));
  TakeSearch(recounted, /*finished=*/next.empty());
  frontier_->BeginRound(std::move(next), tally_.counts.steps);
}

void CampaignRun::MergeRest() {
  for (const auto& slot : pool_->slots()) {
    if (!slot->busy()) continue;
    slot->child()->Kill();
    TakeMessages(slot.get());
    const WorkerSlot::Assigned* const at = slot->at();
    if (at == nullptr) continue;
    CountTime({at->time, Clock::now()});
    const SharedState& state = slot->state();
    UnitResult result;
    result.number = at->unit;
    result.end = UnitEnd::kTime;
    result.counts = CountsOf(state, state.executions.load());
    if (Unit* const unit = frontier_->Find(result.number); unit != nullptr) {
      frontier_->End(unit, std::move(result));
    }
  }
  const uint64_t most = Most();
  std::list<Unit>& units = frontier_->units();
  while (!units.empty() && stage_ == Stage::kRunning && result_.internal_error.empty()) {
    const Unit unit = std::move(units.front());
    units.pop_front();
    for (const UnitEvent& event : unit.events) {
      if (stage_ == Stage::kRunning && result_.internal_error.empty()) MergeEvent(unit, event);
    }
    if (unit.state != Unit::State::kEnded || stage_ != Stage::kRunning) continue;
    if (unit.result.counts.executions > most - tally_.counts.executions) break;
    MergeResult(unit);
  }
  tally_.exhausted = false;
}

}  // namespace heddle
