package vigie.collector.notify.discord;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.base.config.Faults;
import vigie.base.config.Section;
import vigie.base.config.Yaml;
import vigie.collector.alert.Severity;

class DiscordBotConfigTest {
  private static final String TOKEN = "MTIz.Gabc.very-secret_token-of-a-bot";
  @TempDir Path folder;
  private final Faults faults = new Faults();

  private DiscordBotConfig read(String yaml) {
    Section section = Yaml.parse(folder.resolve("collector.yaml"), yaml, Map.of(), faults);
    return DiscordBotConfig.read(section);
  }

  @Test
  void givenAllKeys_whenRead_thenAllAreThere() throws Exception {
    Files.writeString(folder.resolve("token"), TOKEN + "\n");
    DiscordBotConfig config =
        read(
            """
            token_file: token
            guild_id: 43
            channel_id: '42'
            allowed_roles: ['500', '501']
            mention_roles: {critical: '9'}
            api_url: http://127.0.0.1:1/api/v10/
            gateway_url: ws://127.0.0.1:2
            """);
    assertThat(faults.all()).isEmpty();
    assertThat(faults.warnings()).hasSize(2).allMatch(warning -> warning.contains("not Discord"));
    assertThat(DiscordBotConfig.token(config.token())).isEqualTo(TOKEN);
    assertThat(config.guild()).isEqualTo("43");
    assertThat(config.channel()).isEqualTo("42");
    assertThat(config.allowedRoles()).isEqualTo(Set.of("500", "501"));
    assertThat(config.mentions().roles()).isEqualTo(Map.of(Severity.CRITICAL, List.of("9")));
    assertThat(config.api()).isEqualTo("http://127.0.0.1:1/api/v10");
    assertThat(config.gateway()).isEqualTo("ws://127.0.0.1:2");
    assertThat(config.toString()).doesNotContain(TOKEN);
  }

  @Test
  void givenFewKeys_whenRead_thenDiscordsOwnAddressesAndNobodyIsPinged() throws Exception {
    Files.writeString(folder.resolve("token"), TOKEN);
    DiscordBotConfig config =
        read("{token_file: token, guild_id: 43, channel_id: 42, allowed_roles: [43]}");
    assertThat(faults.all()).isEmpty();
    assertThat(faults.warnings()).isEmpty();
    assertThat(config.api()).isEqualTo(DiscordBotConfig.API);
    assertThat(config.gateway()).isEmpty();
    assertThat(config.mentions()).isEqualTo(MentionRoles.NONE);
    assertThat(config.allows(Set.of())).as("the guild's own id is everybody").isTrue();
  }

  @Test
  void givenNothing_whenRead_thenEachMissingKeyIsNamed() {
    read("{}");
    assertThat(faults.all()).hasSize(4);
    assertThat(String.join("\n", faults.all()))
        .contains("token_file", "guild_id", "channel_id", "allowed_roles");
  }

  @Test
  void givenTokenInTheFile_whenRead_thenRefusedWithoutQuotingIt() {
    read("{token: " + TOKEN + ", guild_id: 43, channel_id: 42, allowed_roles: [43]}");
    assertThat(faults.all())
        .singleElement()
        .asString()
        .contains("token_file")
        .doesNotContain(TOKEN);
  }

  @ParameterizedTest
  @ValueSource(strings = {"Bot TOKEN", "TOKEN with blank", "TOKEN\nTOKEN", "TOKENé", "", " "})
  void givenWrongToken_whenRead_thenSaidWithoutQuotingIt(String text) throws Exception {
    Files.writeString(folder.resolve("token"), text.replace("TOKEN", TOKEN));
    read("{token_file: token, guild_id: 43, channel_id: 42, allowed_roles: [43]}");
    assertThat(faults.all())
        .singleElement()
        .asString()
        .contains("the bot's token")
        .doesNotContain("very-secret");
  }

  @Test
  void givenRoleNames_whenRead_thenToldThatIdsAreWanted() throws Exception {
    Files.writeString(folder.resolve("token"), TOKEN);
    DiscordBotConfig config =
        read("{token_file: token, guild_id: 43, channel_id: 42, allowed_roles: [ops]}");
    assertThat(faults.all()).singleElement().asString().contains("\"ops\" is not the id");
    assertThat(config.allows(Set.of("500"))).isFalse();
  }
}
