#include "sim/scenario/lab.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <utility>

#include "models/base/text.hpp"
#include "models/network/path.hpp"
#include "models/network/unoffloaded_rate.hpp"
#include "models/registry.hpp"
#include "sim/scenario/board_slots.hpp"
#include "sim/scenario/drive_slot.hpp"
#include "sim/scenario/read_pools.hpp"

namespace labtwin {
namespace {

CpuSpec read_cpu(TableReader table) {
  CpuSpec cpu;
  cpu.cores = table.required<int>("cores", between(1, 4096));
  cpu.clock = table.optional<PerSecond>("clock", kPositive);
  return cpu;
}

MemorySpec read_memory(TableReader table) {
  MemorySpec memory;
  memory.size = table.required<Bytes>("size", kPositive);
  memory.bandwidth = table.optional<BytesPerSecond>("bandwidth", kPositive);
  storage::DirtyLimits& dirty = memory.dirty;
  dirty.background_ratio = table.value_or<double>("dirty_background_ratio", dirty.background_ratio, between(0.0, 1.0));
  dirty.ratio = table.value_or<double>("dirty_ratio", dirty.ratio, between(0.0, 1.0));
  if (dirty.ratio < dirty.background_ratio) table.fail("dirty_ratio", "must not be less than dirty_background_ratio");
  memory.arc_max = table.optional<Bytes>("arc_max", kPositive);
  if (memory.arc_max && *memory.arc_max > memory.size) {
    table.fail("arc_max", fmt::format("is more than the node has: {} of RAM", format_quantity(memory.size)));
  }
  return memory;
}

const EnumNames<SchedulerName> kSchedulers = {{"none", SchedulerName::None}, {"mq-deadline", SchedulerName::MqDeadline}};

/// `scheduler = "none"`, or a table whose `name` is that and which changes its settings.
IoSchedulerSpec read_scheduler(TableReader& drive) {
  IoSchedulerSpec scheduler;
  const Value* value = drive.raw("scheduler");
  if (value == nullptr || value->kind != Value::Kind::Table) {
    scheduler.name = drive.enumeration_or("scheduler", scheduler.name, kSchedulers);
    return scheduler;
  }
  TableReader table = drive.table("scheduler");
  scheduler.name = table.enumeration("name", kSchedulers);
  scheduler.read_expire = table.value_or("read_expire", scheduler.read_expire, kPositive);
  scheduler.write_expire = table.value_or("write_expire", scheduler.write_expire, kPositive);
  scheduler.fifo_batch = table.value_or("fifo_batch", scheduler.fifo_batch, at_least(1));
  scheduler.writes_starved = table.value_or("writes_starved", scheduler.writes_starved, at_least(0));
  return scheduler;
}

/// The key `part`, which names an entry of the catalog.
std::string read_part(TableReader& table, std::string_view family, const catalog::Catalog& catalog) {
  std::string part = table.required<std::string>("part");
  const std::vector<std::string>& parts = catalog.parts(family);
  if (!part.empty() && std::find(parts.begin(), parts.end(), part) == parts.end()) {
    auto [rule, hint] = catalog::missing_part(catalog, family, part);
    table.fail("part", std::move(rule), std::move(hint));
  }
  return part;
}

/// A limit within what drivers take: a quarter of the board's power to a fifth more.
std::optional<Watts> read_power_limit(TableReader& table, const std::string& part, const catalog::Catalog& catalog) {
  const auto limit = table.optional<Watts>("power_limit", kPositive);
  const std::vector<std::string>& parts = catalog.parts("gpus");
  if (!limit || std::find(parts.begin(), parts.end(), part) == parts.end()) return std::nullopt;
  const auto board = load_accelerator(catalog, part).spec.board_power;
  if (!board) {
    table.fail("power_limit", fmt::format("of {} has no known effect: its entry tells no board_power", part));
    return std::nullopt;
  }
  if (*limit < *board * 0.25 || *limit > *board * 1.2) {
    table.fail("power_limit", fmt::format("must be between {:.0f} and {:.0f} W: {} is made for {:.0f} W", 0.25 * board->value(),
                                          1.2 * board->value(), part, board->value()));
    return std::nullopt;
  }
  return limit;
}

/// A clock that the driver can hold, up to the highest that the card's entry tells.
std::optional<PerSecond> read_clock(TableReader& table, std::string_view key, const std::string& part,
                                    const std::optional<PerSecond>& highest) {
  const auto clock = table.optional<PerSecond>(key, kPositive);
  if (!clock) return std::nullopt;
  constexpr double kMega = 1e6;
  if (!highest) {
    table.fail(key, fmt::format("of {} has no known effect: its entry tells no clocks", part));
    return std::nullopt;
  }
  if (*clock > *highest) {
    table.fail(key, fmt::format("must be at most {:.0f} MHz, the highest of {}", highest->value() / kMega, part));
    return std::nullopt;
  }
  return clock;
}

serving::LockedClocks read_clocks(TableReader& table, const std::string& part, const catalog::Catalog& catalog) {
  const std::vector<std::string>& parts = catalog.parts("gpus");
  const bool is_known = std::find(parts.begin(), parts.end(), part) != parts.end();
  if (!is_known || !(table.has("locked_clock") || table.has("locked_memory_clock"))) return {};
  const serving::AcceleratorSpec card = load_accelerator(catalog, part).spec;
  const auto highest = card.boost_clock ? card.max_clock : std::nullopt;
  return {.graphics = read_clock(table, "locked_clock", part, highest),
          .memory = read_clock(table, "locked_memory_clock", part, card.memory_clock)};
}

GpuSpec read_gpu(TableReader& table, const catalog::Catalog& catalog) {
  GpuSpec gpu;
  gpu.name = table.name();
  gpu.part = read_part(table, "gpus", catalog);
  gpu.slot = table.value_or<std::string>("slot", "");
  gpu.link = storage::read_drive_link(table, "link").value_or(gpu.link);
  if (gpu.link.kind != storage::LinkKind::Pcie) table.fail("link", "must be a PCIe link: pcie1x1 to pcie6x16");
  gpu.power_limit = read_power_limit(table, gpu.part, catalog);
  gpu.clocks = read_clocks(table, gpu.part, catalog);
  return gpu;
}

/// The key `link` of a bridge.
interconnect::CardLink read_nvlink(TableReader& table) {
  const auto text = table.required<std::string>("link");
  const std::size_t cross = text.find('x');
  const auto lanes = cross == std::string::npos ? std::nullopt : std::optional(std::atoi(text.c_str() + cross + 1));
  const auto link = text.starts_with("nvlink") ? interconnect::parse_card_link(text, lanes) : std::nullopt;
  if (!link || !lanes || *lanes < 1 || *lanes > 18) {
    if (!text.empty()) table.fail("link", "must be generation and links of an NVLink: nvlink3x4 of two RTX 3090");
    return {};
  }
  return *link;
}

void read_bridge(TableReader& table, NodeSpec& node) {
  const std::vector<std::string> ends = table.list<std::string>("between");
  const interconnect::CardLink link = read_nvlink(table);
  if (ends.size() != 2 || ends[0] == ends[1]) {
    table.fail("between", "must name two cards, e.g. [\"gpu0\", \"gpu1\"]");
    return;
  }
  std::vector<std::string> known;
  for (const GpuSpec& gpu : node.gpus) known.push_back(gpu.name);
  for (const std::string& end : ends) {
    if (std::find(known.begin(), known.end(), end) != known.end()) continue;
    table.fail("between", fmt::format("there is no card \"{}\"", printable(end)), nearest_name_hint(end, known));
  }
  node.bridges.push_back({ends[0], ends[1], link});
}

/// The key `data`, which must fit on the drive where its entry tells the capacity. Mistakes of the part are told elsewhere.
Bytes read_data(TableReader& table, const std::string& part, const catalog::Catalog& catalog) {
  const auto data = table.optional<Bytes>("data", kNonNegative);
  const std::vector<std::string>& parts = catalog.parts("drives");
  if (!data || std::find(parts.begin(), parts.end(), part) == parts.end()) return data.value_or(Bytes{});
  const DrivePart drive = load_drive(catalog, part);
  std::optional<Bytes> capacity;
  if (drive.slc_cache) capacity = drive.slc_cache->capacity;
  if (drive.flash) capacity = drive.flash->capacity;
  if (capacity && *data > *capacity) {
    table.fail("data", fmt::format("is more than {} holds: {}", part, format_quantity(*capacity)));
  }
  return *data;
}

const EnumNames<storage::FlashHistory> kHistories = {{"sanitized", storage::FlashHistory::Sanitized},
                                                     {"filled", storage::FlashHistory::Filled},
                                                     {"rewritten", storage::FlashHistory::Rewritten}};
const EnumNames<CoolingName> kCoolings = {{"none", CoolingName::None}, {"heatsink", CoolingName::HeatSink}};

/// The keys `history` and `cooling`, which need what entries may leave out.
void read_condition(TableReader& table, DriveSpec& drive, const catalog::Catalog& catalog) {
  if (table.has("history")) drive.history = table.enumeration("history", kHistories);
  if (table.has("cooling")) drive.cooling = table.enumeration("cooling", kCoolings);
  const std::vector<std::string>& parts = catalog.parts("drives");
  if (std::find(parts.begin(), parts.end(), drive.part) == parts.end()) return;
  const DrivePart part = load_drive(catalog, drive.part);
  const auto needs = [&](std::string_view key, std::string_view lacks, std::string_view what) {
    table.fail(key, fmt::format("the entry of {} does not tell {}: add [parameters.{}]", drive.part, what, lacks));
  };
  if (drive.history && !part.flash) needs("history", "sustained_write", "what its garbage collection costs");
  if (drive.cooling && !part.thermal) needs("cooling", "thermal", "how hot it gets");
}

DriveSpec read_drive(TableReader& table, const catalog::Catalog& catalog) {
  DriveSpec drive;
  drive.name = table.name();
  drive.part = read_part(table, "drives", catalog);
  drive.slot = table.value_or<std::string>("slot", "");
  drive.link = read_slot_link(table, drive.part, catalog);
  drive.scheduler = read_scheduler(table);
  drive.read_ahead = table.value_or<Bytes>("read_ahead", drive.read_ahead, at_least(4096.0));
  drive.max_request = table.optional<Bytes>("max_request", at_least(512));
  drive.data = read_data(table, drive.part, catalog);
  read_condition(table, drive, catalog);
  return drive;
}

/// What a core can send where segmentation and receive offloads are off, as `ethtool -K eth0 tso off gso off gro off` leaves
/// it.
void read_offloads(TableReader& table, NicSpec& nic) {
  const Bytes mtu = table.value_or<Bytes>("mtu", network::TcpSettings{}.mtu, between(576.0, 65536.0));
  if (!table.value_or<bool>("offloads", true)) nic.bandwidth = std::min(nic.bandwidth, network::unoffloaded_rate(mtu));
}

/// With a part the key `bandwidth` is what the port has negotiated.
NicSpec read_nic(TableReader& table, const catalog::Catalog& catalog) {
  NicSpec nic;
  nic.name = table.name();
  nic.slot = table.value_or<std::string>("slot", "");
  if (!table.has("part")) {
    nic.bandwidth = table.required<BytesPerSecond>("bandwidth", kPositive);
    nic.latency = table.value_or<Seconds>("latency", Seconds{}, kNonNegative);
    read_offloads(table, nic);
    return nic;
  }
  nic.part = read_part(table, "nics", catalog);
  const std::vector<std::string>& parts = catalog.parts("nics");
  if (std::find(parts.begin(), parts.end(), nic.part) == parts.end()) return nic;
  const network::NicDesign design = load_nic(catalog, nic.part).design;
  nic.bandwidth = std::min(design.effective_rate(), table.value_or<BytesPerSecond>("bandwidth", design.line_rate, kPositive));
  nic.latency = table.value_or<Seconds>("latency", design.latency, kNonNegative);
  read_offloads(table, nic);
  return nic;
}

NodeSpec read_node(TableReader& table, const catalog::Catalog& catalog) {
  NodeSpec node;
  node.name = table.name();
  node.cpu = read_cpu(table.table("cpu"));
  node.memory = read_memory(table.table("memory"));
  for (TableReader& drive : table.named_tables("drives")) node.drives.push_back(read_drive(drive, catalog));
  for (TableReader& gpu : table.named_tables("gpus")) node.gpus.push_back(read_gpu(gpu, catalog));
  node.p2p = table.optional<bool>("p2p");
  for (TableReader& bridge : table.tables("bridges")) read_bridge(bridge, node);
  for (TableReader& nic : table.named_tables("nics")) node.nics.push_back(read_nic(nic, catalog));
  seat_parts(table, node, catalog);
  return node;
}

/// What a cable can be plugged into.
std::vector<std::string> cable_ends(const Lab& lab) {
  std::vector<std::string> ends;
  for (const NodeSpec& node : lab.nodes) {
    for (const NicSpec& nic : node.nics) ends.push_back(fmt::format("{}.{}", node.name, nic.name));
  }
  for (const SwitchSpec& one : lab.switches) ends.push_back(one.name);
  return ends;
}

void read_cable(TableReader& table, Lab& lab) {
  const std::vector<std::string> ends = table.list<std::string>("between");
  if (ends.size() != 2 || ends[0] == ends[1]) {
    table.fail("between", "must name two ends, e.g. [\"box.eth0\", \"desk\"]");
    return;
  }
  const std::vector<std::string> known = cable_ends(lab);
  for (const std::string& end : ends) {
    if (std::find(known.begin(), known.end(), end) != known.end()) continue;
    table.fail("between", fmt::format("there is no \"{}\" to plug into", printable(end)), nearest_name_hint(end, known));
  }
  lab.cables.push_back({ends[0], ends[1]});
}

/// The node that an end of a cable belongs to: `box` of `box.eth0`; a switch is its own.
std::string owner_of(const std::string& end) {
  return end.substr(0, end.find('.'));
}

template <class Named>
const Named* find_named(const std::vector<Named>& all, std::string_view name) noexcept {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Named& one) { return one.name == name; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace

const DriveSpec* NodeSpec::find_drive(std::string_view drive) const noexcept {
  return find_named(drives, drive);
}

const PoolSpec* NodeSpec::find_pool(std::string_view pool) const noexcept {
  return find_named(pools, pool);
}

const PoolSpec* NodeSpec::pool_of(const std::string& drive) const noexcept {
  const auto found = std::find_if(pools.begin(), pools.end(), [&](const PoolSpec& pool) { return pool.holds(drive); });
  return found == pools.end() ? nullptr : &*found;
}

std::vector<std::string> NodeSpec::volume_names() const {
  std::vector<std::string> names;
  for (const DriveSpec& drive : drives) {
    if (pool_of(drive.name) == nullptr) names.push_back(drive.name);
  }
  for (const PoolSpec& pool : pools) names.push_back(pool.name);
  for (const ShareSpec& share : shares) names.push_back(share.name);
  return names;
}

std::vector<const DriveSpec*> NodeSpec::synced_drives(const std::string& volume) const {
  std::vector<const DriveSpec*> synced;
  std::vector<std::string> names{volume};
  if (const PoolSpec* pool = find_pool(volume)) names = pool->log.empty() ? pool->members : pool->log;
  for (const std::string& drive_name : names) {
    if (const DriveSpec* drive = find_drive(drive_name)) synced.push_back(drive);
  }
  return synced;
}

Bytes NodeSpec::read_ahead_of(const std::string& volume) const {
  if (const DriveSpec* drive = find_drive(volume)) return drive->read_ahead;
  if (const PoolSpec* pool = find_pool(volume)) return storage::pool_read_ahead(pool->layout);
  const ShareSpec* share = find_named(shares, volume);
  return share != nullptr ? share->settings.read_ahead : storage::kReadAhead;
}

const NodeSpec* Lab::find_node(std::string_view node) const noexcept {
  return find_named(nodes, node);
}

bool are_cabled(const Lab& lab, const std::string& from, const std::string& to) {
  std::set<std::string> reached{from};
  for (std::size_t before = 0; before != reached.size();) {
    before = reached.size();
    for (const CableSpec& cable : lab.cables) {
      const std::string a = owner_of(cable.from);
      const std::string b = owner_of(cable.to);
      if (reached.contains(a)) reached.insert(b);
      if (reached.contains(b)) reached.insert(a);
    }
  }
  return reached.contains(to);
}

Lab read_lab(TableReader& root, const catalog::Catalog& catalog) {
  Lab lab;
  lab.title = root.value_or<std::string>("title", "");
  std::vector<TableReader> tables = root.named_tables("nodes");
  for (TableReader& node : tables) lab.nodes.push_back(read_node(node, catalog));
  for (std::size_t i = 0; i < tables.size(); ++i) read_pools(tables[i], lab.nodes[i], lab);
  if (lab.nodes.empty()) root.fail("nodes", "a lab needs at least one node");
  for (TableReader& table : root.named_tables("switches")) {
    SwitchSpec one;
    one.name = table.name();
    one.bandwidth = table.required<BytesPerSecond>("bandwidth", kPositive);
    one.latency = table.value_or<Seconds>("latency", Seconds{}, kNonNegative);
    lab.switches.push_back(std::move(one));
  }
  for (TableReader& cable : root.tables("cables")) read_cable(cable, lab);
  for (std::size_t i = 0; i < tables.size(); ++i) {
    std::vector<ShareSpec> shares = read_shares(tables[i], lab.nodes[i], lab);
    lab.nodes[i].shares = std::move(shares);
  }
  return lab;
}

}  // namespace labtwin
