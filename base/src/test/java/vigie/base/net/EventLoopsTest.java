package vigie.base.net;

import static jdk.net.ExtendedSocketOptions.TCP_KEEPCOUNT;
import static jdk.net.ExtendedSocketOptions.TCP_KEEPIDLE;
import static jdk.net.ExtendedSocketOptions.TCP_KEEPINTERVAL;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioChannelOption;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class EventLoopsTest {
  @Test
  void givenKeepAlive_whenConnected_thenTheSocketHasIt() throws Exception {
    EventLoops loops = EventLoops.nio(1, "test-loops");
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      var connected =
          new Bootstrap()
              .group(loops.group())
              .channel(loops.clientChannel())
              .handler(
                  new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                      loops.keepAlive(channel, Duration.ofSeconds(31), Duration.ofSeconds(7), 4);
                    }
                  })
              .connect(server.getLocalSocketAddress())
              .sync();
      var config = connected.channel().config();

      assertThat(config.getOption(ChannelOption.SO_KEEPALIVE)).isTrue();
      assertThat(config.getOption(NioChannelOption.of(TCP_KEEPIDLE))).isEqualTo(31);
      assertThat(config.getOption(NioChannelOption.of(TCP_KEEPINTERVAL))).isEqualTo(7);
      assertThat(config.getOption(NioChannelOption.of(TCP_KEEPCOUNT))).isEqualTo(4);
    } finally {
      loops.close();
    }
  }
}
