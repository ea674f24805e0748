package vigie.agent.spool;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vigie.base.segment.SegmentLog;
import vigie.base.segment.SegmentReader;

/** Reads the spool in portions and stays where the last one ended. Not safe for several threads. */
final class SpoolReader {
  private final SegmentLog segments;
  private final BootClock boot;
  private final String bootId;
  private @Nullable SegmentReader reader;
  private long readUpTo;
  // The reader stands on a record that did not fit the last portion.
  private boolean heldBack;

  /**
   * @param bootId the kernel's, as records have it
   */
  SpoolReader(SegmentLog segments, BootClock boot, String bootId) {
    this.segments = segments;
    this.boot = boot;
    this.bootId = bootId;
  }

  /** See {@link Spool#read}; {@code holes} is told of numbers that are missing. */
  List<SpoolRecord> read(long afterSeq, int most, int mostBytes, Holes holes) {
    List<SpoolRecord> records = new ArrayList<>();
    SegmentReader from = readerBehind(afterSeq);
    long bytes = 0;
    long booted = boot.booted();
    try {
      while (records.size() < most && (heldBack || from.next())) {
        ByteBuffer record = from.record();
        int start = SpoolFormat.dataAt(record);
        int size = record.remaining() - start;
        bytes += size;
        heldBack = bytes > mostBytes && !records.isEmpty();
        if (heldBack) {
          break;
        }
        if (from.number() > readUpTo + 1) {
          holes.hole(readUpTo + 1, from.number());
        }
        byte[] data = new byte[size];
        record.get(start, data);
        readUpTo = from.number();
        long then = SpoolFormat.booted(record);
        if (then != 0 && booted != 0 && Math.abs(booted - then) >= BootClock.LEAST_STEP) {
          data = Mending.mend(data, bootId, booted - then);
        }
        records.add(new SpoolRecord(readUpTo, data));
      }
    } catch (IOException e) {
      close();
      throw new UncheckedIOException("cannot read the spool: " + e.getMessage(), e);
    }
    return records;
  }

  private SegmentReader readerBehind(long afterSeq) {
    SegmentReader last = reader;
    if (last != null && readUpTo == afterSeq) {
      return last;
    }
    close();
    SegmentReader fresh = segments.reader(afterSeq + 1);
    reader = fresh;
    readUpTo = afterSeq;
    return fresh;
  }

  /** Lets go of the file; the next read opens it again. */
  void close() {
    if (reader != null) {
      reader.close();
    }
    reader = null;
    heldBack = false;
  }

  /** Told of missing numbers. */
  interface Holes {
    /** From {@code from} on all are missing that are below {@code to}. */
    void hole(long from, long to);
  }
}
