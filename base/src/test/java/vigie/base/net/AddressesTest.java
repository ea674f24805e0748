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
}
