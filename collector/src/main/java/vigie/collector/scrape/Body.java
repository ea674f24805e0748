package vigie.collector.scrape;

import java.io.InputStream;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of one answer as they came, up to a limit: beyond it what came is let go of and the
 * connection closed. Safe for all threads; read it once it is complete.
 */
final class Body implements BodySubscriber<Body> {
  private final long mostBytes;
  private final CompletableFuture<Body> complete = new CompletableFuture<>();

  // Guarded by this.
  private final Deque<ByteBuffer> received = new ArrayDeque<>();
  private long size;
  private boolean tooLong;
  private boolean cancelled;
  private boolean ended;
  private Flow.@Nullable Subscription subscription;

  Body(long mostBytes) {
    this.mostBytes = mostBytes;
  }

  synchronized boolean isTooLong() {
    return tooLong;
  }

  /** Takes no more; a connection in the midst of an answer is closed by that. */
  void cancel() {
    Flow.Subscription from;
    synchronized (this) {
      cancelled = true;
      from = ended ? null : subscription;
    }
    if (from != null) {
      from.cancel();
    }
  }

  /** The bytes; what was read is let go of. */
  InputStream open() {
    return new InputStream() {
      @Override
      public int read() {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] to, int offset, int length) {
        synchronized (Body.this) {
          while (!received.isEmpty() && !received.getFirst().hasRemaining()) {
            received.removeFirst();
          }
          if (received.isEmpty()) {
            return -1;
          }
          int count = Math.min(length, received.getFirst().remaining());
          received.getFirst().get(to, offset, count);
          return count;
        }
      }

      @Override
      public int available() {
        synchronized (Body.this) {
          // GZIPInputStream looks for another member only where this is not zero.
          return received.stream().anyMatch(ByteBuffer::hasRemaining) ? 1 : 0;
        }
      }
    };
  }

  @Override
  public CompletionStage<Body> getBody() {
    return complete;
  }

  @Override
  public void onSubscribe(Flow.Subscription from) {
    boolean late;
    synchronized (this) {
      late = cancelled;
      subscription = from;
    }
    if (late) {
      from.cancel();
    } else {
      from.request(Long.MAX_VALUE);
    }
  }

  @Override
  public void onNext(List<ByteBuffer> more) {
    synchronized (this) {
      if (tooLong || cancelled) {
        return;
      }
      for (ByteBuffer buffer : more) {
        size += buffer.remaining();
        received.add(buffer);
      }
      tooLong = size > mostBytes;
      if (!tooLong) {
        return;
      }
      received.clear();
    }
    cancel();
    complete.complete(this);
  }

  @Override
  public void onError(Throwable failure) {
    end();
    complete.completeExceptionally(failure);
  }

  @Override
  public void onComplete() {
    end();
    complete.complete(this);
  }

  private synchronized void end() {
    ended = true;
  }
}
