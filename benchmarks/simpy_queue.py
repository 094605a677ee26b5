"""The queue of engine_benchmark.cpp in SimPy: prints the CPU seconds per timed event and the mean sojourn."""

import random
import sys
import time

import simpy

NUM_SERVERS = 4
ARRIVAL_RATE = 3.2


def main() -> None:
    num_customers = int(sys.argv[1])
    env = simpy.Environment()
    servers = simpy.Resource(env, NUM_SERVERS)
    draw = random.Random(1)
    sojourns = 0.0

    def customer():
        nonlocal sojourns
        arrived = env.now
        with servers.request() as request:
            yield request
            yield env.timeout(draw.expovariate(1.0))
        sojourns += env.now - arrived

    def arrivals():
        for _ in range(num_customers):
            yield env.timeout(draw.expovariate(ARRIVAL_RATE))
            env.process(customer())

    env.process(arrivals())
    start = time.process_time()
    env.run()
    print((time.process_time() - start) / (2 * num_customers), sojourns / num_customers)


if __name__ == "__main__":
    main()
