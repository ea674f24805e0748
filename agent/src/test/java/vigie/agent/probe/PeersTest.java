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

class PeersTest {
  private final Faults faults = new Faults();

  private List<ProbeConfig> read(String text) {
    Section top = Yaml.parse(Path.of("agent.yaml"), text, Map.of(), faults);
    List<ProbeConfig> probes = Peers.readAll(top, "p1");
    top.end();
    return probes;
  }

  @Test
  void givenNeighbours_whenRead_thenEachIsAProbeThatForgivesOneLostPacket() {
    List<ProbeConfig> peers =
        read("peers: [p2, {name: p3, icmp: 10.0.0.3}, {name: p4, tcp: 'host:22'}, {name: p5}]");
    assertThat(faults.all()).isEmpty();
    assertThat(peers)
        .extracting(ProbeConfig::name)
        .containsExactly("peer/p2", "peer/p3", "peer/p4", "peer/p5");
    assertThat(peers).extracting(ProbeConfig::peer).containsExactly("p2", "p3", "p4", "p5");
    assertThat(peers)
        .extracting(ProbeConfig::target)
        .containsExactly("p2", "10.0.0.3", "host:22", "p5");
    assertThat(peers)
        .extracting(peer -> peer.module().prober())
        .containsExactly("icmp", "icmp", "tcp", "icmp");
    assertThat(peers).extracting(ProbeConfig::every).containsOnly(Duration.ofSeconds(10));
    assertThat(peers.get(0).damping().fall()).isEqualTo(2);
  }

  @Test
  void givenAListThatAllNodesShare_whenRead_thenANodeIsNotItsOwnNeighbour() {
    assertThat(read("peers: [p1, p2]")).extracting(ProbeConfig::peer).containsExactly("p2");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[p2, p2] | 1:13: peer \"p2\" stands here twice; the first is at agent.yaml:1:9",
        "['p 2'] | 1:9: the name of a peer must be 1 to 64 characters without blanks",
        "[{name: p2, tcp: h}] | is not an address; write HOST:PORT",
        "[{name: p2, icmp: 'h:22'}] | is not a host",
        "[{name: p2, icmp: h, tcp: 'h:1'}] | a peer is looked at in one way",
        "[{icmp: h}] | name",
        "[[p2]] | a peer is a host's name",
        "[{name: p2, imcp: h}] | did you mean \"icmp\"?"
      })
  void givenAFault_whenRead_thenItIsTold(String list, String fault) {
    read("peers: " + list);
    assertThat(faults.all()).hasSize(1).first().asString().contains(fault);
  }

  @Test
  void givenAProbeWithAPeersName_whenRead_thenRefused() {
    Section top =
        Yaml.parse(Path.of("agent.yaml"), "probes: [{name: peer/x, tcp: 'h:1'}]", Map.of(), faults);
    ProbeConfig.readAll(top, Map.of());
    assertThat(faults.all())
        .containsExactly(
            "agent.yaml:1:17: a name that begins with peer/ is for peers:; choose another");
  }
}
