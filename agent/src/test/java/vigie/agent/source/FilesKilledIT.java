package vigie.agent.source;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.net.Ports;

/**
 * The packaged agent follows a file that is written and rotated while it is killed again and again;
 * rsyslog takes its events. What rsyslog took twice has the same number and counts once.
 */
class FilesKilledIT {
  private static final Path ROOT = Path.of(System.getProperty("vigie.root")).toAbsolutePath();
  private static final Path PEERS = ROOT.resolve("target/peers");
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Pattern RECORD =
      Pattern.compile("spool=\"([^\"]+)\" seq=\"(\\d+)\".*pattern=\"line\".*\\] (line \\d+)$");

  @TempDir private Path folder;
  private final List<Process> processes = new ArrayList<>();
  private final List<String> written = new ArrayList<>();

  @AfterEach
  void end() {
    processes.forEach(Process::destroyForcibly);
  }

  @Test
  void givenAFileThatRotates_whenTheAgentIsKilled_thenEachLineIsOneEvent() throws Exception {
    int relp = Ports.free();
    startRsyslog(relp);
    Path config = folder.resolve("agent.yaml");
    Files.writeString(
        config,
        """
        node: p1
        collector: relp://127.0.0.1:%d
        listen: 127.0.0.1:%d
        spool: {path: spool}
        patterns: [{name: line, match: '^line \\d+$'}]
        sources:
          journal: false
          boot: false
          events_per_second: 10000
          files: [{path: app.log, from: start}]
        """
            .formatted(relp, Ports.free()));
    Process agent = startAgent(config);
    write(1);
    await().atMost(PATIENCE).until(() -> taken().size() == 1);
    Random random = new Random(20260101);
    for (int kill = 0; kill < 4; kill++) {
      for (int block = 3 + random.nextInt(5); block > 0; block--) {
        write(200);
        if (random.nextInt(3) == 0) {
          rotate();
        }
        if (random.nextBoolean()) {
          int enough = taken().size() + 100;
          await().atMost(PATIENCE).until(() -> taken().size() >= Math.min(enough, written.size()));
        }
      }
      if (kill % 2 == 0) {
        agent.destroyForcibly().waitFor();
      } else {
        agent.destroy(); // a clean stop
        assertThat(agent.waitFor(60, TimeUnit.SECONDS)).isTrue();
      }
      write(50);
      if (random.nextBoolean()) {
        rotate();
      }
      agent = startAgent(config);
      // Rotated files are kept for so many rotations only, so each run reads something.
      int before = written.size();
      await().atMost(PATIENCE).until(() -> taken().size() >= before);
    }
    await().atMost(PATIENCE).until(() -> taken().size() >= written.size());
    assertThat(taken()).containsExactlyElementsOf(written);
  }

  private void write(int lines) throws IOException {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < lines; i++) {
      String line = "line " + written.size();
      written.add(line);
      text.append(line).append('\n');
    }
    Files.writeString(folder.resolve("app.log"), text, CREATE, APPEND);
  }

  private void rotate() throws IOException {
    for (int n = 30; n >= 1; n--) {
      Path from = folder.resolve("app.log." + n);
      if (Files.exists(from)) {
        Files.move(from, folder.resolve("app.log." + (n + 1)), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    Files.move(folder.resolve("app.log"), folder.resolve("app.log.1"));
    Files.createFile(folder.resolve("app.log"));
  }

  /** The texts of what rsyslog wrote down, by their numbers in the spool. */
  private List<String> taken() throws IOException {
    Path records = folder.resolve("records");
    Map<Long, String> byNumber = new TreeMap<>();
    if (Files.exists(records)) {
      for (String record : Files.readAllLines(records)) {
        Matcher found = RECORD.matcher(record);
        if (found.find()) {
          String before = byNumber.put(Long.valueOf(found.group(2)), found.group(3));
          assertThat(before).isIn(null, found.group(3));
        }
      }
    }
    return List.copyOf(byNumber.values());
  }

  private void startRsyslog(int port) throws IOException {
    Path program = PEERS.resolve("bin/rsyslogd");
    if (!Files.isExecutable(program)) {
      throw new AssertionError(
          "rsyslogd is not there; get it by: deploy/peers.sh install target/peers");
    }
    Path config = folder.resolve("rsyslog.conf");
    Files.writeString(
        config,
        """
        global(workDirectory="%s")
        module(load="imrelp")
        template(name="raw" type="string" string="%%rawmsg%%\\n")
        ruleset(name="take") { action(type="omfile" file="%s/records" template="raw") }
        input(type="imrelp" port="%d" ruleset="take")
        """
            .formatted(folder, folder, port));
    start(
        "rsyslogd",
        program.toString(),
        "-n",
        "-f",
        config.toString(),
        "-i",
        folder.resolve("pid").toString(),
        "-M",
        Files.readString(PEERS.resolve("rsyslog-modules")).strip());
  }

  private Process startAgent(Path config) throws IOException {
    return start(
        "agent",
        ROOT.resolve("agent/target/dist/bin/agent").toString(),
        "run",
        "--config",
        config.toString());
  }

  private Process start(String name, String... command) throws IOException {
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(
                ProcessBuilder.Redirect.appendTo(folder.resolve(name + ".out").toFile()))
            .start();
    processes.add(process);
    return process;
  }
}
