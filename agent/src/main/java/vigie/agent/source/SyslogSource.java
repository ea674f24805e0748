package vigie.agent.source;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.agent.event.Severity;
import vigie.base.net.Addresses;
import vigie.base.syslog.SyslogFault;
import vigie.base.syslog.SyslogFramer;
import vigie.base.syslog.SyslogMessage;
import vigie.base.syslog.SyslogParser;

/**
 * Takes what a syslog daemon of this node forwards, by UDP and TCP on one port. Each socket has a
 * thread that reads and hands on, so what is too much waits in the kernel: a TCP sender is slowed
 * down, datagrams are dropped there and counted.
 */
final class SyslogSource implements Source {
  private static final Logger log = LoggerFactory.getLogger(SyslogSource.class);
  private static final String NAME = "syslog";
  private static final Duration AGAIN = Duration.ofSeconds(30);
  private static final int MOST_CONNECTIONS = 16;
  private static final int MOST_RECORD = 64 * 1024;
  private static final int MOST_DECLARED = 1 << 20;
  private static final int CHUNK = 16 * 1024;
  private static final int RECEIVE_BUFFER = 1 << 20;

  private final InetSocketAddress listen;
  private final SourceTools tools;
  private final ZoneId zone;
  private final Lines lines;
  private final Counter bytes;
  private final Counter cut;
  private final Counter broken;
  private final Counter refused;
  private final FunctionCounter dropped;
  private final Set<Closeable> open = ConcurrentHashMap.newKeySet();
  private final AtomicInteger connections = new AtomicInteger();
  private volatile boolean closed;
  private volatile boolean failing;
  private volatile int port;

  /**
   * @param zone of times that name none
   */
  SyslogSource(InetSocketAddress listen, SourceTools tools, ZoneId zone, Lines lines) {
    this.listen = listen;
    this.tools = tools;
    this.zone = zone;
    this.lines = lines;
    SourceMeters meters = new SourceMeters(tools.meters(), NAME);
    this.bytes = meters.bytes();
    this.cut = meters.faults("cut");
    this.broken = meters.faults("framing");
    this.refused = meters.faults("connections");
    this.port = listen.getPort();
    this.dropped =
        FunctionCounter.builder("vigie.source.dropped", this, SyslogSource::droppedByKernel)
            .description("Datagrams that the kernel dropped, as they came faster than are read.")
            .tag("source", NAME)
            .register(tools.meters());
  }

  /** The port that is listened on. */
  int port() {
    return port;
  }

  @Override
  public void start() {
    if (closed) {
      return;
    }
    try {
      DatagramChannel datagrams = keep(DatagramChannel.open(family()));
      datagrams.setOption(StandardSocketOptions.SO_RCVBUF, RECEIVE_BUFFER);
      datagrams.bind(listen);
      port = ((InetSocketAddress) datagrams.getLocalAddress()).getPort();
      ServerSocketChannel server = keep(ServerSocketChannel.open());
      server.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      server.bind(new InetSocketAddress(listen.getAddress(), port));
      tools.threads().execute(() -> receive(datagrams));
      tools.threads().execute(() -> accept(server));
      if (failing) {
        failing = false;
        log.info("syslog is taken now listen={}", Addresses.format(listen));
      }
    } catch (IOException | RejectedExecutionException e) {
      closeAll();
      if (!failing) {
        failing = true;
        log.error(
            "cannot listen for syslog, trying again listen={} cause=\"{}\" fix=\"end what listens"
                + " there, or set another sources.syslog.listen\"",
            Addresses.format(listen),
            e.getMessage());
      }
      tools.scheduler().after(AGAIN, this::start);
    }
  }

  private ProtocolFamily family() {
    return listen.getAddress().getAddress().length == 4
        ? StandardProtocolFamily.INET
        : StandardProtocolFamily.INET6;
  }

  private <T extends Closeable> T keep(T channel) {
    open.add(channel);
    return channel;
  }

  private void receive(DatagramChannel datagrams) {
    ByteBuffer buffer = ByteBuffer.allocate(MOST_RECORD);
    SyslogParser parser = new SyslogParser(zone);
    try {
      while (!closed) {
        buffer.clear();
        datagrams.receive(buffer);
        bytes.increment(buffer.position());
        hand(parser, Arrays.copyOf(buffer.array(), buffer.position()));
      }
    } catch (IOException e) {
      ended(e);
    }
  }

  private void accept(ServerSocketChannel server) {
    try {
      while (!closed) {
        SocketChannel connection = keep(server.accept());
        if (connections.incrementAndGet() > MOST_CONNECTIONS) {
          refused.increment();
          connections.decrementAndGet();
          close(connection);
          continue;
        }
        try {
          tools.threads().execute(() -> read(connection));
        } catch (RejectedExecutionException full) {
          refused.increment();
          connections.decrementAndGet();
          close(connection);
        }
      }
    } catch (IOException e) {
      ended(e);
    }
  }

  private void read(SocketChannel connection) {
    ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
    ByteBuf in = Unpooled.buffer(CHUNK, 2 * MOST_RECORD);
    SyslogFramer framer = new SyslogFramer(MOST_RECORD, MOST_DECLARED);
    SyslogParser parser = new SyslogParser(zone);
    try {
      int n = 0;
      while (n >= 0 && !closed) {
        n = connection.read(chunk.clear());
        bytes.increment(Math.max(0, n));
        in.discardReadBytes().writeBytes(chunk.flip());
        byte[] record = framer.next(in, n < 0);
        while (record != null) {
          if (framer.wasCut()) {
            cut.increment();
          }
          hand(parser, record);
          record = framer.next(in, n < 0);
        }
      }
    } catch (SyslogFault e) {
      broken.increment();
      log.warn("a syslog connection is closed, its framing is broken cause=\"{}\"", e.getMessage());
    } catch (IOException e) {
      log.debug("a syslog connection ended", e);
    } finally {
      connections.decrementAndGet();
      close(connection);
    }
  }

  @SuppressWarnings("EnumOrdinal") // a severity's ordinal is its code
  private void hand(SyslogParser parser, byte[] record) {
    Instant now = tools.clock().now();
    SyslogMessage message = parser.parse(record, now);
    if (message != null) {
      Instant time = message.time();
      String text = message.text();
      lines.accept(
          new Line(
              time == null ? now : time,
              NAME,
              "",
              message.app(),
              Severity.values()[message.severity()],
              // rsyslog keeps the space behind the tag also where a record has no tag.
              text.startsWith(" ") ? text.substring(1) : text,
              null));
    }
  }

  private void ended(IOException e) {
    if (!closed) {
      log.error("syslog is no longer taken, trying again cause=\"{}\"", e.getMessage());
      failing = true;
      closeAll();
      tools.scheduler().after(AGAIN, this::start);
    }
  }

  /** The column {@code drops} of the socket in /proc/net/udp, which counts from its opening on. */
  private double droppedByKernel() {
    String address = String.format(Locale.ROOT, ":%04X", port);
    long drops = 0;
    for (String table : new String[] {"net/udp", "net/udp6"}) {
      Path path = tools.roots().procfs().resolve(table);
      try {
        for (String row : Files.readAllLines(path)) {
          String[] columns = row.trim().split(" +", -1);
          if (columns.length > 12 && columns[1].endsWith(address)) {
            drops += Long.parseLong(columns[12]);
          }
        }
      } catch (IOException | NumberFormatException e) {
        // Without IPv6 there is no second table.
      }
    }
    return drops;
  }

  private void close(Closeable channel) {
    open.remove(channel);
    try {
      channel.close();
    } catch (IOException e) {
      log.debug("closing failed", e);
    }
  }

  private void closeAll() {
    open.forEach(this::close);
  }

  @Override
  public void close() {
    closed = true;
    closeAll();
    tools.meters().remove(dropped);
  }
}
