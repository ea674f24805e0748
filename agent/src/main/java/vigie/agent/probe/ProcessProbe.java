package vigie.agent.probe;

import com.google.re2j.Pattern;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import vigie.agent.reader.ProcessTable.Entry;
import vigie.base.config.Nearest;
import vigie.base.time.Clock;

/** Counts the processes of a name, or follows a pid file to one of them. */
final class ProcessProbe implements Probe {
  private static final Measure COUNT =
      Measure.of("vigie_probe_process_count", "How many processes match.");
  private static final Measure STARTED =
      Measure.of(
          "vigie_probe_process_start_timestamp_seconds",
          "When the oldest of them started, in seconds since the epoch.");
  private static final Measure CPU =
      Measure.of(
          "vigie_probe_process_cpu_seconds",
          "Processor time that those which run now have used since they started.");
  private static final Measure RESIDENT =
      Measure.of(
          "vigie_probe_process_resident_bytes",
          "Memory in use, the sum of all that match; what they share counts for each.");
  private static final Measure FILES =
      Measure.of(
          "vigie_probe_process_open_fds",
          "Open file descriptors of those that this agent may look into: its own user's.");
  static final List<Measure> MEASURES = List.of(COUNT, STARTED, CPU, RESIDENT, FILES);

  /** The kernel cuts a process's name there. */
  private static final int MOST_COMM = 15;

  private static final int MOST_MEASURED = 1_000;
  private static final int MOST_WITH_FILES = 64;
  private static final int MOST_PID_FILE = 64;
  private static final Duration ALL_AT_LEAST_EVERY = Duration.ofMinutes(1);

  private final ProcessModule module;
  private final String name;
  private final String nameBytes;
  private final HostView host;
  private final Path root;
  private final Clock clock;
  private final BlockingLook look;
  // Of the thread that looks; looks follow one another through BlockingLook.
  private List<Entry> known = List.of();
  private long passedNanos;

  ProcessProbe(ProcessModule module, String name, Duration timeout, ProbeTools tools) {
    this.module = module;
    this.name = name;
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    this.nameBytes =
        new String(bytes, 0, Math.min(bytes.length, MOST_COMM), StandardCharsets.UTF_8);
    this.host = tools.host();
    this.root = tools.roots().rootfs();
    this.clock = tools.clock();
    this.look =
        new BlockingLook(
            tools,
            timeout,
            (steps, ended) -> look(steps),
            () -> Finding.notRun("/proc was not read within " + Words.limit(timeout)));
  }

  @Override
  public void run(Consumer<ProbeResult> done, Steps steps) {
    look.run(done, steps);
  }

  private Finding look(BlockingLook.Told steps) {
    try {
      return module.pidFile() == null ? byName(steps) : byPidFile(module.pidFile(), steps);
    } catch (IOException e) {
      return Finding.notRun("processes cannot be read: " + PeerWords.of(e));
    }
  }

  private Finding byName(BlockingLook.Told steps) throws IOException {
    Entry ended = null;
    List<Entry> found = knownStill();
    if (found.isEmpty()) {
      for (Entry process : host.processes()) {
        if (!isNamed(process)) {
          continue;
        }
        if (process.isEnded()) {
          ended = process;
        } else if (isWanted(process)) {
          found.add(process);
          steps.step(process + ": " + Words.name(process.commandLine()));
        }
      }
      passedNanos = clock.nanos();
    }
    known = found;
    List<Measure.Sample> samples = samples(found);
    String what = Words.count(found.size(), "process") + " of " + wanted();
    Long max = module.max();
    if (max != null && found.size() > max) {
      return Finding.down(
          what + (found.size() == 1 ? " runs" : " run") + ", expected at most " + max, samples);
    }
    if (found.size() >= module.min()) {
      return Finding.up(samples);
    }
    if (!found.isEmpty()) {
      return Finding.down(
          "only "
              + what
              + (found.size() == 1 ? " runs" : " run")
              + ", expected at least "
              + module.min(),
          samples);
    }
    return Finding.down(
        "no process of "
            + wanted()
            + " runs"
            + (ended == null
                ? ""
                : "; " + ended + " has ended and waits for its parent to take note (a zombie)"),
        samples);
  }

  /**
   * Those of the look before, where all of them are there still and enough: one file each instead
   * of one of every process of the host. Empty where all must be looked through.
   */
  private List<Entry> knownStill() {
    List<Entry> still = new ArrayList<>();
    boolean fresh = clock.nanos() - passedNanos < ALL_AT_LEAST_EVERY.toNanos();
    if (fresh && module.max() == null && known.size() >= module.min()) {
      for (Entry process : known) {
        Entry now = host.table().again(process);
        if (now == null) {
          return new ArrayList<>();
        }
        still.add(now);
      }
    }
    return still;
  }

  private Finding byPidFile(String pidFile, BlockingLook.Told steps) throws IOException {
    Path path = Path.of(root + pidFile);
    String text;
    Instant written;
    try (var in = Files.newInputStream(path)) {
      text = new String(in.readNBytes(MOST_PID_FILE), StandardCharsets.UTF_8).strip();
      written = Files.getLastModifiedTime(path).toInstant();
    } catch (NoSuchFileException e) {
      return Finding.down("pid file " + pidFile + " does not exist", samples(List.of()));
    } catch (IOException e) {
      return Finding.down("pid file " + pidFile + " cannot be read: " + PeerWords.of(e), List.of());
    }
    int pid = number(text);
    if (pid <= 0) {
      return Finding.down(
          "pid file " + pidFile + " holds no number but " + PeerWords.quoted(text), List.of());
    }
    steps.step("pid file names process " + pid);
    Entry process = host.table().read(pid);
    if (process == null || process.isEnded()) {
      return Finding.down(
          "pid file " + pidFile + " is stale: process " + pid + " is gone", samples(List.of()));
    }
    steps.step(process + ": " + Words.name(process.commandLine()));
    if (isNamed(process) && isWanted(process)) {
      return Finding.up(samples(List.of(process)));
    }
    // Not by the time alone: the clock of a Pi without a battery is set after the file was written.
    boolean later = process.startSeconds() > written.getEpochSecond() + 60;
    return Finding.down(
        "pid file "
            + pidFile
            + (later ? " is stale: process " : " names the wrong process: ")
            + pid
            + " is "
            + Words.name(process.name())
            + (later ? ", which started after the file was written" : "")
            + ", not "
            + wanted(),
        samples(List.of()));
  }

  private static int number(String text) {
    int end = 0;
    // PostgreSQL's postmaster.pid goes on with other lines.
    while (end < text.length() && end < 9 && Character.isDigit(text.charAt(end))) {
      end++;
    }
    boolean alone = end == text.length() || Character.isWhitespace(text.charAt(end));
    return end == 0 || !alone ? -1 : Integer.parseInt(text.substring(0, end));
  }

  private boolean isNamed(Entry process) {
    if (process.name().equals(nameBytes)) {
      return name.equals(nameBytes) || process.program().equals(name) || isCut(process);
    }
    return process.program().equals(name);
  }

  /** Whether a name that the kernel cut is not contradicted by the arguments. */
  private boolean isCut(Entry process) {
    String program = process.program();
    return !program.startsWith(nameBytes) || program.equals(name);
  }

  private boolean isWanted(Entry process) {
    Pattern cmdline = module.cmdline();
    if (cmdline != null && !cmdline.matcher(process.commandLine()).find()) {
      return false;
    }
    return module.user().isEmpty() || isOfUser(process);
  }

  private boolean isOfUser(Entry process) {
    try {
      Path folder = process.folder().toPath();
      return String.valueOf(Files.getAttribute(folder, "unix:uid")).equals(module.user())
          || Files.getOwner(folder).getName().equals(module.user());
    } catch (IOException | UnsupportedOperationException e) {
      return false; // it has just ended
    }
  }

  /** {@code nginx}, {@code python3 with cmdline "manage.py" of user www-data}. */
  private String wanted() {
    Pattern cmdline = module.cmdline();
    return Words.name(name)
        + (cmdline == null ? "" : " with cmdline " + PeerWords.quoted(cmdline.pattern()))
        + (module.user().isEmpty() ? "" : " of user " + module.user());
  }

  private static List<Measure.Sample> samples(List<Entry> found) {
    double cpu = 0;
    double resident = 0;
    double files = Double.NaN;
    double started = Double.POSITIVE_INFINITY;
    for (int i = 0; i < Math.min(found.size(), MOST_MEASURED); i++) {
      Entry process = found.get(i);
      cpu += process.cpuSeconds();
      started = Math.min(started, process.startSeconds());
      resident += orZero(process.residentBytes());
      double open = i < MOST_WITH_FILES ? process.openFiles() : Double.NaN;
      files = Double.isNaN(open) ? files : open + orZero(files);
    }
    List<Measure.Sample> samples = new ArrayList<>();
    samples.add(COUNT.sample(found.size()));
    if (!found.isEmpty()) {
      samples.add(STARTED.sample(started));
      samples.add(CPU.sample(cpu));
      samples.add(RESIDENT.sample(resident));
    }
    if (!Double.isNaN(files)) {
      samples.add(FILES.sample(files));
    }
    return samples;
  }

  private static double orZero(double value) {
    return Double.isNaN(value) ? 0 : value;
  }

  @Override
  public String hint() {
    try {
      String user = module.user();
      if (!user.isEmpty() && !isUser(user)) {
        return "there is no user " + user + " on this machine";
      }
      List<Entry> all = host.table().read();
      String pidFile = module.pidFile();
      Path folder = pidFile == null ? null : Path.of(root + pidFile).getParent();
      if (folder != null && !Files.isDirectory(folder)) {
        return "folder " + folder + " does not exist";
      }
      return nearest(all);
    } catch (IOException e) {
      return "";
    }
  }

  /** What runs under that name otherwise, has it among its arguments, or is called much alike. */
  private String nearest(List<Entry> all) {
    TreeSet<String> names = new TreeSet<>();
    for (Entry process : all) {
      if (process.isEnded()) {
        continue;
      }
      if (isNamed(process)) {
        return process + " runs: " + Words.name(process.commandLine());
      }
      if (process.commandLine().contains(name) && !isOurs(process.pid())) {
        return process
            + " has it among its arguments; write process: "
            + Words.name(process.name())
            + " and cmdline: "
            + Pattern.quote(name);
      }
      names.add(process.name());
    }
    @Nullable String nearest = Nearest.of(name, names);
    return nearest == null ? "" : "nearest that runs: " + Words.name(nearest);
  }

  /** Such as sudo or the shell that was told to look for that name. */
  private static boolean isOurs(long pid) {
    ProcessHandle each = ProcessHandle.current();
    while (each.pid() != pid) {
      ProcessHandle parent = each.parent().orElse(null);
      if (parent == null) {
        return false;
      }
      each = parent;
    }
    return true;
  }

  private static boolean isUser(String user) throws IOException {
    if (user.chars().allMatch(Character::isDigit)) {
      return true;
    }
    try {
      Path.of("/").getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(user);
      return true;
    } catch (UserPrincipalNotFoundException e) {
      return false;
    }
  }
}
