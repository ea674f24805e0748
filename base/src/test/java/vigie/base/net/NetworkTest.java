package vigie.base.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class NetworkTest {
  @Test
  void givenBlocks_whenAsked_thenTheyHaveTheirAddressesOnly() {
    assertThat(Network.parse("127.0.0.1").has("127.0.0.1")).isTrue();
    assertThat(Network.parse("127.0.0.1").has("127.0.0.2")).isFalse();
    assertThat(Network.parse("10.0.0.0/8").has("10.200.3.4")).isTrue();
    assertThat(Network.parse("10.0.0.0/8").has("11.0.0.1")).isFalse();
    assertThat(Network.parse("192.0.2.128/25").has("192.0.2.127")).isFalse();
    assertThat(Network.parse("0.0.0.0/0").has("192.0.2.1")).isTrue();
    assertThat(Network.parse("0.0.0.0/0").has("::1")).isFalse();
    assertThat(Network.parse("fd00::/8").has("fd12::1")).isTrue();
    assertThat(Network.parse("::ffff:10.0.0.1").has("10.0.0.1")).isTrue();
    assertThat(Network.parse("10.0.0.1").has("nobody")).isFalse();
  }

  @Test
  void givenNoAddress_whenRead_thenToldWhatIsMeant() {
    for (String bad : new String[] {"", "localhost", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1"}) {
      assertThatThrownBy(() -> Network.parse(bad))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("\"" + bad + "\" is no address");
    }
  }
}
