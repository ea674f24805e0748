package vigie.base.segment;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import org.jspecify.annotations.Nullable;

/**
 * Walks the synced records of a log in order, beside the writer, holding one record at a time. Made
 * by {@link SegmentLog#reader}. Not safe for several threads.
 */
public final class SegmentReader implements Closeable {
  private final SegmentLog log;
  private ByteBuffer window = SegmentScan.newWindow();
  private long wanted;
  private long number = -1;
  private long segment = -1;
  private @Nullable DataFile data;
  private @Nullable SegmentScan scan;

  SegmentReader(SegmentLog log, long from) {
    this.log = log;
    this.wanted = from;
  }

  /**
   * Moves to the next record. Numbers that were dropped or lost to damage are left out, so {@link
   * #number} may jump.
   *
   * @return false at the end of what is synced; more may come later
   */
  public boolean next() throws IOException {
    while (true) {
      SegmentLog.View view = log.view();
      wanted = Math.max(wanted, view.first());
      if (wanted >= view.durableNext()) {
        return false;
      }
      int index = view.indexOf(wanted);
      long stop = view.nextOf(index);
      try {
        if (advance(view, index, stop)) {
          wanted = number + 1;
          return true;
        }
      } catch (NoSuchFileException e) {
        if (log.view().first() > wanted) {
          continue; // dropped meanwhile
        }
        throw new IOException("cannot read segment " + e.getMessage() + ": it is gone", e);
      }
      wanted = stop;
    }
  }

  private boolean advance(SegmentLog.View view, int index, long stop) throws IOException {
    SegmentLog.Segment of = view.segments().get(index);
    SegmentScan walk = scan;
    if (walk == null || segment != of.first()) {
      walk = open(of);
    }
    long limit = view.durableEndOf(index);
    try {
      while (walk.next(limit, stop)) {
        if (walk.damagedAt() >= 0 && walk.number() > wanted) {
          log.damaged(of, walk.damagedAt(), wanted, walk.number() - 1);
        }
        if (walk.number() >= wanted) {
          number = walk.number();
          return true;
        }
      }
    } catch (IOException e) {
      close(); // an interrupt closes the file, too: the next call opens it anew
      throw new IOException("cannot read segment " + of.file() + ": " + FileLayer.reason(e), e);
    }
    log.damaged(of, Math.max(walk.damagedAt(), walk.position()), wanted, stop - 1);
    return false;
  }

  private SegmentScan open(SegmentLog.Segment of) throws IOException {
    close();
    DataFile opened = log.files().openToRead(of.file());
    SegmentScan walk = new SegmentScan(opened, of.first(), log.options().mostRecordBytes(), window);
    data = opened;
    segment = of.first();
    scan = walk;
    return walk;
  }

  /** Number of the record that {@link #next} moved to. */
  public long number() {
    return number;
  }

  /** Its bytes, read-only, good until the next call of {@link #next}. */
  public ByteBuffer record() {
    if (scan == null) {
      throw new IllegalStateException("BUG: record() without a next() that was true");
    }
    return scan.payload();
  }

  @Override
  public void close() {
    if (scan != null) {
      window = scan.window();
    }
    SegmentFormat.closeQuietly(data);
    data = null;
    scan = null;
    segment = -1;
  }
}
