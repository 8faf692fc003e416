// Messages between a worker or replay process and its supervisor: a type and fields, in a pipe.
//
// Both ends are the same program on the same machine, so numbers travel as they are in memory. The
// reader trusts nothing all the same: the writer may have died in the middle of a message, and a
// program under test may write to descriptors that are not its own. So each message begins with a
// frame: a magic, its length, which is bounded, and a checksum.
#ifndef HEDDLE_HARNESS_EXPLORE_WIRE_H_
#define HEDDLE_HARNESS_EXPLORE_WIRE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "harness/core/bytes.h"

namespace heddle {

enum class MessageType : uint8_t {
  kPrepare,     // to a worker: make what every unit needs
  kUnit,        // to a worker: a UnitTask
  kUnitEvent,   // worker: something new was found
  kUnitResult,  // worker: the unit's end
  kRaised,      // replay: the SuspicionId of something that is about to become a finding
  kFinding,     // replay: a finding, reported
  kReplayEnd,   // replay: its last words
  kSmaller,     // minimisation: a smaller schedule
  kDoubtful,    // minimisation: a suspicion that may be the finding by another name
  kReduced,     // minimisation: its last words
  kOrders,      // explanation: the orders of steps that matter, and its last words
};

struct MessageFrame {
  uint64_t magic = 0;
  uint64_t size = 0;      // of what follows
  uint64_t checksum = 0;  // of it
};

// Of what a frame announces. What is left of the largest searches takes some hundred MiB.
inline constexpr uint64_t kMostMessageBytes = uint64_t{4} << 30;

class MessageWriter : public ByteWriter {
 public:
  explicit MessageWriter(MessageType type) {
    Put(MessageFrame{});  // set by Finish
    Put(type);
  }

  // Writes the whole message, however often the pipe is full. False: nobody reads any more.
  bool Send(int pipe);
  // The bytes that Send writes.
  std::string_view Finish();
};

using MessageReader = ByteReader;

// Cuts what arrives in a pipe into messages. An unfinished one at the end is never returned.
class MessageBuffer {
 public:
  void Append(std::string_view bytes);
  // The next complete message; its bytes are valid until the next call. False: none yet.
  bool Next(std::string_view* message);
  // The same, reading from `pipe` until there is one. False: the end of the pipe, or garbled.
  bool Read(int pipe, std::string_view* message);
  // What arrived is no message: somebody else has written to the pipe. Nothing comes any more.
  bool garbled() const { return garbled_; }

 private:
  std::string bytes_;
  size_t begin_ = 0;
  bool garbled_ = false;
};

}  // namespace heddle

#endif  // HEDDLE_HARNESS_EXPLORE_WIRE_H_
