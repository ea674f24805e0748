package vigie.collector.rule;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import vigie.base.config.Faults;

/** {@code collector rules check}: says what is wrong with rule files, or how much they hold. */
public final class RuleCheck {
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
        faults.all().forEach(report::line);
        good = false;
      }
    }
    return good;
  }

  private static String counted(int count, String what) {
    return count + " " + what + (count == 1 ? "" : "s");
  }
}
