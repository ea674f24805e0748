package vigie.agent.probe;

import java.util.concurrent.Executor;
import vigie.agent.reader.Roots;
import vigie.base.net.EventLoops;
import vigie.base.net.Lookup;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;

/**
 * What probes work with.
 *
 * @param names turns names into addresses; it blocks
 * @param lookups runs name lookups alone
 * @param blocking runs what may block otherwise (files, processes, forks); throws {@code
 *     RejectedExecutionException} when it is full, which is a {@code NotRun}
 * @param host what the probes of this host share
 */
public record ProbeTools(
    Roots roots,
    Clock clock,
    Scheduler scheduler,
    EventLoops loops,
    Lookup names,
    Executor lookups,
    Executor blocking,
    HostView host) {
  public ProbeTools(
      Roots roots,
      Clock clock,
      Scheduler scheduler,
      EventLoops loops,
      Lookup names,
      Executor lookups,
      Executor blocking) {
    this(roots, clock, scheduler, loops, names, lookups, blocking, new HostView(roots, clock));
  }
}
