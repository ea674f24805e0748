package vigie.collector.notify.discord;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import vigie.base.config.Faults;
import vigie.base.config.Yaml;
import vigie.collector.alert.Severity;
import vigie.collector.testing.FakeDiscordRules;

class MentionRolesTest {
  private final Faults faults = new Faults();

  private MentionRoles read(String yaml) {
    return MentionRoles.read(
        Yaml.parse(Path.of("/etc/vigie/collector.yaml"), yaml, Map.of(), faults));
  }

  @Test
  void givenRoles_whenRead_thenBySeverity() {
    MentionRoles read = read("mention_roles: {critical: '123', warning: ['4', 56], info: []}");

    assertThat(faults.all()).isEmpty();
    assertThat(read.roles())
        .isEqualTo(
            Map.of(
                Severity.CRITICAL,
                List.of("123"),
                Severity.WARNING,
                List.of("4", "56"),
                Severity.INFO,
                List.of()));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '¦',
      value = {
        "mention_roles: {critical: oncall} ¦ ids of roles",
        "mention_roles: {critical: '<@&1>'} ¦ ids of roles",
        "mention_roles: {bad: '1'} ¦ bad is none of"
      })
  void givenWrongRoles_whenRead_thenSaidInWords(String yaml, String message) {
    read(yaml);

    assertThat(faults.all()).hasSize(1);
    assertThat(faults.all().get(0)).contains(message);
  }

  @Test
  void givenMessage_whenItPings_thenTheseRolesAloneAndNobodyWithoutSeverity() {
    MentionRoles roles = new MentionRoles(Map.of(Severity.CRITICAL, List.of("1", "2")));
    ObjectNode message = JsonNodeFactory.instance.objectNode().put("content", "@everyone <@&3>");

    roles.ping(message, Severity.CRITICAL);
    assertThat(FakeDiscordRules.pings(message)).containsExactly("1", "2");
    roles.ping(message, null);
    assertThat(FakeDiscordRules.pings(message)).isEmpty();
    roles.ping(message, Severity.WARNING);
    assertThat(FakeDiscordRules.pings(message)).isEmpty();
  }
}
