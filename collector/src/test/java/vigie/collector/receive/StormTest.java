package vigie.collector.receive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.net.EventLoops;
import vigie.base.time.Clock;
import vigie.base.time.ThreadScheduler;
import vigie.collector.event.EventIntake;
import vigie.collector.event.Events;
import vigie.collector.event.StoredEvent;
import vigie.collector.receive.relp.RelpReceiver;
import vigie.collector.receive.syslog.SyslogReceiver;
import vigie.collector.store.event.EventStoreOptions;
import vigie.collector.store.event.LogEventStore;

/** A storm over several connections into the store on the disk. */
@Timeout(120)
class StormTest {
  private static final int EACH = 6_000;

  @TempDir Path folder;

  @Test
  void givenAStormOfManyConnections_whenStored_thenEachRecordIsThereOnceAndToldInItsOrder()
      throws Exception {
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    ExecutorService threads = Executors.newCachedThreadPool();
    ExecutorService filler = Executors.newSingleThreadExecutor();
    ExecutorService executor = Executors.newFixedThreadPool(2);
    Map<String, List<String>> told = new ConcurrentHashMap<>();
    Map<String, List<String>> sent = new TreeMap<>();
    for (int i = 0; i < 6; i++) {
      sent.put("node" + i, texts(i));
    }
    try (EventLoops loops = EventLoops.fastest(2, "test-storm");
        ThreadScheduler scheduler = new ThreadScheduler(Thread::new, Throwable::printStackTrace);
        LogEventStore store =
            LogEventStore.open(
                folder,
                EventStoreOptions.DEFAULTS,
                Clock.system(),
                scheduler,
                threads,
                filler,
                meters)) {
      EventIntake intake = new EventIntake(store, Clock.system(), meters);
      intake.listen(
          (event, late) ->
              told.computeIfAbsent(
                      event.node(), node -> Collections.synchronizedList(new ArrayList<>()))
                  .add(event.text()));
      intake.start();
      Receiving receiving =
          new Receiving(
              ReceiveLimits.DEFAULTS, intake, executor, loops, Clock.system(), scheduler, meters);
      try (SyslogReceiver syslog = new SyslogReceiver(receiving, loops, scheduler);
          RelpReceiver relp = new RelpReceiver(receiving, loops, "vigie,test,x", scheduler)) {
        InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        int syslogPort = syslog.listen(any, null, executor);
        int relpPort = relp.listen(any, null, executor);
        List<Future<?>> senders = new ArrayList<>();
        sent.forEach(
            (node, texts) ->
                senders.add(
                    threads.submit(
                        () ->
                            node.compareTo("node4") < 0
                                ? send(syslogPort, node, texts)
                                : relp(relpPort, node, texts, threads))));
        for (Future<?> sender : senders) {
          sender.get();
        }
        await()
            .atMost(Duration.ofSeconds(60))
            .until(() -> meters.counter("vigie.events.taken").count() == 6 * EACH);
      }
      Map<String, List<String>> stored = new TreeMap<>();
      for (StoredEvent event : Events.all(store)) {
        stored
            .computeIfAbsent(event.event().node(), n -> new ArrayList<>())
            .add(event.event().text());
      }
      stored.values().forEach(Collections::reverse); // the newest was first
      assertThat(stored).isEqualTo(sent);
      assertThat(told).isEqualTo(sent);
      receiving.close();
    } finally {
      threads.shutdownNow();
      filler.shutdownNow();
      executor.shutdownNow();
    }
  }

  private static List<String> texts(int seed) {
    Random random = new Random(seed);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < EACH; i++) {
      String more = Character.toString('a' + random.nextInt(26)).repeat(random.nextInt(400));
      texts.add(seed + "/" + i + " " + more);
    }
    return texts;
  }

  /** By count or by line. */
  private static Void send(int port, String node, List<String> texts) throws IOException {
    boolean counted = node.hashCode() % 2 == 0;
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        OutputStream out = new BufferedOutputStream(socket.getOutputStream(), 100_000)) {
      for (int i = 0; i < texts.size(); i++) {
        byte[] record = record(node, i, texts.get(i));
        if (counted) {
          out.write((record.length + " ").getBytes(StandardCharsets.UTF_8));
          out.write(record);
        } else {
          out.write(record);
          out.write('\n');
        }
      }
    }
    return null;
  }

  /** With empty records, and of one node an agent's among the others. */
  private static Void relp(int port, String node, List<String> texts, ExecutorService threads)
      throws Exception {
    int txnr = 1;
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        OutputStream out = new BufferedOutputStream(socket.getOutputStream(), 100_000)) {
      Future<byte[]> answers = threads.submit(() -> socket.getInputStream().readAllBytes());
      out.write("1 open 15 commands=syslog\n".getBytes(StandardCharsets.UTF_8));
      for (int i = 0; i < texts.size(); i++) {
        byte[] record =
            i % 100 == 7 && node.endsWith("5")
                ? agents(node, i, texts.get(i))
                : record(node, i, texts.get(i));
        out.write((++txnr + " syslog " + record.length + " ").getBytes(StandardCharsets.UTF_8));
        out.write(record);
        out.write('\n');
        if (i % 500 == 3) {
          out.write((++txnr + " syslog 0\n").getBytes(StandardCharsets.UTF_8));
        }
      }
      out.write((++txnr + " close 0\n").getBytes(StandardCharsets.UTF_8));
      out.flush();
      StringBuilder expected = new StringBuilder();
      for (int i = 2; i <= txnr; i++) {
        expected.append(i).append(" rsp 6 200 OK\n");
      }
      assertThat(new String(answers.get(), StandardCharsets.UTF_8))
          .startsWith("1 rsp ")
          .endsWith("\n" + expected + "0 serverclose 0\n");
    }
    return null;
  }

  private static byte[] agents(String node, int i, String text) {
    String element =
        "[vigie@32473 node=\"%s\" spool=\"s\" seq=\"%d\" boot=\"b\" type=\"probe.down\"] ";
    return ("<27>1 2026-11-21T12:00:00Z "
            + node
            + " vigie 1 - "
            + element.formatted(node, i)
            + text)
        .getBytes(StandardCharsets.UTF_8);
  }

  /** Some with structured data, and of either format. */
  private static byte[] record(String node, int i, String text) {
    String header =
        switch (i % 7) {
          case 0 -> "<13>Nov 21 11:59:58 " + node + " app[7]: ";
          case 1 -> "<13>1 2026-11-21T12:00:00Z " + node + " app 7 - [a b=\"" + i + "\"] ";
          default -> "<13>1 2026-11-21T12:00:00.5Z " + node + " app " + i + " ID - ";
        };
    return (header + text).getBytes(StandardCharsets.UTF_8);
  }
}
