#include "harness/explore/shard.h"

#include <charconv>

namespace heddle {
namespace {

std::optional<uint32_t> Number(std::string_view text) {
  uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

constexpr uint32_t kMostShards = 1'000'000;

// Names of variables. `first`: of the number that the index counts from; `step`: of the distance
// between two indexes. Null: 0 and 1.
struct Source {
  const char* index;
  const char* count;
  const char* first = nullptr;
  const char* step = nullptr;
};

constexpr Source kSources[] = {
    {"GTEST_SHARD_INDEX", "GTEST_TOTAL_SHARDS"},
    {"TEST_SHARD_INDEX", "TEST_TOTAL_SHARDS"},
    {"JOB_COMPLETION_INDEX", "JOB_COMPLETIONS"},
    {"SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MIN",
     "SLURM_ARRAY_TASK_STEP"},
};

}  // namespace

std::string Shard::ToText() const {
  return std::to_string(index + 1) + "/" + std::to_string(count);
}

std::optional<Shard> ParseShard(std::string_view text, std::string* error) {
  const size_t slash = text.find('/');
  const auto index = Number(text.substr(0, slash));
  const auto count =
      slash == std::string_view::npos ? std::nullopt : Number(text.substr(slash + 1));
  if (index && count && *index >= 1 && *index <= *count && *count <= kMostShards) {
    return Shard{*index - 1, *count};
  }
  *error = "expected i/n with i from 1 to n, and n at most " + std::to_string(kMostShards) +
           ", such as 2/3, found '" + std::string(text) + "'";
  return std::nullopt;
}

std::optional<Shard> ShardFromEnvironment(const std::function<const char*(const char*)>& get,
                                          std::string* source, std::string* error) {
  for (const Source& names : kSources) {
    const char* const index_text = get(names.index);
    const char* const count_text = get(names.count);
    if (index_text == nullptr && count_text == nullptr) continue;
    *source = std::string(names.index) + " and " + names.count;
    if (index_text == nullptr || count_text == nullptr) {
      const bool index = index_text == nullptr;
      *error = std::string(index ? names.count : names.index) + " is set, but " +
               (index ? names.index : names.count) + " is not; set both, or give --shard=i/n";
      return std::nullopt;
    }
    const auto value = [&](const char* name, uint32_t otherwise) -> std::optional<uint32_t> {
      const char* const text = name == nullptr ? nullptr : get(name);
      return text == nullptr ? otherwise : Number(text);
    };
    const auto index = Number(index_text);
    const auto count = Number(count_text);
    const auto first = value(names.first, 0);
    const auto step = value(names.step, 1);
    if (index && count && first && step && *step > 0 && *index >= *first &&
        (*index - *first) / *step < *count && *count <= kMostShards) {
      return Shard{(*index - *first) / *step, *count};
    }
    *error = std::string(names.index) + "=" + index_text + " of " + names.count + "=" + count_text +
             " is no shard; expected an index" +
             (names.first == nullptr ? " from 0" : " from " + std::string(names.first)) +
             " and fewer than the count behind it, or give --shard=i/n";
    return std::nullopt;
  }
  return Shard{};
}

void ShardLog::Put(ByteWriter* writer) const {
  writer->Put(elsewhere);
  writer->Put(keep_going);
  writer->Put(expected);
  writer->Put(allowed);
  writer->Put(max_steps);
  writer->Put(static_cast<uint64_t>(events.size()));
  for (const ShardEvent& event : events) {
    writer->Put(event.base);
    writer->Put(event.place);
    writer->Put(event.counts);
    writer->Put(event.found);
    writer->Put(event.died);
    writer->Put(event.needs_unlock_points);
    writer->Put(event.findings);
    event.search.Put(writer);
    event.coverage.Put(writer);
  }
  writer->Put(static_cast<uint64_t>(units.size()));
  for (const ShardUnit& unit : units) {
    writer->Put(unit.base);
    writer->Put(unit.counts);
    writer->Put(unit.last);
    writer->Put(unit.exhausted);
    unit.search.Put(writer);
    unit.coverage.Put(writer);
  }
}

bool ShardLog::Get(ByteReader* reader) {
  uint64_t count = 0;
  if (!reader->Get(&elsewhere) || !reader->Get(&keep_going) || !reader->Get(&expected) ||
      !reader->Get(&allowed) || !reader->Get(&max_steps) || !reader->Get(&count)) {
    return false;
  }
  for (events.clear(); count > 0; --count) {
    ShardEvent event;
    if (!reader->Get(&event.base) || !reader->Get(&event.place) || !reader->Get(&event.counts) ||
        !reader->Get(&event.found) || !reader->Get(&event.died) ||
        !reader->Get(&event.needs_unlock_points) || !reader->Get(&event.findings) ||
        !event.search.Get(reader) || !event.coverage.Get(reader)) {
      return false;
    }
    events.push_back(std::move(event));
  }
  if (!reader->Get(&count)) return false;
  for (units.clear(); count > 0; --count) {
    ShardUnit unit;
    if (!reader->Get(&unit.base) || !reader->Get(&unit.counts) || !reader->Get(&unit.last) ||
        !reader->Get(&unit.exhausted) || !unit.search.Get(reader) || !unit.coverage.Get(reader)) {
      return false;
    }
    units.push_back(std::move(unit));
  }
  return true;
}

}  // namespace heddle
