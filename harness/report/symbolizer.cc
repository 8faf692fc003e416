#include "harness/report/symbolizer.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

#include "harness/report/symbol_calls.h"
#include "harness/report/symbol_dwarf.h"
#include "harness/report/symbol_module.h"
#include "harness/report/symbol_name.h"
#include "harness/report/symbol_path.h"

namespace heddle {

using internal::CodePlace;
using internal::CodeRange;
using internal::DebugInfo;
using internal::DirectCall;
using internal::ElfSymbol;
using internal::JoinName;
using internal::Module;
using internal::ModuleLayout;
using internal::NameParts;
using internal::SourcePosition;

class Symbolizer::Impl {
 public:
  // Whose code a frame is. Without debug information there is only a name to judge by: such a frame
  // counts as the user's when the stack has no better one.
  enum class Owner { kLibrary, kUserByName, kUser };

  // A frame with what the reports do not show of it.
  struct Place {
    SourceFrame frame;
    std::string unqualified;
    Owner owner = Owner::kLibrary;
    std::optional<Dwarf_Die> instance;  // set if it comes from debug information

    SourcePosition Position() const { return {frame.line, frame.column}; }
  };

  explicit Impl(SymbolizerOptions options)
      : paths_(options.source_root.empty() ? internal::BuiltSourceRoot() : options.source_root,
               std::move(options.internal_fragments)) {}

  const std::vector<Place>& Places(uintptr_t return_address) {
    auto found = places_.find(return_address);
    if (found == places_.end()) {
      Refresh();
      found = places_.emplace(return_address, Resolve(return_address)).first;
    }
    return found->second;
  }

  // What user frames of the stack are recognised by.
  Owner BestOwner(std::span<const uintptr_t> return_addresses) {
    Owner best = Owner::kUserByName;
    for (const uintptr_t return_address : return_addresses) {
      for (const Place& place : Places(return_address)) best = std::max(best, place.owner);
    }
    return best;
  }

  // The site of the innermost frame at the address that is at least `owner`'s.
  UserSite SiteAt(uintptr_t return_address, Owner owner, std::string_view operation) {
    const std::vector<Place>& places = Places(return_address);
    const auto user = std::find_if(places.begin(), places.end(),
                                   [owner](const Place& place) { return place.owner >= owner; });
    if (user == places.end()) return {};
    UserSite site{user->frame.function, "", 0};
    site.operation =
        user == places.begin() ? CalleeAt(return_address) : std::prev(user)->unqualified;
    if (site.operation.empty()) site.operation = operation;
    if (!user->instance || site.operation.empty()) return site;

    Module* const module = ModuleAt(return_address - 1);
    DebugInfo* const debug = module->debug_info();
    std::set<SourcePosition> positions = {user->Position()};
    for (const SourcePosition& position : debug->InlinedCalls(*user->instance, site.operation)) {
      positions.insert(position);
    }
    for (const CodeRange& range : debug->OwnCode(*user->instance)) {
      const auto code = module->CodeFrom(range.begin + module->layout().bias);
      for (const DirectCall& call :
           internal::FindDirectCalls(code.first(std::min(code.size(), range.end - range.begin)))) {
        if (CalleeName(module, call) != site.operation) continue;
        const SourcePosition position = debug->PositionAt(module->FileAddress(call.next - 1));
        if (position.line != 0) positions.insert(position);
      }
    }
    site.ordinal =
        static_cast<int>(std::distance(positions.begin(), positions.find(user->Position())));
    return site;
  }

  Module* ModuleAt(uintptr_t address) {
    for (const auto& module : modules_) {
      if (module->Contains(address)) return module.get();
    }
    return nullptr;
  }

  // Follows libraries that were loaded or unloaded since the last look-up.
  void Refresh() {
    const uint64_t generation = internal::LoadedGeneration();
    if (!modules_.empty() && generation == generation_) return;
    generation_ = generation;
    places_.clear();
    callees_.clear();
    std::vector<std::unique_ptr<Module>> known = std::exchange(modules_, {});
    for (ModuleLayout& layout : internal::LoadedModules()) {
      const auto same = std::find_if(known.begin(), known.end(), [&](const auto& module) {
        return module && module->layout() == layout;
      });
      modules_.push_back(same == known.end() ? std::make_unique<Module>(std::move(layout))
                                             : std::move(*same));
    }
  }

 private:
  std::vector<Place> Resolve(uintptr_t return_address) {
    Place unknown;
    unknown.frame.function = "??";
    unknown.frame.pc = return_address;
    if (return_address == 0) return {unknown};
    const uintptr_t pc = return_address - 1;
    Module* const module = ModuleAt(pc);
    if (module == nullptr || module->CodeFrom(pc).empty()) return {unknown};

    std::vector<Place> places;
    if (DebugInfo* const debug = module->debug_info()) {
      for (CodePlace& found : debug->PlacesAt(module->FileAddress(pc))) {
        Place place;
        place.frame = {JoinName(found.name), paths_.Display(found.file, found.compiled_in),
                       found.position.line,  found.position.column,
                       found.inlined,        return_address,
                       CodeIn(found.file)};
        if (!found.name.empty()) place.unqualified = std::move(found.name.back());
        if (module->IsSystem()) place.frame.code = SourceFrame::Code::kSystem;
        if (place.frame.code == SourceFrame::Code::kUser) place.owner = Owner::kUser;
        place.instance = found.instance;
        places.push_back(std::move(place));
      }
    }
    if (!places.empty()) return places;
    const ElfSymbol* const symbol = module->FunctionAt(pc);
    if (symbol == nullptr) return {unknown};
    const NameParts name = internal::ParseSymbol(symbol->name);
    Place place = unknown;
    place.frame.function = JoinName(name);
    if (!name.empty()) place.unqualified = name.back();
    if (!module->IsSystem() && IsUserName(name)) {
      place.frame.code = SourceFrame::Code::kUser;
      place.owner = Owner::kUserByName;
    }
    return {place};
  }

  SourceFrame::Code CodeIn(std::string_view file) const {
    if (paths_.IsUser(file)) return SourceFrame::Code::kUser;
    if (file.empty()) return SourceFrame::Code::kUnknown;
    const bool system = internal::SourcePaths::IsSystem(internal::NormalizePath(file));
    return system && file.find("/include/heddle/") == file.npos ? SourceFrame::Code::kSystem
                                                                : SourceFrame::Code::kHeddle;
  }

  // For code without debug information.
  static bool IsUserName(const NameParts& name) {
    static constexpr std::string_view kLibraries[] = {"heddle", "HeddleCallWatched", "std",
                                                      "testing"};
    if (name.empty() || name.front().starts_with('_') || name.back().starts_with('_')) return false;
    return std::find(std::begin(kLibraries), std::end(kLibraries), name.front()) ==
           std::end(kLibraries);
  }

  // The unqualified name of what is called directly by the instruction before the address; empty if
  // it is not known.
  std::string CalleeAt(uintptr_t return_address) {
    Module* const module = ModuleAt(return_address - 1);
    for (const DirectCall& call :
         internal::CallsEndingAt(return_address, module->CodeBefore(return_address))) {
      std::string name = CalleeName(module, call);
      if (!name.empty()) return name;
    }
    return "";
  }

  // Empty unless the target is the entry of a function.
  std::string CalleeName(Module* module, const DirectCall& call) {
    if (!call.from_slot) return EntryName(call.target);
    const char* const import = module->ImportAt(call.target);
    return import == nullptr ? "" : Unqualified(import);
  }

  const std::string& EntryName(uintptr_t target) {
    const auto [entry, inserted] = callees_.try_emplace(target);
    if (!inserted) return entry->second;
    Module* const module = ModuleAt(target);
    if (module == nullptr) return entry->second;
    const ElfSymbol* const symbol = module->FunctionAt(target);
    if (symbol != nullptr) {
      if (symbol->begin == target) entry->second = Unqualified(symbol->name);
    } else if (const auto slot = internal::LinkageStubSlot(module->CodeFrom(target))) {
      if (const char* const import = module->ImportAt(*slot)) entry->second = Unqualified(import);
    }
    return entry->second;
  }

  static std::string Unqualified(const char* symbol) {
    NameParts name = internal::ParseSymbol(symbol);
    return name.empty() ? "" : std::move(name.back());
  }

  const internal::SourcePaths paths_;
  uint64_t generation_ = 0;
  std::vector<std::unique_ptr<Module>> modules_;
  std::unordered_map<uintptr_t, std::vector<Place>> places_;
  std::unordered_map<uintptr_t, std::string> callees_;
};

Symbolizer::Symbolizer() : Symbolizer(SymbolizerOptions()) {}

Symbolizer::Symbolizer(SymbolizerOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}

Symbolizer::~Symbolizer() = default;

std::vector<SourceFrame> Symbolizer::Frames(uintptr_t return_address) {
  std::vector<SourceFrame> frames;
  for (const Impl::Place& place : impl_->Places(return_address)) frames.push_back(place.frame);
  return frames;
}

std::vector<SourceFrame> Symbolizer::UserStack(std::span<const uintptr_t> return_addresses) {
  std::vector<SourceFrame> frames;
  size_t first_user = 0;
  size_t after_user = 0;  // 0: none yet
  const Impl::Owner owner = impl_->BestOwner(return_addresses);
  for (const uintptr_t return_address : return_addresses) {
    for (const Impl::Place& place : impl_->Places(return_address)) {
      frames.push_back(place.frame);
      if (place.owner < owner) continue;
      if (after_user == 0) first_user = frames.size() - 1;
      after_user = frames.size();
    }
  }
  if (after_user == 0) return frames;
  return {frames.begin() + static_cast<ptrdiff_t>(first_user),
          frames.begin() + static_cast<ptrdiff_t>(after_user)};
}

UserSite Symbolizer::Site(std::span<const uintptr_t> return_addresses) {
  const Impl::Owner owner = impl_->BestOwner(return_addresses);
  std::string inner;  // the outermost function of the frame before
  for (const uintptr_t return_address : return_addresses) {
    UserSite site = impl_->SiteAt(return_address, owner, inner);
    if (!site.function.empty()) return site;
    inner = impl_->Places(return_address).back().unqualified;
  }
  return {};
}

int Symbolizer::OperationOrdinal(uintptr_t return_address, std::string_view operation) {
  const Impl::Owner owner = impl_->BestOwner({&return_address, 1});
  return impl_->SiteAt(return_address, owner, operation).ordinal;
}

std::string Symbolizer::DataSymbol(uintptr_t address) {
  impl_->Refresh();
  Module* const module = impl_->ModuleAt(address);
  const ElfSymbol* const symbol = module == nullptr ? nullptr : module->DataAt(address);
  if (symbol == nullptr) return "";
  std::string name = JoinName(internal::ParseSymbol(symbol->name));
  if (address > symbol->begin) {
    name += '+';
    name += std::to_string(address - symbol->begin);
  }
  return name;
}

std::optional<ModuleOffset> Symbolizer::DataModuleOffset(uintptr_t address) {
  impl_->Refresh();
  Module* const module = impl_->ModuleAt(address);
  if (module == nullptr) return std::nullopt;
  return ModuleOffset{module->Basename(), module->FileAddress(address)};
}

}  // namespace heddle
