package vigie.collector.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.net.Ports;
import vigie.base.time.Clock;

/** Alerts of the packs that ship, from what happens on a node to the card. */
class PacksToCardIT {
  private static final Path PACKS = Program.ROOT.resolve("alert-rules");

  @TempDir Path dir;

  private void rules(String pack, String more) throws IOException {
    Path config = dir.resolve("collector.yaml");
    Files.writeString(
        config,
        Files.readString(config).replace("[rules.yml]", "['" + PACKS.resolve(pack) + "']")
            + "global: {evaluation_interval: 1s}\n"
            + more);
  }

  @Test
  void givenSecurityPack_whenRootLogsIn_thenACardAtOnce() throws Exception {
    try (Fleet fleet = new Fleet(dir)) {
      rules("security.yml", "");
      Path log = Files.writeString(dir.resolve("auth.log"), "");
      Files.writeString(
          dir.resolve("agent.yaml"),
          "sources: {journal: false, boot: false, files: [{path: "
              + log
              + ", patterns: [sshd]}]}\n",
          StandardOpenOption.APPEND);
      fleet.service.up();
      fleet.startCollector();
      fleet.startAgent();
      fleet.awaitOrTell("the probe to be up", () -> fleet.probeIs(true));
      // What was long ago is told as history and raises no alert.
      String now =
          DateTimeFormatter.ofPattern("MMM dd HH:mm:ss", Locale.ROOT)
              .format(Clock.system().now().atZone(ZoneId.systemDefault()));
      Files.writeString(
          log,
          now
              + " p1 sshd[812]: Accepted publickey for alice from 192.0.2.1 port 4 ssh2\n"
              + now
              + " p1 sshd[813]: Accepted publickey for root from 192.0.2.7 port 5 ssh2\n",
          StandardOpenOption.APPEND);
      fleet.awaitOrTell("a card", fleet::cardSaysFiring);
      assertThat(fleet.discord.messages()).hasSize(1);
      assertThat(fleet.discord.messages().get(0).text())
          .contains("Somebody came in as root on p1 by SSH")
          .contains("192.0.2.7");
    }
  }

  @Test
  void givenNodePack_whenAPushedFileSystemTurnsReadOnly_thenACard() throws Exception {
    try (Fleet fleet = new Fleet(dir)) {
      int port = Ports.free();
      rules("node.yml", "");
      Path config = dir.resolve("collector.yaml");
      Files.writeString(
          config,
          Files.readString(config)
              .replace("listen: {", "listen: {remote_write: '127.0.0.1:" + port + "', "));
      fleet.startCollector();
      Pusher pusher = new Pusher(port);
      String[] root = {
        "__name__",
        "node_filesystem_readonly",
        "node",
        "p7",
        "instance",
        "p7",
        "device",
        "/dev/mmcblk0p2",
        "fstype",
        "ext4",
        "mountpoint",
        "/"
      };
      assertThat(pusher.push(0, root)).isTrue();
      assertThat(pusher.push(1, root)).isTrue();
      fleet.awaitOrTell("a card", fleet::cardSaysFiring);
      assertThat(fleet.discord.messages().get(0).text()).contains("/ on p7 has become read-only");
      assertThat(pusher.push(0, root)).isTrue();
      fleet.awaitOrTell("its end", fleet::cardSaysResolved);
      assertThat(fleet.discord.messages()).hasSize(1);
      checkWhatWasSeen(fleet);
    }
  }

  private void checkWhatWasSeen(Fleet fleet) throws IOException {
    Path rules =
        Files.writeString(
            dir.resolve("seen.yml"),
            """
            groups:
            - name: g
              rules:
              - {alert: A, expr: node_filesystem_readonly == 1}
              - {alert: B, expr: 'node_filesystem_readonly{node="p8"} == 1'}
            """);
    checkSays(fleet, "check", "--seen", rules.toString());
    // The same of what it kept.
    assertThat(fleet.collector.stop()).isIn(0, 143);
    String storage = dir.resolve("collector").toString();
    checkSays(fleet, "stopped", "--seen", "--storage", storage, rules.toString());
  }

  private void checkSays(Fleet fleet, String log, String... arguments) throws IOException {
    List<String> all = new ArrayList<>(List.of("rules", "check"));
    all.addAll(List.of(arguments));
    Program check =
        Program.start(
            dir.resolve(log + ".log"),
            Map.of("VIGIE_URL", fleet.url("")),
            "collector",
            all.toArray(String[]::new));
    assertThat(check.await()).as(check.log()).isZero();
    assertThat(check.log())
        .contains("seen.yml:5:5: note: nothing that B reads by {node=\"p8\",")
        .doesNotContain("that A reads");
  }
}
