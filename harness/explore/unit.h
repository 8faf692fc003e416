// Units: the pieces in which a campaign's executions are handed to workers.
//
// A unit is a range of indexes, or a part of a search's tree. What happens in it is a function of
// the case, the options and the unit, so that it does not matter which worker explores it, when, or
// how often. The supervisor puts what came of the units together in their order: its result is the
// same with any number of workers.
//
// Plain data, as it travels between a worker and the supervisor.
#ifndef HEDDLE_HARNESS_EXPLORE_UNIT_H_
#define HEDDLE_HARNESS_EXPLORE_UNIT_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "harness/core/bytes.h"
#include "harness/core/finding.h"
#include "harness/explore/coverage.h"
#include "harness/schedule/decision.h"

namespace heddle {

// What a worker is to do.
struct UnitTask {
  uint64_t number = 0;             // of the unit
  uint64_t first = 0;              // index of its first execution; 0 for parts
  uint64_t size = 0;               // executions, at most
  uint64_t steps = 0;              // of a search in rounds: hand on what is left after so many
  std::string part;                // of a TreeSearch; empty: a range, or the whole tree
  uint32_t pieces = 0;             // hand on what is left in so many parts; 0: go on to the end
  std::chrono::nanoseconds slice{};  // when this is over, but in rounds
  uint64_t least = 0;              // executions to be made all the same
  std::vector<uint64_t> fatal;     // executions to leave out, by their place in the unit; ascending
  std::vector<uint64_t> known;     // SuspicionId of what need not be told again
  uint32_t found = 0;              // the kinds of those, as bits
  uint64_t covered = 0;            // executions at its beginning whose coverage has been told
  uint64_t offer = 0;              // to be taken before it is begun: SharedState; 0: it is no offer

  void Put(ByteWriter* writer) const;
  bool Get(ByteReader* reader);
};

// Of the executions of a unit up to some moment, or of many units.
struct UnitCounts {
  uint64_t executions = 0;
  uint64_t steps = 0;
  uint64_t cut_by_step_limit = 0;
  uint32_t hangs = 0;             // suspicions of a hang
  bool deferred_spinner = false;  // in some execution, a loop that waits was set aside
  uint64_t not_judged = 0;        // histories of calls

  void Add(const UnitCounts& other);
};

struct RaisedSuspicion {
  uint64_t id = 0;  // SuspicionId
  FindingKind kind = FindingKind::kCrash;
  std::string message;
};

// How far the strategy has got with a unit.
struct SearchState {
  std::string words;   // StrategyProgress::note
  std::string bound;   // StrategyProgress::bound
  std::string counts;  // Strategy::Counts

  void Put(ByteWriter* writer) const;
  bool Get(ByteReader* reader);
};

// When a worker explored something.
struct TimeSpan {
  std::chrono::steady_clock::time_point begin;
  std::chrono::steady_clock::time_point end;
};

// An execution of which the supervisor must know.
struct UnitEvent {
  uint64_t number = 0;  // of the unit
  uint64_t place = 0;   // of the execution in it
  UnitCounts counts;    // of the unit, this execution included
  bool died = false;    // it took the worker with it
  bool needs_unlock_points = false;  // a try_lock was seen: to be explored again with unlocks as
                                     // scheduling points
  std::vector<RaisedSuspicion> raised;
  std::vector<Decision> decisions;  // of the whole execution
  SearchState search;
  Coverage coverage;  // since the unit's event before, or its beginning
  TimeSpan time;      // since the unit's beginning

  void Put(ByteWriter* writer) const;
  bool Get(ByteReader* reader);
};

// Where nobody else could explore it, what is left of a part is handed on for a checkpoint only.
inline constexpr std::chrono::milliseconds kSliceOfWhole{200};

enum class UnitEnd : uint8_t {
  kDone,      // all of it, or as much as `size` allowed
  kNoMore,    // the strategy has nothing more to try, in this unit or behind it
  kHandedOn,  // `parts` are left
  kStopped,   // at an event that ends the campaign
  kTime,      // the campaign's time was up
};

struct UnitResult {
  uint64_t number = 0;
  UnitEnd end = UnitEnd::kDone;
  UnitCounts counts;
  bool exhausted = false;          // every schedule has been explored
  SearchState search;
  Coverage coverage;               // since the last event
  std::vector<std::string> parts;  // in order
  std::string told;                // in rounds: for whoever puts the next one together
  TimeSpan time;

  void Put(ByteWriter* writer) const;
  bool Get(ByteReader* reader);
};

// Tells suspicions of one campaign apart.
uint64_t SuspicionId(FindingKind kind, uint64_t key);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_UNIT_H_
