package vigie.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.net.Ports;

/**
 * What keeps the agent able to run wherever a Java 17 does: no newer classes, no native code, and
 * no programs run for facts of the hardware.
 */
class PurityIT {
  private static final Path ROOT = Path.of(System.getProperty("vigie.root", "..")).normalize();
  private static final Path DIST = ROOT.resolve("agent/target/dist").toAbsolutePath();
  private static final int JAVA_17 = 61;
  private static final long MOST_BYTES = 10 << 20;
  private static final Pattern NATIVE = Pattern.compile(".*\\.(so(\\.\\d+)*|jnilib|dylib|dll|a)");
  private static final Pattern RUN = Pattern.compile("execve\\(\"(?:[^\"]*/)?([^/\"]+)\"");

  @TempDir Path folder;

  @Test
  void givenPackagedAgent_whenItsJarsAreOpened_thenNothingIsNewerThanJava17OrNative()
      throws IOException {
    List<String> faults = new ArrayList<>();
    for (Path jar : jars()) {
      try (JarFile file = new JarFile(jar.toFile())) {
        for (JarEntry entry : file.stream().toList()) {
          String name = entry.getName();
          if (NATIVE.matcher(name).matches()) {
            faults.add(jar.getFileName() + " has native code: " + name);
          } else if (name.endsWith(".class") && !name.startsWith("META-INF/versions/")) {
            int major = major(file, entry);
            if (major > JAVA_17) {
              faults.add(jar.getFileName() + " has class file version " + major + ": " + name);
            }
          }
        }
      }
    }
    assertThat(faults).isEmpty();
  }

  @Test
  void givenPackagedAgent_whenItsJarsAreListed_thenTheDocsHaveThemAllAndTheyAreSmall()
      throws IOException {
    String documented = Files.readString(ROOT.resolve("docs/agent-resources.md"));
    Set<String> named = new TreeSet<>();
    Matcher row = Pattern.compile("(?m)^\\| `([a-z0-9-]+)\\.jar`").matcher(documented);
    while (row.find()) {
      named.add(row.group(1));
    }
    Set<String> present = new TreeSet<>();
    long bytes = 0;
    for (Path jar : jars()) {
      present.add(jar.getFileName().toString().replaceAll("-\\d[^/]*\\.jar$", ""));
      bytes += Files.size(jar);
    }
    assertThat(named).as("jars in docs/agent-resources.md").isEqualTo(present);
    assertThat(bytes).as("bytes of " + present).isLessThan(MOST_BYTES);
  }

  @Test
  void givenRunningAgent_whenItHasFoundItsFacts_thenNoLibraryOfItsOwnAndNoProgram()
      throws Exception {
    Path strace = ROOT.resolve("target/peers/bin/strace");
    assertThat(strace).as("unpacked by deploy/peers.sh install target/peers").isExecutable();
    int port = Ports.free();
    Path config = folder.resolve("agent.yaml");
    // Of these two some values come from programs.
    Files.writeString(
        config,
        """
        listen: 127.0.0.1:%d
        collector: relp://127.0.0.1:%d
        spool: {path: spool}
        facts: {every: 5s, serials: true}
        collectors: {filesystem: false, timex: false}
        """
            .formatted(port, Ports.refusing()));
    Path trace = folder.resolve("trace");
    List<String> command = new ArrayList<>(List.of(strace.toString(), "-f", "-qq", "-o"));
    command.addAll(List.of(trace.toString(), "-e", "signal=none", "-e", "trace=execve"));
    command.addAll(List.of(DIST.resolve("bin/agent").toString(), "run", "--config"));
    command.add(config.toString());
    Path output = folder.resolve("output");
    Process traced =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    ProcessHandle agent = null;
    try {
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> !traced.isAlive() || metrics(port).contains("facts_refreshes_total 2"));
      assertThat(traced.isAlive()).as(Files.readString(output)).isTrue();
      agent = traced.children().findFirst().orElseThrow();
      List<String> libraries;
      try (Stream<String> maps = Files.lines(Path.of("/proc/" + agent.pid() + "/maps"))) {
        libraries = maps.filter(line -> line.contains(".so")).toList();
      }
      assertThat(libraries)
          .anyMatch(line -> line.contains("libjvm.so"))
          .noneMatch(line -> line.contains(DIST + "/lib/") || line.contains("/tmp/"));
      assertThat(run(trace)).as("programs that the agent ran").isSubsetOf(memoryPrograms());
      assertThat(metrics(port)).doesNotContain("vigie_facts_failures_total{fact=\"disks\"} 1");
    } finally {
      if (agent != null) {
        agent.destroyForcibly();
      }
      traced.destroyForcibly();
    }
  }

  /** Besides those that start it. */
  private static Set<String> run(Path trace) throws IOException {
    Set<String> programs = new TreeSet<>();
    for (String line : Files.readAllLines(trace, StandardCharsets.ISO_8859_1)) {
      Matcher call = RUN.matcher(line);
      if (call.find()) {
        programs.add(call.group(1));
      }
    }
    programs.removeAll(Set.of("agent", "readlink", "dirname", "java"));
    return programs;
  }

  /** What OSHI runs to hear of memory modules, where the firmware tells this user of them. */
  private static Set<String> memoryPrograms() {
    return Files.isReadable(Path.of("/sys/firmware/dmi/tables/DMI"))
        ? Set.of("jspawnhelper", "dmidecode", "id", "uname", "getconf")
        : Set.of();
  }

  private static List<Path> jars() throws IOException {
    assertThat(DIST.resolve("lib")).as("built by mvn -Pfast package").isDirectory();
    try (Stream<Path> files = Files.list(DIST.resolve("lib"))) {
      return files.filter(file -> file.toString().endsWith(".jar")).sorted().toList();
    }
  }

  /** JVM specification, section 4.1: magic, minor version, major version. */
  private static int major(JarFile jar, JarEntry entry) throws IOException {
    try (InputStream in = jar.getInputStream(entry)) {
      DataInputStream data = new DataInputStream(in);
      assertThat(data.readInt()).as(entry.getName()).isEqualTo(0xCAFEBABE);
      data.readUnsignedShort();
      return data.readUnsignedShort();
    }
  }

  private static String metrics(int port) throws InterruptedException {
    try {
      return HttpClient.newHttpClient()
          .send(
              HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/metrics")).build(),
              HttpResponse.BodyHandlers.ofString())
          .body();
    } catch (IOException notYet) {
      return "";
    }
  }
}
