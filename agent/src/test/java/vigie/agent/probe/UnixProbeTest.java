package vigie.agent.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.agent.probe.Probe.Listens;

/** Real sockets in a folder of the test. */
class UnixProbeTest {
  private static final Duration LONG = Duration.ofSeconds(10);
  private static final Duration SHORT = Duration.ofMillis(300);
  private static final String NO_KEYS = "tls: false";
  private final Tools tools = new Tools();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<AutoCloseable> open = new ArrayList<>();
  @TempDir Path folder;
  private Path path;

  @BeforeEach
  void name() throws IOException {
    path = folder.toRealPath().resolve("a.sock");
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : open) {
      each.close();
    }
    threads.shutdownNow();
    tools.close();
  }

  @Test
  void givenListener_whenRun_thenUp() throws IOException {
    listen(path, 5);
    assertThat(Tools.words(run(NO_KEYS, LONG))).isEqualTo("up");
    assertThat(tools.steps).containsExactly("connecting to " + path, "connected");
  }

  @Test
  void givenDialogue_whenAnsweredAsExpected_thenUpAndElseDown() throws IOException {
    answer(listen(path, 5), "HTTP/1.1 200 OK\r\n");
    String keys = "send: \"GET / HTTP/1.0\\r\\n\\r\\n\"\nexpect: ";
    assertThat(Tools.words(run(keys + "' 200 '", LONG))).isEqualTo("up");
    assertThat(Tools.words(run(keys + "' 500 '", LONG))).startsWith("expected \" 500 \" got");
    assertThat(Tools.words(run("query_response: [{send: x}, {expect: '^HTTP'}]", LONG)))
        .isEqualTo("up");
  }

  @Test
  void givenQueueThatIsFull_whenTimeIsOver_thenDownAndUpOnceItIsTaken() throws IOException {
    ServerSocketChannel server = listen(path, 1);
    List<SocketChannel> waiting = fill();
    assertThat(Tools.words(run(NO_KEYS, SHORT)))
        .isEqualTo("timeout after 300ms: its queue of connections is full, nobody accepts them");
    for (int i = 0; i < waiting.size(); i++) {
      server.accept().close();
    }
    assertThat(Tools.words(run(NO_KEYS, LONG))).isEqualTo("up");
  }

  @Test
  void givenNoFile_whenRun_thenDownAndAnotherListenerIsNamed() throws IOException {
    listen(folder.toRealPath().resolve("b.sock"), 5);
    Probe probe = probe(NO_KEYS, LONG);
    assertThat(Tools.words(tools.run(probe))).isEqualTo("no such file or directory");
    assertThat(probe.hint())
        .isEqualTo("there is no " + path + "; " + path.resolveSibling("b.sock") + " listens");
  }

  @Test
  void givenOrdinaryFile_whenRun_thenDownAndSaysSo() throws IOException {
    Files.writeString(path, "x");
    Probe probe = probe(NO_KEYS, LONG);
    assertThat(Tools.words(tools.run(probe))).isEqualTo("connection refused");
    assertThat(probe.hint()).isEqualTo(path + " is no socket but a file");
  }

  @Test
  void givenSocketThatNobodyListensOn_whenRun_thenDownAndSaysSo() throws IOException {
    listen(path, 5).close();
    listen(path.resolveSibling("b.sock"), 5);
    Probe probe = probe(NO_KEYS, LONG);
    assertThat(Tools.words(tools.run(probe))).isEqualTo("connection refused");
    assertThat(probe.hint()).startsWith("the socket is there, but nobody listens on it; ");
  }

  @Test
  void givenListenerThatGoes_whenLookedAtPassively_thenYesThenNo() throws IOException {
    ServerSocketChannel server = listen(path, 5);
    Probe probe = probe(NO_KEYS, LONG);
    assertThat(probe.isWatchable()).isTrue();
    try (ListeningSockets sockets = new ListeningSockets(tools.roots.procfs())) {
      sockets.read();
      assertThat(probe.listens(sockets)).isEqualTo(Listens.YES);
      server.close();
      sockets.read();
      assertThat(probe.listens(sockets)).isEqualTo(Listens.NO);
    }
  }

  @Test
  void givenTableOfSockets_whenRead_thenOnlyListeningStreamsCount() throws IOException {
    Path net = Files.createDirectories(folder.resolve("proc/net"));
    Files.writeString(
        net.resolve("unix"),
        """
        Num       RefCount Protocol Flags    Type St Inode Path
        0000000000000000: 00000002 00000000 00010000 0001 01 20001 /run/a b.sock
        0000000000000000: 00000002 00000000 00010000 0005 01 20002 /run/seqpacket
        0000000000000000: 00000003 00000000 00000000 0001 03 20003 /run/connected
        0000000000000000: 00000002 00000000 00000000 0002 01 20004 /run/datagram
        0000000000000000: 00000002 00000000 00010000 0001 01 20005
        0000000000000000: 00000002 00000000 00010000 0001 01 20006 @abstract
        short
        """);
    UnixListeners listeners = new UnixListeners(folder.resolve("proc"));
    listeners.read();
    assertThat(listeners.has("/run/a b.sock")).isTrue();
    assertThat(listeners.has("@abstract")).isTrue();
    for (String other : List.of("/run/seqpacket", "/run/connected", "/run/datagram", "", "/run")) {
      assertThat(listeners.has(other)).as(other).isFalse();
    }
  }

  @Test
  void givenSocketThatMayNotBeWritten_whenRun_thenDownAndTheHintNamesWhatGrantsIt()
      throws Exception {
    listen(path, 5);
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("r--rw----"));
    List<String> said = inAProcessWithoutRootsRights(path);
    assertThat(said.get(0)).isEqualTo("permission denied");
    assertThat(said.get(1))
        .startsWith("this user may not write to the socket " + path + "; the group ")
        .contains(" may: add SupplementaryGroups=")
        .endsWith(" to the agent's unit");

    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("r--r-----"));
    assertThat(inAProcessWithoutRootsRights(path).get(1)).endsWith(" and not open to the group");
  }

  @Test
  void givenFolderThatMayNotBeEntered_whenRun_thenTheHintNamesIt() throws Exception {
    Path closed = Files.createDirectory(path.resolveSibling("closed"));
    listen(closed.resolve("a.sock"), 5);
    Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rw-r-x---"));
    try {
      assertThat(inAProcessWithoutRootsRights(closed.resolve("a.sock")).get(1))
          .startsWith("this user may not enter the folder " + closed + "; the group ");
    } finally {
      Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rwx------"));
    }
  }

  /** The owner without the right to pass over permissions; tests may run as root. */
  private static List<String> inAProcessWithoutRootsRights(Path socket) throws Exception {
    List<String> command = new ArrayList<>();
    if (System.getProperty("user.name").equals("root")) {
      command.addAll(List.of("setpriv", "--bounding-set", "-dac_override,-dac_read_search"));
    }
    command.add(Path.of(System.getProperty("java.home"), "bin/java").toString());
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(Look.class.getName(), socket.toString()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    List<String> lines = process.inputReader().lines().toList();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return lines;
  }

  /** One run; prints the reason and the hint. */
  static final class Look {
    public static void main(String[] args) {
      try (Tools tools = new Tools();
          Probe probe = Tools.read(UnixModule::read, NO_KEYS).probe(args[0], LONG, tools.tools())) {
        System.out.println(Tools.words(tools.run(probe)));
        System.out.println(probe.hint());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "run/a.sock", "@abstract"})
  void givenWrongTarget_whenChecked_thenRefused(String target) {
    UnixModule module = Tools.read(UnixModule::read, NO_KEYS);
    assertThatThrownBy(() -> module.checkTarget(target)).hasMessageContaining("whole path");
    assertThatThrownBy(() -> module.checkTarget("/" + "a".repeat(108)))
        .hasMessageContaining("longer than");
  }

  private ProbeResult run(String keys, Duration timeout) {
    return tools.run(probe(keys, timeout));
  }

  private Probe probe(String keys, Duration timeout) {
    UnixModule module = Tools.read(UnixModule::read, keys);
    module.checkTarget(path.toString());
    return module.probe(path.toString(), timeout, tools.tools());
  }

  private ServerSocketChannel listen(Path at, int backlog) throws IOException {
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(at), backlog);
    open.add(server);
    return server;
  }

  /** Connections up to where the kernel takes no more. */
  private List<SocketChannel> fill() throws IOException {
    List<SocketChannel> waiting = new ArrayList<>();
    while (waiting.size() < 100) {
      SocketChannel each = SocketChannel.open(StandardProtocolFamily.UNIX);
      open.add(each);
      each.configureBlocking(false);
      try {
        each.connect(UnixDomainSocketAddress.of(path));
        waiting.add(each);
      } catch (IOException full) {
        return waiting;
      }
    }
    throw new AssertionError("never full");
  }

  private void answer(ServerSocketChannel server, String text) {
    threads.execute(
        () -> {
          try {
            while (true) {
              try (SocketChannel peer = server.accept()) {
                peer.read(ByteBuffer.allocate(100));
                peer.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
              }
            }
          } catch (IOException closed) {
            // The test is over.
          }
        });
  }
}
