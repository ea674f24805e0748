package vigie.collector.remote;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import vigie.base.config.Faults;
import vigie.base.config.Section;
import vigie.base.config.Yaml;
import vigie.collector.label.Labels;

class RemoteConfigTest {
  private final Faults faults = new Faults();

  private Section top(String yaml) {
    return Yaml.parse(Path.of("c.yaml"), yaml, Map.of(), faults);
  }

  @Test
  void givenUrlAlone_whenRead_thenPrometheusDefaults() {
    RemoteWriteTarget target =
        RemoteWriteTarget.readAll(top("remote_write: [{url: 'http://h/w'}]"), Labels.EMPTY).get(0);
    assertThat(faults.all()).isEmpty();
    assertThat(target.timeout()).isEqualTo(Duration.ofSeconds(30));
    assertThat(target.mostSamples()).isEqualTo(2000);
    assertThat(target.minBackoff()).isEqualTo(Duration.ofMillis(30));
    assertThat(target.maxBackoff()).isEqualTo(Duration.ofSeconds(5));
    assertThat(target.retryTooMany()).isTrue();
    assertThat(target.ageLimit()).isZero();
  }

  @Test
  void givenFaults_whenRead_thenEachWithItsPlaceAndNoPassword() {
    RemoteWriteTarget.readAll(
        top(
            """
            remote_write:
            - url: http://user:pass@h/w
            - {url: 'http://h/w', name: a/b, sigv4: {}}
            - {url: 'http://h/x', protobuf_message: io.prometheus.write.v2.Request}
            - {url: 'http://h/x', queue_config: {max_samples_per_sent: 1}}
            """),
        Labels.EMPTY);
    assertThat(faults.all())
        .containsExactly(
            "c.yaml:2:3: url must be http://HOST:PORT/PATH or https://…; for a password use basic_auth",
            "c.yaml:3:23: name \"a/b\" must be up to 64 letters, digits, - and _",
            "c.yaml:3:34: sigv4 is not supported; let a local proxy sign requests",
            "c.yaml:4:23: protobuf_message \"io.prometheus.write.v2.Request\" is not supported; take it out: 1.0 is spoken",
            "c.yaml:5:38: unknown key \"max_samples_per_sent\" in remote_write[3].queue_config; did you mean \"max_samples_per_send\"?",
            "c.yaml:5:3: remote_write \"" + name("http://h/x") + "\" is there twice; set name");
  }

  private static String name(String url) {
    return Integer.toHexString(url.hashCode());
  }

  @Test
  void givenDocs_whenRead_thenEveryKeyIsThere() throws IOException {
    String docs =
        Files.readString(Path.of(System.getProperty("vigie.root", "..")).resolve("docs/remote.md"));
    String odd = "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqq: 1";
    RemoteWriteTarget.readAll(
        top("remote_write: [{url: 'http://h', " + odd + ", queue_config: {" + odd + "}}]"),
        Labels.EMPTY);
    RemoteReadSource.readAll(top("remote_read: [{url: 'http://h', " + odd + "}]"), Labels.EMPTY);
    List<String> keys = new ArrayList<>();
    for (String fault : faults.all()) {
      keys.addAll(List.of(fault.substring(fault.indexOf("known here: ") + 12).split(", ", -1)));
    }
    assertThat(keys).hasSizeGreaterThan(40);
    assertThat(keys).allSatisfy(key -> assertThat(docs).contains("`" + key + "`"));
  }
}
