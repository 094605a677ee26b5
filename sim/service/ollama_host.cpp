#include "sim/service/ollama_host.hpp"

#include <algorithm>

#include "models/base/error.hpp"

namespace labtwin::service {

OllamaHost::OllamaHost(Engine& engine, Bytes memory, std::size_t max_loaded_models)
    : engine_(&engine), memory_(memory), max_loaded_models_(max_loaded_models) {}

void OllamaHost::add(const OllamaModel& model) {
  LABTWIN_CHECK(model.memory <= memory_, "a model that can never be loaded");
  Entry& entry = entries_.emplace_back();
  entry.model = model;
  entry.expiry = std::make_unique<Alarm>(*engine_, [this, &entry] { expire(entry); });
  model.server->watch([this, &entry] { changed(entry); });
}

void OllamaHost::changed(Entry& entry) {
  const bool is_idle = entry.model.server->num_present() == 0;
  if (entry.state == State::Absent || entry.state == State::Draining) {
    if (!is_idle && std::find(wanted_.begin(), wanted_.end(), &entry) == wanted_.end() && entry.state == State::Absent) {
      wanted_.push_back(&entry);
    }
    if (entry.state == State::Draining && !entry.model.server->is_serving()) unload(entry);
  } else if (is_idle && entry.state == State::Loaded) {
    entry.last_change = ++num_changes_;
    entry.expiry->set(engine_->now() + entry.model.keep_alive);
  }
  serve();
}

void OllamaHost::expire(Entry& entry) {
  if (entry.state == State::Loaded && entry.model.server->num_present() == 0) unload(entry);
}

void OllamaHost::serve() {
  if (is_loading_ || wanted_.empty()) return;
  Entry& wanted = *wanted_.front();
  if (!make_room(wanted)) return;
  wanted_.erase(wanted_.begin());
  is_loading_ = true;
  wanted.state = State::Loading;
  used_ += wanted.model.memory;
  ++num_loaded_;
  ++num_loads_;
  engine_->spawn("ollama load", load(wanted), ProcessKind::Server);
}

bool OllamaHost::make_room(const Entry& wanted) {
  while (used_ + wanted.model.memory > memory_ || num_loaded_ >= max_loaded_models_) {
    if (Entry* idle = oldest(true)) {
      unload(*idle);
      continue;
    }
    const auto drains = [](const Entry& entry) { return entry.state == State::Draining; };
    if (std::any_of(entries_.begin(), entries_.end(), drains)) return false;
    Entry* busy = oldest(false);
    busy->state = State::Draining;
    busy->model.server->pause();
    return false;
  }
  return true;
}

OllamaHost::Entry* OllamaHost::oldest(bool idle) {
  Entry* found = nullptr;
  for (Entry& entry : entries_) {
    if (entry.state != State::Loaded || (entry.model.server->num_present() == 0) != idle) continue;
    if (found == nullptr || entry.last_change < found->last_change) found = &entry;
  }
  return found;
}

void OllamaHost::unload(Entry& entry) {
  entry.expiry->clear();
  entry.model.server->pause();
  entry.state = State::Absent;
  used_ -= entry.model.memory;
  --num_loaded_;
  // Those who came while it took no more.
  if (entry.model.server->num_present() > 0) wanted_.push_back(&entry);
}

Task<> OllamaHost::load(Entry& entry) {
  co_await entry.model.load->run();
  entry.state = State::Loaded;
  entry.last_change = ++num_changes_;
  is_loading_ = false;
  // Whoever asked may have given up.
  if (entry.model.server->num_present() == 0) entry.expiry->set(engine_->now() + entry.model.keep_alive);
  serve();
}

}  // namespace labtwin::service
