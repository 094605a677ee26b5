#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "models/base/table_reader.hpp"
#include "models/storage/drive_law.hpp"

namespace labtwin::storage {

enum class LinkKind : std::uint8_t { Pcie, Sata, Sas, Usb };

/// What a drive is plugged into, or made for: `pcie4x4` (generation, lanes), `sata3`, `sas3`, `usb3` (5 Gbit/s), `usb3.1` (10).
struct DriveLink {
  LinkKind kind = LinkKind::Pcie;
  unsigned generation = 3;  ///< of its kind, from 1
  unsigned lanes = 4;       ///< of PCIe; 1 otherwise

  bool operator==(const DriveLink&) const noexcept = default;
};

/// Nothing if there is no such link.
[[nodiscard]] std::optional<DriveLink> parse_drive_link(std::string_view text);
[[nodiscard]] std::string drive_link_name(const DriveLink& link);
/// The spellings that parse_drive_link takes.
[[nodiscard]] std::string_view drive_link_names() noexcept;

/// Whether a drive made for `native` works when plugged into `slot`: SATA drives also behind SAS, anything but SAS in a USB
/// case.
[[nodiscard]] bool takes_drive(const DriveLink& slot, const DriveLink& native) noexcept;

/// What the two ends agree on: the older generation and the fewer lanes. A USB case is what it is.
[[nodiscard]] DriveLink negotiated(const DriveLink& slot, const DriveLink& native) noexcept;

/// Bytes of data that a link carries in a second, one way.
/// Law:    lanes x line rate x line code x e, where e is the share of data in what is sent.
///         PCIe: e = p / (p + 24 B) with a payload p of 256 B up to generation 3 and 512 B from then on, 8b/10b up to
///         generation 2, then 128b/130b. SATA and SAS: 8b/10b and e = 0.94. USB 3: 8b/10b at 5 Gbit/s, then 128b/132b; e =
///         0.85.
/// Inputs: a link of parse_drive_link
/// Valid:  large transfers; the payload is the platform's setting, and half of it (128 B) costs 8 % more of generation 3.
/// Source: PCIe: framing, sequence number, header of 4 words and check sum of a packet, PCI Express Base Specification 2.2 and
///         3.2; the fastest reads of datasheets are 3.5 GB/s (x4 of generation 3), 7.45 (4) and 14.9 (5). SATA: the fastest are
///         560 MB/s of 600. USB 3: bulk streams of cases as reviewed, about 430 MB/s of 500 and 1.0 GB/s of 1.2.
/// Error:  3 % above the fastest datasheet at generation 3, 1 % at 4 and 5, 1 % at SATA; USB not measured
[[nodiscard]] BytesPerSecond data_rate(const DriveLink& link);

/// What a link adds to every command: the bridge of a USB case translates each (assumed); 0 otherwise.
[[nodiscard]] Seconds command_latency(const DriveLink& link) noexcept;

/// A drive in a slot whose link is narrower than what it was made for (and measured with).
/// Law:    work = max(the drive's, block / data_rate(link)); latency = max(backlog, latency of the drive at this depth
///         + block x (1 / data_rate(link) - 1 / data_rate(native)) + command_latency)
/// Inputs: the link as negotiated; the drive's native link, where the catalog tells, else what it loses by the link is ignored
/// Valid:  both directions of PCIe count as one here, which matters only where reads and writes each fill the link
/// Source: a link moves one block at a time, so it is one more bottleneck of the closed loop
/// Error:  not measured
[[nodiscard]] std::unique_ptr<DriveLaw> behind_link(std::unique_ptr<DriveLaw> drive, const DriveLink& link,
                                                    const std::optional<DriveLink>& native);

/// The link that a drive is made for, from `interface` in [parameters.device]; nothing if the entry does not tell.
[[nodiscard]] std::optional<DriveLink> read_drive_interface(TableReader& parameters);

/// A key that names a link; nothing if it is absent (or wrong, with a diagnostic).
[[nodiscard]] std::optional<DriveLink> read_drive_link(TableReader& table, std::string_view key);

}  // namespace labtwin::storage
