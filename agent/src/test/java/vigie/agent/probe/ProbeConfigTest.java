package vigie.agent.probe;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import vigie.base.config.Faults;
import vigie.base.config.Section;
import vigie.base.config.Yaml;

class ProbeConfigTest {
  private final Faults faults = new Faults();

  private List<ProbeConfig> read(String text) {
    Section top = Yaml.parse(Path.of("agent.yaml"), text, Map.of(), faults);
    List<ProbeConfig> probes = ProbeConfig.readAll(top, Modules.readAll(top));
    top.end();
    return probes;
  }

  @Test
  void givenNameAndTarget_whenRead_thenDefaults() {
    ProbeConfig probe = read("probes:\n  - {name: a, tcp: 127.0.0.1:13337}\n").get(0);
    assertThat(probe.target()).isEqualTo("127.0.0.1:13337");
    assertThat(probe.every()).isEqualTo(Duration.ofSeconds(5));
    assertThat(probe.timeout()).isEqualTo(Duration.ofSeconds(2));
    assertThat(probe.module()).isEqualTo(TcpModule.CONNECT);
    assertThat(probe.damping()).isEqualTo(Damping.NONE);
  }

  @Test
  void givenEveryKey_whenRead_thenAllTaken() {
    ProbeConfig probe =
        read("probes:\n  - name: a\n    tcp: '[::1]:80'\n    every: 1m\n    timeout: 500ms\n"
                + "    send: \"PING\\r\\n\"\n    expect: ^PONG\n")
            .get(0);
    assertThat(probe.target()).isEqualTo("[::1]:80");
    assertThat(probe.every()).isEqualTo(Duration.ofMinutes(1));
    assertThat(probe.timeout()).isEqualTo(Duration.ofMillis(500));
    assertThat(probe.module())
        .isEqualTo(ProbeHarness.module("tcp", "{send: \"PING\\r\\n\", expect: ^PONG}"));
    assertThat(faults.isEmpty()).isTrue();
  }

  @Test
  void givenSameNameTwice_whenRead_thenBothPositions() {
    read("probes:\n  - {name: a, tcp: h:1}\n  - {name: a, tcp: h:2}\n");
    assertThat(faults.all())
        .containsExactly(
            "agent.yaml:3:12: probe \"a\" stands here twice; the first is at agent.yaml:2:12");
  }

  @Test
  void givenTimeoutLongerThanEvery_whenRead_thenWarned() {
    read("probes:\n  - {name: a, tcp: h:1, every: 1s}\n");
    assertThat(faults.isEmpty()).isTrue();
    assertThat(faults.warnings())
        .containsExactly(
            "agent.yaml:2:25: timeout 2s is longer than every 1s: while a run waits for its timeout,"
                + " turns are skipped");
  }

  @Test
  void givenModule_whenNamedByAProbe_thenItsSettingsAndItsTimeoutCount() {
    ProbeConfig probe =
        read("modules:\n  banner: {prober: tcp, timeout: 3s, tcp: {expect: ^220}}\n"
                + "probes:\n  - {name: a, tcp: h:25, module: banner}\n")
            .get(0);
    assertThat(faults.all()).isEmpty();
    assertThat(probe.timeout()).isEqualTo(Duration.ofSeconds(3));
    assertThat(probe.module()).isEqualTo(ProbeHarness.module("tcp", "{expect: ^220}"));
  }

  @Test
  void givenModuleFaults_whenRead_thenEachIsTold() {
    read(
        "modules:\n  a: {prober: tpc}\n  b: {prober: tcp, tcp: {exepct: x}}\n"
            + "probes:\n  - {name: a, tcp: h:25, module: c}\n");
    assertThat(faults.all())
        .anyMatch(f -> f.startsWith("agent.yaml:2:7: prober \"tpc\" is not one of tcp"))
        .anyMatch(
            f -> f.contains("unknown key \"exepct\" in modules.b.tcp; did you mean \"expect\""))
        .anyMatch(f -> f.contains("module \"c\" is not under modules"));
  }

  @Test
  void givenDamping_whenRead_thenOfIsTheLargerAndSlowUnderFourFifths() {
    ProbeConfig probe =
        read("probes:\n  - {name: a, tcp: h:25, fall: 3, rise: 2, slow_over: 500ms}\n").get(0);
    assertThat(probe.damping())
        .isEqualTo(new Damping(3, 2, 3, Duration.ofMillis(500), Duration.ofMillis(400)));
    read("probes:\n  - {name: a, tcp: h:25, fall: 3, of: 2, slow_under: 1s}\n");
    assertThat(faults.all())
        .anyMatch(f -> f.contains("of 2 is less than fall or rise"))
        .anyMatch(f -> f.contains("slow_under needs slow_over beside it"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{tcp: h:1}|2:5: key \"name\" is missing in probes[0]",
        "{name: a}|2:5: a probe needs ",
        "{name: a, tcp: h}|2:20: tcp \"h\" is not an address; write HOST:PORT or [IPV6]:PORT",
        "{name: a, tcp: h:0}|2:20: tcp \"h:0\" names no target; write HOST:PORT with a port from 1",
        "{name: a, tcp: ':80'}|2:20: tcp \":80\" names no target; write HOST:PORT with a port from 1",
        "{name: a, tcp: h:1, every: 5}|2:32: every \"5\" is not a duration; write 30s, 5m or 1h30m",
        "{name: a, tcp: h:1, every: 1ms}|2:25: every must be between 100ms and 1d",
        "{name: a, tcp: h:1, expect: '('}|2:33: expect \"(\" is not a regular expression (RE2):"
            + " missing closing )",
        "{name: a, tcp: h:1, expect: '(?i)[a-\\x{ffff}]'}|2:33: expect: regular expression with (?i)"
            + " and a letter from U+1C80",
        "{name: a, tcp: h:1, tmieout: 1s}|2:25: unknown key \"tmieout\" in probes[0]; did you mean"
            + " \"timeout\"?",
        "word|2:5: probes must be a list of sections (- key: value)",
      })
  void givenFault_whenRead_thenPlaceAndWords(String probe, String message) {
    read("probes:\n  - " + probe + "\n");
    assertThat(faults.all()).anyMatch(fault -> fault.startsWith("agent.yaml:" + message));
  }
}
