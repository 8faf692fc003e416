// What a bounded search has left to explore: the schedules of the price that it is at, and those
// that it has put off until their price has come.
//
// What is put off has a limit in memory. What does not fit is left out: the dearest, and of those
// of one price the last. So what is left out is the same whoever has put it off, and in how many
// parts; lists that were cut are cut again when they are put together. And it has one in how many
// executions there will be, since each schedule takes one: once there are enough of some price and
// less, nothing dearer is kept, nor added to those; no execution would come to it.
// Threading: one.
#ifndef HEDDLE_HARNESS_STRATEGY_BOUNDED_REST_H_
#define HEDDLE_HARNESS_STRATEGY_BOUNDED_REST_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/schedule/decision.h"
#include "harness/strategy/root_list.h"

namespace heddle {

struct BoundedLimits {
  size_t memory = size_t{128} << 20;  // bytes of what is put off
  uint64_t executions = std::numeric_limits<uint64_t>::max();  // of the search, by all instances
};

struct BoundedRest {
  static constexpr uint32_t kNever = std::numeric_limits<uint32_t>::max();

  uint32_t price = 0;
  RootList here;  // of this price
  // What is put off at this price for so much or more has no place: something that comes before it
  // had none.
  uint32_t closed_from = kNever;
  std::vector<RootList> put_off;  // of price + 1, price + 2 ...
  size_t memory = 0;              // of those
  // Schedules that have nothing left out before them: of this price when it was begun or handed on,
  // and with those that are put off.
  uint64_t begun = 0;
  uint64_t reachable = 0;

  // Of a part of a search, which goes on at its price only; or all that is left, price by price.
  bool is_part = false;
  // What whoever left this has made of what it got: to tell how much to give away next.
  uint64_t steps = 0;
  uint64_t roots = 0;

  // `of_price`: more than `price`. RootList::Add says the rest. False: it has no place.
  bool PutOff(uint32_t of_price, uint64_t group, std::span<const Decision> path, size_t length,
              Decision last);
  // What another has put off at this price, behind what is here.
  void Append(BoundedRest other);
  // Leaves out what is beyond the limits.
  void CutTo(const BoundedLimits& limits);
  // On to the next price for which something was put off. False: there is none.
  bool GoOn(const BoundedLimits& limits);
  // The first so many schedules of this price, as a part.
  std::string PartOf(uint64_t roots_of_part);
  bool empty() const { return here.empty() && memory == 0; }
  uint64_t Roots() const;

  // Of `here`, RootList::Put says when.
  std::string ToBytes() const;
  // Into a new one. False: the bytes are damaged.
  bool Restore(std::string_view bytes);

 private:
  void Recount();  // memory and reachable
  // Nothing more of this price has a place, and nothing dearer.
  void CloseFrom(uint32_t of_price);
};

// What instances of the search tell each other of what they have made: see TreeSearch::Counts.
struct BoundedCounts {
  uint64_t executions = 0;
  uint32_t price = 0;  // of the last one
  // Of this price or more, something was left out or not seen to its end.
  uint32_t incomplete_from = BoundedRest::kNever;

  std::string ToBytes() const;
  // Those of another instance. False: they are no counts.
  bool Add(std::string_view bytes);
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_BOUNDED_REST_H_
