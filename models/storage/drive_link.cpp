#include "models/storage/drive_link.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace labtwin::storage {
namespace {

/// A generation of a kind of link: its name and the bits per second of a lane, line code taken off.
struct LinkGeneration {
  std::string_view name;
  LinkKind kind;
  unsigned generation;
  double gigabits;
};
constexpr std::array<LinkGeneration, 16> kGenerations{{{"pcie1", LinkKind::Pcie, 1, 2.5 * 0.8},
                                                       {"pcie2", LinkKind::Pcie, 2, 5.0 * 0.8},
                                                       {"pcie3", LinkKind::Pcie, 3, 8.0 * 128.0 / 130.0},
                                                       {"pcie4", LinkKind::Pcie, 4, 16.0 * 128.0 / 130.0},
                                                       {"pcie5", LinkKind::Pcie, 5, 32.0 * 128.0 / 130.0},
                                                       {"pcie6", LinkKind::Pcie, 6, 64.0 * 242.0 / 256.0},
                                                       {"sata1", LinkKind::Sata, 1, 1.5 * 0.8},
                                                       {"sata2", LinkKind::Sata, 2, 3.0 * 0.8},
                                                       {"sata3", LinkKind::Sata, 3, 6.0 * 0.8},
                                                       {"sas1", LinkKind::Sas, 1, 3.0 * 0.8},
                                                       {"sas2", LinkKind::Sas, 2, 6.0 * 0.8},
                                                       {"sas3", LinkKind::Sas, 3, 12.0 * 0.8},
                                                       {"sas4", LinkKind::Sas, 4, 22.5 * 128.0 / 150.0},
                                                       {"usb3", LinkKind::Usb, 1, 5.0 * 0.8},
                                                       {"usb3.1", LinkKind::Usb, 2, 10.0 * 128.0 / 132.0},
                                                       {"usb3.2", LinkKind::Usb, 3, 20.0 * 128.0 / 132.0}}};
constexpr std::array<std::pair<std::string_view, unsigned>, 5> kLaneCounts{
    {{"x1", 1}, {"x2", 2}, {"x4", 4}, {"x8", 8}, {"x16", 16}}};

constexpr double kBytesPerGigabit = 1e9 / 8.0;
constexpr double kPacketOverhead = 24.0;  ///< bytes around the data of a PCIe packet
constexpr double kSerialAttachedShare = 0.94;
constexpr double kUsbShare = 0.85;
constexpr Seconds kUsbBridge = Seconds::from_base(60e-6);

const LinkGeneration& generation_of(const DriveLink& link) {
  return *std::find_if(kGenerations.begin(), kGenerations.end(),
                       [&](const LinkGeneration& one) { return one.kind == link.kind && one.generation == link.generation; });
}

double data_share(const DriveLink& link) {
  if (link.kind == LinkKind::Usb) return kUsbShare;
  if (link.kind != LinkKind::Pcie) return kSerialAttachedShare;
  const double payload = link.generation <= 3 ? 256.0 : 512.0;
  return payload / (payload + kPacketOverhead);
}

class LinkedDrive final : public DriveLaw {
 public:
  LinkedDrive(std::unique_ptr<DriveLaw> drive, const DriveLink& link, const std::optional<DriveLink>& native)
      : drive_(std::move(drive)), per_byte_(1.0 / data_rate(link)), added_(command_latency(link)) {
    if (native) excess_ = std::max(SecondsPerByte{}, per_byte_ - 1.0 / data_rate(*native));
  }

  [[nodiscard]] Seconds work(const IoClass& io) const override { return std::max(drive_->work(io), io.block_size * per_byte_); }

  [[nodiscard]] Seconds mean_latency(const IoClass& io, const DriveLoad& load) const override {
    // The drive alone counts its own seconds of work, of which the same I/Os in flight hold fewer.
    const DriveLoad of_drive{.backlog = load.backlog * (drive_->work(io) / work(io)), .num_in_flight = load.num_in_flight};
    return std::max(load.backlog, drive_->mean_latency(io, of_drive) + io.block_size * excess_ + added_);
  }

  [[nodiscard]] TailShape tail(const IoClass& io, double utilization) const override { return drive_->tail(io, utilization); }

 private:
  std::unique_ptr<DriveLaw> drive_;
  SecondsPerByte per_byte_;
  SecondsPerByte excess_;
  Seconds added_;
};

}  // namespace

std::optional<DriveLink> parse_drive_link(std::string_view text) {
  for (const LinkGeneration& one : kGenerations) {
    if (one.kind != LinkKind::Pcie && text == one.name) return DriveLink{one.kind, one.generation, 1};
    if (one.kind != LinkKind::Pcie || !text.starts_with(one.name)) continue;
    for (const auto& [suffix, lanes] : kLaneCounts) {
      if (text.substr(one.name.size()) == suffix) return DriveLink{one.kind, one.generation, lanes};
    }
  }
  return std::nullopt;
}

std::string drive_link_name(const DriveLink& link) {
  const std::string lanes = link.kind == LinkKind::Pcie ? fmt::format("x{}", link.lanes) : "";
  return fmt::format("{}{}", generation_of(link).name, lanes);
}

std::string_view drive_link_names() noexcept {
  return "pcie1x1 to pcie6x16, sata1 to sata3, sas1 to sas4, usb3, usb3.1 or usb3.2";
}

bool takes_drive(const DriveLink& slot, const DriveLink& native) noexcept {
  if (slot.kind == native.kind) return true;
  if (slot.kind == LinkKind::Usb) return native.kind != LinkKind::Sas;
  return slot.kind == LinkKind::Sas && native.kind == LinkKind::Sata;
}

DriveLink negotiated(const DriveLink& slot, const DriveLink& native) noexcept {
  if (slot.kind == LinkKind::Usb) return slot;
  if (slot.kind == LinkKind::Sas && native.kind == LinkKind::Sata) {
    // A SAS port speaks SATA to a SATA drive: generations 1, 2, 3 of SAS are 2, 3, 3 of SATA.
    return {.kind = LinkKind::Sata, .generation = std::min(native.generation, std::min(slot.generation + 1, 3U)), .lanes = 1};
  }
  return {.kind = slot.kind,
          .generation = std::min(slot.generation, native.generation),
          .lanes = std::min(slot.lanes, native.lanes)};
}

BytesPerSecond data_rate(const DriveLink& link) {
  const double coded = generation_of(link).gigabits * kBytesPerGigabit;
  return BytesPerSecond::from_base(static_cast<double>(link.lanes) * coded * data_share(link));
}

Seconds command_latency(const DriveLink& link) noexcept {
  return link.kind == LinkKind::Usb ? kUsbBridge : Seconds{};
}

std::unique_ptr<DriveLaw> behind_link(std::unique_ptr<DriveLaw> drive, const DriveLink& link,
                                      const std::optional<DriveLink>& native) {
  if (native && link == *native) return drive;
  return std::make_unique<LinkedDrive>(std::move(drive), link, native);
}

std::optional<DriveLink> read_drive_interface(TableReader& parameters) {
  std::optional<TableReader> device = parameters.optional_table("device");
  return device ? read_drive_link(*device, "interface") : std::nullopt;
}

std::optional<DriveLink> read_drive_link(TableReader& table, std::string_view key) {
  const auto name = table.optional<std::string>(key);
  if (!name) return std::nullopt;
  std::optional<DriveLink> link = parse_drive_link(*name);
  if (!link) table.fail(key, fmt::format("is no link: {}", drive_link_names()));
  return link;
}

}  // namespace labtwin::storage
