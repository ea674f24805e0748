package vigie.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.net.Ports;

/** Exit codes and what is printed, by commands run in this process. */
class MainTest {
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
  @TempDir Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int execute(String... args) {
    return Main.execute(args, new PrintWriter(out, true), new PrintWriter(err, true));
  }

  private String config(String text) throws IOException {
    return Files.writeString(folder.resolve("agent.yaml"), text).toString();
  }

  @Test
  void givenNoCommand_whenExecuted_thenUsageAndTwo() {
    assertThat(execute()).isEqualTo(2);
    assertThat(err.toString()).contains("which command?").contains("Usage: agent");
  }

  @Test
  void givenUnknownOption_whenExecuted_thenTwo() {
    assertThat(execute("check", "--confg", "x")).isEqualTo(2);
    assertThat(err.toString())
        .contains("--confg")
        .endsWith("agent check --help shows what it takes\n");
    assertThat(err.toString().lines()).as("no screen of help").hasSizeLessThan(6);
  }

  @Test
  void givenHelpOfEachCommand_whenExecuted_thenExamplesAndZero() {
    for (String command : new String[] {"run", "check", "probe", "metrics"}) {
      assertThat(execute(command, "--help")).isZero();
    }
    assertThat(out.toString())
        .contains("agent run --config")
        .contains("agent probe tcp://127.0.0.1:13337")
        .contains("agent check --config")
        .contains("--path.procfs");
  }

  @Test
  void givenWrongConfiguration_whenRun_thenAllFaultsAndTwo() throws IOException {
    String file = config("nod: a\nlisten: 9100\n");
    assertThat(execute("run", "--config", file)).isEqualTo(2);
    assertThat(err.toString())
        .contains(file + ":1:1: unknown key \"nod\"; did you mean \"node\"?")
        .contains(file + ":2:9: listen \"9100\" is not an address");
  }

  @Test
  void givenMissingFile_whenRun_thenTwo() {
    assertThat(execute("run", "--config", folder + "/none.yaml")).isEqualTo(2);
    assertThat(err.toString()).contains("none.yaml: no such file");
  }

  @Test
  void givenTakenPort_whenRun_thenSaysByWhomAndTwo() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, LOOPBACK)) {
      String file =
          config("listen: 127.0.0.1:" + taken.getLocalPort() + "\nspool: {path: spool}\n");
      assertThat(execute("run", "--config", file)).isEqualTo(2);
      assertThat(err.toString())
          .contains("cannot listen on 127.0.0.1:" + taken.getLocalPort())
          .contains("(process " + ProcessHandle.current().pid() + ") listens there")
          .contains("set another listen");
    }
  }

  @Test
  void givenSpoolThatIsNoFolder_whenRunOrChecked_thenSaysSo() throws IOException {
    Files.writeString(folder.resolve("file"), "");
    String file = config("listen: 127.0.0.1:" + Ports.free() + "\nspool: {path: file/spool}\n");
    assertThat(execute("run", "--config", file)).isEqualTo(2);
    assertThat(err.toString()).contains("file/spool").contains("set another spool.path");
    assertThat(execute("check", "--config", file)).isEqualTo(1);
    assertThat(out.toString())
        .contains("file/spool: " + folder + "/file is no folder; make it writable or set another");
  }

  @Test
  void givenFaultsOfTheFileAndTheMachine_whenChecked_thenBothInOneGo() throws IOException {
    int port = Ports.refusing();
    try (ServerSocket taken = new ServerSocket(0, 1, LOOPBACK)) {
      String file =
          config(
              "listen: 127.0.0.1:"
                  + taken.getLocalPort()
                  + "\nlabel: {}\nspool: {path: spool}\nprobes:\n  - {name: calc, tcp: 127.0.0.1:"
                  + port
                  + "}\n");
      assertThat(execute("check", "--config", file)).isEqualTo(1);
      assertThat(out.toString())
          .contains(file + ":2:1: unknown key \"label\"; did you mean \"labels\"?")
          .contains("cannot listen on 127.0.0.1:" + taken.getLocalPort())
          .contains(
              "probe \"calc\" 127.0.0.1:"
                  + port
                  + " is not up: connection refused; nothing listens on 127.0.0.1:"
                  + port);
    }
  }

  @Test
  void givenProbesOfThisHostThatCannotWork_whenChecked_thenWhatIsThereInstead() throws IOException {
    Files.createDirectories(folder.resolve("backups"));
    int port = Ports.refusing();
    String file =
        config(
            "listen: 127.0.0.1:"
                + Ports.free()
                + "\nspool: {path: spool}\nprobes:\n  - {name: dump, file: "
                + folder
                + "/backpus/*.dump}\n  - {name: java, process: java, cmdline: no-such-argument}\n"
                + "  - {name: web, listen: '127.0.0.1:"
                + port
                + "'}\n");
    assertThat(execute("check", "--config", file)).isEqualTo(1);
    assertThat(out.toString())
        .contains(
            "/backpus/*.dump is not up: folder "
                + folder
                + "/backpus does not exist; "
                + folder
                + " has backups")
        .contains(
            "probe \"java\" java is not up: no process of java with cmdline \"no-such-argument\""
                + " runs; java (process ")
        .contains("probe \"web\" 127.0.0.1:" + port + " is not up: nothing listens on 127.0.0.1:");
  }

  @Test
  void givenGoodConfiguration_whenChecked_thenZero() throws IOException {
    try (ServerSocket service = new ServerSocket(0, 5, LOOPBACK)) {
      String file =
          config(
              "listen: 127.0.0.1:"
                  + Ports.free()
                  + "\ncollector: relp://127.0.0.1:"
                  + service.getLocalPort()
                  + "\nspool: {path: spool}\nprobes:\n  - {name: calc, tcp: 127.0.0.1:"
                  + service.getLocalPort()
                  + "}\n");
      assertThat(execute("check", "--config", file)).isZero();
      assertThat(out.toString()).isEqualTo("all well\n");
    }
  }

  @Test
  void givenServerOfPushThatIsAway_whenChecked_thenOnlyWarned() throws IOException {
    int away = Ports.refusing();
    try (ServerSocket service = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      String file =
          config(
              "listen: 127.0.0.1:"
                  + Ports.free()
                  + "\nspool: {path: spool}\ncollector: relp://127.0.0.1:"
                  + service.getLocalPort()
                  + "\npush: {url: 'http://127.0.0.1:"
                  + away
                  + "/api/v1/write'}\n");
      assertThat(execute("check", "--config", file)).isZero();
      assertThat(out.toString())
          .startsWith(
              "warning: push.url 127.0.0.1:" + away + " does not answer: connection refused;")
          .endsWith("; samples wait for 1h at most\nall well\n");
    }
  }

  @Test
  void givenCollectorThatIsAway_whenChecked_thenOnlyWarned() throws IOException {
    int away = Ports.refusing();
    String file =
        config(
            "listen: 127.0.0.1:"
                + Ports.free()
                + "\nspool: {path: spool}\ncollector: relp://127.0.0.1:"
                + away
                + "\n");
    assertThat(execute("check", "--config", file)).isZero();
    assertThat(out.toString())
        .startsWith("warning: collector 127.0.0.1:" + away + " does not answer: connection refused")
        .endsWith("; events wait in the spool until it does\nall well\n");
  }

  @Test
  void givenListener_whenProbed_thenStepsAndZero() throws IOException {
    try (ServerSocket service = new ServerSocket(0, 5, LOOPBACK)) {
      assertThat(execute("probe", "tcp://127.0.0.1:" + service.getLocalPort())).isZero();
      assertThat(out.toString().lines().map(line -> line.replaceFirst(" +[0-9.]+ ms +", "")))
          .containsExactly("connecting to 127.0.0.1:" + service.getLocalPort(), "connected", "up");
    }
  }

  @Test
  void givenNothingListening_whenProbed_thenReasonAndOne() throws IOException {
    int port = Ports.free();
    assertThat(execute("probe", "tcp://127.0.0.1:" + port)).isEqualTo(1);
    assertThat(out.toString())
        .contains("down: connection refused")
        .contains("nothing listens on 127.0.0.1:" + port);
  }

  @Test
  void givenUrlOfAnotherKind_whenProbed_thenTwo() {
    assertThat(execute("probe", "gopher://127.0.0.1")).isEqualTo(2);
    assertThat(err.toString()).contains("write tcp://HOST:PORT");
  }

  @Test
  void givenThisMachine_whenMetricsPrinted_thenNodeExportersNames() {
    assertThat(execute("metrics")).isZero();
    assertThat(out.toString()).contains("node_cpu_seconds_total{cpu=\"0\"", "node_uname_info{");
  }

  @Test
  void givenConfiguredProbe_whenProbedWithKeysOfItsOwn_thenRefused() throws IOException {
    String file = config("probes:\n  - {name: calc, tcp: 127.0.0.1:1}\n");
    assertThat(execute("probe", "calc", "--set", "expect=x", "--config", file)).isEqualTo(2);
    assertThat(err.toString()).contains("go with a URL alone");
  }

  @Test
  void givenMisspeltModule_whenProbed_thenTheNearest() throws IOException {
    String file = config("modules: {banner: {prober: tcp}}\n");
    assertThat(execute("probe", "127.0.0.1:1", "--module", "baner", "--config", file)).isEqualTo(2);
    assertThat(err.toString()).contains("is not under modules; did you mean \"banner\"?");
  }

  @Test
  void givenFolderOfTextFilesThatIsMissing_whenChecked_thenSaysSo() throws IOException {
    String file =
        config(
            "listen: 127.0.0.1:"
                + Ports.free()
                + "\nspool: {path: spool}\ncollectors:\n  textfile: {directory: [tf, 'any*']}\n");
    assertThat(execute("check", "--config", file)).isEqualTo(1);
    assertThat(out.toString())
        .contains("collectors.textfile.directory " + folder + "/tf is no folder; make it\n")
        .doesNotContain("any*");
  }

  @Test
  void givenProbesThatHang_whenChecked_thenAllAtOnceAndProgressIsTold() throws IOException {
    StringBuilder text = new StringBuilder("listen: 127.0.0.1:" + Ports.free());
    text.append("\nspool: {path: spool}\nprobes:\n");
    for (int i = 0; i < 40; i++) {
      text.append("  - {name: hang").append(i);
      text.append(", exec: /bin/sleep, args: ['60'], timeout: 4s}\n");
    }
    assertThat(execute("check", "--config", config(text.toString()))).isEqualTo(1);
    assertThat(out.toString().lines().filter(line -> line.contains("timeout after 4s")))
        .hasSize(40);
    assertThat(err.toString())
        .contains("waiting for 40 of 40 probes, such as \"hang0\"; the longest timeout is 4s\n");
  }

  @Test
  void givenPlainRunArguments_whenLookedAt_thenOnlyKnownOnesArePlain() {
    assertThat(RunCommand.isPlain(new String[] {"run"})).isTrue();
    assertThat(RunCommand.isPlain(new String[] {"run", "--config", "x"})).isTrue();
    assertThat(RunCommand.isPlain(new String[] {"run", "--path.procfs=/host/proc"})).isTrue();
    assertThat(RunCommand.isPlain(new String[] {"run", "--config"})).isFalse();
    assertThat(RunCommand.isPlain(new String[] {"run", "--help"})).isFalse();
    assertThat(RunCommand.isPlain(new String[] {"check", "--config", "x"})).isFalse();
  }
}
