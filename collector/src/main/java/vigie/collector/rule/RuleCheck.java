package vigie.collector.rule;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import vigie.base.config.Faults;

/** {@code collector rules check}: says what is wrong with rule files, or how much they hold. */
public final class RuleCheck {
  private static final Pattern POSITION = Pattern.compile(":(\\d{1,9}):(\\d{1,9}): ");
  private static final int LONGEST_LINE = 160;

  /** Reads the files as the collector does; true if all can be loaded. */
  public boolean run(List<Path> files, Appendable out) {
    Report report = new Report(out);
    boolean good = true;
    for (Path file : files) {
      Faults faults = new Faults();
      List<RuleGroup> groups = RuleFiles.load(List.of(file), Duration.ofMinutes(1), faults);
      if (faults.isEmpty()) {
        int rules = groups.stream().mapToInt(group -> group.rules().size()).sum();
        report.line(file + ": " + counted(groups.size(), "group") + ", " + counted(rules, "rule"));
      } else {
        for (String fault : faults.all()) {
          report.line(fault);
          excerpt(file, fault).forEach(report::line);
        }
        good = false;
      }
    }
    return good;
  }

  /** The line that a fault is on, and a mark under its column; nothing where there is no line. */
  private static List<String> excerpt(Path file, String fault) {
    Matcher at = POSITION.matcher(fault.substring(Math.min(fault.length(), length(file))));
    if (!fault.startsWith(file.toString()) || !at.lookingAt()) {
      return List.of();
    }
    int column = Integer.parseInt(at.group(2)) - 1;
    try (Stream<String> lines = Files.lines(file)) {
      return lines
          .skip(Integer.parseInt(at.group(1)) - 1L)
          .limit(1)
          .filter(line -> column <= line.length() && line.length() <= LONGEST_LINE)
          .filter(line -> line.chars().noneMatch(Character::isISOControl))
          .flatMap(line -> Stream.of("    " + line, " ".repeat(4 + column) + "^"))
          .toList();
    } catch (IOException | UncheckedIOException e) {
      return List.of();
    }
  }

  private static int length(Path file) {
    return file.toString().length();
  }

  private static String counted(int count, String what) {
    return count + " " + what + (count == 1 ? "" : "s");
  }
}
