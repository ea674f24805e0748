package vigie.agent.probe;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Stream;
import vigie.base.config.Nearest;
import vigie.base.time.Durations;

/**
 * Runs a program and judges its exit status: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN, as Nagios
 * does. It holds a thread of the bounded pool as long as the program runs, so that only so many run
 * at a time. At the time limit it is killed with all its descendants.
 */
final class ExecProbe implements Probe {
  static final Measure STATUS =
      Measure.of(
          "vigie_probe_exec_status",
          "Exit status of the program: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.");
  static final Measure VALUE =
      Measure.of(
          "vigie_probe_perfdata",
          "Performance data of the program, in the unit that it names.",
          "label",
          "unit");
  static final Measure WARN =
      Measure.of(
          "vigie_probe_perfdata_warn",
          "From where on the program warns of this value.",
          "label",
          "unit");
  static final Measure CRIT =
      Measure.of(
          "vigie_probe_perfdata_crit",
          "From where on this value is critical to the program.",
          "label",
          "unit");
  static final Measure MIN =
      Measure.of("vigie_probe_perfdata_min", "Least that this value can be.", "label", "unit");
  static final Measure MAX =
      Measure.of("vigie_probe_perfdata_max", "Most that this value can be.", "label", "unit");
  static final List<Measure> MEASURES = List.of(STATUS, VALUE, WARN, CRIT, MIN, MAX);

  private static final int MOST_OUTPUT = 64 * 1024;
  private static final int MOST_LINE = 250;
  private static final int LOOK_EVERY_MILLIS = 50;
  private static final String[] STATES = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};

  private final ExecModule module;
  private final Path program;
  private final Duration timeout;
  private final ProbeTools tools;
  private volatile boolean closed;

  ExecProbe(ExecModule module, Path program, Duration timeout, ProbeTools tools) {
    this.module = module;
    this.program = program;
    this.timeout = timeout;
    this.tools = tools;
  }

  @Override
  public void run(Consumer<ProbeResult> done, Steps steps) {
    ProbeRun run = new ProbeRun(tools.clock(), done, steps);
    AtomicBoolean started = new AtomicBoolean();
    try {
      tools.blocking().execute(() -> execute(run, started));
    } catch (RejectedExecutionException full) {
      run.notRun("too many programs run and files are looked at already");
      return;
    }
    // The program is killed by the thread that waits for it; here the run only ends.
    run.limit(
        tools.scheduler(),
        timeout,
        () -> {
          if (started.get()) {
            run.down("timeout after " + Durations.format(timeout) + "; killed", List.of());
          } else {
            run.notRun("waited " + Durations.format(timeout) + " for its turn to start");
          }
        });
  }

  @Override
  public void close() {
    closed = true;
  }

  private void execute(ProbeRun run, AtomicBoolean started) {
    if (run.hasEnded()) {
      return;
    }
    started.set(true);
    Process process;
    try {
      process = builder().start();
    } catch (IOException e) {
      cannotStart(run, e);
      return;
    }
    try (Output out = new Output(process.getInputStream());
        Output err = new Output(process.getErrorStream())) {
      run.step("started " + program + " as process " + process.pid());
      boolean exited;
      do {
        exited = process.waitFor(LOOK_EVERY_MILLIS, TimeUnit.MILLISECONDS);
        out.read();
        err.read();
      } while (!exited && !run.hasEnded() && !closed);
      if (exited) {
        judge(run, process.exitValue(), out, err);
      } else if (closed) {
        run.notRun("no longer watched");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      run.notRun("the agent is stopping");
    } finally {
      if (process.isAlive()) {
        ChildProcess.kill(process);
      }
    }
  }

  private ProcessBuilder builder() {
    List<String> command = new ArrayList<>();
    command.add(program.toString());
    command.addAll(module.args());
    ProcessBuilder builder = ChildProcess.builder(command, module.environment());
    Path directory = module.workingDirectory();
    return directory == null ? builder : builder.directory(directory.toFile());
  }

  private void cannotStart(ProbeRun run, IOException failure) {
    String text = "cannot start " + program + ": ";
    if (ChildProcess.isOurOwn(failure)) {
      run.notRun(text + ChildProcess.words(failure));
      return;
    }
    String why = whyNotStarted();
    run.down(text + (why.isEmpty() ? ChildProcess.words(failure) : why), List.of());
  }

  /** Looked up when the start has failed already, so that nothing is looked up in vain. */
  private String whyNotStarted() {
    Path directory = module.workingDirectory();
    if (directory != null && !Files.isDirectory(directory)) {
      return "no such working directory: " + directory;
    }
    if (!Files.exists(program)) {
      return "no such file";
    }
    if (Files.isDirectory(program)) {
      return "it is a directory";
    }
    return Files.isExecutable(program) ? "" : "it may not be executed by this user";
  }

  private void judge(ProbeRun run, int status, Output out, Output err) {
    run.step("exit status " + status);
    String text = out.text();
    String first = firstLine(text);
    List<Measure.Sample> samples = samples(status, text);
    String line = first.isEmpty() ? firstLine(err.text()) : first;
    if (status == 0 || (status == 1 && module.warningIsUp())) {
      run.step(line.isEmpty() ? "no output" : "it says: " + line);
      run.up(run.elapsed(), samples);
    } else if (out.isFull() || err.isFull()) {
      run.down("it wrote more than " + MOST_OUTPUT / 1024 + " KiB; " + line, samples);
    } else {
      run.down(reason(status, line), samples);
    }
  }

  private static String reason(int status, String line) {
    if (status > 128 && status < 160) {
      return "killed by signal " + (status - 128) + (line.isEmpty() ? "" : "; it said: " + line);
    }
    if (status >= STATES.length) {
      return "exit status " + status + (line.isEmpty() ? " and no output" : ": " + line);
    }
    String state = STATES[status];
    if (line.isEmpty()) {
      return state + " without a word (exit status " + status + ")";
    }
    // Most plugins begin their line with the state or with their name and the state.
    return line.contains(state) ? line : state + ": " + line;
  }

  private static List<Measure.Sample> samples(int status, String text) {
    List<Measure.Sample> samples = new ArrayList<>();
    samples.add(STATUS.sample(status));
    for (Perfdata one : Perfdata.parse(perfdata(text))) {
      add(samples, VALUE, one, one.value());
      add(samples, WARN, one, one.warn());
      add(samples, CRIT, one, one.crit());
      add(samples, MIN, one, one.min());
      add(samples, MAX, one, one.max());
    }
    return samples;
  }

  private static void add(
      List<Measure.Sample> samples, Measure measure, Perfdata of, double value) {
    if (!Double.isNaN(value)) {
      samples.add(measure.sample(value, of.label(), of.unit()));
    }
  }

  /** What stands after the bar in the first line, and after the first bar in the lines below. */
  private static String perfdata(String text) {
    int end = text.indexOf('\n');
    String first = end < 0 ? text : text.substring(0, end);
    String rest = end < 0 ? "" : text.substring(end + 1);
    return afterBar(first) + '\n' + afterBar(rest);
  }

  private static String afterBar(String text) {
    int bar = text.indexOf('|');
    return bar < 0 ? "" : text.substring(bar + 1);
  }

  private static String firstLine(String text) {
    String line = text.stripLeading();
    int end = line.indexOf('\n');
    line = end < 0 ? line : line.substring(0, end);
    int bar = line.indexOf('|');
    line = printable(bar < 0 ? line : line.substring(0, bar)).strip();
    return line.length() <= MOST_LINE ? line : line.substring(0, MOST_LINE) + "…";
  }

  /** Without control characters, which would do things to a terminal. */
  static String printable(String text) {
    StringBuilder out = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      out.append(Character.isISOControl(c) ? ' ' : c);
    }
    return out.toString();
  }

  @Override
  public String hint() {
    Path folder = program.getParent();
    if (folder == null || (Files.isExecutable(program) && Files.isRegularFile(program))) {
      return interpreterHint();
    }
    if (Files.exists(program)) {
      return Files.isDirectory(program) ? "" : "chmod +x " + program;
    }
    if (!Files.isDirectory(folder)) {
      return folder.endsWith("nagios/plugins")
          ? "apt install monitoring-plugins-basic"
          : "no such folder: " + folder;
    }
    try (Stream<Path> files = Files.list(folder)) {
      List<String> names =
          files.limit(10_000).map(file -> String.valueOf(file.getFileName())).sorted().toList();
      String nearest = Nearest.of(String.valueOf(program.getFileName()), names);
      return nearest == null ? "" : "did you mean " + folder.resolve(nearest) + "?";
    } catch (IOException e) {
      return "";
    }
  }

  /** A script whose interpreter is missing fails as if it were missing itself. */
  private String interpreterHint() {
    byte[] start = new byte[256];
    try (InputStream in = Files.newInputStream(program)) {
      int length = in.readNBytes(start, 0, start.length);
      String line =
          new String(start, 0, length, StandardCharsets.UTF_8).lines().findFirst().orElse("");
      if (line.startsWith("#!")) {
        String interpreter = line.substring(2).strip().split("[ \t]", 2)[0];
        if (!Files.exists(Path.of(interpreter))) {
          return "its first line names " + interpreter + ", which does not exist";
        }
      }
    } catch (IOException | RuntimeException e) {
      // Not readable is not needed to be executed.
    }
    return "";
  }

  /** What a program writes, as far as there is room; then it is cut off. */
  private static final class Output implements AutoCloseable {
    private final InputStream in;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    private final byte[] buffer = new byte[4096];
    private boolean closed;

    Output(InputStream in) {
      this.in = in;
    }

    /** Takes what is there, without waiting for more. */
    void read() {
      try {
        while (!closed) {
          int there = in.available();
          if (there <= 0) {
            return;
          }
          int room = Math.min(MOST_OUTPUT - bytes.size(), buffer.length);
          int length = in.read(buffer, 0, Math.min(there, room));
          if (length > 0) {
            bytes.write(buffer, 0, length);
          }
          if (bytes.size() >= MOST_OUTPUT) {
            close();
          }
        }
      } catch (IOException e) {
        close(); // The program is gone, and its pipe.
      }
    }

    boolean isFull() {
      return bytes.size() >= MOST_OUTPUT;
    }

    String text() {
      return bytes.toString(StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
      closed = true;
      try {
        in.close();
      } catch (IOException e) {
        // There is nothing to lose of what was only read from.
      }
    }
  }
}
