#include "harness/strategy/root_list.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "harness/core/check.h"

namespace heddle {
namespace {

// So large that there are few, and so small that memory is given back as it is read.
constexpr size_t kChunk = size_t{1} << 16;
constexpr size_t kMostOfNumber = 5;  // bytes
constexpr size_t kMostOfDecision = 1 + 2 * kMostOfNumber;
constexpr uint8_t kValue = 0x80;  // in the byte of a decision's kind
static_assert(kOpKinds <= kValue);

// Seven bits in a byte, the lowest first; the highest bit says that there are more.
void PutNumber(char** to, uint32_t number) {
  for (; number >= 0x80; number >>= 7) *(*to)++ = static_cast<char>(number | 0x80);
  *(*to)++ = static_cast<char>(number);
}

void PutDecision(char** to, Decision decision) {
  *(*to)++ = static_cast<char>(decision.kind | (decision.is_value ? kValue : 0));
  PutNumber(to, decision.value);
  if (decision.is_value) PutNumber(to, decision.bound);
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  uint8_t Byte() {
    HEDDLE_CHECK(position_ < bytes_.size(), "a list of roots that ends too soon");
    return static_cast<uint8_t>(bytes_[position_++]);
  }
  uint32_t Number() {
    uint32_t number = 0;
    for (int shift = 0; shift < 35; shift += 7) {
      const uint8_t byte = Byte();
      number |= static_cast<uint32_t>(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return number;
  }
  Decision NextDecision() {
    const uint8_t kind = Byte();
    Decision decision{Number(), 0, static_cast<uint8_t>(kind & ~kValue), kind >= kValue};
    if (decision.is_value) decision.bound = static_cast<uint16_t>(Number());
    return decision;
  }
  size_t position() const { return position_; }

 private:
  std::string_view bytes_;
  size_t position_ = 0;
};

}  // namespace

RootList::Header RootList::HeaderAt(const std::string& chunk, size_t position) {
  Header header;
  std::memcpy(&header, chunk.data() + position, sizeof(header));
  return header;
}

void RootList::Add(uint64_t group, std::span<const Decision> path, size_t length, Decision last,
                   uint32_t values_end) {
  const bool is_first = group != group_;
  if (is_first) {
    group_ = group;
    length_ = 0;
    if (first_ == chunks_.size() || chunks_.back().size() >= kChunk) chunks_.emplace_back();
    header_ = chunks_.back().size();
    chunks_.back().append(sizeof(Header), '\0');
    bytes_ += sizeof(Header);
  }
  std::string& chunk = chunks_.back();
  // The one before goes on otherwise behind what it has of the path.
  const size_t kept = std::min(length, length_);
  const auto fresh = path.subspan(kept, length - kept);
  const size_t before = chunk.size();
  chunk.resize(before + 3 * kMostOfNumber + (fresh.size() + 1) * kMostOfDecision);
  char* to = chunk.data() + before;
  PutNumber(&to, static_cast<uint32_t>(kept));
  PutNumber(&to, static_cast<uint32_t>(fresh.size()));
  for (const Decision decision : fresh) PutDecision(&to, decision);
  PutDecision(&to, last);
  if (last.is_value) PutNumber(&to, values_end);
  chunk.resize(static_cast<size_t>(to - chunk.data()));

  const size_t added = chunk.size() - before;
  Header header = HeaderAt(chunk, header_);
  header.bytes += static_cast<uint32_t>(added);
  ++header.roots;
  std::memcpy(chunk.data() + header_, &header, sizeof(header));
  length_ = length;
  bytes_ += added;
  ++size_;
}

void RootList::PopFront() {
  chunks_[first_++] = {};
  position_ = 0;
  if (first_ < chunks_.size()) return;
  chunks_.clear();
  first_ = 0;
  group_ = 0;
}

void RootList::Read() {
  const std::string& chunk = chunks_[first_];
  size_t begin = position_;
  if (left_ == 0) {
    const Header header = HeaderAt(chunk, begin);
    begin += sizeof(header);
    left_ = header.roots;
    end_ = begin + header.bytes;
    root_.decisions.clear();
  }
  Reader reader(std::string_view(chunk).substr(begin, end_ - begin));
  const uint32_t kept = reader.Number();
  const uint32_t fresh = reader.Number();
  HEDDLE_CHECK(kept <= root_.decisions.size(), "a root that keeps more than there is");
  root_.decisions.resize(kept);
  for (uint32_t i = 0; i <= fresh; ++i) root_.decisions.push_back(reader.NextDecision());
  root_.values_end = root_.decisions.back().is_value ? reader.Number() : 0;
  const size_t end = begin + reader.position();
  bytes_ -= end - position_;
  position_ = end;
  --left_;
  --size_;
}

const RootList::Root* RootList::Take() {
  if (size_ == 0) return nullptr;
  Read();
  if (position_ == chunks_[first_].size()) PopFront();
  return &root_;
}

// The next root of a group that has been begun is told in full; those behind it are as they were.
void RootList::Settle() {
  group_ = 0;
  if (left_ == 0) return;
  const uint32_t roots = left_;
  const size_t end = end_;
  Read();
  RootList whole;
  const std::span<const Decision> decisions(root_.decisions);
  whole.Add(1, decisions.first(decisions.size() - 1), decisions.size() - 1, decisions.back(),
            root_.values_end);
  std::string chunk = std::move(whole.chunks_[0]);
  Header header = HeaderAt(chunk, 0);
  header.bytes += static_cast<uint32_t>(end - position_);
  header.roots = roots;
  std::memcpy(chunk.data(), &header, sizeof(header));
  chunk.append(chunks_[first_], position_);
  chunks_[first_] = std::move(chunk);
  size_ += 1;
  bytes_ += whole.bytes_;
  position_ = left_ = 0;
}

RootList RootList::TakeMany(uint64_t count) {
  Settle();
  RootList taken;
  while (count > 0 && size_ > 0) {
    std::string& chunk = chunks_[first_];
    const size_t begin = position_;
    const uint64_t size = size_;
    while (position_ < chunk.size()) {
      const Header header = HeaderAt(chunk, position_);
      if (header.roots > count) break;
      position_ += sizeof(header) + header.bytes;
      size_ -= header.roots;
      count -= header.roots;
    }
    taken.size_ += size - size_;
    taken.bytes_ += position_ - begin;
    bytes_ -= position_ - begin;
    if (position_ == chunk.size()) {
      chunk.erase(0, begin);
      taken.chunks_.push_back(std::move(chunk));
      PopFront();
      continue;
    }
    if (position_ > begin) taken.chunks_.push_back(chunk.substr(begin, position_ - begin));
    if (count == 0) break;
    // The beginning of a group.
    const size_t group = position_;
    for (uint64_t i = 0; i < count; ++i) Read();
    const Header header{static_cast<uint32_t>(position_ - group - sizeof(Header)),
                        static_cast<uint32_t>(count)};
    std::string part = chunk.substr(group, position_ - group);
    std::memcpy(part.data(), &header, sizeof(header));
    taken.size_ += count;
    taken.bytes_ += part.size();
    taken.chunks_.push_back(std::move(part));
    count = 0;
    Settle();
  }
  return taken;
}

void RootList::Append(RootList behind) {
  behind.Settle();
  group_ = 0;
  for (size_t i = behind.first_; i < behind.chunks_.size(); ++i) {
    std::string& chunk = behind.chunks_[i];
    if (i == behind.first_) chunk.erase(0, behind.position_);
    if (first_ < chunks_.size() && chunks_.back().size() + chunk.size() <= kChunk) {
      chunks_.back() += chunk;
    } else {
      chunks_.push_back(std::move(chunk));
    }
  }
  size_ += behind.size_;
  bytes_ += behind.bytes_;
}

void RootList::CutTo(size_t bytes) {
  Settle();
  if (bytes_ <= bytes) return;
  size_ = 0;
  size_t kept = 0;
  size_t position = position_;
  size_t i = first_;
  for (;; position = 0, ++i) {
    for (const std::string& chunk = chunks_[i]; position < chunk.size();) {
      const Header header = HeaderAt(chunk, position);
      const size_t group = sizeof(header) + header.bytes;
      if (kept + group > bytes) {
        bytes_ = kept;
        chunks_[i].resize(position);
        chunks_.resize(i + (position > 0 ? 1 : 0));
        if (size_ == 0) *this = {};
        return;
      }
      kept += group;
      position += group;
      size_ += header.roots;
    }
  }
}

void RootList::Put(ByteWriter* writer) const {
  HEDDLE_CHECK(left_ == 0, "a list that ends in the middle of a group");
  writer->Put(static_cast<uint64_t>(chunks_.size() - first_));
  for (size_t i = first_; i < chunks_.size(); ++i) {
    writer->PutText(std::string_view(chunks_[i]).substr(i == first_ ? position_ : 0));
  }
}

bool RootList::Get(ByteReader* reader) {
  uint64_t chunks = 0;
  if (!reader->Get(&chunks)) return false;
  for (; chunks > 0; --chunks) {
    std::string& chunk = chunks_.emplace_back();
    if (!reader->GetText(&chunk) || chunk.empty()) return false;
    bytes_ += chunk.size();
    for (size_t position = 0; position < chunk.size();) {
      if (chunk.size() - position < sizeof(Header)) return false;
      const Header header = HeaderAt(chunk, position);
      position += sizeof(header);
      if (header.roots == 0 || header.bytes > chunk.size() - position) return false;
      position += header.bytes;
      size_ += header.roots;
    }
  }
  return true;
}

}  // namespace heddle
