package vigie.agent.probe;

import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import vigie.agent.probe.Shown.Length;
import vigie.base.config.Section;

/**
 * Runs a program that answers as the plugins of Nagios do: by its exit status, its first line and
 * performance data. No shell is involved.
 *
 * @param args its arguments, as they stand
 * @param environment added to the few variables that it gets, see {@link ChildProcess}
 * @param workingDirectory null for the root
 * @param warningIsUp whether WARNING counts as up
 */
record ExecModule(
    List<String> args,
    Map<String, String> environment,
    @Nullable Path workingDirectory,
    boolean warningIsUp)
    implements Module, Shown {
  static final String PROBER = "exec";
  private static final int MOST_ARGS = 256;
  private static final int MOST_TEXT = 32 * 1024;

  ExecModule {
    args = List.copyOf(args);
    environment = Map.copyOf(environment);
  }

  static ExecModule read(Section section) {
    List<String> args = section.strings("args");
    if (args.size() > MOST_ARGS || args.stream().mapToInt(String::length).sum() > MOST_TEXT) {
      section.fault("args", "args are more than " + MOST_ARGS + " or longer than 32 KiB");
      args = List.of();
    }
    if (args.stream().anyMatch(arg -> arg.indexOf('\0') >= 0)) {
      section.fault("args", "an argument cannot hold a NUL character");
      args = List.of();
    }
    Map<String, String> environment = section.section("environment").stringMap();
    for (String name : environment.keySet()) {
      if (name.isEmpty() || name.indexOf('=') >= 0) {
        section.fault("environment", "environment \"" + name + "\" is no name of a variable");
        environment = Map.of();
        break;
      }
    }
    Path directory =
        section.has("working_directory") ? section.path("working_directory", Path.of("/")) : null;
    String warning = section.string("warning_is", "down");
    if (!warning.equals("up") && !warning.equals("down")) {
      section.fault("warning_is", "warning_is \"" + warning + "\" is not up or down");
    }
    return new ExecModule(args, environment, directory, warning.equals("up"));
  }

  /** A plugin takes its password where it can: among the arguments or the variables. */
  @Override
  public Map<String, Object> shown() {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("args", args.stream().map(Length::of).toList());
    all.put("environment", environment.keySet());
    if (workingDirectory != null) {
      all.put("working_directory", workingDirectory);
    }
    all.put("warning_is", warningIsUp ? "up" : "down");
    return all;
  }

  @Override
  public String prober() {
    return PROBER;
  }

  @Override
  public void checkTarget(String target) {
    if (!target.startsWith("/") || target.endsWith("/") || target.indexOf('\0') >= 0) {
      throw new IllegalArgumentException(
          "\""
              + target
              + "\" is not the whole path of a program; write /usr/lib/nagios/plugins/check_disk,"
              + " and its arguments under args");
    }
  }

  @Override
  public Probe probe(String target, Duration timeout, ProbeTools tools) {
    return new ExecProbe(this, Path.of(target), timeout, tools);
  }

  /** A program costs far more than a connection. */
  @Override
  public Duration every() {
    return Duration.ofMinutes(1);
  }

  @Override
  public Duration timeout() {
    return Duration.ofSeconds(10);
  }
}
