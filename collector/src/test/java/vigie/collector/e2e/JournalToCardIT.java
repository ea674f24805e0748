package vigie.collector.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What systemd logged of a crash becomes a card that shows the unit's last lines, by the rules that
 * ship. The journal is a recorded one, given by a journalctl that does nothing else.
 */
class JournalToCardIT {
  private static final Path ROOT = Path.of(System.getProperty("vigie.root", "..")).toAbsolutePath();
  private static final Path RECORDED =
      ROOT.resolve("agent/src/test/resources/journal/systemd-252.export");

  @TempDir Path dir;

  @Test
  void givenRecordedEntriesOfACrash_whenTheAgentReadsThem_thenTheCardShowsTheUnitsLastLines()
      throws Exception {
    Path journal = Files.createDirectories(dir.resolve("host/var/log/journal/machine"));
    Files.writeString(journal.resolve("system.journal"), "");
    journalctl();
    try (Fleet fleet = new Fleet(dir)) {
      Files.copy(
          ROOT.resolve("alert-rules/systemd.yml"),
          dir.resolve("rules.yml"),
          StandardCopyOption.REPLACE_EXISTING);
      Path config = dir.resolve("collector.yaml");
      Files.writeString(config, Files.readString(config).replace("node, probe]", "node, unit]"));
      fleet.startCollector();
      fleet.agent =
          Program.start(
              dir.resolve("agent.log"),
              Map.of("PATH", dir.resolve("bin") + ":" + System.getenv("PATH")),
              "agent",
              "run",
              "--config",
              dir.resolve("agent.yaml").toString(),
              "--path.rootfs",
              dir.resolve("host").toString());
      fleet.awaitOrTell(
          "cards of the crash and of the unit that is down",
          () ->
              cards(fleet).contains("about to crash")
                  && cards(fleet).contains("nofile.service on p1 has failed and stays down"));
      assertThat(cards(fleet))
          .contains("crash.service on p1 crashed")
          .contains("exit code 3")
          .contains("on stderr")
          .contains("exit code 203 (EXEC)");
      assertThat(
              fleet
                  .ask("/api/v1/query?query=vigie_events_total%7Bunit%3D%22crash.service%22%7D")
                  .toString())
          .contains("\"type\":\"unit.crashed\"");
      assertThat(fleet.agent.stop()).isIn(0, 143);
    }
  }

  private static String cards(Fleet fleet) {
    StringBuilder all = new StringBuilder();
    fleet.discord.messages().forEach(message -> all.append(message.text()).append('\n'));
    return all.toString();
  }

  /** Gives the recording, as of now, and then waits for more. */
  private void journalctl() throws IOException {
    Path program = Files.createDirectories(dir.resolve("bin")).resolve("journalctl");
    Files.writeString(
        program,
        """
        #!/bin/sh
        case "$*" in *--follow*) ;; *) exit 0 ;; esac
        sed "s/^__REALTIME_TIMESTAMP=.*/__REALTIME_TIMESTAMP=$(date +%%s)000000/" '%s'
        exec sleep 600
        """
            .formatted(RECORDED));
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
  }
}
