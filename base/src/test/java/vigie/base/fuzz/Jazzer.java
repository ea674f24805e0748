package vigie.base.fuzz;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Runs Jazzer, which the profile {@code fuzz} puts on the class path, in a process of its own. What
 * it found stays in {@code target/fuzz/NAME}, so that the next run goes on from there.
 */
public final class Jazzer {
  private final Class<? extends FuzzContract> target;
  private final String name;
  private final int mostBytes;
  private final Path folder;

  /**
   * How it ended.
   *
   * @param fault what was thrown, {@code ""} for nothing
   * @param input of the fault, in Base64
   * @param reaching a small set of inputs that reach what all reach
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Result(String fault, String input, List<byte[]> reaching) {}

  Jazzer(Class<? extends FuzzContract> target, String name, int mostBytes) {
    this.target = target;
    this.name = name;
    this.mostBytes = mostBytes;
    this.folder = Path.of("target/fuzz", name).toAbsolutePath();
  }

  /** What Jazzer calls. */
  public static final class Entry {
    private static FuzzContract target;

    private Entry() {}

    /** Once, with the name of the test class. */
    public static void fuzzerInitialize(String[] args) throws ReflectiveOperationException {
      var constructor = Class.forName(args[0]).getDeclaredConstructor();
      constructor.setAccessible(true);
      target = (FuzzContract) constructor.newInstance();
    }

    /** With each input. */
    public static void fuzzerTestOneInput(byte[] input) throws Exception {
      target.feed(input);
    }
  }

  Result run(List<byte[]> corpus, int seconds) throws IOException, InterruptedException {
    Path seeds = Files.createDirectories(folder.resolve("seeds"));
    Path found = Files.createDirectories(folder.resolve("found"));
    for (int i = 0; i < corpus.size(); i++) {
      Files.write(seeds.resolve(String.format("%04d", i)), corpus.get(i));
    }
    for (Path old : files(folder, "crash-", "timeout-", "oom-")) {
      Files.delete(old);
    }
    String said = start("-max_total_time=" + seconds, found.toString(), seeds.toString());
    List<Path> faults = files(folder, "crash-", "timeout-", "oom-");
    System.out.printf(
        "fuzz target=%s seconds=%d executions=%s coverage=%s corpus=%d faults=%d%n",
        name,
        seconds,
        last(said, "stat::number_of_executed_units:"),
        last(said, " cov:"),
        files(found, "").size(),
        faults.size());
    if (!faults.isEmpty() || !said.contains("stat::number_of_executed_units:")) {
      String input =
          faults.isEmpty()
              ? ""
              : Base64.getEncoder().encodeToString(Files.readAllBytes(faults.get(0)));
      return new Result(ending(said), input, List.of());
    }
    return new Result("", "", reaching(found, seeds));
  }

  private List<byte[]> reaching(Path found, Path seeds) throws IOException, InterruptedException {
    if (!Boolean.getBoolean("fuzz.keep")) {
      return List.of();
    }
    Path least = Files.createDirectories(folder.resolve("least"));
    for (Path old : files(least, "")) {
      Files.delete(old);
    }
    start("-merge=1", least.toString(), found.toString(), seeds.toString());
    List<byte[]> inputs = new ArrayList<>();
    for (Path input : files(least, "")) {
      inputs.add(Files.readAllBytes(input));
    }
    inputs.sort(Comparator.comparingInt((byte[] input) -> input.length));
    return inputs;
  }

  private String start(String... args) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx600m",
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                "com.code_intelligence.jazzer.Jazzer",
                "--target_class=" + Entry.class.getName(),
                "--target_args=" + target.getName(),
                "--instrumentation_includes=vigie.**",
                // Its hooks into Unsafe break Netty.
                "--custom_hook_includes=vigie.**",
                "--reproducer_path=" + folder,
                "-max_len=" + mostBytes,
                "-timeout=20",
                "-rss_limit_mb=2000",
                "-print_final_stats=1",
                "-artifact_prefix=" + folder + "/"));
    command.addAll(List.of(args));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try {
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      process.waitFor();
      Files.writeString(folder.resolve("output.txt"), said);
      return said;
    } finally {
      process.destroyForcibly();
    }
  }

  /** The word behind what stands last in the output. */
  private static String last(String said, String before) {
    int at = said.lastIndexOf(before);
    return at < 0 ? "?" : said.substring(at + before.length()).strip().split("\\s", 2)[0];
  }

  private static String ending(String said) {
    int at = said.indexOf("== Java");
    String from = said.substring(Math.max(at, 0));
    return at >= 0
        ? from.substring(0, Math.min(from.length(), 3000))
        : from.substring(Math.max(0, from.length() - 3000));
  }

  private static List<Path> files(Path folder, String... prefixes) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.filter(Files::isRegularFile)
          .filter(f -> Stream.of(prefixes).anyMatch(f.getFileName().toString()::startsWith))
          .sorted()
          .collect(Collectors.toList());
    }
  }
}
