package vigie.base.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AddressesTest {
  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1:80", "[::1]:80", "[2001:db8::7:0:1]:65535", "[::]:1"})
  void givenAddress_whenResolvedAndFormatted_thenAsPeopleWriteIt(String text)
      throws UnknownHostException {
    InetSocketAddress parsed = Addresses.parse(text);
    InetAddress host = InetAddress.getByName(parsed.getHostString());
    assertThat(Addresses.format(new InetSocketAddress(host, parsed.getPort()))).isEqualTo(text);
    assertThat(Addresses.format(parsed)).isEqualTo(text);
  }

  @Test
  void givenNameThatIsNotResolved_whenFormatted_thenTheName() {
    assertThat(Addresses.format(Addresses.parse("p1.example:9100"))).isEqualTo("p1.example:9100");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"localhost", "LOCALHOST", "127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"})
  void givenHostThatIsThisMachine_thenLoopback(String host) {
    assertThat(Addresses.isLoopback(host)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "0.0.0.0",
        "::",
        "10.0.0.1",
        "128.0.0.1",
        "127.0.0.1.example",
        "127.0.0.256",
        "127.0.0.1:80",
        "127.1",
        "fe80::1%lo",
        "::ffff:10.0.0.1",
        "localhost.example",
        "localhost."
      })
  void givenAnotherHostOrWhatIsNoNumber_thenNotLoopbackAndNothingIsLookedUp(String host) {
    assertThat(Addresses.isLoopback(host)).isFalse();
  }
}
