package vigie.collector.store.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.agent.event.Event;
import vigie.agent.event.EventType;
import vigie.agent.event.Place;
import vigie.agent.event.Severity;
import vigie.agent.ship.Ship;
import vigie.agent.ship.ShipConfig;
import vigie.agent.ship.Target;
import vigie.agent.spool.Host;
import vigie.agent.spool.Spool;
import vigie.agent.spool.SpoolConfig;
import vigie.base.net.EventLoops;
import vigie.base.net.Ports;
import vigie.base.relp.RelpLimits;
import vigie.base.segment.ForgetfulFiles;
import vigie.base.segment.ForgetfulFiles.Forget;
import vigie.base.time.Clock;
import vigie.base.time.ManualClock;
import vigie.base.time.ThreadScheduler;
import vigie.collector.event.EventIntake;
import vigie.collector.event.Events;
import vigie.collector.receive.relp.RelpReceiver;

/**
 * The whole way from a source to the store, spool, session and receive log, on files that forget
 * what was not synced, while agent, collector or both lose their power: what sources told is in the
 * store once. {@code -Dvigie.seed=N} repeats a run, {@code -Dvigie.lives=N} makes it longer.
 * Threads and sockets are real, so a repeated run may interleave otherwise.
 */
class DeliveryModelTest {
  private static final int SOURCES = 3;
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir Path folder;
  private final long seed = Long.getLong("vigie.seed", System.nanoTime());
  private final Random random = new Random(seed);
  private final ForgetfulFiles agentsFiles = new ForgetfulFiles(seed + 1);
  private final ForgetfulFiles collectorsFiles = new ForgetfulFiles(seed + 2);
  private final ManualClock clock = new ManualClock(Events.T0);
  private final int[] next = new int[SOURCES]; // what each source reads next
  private final Set<String> owed = new HashSet<>(); // told, urgent, and without a place
  private int made;
  private final int port = Ports.free();
  private @Nullable Agent agent;
  private @Nullable Collector collector;

  /** The agent's half in one life. */
  private final class Agent {
    private final ThreadScheduler scheduler =
        new ThreadScheduler(Thread::new, Throwable::printStackTrace);
    private final ExecutorService executor = Executors.newCachedThreadPool();
    private final EventLoops loops = EventLoops.nio(1, "test-agent");
    private final Spool spool =
        Spool.open(
            new SpoolConfig(Path.of("/spool"), 64 << 20, Duration.ofDays(7)),
            new Host("p1", "boot-1", "m", "s", List.of("m1"), Path.of("/none")),
            Clock.system(),
            scheduler,
            executor,
            agentsFiles,
            new SimpleMeterRegistry());

    Agent() {
      ShipConfig defaults = ShipConfig.DEFAULTS;
      new Ship(
              new ShipConfig(
                  List.of(Target.parse("relp://127.0.0.1:" + port)),
                  defaults.tls(),
                  8,
                  defaults.windowBytes(),
                  defaults.open(),
                  defaults.noAnswer(),
                  Duration.ofMillis(5),
                  Duration.ofMillis(50),
                  defaults.renewAt(),
                  defaults.patience(),
                  defaults.again()),
              "vigie,test,x",
              spool,
              loops,
              executor,
              Clock.system(),
              scheduler,
              () -> {},
              new SimpleMeterRegistry())
          .start();
    }

    /** Ends it without a word, its disk first. */
    void cut(Forget forget) {
      agentsFiles.powerCut(forget);
      scheduler.close();
      loops.close();
      executor.shutdownNow();
    }
  }

  /** The collector's half in one life. */
  private final class Collector {
    private final TestStore opened = new TestStore(folder, TestStore.SMALL, collectorsFiles, clock);
    private final ThreadScheduler scheduler =
        new ThreadScheduler(Thread::new, Throwable::printStackTrace);
    private final ExecutorService executor = Executors.newCachedThreadPool();
    private final EventLoops loops = EventLoops.nio(1, "test-collector");
    private final RelpReceiver receiver;

    Collector() {
      EventIntake intake = new EventIntake(opened.store, clock, new SimpleMeterRegistry());
      intake.start();
      receiver =
          new RelpReceiver(
              loops,
              new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
              "vigie,test,x",
              RelpLimits.DEFAULTS,
              intake,
              executor,
              Clock.system(),
              scheduler,
              new SimpleMeterRegistry());
    }

    void cut(Forget forget) throws InterruptedException {
      collectorsFiles.powerCut(forget);
      opened.abandon();
      // Without a quiet time Netty 4.2 may end a loop before it has closed what listens there.
      loops.group().shutdownGracefully(20, 2_000, TimeUnit.MILLISECONDS).syncUninterruptibly();
      scheduler.close();
      executor.shutdownNow();
    }
  }

  @Test
  void givenAgentAndCollectorThatLoseTheirPower_whenBothAreWell_thenAllThatWasToldIsThereOnce()
      throws Exception {
    int lives = Integer.getInteger("vigie.lives", 60);
    for (int life = 0; life < lives; life++) {
      live();
      int ends = random.nextInt(4); // more often both live on for a while
      if (ends == 0 || ends == 2) {
        cutAgent();
      }
      if (ends == 1 || ends == 2) {
        cutCollector();
      }
    }
    settle();
    List<String> stored =
        Events.all(started().opened.store).stream()
            .map(event -> event.event().text())
            .filter(text -> text.startsWith("event "))
            .toList();
    Set<String> expected = new HashSet<>(owed);
    for (int source = 0; source < SOURCES; source++) {
      for (int line = 0; line < next[source]; line++) {
        expected.addAll(line(source, line));
      }
    }
    System.out.println(
        "delivered " + stored.size() + " events over " + lives + " lives, vigie.seed=" + seed);
    assertThat(stored).as("vigie.seed=%d", seed).doesNotHaveDuplicates().containsAll(expected);
    cutAgent();
    cutCollector();
  }

  private Collector started() {
    Collector now = collector;
    if (now == null) {
      now = new Collector();
      collector = now;
    }
    return now;
  }

  private Agent running() {
    started();
    Agent now = agent;
    if (now == null) {
      now = new Agent();
      agent = now;
      // The first event of each life tells what the last one tore: until then nothing behind that
      // is acknowledged.
      accept(now.spool, EventType.AGENT_START, null, List.of("started"));
      for (int source = 0; source < SOURCES; source++) {
        String cursor = now.spool.cursor("source " + source);
        next[source] = cursor == null ? 0 : Integer.parseInt(cursor) + 1;
      }
    }
    return now;
  }

  private void cutAgent() {
    if (agent != null) {
      agent.cut(forget());
      agent = null;
    }
  }

  private void cutCollector() throws InterruptedException {
    if (collector != null) {
      collector.cut(forget());
      collector = null;
    }
  }

  private Forget forget() {
    return List.of(Forget.values()).get(random.nextInt(3));
  }

  private void live() {
    Spool spool = running().spool;
    for (int i = random.nextInt(60); i > 0; i--) {
      tell(spool);
    }
    long missing = spool.last() - spool.acknowledged();
    long enough = spool.acknowledged() + (missing > 0 ? random.nextLong(missing + 1) : 0);
    await().atMost(PATIENCE).until(() -> spool.acknowledged() >= enough);
  }

  private void settle() {
    Spool spool = running().spool;
    String last = "event of the end.";
    owed.add(last);
    accept(spool, EventType.PROBE_DOWN, null, List.of(last));
    await().atMost(PATIENCE).until(() -> spool.acknowledged() == spool.last());
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                Events.all(started().opened.store).stream()
                    .anyMatch(event -> event.event().text().equals(last)));
  }

  private void tell(Spool spool) {
    boolean urgent = random.nextInt(3) == 0;
    EventType type = urgent ? EventType.PROBE_DOWN : EventType.PROBE_SLOW;
    int source = random.nextInt(SOURCES + 1) - 1;
    if (source < 0) {
      String text = "event " + made++ + ".";
      accept(spool, type, null, List.of(text));
      if (urgent) {
        owed.add(text);
      }
    } else {
      int line = next[source]++;
      accept(spool, type, new Place("source " + source, "" + line), line(source, line));
    }
  }

  private static void accept(
      Spool spool, EventType type, @Nullable Place place, List<String> texts) {
    List<Event> events = new ArrayList<>();
    for (String text : texts) {
      events.add(new Event(Clock.system().now(), Severity.ERROR, type, Map.of(), text, place));
    }
    spool.acceptAll(events);
  }

  /** What a line leads to: every third to two events, which have its place in common. */
  private static List<String> line(int source, int line) {
    String text = "event of source " + source + " line " + line;
    return line % 3 == 0 ? List.of(text + ".", text + " too.") : List.of(text + ".");
  }
}
