package vigie.base.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SectionTest {
  private static final Path FILE = Path.of("conf/collector.yaml");
  private final Faults faults = new Faults();

  private Section parse(String text) {
    return Yaml.parse(FILE, text, Map.of(), faults);
  }

  @Test
  void givenUnknownKey_whenEnded_thenPlaceAndNearestAreNamed() {
    Section route = parse("route:\n  receiver: a\n  group_waits: 5s\n").section("route");
    assertThat(route.string("receiver")).isEqualTo("a");
    route.duration("group_wait", Duration.ZERO);
    route.end();
    assertThat(faults.all())
        .containsExactly(
            "conf/collector.yaml:3:3: unknown key \"group_waits\" in route; did you mean \"group_wait\"?");
  }

  @Test
  void givenWrongTypes_whenRead_thenEachIsNamedAndDefaultsHold() {
    Section s = parse("every: 4hh\nport: 70000\nlist: {a: 1}\nflag: yes\nsize: 5 apples\n");
    assertThat(s.duration("every", Duration.ofSeconds(5))).isEqualTo(Duration.ofSeconds(5));
    assertThat(s.integer("port", 9100, 1, 65535)).isEqualTo(9100);
    assertThat(s.list("list")).isEmpty();
    assertThat(s.bool("flag", true)).isTrue();
    assertThat(s.bytes("size", 7, 0, 100)).isEqualTo(7);
    assertThat(faults.all())
        .containsExactly(
            "conf/collector.yaml:1:8: every \"4hh\" is not a duration; write 30s, 5m or 1h30m",
            "conf/collector.yaml:2:7: port \"70000\" is not a whole number from 1 to 65535",
            "conf/collector.yaml:3:7: list must be a list",
            "conf/collector.yaml:4:7: flag \"yes\" is not true or false",
            "conf/collector.yaml:5:7: size \"5 apples\" is not a size; write 64MiB or 1GB");
  }

  @Test
  void givenEnvironment_whenFileLacksTheKey_thenEnvironmentCounts() {
    Map<String, String> env = Map.of("VIGIE_SPOOL_PATH", "/spool", "VIGIE_NODE", "env");
    Section s = Yaml.parse(FILE, "node: file\n", env, faults);
    assertThat(s.string("node", "default")).isEqualTo("file");
    assertThat(s.section("spool").string("path", "default")).isEqualTo("/spool");
    assertThat(faults.isEmpty()).isTrue();
  }

  @Test
  void givenTwiceTheSameKey_whenParsed_thenFault() {
    parse("a: 1\na: 2\n");
    assertThat(faults.all())
        .containsExactly("conf/collector.yaml:2:1: key \"a\" stands here twice");
  }

  @Test
  void givenNoYaml_whenParsed_thenPlaceIsNamed() {
    assertThatThrownBy(() -> parse("a: [1\nb: 2\n"))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("conf/collector.yaml:2:");
  }

  @ParameterizedTest
  @ValueSource(strings = {"\\u", "\\UFFFFFFFF\"\nc: \"\\t\""})
  void givenEscapeThatIsNoCharacter_whenParsed_thenPlaceIsNamed(String escape) {
    assertThatThrownBy(() -> parse("a: 1\nb: \"" + escape))
        .isInstanceOf(ConfigException.class)
        .hasMessage("conf/collector.yaml:2:5: not YAML: an escape that is no character");
  }

  @Test
  void givenSecretInFile_whenRevealed_thenReadAnewAndNeverShown(@TempDir Path dir)
      throws Exception {
    Path config = dir.resolve("c.yaml");
    Files.writeString(config, "webhook_url_file: hook\n");
    Files.writeString(dir.resolve("hook"), "one\n");
    Secret secret = Yaml.load(config, Map.of(), faults).secret("webhook_url", true);
    assertThat(secret).isNotNull();
    assertThat(secret.reveal()).isEqualTo("one");
    Files.writeString(dir.resolve("hook"), "two\n");
    assertThat(secret.reveal()).isEqualTo("two");
    assertThat(secret).hasToString("<secret>");
  }

  @Test
  void givenInlineSecret_whenRead_thenWarnedWithTheFileKey() {
    Secret secret = parse("webhook_url: http://x\n").secret("webhook_url", true);
    assertThat(secret).isNotNull();
    assertThat(faults.warnings())
        .singleElement()
        .asString()
        .contains("webhook_url_file")
        .doesNotContain("http://x");
  }

  @Test
  void givenTextWithinYaml_whenItsPlaceIsAsked_thenTheFilesLineAndColumn() {
    Section s =
        parse(
            "plain: sum( up\n  by x\nquoted: \"a \\\"b\\\" c\"\nsingle: 'it''s x'\n"
                + "literal: |\n  one\n    two three\nfolded: >-\n  one\n  two\n");
    assertThat(place(s, "plain", 1, 6)).isEqualTo("1:13");
    assertThat(place(s, "plain", 1, 9)).isEqualTo("2:3");
    assertThat(place(s, "quoted", 1, 7)).isEqualTo("3:18");
    assertThat(place(s, "single", 1, 6)).isEqualTo("4:16");
    assertThat(place(s, "literal", 2, 7)).isEqualTo("7:9");
    assertThat(place(s, "folded", 1, 5)).isEqualTo("10:3");
    assertThat(place(s, "folded", 1, 8)).isEqualTo("10:6");
  }

  private static String place(Section s, String key, int line, int column) {
    Value value = s.value(key);
    assertThat(value).isNotNull();
    Position at = value.position(line, column);
    return at.line() + ":" + at.column();
  }
}
