package vigie.agent.source;

import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vigie.agent.event.Severity;
import vigie.agent.reader.Roots;

/**
 * The journal of the watched system: whether it can be read, and the command that reads it.
 *
 * @param program journalctl; null where there is none
 * @param root where the journal's folders lie below
 */
record Journal(@Nullable Path program, Path root) {
  private static final List<String> FOLDERS = List.of("var/log/journal", "run/log/journal");
  private static final String PATH = "/usr/local/bin:/usr/bin:/bin";

  static Journal of(Roots roots) {
    return new Journal(find(System.getenv().getOrDefault("PATH", PATH)), roots.rootfs());
  }

  private static @Nullable Path find(String path) {
    for (String folder : path.split(File.pathSeparator, -1)) {
      Path program = Path.of(folder.isEmpty() ? "." : folder, "journalctl");
      if (Files.isExecutable(program) && Files.isRegularFile(program)) {
        return program.toAbsolutePath();
      }
    }
    return null;
  }

  /** Whether this machine keeps one, readable or not. */
  boolean isKept() {
    return FOLDERS.stream().anyMatch(folder -> !list(root.resolve(folder)).isEmpty());
  }

  /** Why it cannot be read, and what to do; {@code ""} where it can. */
  String fault() {
    boolean any = false;
    for (String folder : FOLDERS) {
      for (Path machine : list(root.resolve(folder))) {
        if (!Files.isReadable(machine)) {
          any = true; // that folder is as the files in it
        }
        for (Path file : list(machine)) {
          if (String.valueOf(file.getFileName()).startsWith("system")) {
            if (Files.isReadable(file)) {
              return program == null
                  ? "there is a journal, but no program journalctl on the PATH; install systemd's"
                  : "";
            }
            any = true;
          }
        }
      }
    }
    return any
        ? "user "
            + System.getProperty("user.name")
            + " may not read the journal; usermod -aG systemd-journal "
            + System.getProperty("user.name")
            + " and restart the agent (a unit: SupplementaryGroups=systemd-journal)"
        : "this machine has no journal below "
            + root.resolve(FOLDERS.get(0))
            + " or "
            + root.resolve(FOLDERS.get(1));
  }

  private static List<Path> list(Path folder) {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      files.forEach(found::add);
    } catch (IOException | DirectoryIteratorException e) {
      return List.of(); // not there, or not to be read: told by fault()
    }
    return found;
  }

  /**
   * The command that reads it.
   *
   * @param follow goes on for ever. Since systemd 250 that shows this boot only, also from a cursor
   *     of an earlier one, whatever else is asked for
   * @param cursor begins behind this; {@code ""}: only with what is logged from now on
   * @param since with {@code cursor} empty: seconds back to begin with, 0 for none
   * @param chosen only these fields; an older journalctl refuses to
   */
  List<String> command(
      JournalConfig config, boolean follow, String cursor, long since, boolean chosen) {
    List<String> command = new ArrayList<>(List.of(String.valueOf(program)));
    if (follow) {
      command.add("--follow");
    }
    command.addAll(List.of("--output=export", "--no-pager", "--quiet"));
    if (!root.equals(Path.of("/"))) {
      command.addAll(List.of("--root=" + root, "--merge"));
    }
    if (!cursor.isEmpty()) {
      command.addAll(List.of("--no-tail", "--after-cursor=" + cursor));
    } else if (since > 0) {
      command.addAll(List.of("--no-tail", "--since=-" + since + "s"));
    } else {
      command.add("--lines=0");
    }
    if (chosen) {
      List<String> names = new ArrayList<>();
      for (JournalField field : JournalField.values()) {
        if (!field.wire().startsWith("__")) {
          names.add(field.wire());
        }
      }
      command.add("--output-fields=" + String.join(",", names));
    }
    if (!config.takesAll()) {
      command.addAll(matches(config));
    }
    return command;
  }

  /** The command that gives the last entries of an earlier boot: its id, or -1 for the last one. */
  List<String> tail(String boot, int lines) {
    List<String> command = new ArrayList<>(List.of(String.valueOf(program)));
    command.addAll(List.of("--output=export", "--no-pager", "--quiet"));
    if (!root.equals(Path.of("/"))) {
      command.addAll(List.of("--root=" + root, "--merge"));
    }
    command.addAll(List.of("--boot=" + boot, "--lines=" + lines));
    return command;
  }

  /** What is selected, or what systemd says of units, or what the kernel says. */
  @SuppressWarnings("EnumOrdinal") // a severity's ordinal is its code
  private static List<String> matches(JournalConfig config) {
    List<String> matches = new ArrayList<>();
    config.units().forEach(unit -> matches.add("_SYSTEMD_UNIT=" + unit));
    config.identifiers().forEach(name -> matches.add("SYSLOG_IDENTIFIER=" + name));
    config.transports().forEach(transport -> matches.add("_TRANSPORT=" + transport));
    if (config.priority() != Severity.DEBUG) {
      for (Severity severity :
          Arrays.asList(Severity.values()).subList(0, config.priority().ordinal() + 1)) {
        matches.add("PRIORITY=" + severity.ordinal());
      }
    }
    matches.add("+");
    UnitEvents.MESSAGE_IDS.forEach(id -> matches.add("MESSAGE_ID=" + id));
    matches.addAll(List.of("+", "_TRANSPORT=kernel"));
    return matches;
  }
}
