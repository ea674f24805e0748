package vigie.collector.receive.syslog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import vigie.base.net.EventLoops;
import vigie.base.time.ManualClock;
import vigie.collector.event.Event;
import vigie.collector.receive.HeldSink;
import vigie.collector.receive.Limit;
import vigie.collector.receive.ReceiveLimits;
import vigie.collector.receive.Receiving;

@Timeout(60)
class SyslogReceiverTest {
  private static final InetSocketAddress ANY =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  private final ManualClock clock = new ManualClock();
  private final HeldSink sink = new HeldSink();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final ExecutorService executor = Executors.newSingleThreadExecutor();
  private final EventLoops loops = EventLoops.fastest(2, "test-syslog");
  private ReceiveLimits limits = ReceiveLimits.DEFAULTS;
  private Receiving receiving;
  private SyslogReceiver receiver;

  private void start() {
    receiving = new Receiving(limits, sink, executor, loops, clock, clock, meters);
    receiver = new SyslogReceiver(receiving, loops, clock);
  }

  private int tcp() {
    start();
    return receiver.listen(ANY, null, executor);
  }

  private int udp() {
    start();
    return receiver.listenUdp(ANY);
  }

  @AfterEach
  void stop() {
    sink.unblock();
    sink.release();
    if (receiver != null) {
      receiver.close();
      receiving.close();
    }
    loops.close();
    executor.shutdownNow();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static Socket send(int port, String text) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(60_000);
    socket.getOutputStream().write(bytes(text));
    return socket;
  }

  private static void datagram(int port, String text) throws IOException {
    try (DatagramSocket socket = new DatagramSocket()) {
      byte[] data = bytes(text);
      socket.send(new DatagramPacket(data, data.length, InetAddress.getLoopbackAddress(), port));
    }
  }

  private double count(String name, String... tags) {
    Counter counter = meters.find(name).tags(tags).counter();
    return counter == null ? 0 : counter.count();
  }

  private double hits(Limit limit) {
    return count("vigie.receive.limited", "limit", limit.key());
  }

  @Test
  void givenLinesAndCounts_whenSent_thenEachConnectionIsReadItsOwnWay() throws IOException {
    int port = tcp();
    try (Socket lines = send(port, "<13>Nov 21 11:59:58 h app[7]: one\n<13>x: two");
        Socket counted = send(port, "9 <13>x: a\n9 <13>x: bc")) {
      lines.shutdownOutput();
      counted.shutdownOutput();
      await().until(() -> sink.size() == 4);
    }

    assertThat(sink.texts()).containsExactlyInAnyOrder("one", "two", "a\n".strip(), "bc");
    await().until(() -> count("vigie.syslog.messages", "transport", "tcp") == 4);
  }

  @Test
  void givenRecord_whenTaken_thenItsPartsAreFieldsAndItsBytesAreKept() throws IOException {
    int port = tcp();
    String record =
        "<165>1 2026-03-01T10:00:00.5Z web01 app 7 ID1 [a@1 b=\"c\" b=\"d\"][e f=\"\\\"\"] text \u00e4";
    try (Socket socket = send(port, record + "\r\n")) {
      await().until(() -> sink.size() == 1);
    }

    assertThat(sink.events())
        .containsExactly(
            new Event(
                Instant.parse("2026-03-01T10:00:00.5Z"),
                clock.now(),
                "web01",
                20,
                5,
                "app",
                "syslog",
                Map.of("procid", "7", "msgid", "ID1", "a@1.b", "c, d", "e.f", "\""),
                "text \u00e4",
                null));
    assertThat(sink.raw(0)).isEqualTo(bytes(record));
  }

  @Test
  void givenNoMemoryForARecord_whenMoreCome_thenItIsCountedAndTheyAreTaken() throws IOException {
    sink.fail(new OutOfMemoryError("on purpose"));
    int port = tcp();
    try (Socket socket = send(port, "<13>h: one\n")) {
      await().until(() -> count("vigie.syslog.lost") == 1);
      socket.getOutputStream().write(bytes("<13>h: two\n"));
      await().until(() -> sink.size() == 1);
    }
    assertThat(sink.texts()).containsExactly("two");
  }

  @Test
  void givenFailureBehindTheTaking_whenDurableAllTheSame_thenItsBytesAreFreedOnce()
      throws IOException {
    sink.hold().fail(new OutOfMemoryError("on purpose"));
    try (Socket socket = send(tcp(), "<13>h: one\n")) {
      socket.shutdownOutput();
      await().until(() -> count("vigie.syslog.lost") == 1 && receiving.turns().queuedBytes() == 0);
    }
    sink.release();
    assertThat(receiving.turns().queuedBytes()).isZero();
  }

  @Test
  void givenAgentsRecord_whenItsSenderProvedNothing_thenItIsForeign() throws IOException {
    int port = tcp();
    String own =
        "<30>1 - p1 vigie 1 x [vigie@32473 node=\"p1\" spool=\"s\" seq=\"1\" type=\"probe.up\"] up\n";
    try (Socket socket = send(port, own)) {
      await().until(() -> sink.size() == 1);
    }

    assertThat(sink.events().get(0).type()).isEqualTo("syslog");
    assertThat(sink.events().get(0).field("vigie@32473.type")).isEqualTo("probe.up");
  }

  @Test
  void givenDatagrams_whenSent_thenEachIsARecordOfItsSender() throws IOException {
    int port = udp();

    datagram(port, "<13>app: one\ntwo\n\0");
    datagram(port, "no pri at all");
    datagram(port, "\n");

    await().until(() -> sink.size() == 2 && count("vigie.syslog.empty") == 1);
    assertThat(sink.texts()).containsExactly("one\ntwo", "no pri at all");
    assertThat(sink.events()).extracting(Event::node).containsOnly("127.0.0.1");
    assertThat(count("vigie.syslog.messages", "transport", "udp")).isEqualTo(2);
    assertThat(meters.get("vigie.syslog.udp.kernel.dropped").functionCounter().count()).isZero();
  }

  @Test
  void givenNothingDurable_whenDatagramsGoOn_thenTheyAreDroppedAndCounted() throws IOException {
    limits = limits.with(Limit.SOURCE_BYTES, 1000);
    int port = udp();
    sink.hold();

    for (int i = 0; i < 200; i++) {
      datagram(port, "<13>x: " + "y".repeat(100));
    }

    await().until(() -> sink.size() + count("vigie.syslog.udp.dropped") == 200);
    assertThat(sink.size()).isBetween(10, 100);
    assertThat(hits(Limit.SOURCE_BYTES)).isPositive();
    assertThat(count("vigie.receive.source.dropped", "source", "127.0.0.1"))
        .isEqualTo(count("vigie.syslog.udp.dropped"));
  }

  @Test
  void givenNothingDurable_whenLinesGoOn_thenTheSocketIsReadNoFurther() throws IOException {
    limits = limits.with(Limit.SOURCE_BYTES, 100_000);
    int port = tcp();
    sink.hold();
    AtomicLong sent = new AtomicLong();
    try (Socket socket = send(port, "<13>x: first\n")) {
      Thread flood = new Thread(() -> flood(socket, sent));
      flood.setDaemon(true);
      flood.start();
      await().until(() -> hits(Limit.SOURCE_BYTES) > 0);
      AtomicLong last = new AtomicLong(-1);
      await()
          .pollInterval(Duration.ofMillis(200))
          .until(() -> last.getAndSet(sink.size()) == sink.size());
      assertThat(sink.size() * 100L).as("bytes taken").isLessThan(400_000);
      int before = sink.size();
      sink.release();
      await().until(() -> sink.size() > before + 10_000);
    }
  }

  private static void flood(Socket socket, AtomicLong sent) {
    byte[] line = bytes("<13>x: " + "y".repeat(92) + "\n");
    try {
      OutputStream out = socket.getOutputStream();
      while (true) {
        out.write(line);
        sent.incrementAndGet();
      }
    } catch (IOException closed) {
      sent.set(-1);
    }
  }

  @Test
  void givenFloodingSource_whenAnotherHasOneRecord_thenItIsTakenInItsTurn() throws Exception {
    limits = limits.with(Limit.TURN_BYTES, 1000);
    start();
    sink.block();
    Receiving shared = receiving;
    for (int i = 0; i < 1000; i++) {
      Batch batch = receiver.batch("udp", shared.turns().source("switch"), peer("switch"));
      add(batch, "<13>x: flood " + i);
    }
    Batch one = receiver.batch("udp", shared.turns().source("node"), peer("node"));
    add(one, "<13>x: node");
    sink.unblock();

    await().until(() -> sink.size() == 1001);
    assertThat(sink.texts().indexOf("node")).as("its place among 1001").isLessThan(100);
  }

  private static void add(Batch batch, String record) {
    batch.frames().add(Unpooled.wrappedBuffer(bytes(record)), record.length(), false);
    batch.handOver();
  }

  private static vigie.base.net.Peer peer(String address) {
    return new vigie.base.net.Peer(address, "", "");
  }

  @Test
  void givenRatePerSource_whenItIsUsedUp_thenReadingGoesOnWithTime() throws Exception {
    limits = limits.with(Limit.RECORDS_PER_SECOND, 10);
    int port = tcp();
    try (Socket socket = send(port, "<13>x: y\n".repeat(100))) {
      await().until(() -> sink.size() == 100);
      socket.getOutputStream().write(bytes("<13>x: late\n"));
      await().until(() -> hits(Limit.RECORDS_PER_SECOND) > 0);
      assertThat(sink.size()).isEqualTo(100);

      await()
          .until(
              () -> {
                clock.advance(Duration.ofSeconds(1));
                return sink.size() == 101;
              });
    }
  }

  @Test
  void givenRecordTooLong_whenTaken_thenCutAndTheConnectionLives() throws IOException {
    limits = limits.with(Limit.RECORD_BYTES, 100);
    int port = tcp();
    try (Socket socket = send(port, "<13>x: " + "y".repeat(500) + "\n<13>x: next\n")) {
      await().until(() -> sink.size() == 2);
    }

    assertThat(sink.texts()).containsExactly("y".repeat(93), "next");
    assertThat(sink.events().get(0).field("cut")).isEqualTo("true");
    assertThat(hits(Limit.RECORD_BYTES)).isEqualTo(1);
  }

  @Test
  void givenHugeCount_whenDeclared_thenWhatCameIsKeptAndTheConnectionClosed() throws IOException {
    int port = tcp();
    try (Socket socket = send(port, "8 <13>x: a4294967296 <13>x")) {
      assertThat(socket.getInputStream().read()).isEqualTo(-1);
    }

    await().until(() -> sink.size() == 1);
    assertThat(hits(Limit.DECLARED_BYTES)).isEqualTo(1);
    assertThat(count("vigie.syslog.faults", "reason", "length")).isEqualTo(1);
  }

  @Test
  void givenNothingSent_whenTimeIsUp_thenClosedWithoutAFault() throws IOException {
    int port = tcp();
    try (Socket socket = send(port, "")) {
      await().until(() -> meters.get("vigie.syslog.connections").gauge().value() == 1);
      clock.advance(Duration.ofSeconds(32));

      assertThat(socket.getInputStream().read()).isEqualTo(-1);
    }
    assertThat(hits(Limit.FIRST_RECORD_TIMEOUT)).isEqualTo(1);
  }

  @Test
  void givenHalfALine_whenTimeIsUp_thenClosedAndTheHalfIsKept() throws IOException {
    int port = tcp();
    try (Socket socket = send(port, "<13>x: half")) {
      await().until(() -> meters.get("vigie.receive.partial.bytes").gauge().value() == 11);
      await()
          .until(
              () -> {
                clock.advance(Duration.ofSeconds(20));
                return hits(Limit.PARTIAL_TIMEOUT) == 1;
              });
      assertThat(socket.getInputStream().read()).isEqualTo(-1);
    }
    await().until(() -> sink.size() == 1);
    assertThat(sink.texts()).containsExactly("half");
  }

  @Test
  void givenTooManyConnections_whenOneMoreComes_thenItIsClosed() throws IOException {
    limits = limits.with(Limit.CONNECTIONS, 2);
    int port = tcp();
    try (Socket one = send(port, "<13>x: a\n");
        Socket two = send(port, "<13>x: b\n")) {
      await().until(() -> sink.size() == 2);
      try (Socket three = send(port, "")) {
        assertThat(three.getInputStream().read()).isEqualTo(-1);
      }
      assertThat(hits(Limit.CONNECTIONS)).isEqualTo(1);
      two.close();
      await().until(() -> meters.get("vigie.syslog.connections").gauge().value() == 1);
      try (Socket again = send(port, "<13>x: c\n")) {
        await().until(() -> sink.size() == 3);
      }
    }
  }

  @Test
  void givenRecordsNotYetDurable_whenClosed_thenItWaitsForThem() throws Exception {
    int port = tcp();
    sink.hold();
    try (Socket socket = send(port, "<13>x: a\n<13>x: b\n")) {
      await().until(() -> sink.size() == 2);
      Thread closer = new Thread(() -> receiver.close());
      closer.start();
      await().until(() -> meters.get("vigie.syslog.connections").gauge().value() == 0);
      assertThat(closer.isAlive()).as("waits").isTrue();
      sink.release();
      closer.join(10_000);
      assertThat(closer.isAlive()).isFalse();
    }
    assertThat(count("vigie.syslog.messages", "transport", "tcp")).isEqualTo(2);
  }

  @Test
  void givenRandomBytes_whenSent_thenNothingBreaksAndALaterRecordIsTaken() throws IOException {
    int port = tcp();
    Random random = new Random(17);
    for (int i = 0; i < 50; i++) {
      ByteArrayOutputStream stream = new ByteArrayOutputStream();
      byte[] garbage = new byte[random.nextInt(100_000)];
      random.nextBytes(garbage);
      stream.writeBytes(garbage);
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        socket.getOutputStream().write(stream.toByteArray());
      } catch (IOException reset) {
        assertThat(Arrays.asList(reset.getMessage())).isNotEmpty();
      }
    }
    try (Socket socket = send(port, "<13>x: at last\n")) {
      await().until(() -> sink.texts().contains("at last"));
    }
    assertThat(count("vigie.syslog.lost")).isZero();
  }

  @Test
  void givenManyPartialRecords_whenTheyFillTheQueue_thenTheNextConnectionIsClosed()
      throws IOException {
    limits = limits.with(Limit.QUEUE_BYTES, 200_000);
    int port = tcp();
    List<Socket> sockets = new java.util.ArrayList<>();
    try {
      for (int i = 0; i < 8; i++) {
        sockets.add(send(port, "<13>x: " + "y".repeat(50_000)));
      }
      await().until(() -> count("vigie.syslog.faults", "reason", "memory") >= 4);
      assertThat(hits(Limit.QUEUE_BYTES)).isPositive();
    } finally {
      for (Socket socket : sockets) {
        socket.close();
      }
    }
  }

  @Test
  void givenPortTaken_whenListening_thenTheMessageNamesIt() {
    int port = tcp();

    assertThatThrownBy(
            () ->
                receiver.listen(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), port), null, executor))
        .hasMessageStartingWith("cannot listen for syslog on 127.0.0.1:" + port + ": ");
  }

  @Test
  void givenStreamCutAnywhere_whenSentInTwoPieces_thenTheSameRecords() throws IOException {
    int port = tcp();
    String stream = "9 <13>x: a\n11 <13>x: b\nc\n9 <13>x: d ";
    for (int cut : IntStream.range(1, stream.length()).toArray()) {
      int before = sink.size();
      try (Socket socket = send(port, stream.substring(0, cut))) {
        socket.setTcpNoDelay(true);
        socket.getOutputStream().write(bytes(stream.substring(cut)));
      }
      await().until(() -> sink.size() == before + 3);
    }
    assertThat(sink.texts().stream().distinct()).containsExactlyInAnyOrder("a", "b\nc", "d ");
  }
}
