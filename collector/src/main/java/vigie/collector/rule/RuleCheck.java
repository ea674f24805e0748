package vigie.collector.rule;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Faults;

/** {@code collector rules check}: says what is wrong with rule files, or how much they hold. */
public final class RuleCheck {
  private static final Pattern POSITION = Pattern.compile(":(\\d{1,9}):(\\d{1,9}): ");
  private static final int LONGEST_LINE = 160;

  private final Map<String, String> routing;
  private final @Nullable Predicate<String> seen;
  private final boolean strict;

  /** Without routes and a collector to ask; warnings are no fault. */
  public RuleCheck() {
    this(Map.of(), null, false);
  }

  /**
   * @param routing labels that routes go by, each with where that is said; empty for no routes
   * @param seen whether a series has ever matched the selector; null where nobody can say
   * @param strict whether a warning is a fault
   */
  public RuleCheck(Map<String, String> routing, @Nullable Predicate<String> seen, boolean strict) {
    this.routing = routing;
    this.seen = seen;
    this.strict = strict;
  }

  /** Reads the files as the collector does; true if all can be loaded. */
  public boolean run(List<Path> files, Appendable out) {
    Report report = new Report(out);
    boolean good = true;
    List<RuleGroup> all = new ArrayList<>();
    for (Path file : files) {
      if (RuleFiles.isTests(file)) {
        report.line(file + ": unit tests, left out; collector rules test runs them");
        continue;
      }
      Faults faults = new Faults();
      List<RuleGroup> groups = RuleFiles.load(List.of(file), Duration.ofMinutes(1), faults);
      if (faults.isEmpty()) {
        int rules = groups.stream().mapToInt(group -> group.rules().size()).sum();
        report.line(file + ": " + counted(groups.size(), "group") + ", " + counted(rules, "rule"));
      } else {
        for (String fault : faults.all()) {
          report.line(fault);
          // An expression's fault shows its line itself.
          if (fault.indexOf('\n') < 0) {
            excerpt(file, fault).forEach(report::line);
          }
        }
        good = false;
      }
      all.addAll(groups);
    }
    List<String> warnings = lint(all, routing);
    warnings.forEach(report::line);
    unseen(all).forEach(report::line);
    return good && (warnings.isEmpty() || !strict);
  }

  /**
   * What is odd about rules that can be loaded, each with its place: a rule that can never fire,
   * one that is there twice, a label that routes go by and the rule drops.
   */
  public static List<String> lint(List<RuleGroup> groups, Map<String, String> routing) {
    return new RuleLint(routing).look(groups);
  }

  private List<String> unseen(List<RuleGroup> groups) {
    if (seen == null) {
      return List.of();
    }
    List<String> notes = new ArrayList<>();
    RuleLint.selectors(groups)
        .forEach(
            (selector, rule) -> {
              if (!seen.test(selector)) {
                notes.add(
                    rule.position()
                        + ": note: nothing that "
                        + rule.name()
                        + " reads by "
                        + selector
                        + " has ever been seen");
              }
            });
    Collections.sort(notes);
    return notes;
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
