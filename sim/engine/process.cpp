#include "sim/engine/process.hpp"

namespace labtwin {
namespace detail {

ProcessState::ProcessState(ProcessTable& table, std::string_view name, Task<> task, ProcessKind kind)
    : table_(&table), queue_(table.queue_), task_(std::move(task)), control_(*table.queue_, *this), kind_(kind), name_(name) {
  LABTWIN_CHECK(task_.is_valid(), "only a task that has not started can be spawned");
  task_.promise().report_to(*this, 0);
}

std::coroutine_handle<> ProcessState::task_ended(std::size_t) {
  table_->retire(*this);
  return std::noop_coroutine();
}

void ProcessState::Control::fire() {
  if (process_->table_ == nullptr) return;
  if (process_->is_started_) {
    process_->table_->retire(*process_);
    return;
  }
  process_->is_started_ = true;
  process_->task_.start();
}

void ProcessState::cancel() {
  // A process may cancel itself, so its frame is freed from the engine's loop, where no process is on the stack.
  is_started_ = true;
  if (control_.is_queued()) queue_->remove(control_);
  queue_->push(control_, queue_->now(), Priority::Early);
}

}  // namespace detail

using detail::ProcessState;

ProcessTable::~ProcessTable() {
  end_all();
}

void ProcessTable::end_all() {
  // Frames first, all of them: a local may refer to a process that was spawned earlier or later.
  for (ProcessState* process = first_; process != nullptr; process = process->next_) process->task_.destroy();
  while (first_ != nullptr) retire(*first_);
  while (ended_ != nullptr) {
    ProcessState& process = *std::exchange(ended_, ended_->next_);
    if (--process.num_references_ == 0) delete &process;
  }
}

Process ProcessTable::spawn(std::string_view name, Task<> task, ProcessKind kind) {
  auto* process = new ProcessState(*this, name, std::move(task), kind);
  process->num_references_ = 1;
  link(*process);
  queue_->push_ready(process->control_);
  return Process(*process);
}

void ProcessTable::reap() {
  while (ended_ != nullptr) {
    ProcessState& process = *std::exchange(ended_, ended_->next_);
    std::exception_ptr exception = process.task_.promise().exception();
    process.task_.destroy();
    if (--process.num_references_ == 0) delete &process;
    if (exception) std::rethrow_exception(exception);
  }
}

void ProcessTable::link(ProcessState& process) noexcept {
  process.previous_ = last_;
  (last_ != nullptr ? last_->next_ : first_) = &process;
  last_ = &process;
}

void ProcessTable::unlink(ProcessState& process) noexcept {
  (process.previous_ != nullptr ? process.previous_->next_ : first_) = process.next_;
  (process.next_ != nullptr ? process.next_->previous_ : last_) = process.previous_;
}

void ProcessTable::retire(ProcessState& process) noexcept {
  unlink(process);
  process.table_ = nullptr;
  process.joiners_.wake_all(*queue_);
  process.next_ = ended_;
  ended_ = &process;
}

}  // namespace labtwin
