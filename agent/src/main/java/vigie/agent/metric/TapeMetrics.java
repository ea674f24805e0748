package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.io.IOException;
import java.util.List;
import java.util.function.Predicate;
import vigie.agent.reader.Roots;
import vigie.agent.reader.SysDevices;
import vigie.agent.reader.SysDevices.Device;

/** {@code node_tape_*}: SCSI tape drives, after the kernel's Documentation/scsi/st.rst. */
final class TapeMetrics implements Subject {
  private static final String PREFIX = "st";
  private static final double NANOS = 1e-9;
  private final List<Column> columns =
      List.of(
          new Column(
              "in_flight", 1, Family.gauge("node_tape_io_now", "Requests the drive works on now.")),
          counter("io_ns", NANOS, "io_time_seconds", "Seconds spent waiting for the drive."),
          counter("other_cnt", 1, "io_others", "Requests that neither read nor wrote."),
          counter("read_byte_cnt", 1, "read_bytes", "Bytes read from the tape."),
          counter("read_cnt", 1, "reads_completed", "Read requests."),
          counter("read_ns", NANOS, "read_time_seconds", "Seconds spent waiting for reads."),
          counter("resid_cnt", 1, "residual", "Reads and writes that moved less than was asked."),
          counter("write_byte_cnt", 1, "written_bytes", "Bytes written to the tape."),
          counter("write_cnt", 1, "writes_completed", "Write requests."),
          counter("write_ns", NANOS, "write_time_seconds", "Seconds spent waiting for writes."));

  private final LabelCache<String> labels = LabelCache.of("device");
  private final SysDevices tapes;
  private final Predicate<String> wanted;

  TapeMetrics(Roots roots, Predicate<String> wanted) {
    List<String> files = columns.stream().map(column -> "stats/" + column.file).toList();
    this.tapes = new SysDevices(roots, "class/scsi_tape", PREFIX, files, List.of());
    this.wanted = wanted;
  }

  private record Column(String file, double by, Family family) {}

  private static Column counter(String file, double by, String what, String help) {
    return new Column(file, by, Family.counter("node_tape_" + what + "_total", help));
  }

  @Override
  public String name() {
    return "tapestats";
  }

  @Override
  public List<Family> families() {
    return columns.stream().map(Column::family).toList();
  }

  @Override
  public void collect() throws IOException {
    tapes.readOrFail();
    for (Device tape : tapes.devices()) {
      if (isWhole(tape.name()) && wanted.test(tape.name())) {
        Labels of = labels.get(tape.name());
        for (int i = 0; i < columns.size(); i++) {
          columns.get(i).family.add(of, tape.number(i) * columns.get(i).by);
        }
      }
    }
  }

  /** st0 is a drive; st0a, st0l and st0m are the same drive in other modes. */
  private static boolean isWhole(String name) {
    return name.chars().skip(PREFIX.length()).allMatch(Character::isDigit);
  }
}
