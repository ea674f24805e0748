package vigie.agent.source;

import io.micrometer.core.instrument.Counter;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.agent.event.Event;
import vigie.agent.event.Severity;
import vigie.agent.reader.Roots;

/**
 * Reads the kernel's log where no journal holds it. Each read gives one record, {@code
 * PRI,SEQ,MICROSECONDS,FLAGS;TEXT\n KEY=VALUE\n…}; there is no place to go on from, so what was
 * logged before the start is left out. Source: the kernel's Documentation/ABI/testing/dev-kmsg.
 */
@SuppressWarnings("EnumOrdinal") // a severity's ordinal is its code
final class KernelLogSource implements Source {
  private static final String NAME = "kernel";
  private static final Logger log = LoggerFactory.getLogger(KernelLogSource.class);
  private static final int LONGEST_RECORD = 8192;

  private final Path device;
  private final SourceTools tools;
  private final Lines lines;
  private final KernelEvents kernel;
  private final Counter bytes;
  private final Counter overrun;
  private final Counter garbage;
  private volatile boolean closed;
  private volatile long startedMicros = Long.MAX_VALUE;

  KernelLogSource(Path device, SourceTools tools, Lines lines) {
    this.device = device;
    this.tools = tools;
    this.lines = lines;
    this.kernel = new KernelEvents(tools.clock());
    SourceMeters meters = new SourceMeters(tools.meters(), NAME);
    this.bytes = meters.bytes();
    this.overrun = meters.faults("overrun");
    this.garbage = meters.faults("garbage");
  }

  /** The device below this root. */
  static Path device(Roots roots) {
    return roots.inRoot("dev/kmsg");
  }

  @Override
  public void start() {
    startedMicros = uptimeMicros();
    try {
      tools.threads().execute(this::read);
    } catch (RejectedExecutionException e) {
      log.error("the kernel's log is not read: no thread is free for it");
    }
  }

  private long uptimeMicros() {
    try {
      String uptime = Files.readString(tools.roots().procfs().resolve("uptime"));
      return (long) (Double.parseDouble(uptime.substring(0, uptime.indexOf(' '))) * 1e6);
    } catch (IOException | NumberFormatException | IndexOutOfBoundsException e) {
      return 0;
    }
  }

  private void read() {
    byte[] buffer = new byte[LONGEST_RECORD];
    try (InputStream in = Files.newInputStream(device)) {
      while (!closed) {
        int n;
        try {
          n = in.read(buffer);
        } catch (IOException e) {
          if (!String.valueOf(e.getMessage()).contains("Broken pipe")) {
            throw e;
          }
          overrun.increment(); // EPIPE: records were overwritten before they were read
          continue;
        }
        if (n < 0) {
          return;
        }
        bytes.increment(n);
        take(new String(buffer, 0, n, StandardCharsets.UTF_8));
      }
    } catch (IOException e) {
      log.warn("the kernel's log is read no longer path={} cause=\"{}\"", device, e.getMessage());
    } catch (UncheckedIOException e) {
      log.debug("closed while events could not be written");
    }
  }

  /** Takes one record. */
  void take(String record) {
    int text = record.indexOf(';');
    String[] head = record.substring(0, Math.max(0, text)).split(",", 4);
    long micros;
    int code;
    try {
      code = Integer.parseInt(head[0]);
      micros = Long.parseLong(head[2]);
    } catch (NumberFormatException | IndexOutOfBoundsException e) {
      garbage.increment();
      return;
    }
    boolean ofKernel = code >> 3 == 0;
    if (micros < startedMicros || !ofKernel) {
      return;
    }
    int end = record.indexOf('\n', text);
    String message = record.substring(text + 1, end < 0 ? record.length() : end);
    Instant now = tools.clock().now();
    Event event = kernel.take(now, message, null);
    if (event != null) {
      tools.events().accept(event);
    }
    kernel.due(false).forEach(tools.events()::accept);
    lines.accept(new Line(now, NAME, "", NAME, Severity.values()[code & 7], message, null));
  }

  /** The thread that reads ends with the agent: the kernel gives no way to wake it. */
  @Override
  public void close() {
    closed = true;
  }
}
