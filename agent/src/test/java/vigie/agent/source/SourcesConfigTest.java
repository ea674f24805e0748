package vigie.agent.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import vigie.agent.event.Severity;
import vigie.agent.reader.Roots;
import vigie.agent.source.JournalConfig.Wanted;
import vigie.base.config.Faults;
import vigie.base.config.Yaml;

class SourcesConfigTest {
  private final Faults faults = new Faults();

  private SourcesConfig read(String text) {
    return SourcesConfig.read(Yaml.parse(Path.of("agent.yaml"), text, Map.of(), faults));
  }

  @Test
  void givenNothing_whenRead_thenDefaults() {
    SourcesConfig config = read("");
    assertThat(config.journal()).isEqualTo(JournalConfig.AUTO);
    assertThat(config.boot()).isTrue();
    assertThat(faults.all()).isEmpty();
  }

  @Test
  void givenAllKeys_whenRead_thenAllTaken() {
    SourcesConfig config =
        read(
            """
            sources:
              boot: false
              journal:
                units: [nginx, a.socket]
                identifiers: [sshd]
                priority: warning
                transports: [syslog, stdout]
            """);
    assertThat(faults.all()).isEmpty();
    assertThat(config.boot()).isFalse();
    assertThat(config.journal())
        .isEqualTo(
            new JournalConfig(
                Wanted.ON,
                List.of("nginx.service", "a.socket"),
                List.of("sshd"),
                Severity.WARNING,
                List.of("syslog", "stdout")));
    assertThat(read("sources: {journal: false}").journal().wanted()).isEqualTo(Wanted.OFF);
    assertThat(read("sources: {journal: true}").journal().wanted()).isEqualTo(Wanted.ON);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{jurnal: true}|1:11: unknown key \"jurnal\" in sources; did you mean \"journal\"?",
        "{journal: 3}|1:20: journal \"3\" is not true or false",
        "{journal: {unit: [a]}}|1:21: unknown key \"unit\" in sources.journal; did you mean"
            + " \"units\"?",
        "{journal: {transports: [dbus]}}|1:21: transport \"dbus\" is none of audit, driver, journal,"
            + " kernel, stdout, syslog",
        "{journal: {units: [\"a b\"]}}|1:21: unit \"a b\": a unit's name has letters, digits and"
            + " :-_.\\@, such as gunicorn.service",
      })
  void givenFault_whenRead_thenPlaceAndWords(String text, String message) {
    read("sources: " + text + "\n");
    assertThat(faults.all()).contains("agent.yaml:" + message);
  }

  @Test
  void givenASelection_whenItsCommandIsMade_thenStockEntriesAreReadBesides() {
    Journal journal = new Journal(Path.of("/usr/bin/journalctl"), Path.of("/"));
    JournalConfig config =
        read("sources: {journal: {units: [a], identifiers: [b], priority: alert}}").journal();
    List<String> command = journal.command(config, true, "s=1;i=2", 0, false);
    assertThat(command)
        .startsWith("/usr/bin/journalctl", "--follow")
        .contains("--no-tail", "--after-cursor=s=1;i=2");
    assertThat(command.subList(command.indexOf("_SYSTEMD_UNIT=a.service"), command.size()))
        .startsWith(
            "_SYSTEMD_UNIT=a.service", "SYSLOG_IDENTIFIER=b", "PRIORITY=0", "PRIORITY=1", "+")
        .contains("MESSAGE_ID=98e322203f7a4ed290d09fe03c09fe15")
        .endsWith("+", "_TRANSPORT=kernel");
    assertThat(journal.command(JournalConfig.AUTO, true, "", 0, true))
        .contains("--lines=0")
        .noneMatch(word -> word.startsWith("--root") || word.equals("+"));
  }

  @Test
  void givenACursor_whenItsTimeIsAsked_thenItIsThatOfTheEntry() {
    assertThat(
            JournalSource.timeOf(
                "s=6489a1a0001c45fa9d9365f89e223a7b;i=19a;b=cc0537af093d4194bcd18afd0cbb5f87;"
                    + "m=5c244627f;t=660cb5fb86477;x=91ba1d7d73eb8747"))
        .isEqualTo("2026-11-21T15:54:20.811Z");
    assertThat(JournalSource.timeOf("anything;t=zz;")).isNull();
    assertThat(JournalSource.timeOf("")).isNull();
  }

  @Test
  void givenMachineWithoutJournal_whenChecked_thenOnlyWhoAskedForItIsTold(@TempDir Path root) {
    Roots roots = new Roots(root.resolve("proc"), root.resolve("sys"), root);
    assertThat(Sources.check(read(""), roots)).isEmpty();
    assertThat(Sources.check(read("sources: {journal: true}"), roots))
        .extracting(SourceFault::wanted)
        .containsExactly(true);
  }
}
