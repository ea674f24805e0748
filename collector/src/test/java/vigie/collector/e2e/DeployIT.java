package vigie.collector.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.base.net.Ports;

/** What lies in deploy/: the first command, the installer, the units. */
class DeployIT {
  @TempDir Path dir;

  private Program run(Map<String, String> environment, String... command) throws IOException {
    List<String> all = new ArrayList<>(List.of("env"));
    environment.forEach((name, value) -> all.add(name + "=" + value));
    all.addAll(List.of(command));
    return Program.command(Files.createTempFile(dir, "run", ".out"), all);
  }

  private static String deploy(String name) {
    return Program.ROOT.resolve("deploy/" + name).toString();
  }

  @Test
  void givenTryWithService_whenServiceIsKilled_thenCardIsShownAndStopLeavesNothing()
      throws Exception {
    // As after a first run: the build is there and is used again.
    Files.writeString(Program.ROOT.resolve("collector/target/dist/built"), "");
    String ports = Ports.free() + " " + Ports.free() + " " + Ports.free() + " " + Ports.free();
    Program tried =
        run(
            Map.of("TRY_DIR", dir.resolve("try").toString(), "TRY_PORTS", ports),
            deploy("try.sh"),
            "--with-service");
    try {
      await()
          .atMost(Fleet.PATIENCE)
          .until(() -> tried.log().contains("Ctrl-C ends") || !tried.alive());
      String told = tried.log();
      assertThat(told.lines().count()).as(told).isLessThanOrEqualTo(15);
      assertThat(told).doesNotContain("building");
      List<Long> pids = pids(told, "process (\\d+)");
      pids.addAll(pids(told, "kill (\\d+)"));
      assertThat(pids).hasSize(3).allMatch(pid -> ProcessHandle.of(pid).isPresent());
      ProcessHandle.of(pids.get(2)).orElseThrow().destroyForcibly();
      await().atMost(Fleet.PATIENCE).until(() -> tried.log().contains("connection refused"));
      assertThat(tried.log()).contains("ProbeDown");

      Program second =
          run(
              Map.of("TRY_DIR", dir.resolve("try").toString(), "TRY_PORTS", ports),
              deploy("try.sh"));
      assertThat(second.await()).isEqualTo(2);
      assertThat(second.log()).contains("is taken by java (process " + pids.get(0) + ")");

      tried.stop();
      assertThat(pids).noneMatch(pid -> ProcessHandle.of(pid).isPresent());
    } finally {
      tried.close();
    }
  }

  private static List<Long> pids(String text, String pattern) {
    List<Long> found = new ArrayList<>();
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    while (matcher.find()) {
      found.add(Long.parseLong(matcher.group(1)));
    }
    return found;
  }

  @Test
  void givenBuiltFolders_whenInstalledTwiceAndTakenOut_thenOnlyAChangedConfigurationStays()
      throws Exception {
    Path root = dir.resolve("root");
    Map<String, String> environment = Map.of("DESTDIR", root.toString());
    for (String program : List.of("agent", "collector")) {
      assertThat(run(environment, deploy("install.sh"), program).await()).isZero();
    }
    TreeSet<String> first = files(root);
    assertThat(first)
        .contains(
            "etc/vigie/agent.yaml",
            "etc/vigie/collector.yaml",
            "etc/systemd/system/vigie-agent.service",
            "opt/vigie/agent/bin/agent",
            "opt/vigie/collector/alert-rules/probe.yml");
    Files.writeString(root.resolve("etc/vigie/agent.yaml"), "node: mine\n");
    for (String program : List.of("agent", "collector")) {
      assertThat(run(environment, deploy("install.sh"), program).await()).isZero();
    }
    assertThat(files(root)).isEqualTo(first);
    assertThat(Files.readString(root.resolve("etc/vigie/agent.yaml"))).isEqualTo("node: mine\n");
    for (String program : List.of("agent", "collector")) {
      assertThat(run(environment, deploy("install.sh"), program, "--uninstall").await()).isZero();
    }
    assertThat(files(root)).containsExactly("etc/vigie/agent.yaml");
  }

  private static TreeSet<String> files(Path root) throws IOException {
    try (Stream<Path> all = Files.walk(root)) {
      TreeSet<String> names = new TreeSet<>();
      all.filter(p -> !Files.isDirectory(p)).forEach(p -> names.add(root.relativize(p).toString()));
      return names;
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"vigie-agent", "vigie-collector", "calculatrice"})
  void givenUnit_whenAnalysed_thenCleanAndAtTwoOrBetter(String name) throws Exception {
    // The programs of this build stand in for the installed ones, which verify wants to find.
    String text = Files.readString(Program.ROOT.resolve("deploy/systemd/" + name + ".service"));
    String root = Program.ROOT.toString().replace(" ", "\\x20");
    for (String program : List.of("agent", "collector")) {
      text =
          text.replace(
              "/opt/vigie/" + program + "/bin/", root + "/" + program + "/target/dist/bin/");
    }
    text =
        text.replace(
            "/usr/bin/python3 /opt/vigie/example/",
            "/usr/bin/env python3 " + root + "/deploy/example/");
    Path unit = Files.writeString(dir.resolve(name + ".service"), text);
    // A bare machine has no systemd, and so not the units that these refer to.
    Path standard = Program.ROOT.resolve("target/peers/stable/lib/systemd/system");
    Program verify =
        run(
            Map.of("SYSTEMD_UNIT_PATH", standard + ":"),
            Program.peer("systemd-analyze").toString(),
            "verify",
            unit.toString());
    assertThat(verify.await()).as(verify.log()).isZero();
    assertThat(verify.log()).isEmpty();
    Program security =
        run(
            Map.of(),
            Program.peer("systemd-analyze").toString(),
            "security",
            "--offline=true",
            unit.toString());
    security.await();
    Matcher level = Pattern.compile("exposure level for .*: ([0-9.]+)").matcher(security.log());
    assertThat(level.find()).as(security.log()).isTrue();
    System.out.println(name + " exposure " + level.group(1));
    assertThat(Double.parseDouble(level.group(1))).isLessThanOrEqualTo(2.0);
  }
}
