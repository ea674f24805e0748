package vigie.agent.reader;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GatewayReaderTest {
  /** As kernel 6.6 of a Pi Zero behind a Cluster HAT has it, with a second, worse way out. */
  private static final String ROUTE =
      """
      Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
      wlan0\t00000000\t010200C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
      usb0\t00000000\tFEB513AC\t0003\t0\t0\t100\t00000000\t0\t0\t0
      usb0\t00B513AC\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0
      docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
      broken line
      """;

  private static final String ARP =
      """
      IP address       HW type     Flags       HW address            Mask     Device
      192.0.2.1        0x1         0x2         02:00:5e:00:53:01     *        wlan0
      172.19.181.254   0x1         0x2         02:00:5E:00:53:AA     *        usb0
      172.19.181.3     0x1         0x0         00:00:00:00:00:00     *        usb0
      """;

  @TempDir Path dir;

  private void write(String path, String text) throws IOException {
    Path file = dir.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private GatewayReader.Gateway read() {
    return GatewayReader.read(new Roots(dir.resolve("proc"), dir.resolve("sys"), dir));
  }

  @Test
  void givenTwoWaysOut_whenRead_thenTheBetterOneWithItsHardwareAddress() throws Exception {
    write("proc/net/route", ROUTE);
    write("proc/net/arp", ARP);
    write("sys/class/net/usb0/address", "02:00:5e:00:53:b1\n");
    write("sys/class/net/wlan0/address", "02:00:5e:00:53:b2\n");
    write("sys/class/net/docker0/address", "02:42:ac:11:00:01\n");
    write("sys/class/net/veth1/address", "02:00:5e:00:53:b3\n"); // has no route

    GatewayReader.Gateway gateway = read();

    assertThat(gateway.address()).isEqualTo("172.19.181.254");
    assertThat(gateway.mac()).isEqualTo("02:00:5e:00:53:aa");
    assertThat(gateway.own()).containsExactlyInAnyOrder("02:00:5e:00:53:b1", "02:00:5e:00:53:b2");
  }

  @Test
  void givenGatewayThatWasNotTalkedToLately_whenRead_thenItsHardwareAddressIsNotKnown()
      throws Exception {
    write("proc/net/route", ROUTE.replace("FEB513AC", "03B513AC"));
    write("proc/net/arp", ARP);
    assertThat(read().address()).isEqualTo("172.19.181.3");
    assertThat(read().mac()).isEmpty();
    write("proc/net/arp", ARP.lines().findFirst().orElseThrow());
    assertThat(read().mac()).isEmpty();
  }

  @Test
  void givenKernelWithoutIpv4OrTextThatIsNone_whenRead_thenNothing() throws Exception {
    assertThat(read()).isEqualTo(new GatewayReader.Gateway("", "", java.util.List.of()));
    write("proc/net/route", "Iface\nx y z\na\t00000000\tzz\t0\t0\t0\tzz\t00000000\n\n\t\t\n");
    write("proc/net/arp", "\u0000\u0001");
    assertThat(read()).isEqualTo(new GatewayReader.Gateway("", "", java.util.List.of()));
  }
}
