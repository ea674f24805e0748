package vigie.collector.receive.relp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.InetAddress;
import java.net.InetSocketAddress;
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
import vigie.agent.event.EventType;
import vigie.agent.event.Severity;
import vigie.agent.ship.Ship;
import vigie.agent.ship.ShipConfig;
import vigie.agent.spool.Host;
import vigie.agent.spool.Spool;
import vigie.agent.spool.SpoolConfig;
import vigie.base.net.EventLoops;
import vigie.base.relp.RelpLimits;
import vigie.base.segment.ForgetfulFiles;
import vigie.base.time.Clock;
import vigie.base.time.ThreadScheduler;
import vigie.collector.event.EventIntake;
import vigie.collector.event.MemoryEventStore;

/** The agent's end and the collector's, with a link between them that is cut again and again. */
class ShipToReceiverTest {
  private static final int EVENTS = 3000;
  private static final int CUTS = 40;

  @Test
  @Timeout(120)
  void givenLinkCutAtRandom_whenShipped_thenEachEventIsTakenOnceAndInOrder() throws Exception {
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
        CuttingProxy proxy = new CuttingProxy(receiver.port(), CUTS, seed, executor);
        Ship ship = ship(proxy.port(), spool, loops, executor, scheduler)) {
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
      assertThat(proxy.cuts()).isGreaterThan(10);
    } finally {
      spool.close();
      loops.close();
      scheduler.close();
      executor.shutdownNow();
    }
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

  private static Ship ship(
      int port,
      Spool spool,
      EventLoops loops,
      ExecutorService executor,
      ThreadScheduler scheduler) {
    ShipConfig d = ShipConfig.DEFAULTS;
    return new Ship(
        new ShipConfig(
            InetSocketAddress.createUnresolved("127.0.0.1", port),
            d.windowRecords(),
            d.windowBytes(),
            d.open(),
            d.noAnswer(),
            Duration.ofMillis(5),
            Duration.ofMillis(50),
            d.renewAt()),
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
