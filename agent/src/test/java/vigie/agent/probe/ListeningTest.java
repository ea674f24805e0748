package vigie.agent.probe;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ListeningTest {
  private static final String HEADING =
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout"
          + " inode\n";
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
  @TempDir Path procfs;
  private Listening listening;

  /** A host as seen in /proc: python3 on 127.0.0.1:13337, sshd on every address, one connection. */
  @BeforeEach
  void host() throws IOException {
    listening = new Listening(procfs);
    Files.createDirectories(procfs.resolve("net"));
    Files.writeString(
        procfs.resolve("net/tcp"),
        HEADING
            + line(0, "0100007F:3419", "00000000:0000", "0A", 4001)
            + line(1, "00000000:0016", "00000000:0000", "0A", 4002)
            + line(2, "0100007F:D9C4", "0100007F:3419", "01", 4003)
            + line(3, "0100007F:8239", "00000000:0000", "0A", 4009));
    Files.writeString(
        procfs.resolve("net/tcp6"),
        HEADING
            + line(0, "00000000000000000000000001000000:0050", "0".repeat(32) + ":0000", "0A", 4004)
            + line(1, "0".repeat(32) + ":238C", "0".repeat(32) + ":0000", "0A", 4005));
    process(812, "python3", 4001);
    process(1, "systemd", 4002);
  }

  @Test
  void givenAnotherPort_whenExplained_thenLikestIsNamedFirst() {
    assertThat(listening.explain(new InetAddress[] {LOOPBACK}, 33337))
        .isEqualTo(
            "nothing listens on 127.0.0.1:33337; python3 listens on 127.0.0.1:13337; systemd listens"
                + " on 0.0.0.0:22; something listens on [::1]:80");
  }

  @Test
  void givenAnotherAddress_whenExplained_thenSamePortIsNamedFirst() {
    assertThat(listening.explain(new InetAddress[] {LOOPBACK}, 80))
        .startsWith("nothing listens on 127.0.0.1:80; something listens on [::1]:80; ");
  }

  @Test
  void givenListener_whenExplained_thenItIsNamed() {
    assertThat(listening.explain(new InetAddress[] {LOOPBACK}, 13337))
        .isEqualTo("python3 listens on 127.0.0.1:13337");
  }

  @Test
  void givenTargetElsewhere_whenExplained_thenNothing() throws IOException {
    InetAddress elsewhere = InetAddress.getByName("192.0.2.77");
    assertThat(listening.explain(new InetAddress[] {elsewhere}, 13337)).isEmpty();
  }

  @Test
  void givenTakenPort_whenAskedWhoHoldsIt_thenNameAndPid() throws IOException {
    InetAddress any = InetAddress.getByName("0.0.0.0");
    assertThat(listening.holder(any, 13337)).hasToString("python3 (process 812)");
    assertThat(listening.holder(LOOPBACK, 22)).hasToString("systemd (process 1)");
    assertThat(listening.holder(LOOPBACK, 9100)).hasToString("another process");
    assertThat(listening.holder(LOOPBACK, 9)).isNull();
  }

  @Test
  void givenTables_whenRead_thenOnlyListenersBeforeTheFirstConnection() throws IOException {
    try (ListeningSockets sockets = new ListeningSockets(procfs)) {
      for (int round = 0; round < 2; round++) {
        sockets.read();
        assertThat(sockets.size()).isEqualTo(4);
        assertThat(sockets.address(0)).isEqualTo(LOOPBACK);
        assertThat(sockets.port(0)).isEqualTo(13337);
        assertThat(sockets.inode(0)).isEqualTo(4001);
        assertThat(sockets.address(2).getHostAddress()).isEqualTo("0:0:0:0:0:0:0:1");
      }
    }
  }

  @Test
  void givenManyListenersAndCutLines_whenRead_thenAllWholeOnesAreThere() throws IOException {
    StringBuilder table = new StringBuilder(HEADING).append("\n").append("   0: 01\n");
    for (int i = 0; i < 1000; i++) {
      table.append(line(i, String.format("0100007F:%04X", 1000 + i), "00000000:0000", "0A", i));
    }
    Files.writeString(procfs.resolve("net/tcp"), table.append("  77: 0100007F:0001 0000"));
    Files.delete(procfs.resolve("net/tcp6"));
    try (ListeningSockets sockets = new ListeningSockets(procfs)) {
      sockets.read();
      assertThat(sockets.size()).isEqualTo(1000);
      assertThat(sockets.find(0, ListeningSockets.low(LOOPBACK), 1999)).isEqualTo(999);
    }
  }

  @Test
  void givenThisHost_whenRead_thenOurOwnListenerIsFoundWithItsOwner() throws IOException {
    Listening here = new Listening(Path.of("/proc"));
    try (ServerSocket socket = new ServerSocket(0, 1, LOOPBACK)) {
      assertThat(here.holder(LOOPBACK, socket.getLocalPort()))
          .extracting(h -> h.pid())
          .isEqualTo(ProcessHandle.current().pid());
    }
  }

  private static String line(int row, String local, String remote, String state, long inode) {
    return String.format(
        "%4d: %s %s %s 00000000:00000000 00:00000000 00000000  1000        0 %d 1 0000000000000000"
            + " 100 0 0 10 0\n",
        row, local, remote, state, inode);
  }

  private void process(int pid, String name, long inode) throws IOException {
    Path folder = Files.createDirectories(procfs.resolve(pid + "/fd"));
    Files.writeString(procfs.resolve(pid + "/comm"), name + "\n");
    Files.createSymbolicLink(folder.resolve("3"), Path.of("socket:[" + inode + "]"));
  }
}
