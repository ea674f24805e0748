package vigie.agent.metric;

import java.io.IOException;
import java.util.List;
import vigie.agent.reader.TimexReader;
import vigie.agent.reader.TimexReader.Timex;

/** {@code node_timex_*}: whether the kernel's clock follows a source of time, and how well. */
final class TimexMetrics implements Subject {
  private final Family syncStatus =
      gauge("sync_status", "Whether the clock follows a source of time.");
  private final Family offset = gauge("offset_seconds", "Offset from the source of time.");
  private final Family frequency =
      gauge("frequency_adjustment_ratio", "How much faster the clock is made to run.");
  private final Family maxError = gauge("maxerror_seconds", "The largest error possible.");
  private final Family estimatedError = gauge("estimated_error_seconds", "The error as estimated.");
  private final Family status = gauge("status", "The bits of the clock's status.");
  private final Family constant =
      gauge("loop_time_constant", "How slowly the clock is steered to its source.");
  private final Family tick = gauge("tick_seconds", "Time between two ticks of the clock.");
  private final Family ppsFrequency =
      gauge("pps_frequency_hertz", "Frequency offset by the pulse per second.");
  private final Family ppsJitter = gauge("pps_jitter_seconds", "Jitter of the pulse per second.");
  private final Family ppsShift =
      gauge("pps_shift_seconds", "Length of an interval of calibration, as a power of two.");
  private final Family ppsStability =
      gauge("pps_stability_hertz", "How much the pulse's frequency changed of late.");
  private final Family ppsJitters =
      counter("pps_jitter_total", "Pulses whose jitter was beyond the limit.");
  private final Family ppsCalibrations =
      counter("pps_calibration_total", "Intervals of calibration.");
  private final Family ppsErrors = counter("pps_error_total", "Calibrations that failed.");
  private final Family ppsUnstable =
      counter("pps_stability_exceeded_total", "Calibrations whose change was beyond the limit.");
  private final Family tai = gauge("tai_offset_seconds", "Atomic time less coordinated time.");
  private final Family age =
      Family.gauge(
          "vigie_timex_age_seconds",
          "How old the values of node_timex are: a program tells them, at most once a minute.");
  private final List<Family> families =
      List.of(
          syncStatus,
          offset,
          frequency,
          maxError,
          estimatedError,
          status,
          constant,
          tick,
          ppsFrequency,
          ppsJitter,
          ppsShift,
          ppsStability,
          ppsJitters,
          ppsCalibrations,
          ppsErrors,
          ppsUnstable,
          tai,
          age);
  private final TimexReader reader;

  TimexMetrics(TimexReader reader) {
    this.reader = reader;
  }

  private static Family gauge(String what, String help) {
    return Family.gauge("node_timex_" + what, help);
  }

  private static Family counter(String what, String help) {
    return Family.counter("node_timex_" + what, help);
  }

  @Override
  public String name() {
    return "timex";
  }

  @Override
  public List<Family> families() {
    return families;
  }

  @Override
  public void collect() throws IOException {
    Timex timex = reader.read();
    if (timex == null) {
      return; // the first answer is on its way
    }
    syncStatus.add(timex.synchronised());
    offset.add(timex.seconds("offset"));
    frequency.add(1 + timex.ratio("freq"));
    maxError.add(timex.microseconds("maxerror"));
    estimatedError.add(timex.microseconds("esterror"));
    status.add(timex.value("status"));
    constant.add(timex.value("constant"));
    tick.add(timex.microseconds("tick"));
    ppsFrequency.add(timex.ratio("ppsfreq"));
    ppsJitter.add(timex.seconds("jitter"));
    ppsShift.add(timex.value("shift"));
    ppsStability.add(timex.ratio("stabil"));
    ppsJitters.add(timex.value("jitcnt"));
    ppsCalibrations.add(timex.value("calcnt"));
    ppsErrors.add(timex.value("errcnt"));
    ppsUnstable.add(timex.value("stbcnt"));
    tai.add(timex.value("tai"));
    age.add(reader.ageSeconds(timex));
  }
}
