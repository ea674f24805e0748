package vigie.agent.probe;

import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import vigie.base.time.Durations;
import vigie.base.time.Scheduler;

/**
 * Sends echo requests through the machine's {@code ping}: Java has no socket for them. The first
 * runs start a ping each. Once they come at a steady interval, one ping is kept that sends at just
 * that interval, and a run only takes its lines: a process each time would cost a Pi Zero more than
 * all the rest of the agent. The kept one was started by a run, so it sends when runs begin; when
 * the two clocks have drifted apart, or the address or the interval has changed, it is replaced. It
 * ends with the agent, at the latest by its next line into the closed pipe.
 *
 * <p>A failed or lost ping is replaced by the next run, so there is never more than one start in a
 * run. Guarded by itself.
 */
final class IcmpProbe implements Probe {
  static final Measure DURATION =
      Measure.of(
          "probe_icmp_duration_seconds",
          "Time that the last run spent on looking up the name, starting ping, and the round trip.",
          "phase");
  static final Measure HOP_LIMIT =
      Measure.of("probe_icmp_reply_hop_limit", "Hop limit (TTL) that the last reply still had.");
  static final List<Measure> MEASURES;

  private static final String NOT_PERMITTED =
      "ping may not send: allow it to all with sysctl -w net.ipv4.ping_group_range=\"0 2147483647\","
          + " or to the agent by AmbientCapabilities=CAP_NET_RAW and"
          + " CapabilityBoundingSet=CAP_NET_RAW in its unit file, and where that filters system calls"
          + " SystemCallFilter=capset setuid";
  private static final Duration FIRST_LOOK = Duration.ofMillis(10);
  private static final Duration SLOWEST_LOOK = Duration.ofMillis(100);
  // Below it, ping asks for privileges; above, keeping a process costs more than starting one.
  private static final Duration LEAST_KEPT = Duration.ofMillis(200);
  private static final Duration MOST_KEPT = Duration.ofMinutes(1);
  private static final int UNSTEADY_RUNS = 3;
  private static final int EARLY_RUNS = 10;
  private static final int LATE_RUNS = 3;
  private static final Duration MOST_LATE = Duration.ofMillis(500);

  private final IcmpModule module;
  private final Duration timeout;
  private final ProbeTools tools;
  private final Resolver resolver;
  private final @Nullable PingProgram program;

  private @Nullable PingProcess kept;
  private boolean closed;
  private long lastStart;
  private Duration interval = Duration.ZERO;
  private int runs;
  private int unsteady;
  private int early;
  private int late;

  static {
    List<Measure> all = new ArrayList<>(Dial.MEASURES);
    all.add(DURATION);
    all.add(HOP_LIMIT);
    MEASURES = List.copyOf(all);
  }

  IcmpProbe(
      IcmpModule module,
      String host,
      Duration timeout,
      ProbeTools tools,
      @Nullable PingProgram program) {
    this.module = module;
    this.timeout = timeout;
    this.tools = tools;
    this.program = program;
    this.resolver = new Resolver(host, module.addresses(), tools);
  }

  @Override
  public void run(Consumer<ProbeResult> done, Steps steps) {
    ProbeRun run = new ProbeRun(tools.clock(), done, steps);
    PingProgram ping = program;
    String cannot = ping == null ? PingProgram.MISSING : ping.cannot(module);
    if (ping == null || !cannot.isEmpty()) {
      run.notRun(cannot);
      return;
    }
    boolean steady = isSteady();
    Look look = new Look(run);
    run.limit(tools.scheduler(), timeout, look::timedOut);
    resolver.resolve(
        new Resolver.Outcome() {
          @Override
          public void found(Resolver.Found found) {
            look.found = found;
            send(ping, look, found.address(), steady);
          }

          @Override
          public void down(String reason) {
            run.down(reason, look.samples(Duration.ZERO));
          }

          @Override
          public void notRun(String reason) {
            run.notRun(reason);
          }
        });
  }

  private void send(PingProgram ping, Look look, InetAddress to, boolean steady) {
    if (look.run.hasEnded()) {
      return;
    }
    PingProcess process = fit(to, steady);
    if (process != null) {
      look.take(process, false);
    } else {
      start(ping, look, to, steady);
    }
  }

  @Override
  public String hint() {
    return program == null ? PingProgram.MISSING : "";
  }

  @Override
  public synchronized void close() {
    closed = true;
    drop();
  }

  /** Whether this run came after the same interval as the one before. */
  private synchronized boolean isSteady() {
    long now = tools.clock().nanos();
    Duration since = Duration.ofNanos(now - lastStart);
    lastStart = now;
    boolean same = runs > 1 && isNear(since, interval);
    interval = runs == 0 ? Duration.ZERO : since;
    runs = Math.min(2, runs + 1);
    return same && since.compareTo(LEAST_KEPT) >= 0 && since.compareTo(MOST_KEPT) <= 0;
  }

  private static boolean isNear(Duration a, Duration b) {
    return a.minus(b).abs().multipliedBy(10).compareTo(a) <= 0;
  }

  /** The kept process where it still does what is needed; otherwise it is ended. */
  private synchronized @Nullable PingProcess fit(InetAddress to, boolean steady) {
    PingProcess process = kept;
    if (process == null) {
      return null;
    }
    unsteady = steady && isNear(process.every(), interval) ? 0 : unsteady + 1;
    if (!process.to().equals(to)
        || !process.isAlive()
        || unsteady >= UNSTEADY_RUNS
        || early >= EARLY_RUNS
        || late >= LATE_RUNS) {
      drop();
      return null;
    }
    return process;
  }

  private synchronized void drop() {
    PingProcess process = kept;
    kept = null;
    unsteady = 0;
    early = 0;
    late = 0;
    if (process != null) {
      process.close();
    }
  }

  private void start(PingProgram ping, Look look, InetAddress to, boolean steady) {
    boolean keep = steady && !ping.isBusybox();
    Duration every;
    synchronized (this) {
      every = keep ? interval : Duration.ZERO;
    }
    List<String> command = keep ? ping.forEver(module, to, every) : ping.once(module, to, timeout);
    try {
      tools
          .blocking()
          .execute(
              () -> {
                if (look.run.hasEnded()) {
                  return;
                }
                Duration before = look.run.elapsed();
                try {
                  PingProcess process = PingProcess.start(command, to, every);
                  look.setup = look.run.elapsed().minus(before);
                  look.run.step("started " + String.join(" ", command));
                  if (keep && !keep(process)) {
                    look.run.notRun("no longer watched");
                    return;
                  }
                  if (!keep) {
                    look.run.release(process::close);
                  }
                  look.take(process, true);
                } catch (IOException e) {
                  look.run.notRun(
                      "cannot start " + ping.command().get(0) + ": " + ChildProcess.words(e));
                }
              });
    } catch (RejectedExecutionException full) {
      look.run.notRun("too many programs run and files are looked at already");
    }
  }

  private synchronized boolean keep(PingProcess process) {
    if (closed) {
      process.close();
      return false;
    }
    PingProcess before = kept;
    if (before != null) {
      before.close(); // Of a run that was over before its ping had started.
    }
    kept = process;
    return true;
  }

  /** How far the clocks of ping and of the runs are apart. */
  private synchronized void answered(boolean before, boolean tooLate) {
    early = before ? early + 1 : 0;
    late = tooLate ? late + 1 : 0;
  }

  /** What one run takes from a ping. Its parts follow one another on different threads. */
  private final class Look {
    final ProbeRun run;
    volatile Resolver.@Nullable Found found;
    volatile Duration setup = Duration.ZERO;
    private volatile String lastError = "";
    private Duration wait = FIRST_LOOK;
    private int unanswered = -1;

    Look(ProbeRun run) {
      this.run = run;
    }

    /** Takes what the process has written up to now. */
    void take(PingProcess process, boolean fresh) {
      if (run.hasEnded()) {
        return;
      }
      if (!fresh) {
        run.step("ping " + process.pid() + " has been sending to this address");
      }
      PingLine reply = null;
      for (PingLine line = process.next(); line != null; line = process.next()) {
        if (line.kind() == PingLine.Kind.REPLY && !isTooSlow(line)) {
          reply = line;
        } else {
          note(line);
        }
      }
      if (reply != null) {
        answered(!fresh, false);
        up(reply);
      } else {
        wait(process, fresh);
      }
    }

    private void wait(PingProcess process, boolean fresh) {
      Scheduler.Task next = tools.scheduler().after(wait, () -> look(process, fresh));
      wait = wait.multipliedBy(2).compareTo(SLOWEST_LOOK) < 0 ? wait.multipliedBy(2) : SLOWEST_LOOK;
      if (run.hasEnded()) {
        next.cancel();
      }
    }

    private void look(PingProcess process, boolean fresh) {
      if (run.hasEnded()) {
        return;
      }
      boolean alive = process.isAlive();
      for (PingLine line = process.next(); line != null; line = process.next()) {
        if (line.kind() == PingLine.Kind.REPLY && !isTooSlow(line)) {
          answered(false, !fresh && isLate(line));
          up(line);
          return;
        }
        note(line);
        if (line.kind() == PingLine.Kind.ERROR && line.seq() > unanswered) {
          down(line.text());
          return;
        }
      }
      if (alive) {
        wait(process, fresh);
      } else {
        down(lastError.isEmpty() ? "no answer" : lastError);
      }
    }

    /** An error that tells of an earlier packet explains, but decides nothing. */
    private void note(PingLine line) {
      if (line.kind() == PingLine.Kind.NO_ANSWER) {
        unanswered = line.seq();
      } else if (line.kind() == PingLine.Kind.ERROR) {
        lastError = line.text();
      }
    }

    /** An answer to an earlier run's packet, which that run did not wait for. */
    private boolean isTooSlow(PingLine line) {
      return line.millis() > timeout.toMillis();
    }

    private boolean isLate(PingLine line) {
      long waited = run.elapsed().toMillis() - (long) Math.max(0, line.millis());
      return waited > Math.min(MOST_LATE.toMillis(), timeout.toMillis() / 4);
    }

    private void up(PingLine reply) {
      Resolver.Found known = found;
      Duration lookup = known == null ? Duration.ZERO : known.took();
      // A packet of less than 16 bytes has no room for its time.
      Duration trip =
          Double.isNaN(reply.millis())
              ? run.elapsed().minus(lookup)
              : Duration.ofNanos((long) (reply.millis() * 1e6));
      run.step("reply after " + reply.millis() + " ms, hop limit " + reply.ttl());
      List<Measure.Sample> samples = samples(trip);
      if (reply.ttl() >= 0) {
        samples.add(HOP_LIMIT.sample(reply.ttl()));
      }
      run.up(lookup.plus(setup).plus(trip), samples);
    }

    private void down(String reason) {
      String words = reason.toLowerCase(Locale.ROOT);
      if (words.contains("socket: operation not permitted")
          || words.contains("missing cap_net_raw")
          || words.contains("cap_set_proc")) { // it could not even drop what it does not need
        run.notRun(NOT_PERMITTED);
      } else if (words.contains("address family not supported")
          || words.contains("cannot assign requested address")) {
        run.notRun(reason);
      } else {
        run.down(reason, samples(Duration.ZERO));
      }
    }

    void timedOut() {
      String after = "no answer within " + Durations.format(timeout);
      if (found == null) {
        after = "timeout after " + Durations.format(timeout) + " while looking up the name";
      }
      down(lastError.isEmpty() ? after : after + ", " + lastError);
    }

    private List<Measure.Sample> samples(Duration trip) {
      Resolver.Found known = found;
      List<Measure.Sample> samples =
          new ArrayList<>(known == null ? Resolver.NOTHING : known.samples());
      Duration lookup = known == null ? Duration.ZERO : known.took();
      samples.add(DURATION.sample(lookup.toNanos() / 1e9, "resolve"));
      samples.add(DURATION.sample(setup.toNanos() / 1e9, "setup"));
      samples.add(DURATION.sample(trip.toNanos() / 1e9, "rtt"));
      return samples;
    }
  }
}
