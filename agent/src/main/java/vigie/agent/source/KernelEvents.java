package vigie.agent.source;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import vigie.agent.event.Event;
import vigie.agent.event.EventType;
import vigie.agent.event.Place;
import vigie.agent.event.Severity;
import vigie.base.time.Clock;

/**
 * Makes events of what the kernel logs: who was killed for lack of memory, a supply voltage that is
 * too low (Raspberry Pi), and disks and SD cards that fail. Repetitions of the latter two are
 * folded. Not safe for several threads.
 *
 * <p>Source: the kernel's mm/oom_kill.c, block/blk-core.c, fs/buffer.c, drivers/mmc,
 * drivers/firmware/raspberrypi.c and drivers/hwmon/raspberrypi-hwmon.c, from 3.x to 6.x.
 */
final class KernelEvents {
  private static final String KILLED = "Killed process ";
  private static final String OOM_FACTS = "oom-kill:";
  private static final List<String> IO_ERRORS =
      List.of("I/O error, dev ", "critical medium error, dev ", "critical target error, dev ");
  private static final List<String> BUFFER_ERRORS =
      List.of("Buffer I/O error on dev ", "Buffer I/O error on device ");
  private static final List<String> FILE_SYSTEM_ERRORS =
      List.of("EXT4-fs error (device ", "F2FS-fs (", "BTRFS error (device ", "XFS (");

  private final Folding folding;
  private String oomPid = "";
  private String oomUnit = "";
  private boolean oomInGroup;

  KernelEvents(Clock clock) {
    folding = new Folding(clock);
  }

  /** The event of this line; null for none, or where it repeats one that was told lately. */
  @Nullable Event take(Instant time, String text, @Nullable Place place) {
    if (text.startsWith(OOM_FACTS)) {
      rememberVictim(text);
      return null;
    }
    if (text.contains(KILLED)) {
      return killed(time, text, place);
    }
    Event event = fault(time, text, place);
    if (event == null) {
      return null;
    }
    Folding.Key key =
        Folding.Key.of(event.type().wire(), List.of(event.fields().getOrDefault("device", "")));
    if (folding.takes(key, event)) {
      return null;
    }
    folding.told(key, event);
    return event;
  }

  /** Summaries of what was folded; with {@code all} also of windows that are not over. */
  List<Event> due(boolean all) {
    return folding.isEmpty() ? List.of() : folding.due(all);
  }

  /**
   * Since 4.19 one line before the kill names the victim's control group: {@code task_memcg=/…}.
   */
  private void rememberVictim(String text) {
    oomPid = valueOf(text, ",pid=");
    String group = valueOf(text, ",task_memcg=");
    String last = group.substring(group.lastIndexOf('/') + 1);
    oomUnit = last.endsWith(".service") || last.endsWith(".scope") ? last : "";
    oomInGroup = text.contains("constraint=CONSTRAINT_MEMCG");
  }

  private static String valueOf(String text, String key) {
    int at = text.indexOf(key);
    if (at < 0) {
      return "";
    }
    int end = text.indexOf(',', at + key.length());
    return text.substring(at + key.length(), end < 0 ? text.length() : end);
  }

  /**
   * {@code Killed process 812 (name) total-vm:9kB, anon-rss:9kB, …}, behind {@code Out of memory: }
   * or {@code Memory cgroup out of memory: } since 5.1; {@code Killed process 812, UID 0, (name) …}
   * in some of the 2.6 and 3.x.
   */
  private @Nullable Event killed(Instant time, String text, @Nullable Place place) {
    int at = text.indexOf(KILLED) + KILLED.length();
    String pid = digits(text, at);
    int open = text.indexOf('(', at);
    int close = text.indexOf(") total-vm:", at);
    close = close < 0 ? text.lastIndexOf(')') : close;
    if (pid.isEmpty() || open < 0 || close <= open) {
      return null;
    }
    Map<String, String> fields = new LinkedHashMap<>();
    String victim = text.substring(open + 1, close);
    fields.put("victim", victim);
    fields.put("pid", pid);
    boolean known = pid.equals(oomPid);
    if (known && !oomUnit.isEmpty()) {
      fields.put("unit", oomUnit);
    }
    boolean inGroup = text.startsWith("Memory cgroup") || (known && oomInGroup);
    fields.put("scope", inGroup ? "cgroup" : "system");
    String resident = digits(text, after(text, "anon-rss:"));
    if (!resident.isEmpty()) {
      fields.put("rss_kib", resident);
    }
    String of = fields.containsKey("unit") ? " of " + oomUnit : "";
    oomPid = "";
    return new Event(
        time,
        Severity.CRITICAL,
        EventType.KERNEL_OOM,
        fields,
        "the kernel killed "
            + victim
            + " (process "
            + pid
            + ")"
            + of
            + (inGroup ? ": its group was out of memory" : ": the machine was out of memory"),
        place);
  }

  private static @Nullable Event fault(Instant time, String text, @Nullable Place place) {
    if (text.contains("nder-voltage detected") || text.contains("ndervoltage detected")) {
      return new Event(
          time,
          Severity.WARNING,
          EventType.KERNEL_UNDERVOLTAGE,
          Map.of(),
          "the supply voltage is too low: the machine slows down, and may lose data",
          place);
    }
    String device = failing(text);
    if (device.isEmpty() || device.startsWith("fd") || device.startsWith("sr")) {
      return null; // a drive without a disk in it is none that fails
    }
    Map<String, String> fields = new LinkedHashMap<>();
    fields.put("device", device);
    String sector = digits(text, after(text, "sector "));
    if (!sector.isEmpty()) {
      fields.put("sector", sector);
    }
    return new Event(
        time, Severity.ERROR, EventType.KERNEL_IO_ERROR, fields, device + " fails: " + text, place);
  }

  /** The device that a line says is failing; {@code ""} where it says no such thing. */
  private static String failing(String text) {
    for (String words : IO_ERRORS) {
      int at = after(text, words);
      if (at >= 0) {
        return word(text, at);
      }
    }
    for (String words : BUFFER_ERRORS) {
      if (text.startsWith(words)) {
        return word(text, words.length());
      }
    }
    if (text.startsWith("mmc")) {
      return text.contains(" error -")
              || text.contains(": card never left busy state")
              || text.contains(": Card stuck ")
              || text.contains(": recovery failed")
              || text.contains(": timed out ")
              || text.contains(": Timeout waiting for hardware ")
          ? word(text, 0)
          : "";
    }
    for (String words : FILE_SYSTEM_ERRORS) {
      if (text.startsWith(words)
          && (words.contains("error")
              || text.contains("I/O error")
              || text.contains("orruption"))) {
        return word(text, words.length());
      }
    }
    return text.startsWith("EXT4-fs (") && text.contains("Remounting filesystem read-only")
        ? word(text, "EXT4-fs (".length())
        : "";
  }

  /** Where the text goes on behind these words; -1 where it lacks them. */
  private static int after(String text, String words) {
    int at = text.indexOf(words);
    return at < 0 ? -1 : at + words.length();
  }

  private static String digits(String text, int from) {
    int end = Math.max(from, 0);
    while (from >= 0 && end < text.length() && text.charAt(end) >= '0' && text.charAt(end) <= '9') {
      end++;
    }
    return from < 0 ? "" : text.substring(from, end);
  }

  /** A device's name: letters, digits and what stands within one. */
  private static String word(String text, int from) {
    int end = from;
    while (end < text.length()
        && (Character.isLetterOrDigit(text.charAt(end)) || "-_!.".indexOf(text.charAt(end)) >= 0)) {
      end++;
    }
    return text.substring(from, Math.min(end, from + 64));
  }
}
