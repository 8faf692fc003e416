// What an instance of dpor leaves when it hands on, as bytes.
#ifndef HEDDLE_HARNESS_STRATEGY_DPOR_LEFT_H_
#define HEDDLE_HARNESS_STRATEGY_DPOR_LEFT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "harness/core/bytes.h"
#include "harness/strategy/dpor_part.h"
#include "harness/strategy/parsimonious_search.h"

namespace heddle {

struct DporLeft {
  enum class Kind : uint8_t {
    kNothing,
    kSearch,
    kBeyond,  // the whole search is to begin again, with trees
    kTrees,
  };

  Kind kind = Kind::kNothing;
  uint64_t executions = 0;  // made by the instance
  ParsimoniousSearch search;
  DporPart trees{DporMode::kOptimal};  // begun or not

  // `state`: of the search or the trees, if they are left; empty: not begun.
  static std::string Bytes(Kind kind, uint64_t executions, std::string_view state) {
    ByteWriter writer;
    writer.Put(kind);
    writer.Put(executions);
    writer.PutText(state);
    const std::string all = writer.Take();
    ByteWriter checked;
    checked.Put(HashBytes(all));
    checked.PutText(all);
    return checked.Take();
  }
  std::string ToBytes() const {
    return Bytes(kind, executions,
                 kind == Kind::kSearch                     ? search.ToBytes()
                 : kind == Kind::kTrees && trees.started() ? trees.ToBytes()
                                                           : std::string());
  }
  // Into a new one. False: the bytes are damaged.
  bool Restore(std::string_view bytes) {
    ByteReader checked(bytes);
    uint64_t hash = 0;
    std::string all;
    if (!checked.Get(&hash) || !checked.GetText(&all) || !checked.AtEnd() ||
        HashBytes(all) != hash) {
      return false;
    }
    ByteReader reader(all);
    std::string state;
    if (!reader.Get(&kind) || kind > Kind::kTrees || !reader.Get(&executions) ||
        !reader.GetText(&state) || !reader.AtEnd()) {
      return false;
    }
    if (kind == Kind::kSearch) return search.Restore(state);
    std::vector<ThreadPlace> places;
    std::vector<uint32_t> names;
    return state.empty() || (kind == Kind::kTrees && trees.Restore(state, &places, &names));
  }

  double ShareLeft() const {
    if (kind == Kind::kSearch) return search.ShareLeft();
    return kind == Kind::kTrees ? trees.ShareLeft() : 0;
  }
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_DPOR_LEFT_H_
