#include "models/storage/read_drive_law.hpp"

#include <utility>
#include <vector>

#include "models/storage/ncq_power.hpp"
#include "models/storage/queue_depth_curve.hpp"
#include "models/storage/seek_rotation.hpp"

namespace labtwin::storage {
namespace {

constexpr Range kKnee{.low = 1.0, .high = 60.0};
constexpr Range kNcqExponent{.low = 0.0, .high = 0.5};

TailCurve read_tail(TableReader& table) {
  std::vector<TailCurve::Knot> knots;
  for (TableReader& knot : table.tables("tail")) {
    knots.push_back({.utilization = knot.required<double>("utilization", kFraction),
                     .shape = {.p50_ratio = knot.required<double>("p50", kPositive),
                               .p95_ratio = knot.required<double>("p95", kPositive),
                               .p99_ratio = knot.required<double>("p99", kPositive),
                               .p999_ratio = knot.required<double>("p999", kPositive)}});
  }
  return TailCurve(std::move(knots));
}

QueueDepthClass read_queue_depth_class(TableReader table) {
  QueueDepthClass c;
  c.latency_floor = table.required<Seconds>("latency_floor", kPositive);
  c.stream_bandwidth = table.required<BytesPerSecond>("stream_bandwidth", kPositive);
  c.max_iops = table.required<PerSecond>("max_iops", kPositive);
  c.bandwidth = table.required<BytesPerSecond>("bandwidth", kPositive);
  c.work_rule =
      table.enumeration_or<WorkRule>("work_rule", WorkRule::Larger, {{"larger", WorkRule::Larger}, {"sum", WorkRule::Sum}});
  c.knee = table.required<double>("knee", kKnee);
  c.tail = read_tail(table);
  return c;
}

NcqClass read_ncq_class(TableReader table) {
  NcqClass c;
  c.positioning_time = table.required<Seconds>("positioning_time", kPositive);
  c.bandwidth = table.required<BytesPerSecond>("bandwidth", kPositive);
  c.ncq_exponent = table.required<double>("ncq_exponent", kNcqExponent);
  c.tail = read_tail(table);
  return c;
}

template <class Read>
auto read_classes(TableReader& parameters, const Read& read) {
  using Class = decltype(read(parameters.table("random_read")));
  PerIoClass<Class> classes;
  classes.random_read = read(parameters.table("random_read"));
  classes.random_write = read(parameters.table("random_write"));
  classes.sequential_read = read(parameters.table("sequential_read"));
  classes.sequential_write = read(parameters.table("sequential_write"));
  return classes;
}

}  // namespace

QueueDepthParameters read_queue_depth_parameters(TableReader& parameters) {
  return read_classes(parameters, [](TableReader table) { return read_queue_depth_class(std::move(table)); });
}

std::unique_ptr<DriveLaw> read_queue_depth_curve(TableReader& parameters) {
  return make_queue_depth_curve(read_queue_depth_parameters(parameters));
}

std::unique_ptr<DriveLaw> read_seek_rotation(TableReader& parameters) {
  DiskMechanics disk;
  disk.average_seek_read = parameters.required<Seconds>("average_seek_read", kPositive);
  disk.average_seek_write = parameters.required<Seconds>("average_seek_write", kPositive);
  disk.rotation = parameters.required<PerSecond>("rotation", kPositive);
  disk.bandwidth = parameters.required<BytesPerSecond>("bandwidth", kPositive);
  disk.ncq_exponent = parameters.value_or<double>("ncq_exponent", disk.ncq_exponent, kNcqExponent);
  disk.tail = read_tail(parameters);
  return make_ncq_power(disk_parameters(disk));
}

std::unique_ptr<DriveLaw> read_ncq_power(TableReader& parameters) {
  return make_ncq_power(read_classes(parameters, [](TableReader table) { return read_ncq_class(std::move(table)); }));
}

}  // namespace labtwin::storage
