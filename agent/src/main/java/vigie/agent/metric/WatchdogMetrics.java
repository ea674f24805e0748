package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import vigie.agent.reader.Roots;
import vigie.agent.reader.SysDevices;
import vigie.agent.reader.SysDevices.Device;

/** {@code node_watchdog_*}: the timers that restart a machine that hangs. */
final class WatchdogMetrics implements Subject {
  private static final List<String> NUMBERS =
      List.of(
          "bootstatus",
          "fw_version",
          "nowayout",
          "timeleft",
          "timeout",
          "pretimeout",
          "access_cs0");
  private static final List<String> TEXTS =
      List.of("identity", "options", "pretimeout_governor", "state", "status");

  private final List<Family> values =
      List.of(
          gauge("bootstatus", "Status of the watchdog at boot; not 0: it restarted the machine."),
          gauge("fw_version", "Version of the watchdog's firmware."),
          gauge("nowayout", "Whether the watchdog, once started, cannot be stopped."),
          gauge("timeleft_seconds", "Seconds before the watchdog restarts the machine."),
          gauge("timeout_seconds", "Seconds that the watchdog waits for a sign of life."),
          gauge("pretimeout_seconds", "Seconds before the end at which the watchdog warns."),
          gauge("access_cs0", "Whether the watchdog boots from the alternate chip, on ASPEED."));
  private final Family info =
      Family.gauge("node_watchdog_info", "Driver and state of the watchdog; always 1.");
  private final LabelCache<String> labels = LabelCache.of("name");
  private final LabelCache<List<String>> infoLabels =
      new LabelCache<>(
          texts ->
              Labels.of(
                  List.of("identity", "name", "options", "pretimeout_governor", "state", "status"),
                  texts));
  private final SysDevices watchdogs;

  WatchdogMetrics(Roots roots) {
    watchdogs = new SysDevices(roots, "class/watchdog", "", NUMBERS, TEXTS);
  }

  private static Family gauge(String what, String help) {
    return Family.gauge("node_watchdog_" + what, help);
  }

  @Override
  public String name() {
    return "watchdog";
  }

  @Override
  public List<Family> families() {
    List<Family> all = new ArrayList<>(values);
    all.add(info);
    return all;
  }

  @Override
  public void collect() throws IOException {
    watchdogs.readOrFail();
    for (Device watchdog : watchdogs.devices()) {
      Labels of = labels.get(watchdog.name());
      for (int i = 0; i < values.size(); i++) {
        values.get(i).add(of, watchdog.number(i));
      }
      info.add(
          infoLabels.get(
              List.of(
                  watchdog.text(0),
                  watchdog.name(),
                  watchdog.text(1),
                  watchdog.text(2),
                  watchdog.text(3),
                  watchdog.text(4))),
          1);
    }
  }
}
