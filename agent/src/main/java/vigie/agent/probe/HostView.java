package vigie.agent.probe;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vigie.agent.reader.ProcessTable;
import vigie.agent.reader.Roots;
import vigie.agent.reader.Systemd;
import vigie.base.time.Clock;

/**
 * What the probes of this host share: however many they are, its processes and its sockets are read
 * once a second at most. Safe for all threads; a reading takes milliseconds.
 */
final class HostView {
  private static final long FRESH_NANOS = Duration.ofSeconds(1).toNanos();

  private final Clock clock;
  private final Kept<List<ProcessTable.Entry>> processes;
  private final Kept<ListeningSockets> tcp;
  private final Kept<ListeningSockets> udp;
  private final Units units;
  private final ProcessTable table;

  HostView(Roots roots, Clock clock) {
    this(roots, clock, Units.of(Systemd.host(roots, clock)));
  }

  HostView(Roots roots, Clock clock, Units units) {
    this.clock = clock;
    this.units = units;
    table = new ProcessTable(roots);
    processes = new Kept<>(table::read);
    tcp = new Kept<>(() -> sockets(new ListeningSockets(roots.procfs())));
    udp = new Kept<>(() -> sockets(ListeningSockets.udp(roots.procfs())));
  }

  /** The processes, up to a second old. */
  List<ProcessTable.Entry> processes() throws IOException {
    return processes.get();
  }

  /** For one process alone, which is not kept. */
  ProcessTable table() {
    return table;
  }

  /** The sockets that take connections, up to a second old; never read again, so free to keep. */
  ListeningSockets tcp() throws IOException {
    return tcp.get();
  }

  /** The UDP sockets that have no peer. */
  ListeningSockets udp() throws IOException {
    return udp.get();
  }

  /** The units of systemd, asked anew each time over one connection. */
  Units units() {
    return units;
  }

  private static ListeningSockets sockets(ListeningSockets fresh) throws IOException {
    try (fresh) {
      fresh.read();
      return fresh;
    }
  }

  private interface Reading<T> {
    T read() throws IOException;
  }

  private final class Kept<T> {
    private final Reading<T> reading;
    private @Nullable T value; // guarded by this, as is readAt
    private long readAt;

    Kept(Reading<T> reading) {
      this.reading = reading;
    }

    synchronized T get() throws IOException {
      T known = value;
      if (known == null || clock.nanos() - readAt >= FRESH_NANOS) {
        readAt = clock.nanos();
        known = reading.read();
        value = known;
      }
      return known;
    }
  }
}
