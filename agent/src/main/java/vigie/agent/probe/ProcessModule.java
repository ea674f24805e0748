package vigie.agent.probe;

import com.google.re2j.Pattern;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Section;

/**
 * Looks whether a program runs, by its name.
 *
 * @param pidFile the one process that is meant is named there; null where all of that name are
 * @param cmdline what must be found in the arguments, with a space between them; null for anything
 * @param user as whom it must run, a name or a number; empty for anybody
 * @param min how many there must be
 * @param max how many there may be; null for any
 */
record ProcessModule(
    @Nullable String pidFile, @Nullable Pattern cmdline, String user, long min, @Nullable Long max)
    implements Module {
  static final String PROBER = "process";
  static final List<Measure> MEASURES = ProcessProbe.MEASURES;
  private static final long MOST = 100_000;
  private static final int MOST_NAME = 255;

  static ProcessModule read(Section section) {
    String pidFile = section.string("pid_file");
    if (pidFile != null && !isAbsolute(pidFile)) {
      section.fault("pid_file", "pid_file \"" + pidFile + "\" is not an absolute path");
    }
    Long max = section.has("max") ? section.integer("max", MOST, 0, MOST) : null;
    // None at all is what some ask for.
    long min = section.integer("min", max != null && max == 0 ? 0 : 1, 0, MOST);
    if (max != null && max < min) {
      section.fault("max", "max " + max + " is less than min " + min);
    }
    if (pidFile != null && (section.has("min") || section.has("max"))) {
      section.fault(
          section.has("min") ? "min" : "max",
          "a pid_file names one process, so min and max mean nothing beside it");
    }
    return new ProcessModule(
        pidFile, Patterns.read(section, "cmdline"), section.string("user", ""), min, max);
  }

  private static boolean isAbsolute(String path) {
    try {
      return Path.of(path).isAbsolute();
    } catch (InvalidPathException e) {
      return false;
    }
  }

  @Override
  public String prober() {
    return PROBER;
  }

  @Override
  public void checkTarget(String target) {
    if (target.isEmpty() || target.length() > MOST_NAME || target.indexOf('/') >= 0) {
      throw new IllegalArgumentException(
          "\"" + target + "\" is not the name of a program; write it without its folder: nginx");
    }
  }

  @Override
  public Probe probe(String target, Duration timeout, ProbeTools tools) {
    return new ProcessProbe(this, target, timeout, tools);
  }
}
