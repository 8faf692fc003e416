// What an instance of dpor leaves when it hands on, as bytes with a checksum.
#ifndef HEDDLE_HARNESS_STRATEGY_DPOR_LEFT_H_
#define HEDDLE_HARNESS_STRATEGY_DPOR_LEFT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "harness/core/bytes.h"

namespace heddle {

struct DporLeft {
  enum class Kind : uint8_t {
    kNothing,
    kOptimal,
    kBeyond,  // the whole search is to begin again, with source sets
    kSource,
  };

  Kind kind = Kind::kNothing;
  uint64_t executions = 0;  // made by the instance
  std::string state;        // of the search, if it is left; empty: not begun

  std::string ToBytes() const {
    ByteWriter writer;
    writer.Put(kind);
    writer.Put(executions);
    writer.PutText(state);
    return Seal(writer.Take());
  }
  // False: the bytes are damaged.
  bool Restore(std::string_view bytes) {
    if (!Unseal(&bytes)) return false;
    ByteReader reader(bytes);
    return reader.Get(&kind) && kind <= Kind::kSource && reader.Get(&executions) &&
           reader.GetText(&state) && reader.AtEnd();
  }
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_STRATEGY_DPOR_LEFT_H_
