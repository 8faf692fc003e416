#include "harness/explore/merge.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "harness/explore/shard.h"
#include "harness/explore/tally.h"
#include "harness/strategy/registry.h"

namespace heddle {
namespace {

constexpr size_t kMaxFindings = 100;

std::string* ShardOption(RunIdentity* identity) {
  for (auto& [name, value] : identity->options) {
    if (name == "--shard") return &value;
  }
  return nullptr;
}

std::string OptionOf(const RunIdentity& identity, const std::string& name) {
  for (const auto& [option, value] : identity.options) {
    if (option == name) return value;
  }
  return "";
}

std::string Named(const ShardFolder& folder) {
  RunIdentity identity = folder.checkpoint.identity;
  const std::string& shard = *ShardOption(&identity);
  return (shard.empty() ? "the run" : "shard " + shard) + " in '" + folder.path + "'";
}

// One shard's log of a unit.
struct LoggedUnit {
  const CaseResult* result = nullptr;
  std::string folder;
  std::vector<size_t> events;  // indexes in the log
  const ShardUnit* unit = nullptr;
};

class CaseMerge {
 public:
  CaseMerge(const std::vector<ShardFolder>& shards, size_t number, CaseResult* merged)
      : strategy_(OptionOf(shards.front().checkpoint.identity, "--strategy")), merged_(*merged) {
    for (const ShardFolder& shard : shards) {
      const CaseResult& result = shard.checkpoint.results[number];
      merged_.seconds += result.seconds;
      Collect(shard.path, result);
    }
    const ShardLog& log = shards.front().checkpoint.results[number].log;
    goal_ = {log.keep_going, log.expected, log.allowed, log.max_steps};
  }

  bool Run(std::string* error);

 private:
  void Collect(const std::string& folder, const CaseResult& result);
  void TakeFindings(const LoggedUnit& logged, size_t event);
  Stage TakeEvents(const LoggedUnit& logged);

  void BeginStage() { whole_ = *MakeStrategy(strategy_); }
  void TakeSearch(const SearchState& search);

  const std::string strategy_;  // as typed
  CaseResult& merged_;
  std::unique_ptr<Strategy> whole_;  // makes no executions; what all searches are added to
  Goal goal_;
  Tally tally_;
  std::map<uint64_t, LoggedUnit> units_;  // by base; of those that all made, the first shard's
  uint32_t found_ = 0;
  std::set<std::string> fingerprints_;
};

void CaseMerge::Collect(const std::string& folder, const CaseResult& result) {
  const auto logged = [&](uint64_t base) -> LoggedUnit* {
    LoggedUnit& unit = units_[base];
    if (unit.result == nullptr) {
      unit.result = &result;
      unit.folder = folder;
    }
    return unit.result == &result ? &unit : nullptr;
  };
  for (size_t i = 0; i < result.log.events.size(); ++i) {
    if (LoggedUnit* const unit = logged(result.log.events[i].base)) unit->events.push_back(i);
  }
  for (const ShardUnit& one : result.log.units) {
    if (LoggedUnit* const unit = logged(one.base)) unit->unit = &one;
  }
}

void CaseMerge::TakeFindings(const LoggedUnit& logged, size_t event) {
  const std::vector<ShardEvent>& events = logged.result->log.events;
  for (size_t i = event == 0 ? 0 : events[event - 1].findings; i < events[event].findings; ++i) {
    FoundBug found = logged.result->findings[i];
    if (!fingerprints_.insert(found.finding.fingerprint).second) continue;
    if (merged_.findings.size() >= kMaxFindings) return;
    if (!found.directory.empty()) found.directory = logged.folder + "/" + found.directory;
    merged_.findings.push_back(std::move(found));
  }
}

Stage CaseMerge::TakeEvents(const LoggedUnit& logged) {
  for (const size_t i : logged.events) {
    const ShardEvent& event = logged.result->log.events[i];
    TakeFindings(logged, i);
    found_ |= event.found;
    tally_.coverage.Add(event.coverage);
    const Stage stage = tally_.AddEvent(goal_, event.counts, found_, event.died,
                                        event.needs_unlock_points, &merged_);
    if (stage == Stage::kRunning) continue;
    TakeSearch(event.search);
    return stage;
  }
  return Stage::kRunning;
}

// In the words of the last one, but where a strategy says it of all.
void CaseMerge::TakeSearch(const SearchState& search) {
  merged_.search = search.words;
  merged_.complete_bound = search.bound;
  if (!search.counts.empty() && whole_->Add(search.counts, /*finished=*/false)) {
    merged_.search = whole_->Progress().note;
  }
}

bool CaseMerge::Run(std::string* error) {
  BeginStage();
  for (const auto& [base, logged] : units_) {
    const Stage stage = TakeEvents(logged);
    if (stage == Stage::kOver) break;
    if (stage == Stage::kNeedsUnlockPoints) {
      if (base != tally_.earlier.executions) {
        *error = "of " + merged_.name +
                 " some shards saw a try_lock late, and explored it again more finely; explore "
                 "this case in one process";
        return false;
      }
      tally_.NextStage();
      BeginStage();
      merged_.complete_bound.clear();
      continue;
    }
    if (logged.unit == nullptr) continue;
    tally_.counts.Add(logged.unit->counts);
    TakeSearch(logged.unit->search);
    tally_.coverage.Add(logged.unit->coverage);
    if (!logged.unit->last) continue;
    tally_.exhausted = logged.unit->exhausted;
    break;
  }
  tally_.Conclude(goal_, &merged_);
  return true;
}

}  // namespace

bool ReadShards(const std::vector<std::string>& paths, std::vector<ShardFolder>* shards,
                std::string* error) {
  std::map<uint32_t, ShardFolder> sorted;
  RunIdentity first;
  uint32_t count = 0;
  for (const std::string& path : paths) {
    ShardFolder folder{path, {}};
    if (!ReadCheckpoint(path, &folder.checkpoint, error)) return false;
    RunIdentity identity = folder.checkpoint.identity;
    std::string* const option = ShardOption(&identity);
    // That of the only shard there is.
    const bool whole = option != nullptr && option->empty();
    if (option == nullptr || (whole && paths.size() > 1)) {
      *error = "the run in '" + path + "' is whole: it was made without --shard, or by shard 1/1";
      return false;
    }
    const auto shard = whole ? Shard{} : ParseShard(*option, error);
    if (!shard) return false;
    option->clear();
    if (sorted.empty()) {
      first = identity;
      count = shard->count;
    }
    if (const std::string other = Difference(identity, first); !other.empty()) {
      *error = "'" + path + "' is not of one run with '" + paths.front() + "': " + other;
      return false;
    }
    if (shard->count != count) {
      *error = Named(folder) + " is one of " + std::to_string(shard->count) + ", but " +
               Named(sorted.begin()->second) + " one of " + std::to_string(count);
      return false;
    }
    const Checkpoint& checkpoint = folder.checkpoint;
    if (checkpoint.results.size() != checkpoint.identity.cases.size()) {
      *error = Named(folder) + " has not come to its end: " +
               std::to_string(checkpoint.results.size()) + " of " +
               std::to_string(checkpoint.identity.cases.size()) +
               " cases; go on with it first, by --resume";
      return false;
    }
    for (CaseResult& result : folder.checkpoint.results) {
      if (!ReadFindings(path, &result, error)) return false;
    }
    if (const auto other = sorted.find(shard->index); other != sorted.end()) {
      *error = Named(folder) + " is there twice: also in '" + other->second.path + "'";
      return false;
    }
    sorted.emplace(shard->index, std::move(folder));
  }
  for (uint32_t i = 0; i < count; ++i) {
    if (sorted.contains(i)) continue;
    *error = "shard " + Shard{i, count}.ToText() + " is missing; expected the folders of all " +
             std::to_string(count);
    return false;
  }
  for (auto& [index, folder] : sorted) shards->push_back(std::move(folder));
  return true;
}

RunIdentity IdentityOfWhole(const std::vector<ShardFolder>& shards) {
  RunIdentity identity = shards.front().checkpoint.identity;
  ShardOption(&identity)->clear();
  return identity;
}

bool MergeCase(const std::vector<ShardFolder>& shards, size_t number, CaseResult* merged,
               std::string* error) {
  // Of what is divided by cases, one shard has the result.
  const ShardFolder* whole = nullptr;
  bool divided_by_cases = false;
  for (const ShardFolder& shard : shards) {
    const CaseResult& result = shard.checkpoint.results[number];
    divided_by_cases |= result.log.elsewhere;
    if (!result.log.elsewhere) whole = &shard;
  }
  const CaseResult& one = whole->checkpoint.results[number];
  if (!one.skipped.empty()) {
    *merged = one;
    return true;
  }
  if (!divided_by_cases && shards.size() > 1) {
    merged->name = one.name;
    merged->expected = one.expected;
    return CaseMerge(shards, number, merged).Run(error);
  }
  *merged = one;
  uint32_t found = 0;
  for (FoundBug& bug : merged->findings) {
    found |= uint32_t{1} << static_cast<int>(bug.finding.kind);
    bug.directory = whole->path + "/" + bug.directory;
  }
  merged->met &= (found & one.log.expected) == one.log.expected;
  return true;
}

}  // namespace heddle
