#include "models/network/datagram_socket.hpp"

#include <algorithm>
#include <cmath>

#include "models/network/packet.hpp"

namespace labtwin::network {
namespace {

using namespace labtwin::literals;

constexpr double kIpHeader = 20.0;
constexpr double kUdpHeader = 8.0;
/// Datagrams; far below one, far above what rounding does to counts of a year.
constexpr double kSlack = 1e-4;
/// What rounding leaves of a backlog that has been read.
constexpr double kEmpty = 1e-6;

}  // namespace

double DatagramSocket::reads_per_second() const noexcept {
  if (is_stalled_) return 0.0;
  const double service = receiver_.service_rate.value();
  return backlog_ > kEmpty ? service : std::min(arrivals_.value(), service);
}

void DatagramSocket::move_to(Seconds now) {
  while (now_ < now) {
    const double arrivals = arrivals_.value();
    const double reads = reads_per_second();
    const bool is_full = backlog_ >= receiver_.capacity && arrivals > reads;
    const double growth = is_full ? 0.0 : arrivals - reads;
    double step = (now - now_).value();
    if (growth > 0.0) step = std::min(step, (receiver_.capacity - backlog_) / growth);
    if (growth < 0.0) step = std::min(step, backlog_ / -growth);
    const bool reaches_end = step >= (now - now_).value();
    num_arrived_ += arrivals * step;
    num_read_ += reads * step;
    if (is_full) num_lost_ += (arrivals - reads) * step;
    // The bounds are met exactly, so that the next step starts from them.
    if (!reaches_end) {
      backlog_ = growth > 0.0 ? receiver_.capacity : 0.0;
    } else {
      backlog_ = std::clamp(backlog_ + growth * step, 0.0, receiver_.capacity);
    }
    now_ = reaches_end ? now : now_ + Seconds::from_base(step);
  }
}

void DatagramSocket::set_arrivals(Seconds now, PerSecond rate) {
  move_to(now);
  arrivals_ = rate;
}

void DatagramSocket::stall(Seconds now) {
  move_to(now);
  is_stalled_ = true;
}

void DatagramSocket::resume(Seconds now) {
  move_to(now);
  is_stalled_ = false;
}

double DatagramSocket::num_lost(Seconds now) {
  move_to(now);
  return num_lost_;
}

bool DatagramSocket::offer(Seconds now, std::uint64_t mark, double uniform) {
  move_to(now);
  if (backlog_ >= receiver_.capacity) {
    const double kept = arrivals_.value() > 0.0 ? reads_per_second() / arrivals_.value() : 1.0;
    if (uniform >= kept) return false;
  }
  marks_.push_back({num_read_ + backlog_, mark});
  return true;
}

std::optional<Seconds> DatagramSocket::next_empty() const noexcept {
  const double shrinks = reads_per_second() - arrivals_.value();
  if (backlog_ <= kEmpty || shrinks <= 0.0) return std::nullopt;
  return now_ + Seconds::from_base(backlog_ / shrinks);
}

std::optional<Seconds> DatagramSocket::next_event() const noexcept {
  if (marks_.empty() || is_stalled_) return std::nullopt;
  const double ahead = std::max(marks_.front().place - num_read_, 0.0);
  return now_ + ahead / receiver_.service_rate;
}

std::vector<std::uint64_t> DatagramSocket::advance(Seconds now) {
  move_to(now);
  std::vector<std::uint64_t> read;
  while (!is_stalled_ && !marks_.empty() && marks_.front().place <= num_read_ + kSlack) {
    read.push_back(marks_.front().mark);
    marks_.pop_front();
  }
  return read;
}

DatagramReceiver ring_receiver(double num_descriptors, Seconds per_packet, double packets_per_datagram) noexcept {
  return {.capacity = num_descriptors / packets_per_datagram, .service_rate = 1.0 / (per_packet * packets_per_datagram)};
}

Seconds receive_time(Bytes payload) noexcept {
  return Seconds::from_base(6.3e-6 + 0.5e-9 * payload.value());
}

DatagramOnWire on_wire(Bytes payload, Bytes mtu) noexcept {
  const double datagram = payload.value() + kUdpHeader;
  const double packets = std::max(std::ceil(datagram / (mtu.value() - kIpHeader)), 1.0);
  return {.num_packets = packets, .bytes = Bytes::from_base(datagram + packets * (kIpHeader + kFramingBytes))};
}

}  // namespace labtwin::network
