package vigie.collector.receive.relp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import vigie.agent.event.EventType;
import vigie.agent.event.Severity;
import vigie.agent.ship.Ship;
import vigie.agent.ship.ShipConfig;
import vigie.agent.ship.ShipTls;
import vigie.agent.ship.Target;
import vigie.agent.spool.Host;
import vigie.agent.spool.Spool;
import vigie.agent.spool.SpoolConfig;
import vigie.base.config.Faults;
import vigie.base.config.Yaml;
import vigie.base.net.Authority;
import vigie.base.net.EventLoops;
import vigie.base.net.ReloadingTls;
import vigie.base.net.ServerTls;
import vigie.base.relp.RelpLimits;
import vigie.base.segment.ForgetfulFiles;
import vigie.base.time.Clock;
import vigie.base.time.ThreadScheduler;
import vigie.collector.event.EventIntake;
import vigie.collector.event.MemoryEventStore;

/** The agent's end and the collector's, with a bad link between them. */
class ShipToReceiverTest {
  private static final int EVENTS = 3000;
  private static final int HARMS = 24;
  private static final List<BadLink.Harm> PLAIN =
      List.of(BadLink.Harm.CUT, BadLink.Harm.DELAY, BadLink.Harm.HALVE, BadLink.Harm.UNFRAME);
  private static final List<BadLink.Harm> OVER_TLS =
      List.of(BadLink.Harm.CUT, BadLink.Harm.DELAY, BadLink.Harm.HALVE, BadLink.Harm.GARBLE);

  /**
   * A frame that is broken ends the session, and what it had not answered is sent again. A changed
   * byte within a record shows nowhere: TCP's checksums are to keep that away, or TLS.
   */
  @Test
  @Timeout(120)
  void givenABadLink_whenShipped_thenEachEventIsTakenOnceAndInOrder() throws Exception {
    long seed = System.nanoTime();
    ExecutorService executor = Executors.newCachedThreadPool();
    EventLoops loops = EventLoops.fastest(2, "test-ship-to-receiver");
    ThreadScheduler scheduler = new ThreadScheduler(Thread::new, Throwable::printStackTrace);
    ConcurrentLinkedQueue<String> taken = new ConcurrentLinkedQueue<>();
    EventIntake intake =
        new EventIntake(new MemoryEventStore(), Clock.system(), new SimpleMeterRegistry());
    intake.listen((event, late) -> taken.add(event.text()));
    intake.start();
    Spool spool = spool(scheduler, executor);
    try (RelpReceiver receiver =
            new RelpReceiver(
                loops,
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                "vigie,test,x",
                RelpLimits.DEFAULTS,
                intake,
                executor,
                Clock.system(),
                scheduler,
                new SimpleMeterRegistry());
        BadLink link = new BadLink(receiver.port(), PLAIN, HARMS, false, seed, executor);
        Ship ship = ship(quick(link.port()), spool, loops, executor, scheduler)) {
      ship.start();
      for (int i = 1; i <= EVENTS; i++) {
        spool.accept(
            new vigie.agent.event.Event(
                Instant.now(), Severity.ERROR, EventType.PROBE_DOWN, Map.of(), "event " + i));
      }
      await()
          .atMost(Duration.ofSeconds(90))
          .untilAsserted(
              () -> assertThat(spool.acknowledged()).as("seed %d", seed).isEqualTo(EVENTS));

      assertThat(List.copyOf(taken))
          .as("seed %d", seed)
          .isEqualTo(IntStream.rangeClosed(1, EVENTS).mapToObj(i -> "event " + i).toList());
      for (BadLink.Harm harm : PLAIN) {
        assertThat(link.count(harm)).as("%s, seed %d", harm, seed).isPositive();
      }
    } finally {
      spool.close();
      loops.close();
      scheduler.close();
      executor.shutdownNow();
    }
  }

  /**
   * Plain TCP has its own checksums, and RELP none; what changes bytes on purpose or by a broken
   * router is for TLS to notice.
   */
  @Test
  @Timeout(120)
  void givenTlsOverABadLink_whenShipped_thenEachEventIsTakenOnceAndInOrder(@TempDir Path folder)
      throws Exception {
    long seed = System.nanoTime();
    ExecutorService executor = Executors.newCachedThreadPool();
    EventLoops loops = EventLoops.fastest(2, "test-ship-to-receiver");
    ThreadScheduler scheduler = new ThreadScheduler(Thread::new, Throwable::printStackTrace);
    ConcurrentLinkedQueue<String> taken = new ConcurrentLinkedQueue<>();
    EventIntake intake =
        new EventIntake(new MemoryEventStore(), Clock.system(), new SimpleMeterRegistry());
    intake.listen((event, late) -> taken.add(event.text()));
    intake.start();
    Authority authority = new Authority(folder, "ca");
    authority.issue("collector", "collector", "DNS:localhost");
    authority.issue("p1", "p1", "DNS:p1");
    Spool spool = spool(scheduler, executor);
    try (RelpReceiver receiver =
        new RelpReceiver(
            loops,
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            "vigie,test,x",
            RelpLimits.DEFAULTS,
            intake,
            executor,
            Clock.system(),
            scheduler,
            new SimpleMeterRegistry())) {
      int port =
          receiver.listen(
              new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
              new ReloadingTls(mutual(folder)),
              executor);
      ShipTls tls =
          new ShipTls(
              authority.certificate(),
              folder.resolve("p1.pem"),
              folder.resolve("p1.key"),
              "",
              List.of());
      try (BadLink link = new BadLink(port, OVER_TLS, HARMS, false, seed, executor);
          Ship ship =
              ship(
                  quick(link.port())
                      .to(List.of(Target.parse("relp+tls://localhost:" + link.port())), tls),
                  spool,
                  loops,
                  executor,
                  scheduler)) {
        ship.start();
        for (int i = 1; i <= EVENTS; i++) {
          spool.accept(
              new vigie.agent.event.Event(
                  Instant.now(), Severity.ERROR, EventType.PROBE_DOWN, Map.of(), "event " + i));
        }
        await()
            .atMost(Duration.ofSeconds(90))
            .untilAsserted(
                () -> assertThat(spool.acknowledged()).as("seed %d", seed).isEqualTo(EVENTS));
        assertThat(List.copyOf(taken))
            .as("seed %d", seed)
            .isEqualTo(IntStream.rangeClosed(1, EVENTS).mapToObj(i -> "event " + i).toList());
        for (BadLink.Harm harm : OVER_TLS) {
          assertThat(link.count(harm)).as("%s, seed %d", harm, seed).isPositive();
        }
      }
    } finally {
      spool.close();
      loops.close();
      scheduler.close();
      executor.shutdownNow();
    }
  }

  private static ServerTls mutual(Path folder) throws Exception {
    Path file = folder.resolve("c.yaml");
    Files.writeString(
        file, "cert_file: collector.pem\nkey_file: collector.key\nclient_ca_file: ca.pem\n");
    return ServerTls.readMutual(Yaml.load(file, Map.of(), new Faults()));
  }

  private static Spool spool(ThreadScheduler scheduler, ExecutorService executor) {
    return Spool.open(
        new SpoolConfig(Path.of("/spool"), 64 << 20, Duration.ofDays(7)),
        new Host("p1", "boot-1", "m", "s", List.of("m1"), Path.of("/none")),
        Clock.system(),
        scheduler,
        executor,
        new ForgetfulFiles(1),
        new SimpleMeterRegistry());
  }

  private static ShipConfig quick(int port) {
    ShipConfig d = ShipConfig.DEFAULTS;
    return new ShipConfig(
        List.of(Target.parse("relp://127.0.0.1:" + port)),
        d.tls(),
        d.windowRecords(),
        d.windowBytes(),
        d.open(),
        d.noAnswer(),
        Duration.ofMillis(5),
        Duration.ofMillis(50),
        d.renewAt(),
        d.patience(),
        d.again());
  }

  private static Ship ship(
      ShipConfig config,
      Spool spool,
      EventLoops loops,
      ExecutorService executor,
      ThreadScheduler scheduler) {
    return new Ship(
        config,
        "vigie,test,x",
        spool,
        loops,
        executor,
        Clock.system(),
        scheduler,
        () -> {},
        new SimpleMeterRegistry());
  }
}
