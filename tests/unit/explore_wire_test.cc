// Messages between processes: whole, in pieces, cut off.
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "harness/explore/unit.h"
#include "harness/explore/wire.h"

namespace heddle {
namespace {

// What `send` writes to a pipe.
template <typename Send>
std::string Written(const Send& send) {
  int fds[2];
  EXPECT_EQ(::pipe(fds), 0);
  std::thread writer([&] {
    send(fds[1]);
    ::close(fds[1]);
  });
  std::string bytes;
  char buffer[4096];
  for (ssize_t size; (size = ::read(fds[0], buffer, sizeof(buffer))) > 0;) {
    bytes.append(buffer, static_cast<size_t>(size));
  }
  writer.join();
  ::close(fds[0]);
  return bytes;
}

UnitEvent Example() {
  UnitEvent message;
  message.number = 3;
  message.place = 12;
  message.counts = {13, 400, 1, 2, true};
  message.raised = {{77, FindingKind::kDeadlock, std::string("with\0zero", 9)},
                    {78, FindingKind::kDataRace, ""}};
  message.search = {"depth-first", "up to 2 preemptions", std::string("\0\1", 2)};
  for (uint32_t i = 0; i < 100'000; ++i) {  // more than a pipe holds
    message.decisions.push_back(Decision::Pick(ThreadId{i % 7}, OpKind::kLock));
  }
  return message;
}

std::string Sent(const UnitEvent& message) {
  return Written([&](int pipe) {
    MessageWriter writer(MessageType::kUnitEvent);
    message.Put(&writer);
    EXPECT_TRUE(writer.Send(pipe));
  });
}

TEST(Wire, AnEventArrivesAsItWasSent) {
  const UnitEvent sent = Example();
  MessageBuffer buffer;
  buffer.Append(Sent(sent));
  std::string_view bytes;
  ASSERT_TRUE(buffer.Next(&bytes));
  MessageReader reader(bytes);
  MessageType type;
  UnitEvent got;
  ASSERT_TRUE(reader.Get(&type));
  EXPECT_EQ(type, MessageType::kUnitEvent);
  ASSERT_TRUE(got.Get(&reader));
  EXPECT_EQ(got.number, sent.number);
  EXPECT_EQ(got.place, sent.place);
  EXPECT_EQ(got.counts.steps, sent.counts.steps);
  EXPECT_EQ(got.counts.hangs, sent.counts.hangs);
  ASSERT_EQ(got.raised.size(), 2u);
  EXPECT_EQ(got.raised[0].id, 77u);
  EXPECT_EQ(got.raised[0].kind, FindingKind::kDeadlock);
  EXPECT_EQ(got.raised[0].message, sent.raised[0].message);
  EXPECT_EQ(got.search.counts, sent.search.counts);
  EXPECT_EQ(got.decisions, sent.decisions);
  EXPECT_FALSE(buffer.Next(&bytes));
}

TEST(Wire, BytesMayArriveOneByOne) {
  const std::string all = Written([](int pipe) {
    for (uint64_t i = 0; i < 3; ++i) {
      MessageWriter writer(MessageType::kFinding);
      writer.Put(i);
      writer.Send(pipe);
    }
  });
  MessageBuffer buffer;
  uint64_t received = 0;
  for (const char byte : all) {
    buffer.Append({&byte, 1});
    std::string_view bytes;
    while (buffer.Next(&bytes)) {
      MessageReader reader(bytes);
      MessageType type;
      uint64_t number = 99;
      ASSERT_TRUE(reader.Get(&type));
      ASSERT_TRUE(reader.Get(&number));
      EXPECT_EQ(number, received++);
    }
  }
  EXPECT_EQ(received, 3u);
}

TEST(Wire, AMessageCutOffIsNeverSeen) {
  const std::string all = Sent(Example());
  for (const size_t length : {size_t{0}, size_t{7}, size_t{8}, size_t{9}, all.size() - 1}) {
    MessageBuffer buffer;
    buffer.Append(std::string_view(all).substr(0, length));
    std::string_view bytes;
    EXPECT_FALSE(buffer.Next(&bytes)) << length;
    EXPECT_FALSE(buffer.garbled()) << length;
  }
}

// What somebody else writes to the pipe is known at its first byte, and nothing behind it is taken
// for a message.
TEST(Wire, WhatIsNoMessageIsKnownAtOnce) {
  const std::string message = Sent(Example());
  for (const std::string garbage : {"g", "garbage", "garbage, and much more of it than a frame"}) {
    MessageBuffer buffer;
    buffer.Append(message + garbage);
    std::string_view bytes;
    EXPECT_TRUE(buffer.Next(&bytes));
    EXPECT_FALSE(buffer.garbled());
    EXPECT_FALSE(buffer.Next(&bytes));
    EXPECT_TRUE(buffer.garbled());
    buffer.Append(message);
    EXPECT_FALSE(buffer.Next(&bytes));
  }
}

TEST(Wire, AMessageThatWasWrittenIntoIsNotTaken) {
  const std::string message = Sent(Example());
  for (const size_t place : {sizeof(MessageFrame), sizeof(MessageFrame) + 70, message.size() - 1}) {
    std::string damaged = message;
    damaged[place] = static_cast<char>(damaged[place] + 1);
    MessageBuffer buffer;
    buffer.Append(damaged);
    std::string_view bytes;
    EXPECT_FALSE(buffer.Next(&bytes)) << place;
    EXPECT_TRUE(buffer.garbled()) << place;
  }
}

// Nobody waits for bytes that never come.
TEST(Wire, ALengthThatNoMessageHasIsNotBelieved) {
  std::string message = Sent(Example());
  const uint64_t size = kMostMessageBytes + 1;
  std::memcpy(message.data() + offsetof(MessageFrame, size), &size, sizeof(size));
  MessageBuffer buffer;
  buffer.Append(message);
  std::string_view bytes;
  EXPECT_FALSE(buffer.Next(&bytes));
  EXPECT_TRUE(buffer.garbled());
}

TEST(Wire, FieldsThatAreNotThereAreNotRead) {
  MessageReader empty("");
  uint64_t number;
  std::string text;
  EXPECT_FALSE(empty.Get(&number));
  EXPECT_FALSE(empty.GetText(&text));
  // A text that claims to be longer than the message, and a vector of a fraction of an element.
  const uint64_t size = 1'000'000;
  MessageReader lying(std::string_view(reinterpret_cast<const char*>(&size), sizeof(size)));
  EXPECT_FALSE(lying.GetText(&text));
  const uint64_t odd[] = {5, 0};
  MessageReader fraction(std::string_view(reinterpret_cast<const char*>(odd), 13));
  std::vector<uint32_t> numbers;
  EXPECT_FALSE(fraction.GetVector(&numbers));
}

}  // namespace
}  // namespace heddle
