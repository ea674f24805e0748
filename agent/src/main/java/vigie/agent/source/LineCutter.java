package vigie.agent.source;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/**
 * Cuts a file into lines. Nothing is kept between calls but where the next line begins: the piece
 * of a line that is there is read again with its rest. Shared by all files; one thread.
 */
final class LineCutter {
  /** A longer line is cut there, and its rest skipped. */
  static final int MOST_LINE = 64 * 1024;

  private static final int BUFFER = 2 * MOST_LINE;
  private final byte[] buffer = new byte[BUFFER];

  /** Takes lines. */
  interface Taker {
    /**
     * Takes one.
     *
     * @param end where the next line begins in the file
     */
    void take(String text, long end);
  }

  /** What a read came to. */
  static final class Progress {
    /** Where the next line begins. */
    long offset;

    /** Whether all whole lines were given. */
    boolean atEnd;

    /** Whether the rest of a line that was cut is still to be skipped. */
    boolean skipping;

    /** Lines cut so far. */
    long cut;
  }

  /**
   * Gives the lines from {@code progress.offset} on, at most a buffer full.
   *
   * @param last whether no more will be written: what lacks its line end is then a line, too
   */
  void read(FileChannel channel, Encoding encoding, boolean last, Progress progress, Taker taker)
      throws IOException {
    int have = fill(channel, progress.offset);
    long base = progress.offset;
    int from = 0;
    for (int end = next(encoding, from, have); end >= 0; end = next(encoding, from, have)) {
      int start = from;
      from = end + encoding.width();
      give(encoding, start, end, base + from, progress, taker);
      progress.skipping = false;
    }
    progress.atEnd = have < BUFFER;
    int rest = have - from;
    boolean ended = last && progress.atEnd;
    if (rest >= MOST_LINE || (ended && rest > 0)) {
      int usable = ended ? rest : rest - rest % 2; // never half a character of UTF-16
      give(encoding, from, from + usable, base + from + usable, progress, taker);
      progress.skipping = !ended;
    }
  }

  private int next(Encoding encoding, int from, int have) {
    return encoding.lineEnd(buffer, from, have);
  }

  private void give(
      Encoding encoding, int from, int to, long behind, Progress progress, Taker taker) {
    progress.offset = behind;
    if (progress.skipping) {
      return;
    }
    if (to - from >= MOST_LINE) {
      progress.cut++;
    }
    taker.take(encoding.text(buffer, from, Math.min(to, from + MOST_LINE)), behind);
  }

  private int fill(FileChannel channel, long offset) throws IOException {
    ByteBuffer into = ByteBuffer.wrap(buffer);
    while (into.hasRemaining()) {
      if (channel.read(into, offset + into.position()) < 0) {
        break;
      }
    }
    return into.position();
  }
}
