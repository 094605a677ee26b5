// The yardstick of a cold start: a program for SimGrid in which one thing happens.

#include <simgrid/s4u.hpp>

int main() {
  namespace sg4 = simgrid::s4u;
  int argc = 1;
  char name[] = "one_event";
  char* argv[] = {static_cast<char*>(name), nullptr};
  sg4::Engine engine(&argc, static_cast<char**>(argv));
  sg4::NetZone* zone = sg4::create_full_zone("lab");
  sg4::Host* host = zone->create_host("host", 1.0);
  zone->seal();
  sg4::Actor::create("one", host, [] { sg4::this_actor::sleep_for(1.0); });
  engine.run();
  return sg4::Engine::get_clock() == 1.0 ? 0 : 1;
}
