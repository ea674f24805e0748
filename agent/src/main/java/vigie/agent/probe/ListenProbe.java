package vigie.agent.probe;

import io.netty.util.NetUtil;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import vigie.base.net.Addresses;
import vigie.base.time.Clock;

/** Looks for a port among the sockets that the kernel lists, on the caller's thread. */
final class ListenProbe implements Probe {
  private static final Measure QUEUE =
      Measure.of(
          "vigie_probe_listen_queue",
          "Connections that wait to be accepted, the sum of all sockets that listen there.");
  private static final Measure QUEUE_BYTES =
      Measure.of(
          "vigie_probe_listen_queue_bytes",
          "Received packets that wait to be read, with what the kernel needs to keep them.");
  private static final Measure SOCKETS =
      Measure.of("vigie_probe_listen_sockets", "How many sockets listen there.");
  static final List<Measure> MEASURES = List.of(QUEUE, QUEUE_BYTES, SOCKETS);

  private static final int MOST_NAMED = 4;

  private final ListenModule module;
  private final String target;
  private final int port;
  // Null for any address.
  private final @Nullable InetAddress address;
  private final Path procfs;
  private final HostView host;
  private final Clock clock;

  ListenProbe(ListenModule module, String target, ProbeTools tools) {
    this.module = module;
    this.target = target;
    InetSocketAddress wanted = Addresses.parse(target);
    this.port = wanted.getPort();
    this.address =
        target.startsWith(":")
            ? null
            : NetUtil.createInetAddressFromIpAddressString(wanted.getHostString());
    this.procfs = tools.roots().procfs();
    this.host = tools.host();
    this.clock = tools.clock();
  }

  @Override
  public void run(Consumer<ProbeResult> done, Steps steps) {
    long start = clock.nanos();
    Finding finding;
    try {
      finding = judge(module.udp() ? host.udp() : host.tcp(), start, steps);
    } catch (IOException e) {
      finding = Finding.notRun("listening sockets cannot be read: " + PeerWords.of(e));
    }
    done.accept(finding.result(clock.now(), Duration.ofNanos(clock.nanos() - start)));
  }

  private Finding judge(ListeningSockets sockets, long start, Steps steps) {
    long queue = 0;
    int count = 0;
    Set<String> others = new LinkedHashSet<>();
    for (int i = 0; i < sockets.size(); i++) {
      if (sockets.port(i) != port) {
        continue;
      }
      boolean wanted = isWanted(sockets, i);
      steps.step(
          Duration.ofNanos(clock.nanos() - start),
          "a socket listens on "
              + Addresses.format(new InetSocketAddress(sockets.address(i), port))
              + (module.udp() ? ", bytes that wait: " : ", connections that wait: ")
              + sockets.queue(i));
      if (wanted) {
        count++;
        queue += sockets.queue(i);
      } else if (others.size() < MOST_NAMED) {
        others.add(NetUtil.toAddressString(sockets.address(i)));
      }
    }
    List<Measure.Sample> samples = new ArrayList<>();
    samples.add(SOCKETS.sample(count));
    if (count > 0) {
      samples.add((module.udp() ? QUEUE_BYTES : QUEUE).sample(queue));
    }
    String wanted = address == null ? "" : NetUtil.toAddressString(address);
    if (count == 0) {
      return Finding.down(
          others.isEmpty()
              ? "nothing listens on " + target
              : "listens on " + String.join(", ", others) + " only, expected " + wanted,
          samples);
    }
    if (module.exact() && !others.isEmpty()) {
      return Finding.down(
          "listens on " + String.join(", ", others) + " too, expected " + wanted + " only",
          samples);
    }
    Long most = module.maxQueue();
    if (most != null && queue > most) {
      return Finding.down(
          Words.count(queue, "connection")
              + " to "
              + target
              + (queue == 1 ? " waits" : " wait")
              + " to be accepted, expected at most "
              + most,
          samples);
    }
    return Finding.up(samples);
  }

  private boolean isWanted(ListeningSockets sockets, int i) {
    InetAddress wanted = address;
    if (wanted == null) {
      return true;
    }
    if (module.exact()) {
      return sockets.address(i).equals(wanted);
    }
    return sockets.takes(i, ListeningSockets.high(wanted), ListeningSockets.low(wanted));
  }

  @Override
  public boolean isWatchable() {
    return !module.udp();
  }

  @Override
  public Listens listens(ListeningSockets sockets) {
    for (int i = 0; i < sockets.size(); i++) {
      if (sockets.port(i) == port && isWanted(sockets, i)) {
        return Listens.YES;
      }
    }
    return Listens.NO;
  }

  @Override
  public String hint() {
    if (module.udp()) {
      return "";
    }
    InetAddress at = Objects.requireNonNullElse(address, InetAddress.getLoopbackAddress());
    String text = new Listening(procfs).explain(new InetAddress[] {at}, port);
    // That nothing listens there is the reason already.
    int others = text.startsWith("nothing listens") ? text.indexOf("; ") : -2;
    return others == -1 ? "" : text.substring(others + 2);
  }
}
