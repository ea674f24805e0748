package vigie.collector.remote;

import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import vigie.base.net.EventLoops;
import vigie.base.segment.FileLayer;
import vigie.base.time.Clock;
import vigie.base.time.Scheduler;
import vigie.collector.histogram.Histogram;
import vigie.collector.label.Labels;
import vigie.collector.sample.SampleTap;

/** Hands what the store takes to a queue for each {@code remote_write}. */
public final class RemoteWrites implements SampleTap, AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Path folder;
  private final RemoteQueue.Tools tools;
  private volatile Map<String, RemoteQueue> queues = Map.of();

  /** Those that may still have their files open; guarded by this. */
  private final Map<String, CompletableFuture<Void>> ending = new HashMap<>();

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
    Map<String, RemoteQueue> opened = new LinkedHashMap<>();
    // What may fail first, so that a reload that is refused has changed nothing.
    for (RemoteWriteTarget target : targets) {
      if (!old.containsKey(target.name())) {
        try {
          opened.put(target.name(), open(target, mostBytes));
        } catch (IOException e) {
          opened.forEach(this::end);
          throw new UncheckedIOException(
              "remote_write " + target.name() + ": " + FileLayer.reason(e), e);
        }
      }
    }
    Map<String, RemoteQueue> next = new LinkedHashMap<>();
    for (RemoteWriteTarget target : targets) {
      RemoteQueue queue = old.remove(target.name());
      if (queue != null) {
        queue.configure(target, mostBytes);
        next.put(target.name(), queue);
      }
    }
    next.putAll(opened);
    queues = next;
    old.forEach(this::end);
  }

  private void end(String name, RemoteQueue queue) {
    ending.put(name, queue.end());
  }

  /** One of the same name may not have let go of its files yet. */
  private RemoteQueue open(RemoteWriteTarget target, long mostBytes) throws IOException {
    CompletableFuture<Void> before = ending.remove(target.name());
    if (before != null) {
      try {
        before.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      } catch (ExecutionException e) {
        throw new IOException("the queue before it did not close", e);
      } catch (TimeoutException e) {
        ending.put(target.name(), before);
        throw new IOException("the queue before it is still being closed; try again", e);
      }
    }
    return RemoteQueue.open(folder, target, mostBytes, tools);
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
