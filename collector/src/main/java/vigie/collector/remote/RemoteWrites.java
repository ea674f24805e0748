package vigie.collector.remote;

import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import vigie.base.net.EventLoops;
import vigie.base.segment.FileLayer;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.Labels;
import vigie.collector.sample.SampleTap;

/** Hands what the store takes to a queue for each {@code remote_write}. */
public final class RemoteWrites implements SampleTap, AutoCloseable {
  private final Path folder;
  private final RemoteQueue.Tools tools;
  private volatile Map<String, RemoteQueue> queues = Map.of();

  /**
   * Sends nothing before {@link #configure}.
   *
   * @param folder holds a folder for each queue
   * @param thread one thread, which reads queues and must not be another's
   * @param blocking looks up names and reads certificates
   */
  public RemoteWrites(
      Path folder,
      FileLayer files,
      EventLoops loops,
      Executor thread,
      Executor blocking,
      Clock clock,
      Scheduler scheduler,
      MeterRegistry meters) {
    this.folder = folder;
    this.tools = new RemoteQueue.Tools(files, loops, thread, blocking, clock, scheduler, meters);
  }

  /**
   * Takes new targets. A queue goes on where its name stays; that of a name that is gone stays on
   * the disk, and is sent should the name come back.
   *
   * @param mostBytes that may wait for one target; beyond it the oldest go
   * @throws UncheckedIOException if a folder cannot be opened
   */
  public synchronized void configure(List<RemoteWriteTarget> targets, long mostBytes) {
    Map<String, RemoteQueue> old = new LinkedHashMap<>(queues);
    Map<String, RemoteQueue> next = new LinkedHashMap<>();
    for (RemoteWriteTarget target : targets) {
      RemoteQueue queue = old.remove(target.name());
      try {
        if (queue == null) {
          queue = RemoteQueue.open(folder, target, mostBytes, tools);
        } else {
          queue.configure(target, mostBytes);
        }
      } catch (IOException e) {
        // What was opened so far; the others are in use.
        next.values().stream()
            .filter(opened -> !queues.containsValue(opened))
            .forEach(RemoteQueue::close);
        throw new UncheckedIOException(
            "remote_write " + target.name() + ": " + FileLayer.reason(e), e);
      }
      next.put(target.name(), queue);
    }
    queues = next;
    old.values().forEach(RemoteQueue::close);
  }

  @Override
  public void appended(Labels labels, long timeMillis, double value) {
    for (RemoteQueue queue : queues.values()) {
      queue.appended(labels, timeMillis, value);
    }
  }

  @Override
  public void appended(Labels labels, long timeMillis, Histogram histogram) {
    for (RemoteQueue queue : queues.values()) {
      queue.appended(labels, timeMillis, histogram);
    }
  }

  @Override
  public void write() {
    queues.values().forEach(RemoteQueue::write);
  }

  @Override
  public void sync() {
    queues.values().forEach(RemoteQueue::sync);
  }

  @Override
  public synchronized void close() {
    queues.values().forEach(RemoteQueue::close);
    queues = Map.of();
  }
}
