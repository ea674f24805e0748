package vigie.collector.receive.relp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.concurrent.EventExecutor;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import vigie.base.net.EventLoops;
import vigie.base.net.Peer;
import vigie.base.relp.RelpLimits;
import vigie.base.time.ManualClock;
import vigie.collector.event.Event;
import vigie.collector.event.EventSink;
import vigie.collector.receive.HeldSink;

@Timeout(60)
class RelpReceiverTest {
  private static final String BYE = "0 serverclose 0\n";
  private static final RelpLimits LIMITS = limits(4, 4096);

  private final ManualClock clock = new ManualClock();
  private final HeldSink sink = new HeldSink();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final ExecutorService executor = Executors.newSingleThreadExecutor();
  private EventLoops loops;
  private RelpReceiver receiver;

  /** Records are cut at 300 bytes and 2,000 may be declared. */
  private static RelpLimits limits(int unacked, int connections) {
    RelpLimits d = RelpLimits.DEFAULTS;
    return new RelpLimits(
        300,
        2000,
        200,
        4,
        unacked,
        d.unackedBytes(),
        d.totalUnackedBytes(),
        d.turnBytes(),
        connections,
        2,
        d.open(),
        d.partial(),
        d.quiet(),
        d.farewell());
  }

  @BeforeEach
  void start() {
    loops = EventLoops.fastest(2, "test-relp");
    listen(LIMITS);
  }

  private void listen(RelpLimits limits) {
    if (receiver != null) {
      receiver.close();
    }
    receiver =
        new RelpReceiver(
            loops,
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            "vigie,test,x",
            limits,
            sink,
            executor,
            clock,
            clock,
            meters);
  }

  @AfterEach
  void stop() {
    sink.unblock();
    sink.release();
    receiver.close();
    loops.close();
    executor.shutdownNow();
  }

  private RelpClient opened() throws IOException {
    return RelpClient.opened(receiver.port());
  }

  private double faults(String reason) {
    Counter counter = meters.find("vigie.relp.faults").tag("reason", reason).counter();
    return counter == null ? 0 : counter.count();
  }

  private static String own(String spool, int seq, String text) {
    return "<30>1 2026-01-01T00:00:00Z p1 vigie 1 probe.down [vigie@32473 node=\"p1\" spool=\""
        + spool
        + "\" seq=\""
        + seq
        + "\" boot=\"b\" type=\"probe.down\" probe=\"calc\"] "
        + text;
  }

  @Test
  void givenOpenSession_whenRecordsCome_thenAnsweredInOrderAndStored() throws IOException {
    try (RelpClient client = opened()) {
      client.syslog(2, "<13>2026-03-01T10:00:00Z h app[7]: one").syslog(3, "<13>h: two\n");
      client.expect("2 rsp 6 200 OK\n3 rsp 6 200 OK\n");
      client.send("4 close 0\n");
      assertThat(client.rest()).isEqualTo("4 rsp 6 200 OK\n" + BYE);
    }

    Event one = sink.events().get(0);
    assertThat(one)
        .isEqualTo(
            new Event(
                Instant.parse("2026-03-01T10:00:00Z"),
                clock.now(),
                "h",
                1,
                5,
                "app",
                "syslog",
                Map.of("procid", "7"),
                "one",
                null));
    Event two = sink.events().get(1);
    assertThat(two.time()).isEqualTo(clock.now());
    assertThat(two.node()).isEqualTo("127.0.0.1");
    assertThat(sink.raw(1)).asString(StandardCharsets.UTF_8).isEqualTo("<13>h: two");
  }

  @Test
  void givenNoMemoryForARecord_whenItIsSentAgain_thenItIsTaken() throws IOException {
    sink.fail(new OutOfMemoryError("on purpose"));
    try (RelpClient client = opened()) {
      client.syslog(2, "<13>h: one");
      assertThat(client.rest()).isEqualTo(BYE);
    }
    try (RelpClient client = opened()) {
      client.syslog(2, "<13>h: one");
      client.expect("2 rsp 6 200 OK\n");
    }
    assertThat(sink.texts()).containsExactly("one");
  }

  @Test
  void givenFailureBehindTheTaking_whenDurableAllTheSame_thenItsBytesAreFreedOnce()
      throws Exception {
    sink.hold().fail(new OutOfMemoryError("on purpose"));
    try (RelpClient client = opened()) {
      client.syslog(2, "<13>h: one");
      assertThat(client.rest()).isEqualTo(BYE);
    }
    sink.release();
    for (EventExecutor loop : loops.group()) {
      loop.submit(() -> {}).sync(); // behind what was due there
    }
    assertThat(meters.get("vigie.relp.unacked.bytes").gauge().value()).isZero();
  }

  @Test
  void givenAgentsRecord_whenTaken_thenIdentityAndFieldsAreApart() throws IOException {
    try (RelpClient client = opened()) {
      client.syslog(2, own("s1", 17, "calculatrice is down"));
      client.expect("2 rsp 6 200 OK\n");
    }

    assertThat(sink.events())
        .containsExactly(
            new Event(
                Instant.parse("2026-01-01T00:00:00Z"),
                clock.now(),
                "p1",
                3,
                6,
                "vigie",
                "probe.down",
                Map.of("probe", "calc"),
                "calculatrice is down",
                new Event.Origin("s1", 17, "b")));
  }

  @Test
  void givenClockTwoDaysOff_whenTaken_thenItsTimeAndOursAreKept() throws IOException {
    try (RelpClient client = opened()) {
      client.syslog(2, own("s1", 1, "early").replace("2026-01-01", "2026-01-03"));
      client.expect("2 rsp 6 200 OK\n");
    }

    Event event = sink.events().get(0);
    assertThat(event.time()).isEqualTo("2026-01-03T00:00:00Z");
    assertThat(event.received()).isEqualTo(clock.now());
  }

  @Test
  void givenLaterRecordDurableFirst_whenAnswered_thenStillInOrder() throws IOException {
    sink.hold();
    try (RelpClient client = opened()) {
      for (int i = 1; i <= 3; i++) { // a read each: what one read brings becomes durable as one
        client.syslog(1 + i, "<13>x: " + i);
        int count = i;
        await().until(() -> sink.size() == count);
      }

      sink.releaseOne(2);
      sink.releaseOne(0);
      client.expect("2 rsp 6 200 OK\n");
      sink.releaseOne(1);
      client.expect("3 rsp 6 200 OK\n4 rsp 6 200 OK\n");
    }
  }

  @Test
  void givenUnansweredRecords_whenPeerCloses_thenTheyAreAnsweredBeforeTheClose()
      throws IOException {
    sink.hold();
    try (RelpClient client = opened()) {
      client.syslog(2, "<13>x: a").syslog(3, "<13>x: b").send("4 close 0\n5 syslog 1 x\n");
      await().until(() -> sink.size() == 2);
      sink.release();

      assertThat(client.rest()).isEqualTo("2 rsp 6 200 OK\n3 rsp 6 200 OK\n4 rsp 6 200 OK\n" + BYE);
    }
    assertThat(sink.texts()).containsExactly("a", "b");
  }

  @Test
  void givenRecordTooLongOrEmpty_whenTaken_thenCutOrCountedAndAnswered() throws IOException {
    try (RelpClient client = opened()) {
      client
          .syslog(2, "<13>x: " + "y".repeat(1500))
          .send("3 syslog 0\n")
          .syslog(4, "\n\0\r")
          .syslog(5, "<13>x: next");
      client.expect("2 rsp 6 200 OK\n3 rsp 6 200 OK\n4 rsp 6 200 OK\n5 rsp 6 200 OK\n");
    }

    assertThat(sink.texts()).containsExactly("y".repeat(293), "next");
    assertThat(sink.events().get(0).field("cut")).isEqualTo("true");
    assertThat(meters.counter("vigie.relp.empty").count()).isEqualTo(2);
    assertThat(meters.counter("vigie.relp.cut").count()).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'GET / HTTP/1.1\r\nHost: x\r\n\r\n' | header",
        "'\u0016\u0003\u0001\u0002' | header",
        "'2 open 0\n' | txnr",
        "'0 open 0\n' | txnr",
        "'1 syslog 1 x\n' | command",
        "'1 starttls 0\n' | command",
        "'1 OPEN 0\n' | command",
        "'1 close 0\n' | command",
      })
  void givenNoOpen_whenSomethingElseComes_thenServercloseAndClose(String input, String reason)
      throws IOException {
    try (RelpClient client = new RelpClient(receiver.port())) {
      client.send(input);

      assertThat(client.rest()).isEqualTo(BYE);
    }
    assertThat(faults(reason)).isEqualTo(1);
    assertThat(sink.size()).isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'2 open 15 commands=syslog\n' | command",
        "'2 starttls 0\n' | command",
        "'2 rsp 6 200 OK\n' | command",
        "'0 syslog 1 x\n' | txnr",
        "'3 syslog 1 x\n' | txnr",
        "'1 syslog 1 x\n' | txnr",
        "'2 syslog 10485760 xxxx' | length",
        "'2 syslog 1 xx\n' | trailer",
        "'2 syslog 0 \n' | header",
      })
  void givenOpenSession_whenPeerBreaksTheProtocol_thenServercloseAndNeverA500(
      String input, String reason) throws IOException {
    try (RelpClient client = opened()) {
      client.send(input);

      assertThat(client.rest()).isEqualTo(BYE);
    }
    assertThat(faults(reason)).isEqualTo(1);
  }

  @Test
  void givenFaultBehindRecords_whenEnded_thenTheRecordsAreAnsweredFirst() throws IOException {
    try (RelpClient client = opened()) {
      client.send("2 syslog 7 <13>x: \n3 syslog 7 <13>y: \nGET / HTTP/1.1\r\n");

      assertThat(client.rest()).isEqualTo("2 rsp 6 200 OK\n3 rsp 6 200 OK\n" + BYE);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'1 open 17 commands=eventlog\n' | 500 required command not supported by client",
        "'1 open 0\n' | 500 required command not supported by client",
        "'1 open 14 a\nb\nc\nd\ne\nffff\n' | 500 more than 4 offers",
      })
  void givenBadOpen_whenAnswered_then500AndClose(String open, String answer) throws IOException {
    try (RelpClient client = new RelpClient(receiver.port())) {
      client.send(open);

      assertThat(client.rest()).isEqualTo("1 rsp " + answer.length() + " " + answer + "\n" + BYE);
    }
  }

  @Test
  void givenHugeOpen_whenAnswered_then500AndClose() throws IOException {
    try (RelpClient client = new RelpClient(receiver.port())) {
      client.send("1 open 1000 " + "x".repeat(1000) + "\n");

      assertThat(client.rest()).isEqualTo("1 rsp 32 500 open has more than 200 bytes\n" + BYE);
    }
  }

  @Test
  void givenNewerVersionOffered_whenOpened_thenAnsweredWithVersion0() throws IOException {
    try (RelpClient client = new RelpClient(receiver.port())) {
      client.send("1 open 41 \nrelp_version=9\nfoo=bar\ncommands=x,syslog\n");
      client.expect(RelpClient.OPENED);
    }
  }

  @Test
  void givenNothingDurable_whenLimitIsReached_thenTheSocketIsReadNoFurther() throws IOException {
    sink.hold();
    try (RelpClient client = opened()) {
      String record = "x".repeat(90);
      AtomicInteger sent = new AtomicInteger();
      Thread flood =
          new Thread(
              () -> {
                try {
                  for (int txnr = 2; txnr < 200_000; txnr++) {
                    client.syslog(txnr, record);
                    sent.set(txnr);
                  }
                } catch (IOException closed) {
                  sent.set(-1);
                }
              });
      client.socket().setSendBufferSize(8192);
      flood.setDaemon(true);
      flood.start();

      await().until(() -> sink.size() >= 4);
      await().during(Duration.ofMillis(300)).until(() -> sink.size() < 5000);
      int before = sink.size();
      sink.release();
      await().until(() -> sink.size() > before + 5000);
    }
  }

  @Test
  void givenSinkThatBlocks_whenOthersConnect_thenTheEventLoopsStillAnswer() throws IOException {
    sink.block();
    try (RelpClient client = opened()) {
      client.syslog(2, "<13>x: a");
      for (int i = 0; i < 8; i++) {
        opened().close();
      }
      sink.unblock();
      client.expect("2 rsp 6 200 OK\n");
    }
  }

  @Test
  void givenPromptSink_whenARecordIsAlone_thenTheEventLoopTakesItItself() throws IOException {
    try (RelpClient client = opened()) {
      client.syslog(2, "<13>x: a").expect("2 rsp 6 200 OK\n");
      assertThat(sink.takers().remove()).startsWith("pool-");

      sink.prompt();
      // The executor may not be through with the last one yet: then it takes the next one, too.
      String taker = "";
      for (int txnr = 3; txnr < 2_000 && !taker.startsWith("test-relp"); txnr++) {
        client.syslog(txnr, "<13>x: a").expect(txnr + " rsp 6 200 OK\n");
        taker = sink.takers().remove();
      }
      assertThat(taker).startsWith("test-relp");
    }
  }

  @Test
  void givenFailureWhileTheEventLoopTakes_whenItIsSentAgain_thenItIsTaken() throws IOException {
    sink.prompt().fail(new OutOfMemoryError("on purpose"));
    try (RelpClient client = opened()) {
      client.syslog(2, "<13>h: one");
      assertThat(client.rest()).isEqualTo(BYE);
    }
    try (RelpClient client = opened()) {
      client.syslog(2, "<13>h: one").expect("2 rsp 6 200 OK\n");
    }
    assertThat(sink.texts()).containsExactly("one");
    assertThat(sink.takers()).allMatch(thread -> thread.startsWith("test-relp"));
  }

  @Test
  void givenNoMemoryForAnswers_whenDue_thenTheSessionEndsAndAllBytesAreFree() {
    sink.hold();
    EmbeddedChannel channel = embedded(receiver);
    feed(channel, "2 syslog 7 <1>h: a\n");
    feed(channel, "3 syslog 7 <1>h: b\n");
    await().until(() -> sink.size() == 2);
    channel
        .config()
        .setAllocator(
            new AbstractByteBufAllocator() {
              @Override
              protected ByteBuf newHeapBuffer(int initial, int most) {
                throw new OutOfMemoryError("on purpose");
              }

              @Override
              protected ByteBuf newDirectBuffer(int initial, int most) {
                throw new OutOfMemoryError("on purpose");
              }

              @Override
              public boolean isDirectBufferPooled() {
                return false;
              }
            });

    sink.releaseOne(1); // both answers are due with the first
    sink.release();
    channel.runPendingTasks();

    assertThat(channel.isOpen()).isFalse();
    assertThat(meters.get("vigie.relp.unacked.bytes").gauge().value()).isZero();
    channel.finishAndReleaseAll();
  }

  @Test
  void givenEventLoopThatTakes_whenDurable_thenItAnswersBeforeTheSinkGoesOn() {
    List<Boolean> answered = new ArrayList<>();
    EmbeddedChannel[] channel = new EmbeddedChannel[1];
    EventSink sink =
        new EventSink() {
          @Override
          public void accept(List<Arrival> arrivals, Runnable whenDurable) {
            whenDurable.run();
            ByteBuf answer = channel[0].readOutbound();
            answered.add(answer != null);
            if (answer != null) {
              answer.release();
            }
          }

          @Override
          public boolean isPrompt() {
            return true;
          }
        };
    try (RelpReceiver prompt =
        new RelpReceiver(
            loops,
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            "vigie,test,x",
            LIMITS,
            sink,
            executor,
            clock,
            clock,
            new SimpleMeterRegistry())) {
      channel[0] = embedded(prompt);
      feed(channel[0], "2 syslog 7 <1>h: a\n");
      assertThat(answered).containsExactly(true);
      channel[0].finishAndReleaseAll();
    }
  }

  /** A session that is open, its answer to that read. */
  private static EmbeddedChannel embedded(RelpReceiver receiver) {
    EmbeddedChannel channel = new EmbeddedChannel();
    channel.pipeline().addLast(new RelpSession(receiver, channel, new Peer("192.0.2.1", "", "")));
    feed(channel, RelpClient.OPEN);
    channel.<ByteBuf>readOutbound().release();
    return channel;
  }

  private static void feed(EmbeddedChannel channel, String bytes) {
    channel.writeInbound(Unpooled.copiedBuffer(bytes, StandardCharsets.UTF_8));
  }

  @Test
  void givenEventLoopThatWaitsForTheDisk_whenClosed_thenClosedWithinSeconds() throws Exception {
    receiver.close();
    receiver = null;
    loops.close();
    loops = EventLoops.fastest(1, "test-relp");
    listen(LIMITS);
    sink.prompt().block();
    try (RelpClient client = opened()) {
      client.syslog(2, "<13>h: one");
      await().until(() -> sink.waiting() > 0);

      CompletableFuture.runAsync(receiver::close).get(30, TimeUnit.SECONDS);

      sink.unblock();
      await().until(() -> !sink.takers().isEmpty());
      assertThat(sink.takers()).allMatch(thread -> thread.startsWith("test-relp"));
    }
  }

  @Test
  void givenNoOpen_whenTimeIsUp_thenClosed() throws IOException {
    try (RelpClient client = new RelpClient(receiver.port())) {
      client.send("1 op");
      await().until(() -> meters.get("vigie.relp.sessions").gauge().value() == 1);
      clock.advance(Duration.ofSeconds(12));

      assertThat(client.rest()).isEqualTo(BYE);
      assertThat(faults("open_timeout")).isEqualTo(1);
    }
  }

  @Test
  void givenHalfAFrame_whenTimeIsUp_thenClosedButAQuietSessionStays() throws IOException {
    try (RelpClient half = opened();
        RelpClient quiet = opened()) {
      half.send("2 syslog 10 abc");
      await()
          .until(
              () -> {
                clock.advance(Duration.ofSeconds(62));
                return faults("partial_timeout") == 1;
              });
      assertThat(half.rest()).isEqualTo(BYE);

      quiet.syslog(2, "<13>x: a");
      quiet.expect("2 rsp 6 200 OK\n");
    }
  }

  @Test
  void givenADayWithoutAFrame_whenChecked_thenServerclose() throws IOException {
    try (RelpClient client = opened()) {
      clock.advance(Duration.ofHours(24).plusSeconds(2));
      assertThat(client.rest()).isEqualTo(BYE);
    }
  }

  @Test
  void givenPeerThatNeverCloses_whenSessionEnds_thenClosedAfterTwoSeconds() throws IOException {
    try (RelpClient client = opened()) {
      client.send("9 syslog 1 x\n");
      client.expect(BYE);
      await()
          .until(
              () -> {
                clock.advance(Duration.ofSeconds(3));
                return meters.get("vigie.relp.sessions").gauge().value() == 0;
              });
    }
  }

  @Test
  void givenANodeThatJustBooted_whenNobodyHoldsItsClock_thenItsEventsSaySo() throws IOException {
    String early = own("s1", 1, "a").replace(" type=", " mono=\"20000\" type=");
    String quality = "[timeQuality tzKnown=\"1\"";
    try (RelpClient client = opened()) {
      client.syslog(2, early.replace("] a", "]" + quality + "] a"));
      client.syslog(3, early.replace("] a", "]" + quality + " isSynced=\"1\"] a"));
      client.expect("2 rsp 6 200 OK\n3 rsp 6 200 OK\n");
    }
    assertThat(sink.events())
        .extracting(event -> event.field("clock"))
        .containsExactly("unverified", "");
  }

  @Test
  void givenTwoLiveSessionsOfOneSpool_whenTheSecondSpeaks_thenItIsRefused() throws IOException {
    try (RelpClient first = opened();
        RelpClient second = opened();
        RelpClient other = opened()) {
      assertThat(receiver.sessions()).isEmpty();
      first.syslog(2, own("s1", 1, "a"));
      first.expect("2 rsp 6 200 OK\n");
      assertThat(receiver.sessions()).containsOnlyKeys("p1");
      second.syslog(2, own("s1", 2, "b")).syslog(3, own("s1", 3, "c"));
      assertThat(second.rest()).isEqualTo(BYE);
      other.syslog(2, own("s2", 1, "d"));
      other.expect("2 rsp 6 200 OK\n");
      first.syslog(3, own("s1", 2, "e"));
      first.expect("3 rsp 6 200 OK\n");
    }
    assertThat(sink.texts()).containsExactly("a", "d", "e");
    assertThat(meters.get("vigie.relp.refused").tag("reason", "identity").counter().count())
        .isEqualTo(1);
    assertThat(meters.get("vigie.relp.unacked.bytes").gauge().value()).isZero();
  }

  @Test
  void givenQuietSessionOfTheSameSpool_whenANewOneSpeaks_thenItIsRefusedUntilTheOldIsGone()
      throws IOException {
    RelpClient quiet = opened();
    quiet.syslog(2, own("s1", 1, "a"));
    quiet.expect("2 rsp 6 200 OK\n");
    clock.advance(Duration.ofMinutes(10));
    try (RelpClient fresh = opened()) {
      fresh.syslog(2, own("s1", 2, "b"));
      assertThat(fresh.rest()).isEqualTo(BYE);
    }
    quiet.close();
    await().until(() -> meters.get("vigie.relp.sessions").gauge().value() == 0);
    try (RelpClient fresh = opened()) {
      fresh.syslog(2, own("s1", 2, "b"));
      fresh.expect("2 rsp 6 200 OK\n");
    }
  }

  @Test
  void givenSessionGone_whenItsSpoolComesAgain_thenTakenAtOnce() throws IOException {
    for (int i = 0; i < 3; i++) {
      try (RelpClient client = opened()) {
        client.syslog(2, own("s1", i, "a"));
        client.expect("2 rsp 6 200 OK\n");
        client.reset();
      }
      await().until(() -> meters.get("vigie.relp.sessions").gauge().value() == 0);
    }
    assertThat(sink.size()).isEqualTo(3);
  }

  @Test
  void givenRecordsOnTheWay_whenClosed_thenStoredAnsweredAndToldGoodbye() throws Exception {
    sink.hold();
    try (RelpClient client = opened()) {
      client.syslog(2, "<13>x: a");
      await().until(() -> sink.size() == 1);
      Thread closing = new Thread(() -> receiver.close());
      closing.start();
      await().until(() -> !accepts());
      sink.release();

      assertThat(client.rest()).isEqualTo("2 rsp 6 200 OK\n" + BYE);
      client.close();
      closing.join(20_000);
      assertThat(closing.isAlive()).isFalse();
    }
  }

  private boolean accepts() {
    try (RelpClient probe = new RelpClient(receiver.port())) {
      return probe.socket().isConnected();
    } catch (IOException refused) {
      return false;
    }
  }

  @Test
  void givenSenderThatClosesAtOnce_whenRead_thenItsRecordsAreStored() throws IOException {
    sink.hold(); // as omrelp at its shutdown: it does not wait for answers and sends nothing again
    try (RelpClient client = opened()) {
      client.syslog(2, "<13>x: a").syslog(3, "<13>x: b").send("4 close 0\n");
    }
    await().until(() -> sink.size() == 2);
    sink.release();
    await()
        .untilAsserted(
            () -> assertThat(meters.get("vigie.relp.unacked.bytes").gauge().value()).isZero());
  }

  @Test
  void givenConnectionsAtTheLimit_whenOneMoreComes_thenItIsClosedAndTheOthersServed()
      throws IOException {
    listen(limits(4, 300));
    List<RelpClient> clients = new ArrayList<>();
    try {
      for (int i = 0; i < 300; i++) {
        clients.add(opened());
      }
      try (RelpClient tooMany = new RelpClient(receiver.port())) {
        assertThat(tooMany.rest()).isIn("", "!");
      }
      for (RelpClient client : clients) {
        client.syslog(2, "<13>x: a");
      }
      for (RelpClient client : clients) {
        client.expect("2 rsp 6 200 OK\n");
      }
    } finally {
      for (RelpClient client : clients) {
        client.close();
      }
    }
    assertThat(meters.get("vigie.relp.refused").tag("reason", "connections").counter().count())
        .isEqualTo(1);
    await().until(() -> meters.get("vigie.relp.sessions").gauge().value() == 0);
    opened().close();
  }

  @Test
  void givenPeerThatReadsNoAnswers_whenItGoesOnSending_thenItsSocketIsReadNoFurther()
      throws IOException {
    try (RelpClient client = new RelpClient(receiver.port())) {
      client.socket().setReceiveBufferSize(4096);
      client.send(RelpClient.OPEN);
      Thread flood =
          new Thread(
              () -> {
                try {
                  for (int txnr = 2; txnr < 5_000_000; txnr++) {
                    client.send(txnr + " syslog 1 x\n");
                  }
                } catch (IOException closed) {
                  Thread.currentThread().interrupt();
                }
              });
      flood.setDaemon(true);
      flood.start();
      AtomicInteger last = new AtomicInteger(-1);
      await()
          .atMost(Duration.ofSeconds(40))
          .pollInterval(Duration.ofMillis(500))
          .until(() -> sink.size() > 4 && last.getAndSet(sink.size()) == sink.size());

      assertThat(sink.size()).isLessThan(4_000_000);
    }
  }

  @Test
  void givenPortTaken_whenListening_thenTheMessageNamesIt() {
    int port = receiver.port();
    assertThatThrownBy(
            () ->
                new RelpReceiver(
                    loops,
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
                    "x",
                    LIMITS,
                    sink,
                    executor,
                    clock,
                    clock,
                    meters))
        .hasMessageStartingWith("cannot listen for RELP on 127.0.0.1:" + port + ": ");
  }
}
