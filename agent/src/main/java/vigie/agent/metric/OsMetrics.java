package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.io.IOException;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import vigie.agent.reader.OsReleaseReader;

/** {@code node_os_*}: which distribution, and until when it is supported. */
final class OsMetrics implements Subject {
  private static final List<String> INFO =
      List.of(
          "build_id",
          "id",
          "id_like",
          "image_id",
          "image_version",
          "name",
          "pretty_name",
          "variant",
          "variant_id",
          "version",
          "version_codename",
          "version_id");

  private final Family info =
      Family.gauge("node_os_info", "What the operating system is called; always 1.");
  private final Family version =
      Family.gauge("node_os_version", "Major and minor version of the operating system.");
  private final Family supportEnd =
      Family.gauge(
          "node_os_support_end_timestamp_seconds",
          "When support of the operating system ends, in seconds since the epoch.");
  private final OsReleaseReader reader;
  private Map<String, String> known = Map.of();
  private Labels infoLabels = Labels.EMPTY;
  private Labels versionLabels = Labels.EMPTY;
  private double number = Double.NaN;
  private double end = Double.NaN;

  OsMetrics(OsReleaseReader reader) {
    this.reader = reader;
  }

  @Override
  public String name() {
    return "os";
  }

  @Override
  public List<Family> families() {
    return List.of(info, version, supportEnd);
  }

  @Override
  public void collect() throws IOException {
    Map<String, String> values = reader.read();
    if (values != known) {
      known = values;
      arrange(values);
    }
    info.add(infoLabels, 1);
    version.add(versionLabels, number);
    supportEnd.add(end);
  }

  private void arrange(Map<String, String> values) {
    infoLabels = labels(values, INFO);
    versionLabels = labels(values, List.of("id", "id_like", "name"));
    number = majorMinor(values.getOrDefault("VERSION_ID", ""));
    String day = values.getOrDefault("SUPPORT_END", "");
    try {
      end =
          day.isEmpty()
              ? Double.NaN
              : LocalDate.parse(day).atStartOfDay(ZoneOffset.UTC).toEpochSecond();
    } catch (DateTimeParseException noDay) {
      end = Double.NaN;
    }
  }

  private static Labels labels(Map<String, String> values, List<String> names) {
    return Labels.of(
        names,
        names.stream()
            .map(name -> values.getOrDefault(name.toUpperCase(Locale.ROOT), ""))
            .toList());
  }

  /** 22.04 of {@code 22.04.5}; NaN where it begins with no number, as of rolling releases. */
  private static double majorMinor(String text) {
    int to = 0;
    boolean point = false;
    while (to < text.length() && to < 15) {
      char c = text.charAt(to);
      if (c == '.' && !point && to > 0) {
        point = true;
      } else if (c < '0' || c > '9') {
        break;
      }
      to++;
    }
    double value = to == 0 ? 0 : Double.parseDouble(text.substring(0, to));
    return value > 0 ? value : Double.NaN;
  }
}
