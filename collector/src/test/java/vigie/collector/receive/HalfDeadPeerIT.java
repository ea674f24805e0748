package vigie.collector.receive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.socket.SocketChannel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import vigie.base.net.EventLoops;

/** A peer behind a cable that is pulled: it says nothing, closes nothing, and is gone. */
class HalfDeadPeerIT {
  private final String id = Long.toString(ProcessHandle.current().pid() % 100_000);
  private final String namespace = "vigie-" + id;
  private final String near = "vga" + id;
  private final String far = "vgb" + id;

  @BeforeEach
  void connect() throws Exception {
    assumeTrue(runs("ip", "netns", "add", namespace), "network namespaces need root and iproute2");
    assertThat(runs("ip", "link", "add", near, "type", "veth", "peer", far, "netns", namespace))
        .isTrue();
    assertThat(runs("ip", "addr", "add", "198.18.77.1/30", "dev", near)).isTrue();
    assertThat(runs("ip", "link", "set", near, "up")).isTrue();
    assertThat(runs("ip", "-n", namespace, "addr", "add", "198.18.77.2/30", "dev", far)).isTrue();
    assertThat(runs("ip", "-n", namespace, "link", "set", far, "up")).isTrue();
  }

  @AfterEach
  void remove() throws Exception {
    runs("ip", "link", "del", near);
    runs("ip", "netns", "del", namespace);
  }

  @Test
  void givenAnIdleSession_whenTheCableIsPulled_thenKeepAliveEndsItAndTheLastAnswerIsKnown()
      throws Exception {
    AtomicReference<Channel> accepted = new AtomicReference<>();
    try (EventLoops loops = EventLoops.fastest(1, "test")) {
      Channel server =
          new ServerBootstrap()
              .group(loops.group())
              .channel(loops.serverChannel())
              .childHandler(
                  new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                      loops.keepAlive(channel, Duration.ofSeconds(1), Duration.ofSeconds(1), 2);
                      accepted.set(channel);
                    }
                  })
              .bind(new InetSocketAddress("198.18.77.1", 0))
              .sync()
              .channel();
      int port = ((InetSocketAddress) server.localAddress()).getPort();
      Process peer =
          new ProcessBuilder(
                  "ip",
                  "netns",
                  "exec",
                  namespace,
                  "bash",
                  "-c",
                  "exec 3<>/dev/tcp/198.18.77.1/" + port + "; read -u 3")
              .start();
      try {
        await().until(() -> accepted.get() != null);
        Channel session = accepted.get();
        // Nobody says a word, but its kernel answers every second.
        await()
            .during(Duration.ofSeconds(4))
            .atMost(Duration.ofSeconds(30))
            .until(
                () ->
                    session.isActive()
                        && EventLoops.sinceAnswer(session).compareTo(Duration.ofSeconds(3)) < 0);

        assertThat(runs("ip", "-n", namespace, "link", "set", far, "down")).isTrue();

        await().until(() -> EventLoops.sinceAnswer(session).compareTo(Duration.ofSeconds(2)) > 0);
        await().atMost(Duration.ofSeconds(60)).until(() -> !session.isActive());
        assertThat(peer.isAlive()).isTrue();
      } finally {
        peer.destroyForcibly().waitFor();
        server.close().sync();
      }
    }
  }

  private static boolean runs(String... command) throws InterruptedException {
    try {
      Process process =
          new ProcessBuilder(List.of(command))
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return process.waitFor() == 0;
    } catch (IOException missing) {
      return false;
    }
  }
}
