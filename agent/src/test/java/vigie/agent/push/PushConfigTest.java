package vigie.agent.push;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import vigie.base.config.Faults;
import vigie.base.config.Yaml;
import vigie.base.net.ClientTls;

class PushConfigTest {
  private final Faults faults = new Faults();

  private PushConfig read(String text) {
    return PushConfig.read(Yaml.parse(Path.of("/etc/agent.yaml"), text, Map.of(), faults));
  }

  @Test
  void givenNothing_whenRead_thenNoPush() {
    assertThat(read("")).isNull();
    assertThat(faults.all()).isEmpty();
  }

  @Test
  void givenUrlAlone_whenRead_thenDefaults() {
    PushConfig config = read("push: {url: http://192.0.2.5:9338/api/v1/write}");
    assertThat(faults.all()).isEmpty();
    assertThat(config)
        .isEqualTo(
            new PushConfig(
                URI.create("http://192.0.2.5:9338/api/v1/write"),
                Duration.ofSeconds(15),
                Duration.ofSeconds(30),
                "",
                null,
                ClientTls.DEFAULTS,
                Map.of(),
                Map.of(),
                null,
                4L << 20,
                Duration.ofHours(1)));
  }

  @Test
  void givenEveryKey_whenRead_thenAllTaken() {
    PushConfig config =
        read(
            """
            push:
              url: https://collector:9338/api/v1/write
              every: 30s
              timeout: 10s
              basic_auth: {username: p1, password_file: password}
              tls_config:
                {ca_file: ca.pem, cert_file: c.pem, key_file: c.key, server_name: c, insecure_skip_verify: true}
              headers: {X-Scope-OrgID: club}
              labels: {job: node}
              spool: disk
              path: /srv/push
              max_bytes: 1GiB
              max_age: 1d
            """);
    assertThat(faults.all()).isEmpty();
    assertThat(faults.warnings()).singleElement().asString().contains("insecure_skip_verify");
    assertThat(config.user()).isEqualTo("p1");
    assertThat(config.tls())
        .isEqualTo(
            new ClientTls(
                Path.of("/etc/ca.pem"), Path.of("/etc/c.pem"), Path.of("/etc/c.key"), "c", true));
    assertThat(config.labels()).containsEntry("job", "node");
    assertThat(config.headers()).containsOnlyKeys("X-Scope-OrgID");
    assertThat(config.spool()).isEqualTo(Path.of("/srv/push"));
    assertThat(config.maxBytes()).isEqualTo(1L << 30);
    assertThat(config.maxAge()).isEqualTo(Duration.ofDays(1));
    assertThat(config.toString()).doesNotContain("club");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{every: 15s}|push.url is missing",
        "{url: ftp://x}|url must be http",
        "{url: 'http://me:hunter2@x/'}|url must not hold user and password",
        "{url: http://x, evry: 15s}|unknown key \"evry\" in push; did you mean \"every\"?",
        "{url: http://x, spool: tape}|neither memory nor disk",
        "{url: http://x, basic_auth: {username: a}}|needs both",
        "{url: http://x, basic_auth: {username: a, password: hunter2}}|use password_file",
        "{url: http://x, tls_config: {cert_file: a}}|go together",
        "{url: http://x, labels: {__name__: a}}|not a label name",
        "{url: http://x, headers: {Host: a}}|cannot be set here",
        "{url: http://x, max_age: 2d}|max_age must be between",
        "{url: http://x, max_bytes: 1KiB}|max_bytes must be between"
      })
  void givenFault_whenRead_thenTold(String text, String fault) {
    read("push: " + text);
    assertThat(String.join("\n", faults.all()))
        .startsWith("/etc/agent.yaml:1:")
        .contains(fault)
        .doesNotContain("hunter2");
  }
}
