// Frontier: the units of a campaign that are not part of its result yet, in their order, from those
// at whose executions a single worker would be to those it would come to last.
//
// Units are handed to workers from the front; what comes of them waits here until all before them
// are done. Of a search by parts, a unit that hands on what is left is followed by its parts; of
// one by index, the units behind the common executions are made when they are wanted. Their sizes
// grow with the index, so that there are few of them and the last ones still are a small share of
// all. Of a search in rounds, what its units tell is for whoever puts the next round together; how
// long a unit is explored is counted in steps, not in time, because what is found in it depends on
// that.
// Threading: one. Cost: a few list nodes for each worker.
#ifndef HEDDLE_HARNESS_EXPLORE_FRONTIER_H_
#define HEDDLE_HARNESS_EXPLORE_FRONTIER_H_

#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/explore/shard.h"
#include "harness/explore/unit.h"

namespace heddle {

struct Unit {
  uint64_t number = 0;
  uint64_t first = 0;
  uint64_t size = 0;
  uint64_t steps = 0;  // in rounds: what is left is handed on after so many
  std::string part;
  enum class State : uint8_t { kWaiting, kRunning, kEnded } state = State::kWaiting;

  std::deque<UnitEvent> events;         // not part of the campaign's result yet; ascending
  std::optional<uint64_t> last_event;   // the place of the last one there was
  uint32_t hangs = 0;                   // at that one
  uint64_t covered = 0;                 // executions whose coverage events have told
  std::optional<uint64_t> merged;       // the place of the last one that is part of it
  uint32_t merged_hangs = 0;            // at that one
  uint64_t merged_covered = 0;          // as `covered`, of what is part of it
  std::optional<uint64_t> handed_on_by;  // another unit's number
  uint64_t handed_on = 0;               // units, when it has ended
  std::vector<uint64_t> fatal;          // places of the executions that killed their worker
  // Where a worker was killed once, perhaps by chance: the execution's place, its decisions so far.
  std::optional<std::pair<uint64_t, uint64_t>> killed_at;
  UnitResult result;                    // when it has ended
};

class Frontier {
 public:
  enum class Division : uint8_t { kWhole, kByIndex, kByParts, kInRounds };

  // `most`: executions of the campaign. `common`: by index, those that come first. Of the ranges
  // behind those, a shard has its share.
  Frontier(Division division, uint64_t most, uint64_t common, Shard shard = {});

  // The first unit that waits for a worker; null: none does now.
  Unit* NextToRun();
  Unit* Find(uint64_t number);
  // The first unit; null: there is none, and none will come.
  Unit* Front();
  void PopFront() { units_.pop_front(); }
  // The unit has ended, or ended with `result` as far as it is known.
  void End(Unit* unit, UnitResult result);
  // The parts of the next round, after one with so many steps in all before it.
  void BeginRound(std::vector<std::string> parts, uint64_t steps_before);
  // Once more from its beginning, with this many executions. What comes behind it is forgotten.
  void CutShort(Unit* front, uint64_t size);
  std::list<Unit>& units() { return units_; }
  // campaign_save.cc; Restore into a new one that was made alike. False: the bytes are damaged.
  void Save(ByteWriter* writer) const;
  bool Restore(ByteReader* reader);
  Division division() const { return division_; }

 private:
  Unit* AppendByIndex();

  const Division division_;
  const uint64_t most_;
  const uint64_t common_;
  const Shard shard_;
  std::list<Unit> units_;
  uint64_t numbers_ = 0;
  uint64_t next_index_ = 0;  // of what no unit has yet
  uint64_t ranges_ = 0;      // before it, behind the common executions
  bool closed_ = false;      // no unit comes behind the last
};

// In how many parts what is left of a search is handed on, at most.
inline constexpr uint32_t kPiecesOfSearch = 16;

// How many executions the unit has that begins with execution `first`.
uint64_t UnitSize(uint64_t first);

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_FRONTIER_H_
