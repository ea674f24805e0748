package vigie.agent.source;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.agent.event.Event;
import vigie.agent.event.EventType;
import vigie.agent.event.Place;
import vigie.agent.event.Severity;
import vigie.base.time.Scheduler;

/**
 * Tells each boot of this node once, and how the run before it ended; and its shutdown, while it
 * goes down. The place of these events is the boot's id, followed by how it ended once that is
 * known.
 */
final class Boot {
  private static final Logger log = LoggerFactory.getLogger(Boot.class);
  private static final String NAME = "boot";
  private static final Duration TAIL_LIMIT = Duration.ofSeconds(10);
  private static final int TAIL_LINES = 40;
  private static final String JOURNAL_STOPPED = "d93fb3c9c24d451a97cea615ce59c00b";
  private static final List<String> PSTORES = List.of("sys/fs/pstore", "var/lib/systemd/pstore");
  private static final int MOST_DUMP = 256 << 10;
  private static final int MOST_PANIC = 200;
  private static final String PANIC = "Kernel panic - not syncing: ";

  private final SourceTools tools;
  private final Journal journal;
  private final String id;
  private final String last; // "" where nothing is known

  /** Looks at what is known of the last boot. */
  Boot(SourceTools tools, Journal journal) {
    this.tools = tools;
    this.journal = journal;
    this.id = text(tools.roots().procfs().resolve("sys/kernel/random/boot_id"), 64);
    String known = tools.places().cursor(NAME);
    this.last = known == null ? "" : known;
  }

  /**
   * @param clean yes, no or unknown
   * @param by what ended it: reboot, poweroff, halt, kexec, shutdown, panic, unknown
   */
  private record End(String clean, String by, String words) {}

  /** Tells of this boot, unless that was done; on a thread of its own. */
  void tell() {
    if (id.isEmpty() || last.startsWith(id)) {
      return;
    }
    try {
      tools.threads().execute(this::tellNow);
    } catch (RejectedExecutionException e) {
      log.error("this boot is not told: no thread is free for it");
    }
  }

  private void tellNow() {
    End end = end();
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("clean", end.clean);
    fields.put("stopped_by", end.by);
    String before = last.isEmpty() ? "" : last.split(" ", 2)[0];
    if (!before.isEmpty()) {
      fields.put("boot_before", before);
    }
    tools
        .events()
        .accept(
            new Event(
                bootTime(),
                end.clean.equals("no") ? Severity.WARNING : Severity.NOTICE,
                EventType.NODE_BOOT,
                fields,
                "the node booted; " + end.words,
                new Place(NAME, id)));
  }

  /** Of an agent that starts again in a boot whose end was told already: it has not ended. */
  @Nullable Place place() {
    return last.startsWith(id) && last.length() > id.length() ? new Place(NAME, id) : null;
  }

  /** This boot's; {@code ""} if unknown. */
  String id() {
    return id;
  }

  /** The boot before, if it ended by a shutdown that was told; else {@code ""}. */
  String ended() {
    int space = last.indexOf(' ');
    return space < 0 || last.startsWith(id) ? "" : last.substring(0, space);
  }

  /** Tells that the node goes down, if it does. Takes four seconds at most. */
  void tellShutdown() {
    String reason = Shutdown.reason(tools.roots(), tools.systemd());
    if (!reason.isEmpty()) {
      tools
          .events()
          .accept(
              new Event(
                  tools.clock().now(),
                  Severity.NOTICE,
                  EventType.NODE_SHUTDOWN,
                  Map.of("reason", reason),
                  "the node goes down: " + reason,
                  new Place(NAME, id + " " + reason)));
    }
  }

  private Instant bootTime() {
    Instant now = tools.clock().now();
    String uptime = text(tools.roots().procfs().resolve("uptime"), 64);
    int dot = uptime.indexOf('.');
    try {
      return dot < 0 ? now : now.minusSeconds(Long.parseLong(uptime.substring(0, dot)));
    } catch (NumberFormatException e) {
      return now;
    }
  }

  private End end() {
    int space = last.indexOf(' ');
    if (space > 0) {
      String by = last.substring(space + 1);
      return new End("yes", by, "the run before ended by " + by);
    }
    String panic = panic();
    if (!panic.isEmpty()) {
      return new End("no", "panic", "the run before ended in a kernel panic: " + panic);
    }
    List<String> tail = tail();
    for (String line : tail) {
      if (line.startsWith(JOURNAL_STOPPED)) {
        String by = target(tail);
        return new End("yes", by, "the run before was shut down (" + by + ")");
      }
    }
    if (last.isEmpty() && tail.isEmpty()) {
      return new End("unknown", "unknown", "nothing is known of the run before");
    }
    return new End(
        "no", "unknown", "the run before ended without a shutdown: its power, a reset or a crash");
  }

  private static String target(List<String> tail) {
    for (String line : tail) {
      String lower = line.toLowerCase(Locale.ROOT);
      if (lower.contains("reached target")) {
        for (String by : List.of("reboot", "poweroff", "halt", "kexec")) {
          if (lower.contains(by + ".target")) {
            return by;
          }
        }
      }
    }
    return "shutdown";
  }

  /** What the kernel kept of its own end; {@code ""} for nothing that this user may read. */
  private String panic() {
    for (String folder : PSTORES) {
      Path path =
          folder.startsWith("sys/")
              ? tools.roots().sysfs().resolve(folder.substring("sys/".length()))
              : tools.roots().inRoot(folder);
      try (DirectoryStream<Path> files = Files.newDirectoryStream(path, "dmesg-*")) {
        for (Path file : files) {
          if (isOfLastBoot(file)) {
            String dump = text(file, MOST_DUMP);
            int at = dump.indexOf(PANIC);
            if (at >= 0) {
              int from = at + PANIC.length();
              int end = dump.indexOf('\n', from);
              end = end < 0 ? dump.length() : end;
              return dump.substring(from, Math.min(end, from + MOST_PANIC));
            }
          }
        }
      } catch (IOException | DirectoryIteratorException e) {
        log.debug("no kernel dump is read path={} cause=\"{}\"", path, e.getMessage());
      }
    }
    return "";
  }

  /** A dump that nobody took away would else be told again after each boot. */
  private boolean isOfLastBoot(Path file) throws IOException {
    Instant made = Files.getLastModifiedTime(file).toInstant();
    return made.isAfter(bootTime().minus(Duration.ofDays(1)));
  }

  /** The last lines of the last boot's journal, each behind its MESSAGE_ID; empty for none. */
  private List<String> tail() {
    List<String> lines = new ArrayList<>();
    if (!journal.fault().isEmpty()) {
      return lines;
    }
    ExportParser parser =
        new ExportParser(
            entry -> lines.add(entry.text(JournalField.MESSAGE_ID) + " " + entry.message()),
            () -> {});
    String before = last.isEmpty() ? "-1" : last.replace("-", "");
    try {
      Process process =
          new ProcessBuilder(journal.tail(before, TAIL_LINES))
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      Scheduler.Task limit = tools.scheduler().after(TAIL_LIMIT, process::destroyForcibly);
      try (InputStream in = process.getInputStream()) {
        byte[] buffer = new byte[8192];
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
          parser.feed(buffer, 0, n);
        }
      } finally {
        limit.cancel();
        process.destroyForcibly();
      }
    } catch (IOException e) {
      log.debug("the last boot's journal is not read cause=\"{}\"", e.getMessage());
    }
    return lines;
  }

  private static String text(Path file, int most) {
    try (InputStream in = Files.newInputStream(file)) {
      return new String(in.readNBytes(most), StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      return ""; // many machines and containers lack one or the other
    }
  }
}
