package vigie.agent.probe;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;

/** What the probes count of themselves. */
final class ProbeMeters {
  private final Counter runs;
  private final Counter skipped;
  private final Counter late;
  private final Counter notRun;

  ProbeMeters(MeterRegistry meters) {
    runs =
        Counter.builder("vigie.probe.runs")
            .description("Runs of probes that have ended.")
            .register(meters);
    skipped =
        Counter.builder("vigie.probe.turns.skipped")
            .description("Turns of probes skipped because the run before was still under way.")
            .register(meters);
    late =
        Counter.builder("vigie.probe.turns.late")
            .description("Turns of probes that began more than a second after their time.")
            .register(meters);
    notRun =
        Counter.builder("vigie.probe.runs.impossible")
            .description("Runs that the agent itself could not make, for want of descriptors.")
            .register(meters);
  }

  void ran() {
    runs.increment();
  }

  void skipped() {
    skipped.increment();
  }

  void late() {
    late.increment();
  }

  void notRun() {
    notRun.increment();
  }
}
